"""Developer apps."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import Select, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.ports.identity import APPROVED, App, Credential
from gateway.store.credential_rows import CredentialReader, credentials_query
from gateway.store.database import breaks_reference
from gateway.store.entity_rows import app_of
from gateway.store.errors import AlreadyExists, NotFound
from gateway.store.repository import Repository, as_json, checked, whole
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
        return await self._read(query.order_by(apps.c.created_at, apps.c.id))

    async def get(self, app_id: str) -> StoredApp:
        """Raises `NotFound`."""
        return await self._one(select(apps).where(apps.c.id == app_id), app_id)

    async def find(self, developer_id: str, name: str) -> StoredApp:
        """Raises `NotFound`."""
        query = select(apps).where(apps.c.developer_id == developer_id, apps.c.name == name)
        return await self._one(query, name)

    @whole
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
        """An app without credentials. Raises `NotFound` for the developer, `AlreadyExists`."""
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
                        scopes=as_json(scopes),
                        attributes=as_json(attributes),
                        **self.created(by),
                    )
                )
        except IntegrityError as error:
            if breaks_reference(error):
                raise NotFound("developer", developer_id) from None
            raise AlreadyExists("app", name) from None
        await self.announce("app", "created", app_id, developer_id)
        return await self.get(app_id)

    @whole
    async def update(self, app_id: str, by: str, **fields: Any) -> StoredApp:
        """Change the fields given (those of `FIELDS`). Raises `NotFound`,
        `AlreadyExists`."""
        values = {**checked(fields, FIELDS, "an app"), **self.modified(by)}
        try:
            async with self.database.writing() as connection:
                developer_id = await connection.scalar(
                    update(apps)
                    .where(apps.c.organization == self.organization, apps.c.id == app_id)
                    .values(**values)
                    .returning(apps.c.developer_id)
                )
                if developer_id is None:
                    raise NotFound("app", app_id)
        except IntegrityError:
            raise AlreadyExists("app", str(fields.get("name"))) from None
        await self.announce("app", "updated", app_id, developer_id)
        return await self.get(app_id)

    async def set_status(self, app_id: str, status: str, by: str) -> None:
        """`approved`, `revoked` or `pending`, effective at once. Raises `NotFound`."""
        await self.update(app_id, by, status=status)

    @whole
    async def delete(self, app_id: str) -> StoredApp:
        """Delete with its keys and tokens; what was deleted. Raises `NotFound`."""
        stored = await self.get(app_id)
        async with self.database.writing() as connection:
            done = await connection.execute(delete(apps).where(apps.c.id == app_id))
            if not done.rowcount:
                raise NotFound("app", app_id)
        await self.announce("app", "deleted", app_id, stored.developer_id)
        return stored

    async def _one(self, query: Select[Any], name: str) -> StoredApp:
        found = await self._read(query.where(apps.c.organization == self.organization))
        if not found:
            raise NotFound("app", name)
        return found[0]

    async def _read(self, query: Select[Any]) -> tuple[StoredApp, ...]:
        """The apps of `query` with their credentials, in two statements."""
        credentials = credentials_query(self.organization, is_sqlite=self.database.is_sqlite)
        chosen = query.with_only_columns(apps.c.id).order_by(None)
        async with self.database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
            found = await connection.execute(credentials.where(apps.c.id.in_(chosen)))
            known = CredentialReader(self.organization, self.keys).read(found.mappings())
        by_app: defaultdict[str, list[Credential]] = defaultdict(list)
        for credential in known:
            by_app[credential.app.app_id].append(credential)
        return tuple(
            StoredApp(app_of(row), row["developer_id"], tuple(by_app[row["id"]])) for row in rows
        )
