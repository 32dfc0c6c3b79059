"""The one place that deploys: compile, commit in the store, switch in memory, answer.

Deployments take turns. Whatever fails before the commit leaves the store and the running
revision as they are; after the commit nothing can fail but the process, and a restart
serves what the store says. A caller who goes away does not stop a deployment halfway.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from gateway.bundle.diagnostics import Diagnostic
from gateway.management.errors import (
    missing_environment,
    missing_proxy,
    missing_revision,
    path_conflict,
    revision_not_deployed,
)
from gateway.runtime.environment import BasePathConflict, RuntimeEnvironment
from gateway.runtime.runtime import Runtime
from gateway.store import Store
from gateway.store.deployments import StoredDeployment
from gateway.store.errors import NotFound

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Deployed:
    """What a deployment did."""

    base_path: str
    """The prefix given at deployment, `/` without one."""
    replaced: StoredDeployment | None
    """The other revision that served before."""
    warnings: tuple[Diagnostic, ...]


class Deployer:
    """Deploys and undeploys revisions of one organization."""

    def __init__(self, store: Store, runtime: Runtime) -> None:
        self._store = store
        self._runtime = runtime
        self._lock = asyncio.Lock()
        self._running: set[asyncio.Task[Any]] = set()

    async def deploy(
        self,
        environment: str,
        proxy: str,
        revision: int,
        *,
        by: str,
        override: bool = False,
        base_path: str = "/",
    ) -> Deployed:
        """Serve a revision from the next request on. Raises `ApiError` for unknown names
        and for conflicts, `BundleError` with all messages when it does not compile."""
        return await self._to_the_end(
            self._deploy(environment, proxy, revision, by, override, base_path)
        )

    async def undeploy(self, environment: str, proxy: str, revision: int) -> StoredDeployment:
        """Stop serving a revision; what was deployed. Raises `ApiError`."""
        return await self._to_the_end(self._undeploy(environment, proxy, revision))

    async def current(self, environment: str, proxy: str) -> StoredDeployment | None:
        """What serves a proxy in an environment."""
        found = await self._store.deployments.all(environment=environment, proxy=proxy)
        return found[0] if found else None

    async def _deploy(
        self,
        environment: str,
        proxy: str,
        revision: int,
        by: str,
        override: bool,
        base_path: str,
    ) -> Deployed:
        place = self._place(environment)
        async with self._lock:
            archive = await self._archive(proxy, revision)
            before = await self.current(environment, proxy)
            if before is not None and not override:
                raise self._conflict_with(before)
            try:
                prepared = await place.prepare(proxy, str(revision), archive, base_path)
            except BasePathConflict as conflict:
                serving = place.deployed()[conflict.other]
                raise path_conflict(
                    conflict.path, serving, conflict.other, self._runtime.organization, environment
                ) from None
            await self._store.deployments.put(
                environment, proxy, revision, base_path, by, override=True
            )
            place.switch(prepared)
        replaced = before if before is not None and before.revision != revision else None
        return Deployed(base_path, replaced, prepared.warnings)

    async def _undeploy(self, environment: str, proxy: str, revision: int) -> StoredDeployment:
        place = self._place(environment)
        async with self._lock:
            await self._archive(proxy, revision)
            before = await self.current(environment, proxy)
            if before is None or before.revision != revision:
                raise revision_not_deployed(str(revision), proxy, environment)
            await self._store.deployments.remove(environment, proxy, revision)
            place.remove(proxy)
        return before

    def _place(self, environment: str) -> RuntimeEnvironment:
        place = self._runtime.environments.get(environment)
        if place is None:
            raise missing_environment(environment, self._runtime.organization)
        return place

    async def _archive(self, proxy: str, revision: int) -> bytes:
        try:
            await self._store.proxies.get(proxy)
        except NotFound:
            raise missing_proxy(proxy, self._runtime.organization) from None
        try:
            return await self._store.proxies.archive(proxy, revision)
        except NotFound:
            raise missing_revision(str(revision), proxy, self._runtime.organization) from None

    def _conflict_with(self, before: StoredDeployment) -> Exception:
        paths = [path for _, path in before.base_paths] or ["/"]
        return path_conflict(
            paths[0],
            str(before.revision),
            before.proxy,
            self._runtime.organization,
            before.environment,
        )

    async def _to_the_end(self, work: Coroutine[Any, Any, T]) -> T:
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)
