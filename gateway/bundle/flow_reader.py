"""Flows, steps, rules: the elements of endpoints, wherever authors put them.

Tolerated oddities, all found in real bundles: a Condition before or after the Name, a
Step directly in PreFlow, a Name directly in Request, DefaultFaultRule inside FaultRules,
PostFlow inside Flows, left-over FaultRules inside a Step.
Source: reference/runtime/flows.md sections 1, 4 and 5.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.bundle.diagnostics import Diagnostics
from gateway.bundle.model import (
    Condition,
    DefaultFaultRule,
    FaultRule,
    Flow,
    RouteRule,
    Step,
)
from gateway.bundle.xml import Element


def read_condition(element: Element) -> Condition | None:
    found = element.find("Condition")
    if found is None or not found.text.strip():
        return None
    return Condition(found.text.strip(), found.file, found.line)


def read_steps(parent: Element | None, diagnostics: Diagnostics) -> tuple[Step, ...]:
    """The steps of a Request, Response, FaultRule or SharedFlow."""
    return () if parent is None else tuple(_steps(parent, diagnostics))


def _steps(parent: Element, diagnostics: Diagnostics) -> Iterator[Step]:
    for child in parent.children:
        if child.name == "Step":
            step = _step(child, diagnostics)
            if step is not None:
                yield step
        elif child.name == "Name" and parent.name in ("Request", "Response"):
            yield Step(child.text.strip(), None, child.file, child.line)


def _step(element: Element, diagnostics: Diagnostics) -> Step | None:
    name = element.child_text("Name") or element.attributes.get("name", "").strip()
    if not name:
        if element.children or element.text.strip():
            diagnostics.error(element, "a <Step> needs a <Name>: the policy to run")
        return None
    return Step(name, read_condition(element), element.file, element.line)


def read_flow(element: Element | None, name: str, diagnostics: Diagnostics) -> Flow | None:
    if element is None:
        return None
    direct = tuple(_direct_steps(element, diagnostics))
    return Flow(
        name=element.attributes.get("name", "").strip() or name,
        description=element.child_text("Description"),
        condition=read_condition(element),
        request=(*direct, *_segment(element, "Request", diagnostics)),
        response=_segment(element, "Response", diagnostics),
        file=element.file,
        line=element.line,
    )


def _direct_steps(element: Element, diagnostics: Diagnostics) -> Iterator[Step]:
    for child in element.find_all("Step"):
        diagnostics.warning(child, f"a <Step> directly in <{element.name}> runs in its request")
        step = _step(child, diagnostics)
        if step is not None:
            yield step


def _segment(element: Element, name: str, diagnostics: Diagnostics) -> tuple[Step, ...]:
    return tuple(step for part in element.find_all(name) for step in read_steps(part, diagnostics))


def read_flows(endpoint: Element, diagnostics: Diagnostics) -> tuple[Flow, ...]:
    """The conditional flows, in order."""
    found = [flow for flows in endpoint.find_all("Flows") for flow in flows.find_all("Flow")]
    read = (read_flow(element, f"Flow{n}", diagnostics) for n, element in enumerate(found, 1))
    return tuple(flow for flow in read if flow is not None)


def anywhere(endpoint: Element, name: str, *inside: str) -> Element | None:
    """A singleton that some authors nest one level too deep."""
    found = endpoint.find(name)
    for place in inside:
        found = found or endpoint.find(f"{place}/{name}")
    return found


def read_fault_rules(endpoint: Element, diagnostics: Diagnostics) -> tuple[FaultRule, ...]:
    rules = [rule for group in endpoint.find_all("FaultRules") for rule in group.children]
    return tuple(
        FaultRule(
            name=rule.attributes.get("name", "").strip() or f"FaultRule{number}",
            condition=read_condition(rule),
            steps=read_steps(rule, diagnostics),
            file=rule.file,
            line=rule.line,
        )
        for number, rule in enumerate(rules, 1)
        if rule.name == "FaultRule"
    )


def read_default_fault_rule(endpoint: Element, diagnostics: Diagnostics) -> DefaultFaultRule | None:
    rule = anywhere(endpoint, "DefaultFaultRule", "FaultRules")
    if rule is None:
        return None
    return DefaultFaultRule(
        name=rule.attributes.get("name", "").strip() or "DefaultFaultRule",
        condition=read_condition(rule),
        steps=read_steps(rule, diagnostics),
        always_enforce=rule.child_text("AlwaysEnforce").lower() == "true",
        file=rule.file,
        line=rule.line,
    )


def read_route_rules(endpoint: Element) -> tuple[RouteRule, ...]:
    return tuple(
        RouteRule(
            name=rule.attributes.get("name", "").strip() or f"RouteRule{number}",
            condition=read_condition(rule),
            target_endpoint=rule.child_text("TargetEndpoint") or None,
            url=rule.child_text("URL") or None,
            integration_endpoint=rule.child_text("IntegrationEndpoint") or None,
            file=rule.file,
            line=rule.line,
        )
        for number, rule in enumerate(endpoint.find_all("RouteRule"), 1)
    )


def read_properties(connection: Element | None) -> dict[str, str]:
    if connection is None:
        return {}
    return {
        item.attributes.get("name", "").strip(): item.text.strip()
        for group in connection.find_all("Properties")
        for item in group.find_all("Property")
    }
