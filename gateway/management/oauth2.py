"""OAuth token administration: revoking the tokens of an app.

Source: reference/runtime/management-api.md section 9.
"""

from __future__ import annotations

from aiohttp import web

from gateway.management.answers import answer
from gateway.management.call import Call, parse_flag
from gateway.management.errors import invalid_field, missing_app_id
from gateway.store.errors import NotFound


async def revoke(call: Call) -> web.Response:
    """`?app={id}[&enduser={id}][&cascade=true]`: effective at once; the app's keys still
    get new tokens."""
    parameters = await call.parameters()
    app_id = parameters.get("app", "")
    if not app_id:
        raise invalid_field("app", "the id of an app is expected")
    try:
        await call.store.tokens.revoke_app(
            app_id,
            end_user=parameters.get("enduser") or None,
            cascade=parse_flag("cascade", parameters.get("cascade"), True),
        )
    except NotFound:
        raise missing_app_id(app_id, call.organization) from None
    return answer({})
