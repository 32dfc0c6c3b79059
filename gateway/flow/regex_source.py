"""Writes the tree of a regular expression as Python reads it.

The text means the same to the standard library's `re` and to `regex` (version 0), as far as
both know its parts.
"""

from __future__ import annotations

from gateway.flow import charset
from gateway.flow.charset import Ranges
from gateway.flow.regex_syntax import (
    Assertion,
    Atomic,
    Back,
    Chars,
    Choice,
    Group,
    Look,
    Node,
    Repeat,
    Sequence,
)


def python_source(node: Node) -> str:
    """The pattern in Python's syntax; groups keep their numbers and lose their names."""
    match node:
        case Chars(ranges):
            return _class(ranges)
        case Assertion(source):
            return source
        case Sequence(items):
            return "".join(_alone(item) for item in items)
        case Choice(options):
            return "|".join(python_source(option) for option in options)
        case Repeat(item, low, high, mode):
            return _repeated(item) + _quantifier(low, high) + mode
        case Group(item):
            return f"({python_source(item)})"
        case Atomic(item):
            return f"(?>{python_source(item)})"
        case Look(item, mark):
            return f"(?{mark}{python_source(item)})"
        case Back(number, ignore_case):
            return f"(?i:\\{number})" if ignore_case else f"(?:\\{number})"


def written_out(node: Node) -> int:
    """Size of the pattern when what must be repeated is written out, as engines may do."""
    match node:
        case Group(item) | Atomic(item) | Look(item):
            return written_out(item)
        case Sequence(parts) | Choice(parts):
            return sum(map(written_out, parts))
        case Repeat(item, low):
            return max(low, 1) * written_out(item)
    return 1


def literal_text(node: Node) -> str | None:
    """The only text that the pattern matches, None when it matches others."""
    items = node.items if isinstance(node, Sequence) else (node,)
    points = [
        item.ranges[0][0]
        for item in items
        if isinstance(item, Chars)
        and len(item.ranges) == 1
        and item.ranges[0][0] == item.ranges[0][1]
    ]
    return "".join(map(chr, points)) if len(points) == len(items) else None


def _alone(node: Node) -> str:
    return f"(?:{python_source(node)})" if isinstance(node, Choice) else python_source(node)


def _repeated(node: Node) -> str:
    simple = isinstance(node, Chars | Group | Atomic)
    return python_source(node) if simple else f"(?:{python_source(node)})"


def _quantifier(low: int, high: int | None) -> str:
    short = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get((low, high))
    if short is not None:
        return short
    if high is None:
        return f"{{{low},}}"
    return f"{{{low}}}" if low == high else f"{{{low},{high}}}"


def _class(ranges: Ranges) -> str:
    if ranges == charset.EVERYTHING:
        return "(?s:.)"
    if not ranges:
        return "(?!)"
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return _character(ranges[0][0])
    others = charset.complement(ranges)
    if len(others) < len(ranges) or (len(others) == len(ranges) and ranges[0][0] == 0):
        return f"[^{_members(others)}]"
    return f"[{_members(ranges)}]"


def _members(ranges: Ranges) -> str:
    return "".join(
        _character(low) if low == high else f"{_character(low)}-{_character(high)}"
        for low, high in ranges
    )


def _character(point: int) -> str:
    char = chr(point)
    if char.isascii() and char.isalnum():
        return char
    if char in "/ ,;=\"'@_<>%":
        return char
    if point < 0x100:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"
