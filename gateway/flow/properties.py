"""Property sets: `.properties` files of a bundle, read as Java reads them.

`propertyset.SET.KEY` is the value of KEY in resources/properties/SET.properties.
Source: java.util.Properties.load; reference/runtime/variables.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Protocol

_LINE = re.compile(r"\r\n|\r|\n")
_KEY = re.compile(r"(?:\\.|[^\\=: \t\f])*", re.DOTALL)
_SEPARATOR = re.compile(r"[ \t\f]*[=:]?[ \t\f]*")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.)|$)", re.DOTALL)
_CONTROL = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_BLANK = " \t\f"


class Content(Protocol):
    """A resource file."""

    @property
    def content(self) -> bytes: ...


def parse_properties(text: str) -> dict[str, str]:
    r"""Keys and values. `#` and `!` begin a comment line, a `\` at the end of a line
    goes on in the next; `\n`, `\uXXXX` and the like are escapes, any other `\x` is `x`.

    >>> parse_properties("a = 1\nb:x\\\n   y")
    {'a': '1', 'b': 'xy'}
    """
    properties: dict[str, str] = {}
    for line in _logical_lines(text):
        key = _KEY.match(line)
        assert key is not None
        separator = _SEPARATOR.match(line, key.end())
        assert separator is not None
        properties[_unescaped(key[0])] = _unescaped(line[separator.end() :])
    return properties


def _logical_lines(text: str) -> list[str]:
    lines: list[str] = []
    pending: str | None = None
    for natural in _LINE.split(text):
        line = natural.lstrip(_BLANK)
        if pending is None and (not line or line[0] in "#!"):
            continue
        line = (pending or "") + line
        if _ends_open(line):
            pending = line[:-1]
            continue
        lines.append(line)
        pending = None
    if pending is not None:
        lines.append(pending)
    return lines


def _ends_open(line: str) -> bool:
    """An odd number of backslashes at the end: the line goes on."""
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text

    def plain(found: re.Match[str]) -> str:
        if found[1] is not None:
            return chr(int(found[1], 16))
        char: str = found[2] or ""
        return _CONTROL.get(char, char)

    unescaped = _ESCAPE.sub(plain, text)
    # Two \u escapes may spell one character outside the basic plane.
    return unescaped.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@lru_cache(maxsize=256)
def _parsed(content: bytes) -> dict[str, str]:
    return parse_properties(content.decode("utf-8-sig", "replace"))


def property_of(resources: Mapping[str, Content], reference: str) -> str | None:
    """The value of `SET.KEY`; None when the bundle has no such set or key. The set's
    name ends at the first dot, the key may hold dots."""
    name, _, key = reference.partition(".")
    resource = resources.get(f"properties://{name}.properties")
    return None if resource is None else _parsed(resource.content).get(key)
