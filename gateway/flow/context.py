"""The context of one exchange: its messages, its flow variables, what it runs in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gateway.flow.message import Message
from gateway.flow.recorder import shown

if TYPE_CHECKING:
    from gateway.flow.faults import FaultRaised, Flavor
    from gateway.flow.recorder import Recorder


class ClientConnection(Protocol):
    """Facts of the client's connection; the listener's connection object has them."""

    @property
    def scheme(self) -> str: ...
    @property
    def client_host(self) -> str: ...
    @property
    def client_port(self) -> int: ...
    @property
    def local_host(self) -> str: ...
    @property
    def local_port(self) -> int: ...


class View(Protocol):
    """A typed record that a policy published; its variables are read from it."""

    def get(self, name: str) -> object:
        """The variable's value, None when this record has no such variable."""
        ...

    def names(self) -> Iterable[str]: ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where an exchange runs: fixed when a ProxyEndpoint is deployed."""

    organization: str
    environment: str
    proxy: str
    revision: str
    endpoint: str
    """Name of the ProxyEndpoint."""
    base_path: str
    """As configured; wildcards stay `*`."""
    flavor: Flavor
    deployed_base_path: str = "/"
    """The prefix given at deployment (Edge's `apiproxy.basepath`)."""
    virtual_host: str = "default"


class TargetAddress(Protocol):
    """The URL of a target, taken apart."""

    @property
    def scheme(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def path(self) -> str: ...
    @property
    def is_tls(self) -> bool: ...


class TargetAnswer(Protocol):
    """Facts of a target's answer; times in seconds, 0.0 before they happened."""

    status: int
    sent_started: float
    sent_ended: float
    received_started: float
    received_ended: float
    peer: tuple[str, int]


class TargetState:
    """What policies may still change about the target call, and what it came to."""

    # Defaults live on the class: most of them are never set.
    url_assigned: bool = False
    copy_path_suffix: bool = True
    copy_query_params: bool = True
    host_header: str | None = None
    address: TargetAddress | None = None
    """Where the call went, once it did."""
    answer: TargetAnswer | None = None
    """What came back, once it did."""

    def __init__(self, name: str, route: str, url: str | None, entered_path: str) -> None:
        """`url` is the configured URL, expanded, which a policy's assignment replaces;
        `entered_path` is request.path now: another one later is an edit."""
        self.name = name
        self.route = route
        self.url = url
        self.entered_path = entered_path


@dataclass(slots=True)
class FaultState:
    """The fault being handled, for `fault.*` and `apigee.edge.execution.*`."""

    raised: FaultRaised
    text: str
    in_target: bool
    flow_name: str


REQUEST, RESPONSE, ERROR = "request", "response", "error"


class Context:
    """Everything a step may read or change. Times are seconds since the epoch."""

    # Defaults live on the class: an exchange sets few of them.
    phase: str = REQUEST
    """Which message is `message`: `request`, `response` or `error`."""
    response: Message | None = None
    error: Message | None = None
    views: tuple[View, ...] = ()
    """Published records, newest first."""
    target: TargetState | None = None
    fault: FaultState | None = None
    flow_name: str = ""
    """Flow that runs or ran last: PreFlow, a Flow's name, PostFlow, PostClientFlow."""
    proxy_flow_name: str = ""
    target_flow_name: str = ""
    received: float = 0.0
    """When the last byte of the request had come."""
    sent_started: float = 0.0
    sent_ended: float = 0.0
    inbound: tuple[str, str, str] | None = None
    """(path, query, verb) as the client sent them."""
    recorder: Recorder | None = None

    def __init__(
        self,
        place: Place,
        request: Message,
        connection: ClientConnection,
        path_suffix: str,
        started: float,
        message_id: str,
    ) -> None:
        self.place = place
        self.request = request
        self.connection = connection
        self.path_suffix = path_suffix
        self.started = started
        self.message_id = message_id
        self.variables: dict[str, object] = {}
        """Variables that policies set, by full name."""

    @property
    def message(self) -> Message:
        """The current message: request, response or error by the flow that runs."""
        if self.phase == REQUEST:
            return self.request
        if self.phase == ERROR and self.error is not None:
            return self.error
        if self.response is None:
            self.response = Message.response()
        return self.response

    def publish(self, view: View) -> None:
        """Make the variables of `view` readable; older values of theirs are gone."""
        self.views = (view, *self.views)
        if self.variables:
            for name in view.names():
                self.variables.pop(name, None)
        if self.recorder is not None:
            for name in view.names():
                self.recorder.wrote(name, shown(name, view.get(name)))
