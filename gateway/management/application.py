"""The management API as an aiohttp application: routes, door, errors, audit.

`gateway.server` may add public routes of its own (`/healthz`, `/metrics`) to it: only
what lies under /v1/ asks for an administrator.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Awaitable, Callable
from uuid import uuid4

from aiohttp import web
from aiohttp.typedefs import Handler as WebHandler

from gateway.bundle.files import MAX_BYTES
from gateway.management.answers import refusal
from gateway.management.audit import record_write
from gateway.management.authentication import Authentication
from gateway.management.call import USER, Call, Handler, Management, ManagementSettings
from gateway.management.deployer import Deployer
from gateway.management.errors import ApiError, missing_organization
from gateway.management.routes import ROUTES
from gateway.management.token_endpoint import token_endpoint
from gateway.runtime.runtime import Runtime
from gateway.store import Store

logger = logging.getLogger("gateway.management")

AUTHENTICATION = web.AppKey("authentication", Authentication)
"""Whoever changes a password calls its `forget`."""

_READS = ("GET", "HEAD", "OPTIONS")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def management_application(
    store: Store,
    runtime: Runtime,
    settings: ManagementSettings | None = None,
    deployer: Deployer | None = None,
) -> web.Application:
    """The whole management API. `deployer` is shared with others that deploy."""
    management = Management(
        store, runtime, deployer or Deployer(store, runtime), settings or ManagementSettings()
    )
    authentication = Authentication(store.administrators.verify, time.monotonic)
    application = web.Application(
        middlewares=[_errors, _door(authentication), _audited(management)],
        client_max_size=MAX_BYTES,
    )
    application[AUTHENTICATION] = authentication
    application.router.add_post("/oauth/token", token_endpoint(authentication))
    for route in ROUTES:
        handler = _handler(management, route.handler)
        if route.method == "GET":
            application.router.add_get(route.path, handler)  # and HEAD
        else:
            application.router.add_route(route.method, route.path, handler)
    return application


def _handler(management: Management, handler: Handler) -> WebHandler:
    async def serve(request: web.Request) -> web.StreamResponse:
        organization = request.match_info.get("org", management.runtime.organization)
        if organization != management.runtime.organization:
            raise missing_organization(organization)
        return await handler(Call(request, management))

    return serve


def _is_guarded(request: web.Request) -> bool:
    return request.path == "/v1" or request.path.startswith("/v1/")


def _door(authentication: Authentication) -> Callable[..., Awaitable[web.StreamResponse]]:
    @web.middleware
    async def door(request: web.Request, handler: WebHandler) -> web.StreamResponse:
        _refuse_control_characters(request)
        _refuse_cross_site(request)
        if _is_guarded(request):
            authorization = request.headers.get("Authorization")
            request[USER] = await authentication.user(authorization, request.remote or "")
        return await handler(request)

    return door


def _refuse_control_characters(request: web.Request) -> None:
    parts = (request.path, *request.query.keys(), *request.query.values())
    if any(_CONTROL.search(part) for part in parts):
        raise ApiError(
            400, "management.InvalidURI", "The URI holds control characters, which no name has"
        )


def _refuse_cross_site(request: web.Request) -> None:
    """A page of another site must not write with the credentials that a browser kept."""
    if request.method in _READS:
        return
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    foreign = origin is not None and origin.partition("://")[2] != request.headers.get("Host")
    if foreign or site not in ("same-origin", "none"):
        raise ApiError(403, "management.CrossSite", "Calls from pages of other sites are refused")


def _audited(management: Management) -> Callable[..., Awaitable[web.StreamResponse]]:
    @web.middleware
    async def audited(request: web.Request, handler: WebHandler) -> web.StreamResponse:
        if request.method in _READS or not _is_guarded(request):
            return await handler(request)
        response = await _errors(request, handler)
        await record_write(management.store, request, response.status)
        return response

    return audited


@web.middleware
async def _errors(request: web.Request, handler: WebHandler) -> web.StreamResponse:
    """Turns whatever is raised into Edge's envelope."""
    try:
        return await handler(request)
    except ApiError as error:
        return refusal(error)
    except web.HTTPException as error:
        return refusal(_library_error(request, error))
    except Exception:
        reference = str(uuid4())
        logger.exception("%s %s failed, reference %s", request.method, request.path, reference)
        message = f"Internal error; the server's log has details under {reference}"
        return refusal(ApiError(500, "management.InternalError", message))


def _library_error(request: web.Request, error: web.HTTPException) -> ApiError:
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        return ApiError(
            405,
            "management.MethodNotAllowed",
            f"{request.method} is not allowed here, only {allowed}",
            headers={"Allow": allowed},
        )
    if error.status == 404:
        return ApiError(404, "management.UnknownPath", f"There is no resource {request.path}")
    return ApiError(error.status, "management.BadRequest", error.reason)
