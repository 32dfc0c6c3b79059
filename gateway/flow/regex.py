"""Java regular expressions, compiled at deployment to tests that cannot hang.

A pattern that provably takes linear time runs on the standard library's engine, any other
on the regex library's under a time limit.
Source: java.util.regex.Pattern and Matcher (Java 17); reference/runtime/conditions.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import regex  # type: ignore[import-untyped]

from gateway.flow.regex_linearity import is_linear_match, is_linear_search
from gateway.flow.regex_parser import parse
from gateway.flow.regex_replacement import replacement_parts
from gateway.flow.regex_source import literal_text, python_source
from gateway.flow.regex_syntax import Node, RegexError

__all__ = ["Found", "JavaPattern", "RegexError", "RegexTimeout", "compile_java"]

_LIMIT = 0.05
"""Seconds that a match may take."""

_LIMIT_PER_CHARACTER = 5e-8
"""And seconds more per character: a megabyte is not read in no time."""


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


@dataclass(frozen=True, slots=True)
class JavaPattern:
    """A compiled pattern. Whatever matches raises `RegexTimeout` when it takes too long."""

    source: str
    """As Java writes it."""
    linear: bool
    """`fullmatch` provably takes linear time."""
    fullmatch: Callable[[str], bool]
    """Java's `matches()`: the whole text is one match."""
    find: Callable[[str], Found | None]
    """The first match in a text, wherever it is."""
    _substitute: Callable[[Callable[[Found], str], str, int], str]
    groups: int
    names: dict[str, int]
    """Numbers of the named groups."""

    def search(self, text: str) -> bool:
        """Java's `find()`: some part of the text is a match."""
        return self.find(text) is not None

    def replace_all(self, text: str, replacement: str) -> str:
        """`replacement` in Java's form: `$1`, `${name}`; raises `RegexError` when it is not."""
        return self._substitute(self._expansion(replacement), text, 0)

    def replace_first(self, text: str, replacement: str) -> str:
        return self._substitute(self._expansion(replacement), text, 1)

    def _expansion(self, replacement: str) -> Callable[[Found], str]:
        parts = replacement_parts(replacement, self.groups, self.names)
        return lambda found: "".join(
            part if isinstance(part, str) else found[part] or "" for part in parts
        )


def compile_java(pattern: str) -> JavaPattern:
    """Compile a Java pattern; raises `RegexError` for what Java or this gateway refuses."""
    node, names = parse(pattern)
    try:
        engines = _Engines(pattern, python_source(node))
        linear = is_linear_match(node)
        match = _literal(node) or (engines.plain_match() if linear else engines.guarded_match())
        search = engines.plain_search() if is_linear_search(node) else engines.guarded_search()
        return JavaPattern(pattern, linear, match, *search, engines.groups, names)
    except (re.error, regex.error, OverflowError, RecursionError) as error:
        raise RegexError(f"the regular expression {pattern} is not supported: {error}") from error


def _literal(node: Node) -> Callable[[str], bool] | None:
    text = literal_text(node)
    return None if text is None else text.__eq__


Search = tuple[Callable[[str], Found | None], Callable[[Callable[[Found], str], str, int], str]]


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
        return self.plain.groups if "plain" in self.__dict__ else self.guarded.groups

    def plain_match(self) -> Callable[[str], bool]:
        fullmatch = self.plain.fullmatch
        return lambda text: fullmatch(text) is not None

    def guarded_match(self) -> Callable[[str], bool]:
        pattern, fullmatch = self.pattern, self.guarded.fullmatch

        def matches(text: str) -> bool:
            try:
                return fullmatch(text, timeout=_limit(text)) is not None
            except TimeoutError:
                raise RegexTimeout(pattern) from None

        return matches

    def plain_search(self) -> Search:
        return self.plain.search, self.plain.sub

    def guarded_search(self) -> Search:
        pattern, search, sub = self.pattern, self.guarded.search, self.guarded.sub

        def find(text: str) -> Found | None:
            try:
                found: Found | None = search(text, timeout=_limit(text))
            except TimeoutError:
                raise RegexTimeout(pattern) from None
            return found

        def substitute(expand: Callable[[Found], str], text: str, count: int) -> str:
            try:
                replaced: str = sub(expand, text, count=count, timeout=_limit(text))
            except TimeoutError:
                raise RegexTimeout(pattern) from None
            return replaced

        return find, substitute


def _limit(text: str) -> float:
    return _LIMIT + len(text) * _LIMIT_PER_CHARACTER
