"""App developers."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.ports.identity import ACTIVE, Developer
from gateway.store.entity_rows import developer_of
from gateway.store.errors import AlreadyExists, NotFound
from gateway.store.repository import Repository, Row, as_json, checked, whole
from gateway.store.tables import apps, developers

FIELDS = ("email", "first_name", "last_name", "user_name", "status", "attributes")


class Developers(Repository):
    """Known by e-mail or by id: every `developer` argument takes either."""

    async def emails(self) -> tuple[str, ...]:
        async with self.database.reading() as connection:
            found = await connection.scalars(
                select(developers.c.email)
                .where(developers.c.organization == self.organization)
                .order_by(developers.c.email)
            )
            return tuple(found)

    async def all(self) -> tuple[Developer, ...]:
        names: defaultdict[str, list[str]] = defaultdict(list)
        async with self.database.reading() as connection:
            found = await connection.execute(
                select(apps.c.developer_id, apps.c.name)
                .where(apps.c.organization == self.organization)
                .order_by(apps.c.name)
            )
            for developer_id, name in found.all():
                names[developer_id].append(name)
            rows = await connection.execute(
                select(developers)
                .where(developers.c.organization == self.organization)
                .order_by(developers.c.email)
            )
            return tuple(developer_of(row, tuple(names[row["id"]])) for row in rows.mappings())

    async def get(self, developer: str) -> Developer:
        """Raises `NotFound`."""
        async with self.database.reading() as connection:
            row = await self._row(connection, developer)
            return developer_of(row, await app_names(connection, row["id"]))

    @whole
    async def create(
        self,
        email: str,
        first_name: str,
        last_name: str,
        user_name: str,
        by: str,
        attributes: tuple[tuple[str, str], ...] = (),
    ) -> Developer:
        """Raises `AlreadyExists`."""
        try:
            async with self.database.writing() as connection:
                await connection.execute(
                    insert(developers).values(
                        id=str(uuid4()),
                        organization=self.organization,
                        email=email,
                        first_name=first_name,
                        last_name=last_name,
                        user_name=user_name,
                        status=ACTIVE,
                        attributes=as_json(attributes),
                        **self.created(by),
                    )
                )
        except IntegrityError:
            raise AlreadyExists("developer", email) from None
        await self.announce("developer", "created", email)
        return await self.get(email)

    @whole
    async def update(self, developer: str, by: str, **fields: Any) -> Developer:
        """Change the fields given (those of `FIELDS`). Raises `NotFound`,
        `AlreadyExists` for an e-mail that is taken."""
        values = {**checked(fields, FIELDS, "a developer"), **self.modified(by)}
        try:
            async with self.database.writing() as connection:
                row = await self._row(connection, developer)
                await connection.execute(
                    update(developers).where(developers.c.id == row["id"]).values(**values)
                )
        except IntegrityError:
            raise AlreadyExists("developer", str(fields.get("email"))) from None
        await self.announce("developer", "updated", row["id"])
        return await self.get(row["id"])

    async def set_status(self, developer: str, status: str, by: str) -> None:
        """`active` or `inactive`, effective at once. Raises `NotFound`."""
        await self.update(developer, by, status=status)

    @whole
    async def delete(self, developer: str) -> Developer:
        """Delete with all apps, keys and tokens; what was deleted. Raises `NotFound`."""
        async with self.database.writing() as connection:
            row = await self._row(connection, developer)
            deleted = developer_of(row, await app_names(connection, row["id"]))
            await connection.execute(delete(developers).where(developers.c.id == row["id"]))
        await self.announce("developer", "deleted", row["id"])
        return deleted

    async def _row(self, connection: AsyncConnection, developer: str) -> Row:
        found = await connection.execute(
            select(developers).where(
                developers.c.organization == self.organization,
                or_(developers.c.email == developer, developers.c.id == developer),
            )
        )
        row = found.mappings().first()
        if row is None:
            raise NotFound("developer", developer)
        return row


async def app_names(connection: AsyncConnection, developer_id: str) -> tuple[str, ...]:
    found = await connection.scalars(
        select(apps.c.name).where(apps.c.developer_id == developer_id).order_by(apps.c.name)
    )
    return tuple(found)
