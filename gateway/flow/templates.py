"""Message templates: text with references to flow variables, compiled at deployment.

Source: reference/runtime/templates.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from gateway.flow.expressions import ExpressionError, Getter, Render, Resolver
from gateway.flow.template_functions import (
    EVALUATION_ERRORS,
    FUNCTIONS,
    Function,
    first_non_null,
)
from gateway.flow.template_parser import (
    Argument,
    Call,
    Number,
    Part,
    Quoted,
    Raw,
    Reference,
    TemplateError,
    TemplateReader,
)
from gateway.flow.values import to_text

if TYPE_CHECKING:
    from gateway.flow.context import Context

__all__ = ["Template", "TemplateError", "UnresolvedVariable", "compile_template"]


class UnresolvedVariable(Exception):
    """A reference to a variable that is not set, where that is not ignored."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the variable {name} is not set")
        self.name = name


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled template. `render` raises `UnresolvedVariable` unless those are ignored."""

    text: str
    """As written."""
    render: Render
    variables: tuple[str, ...]
    """Names that it reads, in order of appearance."""
    warnings: tuple[str, ...]
    literal: str | None
    """What a template without references always renders; None for others."""

    @property
    def is_literal(self) -> bool:
        return self.literal is not None


def compile_template(
    text: str,
    resolver: Resolver,
    *,
    prefix: str = "{",
    suffix: str = "}",
    ignore_unresolved: bool,
) -> Template:
    """Compile a template whose references stand between `prefix` and `suffix`.

    Raises `TemplateError` for an unknown function, a function as an argument of another, and
    a literal regular expression, JSONPath or time format that is wrong.
    """
    reader = TemplateReader(text, prefix, suffix, FUNCTIONS)
    parts = reader.read()
    compiler = _Compiler(resolver, ignore_unresolved, reader.warnings)
    if not parts or (len(parts) == 1 and isinstance(parts[0], str)):
        literal = "".join(map(str, parts))
        return Template(text, lambda context: literal, (), tuple(reader.warnings), literal)
    render = _join([compiler.part(part) for part in parts])
    return Template(text, render, tuple(compiler.getters), tuple(reader.warnings), None)


def _join(parts: list[str | Render]) -> Render:
    match parts:
        case [render] if callable(render):
            return render
        case [str(before), render] if callable(render):
            return _framed(before, render, "")
        case [str(before), render, str(after)] if callable(render):
            return _framed(before, render, after)
    renders = [_constant(part) if isinstance(part, str) else part for part in parts]
    return lambda context: "".join([render(context) for render in renders])


def _framed(before: str, render: Render, after: str) -> Render:
    if not after:
        return lambda context: before + render(context)
    return lambda context: before + render(context) + after


def _constant(text: str) -> Render:
    return lambda context: text


@dataclass(slots=True)
class _Compiler:
    resolver: Resolver
    ignore_unresolved: bool
    warnings: list[str]
    getters: dict[str, Getter] = field(default_factory=dict)

    def part(self, part: Part) -> str | Render:
        if isinstance(part, str):
            return part
        return self.reference(part) if isinstance(part, Reference) else self.call(part)

    def getter(self, name: str) -> Getter:
        if name not in self.getters:
            self.getters[name] = self.resolver.getter(name)
        return self.getters[name]

    def reference(self, reference: Reference) -> Render:
        return self.text_of(reference, "" if self.ignore_unresolved else None)

    def text_of(self, reference: Reference, otherwise: str | None) -> Render:
        """The variable's text, its default, or `otherwise`; None: a fault."""
        get, name = self.getter(reference.name), reference.name
        default = otherwise if reference.default is None else reference.default

        def render(context: Context) -> str:
            value = get(context)
            if type(value) is str:
                return value
            if value is not None:
                return to_text(value)
            if default is None:
                raise UnresolvedVariable(name)
            return default

        return render

    def call(self, call: Call) -> Render:
        function = FUNCTIONS[call.function]
        if not function.least <= len(call.arguments) <= function.most:
            self.warnings.append(
                f"{call.function} takes {function.least} to {function.most} arguments, not "
                f"{len(call.arguments)}: the result is empty"
            )
            return _constant("")
        if function.call is first_non_null:
            return self.first_set(call.arguments)
        arguments = [
            self.argument(call.function, function, place, argument)
            for place, argument in enumerate(call.arguments)
        ]
        return _evaluation(function.call, arguments)

    def first_set(self, arguments: tuple[Argument, ...]) -> Render:
        """`firstnonnull` exists for variables that are not set: none is a fault."""
        values = [self.value_or_none(argument) for argument in arguments]
        return lambda context: first_non_null(*(value(context) for value in values))

    def value_or_none(self, argument: Argument) -> Callable[[Context], str | None]:
        if not isinstance(argument, Reference):
            return _constant(argument.text)
        get, default = self.getter(argument.name), argument.default

        def value(context: Context) -> str | None:
            found = get(context)
            return default if found is None else to_text(found)

        return value

    def argument(
        self, name: str, function: Function, place: int, argument: Argument
    ) -> Callable[[Context], object]:
        """An accessor of the argument, as text or as what the function compiles it to."""
        compiled = function.compiled.get(place)
        if isinstance(argument, Quoted | Raw):
            return _literal_argument(name, argument.text, compiled)
        if isinstance(argument, Number):
            text = self.number(argument)
        elif place in function.verbatim:
            text = self.text_of(argument, argument.name if self.ignore_unresolved else None)
        else:
            text = self.reference(argument)
        if compiled is None:
            return text
        memo = lru_cache(maxsize=64)(compiled)
        return lambda context: memo(text(context))

    def number(self, number: Number) -> Render:
        if self.ignore_unresolved:
            return _constant(number.text)
        self.warnings.append(
            f"{number.text} counts as a variable that is not set: put it into one, or ignore "
            "unresolved variables"
        )

        def refuse(context: Context) -> str:
            raise UnresolvedVariable(number.text)

        return refuse


def _literal_argument(
    name: str, text: str, compiled: Callable[[str], object] | None
) -> Callable[[Context], object]:
    try:
        value = text if compiled is None else compiled(text)
    except ExpressionError as error:
        raise TemplateError(f"{name}: {error.message}", error.offset) from error
    return lambda context: value


def _evaluation(call: Callable[..., str], arguments: list[Callable[[Context], object]]) -> Render:
    """A call whose evaluation errors give the empty string."""

    def render(context: Context) -> str:
        try:
            return call(*[argument(context) for argument in arguments])
        except EVALUATION_ERRORS:
            return ""

    return render
