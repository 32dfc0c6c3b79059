"""ProxyEndpoints, TargetEndpoints and shared flows.

Source: reference/runtime/flows.md sections 1 and 2, endpoint-properties.md.
"""

from __future__ import annotations

import re

from gateway.bundle.diagnostics import Diagnostics
from gateway.bundle.flow_reader import (
    PLACEHOLDER,
    anywhere,
    read_default_fault_rule,
    read_fault_rules,
    read_flow,
    read_flows,
    read_properties,
    read_route_rules,
    read_steps,
)
from gateway.bundle.model import (
    Connection,
    HTTPTargetConnection,
    LocalTargetConnection,
    OtherTarget,
    ProxyEndpoint,
    SharedFlow,
    TargetEndpoint,
)
from gateway.bundle.xml import Element

_COMMON_CHILDREN = frozenset(
    {
        "PreFlow", "PostFlow", "Flows", "EventFlow", "Description", "DisplayName",
        "FaultRules", "DefaultFaultRule", "Properties",
    }
)  # fmt: skip
_CONNECTIONS = ("HTTPTargetConnection", "LocalTargetConnection", "ScriptTarget", "HostedTarget")
_PROXY_CHILDREN = _COMMON_CHILDREN | {"RouteRule", "PostClientFlow", "HTTPProxyConnection"}
_TARGET_CHILDREN = _COMMON_CHILDREN.union(_CONNECTIONS)


class BadBasePath(ValueError):
    """A base path that cannot be routed; the message says why."""


def parse_base_path(text: str) -> str:
    """`/v1/weather` of `/v1/weather/`, `v1/weather` and the like; `/` of nothing.
    Raises `BadBasePath` (flows.md section 2.3)."""
    path = "/" + text.strip().strip("/")
    if found := PLACEHOLDER.search(path):
        raise BadBasePath(f"holds the unfilled placeholder {found[0]}")
    if re.search(r"[\s?#]", path):
        raise BadBasePath("holds a blank, ? or #")
    segments = path.split("/")[1:]
    if path != "/" and "" in segments:
        raise BadBasePath("has an empty segment")
    for segment in segments:
        if "*" in segment and segment != "*":
            raise BadBasePath(f"'{segment}': a wildcard * stands for one whole segment")
    if segments[0] == "*":
        raise BadBasePath("the first segment cannot be the wildcard *")
    return path


def read_proxy_endpoint(root: Element, name: str, diagnostics: Diagnostics) -> ProxyEndpoint:
    """One file of proxies/; what is wrong goes to `diagnostics`."""
    _warn_unknown(root, _PROXY_CHILDREN, diagnostics)
    connection = root.find("HTTPProxyConnection")
    path = "" if connection is None else connection.child_text("BasePath")
    base_path = "/"
    try:
        base_path = parse_base_path(path)
        if path and not path.startswith("/"):
            where = root if connection is None else connection
            diagnostics.warning(where, f"<BasePath> '{path}' is read as '{base_path}'")
    except BadBasePath as error:
        where = root if connection is None else connection.find("BasePath") or connection
        diagnostics.error(where, f"<BasePath> '{path}' {error}")
    hosts = () if connection is None else connection.find_all("VirtualHost")
    return ProxyEndpoint(
        name=name,
        description=root.child_text("Description"),
        base_path=base_path,
        virtual_hosts=tuple(host.text.strip() for host in hosts if host.text.strip()),
        properties=read_properties(connection),
        pre_flow=read_flow(anywhere(root, "PreFlow", "Flows"), "PreFlow", diagnostics),
        flows=read_flows(root, diagnostics),
        post_flow=read_flow(anywhere(root, "PostFlow", "Flows"), "PostFlow", diagnostics),
        post_client_flow=read_flow(
            anywhere(root, "PostClientFlow", "Flows"), "PostClientFlow", diagnostics
        ),
        event_flow=read_flow(root.find("EventFlow"), "EventFlow", diagnostics),
        route_rules=read_route_rules(root),
        fault_rules=read_fault_rules(root, diagnostics),
        default_fault_rule=read_default_fault_rule(root, diagnostics),
        element=root,
        file=root.file,
        line=root.line,
    )


def read_target_endpoint(root: Element, name: str, diagnostics: Diagnostics) -> TargetEndpoint:
    """One file of targets/."""
    _warn_unknown(root, _TARGET_CHILDREN, diagnostics)
    return TargetEndpoint(
        name=name,
        description=root.child_text("Description"),
        pre_flow=read_flow(anywhere(root, "PreFlow", "Flows"), "PreFlow", diagnostics),
        flows=read_flows(root, diagnostics),
        post_flow=read_flow(anywhere(root, "PostFlow", "Flows"), "PostFlow", diagnostics),
        event_flow=read_flow(root.find("EventFlow"), "EventFlow", diagnostics),
        fault_rules=read_fault_rules(root, diagnostics),
        default_fault_rule=read_default_fault_rule(root, diagnostics),
        connection=_read_connection(root, diagnostics),
        element=root,
        file=root.file,
        line=root.line,
    )


def _read_connection(root: Element, diagnostics: Diagnostics) -> Connection | None:
    found = [child for child in root.children if child.name in _CONNECTIONS]
    if not found:
        return None
    if len(found) > 1:
        names = " and ".join(f"<{child.name}>" for child in found)
        diagnostics.error(found[1], f"a TargetEndpoint has one connection, here are {names}")
    element = found[0]
    if element.name == "LocalTargetConnection":
        return LocalTargetConnection(
            element.child_text("APIProxy") or None,
            element.child_text("ProxyEndpoint") or None,
            element.child_text("Path") or None,
            element,
            element.file,
            element.line,
        )
    if element.name != "HTTPTargetConnection":
        return OtherTarget(element, element.file, element.line)
    return HTTPTargetConnection(
        url=element.child_text("URL") or None,
        load_balancer=element.find("LoadBalancer"),
        path=element.child_text("Path") or None,
        properties=read_properties(element),
        ssl_info=element.find("SSLInfo"),
        authentication=element.find("Authentication"),
        health_monitor=element.find("HealthMonitor"),
        element=element,
        file=element.file,
        line=element.line,
    )


def read_shared_flow(root: Element, name: str, diagnostics: Diagnostics) -> SharedFlow:
    """One file of sharedflows/."""
    return SharedFlow(name, read_steps(root, diagnostics), root.file, root.line)


def _warn_unknown(root: Element, known: frozenset[str], diagnostics: Diagnostics) -> None:
    for child in root.children:
        if child.name not in known:
            diagnostics.warning(child, f"<{child.name}> in a <{root.name}> has no effect")
