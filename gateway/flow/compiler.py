"""From the model of a bundle to what a request runs.

A ProxyEndpoint becomes one request step, one response step, its routes and its fault
rules; a TargetEndpoint likewise. Source: reference/runtime/flows.md sections 3 to 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.bundle.diagnostics import Diagnostics
from gateway.flow.context import Place
from gateway.flow.deployment import Deployment, Environment, FindPolicyType, Test
from gateway.flow.fault_rules import CompiledFaultRules, compile_fault_rules
from gateway.flow.policy import Policy, Step, read_policy
from gateway.flow.recorder import Segment
from gateway.flow.steps import compile_steps, enter, first_match, nothing, sequence
from gateway.flow.templates import Template

if TYPE_CHECKING:
    from gateway.bundle import model

_REQUEST_BODIES = frozenset({"request", "message"})
_RESPONSE_BODIES = frozenset({"response", "message", "error"})


@dataclass(frozen=True, slots=True)
class CompiledTarget:
    """One TargetEndpoint. `url` is the template of its URL, None without one."""

    name: str
    request: Step
    response: Step
    faults: CompiledFaultRules
    url: Template | None
    definition: model.TargetEndpoint | None
    properties: Mapping[str, str]
    reads_request_body: bool
    reads_response_body: bool


@dataclass(frozen=True, slots=True)
class CompiledRoute:
    """One RouteRule. `target` None: a null route, which echoes the request."""

    name: str
    test: Test | None
    target: CompiledTarget | None


@dataclass(frozen=True, slots=True)
class CompiledEndpoint:
    """One ProxyEndpoint as a request runs it."""

    place: Place
    definition: model.ProxyEndpoint
    request: Step
    response: Step
    post_client: Step
    routes: tuple[CompiledRoute, ...]
    faults: CompiledFaultRules
    time_limit: float | None
    """`api.timeout` in seconds."""
    reads_request_body: bool
    reads_response_body: bool


@dataclass(frozen=True, slots=True)
class CompiledProxy:
    """One revision of a proxy, plain or recorded, ready to serve."""

    name: str
    revision: str
    endpoints: tuple[CompiledEndpoint, ...]


def read_policies(
    bundle: model.Bundle, find_type: FindPolicyType, diagnostics: Diagnostics
) -> dict[str, Policy]:
    """Every policy of the bundle as its typed form, by name."""
    policies: dict[str, Policy] = {}
    for name, definition in bundle.policies.items():
        cls = find_type(definition.type)
        if cls is None:
            diagnostics.error(
                definition,
                f"policy '{name}': <{definition.type}> "
                "is a policy type that this gateway does not run",
            )
            continue
        policies[name] = read_policy(cls, definition, diagnostics)
    return policies


def compile_proxy(
    bundle: model.Bundle,
    environment: Environment,
    revision: str,
    find_type: FindPolicyType,
    diagnostics: Diagnostics,
    *,
    recorded: bool = False,
    base_path_prefix: str = "/",
) -> CompiledProxy:
    """Compile every ProxyEndpoint of `bundle`. Errors go to `diagnostics`; with any of
    them the result must not be served. `base_path_prefix` is put before each base path
    (Edge's `basepath` of a deployment)."""
    policies = read_policies(bundle, find_type, diagnostics)
    deployment = Deployment(environment, bundle, revision, policies, diagnostics, recorded)
    endpoints = tuple(
        _compile_endpoint(endpoint, deployment, base_path_prefix)
        for endpoint in bundle.proxy_endpoints.values()
    )
    _compile_unattached(deployment)
    return CompiledProxy(bundle.name, revision, endpoints)


def _compile_unattached(deployment: Deployment) -> None:
    """A policy that no step runs is still checked: its author wants to know."""
    for policy in deployment.policies.values():
        if policy.enabled:
            policy.compile(deployment.for_endpoint())


def _compile_endpoint(
    endpoint: model.ProxyEndpoint, whole: Deployment, prefix: str
) -> CompiledEndpoint:
    deployment = whole.for_endpoint()
    where = f"proxy {endpoint.name}"
    time_limit = _milliseconds(endpoint.properties.get("api.timeout"))
    request = _segment(endpoint, deployment, where, "request", time_limit)
    request_bodies = frozenset(deployment.variables.reads_body)
    deployment.variables.reads_body.clear()
    routes = _compile_routes(endpoint, whole, deployment)
    response = _segment(endpoint, deployment, where, "response", time_limit)
    faults = compile_fault_rules(endpoint, deployment, where, bottom_up=True)
    later_bodies = frozenset(deployment.variables.reads_body)
    post_client = endpoint.post_client_flow
    base_path = join_base_paths(prefix, endpoint.base_path)
    environment = deployment.environment
    return CompiledEndpoint(
        place=Place(
            organization=environment.organization,
            environment=environment.name,
            proxy=deployment.bundle.name,
            revision=deployment.revision,
            endpoint=endpoint.name,
            base_path=base_path,
            flavor=environment.flavor,
            deployed_base_path=prefix,
            virtual_host=endpoint.virtual_hosts[0] if endpoint.virtual_hosts else "default",
        ),
        definition=endpoint,
        request=request,
        response=response,
        post_client=nothing
        if post_client is None
        else sequence(
            compile_steps(post_client.response, deployment, where, "PostClientFlow", "post-client")
        ),
        routes=routes,
        faults=faults,
        time_limit=time_limit,
        reads_request_body=bool(request_bodies & _REQUEST_BODIES or "request" in later_bodies),
        reads_response_body=bool(later_bodies & _RESPONSE_BODIES),
    )


def join_base_paths(prefix: str, base_path: str) -> str:
    """`/v1` and `/weather` give `/v1/weather`; `/` is neutral on both sides."""
    joined = prefix.rstrip("/") + base_path
    return joined.rstrip("/") or "/"


def _segment(
    endpoint: model.ProxyEndpoint | model.TargetEndpoint,
    deployment: Deployment,
    where: str,
    segment: Segment,
    time_limit: float | None,
) -> Step:
    """PreFlow, the first conditional Flow that matches now, PostFlow."""

    def steps_of(flow: model.Flow, name: str) -> list[Step]:
        chosen = flow.request if segment == "request" else flow.response
        compiled = compile_steps(chosen, deployment, where, name, segment, time_limit)
        if not compiled:
            return []
        return [enter(name, where, segment, deployment.recorded), *compiled]

    choices = [
        (deployment.condition(flow.condition, "flow", flow.name), steps_of(flow, flow.name))
        for flow in endpoint.flows
    ]
    middle: Step = nothing
    if any(steps for _, steps in choices):
        middle = first_match([(test, sequence(steps)) for test, steps in choices])
    pre, post = endpoint.pre_flow, endpoint.post_flow
    return sequence(
        [
            *(steps_of(pre, "PreFlow") if pre is not None else ()),
            *((middle,) if middle is not nothing else ()),
            *(steps_of(post, "PostFlow") if post is not None else ()),
        ]
    )


def _compile_routes(
    endpoint: model.ProxyEndpoint, whole: Deployment, deployment: Deployment
) -> tuple[CompiledRoute, ...]:
    targets: dict[str, CompiledTarget] = {}
    routes: list[CompiledRoute] = []
    for rule in endpoint.route_rules:
        target = None
        if rule.url is not None:
            target = _url_target(rule, whole)
        elif rule.target_endpoint is not None:
            target = targets.get(rule.target_endpoint)
            definition = whole.bundle.target_endpoints.get(rule.target_endpoint)
            if target is None and definition is not None:
                target = targets[rule.target_endpoint] = compile_target(definition, whole)
        elif rule.integration_endpoint is not None:
            whole.diagnostics.error(
                rule,
                f"RouteRule '{rule.name}': an IntegrationEndpoint runs on Google's platform only",
            )
        test = deployment.condition(rule.condition, "route", rule.name)
        routes.append(CompiledRoute(rule.name, test, target))
    return tuple(routes)


def _url_target(rule: model.RouteRule, whole: Deployment) -> CompiledTarget:
    """`<URL>` in a RouteRule: a call with default settings and no target flows."""
    assert rule.url is not None
    deployment = whole.for_endpoint()
    return CompiledTarget(
        name="",
        request=nothing,
        response=nothing,
        faults=CompiledFaultRules((), None, False),
        url=deployment.template(rule.url, rule),
        definition=None,
        properties={},
        reads_request_body=False,
        reads_response_body=False,
    )


def compile_target(definition: model.TargetEndpoint, whole: Deployment) -> CompiledTarget:
    """One TargetEndpoint: its flows, its fault rules and the template of its URL."""
    from gateway.bundle.model import HTTPTargetConnection

    deployment = whole.for_endpoint()
    where = f"target {definition.name}"
    request = _segment(definition, deployment, where, "request", None)
    request_bodies = frozenset(deployment.variables.reads_body)
    deployment.variables.reads_body.clear()
    response = _segment(definition, deployment, where, "response", None)
    faults = compile_fault_rules(definition, deployment, where, bottom_up=False)
    later_bodies = frozenset(deployment.variables.reads_body)
    connection = definition.connection
    url, properties = None, {}
    if isinstance(connection, HTTPTargetConnection):
        properties = dict(connection.properties)
        if connection.url is not None:
            url = deployment.template(connection.url, connection)
    return CompiledTarget(
        name=definition.name,
        request=request,
        response=response,
        faults=faults,
        url=url,
        definition=definition,
        properties=properties,
        reads_request_body=bool(request_bodies & _REQUEST_BODIES or "request" in later_bodies),
        reads_response_body=bool(later_bodies & _RESPONSE_BODIES),
    )


def _milliseconds(text: str | None) -> float | None:
    """Seconds of a property in milliseconds; None when it is absent or no number."""
    try:
        return float(text) / 1000 if text else None
    except ValueError:
        return None
