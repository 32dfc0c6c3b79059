"""What a bundle's parts say of each other: steps, routes, resources, base paths."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from gateway.bundle.diagnostics import Diagnostics, Located, did_you_mean
from gateway.bundle.model import Bundle, Flow, PolicyDefinition, ProxyEndpoint, Step, TargetEndpoint
from gateway.bundle.placeholders import find_placeholder
from gateway.bundle.xml import Element

_RESOURCE = re.compile(r"(jsc|java|py|xsl|wsdl|xsd|oas|openapi|graphql|node|template)://(\S+)")
_RESOURCE_ELEMENTS = frozenset(
    {"ResourceURL", "IncludeURL", "OASResource", "Source", "Schema", "Stylesheet"}
)


def check_references(
    bundle: Bundle,
    known_resources: Callable[[str], bool],
    unreadable: frozenset[str],
    diagnostics: Diagnostics,
) -> None:
    """Every step has its policy, every route its target, every policy its resources,
    every ProxyEndpoint a base path of its own. Nothing is said of `unreadable` names:
    their files have errors already."""
    for step in all_steps(bundle):
        if step.name not in unreadable:
            _check_step(step, bundle, diagnostics)
    for endpoint in bundle.proxy_endpoints.values():
        _check_routes(endpoint, bundle, unreadable, diagnostics)
    _check_base_paths(bundle, diagnostics)
    for policy in bundle.policies.values():
        _check_resources(policy, bundle, known_resources, diagnostics)


def all_steps(bundle: Bundle) -> Iterator[Step]:
    """Every step of every flow and fault rule of a bundle."""
    endpoints: list[ProxyEndpoint | TargetEndpoint] = [
        *bundle.proxy_endpoints.values(),
        *bundle.target_endpoints.values(),
    ]
    for endpoint in endpoints:
        for flow in _flows(endpoint):
            yield from flow.request
            yield from flow.response
        for rule in endpoint.fault_rules:
            yield from rule.steps
        if endpoint.default_fault_rule is not None:
            yield from endpoint.default_fault_rule.steps
    for shared in bundle.shared_flows.values():
        yield from shared.steps


def _flows(endpoint: ProxyEndpoint | TargetEndpoint) -> Iterator[Flow]:
    singles: Iterable[Flow | None] = (endpoint.pre_flow, endpoint.post_flow, endpoint.event_flow)
    if isinstance(endpoint, ProxyEndpoint):
        singles = (*singles, endpoint.post_client_flow)
    yield from (flow for flow in singles if flow is not None)
    yield from endpoint.flows


def _check_step(step: Step, bundle: Bundle, diagnostics: Diagnostics) -> None:
    if step.name in bundle.policies:
        return
    if placeholder := find_placeholder(step.name):
        diagnostics.error(
            step, f"<Step> '{step.name}' holds the unfilled placeholder {placeholder}"
        )
        return
    hint = _hint(step.name, bundle.policies, "policies")
    diagnostics.error(step, f"<Step> '{step.name}': there is no such policy{hint}")


def _hint(name: str, known: Mapping[str, Located], folder: str) -> str:
    """Where else to look: names are those of attributes, and many differ from the file's."""
    for other, definition in known.items():
        if PurePosixPath(definition.file).stem == name:
            return f"; {folder}/{name}.xml holds '{other}'"
    return did_you_mean(name, known) or f" in {folder}/"


def _check_routes(
    endpoint: ProxyEndpoint, bundle: Bundle, unreadable: frozenset[str], diagnostics: Diagnostics
) -> None:
    for rule in endpoint.route_rules:
        destinations = (rule.target_endpoint, rule.url, rule.integration_endpoint)
        if sum(destination is not None for destination in destinations) > 1:
            diagnostics.error(rule, f"RouteRule '{rule.name}' has more than one destination")
        target = rule.target_endpoint
        if target is not None and target not in bundle.target_endpoints.keys() | unreadable:
            hint = _hint(target, bundle.target_endpoints, "targets")
            diagnostics.error(
                rule, f"RouteRule '{rule.name}': there is no TargetEndpoint '{target}'{hint}"
            )


def _check_base_paths(bundle: Bundle, diagnostics: Diagnostics) -> None:
    endpoints = list(bundle.proxy_endpoints.values())
    for index, endpoint in enumerate(endpoints):
        for other in endpoints[:index]:
            if endpoint.base_path == other.base_path and _share_a_host(endpoint, other):
                diagnostics.error(
                    endpoint,
                    f"ProxyEndpoints '{other.name}' and '{endpoint.name}' have the same base "
                    f"path {endpoint.base_path}",
                )


def _share_a_host(one: ProxyEndpoint, other: ProxyEndpoint) -> bool:
    """An endpoint that names no virtual host is served by all of them."""
    mine, theirs = one.virtual_hosts, other.virtual_hosts
    return not mine or not theirs or not set(mine).isdisjoint(theirs)


def _check_resources(
    policy: PolicyDefinition,
    bundle: Bundle,
    known_resources: Callable[[str], bool],
    diagnostics: Diagnostics,
) -> None:
    for element in _walk(policy.element):
        if element.name not in _RESOURCE_ELEMENTS:
            continue
        found = _RESOURCE.fullmatch(element.text.strip())
        if found is None or "{" in found[0]:
            continue
        if found[0] not in bundle.resources and not known_resources(found[0]):
            diagnostics.error(
                element,
                f"policy '{policy.name}': there is no resource {found[0]} "
                f"(resources/{found[1]}/{found[2]})"
                f"{did_you_mean(found[0], bundle.resources)}",
            )


def _walk(root: Element) -> Iterator[Element]:
    waiting = [root]
    while waiting:
        element = waiting.pop()
        yield element
        waiting.extend(reversed(element.children))
