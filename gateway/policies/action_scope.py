"""What the actions of a message policy are compiled with, and how they fail.

AssignMessage, RaiseFault and ServiceCallout share their actions (Set, Add, Copy, Remove,
AssignVariable). An action fails in words of its own; the policy turns them into its fault.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gateway.flow.context import Context
from gateway.flow.message import Message
from gateway.flow.templates import Template, UnresolvedVariable

if TYPE_CHECKING:
    from gateway.bundle.xml import Element
    from gateway.flow.deployment import Deployment

Action = Callable[[Context, Message], None]
"""One compiled action on the message that the policy changes."""

FLOW_MESSAGES: dict[str, Callable[[Context], Message | None]] = {
    "request": lambda ctx: ctx.request,
    "response": lambda ctx: ctx.response,
    "message": lambda ctx: ctx.message,
    "error": lambda ctx: ctx.error,
}
"""The messages that a flow brings; reading one of these does not touch its body."""


class NotAMessage(Exception):
    """A variable that should hold a message holds something else."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not a message")
        self.name = name


class VariableNotSet(Exception):
    """A variable that cannot be assigned, or not with this value."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} cannot be set")
        self.name = name


@dataclass(frozen=True, slots=True)
class TemplateText:
    """A message template as the bundle has it, with its delimiters and its place."""

    text: str
    where: Element
    prefix: str = "{"
    suffix: str = "}"


@dataclass(frozen=True, slots=True)
class Scope:
    """The compilation of one policy's actions.

    `target` names the message that they change (`message` where the flow decides, None
    where it is a message of the policy's own): its body is touched by some of them.
    """

    deployment: Deployment
    ignore_unresolved: bool
    target: str | None

    def template(self, template: TemplateText) -> Template:
        return self.deployment.template(
            template.text,
            template.where,
            ignore_unresolved=self.ignore_unresolved,
            prefix=template.prefix,
            suffix=template.suffix,
        )

    def touches_body(self) -> None:
        """An action writes the body of the target: the engine must not stream it."""
        if self.target is not None:
            self.deployment.variables.touches_body(self.target)

    def message(self, name: str) -> Callable[[Context], Message | None]:
        """The reader of a message variable. At run time it raises `NotAMessage`, and
        `UnresolvedVariable` unless those are ignored: then it gives None."""
        read: Callable[[Context], object] | None = FLOW_MESSAGES.get(name)
        if read is None:
            read = self.deployment.getter(name)
        ignore = self.ignore_unresolved

        def find(ctx: Context) -> Message | None:
            found = read(ctx)
            if isinstance(found, Message):
                return found
            if found is not None:
                raise NotAMessage(name)
            if ignore:
                return None
            raise UnresolvedVariable(name)

        return find


class MessageAction(Protocol):
    """An action as the bundle has it."""

    @property
    def changes(self) -> tuple[str, ...]:
        """The parts of the message that it writes (`header.X`, `content`), for traces."""
        ...

    def compile(self, scope: Scope) -> Action: ...
