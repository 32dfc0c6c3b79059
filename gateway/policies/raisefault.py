"""RaiseFault: ends the flow with an error message of its own.

The message starts as a new response of status 500; the actions of FaultResponse run on
it in document order. Without a payload its body is the default fault.
Source: reference/policies/RaiseFault.md; runtime/flows.md section 5.8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.flow.context import Context
from gateway.flow.declarations import Reading
from gateway.flow.deployment import Deployment
from gateway.flow.fault_bodies import fault_body
from gateway.flow.faults import Fault, FaultRaised
from gateway.flow.message import Message
from gateway.flow.policy import Policy, Step, custom, flag, policy
from gateway.flow.templates import UnresolvedVariable
from gateway.policies.action_reading import warn_unknown
from gateway.policies.action_scope import (
    Action,
    MessageAction,
    NotAMessage,
    Scope,
    VariableNotSet,
)
from gateway.policies.message_actions import (
    ACTIONS,
    compile_actions,
    read_actions,
    sets_content_type,
    write_payload,
)

if TYPE_CHECKING:
    from gateway.bundle.xml import Element


_SET_ORDER = ("Headers", "Payload", "StatusCode", "ReasonPhrase")


def _read_fault_response(reading: Reading) -> tuple[MessageAction, ...]:
    root = reading.root
    if root.attributes.get("continueOnError", "").strip().lower() == "true":
        reading.warning(root, "continueOnError has no effect on a RaiseFault")
    actions: list[MessageAction] = []
    for response in root.children:
        if response.name == "FaultResponse":
            _warn(response, reading)
            actions += read_actions(response, reading)
    return tuple(actions)


def _warn(response: Element, reading: Reading) -> None:
    for child in response.children:
        # The editor's template writes AssignTo here; it has no effect.
        if child.name not in ACTIONS and child.name != "AssignTo":
            warn_unknown(child, "FaultResponse", reading)
        order = [_SET_ORDER.index(part.name) for part in child.children if part.name in _SET_ORDER]
        if child.name == "Set" and order != sorted(order):
            # reference/policies/RaiseFault.md, behaviour 6.
            reading.warning(
                child,
                "Apigee X is said to drop a FaultResponse whose <Set> is not in the order "
                f"{', '.join(_SET_ORDER)}",
            )


@policy("RaiseFault")
class RaiseFault(Policy):
    prefix = "raisefault"

    actions: tuple[MessageAction, ...] = custom(
        "FaultResponse",
        _read_fault_response,
        doc="Set, Add, Copy, Remove and AssignVariable as in AssignMessage, on the error message.",
    )
    ignore_unresolved: bool = flag(
        "IgnoreUnresolvedVariables",
        default=True,
        doc="false: a reference that does not resolve raises UnresolvedVariable instead.",
    )
    short_reason: bool = flag(
        "ShortFaultReason",
        default=False,
        doc="true: the default fault string is only the policy's name.",
    )

    raise_fault = Fault(
        "steps.raisefault.RaiseFault",
        500,
        "Raising fault. Fault name : {policy}",
        cause="the policy ran",
    )
    raise_short_fault = Fault(
        "steps.raisefault.RaiseFault",
        500,
        "{policy}",
        cause="the policy ran, with ShortFaultReason true",
    )
    unresolved_variable = Fault(
        "steps.raisefault.UnresolvedVariable",
        500,
        "RaiseFault[{policy}]: unable to resolve variable {variable}",
        cause="a reference does not resolve and IgnoreUnresolvedVariables is false",
    )

    def __post_init__(self) -> None:
        # continueOnError="true" would make the policy pointless: a fault is raised.
        object.__setattr__(self, "continue_on_error", False)

    def compile(self, deployment: Deployment) -> Step:
        scope = Scope(deployment, self.ignore_unresolved, None)
        actions = compile_actions(self.actions, scope)
        fault = self.raise_short_fault if self.short_reason else self.raise_fault
        has_payload = write_payload(self.actions)
        has_content_type = sets_content_type(self.actions)
        name = self.name

        def raise_fault(ctx: Context) -> None:
            try:
                message = _error_message(ctx, actions)
            except UnresolvedVariable as missing:
                raise self.unresolved_variable(policy=name, variable=missing.name) from None
            raised = FaultRaised(
                fault, {"policy": name}, status=message.status_code, message=message
            )
            if not has_payload and not message.body:
                _default_body(ctx, raised, message, keep_type=has_content_type)
            raise raised

        return raise_fault


def _error_message(ctx: Context, actions: tuple[Action, ...]) -> Message:
    """The configured answer. An action that cannot be done is left out: the fault that
    the author wanted is worth more than one about it."""
    message = Message.response(500)
    for act in actions:
        try:
            act(ctx, message)
        except (NotAMessage, VariableNotSet):
            continue
    return message


def _default_body(ctx: Context, raised: FaultRaised, message: Message, *, keep_type: bool) -> None:
    body, content_type = fault_body(raised, ctx.request, ctx.place.flavor)
    if not keep_type:
        message.headers["Content-Type"] = content_type
    message.body = body.encode()
