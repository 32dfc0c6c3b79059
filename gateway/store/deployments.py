"""Which revision serves where."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from gateway.store.errors import Conflict, NotFound
from gateway.store.proxies import APIPROXY
from gateway.store.repository import Repository, whole
from gateway.store.tables import deployments, proxies, revisions


@dataclass(frozen=True, slots=True)
class StoredDeployment:
    environment: str
    proxy: str
    revision: int
    base_path: str
    """The prefix given at deployment, `/` without one."""
    deployed_at: int
    base_paths: tuple[tuple[str, str], ...]
    """(ProxyEndpoint name, base path in the bundle)."""


class Deployments(Repository):
    """At most one revision of a proxy per environment."""

    async def all(
        self,
        *,
        environment: str | None = None,
        proxy: str | None = None,
        kind: str = APIPROXY,
    ) -> tuple[StoredDeployment, ...]:
        """Deployments, without the bundles, ordered by environment and proxy."""
        query = (
            select(
                deployments.c.environment,
                proxies.c.name,
                deployments.c.revision,
                deployments.c.base_path,
                deployments.c.deployed_at,
                revisions.c.base_paths,
            )
            .join(proxies, proxies.c.id == deployments.c.proxy_id)
            .join(
                revisions,
                (revisions.c.proxy_id == deployments.c.proxy_id)
                & (revisions.c.number == deployments.c.revision),
            )
            .where(deployments.c.organization == self.organization, proxies.c.kind == kind)
            .order_by(deployments.c.environment, proxies.c.name)
        )
        if environment is not None:
            query = query.where(deployments.c.environment == environment)
        if proxy is not None:
            query = query.where(proxies.c.name == proxy)
        async with self.database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(
            StoredDeployment(
                row[0], row[1], row[2], row[3], row[4],
                tuple((endpoint, path) for endpoint, path in row[5]),
            )
            for row in rows
        )  # fmt: skip

    @whole
    async def put(
        self,
        environment: str,
        proxy: str,
        revision: int,
        base_path: str,
        by: str,
        *,
        override: bool,
        kind: str = APIPROXY,
    ) -> int | None:
        """Deploy a revision; the number of the one it replaced, None without one. Raises
        `NotFound` for an unknown proxy, revision or environment, and `Conflict` when
        another revision serves and `override` is false."""
        try:
            async with self.database.writing() as connection:
                # The proxy's row is locked: deployments of one proxy take turns.
                proxy_id = await connection.scalar(
                    select(proxies.c.id)
                    .where(
                        proxies.c.organization == self.organization,
                        proxies.c.kind == kind,
                        proxies.c.name == proxy,
                    )
                    .with_for_update()
                )
                if proxy_id is None:
                    raise NotFound("proxy", proxy)
                place = (
                    (deployments.c.organization == self.organization)
                    & (deployments.c.environment == environment)
                    & (deployments.c.proxy_id == proxy_id)
                )
                before = await connection.scalar(select(deployments.c.revision).where(place))
                if before is not None and before != revision and not override:
                    raise Conflict(f"revision {before} of {proxy} is deployed in {environment}")
                await connection.execute(delete(deployments).where(place))
                await connection.execute(
                    insert(deployments).values(
                        organization=self.organization,
                        environment=environment,
                        proxy_id=proxy_id,
                        revision=revision,
                        base_path=base_path,
                        deployed_at=self.clock.now_ms(),
                        deployed_by=by,
                    )
                )
        except IntegrityError:
            raise NotFound("revision or environment", f"{revision} in {environment}") from None
        await self.announce("deployment", "created", environment, proxy, str(revision))
        return None if before is None else int(before)

    @whole
    async def remove(
        self, environment: str, proxy: str, revision: int | None, kind: str = APIPROXY
    ) -> int:
        """Undeploy; the revision that served. Raises `NotFound` when that revision (any,
        with None) does not serve there."""
        async with self.database.writing() as connection:
            query = (
                select(deployments.c.proxy_id, deployments.c.revision)
                .join(proxies, proxies.c.id == deployments.c.proxy_id)
                .where(
                    deployments.c.organization == self.organization,
                    deployments.c.environment == environment,
                    proxies.c.kind == kind,
                    proxies.c.name == proxy,
                )
            )
            row = (await connection.execute(query)).first()
            if row is None or (revision is not None and row[1] != revision):
                raise NotFound("deployment", f"{proxy} in {environment}")
            await connection.execute(
                delete(deployments).where(
                    deployments.c.organization == self.organization,
                    deployments.c.environment == environment,
                    deployments.c.proxy_id == row[0],
                )
            )
        await self.announce("deployment", "deleted", environment, proxy, str(row[1]))
        return int(row[1])
