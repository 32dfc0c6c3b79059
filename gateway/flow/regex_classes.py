"""Reads the character classes of Java's regular expressions.

Source: java.util.regex.Pattern (Java 17).
"""

from __future__ import annotations

from gateway.flow import charset
from gateway.flow.charset import Ranges
from gateway.flow.regex_escapes import Escape, EscapeReader
from gateway.flow.regex_syntax import RegexError

_MOST_LEVELS = 100
"""Nested groups and classes; deeper ones are refused rather than overflow the stack."""


class ClassReader(EscapeReader):
    """Reads classes with unions, intersections and negations into sets of characters."""

    def __init__(self, pattern: str) -> None:
        super().__init__(pattern)
        self.levels = 0

    def descend(self) -> None:
        self.levels += 1
        if self.levels > _MOST_LEVELS:
            raise self.error(f"nested deeper than {_MOST_LEVELS} levels")

    def character_class(self) -> Ranges:
        """What follows a `[`, up to its `]`."""
        self.descend()
        start = self.place - 1
        negated = self.take("^")
        operands = [self.class_union(start)]
        while self.take("&&"):
            operands.append(self.class_union(start, first=False))
        self.place += 1
        result = operands[0]
        for operand in operands[1:]:
            result = charset.intersection(result, operand)
        self.levels -= 1
        return charset.complement(result) if negated else result

    def class_union(self, start: int, first: bool = True) -> Ranges:
        members: list[Ranges] = []
        while True:
            self.skip_comments()
            char = self.peek()
            if char == "":
                raise RegexError("Unclosed character class", start)
            if self.pattern.startswith("&&", self.place) or (char == "]" and not first):
                if not members:
                    raise self.error("a character class without members")
                return charset.union(*members)
            if char == "[":
                self.place += 1
                members.append(self.character_class())
            elif self.take("\\Q"):
                members.append(self.folded(charset.of(self.quotation())))
            else:
                members.append(self.class_range())
            first = False

    def class_range(self) -> Ranges:
        low = self.class_member()
        following = self.pattern[self.place + 1 : self.place + 2]
        if not low.single or self.peek() != "-" or following in ("", "]", "["):
            return self.folded(low.ranges) if low.single else low.ranges
        self.place += 1
        high = self.class_member()
        if not high.single or high.point < low.point:
            raise self.error("Illegal character range")
        return self.folded(((low.point, high.point),))

    def class_member(self) -> Escape:
        if self.take("\\"):
            return self.escape()
        return Escape.of(self.next())

    def folded(self, ranges: Ranges) -> Ranges:
        if "i" not in self.flags:
            return ranges
        return charset.ignoring_case(ranges, "u" in self.flags)
