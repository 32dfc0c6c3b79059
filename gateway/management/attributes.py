"""Custom attributes of developers, apps, products and keys, one by one or all at once.

Source: reference/runtime/management-api.md section 6.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from gateway.management.answers import answer
from gateway.management.call import Call, Handler
from gateway.management.errors import missing_attribute
from gateway.management.fields import checked_attributes, checked_name
from gateway.management.identity_shapes import attribute_shape, attributes_shape
from gateway.ports.identity import Attributes

Read = Callable[[Call], Awaitable[Attributes]]
Write = Callable[[Call, Attributes], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class AttributeHandlers:
    """The five calls on the attributes of one kind of entity."""

    list_all: Handler
    replace_all: Handler
    show: Handler
    put: Handler
    delete: Handler


def attribute_handlers(read: Read, write: Write) -> AttributeHandlers:
    """The calls, by how the entity of a path is read and written. Changes of one
    attribute take turns, so that none undoes another."""
    turn = asyncio.Lock()

    async def list_all(call: Call) -> web.Response:
        return answer({"attribute": attributes_shape(await read(call))})

    async def replace_all(call: Call) -> web.Response:
        await read(call)
        attributes = (await call.fields()).attributes("attribute")
        await write(call, attributes)
        return answer({"attribute": attributes_shape(attributes)})

    async def show(call: Call) -> web.Response:
        name = call.path("attribute")
        return answer(attribute_shape(name, _value(await read(call), name)))

    async def put(call: Call) -> web.Response:
        name = checked_name(call.path("attribute"), "name")
        _, value = (await call.fields()).attribute(name)
        async with turn:
            present = {**dict(await read(call)), name: value}
            await write(call, checked_attributes(tuple(present.items())))
        return answer(attribute_shape(name, value))

    async def delete(call: Call) -> web.Response:
        name = call.path("attribute")
        async with turn:
            present = await read(call)
            value = _value(present, name)
            await write(call, tuple(item for item in present if item[0] != name))
        return answer(attribute_shape(name, value))

    return AttributeHandlers(list_all, replace_all, show, put, delete)


def _value(attributes: Attributes, name: str) -> str:
    for known, value in attributes:
        if known == name:
            return value
    raise missing_attribute(name)
