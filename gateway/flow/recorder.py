"""What a recorded run tells: steps, conditions, variables, times.

Flows are compiled twice, plain and recorded; only the recorded variant calls these, so
tracing costs nothing while it is off. Dev server, trace, debug sessions and test
coverage are implementations of `Recorder`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from gateway.flow.context import Context
    from gateway.flow.faults import FaultRaised

Segment = Literal["request", "response", "fault", "post-client"]
Outcome = Literal["ran", "skipped", "disabled", "failed", "continued"]


@dataclass(frozen=True, slots=True)
class StepPlace:
    """One step of one flow, as deployed: where it stands and what it runs."""

    endpoint: str
    """`proxy default`, `target default`, ..."""
    flow: str
    segment: Segment
    step: str
    """The policy's name."""
    type: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class ConditionPlace:
    """One condition, as deployed. `owner` is `step`, `flow`, `route` or `fault-rule`."""

    owner: str
    name: str
    text: str
    file: str
    line: int


_SECRETS = re.compile(
    r"private\..*|.*(?:access_token|refresh_token|client_secret|consumer_secret|password)"
    r"|.*\.header\.(?:(?:proxy-)?authorization|cookie|set-cookie)(?:\..*)?",
    re.IGNORECASE,
)


def shown(name: str, value: object) -> object:
    """What a recording may hold of a variable: secrets only as `*****`."""
    return "*****" if value is not None and _SECRETS.fullmatch(name) else value


class Recorder(Protocol):
    """One recording of one exchange. Every call is synchronous and must not raise."""

    def flow_entered(self, context: Context, endpoint: str, flow: str, segment: str) -> None: ...

    def condition(self, place: ConditionPlace, outcome: bool) -> None: ...

    def step_started(self, context: Context, place: StepPlace) -> None: ...

    def step_ended(
        self, context: Context, place: StepPlace, outcome: Outcome, fault: FaultRaised | None
    ) -> None: ...

    def read(self, name: str, value: object) -> None: ...

    def wrote(self, name: str, value: object) -> None: ...
