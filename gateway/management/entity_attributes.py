"""Where the attributes of each kind of entity are read and written."""

from __future__ import annotations

from gateway.management.apps import find_app
from gateway.management.attributes import attribute_handlers
from gateway.management.call import Call
from gateway.management.developers import find_developer
from gateway.management.products import find_product
from gateway.ports.identity import Attributes


async def _of_developer(call: Call) -> Attributes:
    return (await find_developer(call)).attributes


async def _to_developer(call: Call, attributes: Attributes) -> None:
    developer = await find_developer(call)
    await call.store.developers.update(developer.developer_id, call.user, attributes=attributes)


async def _of_app(call: Call) -> Attributes:
    return (await find_app(call)).app.attributes


async def _to_app(call: Call, attributes: Attributes) -> None:
    stored = await find_app(call)
    await call.store.apps.update(stored.app.app_id, call.user, attributes=attributes)


async def _of_product(call: Call) -> Attributes:
    return (await find_product(call)).attributes


async def _to_product(call: Call, attributes: Attributes) -> None:
    product = await find_product(call)
    await call.store.products.update(product.name, call.user, attributes=attributes)


DEVELOPER_ATTRIBUTES = attribute_handlers(_of_developer, _to_developer)
APP_ATTRIBUTES = attribute_handlers(_of_app, _to_app)
PRODUCT_ATTRIBUTES = attribute_handlers(_of_product, _to_product)
