"""The seam between expressions and flow variables: what a compiled expression reads.

Conditions and templates name flow variables; a `Resolver` turns each name into an accessor
once, at deployment, and the compiled expression calls the accessor on every exchange.

Values are Python objects that stand for Apigee's Java types: str, int (Integer, Long),
float (Float, Double), bool (Boolean), list or tuple of str (Collection), any other object
(a message: never compared), None (the variable is not set).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from gateway.flow.context import Context

Getter: TypeAlias = "Callable[[Context], object]"
"""Value of a flow variable in an exchange; None when it is not set."""

Test: TypeAlias = "Callable[[Context], bool]"
"""Outcome of a condition in an exchange."""

Render: TypeAlias = "Callable[[Context], str]"
"""Text of a template in an exchange."""


class Resolver(Protocol):
    """Finds the accessor of a variable's name; asked at deployment only."""

    def getter(self, name: str) -> Getter: ...


class ExpressionError(ValueError):
    """An expression that cannot be compiled.

    `message` says what is wrong, `offset` where: characters from the start of the text.
    """

    def __init__(self, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
