"""The elements of endpoints and shared flows, and a warning for every other one.

A misspelt `<Conditon>` would make a flow unconditional without a word.
Source: reference/runtime/flows.md section 1, endpoint-properties.md.
"""

from __future__ import annotations

from gateway.bundle.diagnostics import Diagnostics, did_you_mean
from gateway.bundle.xml import Element

_FLOW = "Description DisplayName Condition Request Response Step"
_RULE = "Description DisplayName Name Condition Step"
_ENDPOINT = (
    "Description DisplayName Properties PreFlow Flows PostFlow EventFlow FaultRules "
    "DefaultFaultRule"
)

_CHILDREN: dict[str, frozenset[str]] = {
    parent: frozenset(children.split())
    for parent, children in {
        "ProxyEndpoint": f"{_ENDPOINT} RouteRule PostClientFlow HTTPProxyConnection",
        "TargetEndpoint": f"{_ENDPOINT} HTTPTargetConnection LocalTargetConnection ScriptTarget "
        "HostedTarget",
        "SharedFlow": "Description DisplayName Step",
        "PreFlow": _FLOW,
        "PostFlow": _FLOW,
        "EventFlow": _FLOW,
        "PostClientFlow": _FLOW,
        "Flow": _FLOW,
        "Flows": "Flow PreFlow PostFlow PostClientFlow",
        "Request": "Step Name",
        "Response": "Step Name",
        "Step": "Name Condition Description DisplayName Properties FaultRules",
        "FaultRules": "FaultRule DefaultFaultRule",
        "FaultRule": _RULE,
        "DefaultFaultRule": f"{_RULE} AlwaysEnforce",
        "RouteRule": "Description DisplayName Condition TargetEndpoint URL IntegrationEndpoint",
        "HTTPProxyConnection": "Description BasePath VirtualHost Properties",
        "HTTPTargetConnection": "Description URL LoadBalancer Path Properties SSLInfo "
        "Authentication HealthMonitor",
        "LocalTargetConnection": "Description APIProxy ProxyEndpoint Path Properties",
        "Properties": "Property",
    }.items()
}
_REPEATABLE = frozenset(
    {
        "Step", "Request", "Response", "Flow", "Flows", "FaultRule", "FaultRules", "RouteRule",
        "VirtualHost", "Properties", "Property", "Description", "DisplayName",
        "HTTPTargetConnection", "LocalTargetConnection", "ScriptTarget", "HostedTarget",
    }
)  # fmt: skip
_SEGMENTS = ("Request", "Response")
"""Their left-over `<Name>`s are steps: any number."""
_IGNORED = ("Step", "FaultRules")
"""Left by the UI of old: tolerated in a Step, and not read."""


def check_elements(element: Element, diagnostics: Diagnostics) -> None:
    """Warn of what has no effect in an endpoint or shared flow: unknown elements, and
    the second of elements of which one counts."""
    known = _CHILDREN[element.name]
    seen: set[str] = set()
    for child in element.children:
        name = child.name
        if name not in known:
            diagnostics.warning(
                child, f"<{name}> in a <{element.name}> has no effect{did_you_mean(name, known)}"
            )
            continue
        if name in seen and name not in _REPEATABLE and element.name not in _SEGMENTS:
            diagnostics.warning(
                child, f"a second <{name}> in a <{element.name}> has no effect: the first counts"
            )
        seen.add(name)
        if child.children and name in _CHILDREN and (element.name, name) != _IGNORED:
            check_elements(child, diagnostics)
