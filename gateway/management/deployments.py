"""Deployments of API proxies, seen by environment, by proxy and by revision.

`override` and `basepath` come in the query or in a form body; `delay` is accepted and
not needed: a running request ends on the revision that it began with. Source:
reference/runtime/management-api.md section 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aiohttp import web

from gateway.bundle.diagnostics import BundleError
from gateway.management.answers import answer
from gateway.management.call import Call, parse_flag
from gateway.management.deployment_shapes import (
    Shape,
    deployment_shape,
    replacement_shape,
    revision_state,
)
from gateway.management.edge_json import JSON
from gateway.management.errors import (
    invalid_field,
    missing_environment,
    not_deployed,
    revision_not_deployed,
)
from gateway.management.fields import checked_text
from gateway.management.lookups import find_environment, find_proxy, find_revision, revision_number
from gateway.management.proxies import invalid_bundle
from gateway.store.deployments import StoredDeployment

_LONGEST_BASE_PATH = 1024


async def deploy(call: Call) -> web.Response:
    """`POST .../environments/{env}/apis/{proxy}/revisions/{revision}/deployments`."""
    environment = await find_environment(call)
    return await _deploy(call, environment.name, await call.parameters())


async def undeploy(call: Call) -> web.Response:
    environment = await find_environment(call)
    return await _undeploy(call, environment.name)


async def change_by_action(call: Call) -> web.Response:
    """The old form: `POST .../deployments?action=deploy|undeploy&env=...`."""
    await find_revision(call)
    parameters = await call.parameters()
    environment, action = parameters.get("env", ""), parameters.get("action", "deploy")
    if environment not in call.management.runtime.environments:
        raise missing_environment(environment, call.organization)
    if action == "deploy":
        return await _deploy(call, environment, parameters)
    if action == "undeploy":
        return await _undeploy(call, environment)
    raise invalid_field("action", "deploy or undeploy is expected")


async def show_in_environment(call: Call) -> web.Response:
    """One revision in one environment."""
    environment = await find_environment(call)
    revision = await find_revision(call)
    for deployment in await call.store.deployments.all(
        environment=environment.name, proxy=revision.proxy
    ):
        if deployment.revision == revision.number:
            return answer(_shape(call, deployment, "deployed"))
    raise revision_not_deployed(str(revision.number), revision.proxy, environment.name)


async def list_of_revision(call: Call) -> web.Response:
    revision = await find_revision(call)
    deployments = await call.store.deployments.all(proxy=revision.proxy)
    environments: list[JSON] = [
        revision_state(item.environment, item.base_path, _server_id(call))
        for item in deployments
        if item.revision == revision.number
    ]
    return answer(
        {
            "aPIProxy": revision.proxy,
            "environment": environments,
            "name": str(revision.number),
            "organization": call.organization,
        }
    )


async def list_of_proxy(call: Call) -> web.Response:
    proxy = await find_proxy(call)
    environments: list[JSON] = [
        {"name": item.environment, "revision": [_revision(call, item)]}
        for item in await call.store.deployments.all(proxy=proxy.name)
    ]
    return answer(
        {"environment": environments, "name": proxy.name, "organization": call.organization}
    )


async def list_of_proxy_in_environment(call: Call) -> web.Response:
    environment = await find_environment(call)
    proxy = await find_proxy(call)
    found = await call.store.deployments.all(environment=environment.name, proxy=proxy.name)
    if not found:
        raise not_deployed(proxy.name, environment.name)
    return answer(
        {
            "environment": environment.name,
            "name": proxy.name,
            "organization": call.organization,
            "revision": [_revision(call, item) for item in found],
        }
    )


async def list_of_environment(call: Call) -> web.Response:
    environment = await find_environment(call)
    found = await call.store.deployments.all(environment=environment.name)
    return answer(
        {
            "aPIProxy": _by_proxy(call, found),
            "name": environment.name,
            "organization": call.organization,
        }
    )


async def list_of_organization(call: Call) -> web.Response:
    found = await call.store.deployments.all()
    environments = await call.store.organizations.environments(call.organization)
    shapes: list[JSON] = [
        {
            "aPIProxy": _by_proxy(call, (d for d in found if d.environment == environment.name)),
            "name": environment.name,
        }
        for environment in environments
    ]
    return answer({"environment": shapes, "name": call.organization})


async def _deploy(call: Call, environment: str, parameters: Mapping[str, str]) -> web.Response:
    proxy = await find_proxy(call)
    number = revision_number(call, proxy.name)
    base_path = _base_path(parameters.get("basepath", ""))
    try:
        done = await call.management.deployer.deploy(
            environment,
            proxy.name,
            number,
            by=call.user,
            override=parse_flag("override", parameters.get("override")),
            base_path=base_path,
        )
    except BundleError as error:
        raise invalid_bundle(error) from None
    shape = deployment_shape(
        call.organization, environment, proxy.name, str(number), base_path, _server_id(call)
    )
    if done.replaced is not None:
        shape = replacement_shape(
            call.organization,
            environment,
            proxy.name,
            str(number),
            base_path,
            [(str(done.replaced.revision), done.replaced.base_path)],
            _server_id(call),
        )
    return answer(shape)


async def _undeploy(call: Call, environment: str) -> web.Response:
    proxy = await find_proxy(call)
    number = revision_number(call, proxy.name)
    before = await call.management.deployer.undeploy(environment, proxy.name, number)
    return answer(_shape(call, before, "undeployed"))


def _base_path(text: str) -> str:
    checked_text(text, "basepath", _LONGEST_BASE_PATH)
    if text in ("", "/"):
        return "/"
    if not text.startswith("/") or any(letter in text for letter in " ?#\\"):
        raise invalid_field("basepath", "a path that begins with / is expected")
    return text.rstrip("/")


def _by_proxy(call: Call, deployments: Iterable[StoredDeployment]) -> list[JSON]:
    return [{"name": item.proxy, "revision": [_revision(call, item)]} for item in deployments]


def _revision(call: Call, deployment: StoredDeployment) -> Shape:
    return revision_state(str(deployment.revision), deployment.base_path, _server_id(call))


def _shape(call: Call, deployment: StoredDeployment, state: str) -> Shape:
    return deployment_shape(
        call.organization,
        deployment.environment,
        deployment.proxy,
        str(deployment.revision),
        deployment.base_path,
        _server_id(call),
        state,
    )


def _server_id(call: Call) -> str:
    return call.management.settings.server_id
