"""Deployments as Edge's JSON: the same facts seen by environment, revision and proxy.

Source: reference/runtime/management-api.md section 3.
"""

from __future__ import annotations

from collections.abc import Iterable

from gateway.management.edge_json import JSON

Shape = dict[str, JSON]


def _server(state: str, server_id: str) -> Shape:
    return {"status": state, "type": ["message-processor"], "uUID": server_id}


def revision_state(revision: str, base_path: str, server_id: str, state: str = "deployed") -> Shape:
    """One revision within an answer about a proxy or an environment."""
    return {
        "configuration": {"basePath": base_path, "steps": []},
        "name": revision,
        "server": [_server(state, server_id)],
        "state": state,
    }


def environment_state(environment: str, base_path: str, server_id: str) -> Shape:
    """One environment within an answer about a revision."""
    return revision_state(environment, base_path, server_id)


def deployment_shape(
    organization: str,
    environment: str,
    proxy: str,
    revision: str,
    base_path: str,
    server_id: str,
    state: str = "deployed",
) -> Shape:
    """The answer to a deployment or undeployment, and to GET of one."""
    return {
        "aPIProxy": proxy,
        "configuration": {"basePath": base_path, "steps": []},
        "environment": environment,
        "name": revision,
        "organization": organization,
        "revision": revision,
        "server": [_server(state, server_id)],
        "state": state,
    }


def replacement_shape(
    organization: str,
    environment: str,
    proxy: str,
    revision: str,
    base_path: str,
    replaced: Iterable[tuple[str, str]],
    server_id: str,
) -> Shape:
    """The answer to a deployment that took the place of others: `replaced` holds their
    (revision, base path)."""

    def entry(number: str, path: str, state: str) -> Shape:
        return {
            "configuration": {"basePath": path, "steps": []},
            "environment": environment,
            "name": number,
            "revision": number,
            "server": [_server(state, server_id)],
            "state": state,
        }

    return {
        "aPIProxy": proxy,
        "environment": [
            entry(revision, base_path, "deployed"),
            *(entry(number, path, "undeployed") for number, path in replaced),
        ],
        "organization": organization,
    }
