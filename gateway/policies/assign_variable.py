"""AssignVariable: gives a flow variable its value.

The first source that has a value decides: ResourceURL, Template, Ref, Value,
PropertySetRef. Source: reference/policies/AssignMessage.md, behaviour 7.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from gateway.flow.context import Context
from gateway.flow.message import BadFormData, Message
from gateway.flow.message_variables import split_message_name
from gateway.flow.predefined import PREDEFINED
from gateway.flow.properties import property_of
from gateway.flow.templates import (
    Template,
    TemplateError,
    UnresolvedVariable,
    compile_template,
)
from gateway.flow.values import to_text
from gateway.flow.variables import ReadOnlyVariable, Setter
from gateway.policies.action_reading import warn_unknown
from gateway.policies.action_scope import Action, MessageAction, Scope, TemplateText, VariableNotSet

if TYPE_CHECKING:
    from gateway.bundle.xml import Element
    from gateway.flow.declarations import Reading

Source = Callable[[Context], object]
"""A candidate's value; None when it has none. May raise `UnresolvedVariable`."""

_SOURCES = frozenset({"Name", "ResourceURL", "Template", "Ref", "Value", "PropertySetRef"})
_RESERVED = "ratelimit"
_RUNTIME_TEMPLATES = 64
"""How many templates that came out of variables stay compiled, per policy."""


def read_assign_variable(parent: Element, reading: Reading) -> Iterator[MessageAction]:
    """The action of one `<AssignVariable>`."""
    children = {child.name: child for child in reversed(parent.children)}
    for child in parent.children:
        if child.name not in _SOURCES:
            warn_unknown(child, "AssignVariable", reading)
    name = _text(children, "Name")
    if name is None:
        reading.error(parent, "InvalidVariableName: <AssignVariable> needs a <Name>")
        return
    _check_name(name, children["Name"], reading)
    template, value = children.get("Template"), children.get("Value")
    yield AssignVariable(
        name,
        resource_url=_template(children, "ResourceURL"),
        template=None if template is None else TemplateText(template.text, template),
        template_ref=None if template is None else template.attributes.get("ref", "").strip(),
        ref=_text(children, "Ref"),
        value=None if value is None else value.text,
        property_set_ref=_template(children, "PropertySetRef"),
    )


def _text(children: dict[str, Element], name: str) -> str | None:
    child = children.get(name)
    return None if child is None else child.text.strip() or None


def _template(children: dict[str, Element], name: str) -> TemplateText | None:
    text = _text(children, name)
    return None if text is None else TemplateText(text, children[name])


def _check_name(name: str, where: Element, reading: Reading) -> None:
    predefined = PREDEFINED.get(name)
    if name == _RESERVED:
        reading.warning(where, "the name 'ratelimit' is reserved: choose another one")
    elif predefined is not None and predefined.write is None:
        reading.warning(where, f"variable {name} is read-only: assigning it raises a fault")


@dataclass(frozen=True, slots=True)
class AssignVariable:
    """One assignment with its candidates."""

    name: str
    resource_url: TemplateText | None = None
    template: TemplateText | None = None
    template_ref: str | None = None
    ref: str | None = None
    value: str | None = None
    property_set_ref: TemplateText | None = None

    @property
    def changes(self) -> tuple[str, ...]:
        return ()  # the variable's setter tells it

    def compile(self, scope: Scope) -> Action:
        write = _writer(self.name, scope.deployment.setter(self.name))
        sources = tuple(self._sources(scope))
        missing = self._missing()
        if self.value is not None and len(sources) == 1:
            literal = self.value
            return lambda ctx, message: write(ctx, literal)
        may_lack = scope.ignore_unresolved or missing is None

        def assign(ctx: Context, message: Message) -> None:
            for source in sources:
                value = source(ctx)
                if value is not None:
                    write(ctx, value)
                    return
            if not may_lack:
                raise UnresolvedVariable(missing or "")
            write(ctx, None)

        return assign

    def _sources(self, scope: Scope) -> Iterator[Source]:
        if self.resource_url is not None:
            yield _resource(self.resource_url, scope)
        if self.template is not None:
            if self.template_ref:
                yield _template_of_variable(self.template_ref, scope)
            if self.template.text.strip() or not self.template_ref:
                yield scope.template(self.template).render
        if self.ref is not None:
            yield scope.deployment.getter(self.ref)
        if self.value is not None:
            literal = self.value
            yield lambda ctx: literal
        if self.property_set_ref is not None:
            yield _property(self.property_set_ref, scope)

    def _missing(self) -> str | None:
        """What a fault names when no candidate has a value; None: nothing was asked."""
        if self.ref is not None:
            return self.ref
        if self.template_ref:
            return self.template_ref
        return None if self.property_set_ref is None else self.property_set_ref.text


def _writer(name: str, write: Setter) -> Setter:
    """`write` with the faults of an assignment. Without a value a header or parameter
    goes away; any other part of a message or of the engine stays as it is."""
    split = split_message_name(name)
    is_fixed = name in PREDEFINED or (
        split is not None and not split[1].startswith(("header.", "queryparam.", "formparam."))
    )

    def assign(ctx: Context, value: object) -> None:
        if value is None and is_fixed:
            return
        try:
            write(ctx, value)
        except BadFormData:
            raise
        except (ReadOnlyVariable, ValueError):
            raise VariableNotSet(name) from None

    return assign


def _resource(url: TemplateText, scope: Scope) -> Source:
    """The text of a resource file of the bundle."""
    render, ignore = scope.template(url).render, scope.ignore_unresolved
    texts = _Resources(scope)

    def read(ctx: Context) -> str | None:
        name = render(ctx).strip()
        text = texts.get(name)
        if text is None and not ignore:
            raise UnresolvedVariable(name)
        return text

    return read


class _Resources:
    """Texts of the bundle's resources, decoded on first use."""

    def __init__(self, scope: Scope) -> None:
        self._resources = scope.deployment.bundle.resources
        self._texts: dict[str, str] = {}

    def get(self, url: str) -> str | None:
        text = self._texts.get(url)
        if text is None and url in self._resources:
            content = self._resources[url].content
            text = self._texts[url] = content.decode("utf-8-sig", "replace")
        return text


def _template_of_variable(name: str, scope: Scope) -> Source:
    """The rendered text of the template that a variable holds. What it may read is known
    too late to stream anything: every body is kept."""
    read, ignore = scope.deployment.getter(name), scope.ignore_unresolved
    variables = scope.deployment.variables
    for body in ("request", "response", "message"):
        variables.touches_body(body)

    @lru_cache(maxsize=_RUNTIME_TEMPLATES)
    def compiled(text: str) -> Template | None:
        try:
            return compile_template(text, variables, ignore_unresolved=ignore)
        except TemplateError:
            return None

    def render(ctx: Context) -> str | None:
        found = read(ctx)
        if found is None:
            return None
        text = to_text(found)
        template = compiled(text)
        return text if template is None else template.render(ctx)

    return render


def _property(reference: TemplateText, scope: Scope) -> Source:
    """The value of `set.key` in the bundle's property sets."""
    render = scope.template(reference).render
    resources = scope.deployment.bundle.resources
    return lambda ctx: property_of(resources, render(ctx).strip().removeprefix("propertyset."))
