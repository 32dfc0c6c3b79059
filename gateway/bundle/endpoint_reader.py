"""ProxyEndpoints, TargetEndpoints and shared flows.

Source: reference/runtime/flows.md sections 1 and 2, endpoint-properties.md.
"""

from __future__ import annotations

from gateway.bundle.base_path import BadBasePath, parse_base_path
from gateway.bundle.diagnostics import Diagnostics
from gateway.bundle.flow_reader import (
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
from gateway.bundle.vocabulary import check_elements
from gateway.bundle.xml import Element

_CONNECTIONS = ("HTTPTargetConnection", "LocalTargetConnection", "ScriptTarget", "HostedTarget")


def read_proxy_endpoint(root: Element, name: str, diagnostics: Diagnostics) -> ProxyEndpoint:
    """One file of proxies/; what is wrong goes to `diagnostics`."""
    check_elements(root, diagnostics)
    connection = root.find("HTTPProxyConnection")
    hosts = () if connection is None else connection.find_all("VirtualHost")
    return ProxyEndpoint(
        name=name,
        description=root.child_text("Description"),
        base_path=_read_base_path(connection, diagnostics),
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


def _read_base_path(connection: Element | None, diagnostics: Diagnostics) -> str:
    element = None if connection is None else connection.find("BasePath")
    if element is None:
        return "/"
    text = element.text.strip()
    try:
        base_path = parse_base_path(text)
    except BadBasePath as error:
        diagnostics.error(element, f"<BasePath> '{text}' {error}")
        return "/"
    if text and not text.startswith("/"):
        diagnostics.warning(element, f"<BasePath> '{text}' is read as '{base_path}'")
    if not base_path.isascii():
        diagnostics.warning(
            element, f"<BasePath> '{text}' matches no request: write it percent-encoded"
        )
    return base_path


def read_target_endpoint(root: Element, name: str, diagnostics: Diagnostics) -> TargetEndpoint:
    """One file of targets/."""
    check_elements(root, diagnostics)
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
    check_elements(root, diagnostics)
    return SharedFlow(name, read_steps(root, diagnostics), root.file, root.line)
