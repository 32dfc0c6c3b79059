"""Reads one policy from XML, compiles it, and runs it on an exchange of a test's making."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml
from multidict import CIMultiDict

from gateway.bundle.diagnostics import Diagnostics
from gateway.bundle.model import Bundle, PolicyDefinition, Resource
from gateway.bundle.xml import parse_xml
from gateway.flow.context import ERROR, Context, Place
from gateway.flow.deployment import Deployment, Environment
from gateway.flow.fault_rules import enter_error_flow
from gateway.flow.faults import Fault, FaultRaised
from gateway.flow.message import Message
from gateway.flow.policy import Policy, Step, read_policy
from gateway.flow.steps import guarded
from gateway.policies import find_policy_type
from gateway.ports.services import Services

HERE = Path(__file__).parent
PLACE = Place("acme", "test", "weather", "1", "default", "/weather", "edge")
FIRST_FAULT = Fault("steps.verifyapikey.FailedToResolveAPIKey", 401, "first")


@dataclass(frozen=True)
class Connection:
    scheme: str = "https"
    client_host: str = "192.0.2.1"
    client_port: int = 4711
    local_host: str = "api.example.com"
    local_port: int = 443


def cases(file: str) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", yaml.safe_load((HERE / file).read_text("utf-8")))


def case_name(case: dict[str, Any]) -> str:
    return str(case["name"])


def read(xml: str, diagnostics: Diagnostics) -> Policy:
    """The typed policy of a policy file."""
    root = parse_xml(xml.encode(), "policies/P.xml")
    flags = {name: root.attributes.get(name) == "true" for name in ("continueOnError", "async")}
    cls = find_policy_type(root.name)
    assert cls is not None
    definition = PolicyDefinition(
        root.name,
        root.attributes["name"],
        root.attributes.get("enabled") != "false",
        flags["continueOnError"],
        flags["async"],
        root,
        root.file,
        root.line,
    )
    return read_policy(cls, definition, diagnostics)


def deployment(
    diagnostics: Diagnostics, resources: Mapping[str, str] | None = None, *, recorded: bool = False
) -> Deployment:
    found = {
        url: Resource(url.partition(":")[0], url.partition("//")[2], text.encode())
        for url, text in (resources or {}).items()
    }
    bundle = Bundle("apiproxy", "weather", "1", "", "", "", resources=found)
    environment = Environment("acme", "test", "edge", cast("Services", None))
    return Deployment(environment, bundle, "1", {}, diagnostics, recorded)


def compile_xml(xml: str, resources: Mapping[str, str] | None = None) -> tuple[Step, Deployment]:
    """The step of a policy file as a flow runs it; the file must be free of errors."""
    diagnostics = Diagnostics()
    place = deployment(diagnostics, resources)
    policy = read(xml, diagnostics)
    step = guarded(policy, policy.compile(place))
    diagnostics.raise_if_errors()
    return step, place


def message(is_request: bool, parts: Mapping[str, Any] | None) -> Message:
    parts = parts or {}
    headers = parts.get("headers", {})
    pairs = headers.items() if isinstance(headers, dict) else headers
    made = Message(
        is_request,
        CIMultiDict((name, value) for name, value in pairs),
        parts.get("body", "").encode(),
    )
    made.verb = parts.get("verb", "GET")
    made.path = parts.get("path", "/")
    made.query = parts.get("query", "")
    made.version = parts.get("version", "1.1")
    made.status_code = parts.get("status", 200)
    made.reason = parts.get("reason")
    return made


def exchange(case: Mapping[str, Any]) -> Context:
    """The context that a case describes. Outside of the request flow there is a response."""
    phase = case.get("phase", "request")
    context = Context(
        PLACE, message(True, case.get("request")), Connection(), "", 1_700_000_000.0, "id-1"
    )
    if "response" in case or phase != "request":
        response = case.get("response", {})
        context.response = None if response is None else message(False, response)
    if phase == ERROR:
        enter_error_flow(context, FIRST_FAULT(), in_target=False)
        if "error" in case:
            context.error = message(False, case["error"])
    context.phase = phase
    context.variables.update(case.get("variables", {}))
    for name, parts in case.get("messages", {}).items():
        context.variables[name] = message(True, parts)
    return context


def run(step: Step, context: Context) -> FaultRaised | None:
    """Run the step; a fault starts the error flow and is given back."""
    try:
        assert step(context) is None
    except FaultRaised as raised:
        enter_error_flow(context, raised, in_target=False)
        return raised
    return None


def check_variables(expected: Mapping[str, Any], place: Deployment, context: Context) -> None:
    """Every flow variable has the value that the case expects (null: it is not set)."""
    found = {name: place.getter(name)(context) for name in expected}
    assert found == dict(expected)
