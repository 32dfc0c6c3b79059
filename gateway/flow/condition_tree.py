"""Conditions as trees; printed, they read as in Apigee's traces.

Source: reference/runtime/conditions.md section 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from gateway.flow.values import to_text


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, number, boolean, or null (None)."""

    value: str | int | float | bool | None

    def __str__(self) -> str:
        if self.value is None:
            return "null"
        return f'"{self.value}"' if isinstance(self.value, str) else to_text(self.value)


@dataclass(frozen=True, slots=True)
class Variable:
    name: str

    def __str__(self) -> str:
        return self.name


Operand: TypeAlias = Literal | Variable


@dataclass(frozen=True, slots=True)
class Comparison:
    """`operator` is the operator's word; `negated`: `not` or `!` stood before it."""

    left: Operand
    operator: str
    right: Operand
    negated: bool
    offset: int
    """Where the right side begins."""

    def __str__(self) -> str:
        negation = "not " if self.negated else ""
        return f"({self.left} {negation}{self.operator} {self.right})"


@dataclass(frozen=True, slots=True)
class Bare:
    """An operand alone."""

    operand: Operand

    def __str__(self) -> str:
        return str(self.operand)


@dataclass(frozen=True, slots=True)
class Not:
    term: Tree

    def __str__(self) -> str:
        return f"(not {self.term})"


@dataclass(frozen=True, slots=True)
class Joined:
    """Two or more terms under `and` or `or`."""

    word: str
    terms: tuple[Tree, ...]

    def __str__(self) -> str:
        return "(" + f" {self.word} ".join(map(str, self.terms)) + ")"


Tree: TypeAlias = Comparison | Bare | Not | Joined
