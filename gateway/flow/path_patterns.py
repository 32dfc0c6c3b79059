"""The wildcard patterns of conditions: `Matches` globs and `MatchesPath` paths.

Both become tests of a text that take time in proportion to its length, whatever it holds.
Source: reference/runtime/conditions.md sections 1 and 4.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

TextTest = Callable[[str], bool]

_ELEMENT, _ANY = object(), object()
"""Wildcards: characters of one path element, and any characters; both possibly none."""

_Token = object
"""A literal text, or one of the wildcards."""


def compile_glob(pattern: str) -> TextTest:
    """A `Matches` pattern: `*` is any text, `%` takes the next character literally."""
    return _compile(_merge(_scan(pattern, braces=False)))


def compile_path(pattern: str) -> TextTest:
    """A `MatchesPath` pattern: `*` and `{name}` stay in a path element, `**` crosses.

    `/` alone matches the empty suffix as well as `/`: Edge of 2015 took only the empty
    one, and no sensible bundle depends on the difference.
    """
    if pattern == "/":
        return lambda text: text == "" or text == "/"
    return _compile(_merge(_scan(pattern, braces=True)))


def _scan(pattern: str, braces: bool) -> Iterator[_Token]:
    place, end = 0, len(pattern)
    while place < end:
        char = pattern[place]
        if char == "%" and place + 1 < end:
            yield pattern[place + 1]
            place += 2
        elif char == "*" and (not braces or pattern.startswith("**", place)):
            yield _ANY
            place += 2 if braces else 1
        elif char == "*":
            yield _ELEMENT
            place += 1
        elif char == "{" and braces and pattern.find("}", place) > place:
            yield _ELEMENT
            place = pattern.index("}", place) + 1
        else:
            yield char
            place += 1


def _merge(tokens: Iterable[_Token]) -> list[_Token]:
    """Join neighbouring literals; of neighbouring wildcards the wider one stays."""
    merged: list[_Token] = []
    for token in tokens:
        last = merged[-1] if merged else None
        if isinstance(token, str) and isinstance(last, str):
            merged[-1] = last + token
        elif isinstance(token, str) or last is None or isinstance(last, str):
            merged.append(token)
        elif token is _ANY:
            merged[-1] = _ANY
    return merged


def _compile(tokens: list[_Token]) -> TextTest:
    match tokens:
        case []:
            return lambda text: text == ""
        case [str(literal)]:
            return literal.__eq__
        case [str(prefix), wildcard] if wildcard is _ANY:
            return lambda text: text.startswith(prefix)
        case [wildcard, str(suffix)] if wildcard is _ANY:
            return lambda text: text.endswith(suffix)
        case [first, str(inner), last] if first is _ANY and last is _ANY:
            return lambda text: inner in text
        case [wildcard] if wildcard is _ANY:
            return lambda text: True
    return _compile_chunks(_split(tokens))


def _split(tokens: list[_Token]) -> list[list[_Token]]:
    chunks: list[list[_Token]] = [[]]
    for token in tokens:
        if token is _ANY:
            chunks.append([])
        else:
            chunks[-1].append(token)
    return chunks


def _compile_chunks(chunks: list[list[_Token]]) -> TextTest:
    """Chunks stand between `**`: the first is tied to the start, the last to the end.

    Each of the others is taken where it ends earliest, which never costs a match, since
    the `**` after it takes what is left; so nothing is tried twice. The last one is
    matched backwards from the end for the same reason.
    """
    if len(chunks) == 1:
        whole = re.compile(_earliest(chunks[0], at_end=True), re.DOTALL).fullmatch
        return lambda text: whole(text) is not None
    head = re.compile(_earliest(chunks[0])).match
    mirrored = [token[::-1] if isinstance(token, str) else token for token in chunks[-1][::-1]]
    tail = re.compile(_earliest(mirrored)).match
    inner = [[token for token in chunk if isinstance(token, str)] for chunk in chunks[1:-1]]

    def matches(text: str) -> bool:
        start, end = head(text), tail(text[::-1])
        if start is None or end is None:
            return False
        place = start.end()
        for literals in inner:
            place = _find_chunk(text, literals, place)
            if place < 0:
                return False
        return place + end.end() <= len(text)

    return matches


def _find_chunk(text: str, literals: list[str], place: int) -> int:
    """Where the first occurrence of the literals ends, -1 if there is none.

    Between two literals stands `*`: no slash may lie there.
    """
    first, *others = literals
    place = text.find(first, place)
    while place >= 0:
        end = place + len(first)
        for literal in others:
            slash = text.find("/", end)
            limit = len(text) if slash < 0 else slash + len(literal)
            found = text.find(literal, end, limit)
            if found < 0:
                break
            end = found + len(literal)
        else:
            return end
        place = text.find(first, place + 1)
    return -1


def _earliest(chunk: list[_Token], at_end: bool = False) -> str:
    """A regular expression that ends as early as it can (`at_end`: at the text's end)."""
    if not chunk:
        return ""
    pieces = [re.escape(chunk[0])] if isinstance(chunk[0], str) else []
    literals = [token for token in chunk[len(pieces) :] if isinstance(token, str)]
    pieces += [f"(?>[^/]*?{re.escape(literal)})" for literal in literals]
    ends_open = chunk[-1] is _ELEMENT
    if at_end and ends_open:
        pieces.append("[^/]*")
    elif at_end and literals:
        pieces[-1] = f"[^/]*?{re.escape(literals[-1])}"
    return "".join(pieces)
