"""Faults: what a caller of a proxy sees when something goes wrong.

A policy declares its faults as values and raises them by calling one with the values
of its placeholders. Source: reference/runtime/flows.md section 5, reference/faults.tsv.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from gateway.flow.message import Message

Flavor = Literal["edge", "x"]
BodyShape = Literal["fault", "errorcode", "rfc"]
"""`fault`: the usual envelope; `errorcode`: OAuthV2's {"ErrorCode", "Error"};
`rfc`: {"error", "error_description"}."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One declared fault. `code` is the full errorcode, `text` the fault string with
    {placeholders} (`{{` for a literal brace). `edge_*` hold where Edge differs from X.
    """

    code: str
    status: int
    text: str = ""
    edge_status: int | None = None
    edge_text: str | None = None
    body: BodyShape = "fault"
    category: str = "Step"
    reason: str | None = None
    """`detail.reason` in the x flavor, such as TARGET_READ_TIMEOUT."""
    cause: str = ""
    """One sentence for the reference page: what provokes it."""

    @property
    def name(self) -> str:
        """`fault.name`: the last segment of the code."""
        return self.code.rpartition(".")[2]

    def status_for(self, flavor: Flavor) -> int:
        if flavor == "edge" and self.edge_status is not None:
            return self.edge_status
        return self.status

    def text_for(self, flavor: Flavor) -> str:
        if flavor == "edge" and self.edge_text is not None:
            return self.edge_text
        return self.text

    def __call__(self, **values: object) -> FaultRaised:
        return FaultRaised(self, values)


class FaultRaised(Exception):
    """A fault on its way to the fault rules.

    `values` fill the fault string, `status` overrides the declared one, `headers` go
    out with the answer, and `message` (RaiseFault, ErrorResponseCode) is the whole
    answer instead of the default body. `policy` and `in_target` say where it arose.
    """

    def __init__(
        self,
        fault: Fault,
        values: dict[str, object] | None = None,
        *,
        status: int | None = None,
        message: Message | None = None,
    ) -> None:
        super().__init__(fault.code)
        self.fault = fault
        self.values = values or {}
        self.status = status
        self.message = message
        self.headers: tuple[tuple[str, str], ...] = ()
        self.policy: str | None = None
        self.policy_type: str | None = None

    def with_headers(self, *headers: tuple[str, str]) -> FaultRaised:
        self.headers = headers
        return self

    def status_for(self, flavor: Flavor) -> int:
        return self.status if self.status is not None else self.fault.status_for(flavor)

    def text_for(self, flavor: Flavor) -> str:
        text = self.fault.text_for(flavor)
        return text.format(**self.values) if self.values or "{" in text else text
