"""Java's regular expressions as a tree.

Flags, quotations, comments and character classes are worked out by the reader, so the tree
holds sets of characters, sequences, choices, repeats and little else.
Source: java.util.regex.Pattern (Java 17).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from gateway.flow.charset import Ranges
from gateway.flow.expressions import ExpressionError


class RegexError(ExpressionError):
    """A pattern that is not Java's, or uses what this gateway does not support."""


@dataclass(frozen=True, slots=True)
class Chars:
    """One character of a set."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    options: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """`high` None: without end. `mode`: "" greedy, "?" reluctant, "+" possessive."""

    item: Node
    low: int
    high: int | None
    mode: str


@dataclass(frozen=True, slots=True)
class Group:
    """A capturing group; numbers start at 1."""

    item: Node
    number: int


@dataclass(frozen=True, slots=True)
class Atomic:
    item: Node


@dataclass(frozen=True, slots=True)
class Look:
    """`mark`: `=`, `!`, `<=` or `<!`."""

    item: Node
    mark: str


@dataclass(frozen=True, slots=True)
class Back:
    """What group `number` matched; fails when it has not matched."""

    number: int
    ignore_case: bool


@dataclass(frozen=True, slots=True)
class Assertion:
    """A condition on the place, without width; `source` is how Python writes it.

    `\\X` (a grapheme) is one too for want of a better kind: only `source` knows it.
    """

    source: str


Node: TypeAlias = Chars | Sequence | Choice | Repeat | Group | Atomic | Look | Back | Assertion

NEVER = Chars(())
EMPTY_SEQUENCE = Sequence(())

START = Assertion(r"\A")
END = Assertion(r"\Z")
WORD_EDGE = Assertion(r"\b")
NO_WORD_EDGE = Assertion(r"(?!\b)")
GRAPHEME = Assertion(r"\X")
LAST_LINE_END = Assertion(r"(?=(?:\r\n|(?<!\r)\n|[\r\x85\u2028\u2029])?\Z)")
LAST_UNIX_LINE_END = Assertion(r"(?=\n?\Z)")
LINE_START = Assertion(r"(?:\A|(?:(?<=[\n\x85\u2028\u2029])|(?<=\r)(?!\n))(?!\Z))")
LINE_END = Assertion(r"(?:(?=[\r\x85\u2028\u2029]|\Z)|(?<!\r)(?=\n))")
UNIX_LINE_START = Assertion(r"(?:\A|(?<=\n)(?!\Z))")
UNIX_LINE_END = Assertion(r"(?=\n|\Z)")
