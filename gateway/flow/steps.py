"""Steps and sequences of steps: plain functions that wait only where they must."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING

from gateway.flow.context import Context
from gateway.flow.faults import Fault, FaultRaised
from gateway.flow.policy import Policy, Step
from gateway.flow.recorder import Segment, StepPlace

if TYPE_CHECKING:
    from gateway.bundle import model
    from gateway.flow.deployment import Deployment, Test

API_TIMED_OUT = Fault(
    "flow.APITimedOut", 504, "API timed out", category="Messaging",
    cause="api.timeout of the ProxyEndpoint passed",
)  # fmt: skip


def nothing(context: Context) -> None:
    """The empty flow."""


def sequence(steps: Sequence[Step]) -> Step:
    """Run steps in order. The common case, in which none waits, makes no coroutine."""
    if not steps:
        return nothing
    if len(steps) == 1:
        return steps[0]
    if len(steps) == 2:
        return _pair(steps[0], steps[1])
    ordered = tuple(steps)

    def run(context: Context) -> Awaitable[None] | None:
        for index, step in enumerate(ordered):
            pending = step(context)
            if pending is not None:
                return resume(context, pending, index + 1)
        return None

    async def resume(context: Context, pending: Awaitable[None], start: int) -> None:
        await pending
        for step in ordered[start:]:
            again = step(context)
            if again is not None:
                await again

    return run


def _pair(first: Step, second: Step) -> Step:
    """Two steps, the most frequent sequence, without a loop."""

    def run(context: Context) -> Awaitable[None] | None:
        pending = first(context)
        if pending is not None:
            return resume(context, pending)
        return second(context)

    async def resume(context: Context, pending: Awaitable[None]) -> None:
        await pending
        again = second(context)
        if again is not None:
            await again

    return run


def only_if(test: Test | None, step: Step) -> Step:
    """`step` where `test` holds; a missing test always holds."""
    if test is None:
        return step

    def conditional(context: Context) -> Awaitable[None] | None:
        return step(context) if test(context) else None

    return conditional


def first_match(choices: Sequence[tuple[Test | None, Step]]) -> Step:
    """The first step whose test holds, none otherwise: how a conditional Flow, a
    RouteRule and the like are chosen."""
    if not choices:
        return nothing
    ordered = tuple(choices)

    def choose(context: Context) -> Awaitable[None] | None:
        for test, step in ordered:
            if test is None or test(context):
                return step(context)
        return None

    return choose


def enter(flow: str, endpoint: str, segment: Segment, recorded: bool) -> Step:
    """Name the flow that runs now (`current.flow.name` and its kin)."""
    is_target = endpoint.startswith("target")

    def entered(context: Context) -> None:
        context.flow_name = flow
        if is_target:
            context.target_flow_name = flow
        else:
            context.proxy_flow_name = flow

    if not recorded:
        return entered

    def entered_and_told(context: Context) -> None:
        entered(context)
        if context.recorder is not None:
            context.recorder.flow_entered(context, endpoint, flow, segment)

    return entered_and_told


def compile_steps(
    steps: Sequence[model.Step],
    deployment: Deployment,
    endpoint: str,
    flow: str,
    segment: Segment,
    time_limit: float | None = None,
) -> list[Step]:
    """The compiled steps of one flow and segment. `time_limit` (seconds) is checked
    after each (reference/runtime/flows.md section 3.9)."""
    compiled: list[Step] = []
    for step in steps:
        policy = deployment.policy_of(step)
        if policy is None:
            continue
        place = StepPlace(endpoint, flow, segment, step.name, policy.type, step.file, step.line)
        run = _compile_step(step, policy, deployment, place)
        if run is None:
            continue
        compiled.append(run)
        if time_limit is not None:
            compiled.append(_check_time(time_limit))
    return compiled


def _compile_step(
    step: model.Step, policy: Policy, deployment: Deployment, place: StepPlace
) -> Step | None:
    test = deployment.condition(step.condition, "step", step.name)
    if not policy.enabled:
        return _tell_disabled(place) if deployment.recorded else None
    run = guarded(policy, policy.compile(deployment))
    if deployment.recorded:
        return _recorded(test, run, place)
    return only_if(test, run)


def guarded(policy: Policy, run: Step) -> Step:
    """`run` with the failure variables of its policy, and with continueOnError."""

    def failed(context: Context, raised: FaultRaised) -> bool:
        if raised.policy is None:
            raised.policy, raised.policy_type = policy.name, policy.type
        policy.record_failure(context, raised)
        if policy.continue_on_error:
            context.variables["fault.name"] = raised.fault.name
        return policy.continue_on_error

    def step(context: Context) -> Awaitable[None] | None:
        try:
            pending = run(context)
        except FaultRaised as raised:
            if failed(context, raised):
                return None
            raise
        return None if pending is None else waiting(context, pending)

    async def waiting(context: Context, pending: Awaitable[None]) -> None:
        try:
            await pending
        except FaultRaised as raised:
            if not failed(context, raised):
                raise

    return step


def _check_time(limit: float) -> Step:
    def check(context: Context) -> None:
        raise_if_late(context, limit)

    return check


def raise_if_late(context: Context, limit: float) -> None:
    """Raise flow.APITimedOut when more than `limit` seconds passed since the start."""
    if time.time() - context.started > limit:
        raise API_TIMED_OUT()


# -- recorded variants


def _tell_disabled(place: StepPlace) -> Step:
    def disabled(context: Context) -> None:
        if context.recorder is not None:
            context.recorder.step_ended(context, place, "disabled", None)

    return disabled


def _recorded(test: Test | None, run: Step, place: StepPlace) -> Step:
    async def recorded(context: Context) -> None:
        recorder = context.recorder
        if recorder is None:
            if (test is None or test(context)) and (pending := run(context)) is not None:
                await pending
            return
        if test is not None and not test(context):
            recorder.step_ended(context, place, "skipped", None)
            return
        recorder.step_started(context, place)
        try:
            if (pending := run(context)) is not None:
                await pending
        except FaultRaised as raised:
            recorder.step_ended(context, place, "failed", raised)
            raise
        recorder.step_ended(context, place, "ran", None)

    return recorded
