"""Proxies, revisions and their parts as Edge's JSON, read from the bundle itself.

Source: reference/runtime/management-api.md section 2.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from gateway.bundle.model import (
    Bundle,
    FaultRule,
    Flow,
    HTTPTargetConnection,
    PolicyDefinition,
    ProxyEndpoint,
    RouteRule,
    Step,
    TargetEndpoint,
)
from gateway.management.edge_json import JSON

Shape = dict[str, JSON]


@dataclass(frozen=True, slots=True)
class Stamp:
    """When and by whom something was made and changed; times in milliseconds."""

    created_at: int
    created_by: str
    last_modified_at: int
    last_modified_by: str


def proxy_shape(name: str, stamp: Stamp, revisions: Iterable[str]) -> Shape:
    return {
        "metaData": {
            "createdAt": stamp.created_at,
            "createdBy": stamp.created_by,
            "lastModifiedAt": stamp.last_modified_at,
            "lastModifiedBy": stamp.last_modified_by,
            "subType": "null",
        },
        "name": name,
        "revision": list(revisions),
    }


def revision_shape(
    organization: str, proxy: str, revision: str, stamp: Stamp, bundle: Bundle, archive: bytes
) -> Shape:
    resources = sorted(bundle.resources)
    return {
        "basepaths": bundle.base_paths,
        "configurationVersion": {"majorVersion": 4, "minorVersion": 0},
        "contextInfo": f"Revision {revision} of application {proxy}, "
        f"in organization {organization}",
        "createdAt": stamp.created_at,
        "createdBy": stamp.created_by,
        "description": bundle.description,
        "displayName": bundle.display_name or proxy,
        "entityMetaDataAsProperties": {
            "bundle_type": "zip",
            "lastModifiedBy": stamp.last_modified_by,
            "createdBy": stamp.created_by,
            "lastModifiedAt": str(stamp.last_modified_at),
            "subType": "null",
            "createdAt": str(stamp.created_at),
        },
        "lastModifiedAt": stamp.last_modified_at,
        "lastModifiedBy": stamp.last_modified_by,
        "manifestVersion": f"SHA-512:{hashlib.sha512(archive).hexdigest()}",
        "name": proxy,
        "policies": sorted(bundle.policies),
        "proxies": sorted(bundle.proxy_endpoints),
        "proxyEndpoints": sorted(bundle.proxy_endpoints),
        "resourceFiles": {"resourceFile": [_resource(url) for url in resources]},
        "resources": resources,
        "revision": revision,
        "sharedFlows": sorted(bundle.shared_flows),
        "spec": "",
        "targetEndpoints": sorted(bundle.target_endpoints),
        "targetServers": [],
        "targets": sorted(bundle.target_endpoints),
        "type": "Application",
    }


def _resource(url: str) -> Shape:
    kind, _, name = url.partition("://")
    return {"name": name, "type": kind}


def policy_shape(policy: PolicyDefinition) -> Shape:
    return {
        "async": policy.is_async,
        "continueOnError": policy.continue_on_error,
        "displayName": policy.element.child_text("DisplayName", policy.name),
        "enabled": policy.enabled,
        "name": policy.name,
        "policyType": policy.type,
    }


def proxy_endpoint_shape(endpoint: ProxyEndpoint) -> Shape:
    return {
        "connection": {
            "basePath": endpoint.base_path,
            "connectionType": "httpConnection",
            "virtualHost": endpoint.virtual_hosts,
        },
        "connectionType": "httpConnection",
        "description": endpoint.description,
        "faultRules": [_fault_rule(rule) for rule in endpoint.fault_rules],
        "flows": [_flow(flow) for flow in endpoint.flows],
        "name": endpoint.name,
        "postFlow": _plain_flow("PostFlow", endpoint.post_flow),
        "preFlow": _plain_flow("PreFlow", endpoint.pre_flow),
        "routeRule": [_route(rule) for rule in endpoint.route_rules],
        "routeRuleNames": [rule.name for rule in endpoint.route_rules],
        "type": "Proxy",
    }


def target_endpoint_shape(endpoint: TargetEndpoint) -> Shape:
    connection: Shape = {"connectionType": "httpConnection"}
    if isinstance(endpoint.connection, HTTPTargetConnection):
        connection["uRL"] = endpoint.connection.url
    return {
        "connection": connection,
        "connectionType": "httpConnection",
        "description": endpoint.description,
        "faultRules": [_fault_rule(rule) for rule in endpoint.fault_rules],
        "flows": [_flow(flow) for flow in endpoint.flows],
        "name": endpoint.name,
        "postFlow": _plain_flow("PostFlow", endpoint.post_flow),
        "preFlow": _plain_flow("PreFlow", endpoint.pre_flow),
        "type": "Target",
    }


def _steps(steps: Iterable[Step]) -> Shape:
    return {
        "children": [
            {
                "step": {
                    "condition": step.condition.text if step.condition else "",
                    "faultRules": [],
                    "name": step.name,
                }
            }
            for step in steps
        ]
    }


def _plain_flow(name: str, flow: Flow | None) -> Shape:
    return {
        "name": flow.name if flow else name,
        "request": _steps(flow.request if flow else ()),
        "response": _steps(flow.response if flow else ()),
    }


def _flow(flow: Flow) -> Shape:
    return {
        "condition": flow.condition.text if flow.condition else "",
        "description": flow.description,
        "name": flow.name,
        "request": _steps(flow.request),
        "response": _steps(flow.response),
    }


def _fault_rule(rule: FaultRule) -> Shape:
    return {
        "condition": rule.condition.text if rule.condition else "",
        "name": rule.name,
        "steps": _steps(rule.steps)["children"],
    }


def _route(rule: RouteRule) -> Shape:
    shape: Shape = {
        "empty": rule.target_endpoint is None and rule.url is None,
        "name": rule.name,
    }
    if rule.condition:
        shape["condition"] = rule.condition.text
    if rule.target_endpoint is not None:
        shape["targetEndpoint"] = rule.target_endpoint
    if rule.url is not None:
        shape["uRL"] = rule.url
    return shape
