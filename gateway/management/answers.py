"""What handlers give back: JSON in Edge's spacing, nothing, or bytes."""

from __future__ import annotations

from aiohttp import web

from gateway.management.edge_json import JSON, edge_json
from gateway.management.errors import ApiError

_HEADERS = {
    "Cache-Control": "no-store",
    "Server": "gateway",
    "X-Content-Type-Options": "nosniff",
}


def answer(value: JSON, status: int = 200) -> web.Response:
    """`value` as `application/json`."""
    return _json(edge_json(value), status)


def created(value: JSON) -> web.Response:
    return answer(value, 201)


def no_content() -> web.Response:
    """204, after a change of state such as approve or revoke."""
    return web.Response(status=204, headers=_HEADERS)


def refusal(error: ApiError) -> web.Response:
    response = _json(error.body(), error.status)
    response.headers.update(error.headers)
    return response


def archive(content: bytes, file_name: str) -> web.Response:
    """A file to save. `file_name` holds letters, digits and `._-` only."""
    headers = {**_HEADERS, "Content-Disposition": f'attachment; filename="{file_name}"'}
    return web.Response(body=content, content_type="application/octet-stream", headers=headers)


def _json(text: str, status: int) -> web.Response:
    # Clients compare the media type with `application/json`: no charset parameter.
    return web.Response(
        body=text.encode(), status=status, content_type="application/json", headers=_HEADERS
    )
