"""Set and Add: headers, parameters and the payload of a message.

Source: reference/policies/AssignMessage.md, "Elements".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from multidict import CIMultiDict, istr

from gateway.flow.context import Context
from gateway.flow.message import Message
from gateway.flow.message_variables import header_text
from gateway.policies.action_reading import TOKEN, is_family, members, warn_unknown
from gateway.policies.action_scope import Action, MessageAction, Scope, TemplateText
from gateway.policies.start_line import START_LINE, SetStartLine

if TYPE_CHECKING:
    from gateway.bundle.xml import Element
    from gateway.flow.declarations import Reading

_MISPLACED = frozenset({"AssignTo", "IgnoreUnresolvedVariables"})


# -- reading


def read_set(parent: Element, reading: Reading) -> Iterator[MessageAction]:
    """The actions of one `<Set>`, in document order."""
    for child in parent.children:
        if is_family(child):
            yield from _read_family(child, reading, append=False)
        elif child.name == "Payload":
            yield _read_payload(child, reading)
        elif child.name in START_LINE:
            if text := child.text.strip():
                yield SetStartLine(child.name, TemplateText(text, child))
        elif child.name == "Authentication":
            reading.error(
                child,
                "<Set/Authentication> is not supported yet: set the Authorization header "
                "with a token of your own",
            )
        elif child.name in _MISPLACED:
            reading.warning(
                child, f"<{child.name}> inside <Set> has no effect: write it beside <Set>"
            )
        else:
            warn_unknown(child, "Set", reading)


def read_add(parent: Element, reading: Reading) -> Iterator[MessageAction]:
    """The actions of one `<Add>`, in document order."""
    for child in parent.children:
        if is_family(child):
            yield from _read_family(child, reading, append=True)
        else:
            warn_unknown(child, "Add", reading)


def _read_family(group: Element, reading: Reading, *, append: bool) -> Iterator[MessageAction]:
    for member in members(group, reading):
        name = member.attributes["name"].strip()
        if "ref" in member.attributes:
            reading.warning(member, f"<{member.name}> has no attribute ref: it has no effect")
        if member.name == "Header" and not TOKEN.fullmatch(name):
            reading.error(member, f"<Header> '{name}' is not the name of an HTTP header")
            continue
        yield Assignment(member.name, name, TemplateText(member.text.strip(), member), append)


def _read_payload(element: Element, reading: Reading) -> SetPayload:
    attributes = element.attributes
    delimiters: list[str] = []
    for attribute, usual in (("variablePrefix", "{"), ("variableSuffix", "}")):
        delimiter = attributes.get(attribute, usual)
        if not delimiter:
            reading.error(element, f"InvalidPayload: {attribute} of <Payload> must not be empty")
        delimiters.append(delimiter or usual)
    for attribute in ("template", "resourceURL", "defaultVariableValue"):
        if attribute in attributes:
            reading.warning(element, f"attribute {attribute} of <Payload> has no effect")
    text = element.markup if element.children else element.text
    content_type = attributes.get("contentType", "").strip()
    return SetPayload(
        TemplateText(text, element, *delimiters),
        TemplateText(content_type, element) if content_type else None,
    )


# -- headers and parameters


@dataclass(frozen=True, slots=True)
class Assignment:
    """One Header, QueryParam or FormParam to set, or with `append` to add."""

    kind: str
    name: str
    value: TemplateText
    append: bool

    @property
    def changes(self) -> tuple[str, ...]:
        return (f"{self.kind.lower()}.{self.name}",)

    def compile(self, scope: Scope) -> Action:
        if self.kind == "Header":
            return self._compile_header(scope)
        if self.kind == "QueryParam":
            return self._compile_query_param(scope)
        scope.touches_body()
        return self._compile_form_param(scope)

    def _compile_header(self, scope: Scope) -> Action:
        key = istr(self.name)
        template = scope.template(self.value)
        if template.literal is not None:
            value = header_text(template.literal)
            if self.append:
                return lambda ctx, message: message.headers.add(key, value)

            def set_literal(ctx: Context, message: Message) -> None:
                message.headers[key] = value

            return set_literal
        render = template.render
        if self.append:
            return lambda ctx, message: message.headers.add(key, header_text(render(ctx)))

        def set_rendered(ctx: Context, message: Message) -> None:
            message.headers[key] = header_text(render(ctx))

        return set_rendered

    def _compile_query_param(self, scope: Scope) -> Action:
        name, append, render = self.name, self.append, scope.template(self.value).render

        def assign(ctx: Context, message: Message) -> None:
            if message.is_request:
                value = render(ctx)
                params = message.query_params
                (params.add if append else params.set)(name, value)

        return assign

    def _compile_form_param(self, scope: Scope) -> Action:
        name, append, render = self.name, self.append, scope.template(self.value).render

        def assign(ctx: Context, message: Message) -> None:
            if message.is_request:
                value = render(ctx)
                params = message.make_form()
                (params.add if append else params.set)(name, value)

        return assign


# -- payload


@dataclass(frozen=True, slots=True)
class SetPayload:
    """The body, and with `content_type` the Content-Type header."""

    payload: TemplateText
    content_type: TemplateText | None

    @property
    def changes(self) -> tuple[str, ...]:
        return ("content",) if self.content_type is None else ("header.Content-Type", "content")

    def compile(self, scope: Scope) -> Action:
        scope.touches_body()
        payload = scope.template(self.payload)
        kind = None if self.content_type is None else scope.template(self.content_type)
        if kind is None:
            return _content_setter(payload.render)
        if kind.literal is not None and payload.literal is not None:
            return _fixed_payload(payload.literal, header_text(kind.literal))
        return _typed_content_setter(payload.render, kind.render)


_CONTENT_TYPE = istr("Content-Type")


def _content_setter(render: Callable[[Context], str]) -> Action:
    def set_content(ctx: Context, message: Message) -> None:
        message.content = render(ctx)

    return set_content


def _typed_content_setter(
    render: Callable[[Context], str], content_type: Callable[[Context], str]
) -> Action:
    def set_content(ctx: Context, message: Message) -> None:
        text, kind = render(ctx), header_text(content_type(ctx))
        if kind:
            message.headers[_CONTENT_TYPE] = kind
        message.content = text

    return set_content


def _fixed_payload(text: str, content_type: str) -> Action:
    """A body without references is encoded once, at deployment."""
    scratch = Message.response(headers=CIMultiDict({"Content-Type": content_type}))
    scratch.content = text
    body = scratch.body

    def set_body(ctx: Context, message: Message) -> None:
        message.headers[_CONTENT_TYPE] = content_type
        message.body = body

    return set_body
