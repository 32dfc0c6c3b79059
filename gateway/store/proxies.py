"""Proxies and their revisions: bundles as they were imported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.store.database import breaks_reference
from gateway.store.errors import Conflict, NotFound
from gateway.store.repository import HISTORY, Repository, as_json, history, whole
from gateway.store.tables import proxies, revisions

APIPROXY = "apiproxy"


@dataclass(frozen=True, slots=True)
class Proxy:
    name: str
    revisions: tuple[int, ...]
    """Numbers, ascending."""
    created_at: int
    created_by: str
    last_modified_at: int
    last_modified_by: str


@dataclass(frozen=True, slots=True)
class Revision:
    proxy: str
    number: int
    display_name: str
    description: str
    base_paths: tuple[tuple[str, str], ...]
    """(ProxyEndpoint name, base path)."""
    created_at: int
    created_by: str
    last_modified_at: int
    last_modified_by: str


class Proxies(Repository):
    """API proxies (and, by `kind`, shared flows)."""

    async def names(self, kind: str = APIPROXY) -> tuple[str, ...]:
        async with self.database.reading() as connection:
            found = await connection.scalars(
                select(proxies.c.name)
                .where(proxies.c.organization == self.organization, proxies.c.kind == kind)
                .order_by(proxies.c.name)
            )
            return tuple(found)

    async def get(self, name: str, kind: str = APIPROXY) -> Proxy:
        """Raises `NotFound`."""
        async with self.database.reading() as connection:
            row = (await connection.execute(self._proxy(name, kind))).mappings().first()
            if row is None:
                raise NotFound("proxy", name)
            numbers = await connection.scalars(
                select(revisions.c.number)
                .where(revisions.c.proxy_id == row["id"])
                .order_by(revisions.c.number)
            )
            return Proxy(row["name"], tuple(numbers), **history(row))

    @whole
    async def add_revision(
        self,
        name: str,
        archive: bytes,
        base_paths: tuple[tuple[str, str], ...],
        display_name: str,
        description: str,
        by: str,
        kind: str = APIPROXY,
    ) -> Revision:
        """Store a bundle as the next revision; the proxy is made if it is new."""
        values = {
            "display_name": display_name,
            "description": description,
            "base_paths": as_json(base_paths),
            "archive": archive,
            **self.created(by),
        }
        try:
            number = await self._append(name, kind, values)
        except IntegrityError as error:
            if breaks_reference(error):
                raise NotFound("organization", self.organization) from None
            # Another import made the proxy in between; now it is there.
            number = await self._append(name, kind, values)
        await self.announce("proxy", "updated", name, str(number))
        return await self.revision(name, number, kind)

    async def _append(self, name: str, kind: str, values: dict[str, Any]) -> int:
        async with self.database.writing() as connection:
            allocated = await connection.execute(
                update(proxies)
                .where(*self._named(name, kind))
                .values(
                    next_revision=proxies.c.next_revision + 1,
                    last_modified_at=values["last_modified_at"],
                    last_modified_by=values["last_modified_by"],
                )
                .returning(proxies.c.id, proxies.c.next_revision)
            )
            row = allocated.first()
            if row is None:
                made = await connection.execute(
                    insert(proxies)
                    .values(
                        organization=self.organization, kind=kind, name=name, next_revision=2,
                        **{column: values[column] for column in HISTORY},
                    )
                    .returning(proxies.c.id, proxies.c.next_revision)
                )  # fmt: skip
                row = made.one()
            number = int(row[1]) - 1
            await connection.execute(
                insert(revisions).values(proxy_id=row[0], number=number, **values)
            )
            return number

    async def revision(self, name: str, number: int, kind: str = APIPROXY) -> Revision:
        """Raises `NotFound`."""
        columns = [column for column in revisions.c if column.name != "archive"]
        async with self.database.reading() as connection:
            found = await connection.execute(
                select(*columns)
                .join(proxies, proxies.c.id == revisions.c.proxy_id)
                .where(*self._named(name, kind), revisions.c.number == number)
            )
            row = found.mappings().first()
        if row is None:
            raise NotFound("revision", f"{number} of {name}")
        return Revision(
            name,
            number,
            row["display_name"],
            row["description"],
            tuple((endpoint, path) for endpoint, path in row["base_paths"]),
            **history(row),
        )

    async def archive(self, name: str, number: int, kind: str = APIPROXY) -> bytes:
        """The bundle's ZIP as it was imported. Raises `NotFound`."""
        async with self.database.reading() as connection:
            content = await connection.scalar(
                select(revisions.c.archive)
                .join(proxies, proxies.c.id == revisions.c.proxy_id)
                .where(*self._named(name, kind), revisions.c.number == number)
            )
        if content is None:
            raise NotFound("revision", f"{number} of {name}")
        return bytes(content)

    @whole
    async def delete_revision(self, name: str, number: int, kind: str = APIPROXY) -> None:
        """Raises `NotFound`, and `Conflict` while it is deployed."""
        proxy_id = select(proxies.c.id).where(*self._named(name, kind)).scalar_subquery()
        try:
            async with self.database.writing() as connection:
                done = await connection.execute(
                    delete(revisions).where(
                        revisions.c.proxy_id == proxy_id, revisions.c.number == number
                    )
                )
                if not done.rowcount:
                    raise NotFound("revision", f"{number} of {name}")
        except IntegrityError:
            raise Conflict(f"revision {number} of {name} is deployed") from None
        await self.announce("proxy", "updated", name, str(number))

    @whole
    async def delete(self, name: str, kind: str = APIPROXY) -> None:
        """Delete a proxy with all revisions. Raises `NotFound`, `Conflict` while one of
        them is deployed."""
        try:
            async with self.database.writing() as connection:
                done = await connection.execute(delete(proxies).where(*self._named(name, kind)))
                if not done.rowcount:
                    raise NotFound("proxy", name)
        except IntegrityError:
            raise Conflict(f"a revision of {name} is deployed") from None
        await self.announce("proxy", "deleted", name)

    def _proxy(self, name: str, kind: str) -> Select[tuple[object, ...]]:
        return select(proxies).where(*self._named(name, kind))

    def _named(self, name: str, kind: str) -> tuple[ColumnElement[bool], ...]:
        return (
            proxies.c.organization == self.organization,
            proxies.c.kind == kind,
            proxies.c.name == name,
        )
