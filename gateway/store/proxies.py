"""Proxies and their revisions: bundles as they were imported."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.store.errors import Conflict, NotFound
from gateway.store.repository import Repository, history
from gateway.store.tables import deployments, proxies, revisions

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
        async with self.database.writing() as connection:
            proxy_id, number = None, 1
            allocated = await connection.execute(
                update(proxies)
                .where(
                    proxies.c.organization == self.organization,
                    proxies.c.kind == kind,
                    proxies.c.name == name,
                )
                .values(next_revision=proxies.c.next_revision + 1, **self.modified(by))
                .returning(proxies.c.id, proxies.c.next_revision)
            )
            row = allocated.first()
            if row is not None:
                proxy_id, number = row[0], row[1] - 1
            else:
                proxy_id = await connection.scalar(
                    insert(proxies)
                    .values(
                        organization=self.organization, kind=kind, name=name, next_revision=2,
                        **self.created(by),
                    )
                    .returning(proxies.c.id)
                )  # fmt: skip
            values = {
                "proxy_id": proxy_id,
                "number": number,
                "display_name": display_name,
                "description": description,
                "base_paths": [list(path) for path in base_paths],
                "archive": archive,
                **self.created(by),
            }
            await connection.execute(insert(revisions).values(values))
        await self.announce("proxy", "updated", name, str(number))
        return await self.revision(name, number, kind)

    async def revision(self, name: str, number: int, kind: str = APIPROXY) -> Revision:
        """Raises `NotFound`."""
        columns = [column for column in revisions.c if column.name != "archive"]
        async with self.database.reading() as connection:
            found = await connection.execute(
                select(*columns)
                .join(proxies, proxies.c.id == revisions.c.proxy_id)
                .where(
                    proxies.c.organization == self.organization,
                    proxies.c.kind == kind,
                    proxies.c.name == name,
                    revisions.c.number == number,
                )
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
                .where(
                    proxies.c.organization == self.organization,
                    proxies.c.kind == kind,
                    proxies.c.name == name,
                    revisions.c.number == number,
                )
            )
        if content is None:
            raise NotFound("revision", f"{number} of {name}")
        return bytes(content)

    async def delete_revision(self, name: str, number: int, kind: str = APIPROXY) -> None:
        """Raises `NotFound`, and `Conflict` while it is deployed."""
        await self.revision(name, number, kind)
        try:
            async with self.database.writing() as connection:
                proxy_id = await connection.scalar(
                    self._proxy(name, kind).with_only_columns(proxies.c.id)
                )
                await connection.execute(
                    delete(revisions).where(
                        revisions.c.proxy_id == proxy_id, revisions.c.number == number
                    )
                )
        except IntegrityError:
            raise Conflict(f"revision {number} of {name} is deployed") from None
        await self.announce("proxy", "updated", name, str(number))

    async def delete(self, name: str, kind: str = APIPROXY) -> None:
        """Delete a proxy with all revisions. Raises `NotFound`, `Conflict` while one of
        them is deployed."""
        await self.get(name, kind)
        async with self.database.writing() as connection:
            proxy_id = await connection.scalar(
                self._proxy(name, kind).with_only_columns(proxies.c.id)
            )
            deployed = await connection.scalar(
                select(deployments.c.revision).where(deployments.c.proxy_id == proxy_id).limit(1)
            )
            if deployed is not None:
                raise Conflict(f"revision {deployed} of {name} is deployed")
            await connection.execute(delete(revisions).where(revisions.c.proxy_id == proxy_id))
            await connection.execute(delete(proxies).where(proxies.c.id == proxy_id))
        await self.announce("proxy", "deleted", name)

    def _proxy(self, name: str, kind: str) -> Select[tuple[object, ...]]:
        return select(proxies).where(
            proxies.c.organization == self.organization,
            proxies.c.kind == kind,
            proxies.c.name == name,
        )
