"""Reads Java's regular expressions. Source: java.util.regex.Pattern (Java 17)."""

from __future__ import annotations

from gateway.flow import charset, regex_syntax
from gateway.flow.charset import Ranges
from gateway.flow.regex_classes import ClassReader
from gateway.flow.regex_syntax import (
    Atomic,
    Back,
    Chars,
    Choice,
    Group,
    Look,
    Node,
    RegexError,
    Repeat,
    Sequence,
)

_MOST_CHARACTERS = 65_536

_LOOKS = ("?<=", "?<!", "?=", "?!")
_FLAGS = frozenset("idmsuxU")
_LARGEST_COUNT = 10_000
"""In `{n,m}`: an engine may need memory for each repetition."""


def parse(pattern: str) -> tuple[Node, dict[str, int]]:
    """The tree of a pattern, and the numbers of its named groups.

    Raises `RegexError` with the place of what it cannot read.
    """
    parser = _Parser(pattern)
    if len(pattern) > _MOST_CHARACTERS:
        raise RegexError(f"longer than {_MOST_CHARACTERS} characters", _MOST_CHARACTERS)
    node = parser.choice()
    if parser.place < len(pattern):
        raise RegexError("Unmatched closing ')'", parser.place)
    return node, parser.names


class _Parser(ClassReader):
    """Recursive descent; one method per rule. `flags` are those in force at `place`."""

    def __init__(self, pattern: str) -> None:
        super().__init__(pattern)
        self.groups = 0
        self.names: dict[str, int] = {}

    def choice(self) -> Node:
        self.descend()
        options = [self.sequence()]
        while self.take("|"):
            options.append(self.sequence())
        self.levels -= 1
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def sequence(self) -> Node:
        items: list[Node] = []
        while True:
            self.skip_comments()
            char = self.peek()
            if char in ("", "|", ")"):
                return items[0] if len(items) == 1 else Sequence(tuple(items))
            if char in "*+?":
                raise self.error(f"Dangling meta character '{char}'")
            if char == "{":
                # Java takes a{2}{3} for a{2}, followed by nothing three times.
                self.quantified([regex_syntax.EMPTY_SEQUENCE])
                continue
            items.extend(self.quantified(self.atom()))

    def atom(self) -> list[Node]:
        """The next atom; a quotation is several, of which the last may be quantified."""
        char = self.next()
        if char == "(":
            return self.group()
        if char == "[":
            return [Chars(self.character_class())]
        if char == ".":
            return [Chars(self.dot())]
        if char in "^$":
            return [self.line_edge(char)]
        if char == "\\":
            return self.escaped_atom()
        return [Chars(self.folded(charset.of(char)))]

    def quantified(self, atoms: list[Node]) -> list[Node]:
        self.skip_comments()
        if not atoms:
            return atoms
        counts = self.counts()
        if counts is None:
            return atoms
        mode = self.next() if self.peek() in ("?", "+") else ""
        atoms[-1] = Repeat(atoms[-1], *counts, mode)
        return atoms

    def counts(self) -> tuple[int, int | None] | None:
        simple: dict[str, tuple[int, int | None]] = {"?": (0, 1), "*": (0, None), "+": (1, None)}
        if self.peek() in simple:
            return simple[self.next()]
        if not self.take("{"):
            return None
        start = self.place
        low = self.number()
        high: int | None = low
        if self.take(","):
            high = None if self.peek() == "}" else self.number()
        if not self.take("}"):
            raise RegexError("Unclosed counted closure", start)
        if high is not None and high < low:
            raise RegexError("Illegal repetition range", start)
        return low, high

    def number(self) -> int:
        start = self.place
        while self.peek() in tuple("0123456789"):
            self.place += 1
        if start == self.place:
            raise RegexError("Illegal repetition", start)
        if self.place - start > 5 or int(self.pattern[start : self.place]) > _LARGEST_COUNT:
            raise RegexError(f"more than {_LARGEST_COUNT} repetitions are not supported", start)
        return int(self.pattern[start : self.place])

    def group(self) -> list[Node]:
        """What follows a `(`; flags such as `(?i)` are no atom but change what follows."""
        start, flags = self.place - 1, self.flags
        if self.take("?:"):
            node = self.choice()
        elif self.take("?>"):
            node = Atomic(self.choice())
        elif mark := next((look for look in _LOOKS if self.take(look)), ""):
            node = Look(self.choice(), mark[1:])
        elif self.take("?<"):
            node = self.capture(self.group_name())
        elif self.take("?"):
            self.flags = self.inline_flags()
            if self.take(")"):
                return []
            if not self.take(":"):
                raise self.error("Unknown inline modifier")
            node = self.choice()
        else:
            node = self.capture("")
        if not self.take(")"):
            raise RegexError("Unclosed group", start)
        self.flags = flags
        return [node]

    def capture(self, name: str) -> Group:
        self.groups += 1
        number = self.groups
        if name:
            self.names[name] = number
        return Group(self.choice(), number)

    def group_name(self) -> str:
        name = self.until(">", "named capturing group is missing trailing '>'")
        if not (name.isascii() and name.isalnum() and name[0].isalpha()):
            raise self.error(f"'{name}' is no name of a group: letters and digits only")
        if name in self.names:
            raise self.error(f"Named capturing group <{name}> is already defined")
        return name

    def inline_flags(self) -> frozenset[str]:
        flags, off = set(self.flags), False
        while self.peek() not in ("", ")", ":"):
            char = self.next()
            if char == "-" and not off:
                off = True
            elif char not in _FLAGS:
                raise self.error(f"Unknown inline modifier '{char}'")
            elif off:
                flags.discard(char)
            else:
                flags.update("uU" if char == "U" else char)
        return frozenset(flags)

    def dot(self) -> Ranges:
        if "s" in self.flags:
            return charset.EVERYTHING
        return charset.complement(charset.of("\n") if "d" in self.flags else charset.LINE_ENDS)

    def line_edge(self, char: str) -> Node:
        unix, every_line = "d" in self.flags, "m" in self.flags
        if char == "^" and not every_line:
            return regex_syntax.START
        if char == "^":
            return regex_syntax.UNIX_LINE_START if unix else regex_syntax.LINE_START
        if every_line:
            return regex_syntax.UNIX_LINE_END if unix else regex_syntax.LINE_END
        return regex_syntax.LAST_UNIX_LINE_END if unix else regex_syntax.LAST_LINE_END

    def escaped_atom(self) -> list[Node]:
        char = self.peek()
        if char == "Q":
            self.place += 1
            return [Chars(self.folded(charset.of(each))) for each in self.quotation()]
        if char and char in "123456789":
            return [self.numbered_reference()]
        if self.take("k<"):
            name = self.until(">", "named reference is missing trailing '>'")
            if name not in self.names:
                raise self.error(f"named capturing group <{name}> does not exist")
            return [Back(self.names[name], "i" in self.flags)]
        if (place := self.place_escape()) is not None:
            return [place]
        found = self.escape()
        return [Chars(self.folded(found.ranges) if found.single else found.ranges)]

    def numbered_reference(self) -> Node:
        """`\\1`; further digits count as long as there are so many groups so far."""
        number = int(self.next())
        while self.peek() in tuple("0123456789") and number * 10 + int(self.peek()) <= self.groups:
            number = number * 10 + int(self.next())
        if number > self.groups:
            return regex_syntax.NEVER
        return Back(number, "i" in self.flags)
