"""Audit records: one per write, whatever its outcome; never a body, never a secret.

Source: reference/runtime/management-api.md section 7.
"""

from __future__ import annotations

import logging
import re

from aiohttp import web

from gateway.management.answers import answer
from gateway.management.call import USER, Call
from gateway.store import Store

logger = logging.getLogger("gateway.management")

_OPERATIONS = {"POST": "CREATE", "PUT": "UPDATE", "PATCH": "UPDATE", "DELETE": "DELETE"}
_LARGEST_PAGE = 1000
_LONGEST_URI = 2048
_LATEST = 2**62


async def record_write(store: Store, request: web.Request, status: int) -> None:
    """Keep who did what. A record that cannot be written is logged: the change is done."""
    action = request.query.get("action", "")
    operation = _OPERATIONS.get(request.method, "UPDATE")
    if operation == "CREATE" and status != 201:
        operation = "UPDATE"
    uri = _long_form(request.path.removeprefix("/v1"))
    if action.isalpha():
        uri += f"?action={action}"
    try:
        await store.audit.record(request[USER][:255], operation, uri[:_LONGEST_URI], str(status))
    except Exception:
        logger.exception("no audit record for %s %s (%d)", request.method, uri, status)


def _long_form(path: str) -> str:
    path = re.sub("^/o/", "/organizations/", path)
    return re.sub("^(/organizations/[^/]+)/e/", r"\1/environments/", path)


async def list_audits(call: Call) -> web.Response:
    """Newest first; `startTime` and `endTime` in milliseconds, `rows` at most 1,000."""
    place = call.request.match_info.get("place", "")
    records = await call.store.audit.list(
        start=call.number("startTime", 0, _LATEST),
        end=call.number("endTime", _LATEST, _LATEST),
        uri_prefix=f"/organizations/{call.organization}{place}",
        limit=call.number("rows", _LARGEST_PAGE, _LARGEST_PAGE),
    )
    return answer(
        {
            "auditRecord": [
                {
                    "operation": record.operation,
                    "request": "{}",
                    "requestUri": record.request_uri,
                    "responseCode": record.response_code,
                    "timeStamp": record.time,
                    "user": record.user,
                }
                for record in records
            ]
        }
    )
