"""Random texts that match a regular expression, for the template function `xeger`.

Randomness is the operating system's: bundles make codes and passwords of it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from gateway.flow import charset
from gateway.flow.charset import Ranges
from gateway.flow.regex_parser import parse
from gateway.flow.regex_syntax import (
    Assertion,
    Atomic,
    Back,
    Chars,
    Choice,
    Group,
    Node,
    RegexError,
    Repeat,
    Sequence,
)

_MOST_EXTRA = 10
"""Repetitions beyond the least number, where the pattern sets no limit."""

_MOST_CHARACTERS = 100_000

_PRINTABLE = charset.span(" ~")


def compile_xeger(pattern: str) -> Callable[[], str]:
    """A generator of matching texts; raises `RegexError` for a pattern that is not Java's.

    Lookarounds and `\\b` are not heeded.
    """
    node, _ = parse(pattern)
    return lambda: "".join(_Generator().texts(node))


class _Generator:
    def __init__(self) -> None:
        self.groups: dict[int, str] = {}
        self.left = _MOST_CHARACTERS

    def texts(self, node: Node) -> list[str]:
        match node:
            case Chars(ranges):
                return [self.character(ranges)]
            case Sequence(items):
                return [text for item in items for text in self.texts(item)]
            case Choice(options):
                return self.texts(secrets.choice(options))
            case Repeat(item, low, high):
                most = low + _MOST_EXTRA if high is None else min(high, low + _MOST_CHARACTERS)
                count = low + secrets.randbelow(most - low + 1)
                self.spend(count)
                return [text for _ in range(count) for text in self.texts(item)]
            case Group(item, number):
                self.groups[number] = "".join(self.texts(item))
                return [self.groups[number]]
            case Atomic(item):
                return self.texts(item)
            case Back(number):
                return [self.groups.get(number, "")]
            case Assertion():
                return []
        return []

    def character(self, ranges: Ranges) -> str:
        self.spend(1)
        usual = charset.intersection(ranges, _PRINTABLE) or ranges
        place = secrets.randbelow(sum(high - low + 1 for low, high in usual) or 1)
        for low, high in usual:
            if place <= high - low:
                return chr(low + place)
            place -= high - low + 1
        raise RegexError("a set without characters matches nothing")

    def spend(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise RegexError(f"the text grows beyond {_MOST_CHARACTERS} characters")
