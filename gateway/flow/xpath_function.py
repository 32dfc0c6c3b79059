"""The template function `xpath`: expressions on untrusted XML.

Source: reference/runtime/templates.md section 5.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from lxml import etree

from gateway.flow.values import to_text

_TYPES = frozenset({"string", "number", "boolean", "node", "nodeset"})
_MOST_NAMESPACES = 10

# Entities stay unexpanded, nothing is loaded; `encoding` overrules the declaration's.
_PARSER = etree.XMLParser(
    encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
)


def xpath(expression: str, xml: str, *options: str) -> str:
    """The result as text; `options` are a type and `prefix:uri` pairs.

    Without a type the nodes are serialised. Raises etree.LxmlError for what is no XML or no
    XPath, ValueError for a bad namespace and for XML that declares entities.
    """
    pairs = [option.partition(":")[::2] for option in options if ":" in option]
    kind = next((option for option in options if option in _TYPES), "nodeset")
    compiled = _compile(expression, tuple(pairs[:_MOST_NAMESPACES]))
    tree = etree.fromstring(xml.encode("utf-8", "surrogatepass"), _PARSER).getroottree()
    if tree.docinfo.internalDTD is not None and "<!ENTITY" in xml:
        raise ValueError("XML that declares entities is not read")
    return _text(compiled(tree), kind)


@lru_cache(maxsize=256)
def _compile(expression: str, namespaces: tuple[tuple[str, str], ...]) -> etree.XPath:
    return etree.XPath(expression, namespaces=dict(namespaces), regexp=False, smart_strings=False)


def _text(result: object, kind: str) -> str:
    if kind == "boolean":
        return to_text(bool(result))
    if kind == "number":
        return _number(result)
    if not isinstance(result, list):
        return _number(result) if isinstance(result, float) else to_text(result)
    if kind == "string":
        return _string(result)
    return "".join(map(_serialised, result[:1] if kind == "node" else result))


def _string(result: object) -> str:
    """XPath's string(): of a node set, the first node's text."""
    if not isinstance(result, list):
        return to_text(result)
    if not result:
        return ""
    node = result[0]
    return "".join(_texts(node)) if isinstance(node, etree._Element) else to_text(node)


def _texts(node: etree._Element) -> Iterable[str]:
    if isinstance(node, etree._Comment | etree._ProcessingInstruction):
        return [node.text or ""]
    return (str(text) for text in node.itertext())


def _number(result: object) -> str:
    """XPath's number(); whole numbers without a fraction."""
    try:
        number = float(_string(result)) if isinstance(result, list | str) else float(str(result))
    except ValueError:
        return "NaN"
    return str(int(number)) if number.is_integer() else to_text(number)


def _serialised(node: object) -> str:
    if isinstance(node, etree._Element):
        return etree.tostring(node, encoding="unicode", with_tail=False)
    return to_text(node)
