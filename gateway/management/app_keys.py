"""The keys of an app: given ones, their products, approval and revocation.

Source: reference/runtime/management-api.md section 6.
"""

from __future__ import annotations

from aiohttp import web

from gateway.management.answers import answer, created, no_content
from gateway.management.apps import STATUS_BY_ACTION, find_app, key_terms
from gateway.management.call import Call
from gateway.management.errors import (
    ApiError,
    invalid_field,
    missing_key,
    product_not_on_key,
    unknown_product,
)
from gateway.management.fields import Fields, checked_name
from gateway.management.identity_shapes import credential_shape
from gateway.ports.identity import Credential
from gateway.store.errors import AlreadyExists, NotFound

_LONGEST_KEY = 2048


async def create_key(call: Call) -> web.Response:
    """Add a key that the caller chose."""
    stored = await find_app(call)
    fields = await call.fields()
    key, secret = _given(fields, "consumerKey"), _given(fields, "consumerSecret")
    names, expires_at = await key_terms(call, fields)
    try:
        credential = await call.store.keys.create(
            stored.app.app_id,
            key,
            secret,
            product_names=names,
            expires_at=expires_at,
            scopes=fields.texts("scopes"),
            attributes=fields.attributes(),
        )
    except AlreadyExists:
        raise ApiError(
            409,
            "keymanagement.service.ConsumerKeyAlreadyExists",
            f"Consumer key {key} already exists",
        ) from None
    except NotFound as missing:
        raise unknown_product(missing.name) from None
    return created(credential_shape(credential))


async def show_key(call: Call) -> web.Response:
    return answer(credential_shape(await _find(call)))


async def change_key(call: Call) -> web.Response:
    """POST: `?action=approve|revoke`, or a body whose products are added."""
    if call.query("action"):
        credential = await _find(call)
        await call.store.keys.set_status(credential.consumer_key, _status(call))
        return no_content()
    return await _change(call, replace=False)


async def update_key(call: Call) -> web.Response:
    """PUT: adds products on Edge, replaces them on X."""
    return await _change(call, replace=call.management.settings.flavor == "x")


async def delete_key(call: Call) -> web.Response:
    credential = await _find(call)
    await call.store.keys.delete(credential.consumer_key)
    return answer(credential_shape(credential))


async def change_product(call: Call) -> web.Response:
    """`?action=approve|revoke` of one product of a key."""
    credential = await _find(call)
    status = _status(call)
    try:
        await call.store.keys.set_product_status(
            credential.consumer_key, call.path("product"), status
        )
    except NotFound:
        raise product_not_on_key() from None
    return no_content()


async def remove_product(call: Call) -> web.Response:
    credential = await _find(call)
    try:
        left = await call.store.keys.remove_product(credential.consumer_key, call.path("product"))
    except NotFound:
        raise product_not_on_key() from None
    return answer(credential_shape(left))


async def _change(call: Call, replace: bool) -> web.Response:
    credential = await _find(call)
    key = credential.consumer_key
    fields = await call.fields()
    names, _ = await key_terms(call, fields)
    scopes = fields.texts("scopes", credential.scopes)
    attributes = fields.attributes(default=credential.attributes)
    try:
        if replace and "apiProducts" in fields:
            await call.store.keys.replace_products(key, names)
        elif names:
            await call.store.keys.add_products(key, names)
        changed = await call.store.keys.update(key, scopes=scopes, attributes=attributes)
    except NotFound as missing:
        raise (
            unknown_product(missing.name) if missing.kind == "product" else missing_key()
        ) from None
    return answer(credential_shape(changed))


async def _find(call: Call) -> Credential:
    stored = await find_app(call)
    try:
        return await call.store.keys.get(call.path("key"), stored.app.app_id)
    except NotFound:
        raise missing_key() from None


def _status(call: Call) -> str:
    status = STATUS_BY_ACTION.get(call.query("action"))
    if status is None:
        raise invalid_field("action", "approve or revoke is expected")
    return status


def _given(fields: Fields, field: str) -> str:
    value = checked_name(fields.text(field, limit=_LONGEST_KEY), field, _LONGEST_KEY)
    if not value.isprintable():
        raise invalid_field(field, "printable characters are expected")
    return value
