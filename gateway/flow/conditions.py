"""Conditions of steps, flows, routes and fault rules, compiled to functions at deployment.

Source: reference/runtime/conditions.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.flow import condition_parser
from gateway.flow.comparisons import compile_comparison, negate
from gateway.flow.condition_parser import ConditionError
from gateway.flow.condition_tree import Bare, Comparison, Literal, Not, Operand, Tree, Variable
from gateway.flow.expressions import Getter, Resolver, Test
from gateway.flow.values import is_true

if TYPE_CHECKING:
    from gateway.flow.context import Context

__all__ = ["Condition", "ConditionError", "compile_condition"]


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition. `test` raises `RegexTimeout` where a regular expression hangs."""

    text: str
    """As written, without white space around it."""
    normal_form: str
    """As traces print it: `((request.verb equals "POST") and (a not null))`."""
    test: Test
    variables: tuple[str, ...]
    """Names that it reads, in order of appearance."""
    warnings: tuple[str, ...]


def compile_condition(text: str, resolver: Resolver) -> Condition:
    """Compile a condition; raises `ConditionError` where its grammar is broken."""
    tree, warnings = condition_parser.parse(text)
    if tree is None:
        return Condition("", "true", lambda context: True, (), ())
    compiler = _Compiler(resolver)
    test = compiler.compile(tree)
    return Condition(text.strip(), str(tree), test, tuple(compiler.getters), warnings)


@dataclass(slots=True)
class _Compiler:
    resolver: Resolver
    getters: dict[str, Getter] = field(default_factory=dict)

    def compile(self, tree: Tree) -> Test:
        if isinstance(tree, Comparison):
            return compile_comparison(tree, self.getter)
        if isinstance(tree, Bare):
            return _bare_test(tree.operand, self.getter(tree.operand))
        if isinstance(tree, Not):
            return negate(self.compile(tree.term))
        join = _all_of if tree.word == "and" else _any_of
        return join([self.compile(term) for term in tree.terms])

    def getter(self, operand: Operand) -> Getter:
        if isinstance(operand, Literal):
            value = operand.value
            return lambda context: value
        assert isinstance(operand, Variable)
        if operand.name not in self.getters:
            self.getters[operand.name] = self.resolver.getter(operand.name)
        return self.getters[operand.name]


def _bare_test(operand: Operand, get: Getter) -> Test:
    if isinstance(operand, Literal):
        outcome = is_true(operand.value)
        return lambda context: outcome
    return lambda context: is_true(get(context))


def _all_of(tests: list[Test]) -> Test:
    if len(tests) == 2:
        first, second = tests
        return lambda context: first(context) and second(context)

    def every(context: Context) -> bool:
        for test in tests:  # noqa: SIM110 -- a generator costs more than the tests
            if not test(context):
                return False
        return True

    return every


def _any_of(tests: list[Test]) -> Test:
    if len(tests) == 2:
        first, second = tests
        return lambda context: first(context) or second(context)

    def some(context: Context) -> bool:
        for test in tests:  # noqa: SIM110 -- a generator costs more than the tests
            if test(context):
                return True
        return False

    return some
