"""`POST /oauth/token`, in the shape of login.apigee.com: Bearer tokens for administrators.

Source: reference/runtime/management-api.md section 0.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from gateway.management.authentication import Authentication
from gateway.management.bodies import read_form
from gateway.management.errors import ApiError
from gateway.management.sessions import Issued

CLIENT = "Basic " + base64.b64encode(b"edgecli:edgeclisecret").decode()
"""The public client of Apigee's tools; a call without client header is taken too."""


def token_endpoint(
    authentication: Authentication,
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The handler."""

    async def token(request: web.Request) -> web.Response:
        try:
            issued = await _issue(authentication, request)
        except ApiError as error:
            return _refusal(error)
        return _answer(
            200,
            {
                "access_token": issued.access_token,
                "token_type": "bearer",
                "refresh_token": issued.refresh_token,
                "expires_in": issued.expires_in,
                "scope": "",
            },
        )

    return token


async def _issue(authentication: Authentication, request: web.Request) -> Issued:
    if request.headers.get("Authorization", CLIENT) != CLIENT:
        raise ApiError(401, "unauthorized", "Bad credentials")
    form = await read_form(request)
    grant_type = form.get("grant_type", "")
    if grant_type == "password":
        user, password = _required(form, "username"), _required(form, "password")
        await authentication.check(user, password, request.remote or "")
        return authentication.sessions.issue(user)
    if grant_type == "refresh_token":
        issued = authentication.sessions.refresh(_required(form, "refresh_token"))
        if issued is None:
            raise ApiError(401, "invalid_token", "Invalid refresh token")
        return issued
    raise ApiError(400, "unsupported_grant_type", f"Unsupported grant type: {grant_type}")


def _required(form: Mapping[str, str], name: str) -> str:
    if not form.get(name):
        raise ApiError(400, "invalid_request", f"Missing parameter: {name}")
    return form[name]


def _refusal(error: ApiError) -> web.Response:
    code, message = error.code, error.message
    if error.status == 401 and code.startswith("management."):
        code, message = "unauthorized", "Bad credentials"
    answer = _answer(error.status, {"error": code, "error_description": message})
    answer.headers.update(error.headers)
    return answer


def _answer(status: int, body: Mapping[str, str | int]) -> web.Response:
    headers = {"Cache-Control": "no-store", "Pragma": "no-cache"}
    return web.json_response(body, status=status, headers=headers, dumps=json.dumps)
