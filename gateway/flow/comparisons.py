"""Compiles one comparison of a condition to a test of the context.

Each operator has its answer for unset operands; both sides set, values are compared after
conversion to their common type. Source: reference/runtime/conditions.md sections 5 and 6.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from gateway.flow import values
from gateway.flow.condition_parser import ConditionError
from gateway.flow.condition_tree import Comparison, Literal, Operand
from gateway.flow.expressions import ExpressionError, Getter, Test
from gateway.flow.path_patterns import TextTest, compile_glob, compile_path
from gateway.flow.regex import compile_java
from gateway.flow.values import to_text

if TYPE_CHECKING:
    from gateway.flow.context import Context

Compare = Callable[[object, object], bool]


@dataclass(frozen=True, slots=True)
class Operator:
    """How two set values compare, and the answers when a side is unset."""

    compare: Compare
    left_unset: bool = False
    right_unset: bool = False
    both_unset: bool = False

    def __call__(self, left: object, right: object) -> bool:
        if left is None:
            return self.both_unset if right is None else self.left_unset
        if right is None:
            return self.right_unset
        return self.compare(left, right)


def _not_equal(left: object, right: object) -> bool:
    comparable = values.is_scalar(left) and values.is_scalar(right)
    return comparable and not values.equal(left, right)


def _equal_ignoring_case(left: object, right: object) -> bool:
    comparable = values.is_scalar(left) and values.is_scalar(right)
    return comparable and to_text(left).lower() == to_text(right).lower()


def _less_or_equal(left: object, right: object) -> bool:
    return values.less(left, right) or values.equal(left, right)


def _starts_with(left: object, right: object) -> bool:
    comparable = values.is_scalar(left) and values.is_scalar(right)
    return comparable and to_text(left).startswith(to_text(right))


# The odd rows of > and >= are the documented ones.
OPERATORS = {
    "equals": Operator(values.equal, both_unset=True),
    "notequals": Operator(_not_equal, True, True, False),
    "equalscaseinsensitive": Operator(_equal_ignoring_case, both_unset=True),
    "startswith": Operator(_starts_with),
    "greaterthan": Operator(lambda left, right: values.less(right, left), True, False, False),
    "greaterthanorequals": Operator(
        lambda left, right: _less_or_equal(right, left), False, True, True
    ),
    "lesserthan": Operator(values.less, True, False, False),
    "lesserthanorequals": Operator(_less_or_equal, True, False, True),
}

PATTERNS: dict[str, Callable[[str], TextTest]] = {
    "matches": compile_glob,
    "matchespath": compile_path,
    "javaregex": lambda pattern: compile_java(pattern).fullmatch,
}


def compile_comparison(comparison: Comparison, getter: Callable[[Operand], Getter]) -> Test:
    """The test of a comparison; `getter` gives the accessor of an operand.

    Raises `ConditionError` for a pattern that cannot be compiled.
    """
    left, right = comparison.left, comparison.right
    get = getter(left)
    if comparison.operator in PATTERNS:
        test = _pattern_test(comparison, get, getter)
    elif isinstance(right, Literal) and not isinstance(left, Literal):
        test = _literal_test(comparison.operator, get, right.value)
    else:
        test = _general_test(OPERATORS[comparison.operator], get, getter(right))
    return negate(test) if comparison.negated else test


def negate(test: Test) -> Test:
    return lambda context: not test(context)


def _general_test(operator: Operator, left: Getter, right: Getter) -> Test:
    return lambda context: operator(left(context), right(context))


def _literal_test(word: str, get: Getter, literal: str | int | float | bool | None) -> Test:
    if word == "equals":
        return _equals_test(get, literal)
    if word == "notequals":
        return _not_equals_test(get, literal)
    operator = OPERATORS[word]
    return lambda context: operator(get(context), literal)


def _equals_test(get: Getter, literal: str | int | float | bool | None) -> Test:
    """`variable = literal`: a value of the literal's own type is compared at once."""
    if literal is None:
        return lambda context: get(context) is None
    kind, equal = type(literal), values.equal

    def equals(context: Context) -> bool:
        value = get(context)
        if type(value) is kind:
            return value == literal
        return value is not None and equal(value, literal)

    return equals


def _not_equals_test(get: Getter, literal: str | int | float | bool | None) -> Test:
    if literal is None:
        return lambda context: get(context) is not None
    kind = type(literal)

    def differs(context: Context) -> bool:
        value = get(context)
        if type(value) is kind:
            return value != literal
        return value is None or _not_equal(value, literal)

    return differs


def _pattern_test(comparison: Comparison, get: Getter, getter: Callable[[Operand], Getter]) -> Test:
    compile_pattern = PATTERNS[comparison.operator]
    right = comparison.right
    if isinstance(right, Literal):
        if right.value is None:
            return lambda context: False
        try:
            return _text_test(get, compile_pattern(to_text(right.value)))
        except ExpressionError as error:
            raise ConditionError(error.message, comparison.offset) from error
    return _variable_pattern_test(get, getter(right), lru_cache(maxsize=64)(compile_pattern))


def _text_test(get: Getter, matches: TextTest) -> Test:
    def test(context: Context) -> bool:
        value = get(context)
        if type(value) is str:
            return matches(value)
        return values.is_scalar(value) and matches(to_text(value))

    return test


def _variable_pattern_test(
    get: Getter, get_pattern: Getter, compile_pattern: Callable[[str], TextTest]
) -> Test:
    """The pattern comes from a variable: one that cannot be compiled matches nothing."""

    def test(context: Context) -> bool:
        value, pattern = get(context), get_pattern(context)
        if not (values.is_scalar(value) and values.is_scalar(pattern)):
            return False
        try:
            return compile_pattern(to_text(pattern))(to_text(value))
        except ExpressionError:
            return False

    return test
