"""Developer apps: under their developer, and by id over all developers.

Source: reference/runtime/management-api.md section 6.
"""

from __future__ import annotations

from aiohttp import web

from gateway.management.answers import answer, created, no_content
from gateway.management.call import Call
from gateway.management.consumer_keys import new_consumer_key, new_consumer_secret
from gateway.management.developers import find_developer
from gateway.management.errors import (
    ApiError,
    invalid_field,
    missing_app,
    missing_app_id,
    unknown_product,
)
from gateway.management.fields import Fields
from gateway.management.identity_shapes import Shape, app_shape
from gateway.management.paging import page
from gateway.ports.identity import APPROVED, REVOKED
from gateway.store.apps import StoredApp
from gateway.store.errors import AlreadyExists, NotFound

STATUS_BY_ACTION = {"approve": APPROVED, "revoke": REVOKED}
_LONGEST_LIFE = 100 * 366 * 24 * 3600 * 1000


async def list_apps(call: Call) -> web.Response:
    """Names of a developer's apps; whole ones with `expand=true`."""
    developer = await find_developer(call)
    if not call.flag("expand"):
        return answer(developer.apps)
    found = await call.store.apps.all(developer.developer_id)
    return answer({"app": [shape(stored) for stored in found]})


async def create_app(call: Call) -> web.Response:
    """Create an app with its first, generated key."""
    developer = await find_developer(call)
    fields = await call.fields()
    name = fields.name("name")
    names, expires_at = await key_terms(call, fields)
    try:
        stored = await call.store.apps.create(
            developer.developer_id,
            name,
            call.user,
            callback_url=fields.text("callbackUrl"),
            scopes=fields.texts("scopes"),
            attributes=fields.attributes(),
            app_family=fields.text("appFamily", "default", 255) or "default",
            access_type=fields.text("accessType", "", 64),
        )
    except AlreadyExists:
        raise ApiError(
            409, "developer.service.AppAlreadyExists", f"App with name {name} already exists"
        ) from None
    try:
        await _generate_key(call, stored, names, expires_at, fields.texts("scopes"))
    except Exception:
        await call.store.apps.delete(stored.app.app_id)
        raise
    return created(shape(await call.store.apps.get(stored.app.app_id)))


async def show_app(call: Call) -> web.Response:
    return answer(shape(await find_app(call)))


async def change_app(call: Call) -> web.Response:
    """POST: `?action=approve|revoke` changes the status; a body with `apiProducts` adds a
    generated key (a body that was read from here, with its `appId`, does not); any other
    body is an update."""
    if call.query("action"):
        return await _set_status(call)
    stored = await find_app(call)
    fields = await call.fields()
    if "apiProducts" not in fields or "appId" in fields:
        return await _update(call, stored, fields)
    names, expires_at = await key_terms(call, fields)
    await _generate_key(call, stored, names, expires_at, fields.texts("scopes"))
    return answer(shape(await call.store.apps.get(stored.app.app_id)))


async def update_app(call: Call) -> web.Response:
    return await _update(call, await find_app(call), await call.fields())


async def delete_app(call: Call) -> web.Response:
    stored = await find_app(call)
    await _delete(call, stored.app.app_id)
    return answer(shape(stored))


async def list_app_ids(call: Call) -> web.Response:
    """Ids of all apps; whole ones with `expand=true`. `status` and `apiProduct` choose
    among them, `includeCred=false` leaves the keys out."""
    status, product = call.query("status"), call.query("apiProduct")
    if not (call.flag("expand") or status or product):
        return answer(page(call, await call.store.apps.ids(), str))
    found = [
        stored
        for stored in await call.store.apps.all()
        if status in ("", stored.app.status) and (not product or _has_product(stored, product))
    ]
    chosen = page(call, found, lambda stored: stored.app.app_id)
    if not call.flag("expand"):
        return answer([stored.app.app_id for stored in chosen])
    with_keys = call.flag("includeCred", True)
    return answer({"app": [shape(stored, with_keys) for stored in chosen]})


async def show_app_by_id(call: Call) -> web.Response:
    return answer(shape(await _by_id(call)))


async def delete_app_by_id(call: Call) -> web.Response:
    stored = await _by_id(call)
    await _delete(call, stored.app.app_id)
    return answer(shape(stored))


async def find_app(call: Call) -> StoredApp:
    """The app that the path names."""
    developer = await find_developer(call)
    try:
        return await call.store.apps.find(developer.developer_id, call.path("app"))
    except NotFound:
        raise missing_app(call.path("app"), call.path("developer")) from None


async def key_terms(call: Call, fields: Fields) -> tuple[tuple[str, ...], int]:
    """The products and the expiry (ms, -1: never) that a body asks for a key. Raises
    `ApiError` for a product that does not exist."""
    names = fields.texts("apiProducts")
    for name in names:
        try:
            await call.store.products.get(name)
        except NotFound:
            raise unknown_product(name) from None
    life = fields.integer("keyExpiresIn", -1)
    seconds = fields.integer("expiresInSeconds", -1)
    if seconds > 0:
        life = seconds * 1000
    if life > _LONGEST_LIFE:
        raise invalid_field("keyExpiresIn", "at most a hundred years, in milliseconds")
    return names, call.store.clock.now_ms() + life if life > 0 else -1


def shape(stored: StoredApp, with_keys: bool = True) -> Shape:
    return app_shape(stored.app, stored.developer_id, stored.credentials if with_keys else ())


async def _generate_key(
    call: Call,
    stored: StoredApp,
    names: tuple[str, ...],
    expires_at: int,
    scopes: tuple[str, ...],
) -> None:
    try:
        await call.store.keys.create(
            stored.app.app_id,
            new_consumer_key(),
            new_consumer_secret(),
            product_names=names,
            expires_at=expires_at,
            scopes=scopes,
        )
    except NotFound as missing:
        raise unknown_product(missing.name) from None


async def _update(call: Call, stored: StoredApp, fields: Fields) -> web.Response:
    """A full update of what may change: callback URL, attributes, scopes, family."""
    app = stored.app
    if "name" in fields and fields.name("name") != app.name:
        raise invalid_field("name", f"it cannot be changed from {app.name}")
    try:
        updated = await call.store.apps.update(
            app.app_id,
            call.user,
            callback_url=fields.text("callbackUrl", app.callback_url),
            scopes=fields.texts("scopes", app.scopes),
            attributes=fields.attributes(),
            app_family=fields.text("appFamily", app.app_family, 255),
        )
    except NotFound:
        raise missing_app(app.name, call.path("developer")) from None
    return answer(shape(updated))


async def _set_status(call: Call) -> web.Response:
    stored = await find_app(call)
    status = STATUS_BY_ACTION.get(call.query("action"))
    if status is None:
        raise invalid_field("action", "approve or revoke is expected")
    try:
        await call.store.apps.set_status(stored.app.app_id, status, call.user)
    except NotFound:
        raise missing_app(stored.app.name, call.path("developer")) from None
    return no_content()


async def _delete(call: Call, app_id: str) -> None:
    try:
        await call.store.apps.delete(app_id)
    except NotFound:
        raise missing_app_id(app_id, call.organization) from None


async def _by_id(call: Call) -> StoredApp:
    try:
        return await call.store.apps.get(call.path("app"))
    except NotFound:
        raise missing_app_id(call.path("app"), call.organization) from None


def _has_product(stored: StoredApp, product: str) -> bool:
    return any(
        entry.product.name == product
        for credential in stored.credentials
        for entry in credential.products
    )
