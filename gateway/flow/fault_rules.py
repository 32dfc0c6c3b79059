"""FaultRules and DefaultFaultRule: what runs after a fault.

Source: reference/runtime/flows.md section 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.flow.context import ERROR, Context, FaultState
from gateway.flow.fault_bodies import fault_message
from gateway.flow.faults import FaultRaised
from gateway.flow.policy import Step
from gateway.flow.steps import compile_steps, enter, sequence

if TYPE_CHECKING:
    from gateway.bundle import model
    from gateway.flow.deployment import Deployment, Test


@dataclass(frozen=True, slots=True)
class CompiledFaultRules:
    """The rules of one endpoint, in the order in which they are tried."""

    rules: tuple[tuple[Test | None, Step], ...]
    default: tuple[Test | None, Step] | None
    always_enforce: bool

    def only_default(self) -> CompiledFaultRules:
        """What a ProxyEndpoint adds to a fault of its target: the default rule alone."""
        return CompiledFaultRules((), self.default, self.always_enforce)


def compile_fault_rules(
    endpoint: model.ProxyEndpoint | model.TargetEndpoint,
    deployment: Deployment,
    place: str,
    *,
    bottom_up: bool,
) -> CompiledFaultRules:
    """`bottom_up`: a ProxyEndpoint tries its rules from the last to the first, a
    TargetEndpoint from the first to the last."""
    ordered: Sequence[model.FaultRule] = endpoint.fault_rules
    rules = [_compile_rule(rule, deployment, place) for rule in ordered]
    if bottom_up:
        rules.reverse()
    default = endpoint.default_fault_rule
    if default is None:
        return CompiledFaultRules(tuple(rules), None, False)
    return CompiledFaultRules(
        tuple(rules), _compile_rule(default, deployment, place), default.always_enforce
    )


def _compile_rule(
    rule: model.FaultRule | model.DefaultFaultRule, deployment: Deployment, place: str
) -> tuple[Test | None, Step]:
    name = rule.name or "DefaultFaultRule"
    test = deployment.condition(rule.condition, "fault-rule", name)
    steps = compile_steps(rule.steps, deployment, place, name, "fault")
    return test, sequence([enter(name, place, "fault", deployment.recorded), *steps])


def enter_error_flow(context: Context, raised: FaultRaised, *, in_target: bool) -> None:
    """Make `raised` the context's fault and its answer the error message. A second
    fault replaces the first (RaiseFault.md, behaviour 5)."""
    flavor = context.place.flavor
    context.fault = FaultState(raised, raised.text_for(flavor), in_target, context.flow_name)
    context.error = fault_message(raised, context.request, flavor)
    context.phase = ERROR


async def run_fault_rules(context: Context, rules: CompiledFaultRules) -> None:
    """Run the one rule that matches, then the default rule as its settings say.

    A fault inside a rule ends the handling at once and takes the place of the first;
    after a RaiseFault not even AlwaysEnforce brings the default rule back. A rule whose
    steps were all skipped still counts as executed.
    """
    executed = False
    for test, steps in rules.rules:
        if test is None or test(context):
            executed = True
            if not await _run_rule(context, steps):
                return
            break
    if rules.default is None or (executed and not rules.always_enforce):
        return
    test, steps = rules.default
    if test is None or test(context):
        await _run_rule(context, steps)


async def _run_rule(context: Context, steps: Step) -> bool:
    """False when a policy of the rule raised a fault of its own."""
    in_target = context.fault is not None and context.fault.in_target
    try:
        pending = steps(context)
        if pending is not None:
            await pending
    except FaultRaised as raised:
        enter_error_flow(context, raised, in_target=in_target)
        return False
    return True
