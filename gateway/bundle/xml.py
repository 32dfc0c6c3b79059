"""Bundle XML into a small frozen tree: hardened, with lines, and with verbatim markup.

expat without namespace processing takes what Apigee takes (`xmlns:s='{x}'` in a payload)
and tells byte offsets, so that child markup is given back as its author wrote it.
DTDs and entities are refused. Source: reference/runtime/flows.md section 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pyexpat import ErrorString, ExpatError, ParserCreate
from types import MappingProxyType
from typing import Any

from gateway.bundle.diagnostics import BundleError

MAX_BYTES = 5 * 1024 * 1024
MAX_DEPTH = 200
MAX_ELEMENTS = 200_000
MAX_ATTRIBUTES = 1_000
_NO_ATTRIBUTES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class Element:
    """One element. `text` is its direct character data, unescaped, not stripped."""

    name: str
    attributes: Mapping[str, str]
    children: tuple[Element, ...]
    text: str
    file: str
    line: int
    source: bytes = field(default=b"", repr=False)
    """The file, where there are children: their markup lies in it."""
    span: tuple[int, int] = (0, 0)
    """Byte offsets of the start tag and of the end tag in `source`."""
    encoding: str = "utf-8"

    @property
    def markup(self) -> str:
        """The content as a payload has it: child markup verbatim with CDATA unwrapped,
        or the unescaped text when there is none."""
        if not self.children:
            return self.text
        start, end = self.span
        inner = self.source[start:end].decode(self.encoding, "replace")
        inner = inner[_tag_length(inner) :]
        return _without_cdata_marks(inner.replace("\r\n", "\n"))

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


def _tag_length(source: str) -> int:
    """The length of the tag that `source` begins with; `>` may stand in quotes."""
    quote = ""
    for index, letter in enumerate(source):
        if quote:
            if letter == quote:
                quote = ""
        elif letter in "\"'":
            quote = letter
        elif letter == ">":
            return index + 1
    return len(source)


def _without_cdata_marks(source: str) -> str:
    pieces = []
    rest = source
    while True:
        before, mark, after = rest.partition("<![CDATA[")
        pieces.append(before)
        if not mark:
            return "".join(pieces)
        inside, _, rest = after.partition("]]>")
        pieces.append(inside)


@dataclass(slots=True)
class _Open:
    name: str
    attributes: Mapping[str, str]
    line: int
    start: int
    children: list[Element] = field(default_factory=list)
    text: list[str] = field(default_factory=list)


class _Refused(Exception):
    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def parse_xml(content: bytes, file: str) -> Element:
    """The root element of a file. Raises `BundleError` with the line of the trouble."""
    if len(content) > MAX_BYTES:
        raise BundleError.at(file, 0, f"the file is larger than {MAX_BYTES:,} bytes")
    if not content.strip():
        raise BundleError.at(file, 1, "the file is empty: an XML document is expected")
    reader = _Reader(content, file)
    try:
        return reader.read()
    except _Refused as refused:
        raise BundleError.at(file, reader.line, refused.message) from None
    except ExpatError as error:
        hint = _hint(content, error)
        reason = ErrorString(error.code)
        raise BundleError.at(file, error.lineno, f"not well-formed XML: {reason}{hint}") from None
    except (ValueError, LookupError) as error:
        raise BundleError.at(file, reader.line, f"not readable as XML: {error}") from None


def _hint(content: bytes, error: ExpatError) -> str:
    if error.code == 17 or (b"<?xml" in content[3:2000] and not content.startswith(b"<?xml")):
        declared = content.find(b"<?xml")
        if declared > 3:
            return "; the XML declaration must be the very first thing in the file"
    return ""


class _Reader:
    """One parse. Handlers build the tree from the innermost element outwards."""

    def __init__(self, content: bytes, file: str) -> None:
        self.file = file
        self._content = content
        self._open: list[_Open] = []
        self._root: Element | None = None
        self._count = 0
        parser: Any = ParserCreate()
        parser.buffer_text = True
        parser.SetParamEntityParsing(0)
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._entity
        parser.ExternalEntityRefHandler = self._entity
        parser.XmlDeclHandler = self._declaration
        self._parser = parser
        self._encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"

    @property
    def line(self) -> int:
        return int(self._parser.CurrentLineNumber)

    def read(self) -> Element:
        self._parser.Parse(self._content, True)
        if self._root is None:
            raise _Refused("there is no element")
        return self._root

    def _declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        if encoding and not encoding.lower().startswith("utf-16"):
            self._encoding = encoding

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MAX_ELEMENTS:
            raise _Refused(f"more than {MAX_ELEMENTS:,} elements")
        if len(self._open) >= MAX_DEPTH:
            raise _Refused(f"elements are nested deeper than {MAX_DEPTH}")
        if len(attributes) > MAX_ATTRIBUTES:
            raise _Refused(f"<{name}> has more than {MAX_ATTRIBUTES} attributes")
        shared = MappingProxyType(attributes) if attributes else _NO_ATTRIBUTES
        self._open.append(_Open(name, shared, self.line, self._parser.CurrentByteIndex))

    def _end(self, name: str) -> None:
        element = self._open.pop()
        built = Element(
            name,
            element.attributes,
            tuple(element.children),
            "".join(element.text),
            self.file,
            element.line,
            self._content if element.children else b"",
            (element.start, self._parser.CurrentByteIndex),
            self._encoding,
        )
        if self._open:
            self._open[-1].children.append(built)
        else:
            self._root = built

    def _characters(self, text: str) -> None:
        if self._open:
            self._open[-1].text.append(text)

    def _doctype(self, *ignored: object) -> None:
        raise _Refused("document type declarations (DTD) are not allowed: remove <!DOCTYPE ...>")

    def _entity(self, *ignored: object) -> None:
        raise _Refused("entity declarations are not allowed")
