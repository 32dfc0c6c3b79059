"""App developers, known by e-mail or by id.

Source: reference/runtime/management-api.md section 6.
"""

from __future__ import annotations

from aiohttp import web

from gateway.management.answers import answer, created, no_content
from gateway.management.call import Call
from gateway.management.errors import ApiError, invalid_field, missing_developer
from gateway.management.fields import Fields
from gateway.management.identity_shapes import developer_shape
from gateway.management.paging import page
from gateway.ports.identity import ACTIVE, INACTIVE, Developer
from gateway.store.errors import AlreadyExists, NotFound

_LONGEST_EMAIL = 320


async def list_developers(call: Call) -> web.Response:
    email = call.query("email")
    if email:
        found = [item for item in await call.store.developers.all() if item.email == email]
        return answer({"developer": [developer_shape(d, call.organization) for d in found]})
    if not call.flag("expand"):
        return answer(page(call, await call.store.developers.emails(), str))
    developers = page(call, await call.store.developers.all(), lambda item: item.email)
    return answer({"developer": [developer_shape(d, call.organization) for d in developers]})


async def show_developer(call: Call) -> web.Response:
    return answer(developer_shape(await find_developer(call), call.organization))


async def create_developer(call: Call) -> web.Response:
    fields = await call.fields()
    email = _email(fields, "")
    try:
        developer = await call.store.developers.create(
            email,
            fields.name("firstName"),
            fields.name("lastName"),
            fields.name("userName"),
            call.user,
            fields.attributes(),
        )
    except AlreadyExists:
        raise _taken(email) from None
    return created(developer_shape(developer, call.organization))


async def update_developer(call: Call) -> web.Response:
    """A full update; the attributes become those of the body. The status may be set,
    too. POST with `?action=active` or `inactive` changes the status alone."""
    if call.query("action"):
        return await set_status(call)
    developer = await find_developer(call)
    fields = await call.fields()
    email = _email(fields, developer.email)
    try:
        updated = await call.store.developers.update(
            developer.developer_id,
            call.user,
            email=email,
            first_name=fields.text("firstName", developer.first_name),
            last_name=fields.text("lastName", developer.last_name),
            user_name=fields.text("userName", developer.user_name),
            status=fields.choice("status", (ACTIVE, INACTIVE), developer.status),
            attributes=fields.attributes(),
        )
    except NotFound:
        raise missing_developer(call.path("developer"), call.organization) from None
    except AlreadyExists:
        raise _taken(email) from None
    return answer(developer_shape(updated, call.organization))


async def set_status(call: Call) -> web.Response:
    developer = await find_developer(call)
    action = call.query("action")
    if action not in (ACTIVE, INACTIVE):
        raise invalid_field("action", f"{ACTIVE} or {INACTIVE} is expected")
    try:
        await call.store.developers.set_status(developer.developer_id, action, call.user)
    except NotFound:
        raise missing_developer(call.path("developer"), call.organization) from None
    return no_content()


async def delete_developer(call: Call) -> web.Response:
    try:
        deleted = await call.store.developers.delete(call.path("developer"))
    except NotFound:
        raise missing_developer(call.path("developer"), call.organization) from None
    return answer(developer_shape(deleted, call.organization))


async def find_developer(call: Call) -> Developer:
    """The developer that the path names."""
    name = call.path("developer")
    try:
        return await call.store.developers.get(name)
    except NotFound:
        raise missing_developer(name, call.organization) from None


def _email(fields: Fields, default: str) -> str:
    if default and "email" not in fields:
        return default
    email = fields.name("email")
    local, at, domain = email.rpartition("@")
    if not at or not local or not domain or any(letter.isspace() for letter in email):
        raise invalid_field("email", "an e-mail address is expected")
    if len(email) > _LONGEST_EMAIL or "/" in email:
        raise invalid_field("email", "an e-mail address is expected")
    return email


def _taken(email: str) -> ApiError:
    return ApiError(
        409,
        "developer.service.DeveloperAlreadyExists",
        f"Developer with email {email} already exists",
    )
