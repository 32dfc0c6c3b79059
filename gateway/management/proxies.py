"""API proxies: list, show, import, delete.

A bundle is checked at import as it is at deployment, so that an author hears of every
mistake before anything is stored. Source: reference/runtime/management-api.md section 2.
"""

from __future__ import annotations

import asyncio
import re

from aiohttp import web

from gateway.bundle.diagnostics import BundleError, Diagnostics
from gateway.bundle.files import read_zip
from gateway.bundle.model import Bundle
from gateway.bundle.reader import read_bundle
from gateway.management.answers import answer, created
from gateway.management.bodies import read_bundle_archive
from gateway.management.call import Call
from gateway.management.errors import ApiError, invalid_field, still_deployed
from gateway.management.fields import MAX_NAME
from gateway.management.lookups import find_proxy
from gateway.management.revision_shapes import Shape, Stamp, proxy_shape, revision_shape
from gateway.runtime.preparation import compile_bundle
from gateway.store.errors import Conflict
from gateway.store.proxies import Proxy, Revision

_NAME = re.compile(r"[A-Za-z0-9._-]+")


async def list_proxies(call: Call) -> web.Response:
    return answer(await call.store.proxies.names())


async def show_proxy(call: Call) -> web.Response:
    return answer(_shape(await find_proxy(call)))


async def delete_proxy(call: Call) -> web.Response:
    proxy = await find_proxy(call)
    deployed = await call.store.deployments.all(proxy=proxy.name)
    try:
        await call.store.proxies.delete(proxy.name)
    except Conflict:
        environments = [deployment.environment for deployment in deployed]
        revision = str(deployed[0].revision) if deployed else "?"
        raise still_deployed(revision, proxy.name, environments) from None
    return answer(_shape(proxy))


async def import_proxy(call: Call) -> web.Response:
    """Store a bundle as the next revision of `name`, or of the name it gives itself."""
    if call.query("action") != "import":
        raise invalid_field("action", "import is expected")
    name = call.query("name")
    if name and (not _NAME.fullmatch(name) or len(name) > MAX_NAME):
        raise invalid_field("name", f"up to {MAX_NAME} letters, digits and . _ - are expected")
    archive = await read_bundle_archive(call.request)
    bundle = await _checked(call, archive, name, call.flag("validate", True))
    stored = await call.store.proxies.add_revision(
        bundle.name,
        archive,
        tuple((endpoint.name, endpoint.base_path) for endpoint in bundle.proxy_endpoints.values()),
        bundle.display_name,
        bundle.description,
        call.user,
    )
    return created(revision_answer(call, stored, bundle, archive))


async def _checked(call: Call, archive: bytes, name: str, validate: bool) -> Bundle:
    try:
        return await asyncio.to_thread(_read, call, archive, name, validate)
    except BundleError as error:
        raise invalid_bundle(error) from None


def _read(call: Call, archive: bytes, name: str, validate: bool) -> Bundle:
    files = read_zip(archive)
    if not any(path.startswith("apiproxy/") for path in files):
        raise BundleError.at("bundle.zip", 0, "there is no apiproxy/ folder in it")
    try:
        bundle, _ = read_bundle(files, name or None)
        if validate:
            _compile(call, bundle)
    except BundleError:
        if validate or not name:
            raise
        return Bundle("apiproxy", name, "", "", "", "")
    return bundle


def _compile(call: Call, bundle: Bundle) -> None:
    environments = call.management.runtime.environments.values()
    for environment in list(environments)[:1]:
        diagnostics = Diagnostics()
        compile_bundle(bundle, environment.environment, "0", diagnostics)
        diagnostics.raise_if_errors()


def invalid_bundle(error: BundleError) -> ApiError:
    """Every finding, one per line, and one by one in `contexts`."""
    findings = [str(finding) for finding in error.diagnostics]
    return ApiError(
        400, "messaging.config.beans.InvalidBundle", "\n".join(findings), contexts=findings
    )


def revision_answer(call: Call, revision: Revision, bundle: Bundle, archive: bytes) -> Shape:
    return revision_shape(
        call.organization,
        revision.proxy,
        str(revision.number),
        _stamp(revision),
        bundle,
        archive,
    )


def _shape(proxy: Proxy) -> Shape:
    return proxy_shape(proxy.name, _stamp(proxy), map(str, proxy.revisions))


def _stamp(entity: Proxy | Revision) -> Stamp:
    return Stamp(
        entity.created_at, entity.created_by, entity.last_modified_at, entity.last_modified_by
    )
