"""Revisions of API proxies: list, show, export, delete, and the parts of a bundle.

Source: reference/runtime/management-api.md section 2.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from aiohttp import web

from gateway.bundle.diagnostics import BundleError
from gateway.bundle.files import read_zip
from gateway.bundle.model import Bundle
from gateway.bundle.reader import read_bundle
from gateway.management.answers import answer
from gateway.management.answers import archive as archive_answer
from gateway.management.call import Call
from gateway.management.errors import missing_part, still_deployed
from gateway.management.lookups import find_proxy, find_revision
from gateway.management.proxies import revision_answer
from gateway.management.revision_shapes import (
    Shape,
    policy_shape,
    proxy_endpoint_shape,
    target_endpoint_shape,
)
from gateway.store.errors import Conflict
from gateway.store.proxies import Revision

T = TypeVar("T")


async def list_revisions(call: Call) -> web.Response:
    return answer([str(number) for number in (await find_proxy(call)).revisions])


async def show_revision(call: Call) -> web.Response:
    revision = await find_revision(call)
    archive = await call.store.proxies.archive(revision.proxy, revision.number)
    if call.query("format") == "bundle":
        name = re.sub(r"[^A-Za-z0-9._-]", "_", revision.proxy)
        return archive_answer(archive, f"{name}_rev{revision.number}.zip")
    bundle = await _bundle(revision, archive)
    return answer(revision_answer(call, revision, bundle, archive))


async def delete_revision(call: Call) -> web.Response:
    revision = await find_revision(call)
    archive = await call.store.proxies.archive(revision.proxy, revision.number)
    shape = revision_answer(call, revision, await _bundle(revision, archive), archive)
    deployed = await call.store.deployments.all(proxy=revision.proxy)
    environments = [
        deployment.environment for deployment in deployed if deployment.revision == revision.number
    ]
    if environments:
        raise still_deployed(str(revision.number), revision.proxy, environments)
    try:
        await call.store.proxies.delete_revision(revision.proxy, revision.number)
    except Conflict:
        raise still_deployed(str(revision.number), revision.proxy, ["another call"]) from None
    return answer(shape)


async def list_policies(call: Call) -> web.Response:
    return answer(sorted((await _read(call)).policies))


async def show_policy(call: Call) -> web.Response:
    return await _show(call, "Policy", lambda bundle: bundle.policies, policy_shape)


async def list_proxy_endpoints(call: Call) -> web.Response:
    return answer(sorted((await _read(call)).proxy_endpoints))


async def show_proxy_endpoint(call: Call) -> web.Response:
    return await _show(
        call, "ProxyEndpoint", lambda bundle: bundle.proxy_endpoints, proxy_endpoint_shape
    )


async def list_target_endpoints(call: Call) -> web.Response:
    return answer(sorted((await _read(call)).target_endpoints))


async def show_target_endpoint(call: Call) -> web.Response:
    return await _show(
        call, "TargetEndpoint", lambda bundle: bundle.target_endpoints, target_endpoint_shape
    )


async def list_resources(call: Call) -> web.Response:
    """Names, or with `type` and `name` the content of one resource."""
    bundle = await _read(call)
    kind, name = call.query("type"), call.query("name")
    if not name:
        return answer([r.name for r in bundle.resources.values() if kind in ("", r.type)])
    resource = bundle.resources.get(f"{kind}://{name}")
    if resource is None:
        raise missing_part(
            "Resource", f"{kind}://{name}", call.path("proxy"), call.path("revision")
        )
    return archive_answer(resource.content, re.sub(r"[^A-Za-z0-9._-]", "_", name))


async def list_resource_files(call: Call) -> web.Response:
    bundle = await _read(call)
    return answer(
        {
            "resourceFile": [
                {"name": resource.name, "type": resource.type}
                for resource in bundle.resources.values()
            ]
        }
    )


async def _show(
    call: Call,
    kind: str,
    members: Callable[[Bundle], Mapping[str, T]],
    shape: Callable[[T], Shape],
) -> web.Response:
    found = members(await _read(call)).get(call.path("part"))
    if found is None:
        raise missing_part(kind, call.path("part"), call.path("proxy"), call.path("revision"))
    return answer(shape(found))


async def _read(call: Call) -> Bundle:
    revision = await find_revision(call)
    archive = await call.store.proxies.archive(revision.proxy, revision.number)
    return await _bundle(revision, archive)


async def _bundle(revision: Revision, archive: bytes) -> Bundle:
    return await asyncio.to_thread(_parsed, revision, archive)


def _parsed(revision: Revision, archive: bytes) -> Bundle:
    """The stored bundle; without parts when it was imported unchecked and is broken."""
    try:
        return read_bundle(read_zip(archive), revision.proxy)[0]
    except BundleError:
        return Bundle(
            "apiproxy", revision.proxy, "", revision.display_name, revision.description, ""
        )
