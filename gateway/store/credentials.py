"""Consumer keys and secrets of apps."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.ports.identity import APPROVED, PENDING, Credential
from gateway.store.credential_rows import read_credentials, secret_purpose
from gateway.store.errors import AlreadyExists, NotFound
from gateway.store.repository import Repository
from gateway.store.tables import credential_products, credentials, products


class Keys(Repository):
    """Credentials of the organization's apps. A change is effective at once."""

    async def get(self, consumer_key: str, app_id: str | None = None) -> Credential:
        """Raises `NotFound`, also when the key is another app's than `app_id`."""
        async with self.database.reading() as connection:
            found = await read_credentials(
                connection, self.organization, self.keys, app_id=app_id, consumer_key=consumer_key
            )
        if not found:
            raise NotFound("key", consumer_key)
        return found[0]

    async def create(
        self,
        app_id: str,
        consumer_key: str,
        consumer_secret: str,
        *,
        product_names: tuple[str, ...] = (),
        expires_at: int = -1,
        scopes: tuple[str, ...] = (),
        attributes: tuple[tuple[str, str], ...] = (),
        status: str = APPROVED,
    ) -> Credential:
        """Raises `AlreadyExists` for a key that is taken, `NotFound` for a product.
        Products with manual approval are `pending`."""
        purpose = secret_purpose(self.organization, consumer_key)
        try:
            async with self.database.writing() as connection:
                await connection.execute(
                    insert(credentials).values(
                        organization=self.organization,
                        consumer_key=consumer_key,
                        app_id=app_id,
                        consumer_secret=self.keys.encrypt(consumer_secret, purpose),
                        status=status,
                        issued_at=self.clock.now_ms(),
                        expires_at=expires_at,
                        scopes=list(scopes),
                        attributes=[list(item) for item in attributes],
                    )
                )
                await self._add(connection, consumer_key, product_names)
        except IntegrityError:
            raise AlreadyExists("key", consumer_key) from None
        await self.announce("credential", "created", consumer_key)
        return await self.get(consumer_key)

    async def update(self, consumer_key: str, **fields: Any) -> Credential:
        """Change `status`, `scopes`, `attributes` or `expires_at`. Raises `NotFound`."""
        stored = {
            name: [list(item) if isinstance(item, tuple) else item for item in value]
            if isinstance(value, tuple | list)
            else value
            for name, value in fields.items()
        }
        async with self.database.writing() as connection:
            done = await connection.execute(
                update(credentials).where(*self._is(consumer_key)).values(**stored)
            )
            if not done.rowcount:
                raise NotFound("key", consumer_key)
        await self.announce("credential", "updated", consumer_key)
        return await self.get(consumer_key)

    async def set_status(self, consumer_key: str, status: str) -> None:
        """`approved`, `revoked` or `pending`. Raises `NotFound`."""
        await self.update(consumer_key, status=status)

    async def delete(self, consumer_key: str) -> Credential:
        """Raises `NotFound`."""
        deleted = await self.get(consumer_key)
        async with self.database.writing() as connection:
            await connection.execute(delete(credentials).where(*self._is(consumer_key)))
        await self.announce("credential", "deleted", consumer_key)
        return deleted

    # -- products of a key

    async def add_products(self, consumer_key: str, names: tuple[str, ...]) -> Credential:
        """Products that the key has already stay as they are. Raises `NotFound` for the
        key or a product."""
        await self.get(consumer_key)
        async with self.database.writing() as connection:
            await self._add(connection, consumer_key, names)
        await self.announce("credential", "updated", consumer_key)
        return await self.get(consumer_key)

    async def replace_products(self, consumer_key: str, names: tuple[str, ...]) -> Credential:
        """The key has exactly these; those it keeps keep their status. Raises
        `NotFound`."""
        await self.get(consumer_key)
        async with self.database.writing() as connection:
            await connection.execute(
                delete(credential_products).where(
                    *self._of(consumer_key), credential_products.c.product.not_in(names)
                )
            )
            await self._add(connection, consumer_key, names)
        await self.announce("credential", "updated", consumer_key)
        return await self.get(consumer_key)

    async def set_product_status(self, consumer_key: str, product: str, status: str) -> None:
        """Raises `NotFound` when the key does not have the product."""
        async with self.database.writing() as connection:
            done = await connection.execute(
                update(credential_products)
                .where(*self._of(consumer_key), credential_products.c.product == product)
                .values(status=status)
            )
            if not done.rowcount:
                raise NotFound("product of key", product)
        await self.announce("credential", "updated", consumer_key)

    async def remove_product(self, consumer_key: str, product: str) -> Credential:
        """Raises `NotFound` when the key does not have the product."""
        async with self.database.writing() as connection:
            done = await connection.execute(
                delete(credential_products).where(
                    *self._of(consumer_key), credential_products.c.product == product
                )
            )
            if not done.rowcount:
                raise NotFound("product of key", product)
        await self.announce("credential", "updated", consumer_key)
        return await self.get(consumer_key)

    async def _add(
        self, connection: AsyncConnection, consumer_key: str, names: tuple[str, ...]
    ) -> None:
        present = set(
            await connection.scalars(
                select(credential_products.c.product).where(*self._of(consumer_key))
            )
        )
        position = int(
            await connection.scalar(
                select(func.coalesce(func.max(credential_products.c.position), 0)).where(
                    *self._of(consumer_key)
                )
            )
            or 0
        )
        for name in dict.fromkeys(names):
            if name in present:
                continue
            approval = await connection.scalar(
                select(products.c.approval_type).where(
                    products.c.organization == self.organization, products.c.name == name
                )
            )
            if approval is None:
                raise NotFound("product", name)
            position += 1
            await connection.execute(
                insert(credential_products).values(
                    organization=self.organization,
                    consumer_key=consumer_key,
                    product=name,
                    position=position,
                    status=PENDING if approval == "manual" else APPROVED,
                )
            )

    def _is(self, consumer_key: str) -> tuple[Any, ...]:
        return (
            credentials.c.organization == self.organization,
            credentials.c.consumer_key == consumer_key,
        )

    def _of(self, consumer_key: str) -> tuple[Any, ...]:
        return (
            credential_products.c.organization == self.organization,
            credential_products.c.consumer_key == consumer_key,
        )
