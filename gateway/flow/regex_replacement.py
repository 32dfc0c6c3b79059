"""Java's replacement texts: `$1`, `${name}`, and a backslash before what is literal.

Source: java.util.regex.Matcher.appendReplacement (Java 17).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gateway.flow.regex_syntax import RegexError

_DIGITS = tuple("0123456789")


def replacement_parts(text: str, groups: int, names: Mapping[str, int]) -> tuple[str | int, ...]:
    """Literal texts and numbers of groups, in order; raises `RegexError` as Java does."""
    return tuple(_parts(text, groups, names))


def _parts(text: str, groups: int, names: Mapping[str, int]) -> Iterator[str | int]:
    place = 0
    while place < len(text):
        char = text[place]
        if char == "\\":
            if place + 1 == len(text):
                raise RegexError("character to be escaped is missing", place)
            yield text[place + 1]
            place += 2
        elif char != "$":
            yield char
            place += 1
        elif text[place + 1 : place + 2] == "{":
            number, place = _named(text, place + 2, names)
            yield number
        else:
            number, place = _numbered(text, place + 1, groups)
            yield number


def _named(text: str, place: int, names: Mapping[str, int]) -> tuple[int, int]:
    end = text.find("}", place)
    name = text[place:end]
    if end < 0 or name not in names:
        raise RegexError(f"No group with name {{{name}}}", place)
    return names[name], end + 1


def _numbered(text: str, place: int, groups: int) -> tuple[int, int]:
    """One digit always counts, further ones as long as there is such a group."""
    if text[place : place + 1] not in _DIGITS:
        raise RegexError("Illegal group reference", place)
    number = int(text[place])
    place += 1
    if number > groups:
        raise RegexError(f"No group {number}", place)
    while text[place : place + 1] in _DIGITS and number * 10 + int(text[place]) <= groups:
        number = number * 10 + int(text[place])
        place += 1
    return number, place
