"""The escapes of Java's regular expressions, and the scanner under their parser.

Source: java.util.regex.Pattern (Java 17).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from gateway.flow import charset, regex_syntax
from gateway.flow.charset import Ranges
from gateway.flow.regex_syntax import Atomic, Chars, Choice, Node, RegexError, Sequence

_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "a": "\a", "e": "\x1b"}

_CLASSES: dict[str, Ranges] = {
    "d": charset.DIGIT,
    "w": charset.WORD,
    "s": charset.SPACE,
    "h": charset.HORIZONTAL,
    "v": charset.VERTICAL,
}

_UNICODE_CLASSES: dict[str, tuple[str, ...]] = {
    "d": ("Nd",),
    "w": ("Alphabetic", "Mn", "Me", "Mc", "Nd", "Pc", "Join_Control"),
    "s": ("White_Space",),
}

_CRLF = Sequence((Chars(charset.of("\r")), Chars(charset.of("\n"))))

_PLACES: dict[str, Node] = {
    "b": regex_syntax.WORD_EDGE,
    "B": regex_syntax.NO_WORD_EDGE,
    "A": regex_syntax.START,
    "z": regex_syntax.END,
    "X": regex_syntax.GRAPHEME,
    "R": Atomic(Choice((_CRLF, Chars(charset.VERTICAL)))),
}


@dataclass(frozen=True, slots=True)
class Escape:
    """A set of characters; `single` when it is one character, which may begin a range."""

    ranges: Ranges
    single: bool = False

    @classmethod
    def of(cls, char: str) -> Escape:
        return cls(charset.of(char), single=True)

    @property
    def point(self) -> int:
        return self.ranges[0][0]


class EscapeReader:
    """A place in a pattern, and how to read what begins with a backslash there."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.place = 0
        self.flags: frozenset[str] = frozenset()

    def error(self, message: str) -> RegexError:
        return RegexError(message, self.place)

    def peek(self) -> str:
        return self.pattern[self.place : self.place + 1]

    def next(self) -> str:
        self.place += 1
        return self.pattern[self.place - 1 : self.place]

    def take(self, text: str) -> bool:
        if not self.pattern.startswith(text, self.place):
            return False
        self.place += len(text)
        return True

    def until(self, mark: str, complaint: str) -> str:
        """The text up to `mark`, which is passed over; it may not be empty."""
        end = self.pattern.find(mark, self.place)
        if end <= self.place:
            raise self.error(complaint)
        text = self.pattern[self.place : end]
        self.place = end + len(mark)
        return text

    def skip_comments(self) -> None:
        """Pass white space and `# ...` in comments mode."""
        while "x" in self.flags and self.peek() and self.peek() in " \t\n\v\f\r#":
            if self.next() == "#":
                ends = [self.pattern.find(end, self.place) for end in "\n\r\x85\u2028\u2029"]
                self.place = min((end for end in ends if end >= 0), default=len(self.pattern))

    def quotation(self) -> str:
        """The text after `\\Q`, up to `\\E` or the pattern's end."""
        end = self.pattern.find("\\E", self.place)
        text = self.pattern[self.place :] if end < 0 else self.pattern[self.place : end]
        self.place = len(self.pattern) if end < 0 else end + 2
        return text

    def place_escape(self) -> Node | None:
        """`\\b`, `\\z` and others that are no character; None, nothing read, for the rest."""
        char = self.peek()
        for unsupported in ("b{g", "G"):
            if self.pattern.startswith(unsupported, self.place):
                raise self.error(f"\\{unsupported} is not supported")
        if char == "Z":
            self.place += 1
            unix = "d" in self.flags
            return regex_syntax.LAST_UNIX_LINE_END if unix else regex_syntax.LAST_LINE_END
        if char not in _PLACES:
            return None
        self.place += 1
        return _PLACES[char]

    def escape(self) -> Escape:
        """What follows a backslash when it stands for characters."""
        char = self.next()
        if char == "":
            raise self.error("Unexpected internal error: the pattern ends with a backslash")
        if char in _CONTROLS:
            return Escape.of(_CONTROLS[char])
        if char.lower() in _CLASSES:
            ranges = self.named_class(char.lower())
            return Escape(charset.complement(ranges) if char.isupper() else ranges)
        if char in "pP":
            return Escape(self.prop(negated=char == "P"))
        if char in "xu0cN":
            return Escape.of(self.coded(char))
        if char.isascii() and char.isalnum():
            self.place -= 1
            raise self.error(f"Illegal/unsupported escape sequence \\{char}")
        return Escape.of(char)

    def named_class(self, name: str) -> Ranges:
        if "U" not in self.flags or name not in _UNICODE_CLASSES:
            return _CLASSES[name]
        return charset.union(*(charset.named(prop) or () for prop in _UNICODE_CLASSES[name]))

    def prop(self, negated: bool) -> Ranges:
        name = self.next() if not self.take("{") else self.until("}", "Empty character family")
        unicode_name = "Is" + name if "U" in self.flags and name in charset.POSIX else name
        ranges = charset.named(unicode_name, "i" in self.flags)
        if ranges is None:
            raise self.error(f"Unknown character property name {{{name}}}")
        return charset.complement(ranges) if negated else ranges

    def coded(self, kind: str) -> str:
        """The character of `\\x41`, `\\x{1F600}`, `\\u0041`, `\\0101`, `\\cA`, `\\N{name}`."""
        if kind == "x":
            braced = self.take("{")
            digits = self.until("}", "Illegal hexadecimal") if braced else self.digits(2)
            return self.character(digits)
        if kind == "u":
            return self.utf16_unit()
        if kind == "0":
            return self.octal()
        if kind == "c":
            if not self.peek():
                raise self.error("Illegal control escape sequence")
            return chr(ord(self.next()) ^ 64)
        if not self.take("{"):
            raise self.error("Illegal character name escape sequence")
        try:
            return unicodedata.lookup(self.until("}", "Empty character name"))
        except KeyError:
            raise self.error("Unknown character name") from None

    def digits(self, count: int) -> str:
        digits = self.pattern[self.place : self.place + count]
        if len(digits) < count:
            raise self.error("Illegal hexadecimal escape sequence")
        self.place += count
        return digits

    def character(self, digits: str) -> str:
        if not all(digit in "0123456789abcdefABCDEF" for digit in digits):
            raise self.error("Illegal hexadecimal escape sequence")
        point = int(digits, 16)
        if point > charset.LAST:
            raise self.error("Hexadecimal codepoint is too big")
        return chr(point)

    def utf16_unit(self) -> str:
        char = self.character(self.digits(4))
        following = self.pattern[self.place : self.place + 6]
        if "\ud800" <= char < "\udc00" and following.startswith("\\u"):
            place = self.place
            self.place += 2
            low = self.character(self.digits(4))
            if "\udc00" <= low < "\ue000":
                return chr(0x10000 + ((ord(char) - 0xD800) << 10) + ord(low) - 0xDC00)
            self.place = place
        return char

    def octal(self) -> str:
        start = self.place
        most = 3 if self.peek() in tuple("0123") else 2
        while self.place - start < most and self.peek() in tuple("01234567"):
            self.place += 1
        if start == self.place:
            raise self.error("Illegal octal escape sequence")
        return chr(int(self.pattern[start : self.place], 8))
