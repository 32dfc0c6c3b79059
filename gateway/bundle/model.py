"""What a bundle says: frozen, typed, every node with its file and line.

Source: reference/runtime/flows.md sections 1, 4 and 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from gateway.bundle.xml import Element

Kind = Literal["apiproxy", "sharedflowbundle"]


@dataclass(frozen=True, slots=True)
class Condition:
    text: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Step:
    """A policy's name in a flow, with the condition under which it runs."""

    name: str
    condition: Condition | None
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Flow:
    """PreFlow, PostFlow, PostClientFlow, EventFlow or a conditional Flow."""

    name: str
    description: str
    condition: Condition | None
    request: tuple[Step, ...]
    response: tuple[Step, ...]
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class FaultRule:
    name: str
    condition: Condition | None
    steps: tuple[Step, ...]
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class DefaultFaultRule:
    name: str
    condition: Condition | None
    steps: tuple[Step, ...]
    always_enforce: bool
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class RouteRule:
    """At most one of the three destinations is set; none: a null route."""

    name: str
    condition: Condition | None
    target_endpoint: str | None
    url: str | None
    integration_endpoint: str | None
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class HTTPTargetConnection:
    url: str | None
    load_balancer: Element | None
    path: str | None
    properties: Mapping[str, str]
    ssl_info: Element | None
    authentication: Element | None
    health_monitor: Element | None
    element: Element
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class LocalTargetConnection:
    api_proxy: str | None
    proxy_endpoint: str | None
    path: str | None
    element: Element
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class OtherTarget:
    """ScriptTarget or HostedTarget: kept as it is written."""

    element: Element
    file: str
    line: int


Connection = HTTPTargetConnection | LocalTargetConnection | OtherTarget


@dataclass(frozen=True, slots=True)
class ProxyEndpoint:
    name: str
    description: str
    base_path: str
    """Starts with `/`; without a trailing one unless it is `/`."""
    virtual_hosts: tuple[str, ...]
    properties: Mapping[str, str]
    pre_flow: Flow | None
    flows: tuple[Flow, ...]
    post_flow: Flow | None
    post_client_flow: Flow | None
    event_flow: Flow | None
    route_rules: tuple[RouteRule, ...]
    fault_rules: tuple[FaultRule, ...]
    default_fault_rule: DefaultFaultRule | None
    element: Element
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class TargetEndpoint:
    name: str
    description: str
    pre_flow: Flow | None
    flows: tuple[Flow, ...]
    post_flow: Flow | None
    event_flow: Flow | None
    fault_rules: tuple[FaultRule, ...]
    default_fault_rule: DefaultFaultRule | None
    connection: Connection | None
    element: Element
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class PolicyDefinition:
    """One policy file. `type` is the root element's name, such as `OAuthV2`."""

    type: str
    name: str
    enabled: bool
    continue_on_error: bool
    is_async: bool
    element: Element
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class SharedFlow:
    name: str
    steps: tuple[Step, ...]
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource file: `jsc://a.js` has type `jsc` and name `a.js`."""

    type: str
    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Bundle:
    kind: Kind
    name: str
    revision: str
    display_name: str
    description: str
    created_by: str
    proxy_endpoints: Mapping[str, ProxyEndpoint] = field(default_factory=dict)
    target_endpoints: Mapping[str, TargetEndpoint] = field(default_factory=dict)
    policies: Mapping[str, PolicyDefinition] = field(default_factory=dict)
    resources: Mapping[str, Resource] = field(default_factory=dict)
    shared_flows: Mapping[str, SharedFlow] = field(default_factory=dict)

    @property
    def base_paths(self) -> tuple[str, ...]:
        return tuple(endpoint.base_path for endpoint in self.proxy_endpoints.values())
