"""Java regular expressions, compiled at deployment to tests that cannot hang.

A pattern that provably takes linear time runs on the standard library's engine, any other
on the regex library's under a time limit.
Source: java.util.regex.Pattern and Matcher (Java 17); reference/runtime/conditions.md.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Protocol

import regex  # type: ignore[import-untyped]

from gateway.flow.regex_linearity import is_linear_match, is_linear_search
from gateway.flow.regex_parser import parse
from gateway.flow.regex_replacement import replacement_parts
from gateway.flow.regex_source import literal_text, python_source, written_out
from gateway.flow.regex_syntax import Node, RegexError

__all__ = ["Found", "JavaPattern", "RegexError", "RegexTimeout", "compile_java"]

_LIMIT = 0.05
"""Seconds that a match may take."""

_LIMIT_PER_CHARACTER = 5e-8
"""And seconds more per character: a megabyte is not read in no time."""


_MOST_SOURCE = 131_072
"""Characters of a pattern with its classes written out: 15 times `\\p{L}`."""

_MOST_WRITTEN_OUT = 100_000
"""Characters and classes, when what must be repeated is written out."""


class RegexTimeout(Exception):
    """A pattern took longer on a text than it may."""

    def __init__(self, pattern: str) -> None:
        super().__init__(f"the regular expression {pattern} took too long")
        self.pattern = pattern


class Found(Protocol):
    """A match, of either library."""

    def __getitem__(self, number: int, /) -> str | None: ...
    def start(self, number: int = 0, /) -> int: ...
    def end(self, number: int = 0, /) -> int: ...


FindFrom = Callable[[str, int, float], Found | None]
"""(text, place, seconds) to the first match that begins at `place` or later."""


@dataclass(frozen=True, slots=True)
class JavaPattern:
    """A compiled pattern. Whatever matches raises `RegexTimeout` when it takes too long."""

    source: str
    """As Java writes it."""
    linear: bool
    """`fullmatch` provably takes linear time."""
    fullmatch: Callable[[str], bool]
    """Java's `matches()`: the whole text is one match."""
    groups: int
    names: dict[str, int]
    """Numbers of the named groups."""
    _find_from: FindFrom

    def find(self, text: str) -> Found | None:
        """The first match in a text, wherever it is."""
        return self._find_from(text, 0, _limit(text))

    def search(self, text: str) -> bool:
        """Java's `find()`: some part of the text is a match."""
        return self.find(text) is not None

    def find_all(self, text: str) -> Iterator[Found]:
        """All matches from left to right; together they may take as long as one.

        After an empty match Java goes on one character further, unlike Python.
        """
        ends, place = time.monotonic() + _limit(text), 0
        while place <= len(text):
            left = ends - time.monotonic()
            if left <= 0:
                raise RegexTimeout(self.source)
            found = self._find_from(text, place, left)
            if found is None:
                return
            yield found
            place = found.end() if found.end() > found.start() else found.end() + 1

    def replace_all(self, text: str, replacement: str) -> str:
        """`replacement` in Java's form: `$1`, `${name}`; raises `RegexError` when it is not."""
        return self._replaced(text, self.find_all(text), replacement)

    def replace_first(self, text: str, replacement: str) -> str:
        return self._replaced(text, islice(self.find_all(text), 1), replacement)

    def _replaced(self, text: str, matches: Iterable[Found], replacement: str) -> str:
        parts = replacement_parts(replacement, self.groups, self.names)
        pieces, place = [], 0
        for found in matches:
            pieces.append(text[place : found.start()])
            pieces.extend(part if isinstance(part, str) else found[part] or "" for part in parts)
            place = found.end()
        return "".join(pieces) + text[place:]


def compile_java(pattern: str) -> JavaPattern:
    """Compile a Java pattern; raises `RegexError` for what Java or this gateway refuses."""
    node, names = parse(pattern)
    source = python_source(node)
    if len(source) > _MOST_SOURCE or written_out(node) > _MOST_WRITTEN_OUT:
        raise RegexError("the regular expression is too large")
    try:
        engines = _Engines(pattern, source)
        linear = is_linear_match(node)
        match = _literal_match(node) or engines.match(linear)
        find = engines.find_from(is_linear_search(node))
        return JavaPattern(pattern, linear, match, engines.groups, names, find)
    except (re.error, regex.error, OverflowError, RecursionError) as error:
        raise RegexError(f"the regular expression {pattern} is not supported: {error}") from error


def _literal_match(node: Node) -> Callable[[str], bool] | None:
    text = literal_text(node)
    return None if text is None else text.__eq__


class _Engines:
    """One pattern in both libraries, each compiled when it is first asked for."""

    def __init__(self, pattern: str, source: str) -> None:
        self.pattern = pattern
        self.source = source

    @cached_property
    def plain(self) -> re.Pattern[str]:
        return re.compile(self.source)

    @cached_property
    def guarded(self) -> regex.Pattern[str]:
        return regex.compile(self.source, regex.V0)

    @property
    def groups(self) -> int:
        groups: int = (self.plain if "plain" in self.__dict__ else self.guarded).groups
        return groups

    def match(self, linear: bool) -> Callable[[str], bool]:
        if linear:
            plain = self.plain.fullmatch
            return lambda text: plain(text) is not None
        guarded, pattern = self.guarded.fullmatch, self.pattern

        def matches(text: str) -> bool:
            try:
                return guarded(text, timeout=_limit(text)) is not None
            except TimeoutError:
                raise RegexTimeout(pattern) from None

        return matches

    def find_from(self, linear: bool) -> FindFrom:
        if linear:
            plain = self.plain.search
            return lambda text, place, seconds: plain(text, place)
        guarded, pattern = self.guarded.search, self.pattern

        def find(text: str, place: int, seconds: float) -> Found | None:
            try:
                found: Found | None = guarded(text, place, timeout=seconds)
            except TimeoutError:
                raise RegexTimeout(pattern) from None
            return found

        return find


def _limit(text: str) -> float:
    return _LIMIT + len(text) * _LIMIT_PER_CHARACTER
