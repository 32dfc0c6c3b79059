"""AssignTo: which message an AssignMessage changes, and whether it is a new one.

Source: reference/policies/AssignMessage.md, behaviour 2, 3; runtime/flows.md section 5.9.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.flow.context import ERROR, REQUEST, RESPONSE, Context
from gateway.flow.declarations import Reading
from gateway.flow.message import Message
from gateway.flow.templates import UnresolvedVariable
from gateway.flow.variables import ReadOnlyVariable, set_flow_message
from gateway.policies.action_scope import FLOW_MESSAGES, NotAMessage, Scope, VariableNotSet

Find = Callable[[Context], Message]


@dataclass(frozen=True, slots=True)
class AssignTo:
    """The message to change. `name` "": the one of the flow that runs. `create_new` None
    where the attribute is absent: the variable's message, or a new one."""

    name: str = ""
    create_new: bool | None = None
    type: str = REQUEST

    @property
    def message_name(self) -> str:
        """The name under which the engine knows the body that is touched."""
        if self.name == RESPONSE or not (self.name or self.create_new):
            return "message"
        return self.name or self.type

    @property
    def demands(self) -> bool:
        """Does it matter even to a policy that changes no message?"""
        return bool(self.name) or self.create_new is True

    def compile(self, scope: Scope) -> Find:
        """The finder of the message, at run time. It raises `UnresolvedVariable`,
        `NotAMessage` and `VariableNotSet`."""
        if self.create_new:
            scope.deployment.variables.touches_body(self.name or self.type)
            return self._create(scope)
        if not self.name or self.name == "message":
            return lambda ctx: ctx.message
        return self._find(scope)

    def _find(self, scope: Scope) -> Find:
        name, must_exist = self.name, self.create_new is False
        read: Callable[[Context], object] | None = FLOW_MESSAGES.get(name)
        if name == RESPONSE:
            read = _response
        elif read is None:
            read = scope.deployment.getter(name)
        create = self._create(scope)

        def find(ctx: Context) -> Message:
            found = read(ctx)
            if isinstance(found, Message):
                return found
            if found is not None:
                raise NotAMessage(name)
            if must_exist:
                raise UnresolvedVariable(name)
            return create(ctx)

        return find

    def _create(self, scope: Scope) -> Find:
        """Stores a new message under the name, or in place of the flow's own."""
        name = self.name or self.type
        if name not in FLOW_MESSAGES:
            return self._create_variable(scope)

        def create(ctx: Context) -> Message:
            slot = ctx.phase if name == "message" else name
            if slot == RESPONSE and ctx.phase == ERROR:
                slot = ERROR
            message = Message.request() if slot == REQUEST else Message.response()
            set_flow_message(ctx, slot, message)
            return message

        return create

    def _create_variable(self, scope: Scope) -> Find:
        name, is_request = self.name, self.type == REQUEST
        store = scope.deployment.setter(name)

        def create(ctx: Context) -> Message:
            message = Message.request() if is_request else Message.response()
            try:
                store(ctx, message)
            except (ReadOnlyVariable, ValueError):
                raise VariableNotSet(name) from None
            return message

        return create


def _response(ctx: Context) -> Message | None:
    """In the error flow the error message is what the client gets."""
    return ctx.error if ctx.phase == ERROR else ctx.response


def read_assign_to(reading: Reading) -> AssignTo:
    """The declaration's reader: the first `<AssignTo>` of the policy."""
    found = [child for child in reading.root.children if child.name == "AssignTo"]
    if not found:
        return AssignTo()
    for repeated in found[1:]:
        reading.warning(repeated, "more than one <AssignTo>: only the first has an effect")
    attributes = found[0].attributes
    create_new = attributes.get("createNew", "").strip().lower()
    wanted = attributes.get("type", "").strip().lower()
    if wanted not in ("", REQUEST, RESPONSE):
        reading.warning(found[0], f"type '{wanted}' of <AssignTo> is neither request nor response")
    return AssignTo(
        name=found[0].text.strip(),
        create_new={"true": True, "false": False}.get(create_new),
        type=RESPONSE if wanted == RESPONSE else REQUEST,
    )
