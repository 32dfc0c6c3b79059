"""API products. One may name a proxy that does not exist yet.

Source: reference/runtime/management-api.md section 6.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from gateway.management.answers import answer, created
from gateway.management.call import Call
from gateway.management.errors import (
    ApiError,
    invalid_field,
    missing_environment,
    missing_product,
    product_in_use,
)
from gateway.management.fields import Fields
from gateway.management.identity_shapes import Shape, product_shape
from gateway.management.paging import page
from gateway.ports.identity import Product
from gateway.store.errors import AlreadyExists, Conflict, NotFound

_KNOWN = (
    "apiResources", "approvalType", "attributes", "createdAt", "createdBy", "description",
    "displayName", "environments", "lastModifiedAt", "lastModifiedBy", "name", "proxies",
    "quota", "quotaInterval", "quotaTimeUnit", "scopes",
)  # fmt: skip
_QUOTA_UNITS = ("minute", "hour", "day", "week", "month")
_LARGEST_EXTRA = 20


async def list_products(call: Call) -> web.Response:
    if not call.flag("expand"):
        return answer(page(call, await call.store.products.names(), str))
    products = page(call, await call.store.products.all(), lambda product: product.name)
    return answer({"apiProduct": [await _shape(call, product) for product in products]})


async def show_product(call: Call) -> web.Response:
    return answer(await _shape(call, await find_product(call)))


async def create_product(call: Call) -> web.Response:
    fields = await call.fields()
    name = fields.name("name")
    values = await _values(call, fields, name)
    try:
        product = await call.store.products.create(name, call.user, **values)
    except AlreadyExists:
        raise ApiError(
            409,
            "keymanagement.service.apiproduct_already_exists",
            f"ApiProduct named {name} already exists in organization {call.organization}",
        ) from None
    return created(await _shape(call, product))


async def update_product(call: Call) -> web.Response:
    """A full update: what the body leaves out becomes empty. The name stays."""
    product = await find_product(call)
    fields = await call.fields()
    if "name" in fields and fields.name("name") != product.name:
        raise invalid_field("name", f"it cannot be changed from {product.name}")
    values = await _values(call, fields, product.name)
    try:
        updated = await call.store.products.update(product.name, call.user, **values)
    except NotFound:
        raise missing_product(product.name, call.organization) from None
    return answer(await _shape(call, updated))


async def delete_product(call: Call) -> web.Response:
    product = await find_product(call)
    shape = await _shape(call, product)
    try:
        await call.store.products.delete(product.name)
    except NotFound:
        raise missing_product(product.name, call.organization) from None
    except Conflict:
        raise product_in_use(product.name) from None
    return answer(shape)


async def find_product(call: Call) -> Product:
    """The product that the path names."""
    name = call.path("product")
    try:
        return await call.store.products.get(name)
    except NotFound:
        raise missing_product(name, call.organization) from None


async def _shape(call: Call, product: Product) -> Shape:
    extra = await call.store.products.extra(product.name)  # noqa: S610 - the store's, not Django's
    return dict(sorted({**extra, **product_shape(product)}.items()))


async def _values(call: Call, fields: Fields, name: str) -> dict[str, Any]:
    extra = fields.rest(_KNOWN)
    if len(extra) > _LARGEST_EXTRA:
        raise invalid_field("body", f"more than {_LARGEST_EXTRA} unknown members")
    quota = fields.number_text("quota")
    interval = fields.number_text("quotaInterval")
    unit = fields.choice("quotaTimeUnit", ("", *_QUOTA_UNITS), "")
    return {
        "display_name": fields.text("displayName", name),
        "description": fields.text("description"),
        "approval_type": fields.choice("approvalType", ("auto", "manual"), "auto"),
        "environments": await _environments(call, fields),
        "proxies": fields.texts("proxies"),
        "resources": _resources(fields),
        "scopes": fields.texts("scopes"),
        "quota": quota,
        "quota_interval": interval,
        "quota_time_unit": unit or None,
        "attributes": fields.attributes(),
        "extra": extra,
    }


async def _environments(call: Call, fields: Fields) -> tuple[str, ...]:
    named = fields.texts("environments")
    known = await call.store.organizations.environments(call.organization)
    for environment in named:
        if environment not in [item.name for item in known]:
            raise missing_environment(environment, call.organization)
    return named


def _resources(fields: Fields) -> tuple[str, ...]:
    resources = fields.texts("apiResources")
    for number, resource in enumerate(resources):
        if resource and not resource.startswith("/"):
            raise invalid_field(f"apiResources[{number}]", "a path that begins with / is expected")
    return resources
