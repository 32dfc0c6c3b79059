"""Developer apps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import RowMapping, Select, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.ports.identity import APPROVED, App, Credential
from gateway.store.credential_rows import read_credentials
from gateway.store.errors import AlreadyExists, NotFound
from gateway.store.repository import Repository, as_attributes, history
from gateway.store.tables import apps

FIELDS = ("status", "app_family", "access_type", "callback_url", "scopes", "attributes", "name")


@dataclass(frozen=True, slots=True)
class StoredApp:
    """An app with its developer's id and its credentials, oldest first."""

    app: App
    developer_id: str
    credentials: tuple[Credential, ...]


class Apps(Repository):
    """Known by id, or by developer id and name."""

    async def ids(self) -> tuple[str, ...]:
        async with self.database.reading() as connection:
            found = await connection.scalars(
                select(apps.c.id)
                .where(apps.c.organization == self.organization)
                .order_by(apps.c.created_at, apps.c.id)
            )
            return tuple(found)

    async def all(self, developer_id: str | None = None) -> tuple[StoredApp, ...]:
        """All apps, or those of a developer."""
        query = select(apps).where(apps.c.organization == self.organization)
        if developer_id is not None:
            query = query.where(apps.c.developer_id == developer_id)
        async with self.database.reading() as connection:
            rows = (
                await connection.execute(query.order_by(apps.c.created_at, apps.c.id))
            ).mappings()
            return tuple([await self._stored(connection, row) for row in rows.all()])

    async def get(self, app_id: str) -> StoredApp:
        """Raises `NotFound`."""
        return await self._one(select(apps).where(apps.c.id == app_id), app_id)

    async def find(self, developer_id: str, name: str) -> StoredApp:
        """Raises `NotFound`."""
        query = select(apps).where(apps.c.developer_id == developer_id, apps.c.name == name)
        return await self._one(query, name)

    async def create(
        self,
        developer_id: str,
        name: str,
        by: str,
        *,
        callback_url: str = "",
        scopes: tuple[str, ...] = (),
        attributes: tuple[tuple[str, str], ...] = (),
        app_family: str = "default",
        access_type: str = "",
    ) -> StoredApp:
        """An app without credentials. Raises `AlreadyExists`."""
        app_id = str(uuid4())
        try:
            async with self.database.writing() as connection:
                await connection.execute(
                    insert(apps).values(
                        id=app_id,
                        organization=self.organization,
                        developer_id=developer_id,
                        name=name,
                        status=APPROVED,
                        app_family=app_family,
                        access_type=access_type,
                        callback_url=callback_url,
                        scopes=list(scopes),
                        attributes=[list(item) for item in attributes],
                        **self.created(by),
                    )
                )
        except IntegrityError:
            raise AlreadyExists("app", name) from None
        await self.announce("app", "created", app_id, developer_id)
        return await self.get(app_id)

    async def update(self, app_id: str, by: str, **fields: Any) -> StoredApp:
        """Change the fields given (those of `FIELDS`). Raises `NotFound`,
        `AlreadyExists`."""
        unknown = fields.keys() - set(FIELDS)
        if unknown:
            raise TypeError(f"not a field of an app: {', '.join(sorted(unknown))}")
        if "attributes" in fields:
            fields["attributes"] = [list(item) for item in fields["attributes"]]
        if "scopes" in fields:
            fields["scopes"] = list(fields["scopes"])
        try:
            async with self.database.writing() as connection:
                done = await connection.execute(
                    update(apps)
                    .where(apps.c.organization == self.organization, apps.c.id == app_id)
                    .values(**fields, **self.modified(by))
                )
                if not done.rowcount:
                    raise NotFound("app", app_id)
        except IntegrityError:
            raise AlreadyExists("app", str(fields.get("name"))) from None
        await self.announce("app", "updated", app_id)
        return await self.get(app_id)

    async def set_status(self, app_id: str, status: str, by: str) -> None:
        """`approved`, `revoked` or `pending`, effective at once. Raises `NotFound`."""
        await self.update(app_id, by, status=status)

    async def delete(self, app_id: str) -> StoredApp:
        """Delete with its keys and tokens; what was deleted. Raises `NotFound`."""
        stored = await self.get(app_id)
        async with self.database.writing() as connection:
            await connection.execute(delete(apps).where(apps.c.id == app_id))
        await self.announce("app", "deleted", app_id, stored.developer_id)
        return stored

    async def _one(self, query: Select[Any], name: str) -> StoredApp:
        async with self.database.reading() as connection:
            found = await connection.execute(query.where(apps.c.organization == self.organization))
            row = found.mappings().first()
            if row is None:
                raise NotFound("app", name)
            return await self._stored(connection, row)

    async def _stored(self, connection: Any, row: RowMapping) -> StoredApp:
        credentials = await read_credentials(
            connection, self.organization, self.keys, app_id=row["id"]
        )
        return StoredApp(app_of(row), row["developer_id"], credentials)


def app_of(row: RowMapping) -> App:
    """A row of `apps` as the data path sees it."""
    return App(
        app_id=row["id"],
        name=row["name"],
        status=row["status"],
        app_family=row["app_family"],
        access_type=row["access_type"],
        callback_url=row["callback_url"],
        scopes=tuple(row["scopes"]),
        attributes=as_attributes(row["attributes"]),
        **history(row),
    )
