"""Consumer keys and secrets of apps."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.ports.identity import APPROVED, PENDING, Credential
from gateway.store.credential_rows import CredentialReader, credentials_query, secret_purpose
from gateway.store.database import breaks_reference
from gateway.store.errors import AlreadyExists, NotFound
from gateway.store.repository import Repository, as_json, checked, whole
from gateway.store.tables import credential_products, credentials, products

FIELDS = ("status", "scopes", "attributes", "expires_at")


class Keys(Repository):
    """Credentials of the organization's apps. A change is effective at once."""

    async def get(self, consumer_key: str, app_id: str | None = None) -> Credential:
        """Raises `NotFound`, also when the key is another app's than `app_id`."""
        query = credentials_query(self.organization, is_sqlite=self.database.is_sqlite)
        query = query.where(credentials.c.consumer_key == consumer_key)
        if app_id is not None:
            query = query.where(credentials.c.app_id == app_id)
        async with self.database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        if not rows:
            raise NotFound("key", consumer_key)
        return CredentialReader(self.organization, self.keys).read(rows)[0]

    @whole
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
        """Raises `AlreadyExists` for a key that is taken, `NotFound` for the app or a
        product. Products with manual approval are `pending`."""
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
                        scopes=as_json(scopes),
                        attributes=as_json(attributes),
                    )
                )
                await self._add(connection, consumer_key, product_names)
        except IntegrityError as error:
            if breaks_reference(error):
                raise NotFound("app", app_id) from None
            raise AlreadyExists("key", consumer_key) from None
        await self.announce("credential", "created", consumer_key)
        return await self.get(consumer_key)

    @whole
    async def update(self, consumer_key: str, **fields: Any) -> Credential:
        """Change the fields given (those of `FIELDS`). Raises `NotFound`."""
        stored = checked(fields, FIELDS, "a key")
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

    @whole
    async def delete(self, consumer_key: str) -> Credential:
        """Raises `NotFound`."""
        deleted = await self.get(consumer_key)
        async with self.database.writing() as connection:
            done = await connection.execute(delete(credentials).where(*self._is(consumer_key)))
            if not done.rowcount:
                raise NotFound("key", consumer_key)
        await self.announce("credential", "deleted", consumer_key)
        return deleted

    @whole
    async def encrypt_anew(self, batch: int = 200) -> int:
        """After a rotation: encrypt every secret with the newest key; how many."""
        changed, last = 0, ""
        while True:
            async with self.database.writing() as connection:
                rows = await connection.execute(
                    select(credentials.c.consumer_key, credentials.c.consumer_secret)
                    .where(
                        credentials.c.organization == self.organization,
                        credentials.c.consumer_key > last,
                    )
                    .order_by(credentials.c.consumer_key)
                    .limit(batch)
                    .with_for_update()
                )
                found = rows.all()
                for key, secret in found:
                    changed += await self._encrypt_anew(connection, key, secret)
            if len(found) < batch:
                return changed
            last = found[-1][0]

    async def _encrypt_anew(self, connection: AsyncConnection, key: str, secret: bytes) -> bool:
        if not self.keys.needs_rotation(secret):
            return False
        purpose = secret_purpose(self.organization, key)
        renewed = self.keys.encrypt(self.keys.decrypt(secret, purpose), purpose)
        await connection.execute(
            update(credentials).where(*self._is(key)).values(consumer_secret=renewed)
        )
        return True

    # -- products of a key

    @whole
    async def add_products(self, consumer_key: str, names: tuple[str, ...]) -> Credential:
        """Products that the key has already stay as they are. Raises `NotFound` for the
        key or a product."""
        async with self.database.writing() as connection:
            await self._lock(connection, consumer_key)
            await self._add(connection, consumer_key, names)
        await self.announce("credential", "updated", consumer_key)
        return await self.get(consumer_key)

    @whole
    async def replace_products(self, consumer_key: str, names: tuple[str, ...]) -> Credential:
        """The key has exactly these; those it keeps keep their status. Raises
        `NotFound`."""
        async with self.database.writing() as connection:
            await self._lock(connection, consumer_key)
            await connection.execute(
                delete(credential_products).where(
                    *self._of(consumer_key), credential_products.c.product.not_in(names)
                )
            )
            await self._add(connection, consumer_key, names)
        await self.announce("credential", "updated", consumer_key)
        return await self.get(consumer_key)

    @whole
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

    @whole
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

    async def _lock(self, connection: AsyncConnection, consumer_key: str) -> None:
        """Changes of one key's products take turns. Raises `NotFound`."""
        query = select(credentials.c.app_id).where(*self._is(consumer_key)).with_for_update()
        if await connection.scalar(query) is None:
            raise NotFound("key", consumer_key)

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
