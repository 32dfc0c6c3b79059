"""API products."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.ports.identity import Product
from gateway.store.entity_rows import product_of
from gateway.store.errors import AlreadyExists, Conflict, NotFound
from gateway.store.repository import Repository, Row, checked, whole
from gateway.store.tables import products

FIELDS = (
    "display_name", "description", "approval_type", "environments", "proxies", "resources",
    "scopes", "quota", "quota_interval", "quota_time_unit", "attributes", "extra",
)  # fmt: skip
"""What `create` and `update` take, by keyword; `extra` is a dict kept as it is."""


class Products(Repository):
    """A change is effective at once for every key and token of the product."""

    async def names(self) -> tuple[str, ...]:
        async with self.database.reading() as connection:
            found = await connection.scalars(
                select(products.c.name)
                .where(products.c.organization == self.organization)
                .order_by(products.c.name)
            )
            return tuple(found)

    async def all(self) -> tuple[Product, ...]:
        async with self.database.reading() as connection:
            found = await connection.execute(
                select(products)
                .where(products.c.organization == self.organization)
                .order_by(products.c.name)
            )
            return tuple(product_of(row) for row in found.mappings().all())

    async def get(self, name: str) -> Product:
        """Raises `NotFound`."""
        return product_of(await self._row(name))

    async def extra(self, name: str) -> dict[str, Any]:
        """What a client sent beyond Edge's fields. Raises `NotFound`."""
        return dict((await self._row(name))["extra"])

    @whole
    async def create(self, name: str, by: str, **fields: Any) -> Product:
        """`fields` are those of `FIELDS`. Raises `AlreadyExists`."""
        values = {**_defaults(name), **checked(fields, FIELDS, "a product"), **self.created(by)}
        try:
            async with self.database.writing() as connection:
                await connection.execute(
                    insert(products).values(organization=self.organization, name=name, **values)
                )
        except IntegrityError:
            raise AlreadyExists("product", name) from None
        await self.announce("product", "created", name)
        return await self.get(name)

    @whole
    async def update(self, name: str, by: str, **fields: Any) -> Product:
        """Change the fields given. Raises `NotFound`."""
        async with self.database.writing() as connection:
            done = await connection.execute(
                update(products)
                .where(products.c.organization == self.organization, products.c.name == name)
                .values(**checked(fields, FIELDS, "a product"), **self.modified(by))
            )
            if not done.rowcount:
                raise NotFound("product", name)
        await self.announce("product", "updated", name)
        return await self.get(name)

    @whole
    async def delete(self, name: str) -> None:
        """Raises `NotFound`, and `Conflict` while a key has the product."""
        try:
            async with self.database.writing() as connection:
                done = await connection.execute(
                    delete(products).where(
                        products.c.organization == self.organization, products.c.name == name
                    )
                )
                if not done.rowcount:
                    raise NotFound("product", name)
        except IntegrityError:
            raise Conflict(f"product {name} is used by a key of an app") from None
        await self.announce("product", "deleted", name)

    async def _row(self, name: str) -> Row:
        async with self.database.reading() as connection:
            found = await connection.execute(
                select(products).where(
                    products.c.organization == self.organization, products.c.name == name
                )
            )
            row = found.mappings().first()
        if row is None:
            raise NotFound("product", name)
        return row


def _defaults(name: str) -> dict[str, Any]:
    empty: list[str] = []
    return {
        "display_name": name, "description": "", "approval_type": "auto", "environments": empty,
        "proxies": empty, "resources": empty, "scopes": empty, "attributes": empty, "extra": {},
    }  # fmt: skip
