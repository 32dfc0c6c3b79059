"""Bundle XML into a small frozen tree: hardened, with lines, and with verbatim markup.

expat without namespace processing takes what Apigee takes (`xmlns:s='{x}'` in a payload)
and tells byte offsets, so that child markup is given back as its author wrote it.
DTDs and entities are refused. Source: reference/runtime/flows.md section 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pyexpat import ExpatError, ParserCreate
from types import MappingProxyType
from typing import Any, Final, NoReturn

from gateway.bundle.diagnostics import BundleError
from gateway.bundle.xml_errors import explain

MAX_BYTES = 5 * 1024 * 1024
MAX_DEPTH = 200
MAX_ELEMENTS = 200_000
MAX_ATTRIBUTES = 1_000
_NO_ATTRIBUTES: Mapping[str, str] = MappingProxyType({})
_CDATA_OR_COMMENT = re.compile(r"<!\[CDATA\[(.*?)\]\]>|<!--.*?-->|<\?.*?\?>", re.DOTALL)
_TAG = re.compile(r"""<(?:[^>"']|"[^"]*"|'[^']*')*>""")


@dataclass(slots=True, eq=False)
class Document:
    """A file that was parsed. `encoding` becomes known with its first bytes."""

    file: str
    content: bytes
    encoding: str


class Element:
    """One element. `text` is its direct character data, unescaped, not stripped.

    Frozen for the type checker only: a frozen dataclass takes five times as long to make,
    and a start reads a thousand bundles.
    """

    __slots__ = ("_document", "_end", "_start", "attributes", "children", "line", "name", "text")

    def __init__(
        self,
        name: str,
        attributes: Mapping[str, str],
        children: tuple[Element, ...],
        text: str,
        line: int,
        document: Document,
        start: int,
        end: int,
    ) -> None:
        self.name: Final = name
        self.attributes: Final = attributes
        self.children: Final = children
        self.text: Final = text
        self.line: Final = line
        self._document: Final = document
        self._start: Final = start
        self._end: Final = end

    def __repr__(self) -> str:
        return f"<{self.name}> at {self.file}:{self.line}"

    @property
    def file(self) -> str:
        return self._document.file

    @property
    def markup(self) -> str:
        """The content as a payload has it: child markup verbatim with CDATA unwrapped,
        or the unescaped text when there is none."""
        if not self.children:
            return self.text
        document = self._document
        source = document.content[self._start : self._end].decode(document.encoding, "replace")
        inner = _TAG.sub("", source, 1).replace("\r\n", "\n").replace("\r", "\n")
        return _CDATA_OR_COMMENT.sub(
            lambda found: found[0] if found[1] is None else found[1], inner
        )

    def find(self, path: str) -> Element | None:
        """The first element at `path` (`Set/Payload`), None when there is none."""
        first, _, rest = path.partition("/")
        for child in self.children:
            if child.name == first:
                if not rest:
                    return child
                found = child.find(rest)
                if found is not None:
                    return found
        return None

    def find_all(self, name: str) -> Iterator[Element]:
        """The direct children of that name."""
        return (child for child in self.children if child.name == name)

    def child_text(self, path: str, default: str = "") -> str:
        """The trimmed text at `path`; `default` when it is absent or empty."""
        found = self.find(path)
        return (found.text.strip() if found is not None else "") or default


def parse_xml(content: bytes, file: str) -> Element:
    """The root element of a file. Raises `BundleError` with the line of the trouble."""
    if len(content) > MAX_BYTES:
        raise BundleError.at(file, 0, f"the file is larger than {MAX_BYTES:,} bytes")
    if not content.strip():
        raise BundleError.at(file, 1, "the file is empty: an XML document is expected")
    document = Document(file, content, _encoding(content))
    parser: Any = ParserCreate()
    tree = _Tree(parser, document)
    try:
        parser.Parse(content, True)
    except _Refused as refused:
        raise BundleError.at(file, parser.CurrentLineNumber, str(refused)) from None
    except ExpatError as error:
        reason = explain(error.code, content, parser.ErrorByteIndex, tree.innermost)
        raise BundleError.at(file, error.lineno, f"not well-formed XML: {reason}") from None
    except (ValueError, LookupError) as error:
        raise BundleError.at(
            file, parser.CurrentLineNumber, f"not readable as XML: {error}"
        ) from None
    return tree.root[0]


def _encoding(content: bytes) -> str:
    """How markup is decoded, unless an XML declaration says otherwise."""
    if content.startswith((b"\xff\xfe", b"<\0")):
        return "utf-16-le"
    if content.startswith((b"\xfe\xff", b"\0<")):
        return "utf-16-be"
    return "utf-8"


class _Refused(Exception):
    """XML that expat takes and we do not."""


class _Tree:
    """Builds elements from expat's events, the innermost first.

    The children and the text of the element at hand are held in variables of the
    handlers; those of the elements around it wait on a stack.
    """

    def __init__(self, parser: Any, document: Document) -> None:
        self.root: list[Element] = []
        self._open: list[tuple[str, Mapping[str, str], int, int, list[Element], list[str]]] = []
        parser.buffer_text = True
        parser.SetParamEntityParsing(0)
        parser.XmlDeclHandler = self._declaration
        parser.StartDoctypeDeclHandler = _refuse_doctype
        parser.EntityDeclHandler = _refuse_entity
        parser.ExternalEntityRefHandler = _refuse_entity
        self._document = document
        self._listen(parser)

    @property
    def innermost(self) -> tuple[str, int] | None:
        """Name and line of the element that is open where the parser stands."""
        return (self._open[-1][0], self._open[-1][2]) if self._open else None

    def _declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        if encoding and not self._document.encoding.startswith("utf-16"):
            self._document.encoding = encoding

    def _listen(self, parser: Any) -> None:
        waiting, document = self._open, self._document
        children, text = self.root, list[str]()
        count = 0

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal children, text, count
            count += 1
            if count > MAX_ELEMENTS:
                raise _Refused(f"more than {MAX_ELEMENTS:,} elements")
            if len(waiting) >= MAX_DEPTH:
                raise _Refused(f"elements are nested deeper than {MAX_DEPTH}")
            if len(attributes) > MAX_ATTRIBUTES:
                raise _Refused(f"<{name}> has more than {MAX_ATTRIBUTES} attributes")
            shared = MappingProxyType(attributes) if attributes else _NO_ATTRIBUTES
            line, offset = parser.CurrentLineNumber, parser.CurrentByteIndex
            waiting.append((name, shared, line, offset, children, text))
            children, text = [], []

        def end(ignored: str) -> None:
            nonlocal children, text
            inner, content = tuple(children), "".join(text)
            name, attributes, line, offset, children, text = waiting.pop()
            last = parser.CurrentByteIndex if inner else offset
            children.append(Element(name, attributes, inner, content, line, document, offset, last))

        def characters(data: str) -> None:
            text.append(data)

        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = characters


def _refuse_doctype(*ignored: object) -> NoReturn:
    raise _Refused("document type declarations (DTD) are not allowed: remove <!DOCTYPE ...>")


def _refuse_entity(*ignored: object) -> NoReturn:
    raise _Refused("entity declarations are not allowed")
