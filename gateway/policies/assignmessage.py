"""AssignMessage: changes or creates a message, and sets flow variables.

Its actions run in document order: Remove before Set is not Set before Remove. Without
`<AssignTo>` it changes the message of the flow that runs: request, response or error.
Source: reference/policies/AssignMessage.md.
"""

from __future__ import annotations

from gateway.flow.context import Context
from gateway.flow.declarations import Reading
from gateway.flow.deployment import Deployment
from gateway.flow.faults import Fault
from gateway.flow.policy import Policy, Step, custom, flag, policy
from gateway.flow.templates import UnresolvedVariable
from gateway.policies.action_scope import MessageAction, NotAMessage, Scope, VariableNotSet
from gateway.policies.assign_to import AssignTo, Find, read_assign_to
from gateway.policies.message_actions import (
    ACTIONS,
    change_message,
    compile_actions,
    read_actions,
)


def _read_actions(reading: Reading) -> tuple[MessageAction, ...]:
    if not any(child.name in ACTIONS for child in reading.root.children):
        reading.warning(reading.root, "an AssignMessage without an action does nothing")
    return read_actions(reading.root, reading)


@policy("AssignMessage")
class AssignMessage(Policy):
    prefix = "assignmessage"

    assign_to: AssignTo = custom(
        "AssignTo",
        read_assign_to,
        doc="The variable whose message changes; empty: the message of the flow that runs. "
        "createNew makes a new message of `type` (request or response).",
    )
    ignore_unresolved: bool = flag(
        "IgnoreUnresolvedVariables",
        default=False,
        doc="true: a reference that does not resolve is the empty string, not a fault.",
    )
    actions: tuple[MessageAction, ...] = custom(
        "Set",
        _read_actions,
        covers=("Add", "Copy", "Remove", "AssignVariable"),
        doc="What to do, in document order; each may occur several times.",
    )

    unresolved_variable = Fault(
        "steps.assignmessage.UnresolvedVariable",
        500,
        "AssignMessage[{policy}]: unable to resolve variable {variable}",
        cause="a reference does not resolve and IgnoreUnresolvedVariables is false",
    )
    variable_of_non_msg_type = Fault(
        "steps.assignmessage.VariableOfNonMsgType",
        500,
        "AssignMessage[{policy}]: value of variable {variable} is not of type Message",
        cause="AssignTo or Copy names a variable that holds no message",
    )
    set_variable_failed = Fault(
        "steps.assignmessage.SetVariableFailed",
        500,
        "AssignMessage[{policy}]: unable to set variable {variable}",
        cause="AssignVariable names a read-only variable",
    )

    def compile(self, deployment: Deployment) -> Step:
        scope = Scope(deployment, self.ignore_unresolved, self.assign_to.message_name)
        actions, target, name = compile_actions(self.actions, scope), self._target(scope), self.name

        def assign_message(ctx: Context) -> None:
            try:
                message = target(ctx)
                for act in actions:
                    act(ctx, message)
            except UnresolvedVariable as missing:
                raise self.unresolved_variable(policy=name, variable=missing.name) from None
            except NotAMessage as other:
                raise self.variable_of_non_msg_type(policy=name, variable=other.name) from None
            except VariableNotSet as refused:
                raise self.set_variable_failed(policy=name, variable=refused.name) from None

        return assign_message

    def _target(self, scope: Scope) -> Find:
        """A policy that only assigns variables needs no message."""
        if change_message(self.actions) or self.assign_to.demands:
            return self.assign_to.compile(scope)
        return lambda ctx: ctx.request
