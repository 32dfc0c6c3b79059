"""Reads message templates: text to literals, references and calls of functions.

Whatever is no well-formed reference is literal text, as in JSON payloads.
Source: reference/runtime/templates.md sections 2 to 4.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass, field
from typing import TypeAlias

from gateway.flow.expressions import ExpressionError

UNKNOWN_FUNCTION = "entities.UnknownStringFunction"


class TemplateError(ExpressionError):
    """A template that cannot be deployed; `code` is Apigee's code of the error, if any."""

    def __init__(self, message: str, offset: int, code: str = "") -> None:
        super().__init__(message, offset)
        self.code = code


@dataclass(frozen=True, slots=True)
class Reference:
    """A flow variable; `default` (None: none) stands in when it is not set."""

    name: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Quoted:
    """An argument in single quotes."""

    text: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number as an argument: Apigee takes it for a variable that is not set."""

    text: str


@dataclass(frozen=True, slots=True)
class Raw:
    """An unquoted argument that is no name, such as `$.error`."""

    text: str


Argument: TypeAlias = Reference | Quoted | Number | Raw


@dataclass(frozen=True, slots=True)
class Call:
    function: str
    arguments: tuple[Argument, ...]


Part: TypeAlias = str | Reference | Call

_NAME = re.compile(r"[^\W\d][\w.\-]*")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_PAIRS = {")": "(", "]": "["}


@dataclass(slots=True)
class TemplateReader:
    """One text with its delimiters; `functions` are the names that may be called."""

    text: str
    prefix: str
    suffix: str
    functions: Container[str]
    parts: list[Part] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def read(self) -> list[Part]:
        """The parts in order, no two literals side by side; raises `TemplateError`."""
        escapes = r"\\[{}]|" if (self.prefix, self.suffix) == ("{", "}") else ""
        special = re.compile(escapes + re.escape(self.prefix))
        place = 0
        while (match := special.search(self.text, place)) is not None:
            self.literal(self.text[place : match.start()])
            place = match.end()
            if match[0] != self.prefix:
                self.literal(match[0][1])
                continue
            found = self.reference(place)
            if found is None:
                self.literal(self.prefix)
            else:
                part, place = found
                self.parts.append(part)
        self.literal(self.text[place:])
        return self.parts

    def literal(self, text: str) -> None:
        if self.parts and isinstance(self.parts[-1], str):
            self.parts[-1] += text
        elif text:
            self.parts.append(text)

    def reference(self, start: int) -> tuple[Part, int] | None:
        """What the text after a prefix refers to and the place behind; None: literal."""
        name = _NAME.match(self.text, start)
        if name is None:
            return None
        place = name.end()
        if self.text.startswith(self.suffix, place):
            return Reference(name[0]), place + len(self.suffix)
        if self.text.startswith(":", place):
            return self.with_default(name[0], place + 1)
        if self.text.startswith("(", place):
            return self.call(name[0], start, place + 1)
        if self.text.startswith(self.prefix, place):
            self.warn(start, "references cannot be nested")
        return None

    def with_default(self, name: str, start: int) -> tuple[Part, int] | None:
        end = self.text.find(self.suffix, start)
        default = self.text[start:end]
        if end < 0 or self.prefix in default or "\n" in default:
            return None
        return Reference(name, default), end + len(self.suffix)

    def call(self, function: str, start: int, place: int) -> tuple[Part, int] | None:
        found = self.arguments(place)
        closed = found is not None and self.text.startswith(self.suffix, found[1])
        if found is None or not closed:
            if function in self.functions:
                self.warn(start, "no blanks may stand in a call of a function")
            return None
        if function not in self.functions:
            raise TemplateError(f"there is no function {function}", start, UNKNOWN_FUNCTION)
        return Call(function, tuple(found[0])), found[1] + len(self.suffix)

    def arguments(self, place: int) -> tuple[list[Argument], int] | None:
        """The arguments from `place`, and the place after the `)`; None: not well-formed."""
        found: list[Argument] = []
        if self.text.startswith(")", place):
            return found, place + 1
        while True:
            read = self.quoted(place) if self.text.startswith("'", place) else self.bare(place)
            if read is None:
                return None
            argument, place = read
            found.append(argument)
            if self.text.startswith(")", place):
                return found, place + 1
            if not self.text.startswith(",", place):
                return None
            # Real bundles write one blank after a comma; more are not tolerated.
            place += 2 if self.text.startswith(", ", place) else 1

    def quoted(self, place: int) -> tuple[Argument, int] | None:
        end = self.text.find("'", place + 1)
        if end < 0:
            return None
        text = self.text[place + 1 : end]
        if ":" in text:
            self.warn(place, f"Apigee misreads the colon in '{text}': put it into a variable")
        return Quoted(text), end + 1

    def bare(self, start: int) -> tuple[Argument, int] | None:
        end = self.bare_end(start)
        text = self.text[start:end]
        if end < 0 or not text:
            return None
        name = _NAME.match(text)
        if name is None:
            return (Number(text) if _NUMBER.fullmatch(text) else Raw(text)), end
        rest = text[name.end() :]
        if not rest:
            return Reference(text), end
        if rest[0] == ":":
            return Reference(name[0], rest[1:]), end
        if rest[0] == "(" and name[0] in self.functions:
            raise TemplateError(f"{name[0]}: a function cannot be an argument of another", start)
        return Raw(text), end

    def bare_end(self, place: int) -> int:
        """Where an unquoted argument ends; -1 when it is broken off."""
        opened: list[str] = []
        while place < len(self.text):
            char = self.text[place]
            if char in ",)" and not opened:
                return place
            if char in "\"'":
                place = self.text.find(char, place + 1)
                if place < 0:
                    return -1
            elif char in "([":
                opened.append(char)
            elif char in ")]":
                if not opened or opened.pop() != _PAIRS[char]:
                    return -1
            elif char.isspace() or self.text.startswith(self.prefix, place):
                return -1
            place += 1
        return -1

    def warn(self, start: int, reason: str) -> None:
        line = self.text[start : start + 40].partition("\n")[0]
        self.warnings.append(f"{self.prefix}{line} stays as it is: {reason}")
