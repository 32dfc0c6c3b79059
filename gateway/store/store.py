"""The store of one process: the database with everything that stands on it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

from gateway.ports.clock import Clock, SystemClock
from gateway.store.administrators import Administrators
from gateway.store.apps import Apps
from gateway.store.audit import Audit
from gateway.store.changes import InProcessChanges
from gateway.store.credential_cache import CredentialCache
from gateway.store.credentials import Keys
from gateway.store.database import Database
from gateway.store.deployments import Deployments
from gateway.store.developers import Developers
from gateway.store.housekeeping import purge_forever
from gateway.store.key_check import check_keys
from gateway.store.keys import KeyRing
from gateway.store.lookup import LocalReader
from gateway.store.organizations import Organizations
from gateway.store.products import Products
from gateway.store.proxies import Proxies
from gateway.store.token_store import TokenRepository


class Store:
    """Repositories by family (`products`, `developers`, `apps`, `keys`, ...), and the
    two ports of the data path (`credentials`, `tokens`)."""

    def __init__(
        self,
        database: Database,
        organization: str,
        keys: KeyRing,
        clock: Clock,
        *,
        cached_credentials: int = 100_000,
        cached_tokens: int = 1_000_000,
    ) -> None:
        self.database = database
        self.organization = organization
        self.clock = clock
        self.key_ring = keys
        self.changes = InProcessChanges()
        shared = (database, organization, clock, self.changes, keys)
        self.organizations = Organizations(database, clock)
        self.proxies = Proxies(*shared)
        self.deployments = Deployments(*shared)
        self.products = Products(*shared)
        self.developers = Developers(*shared)
        self.apps = Apps(*shared)
        self.keys = Keys(*shared)
        self.audit = Audit(*shared)
        self.administrators = Administrators(database, clock)
        path = database.path
        self._reader = None if path is None else LocalReader(path)
        self.credentials = CredentialCache(
            database, organization, keys, self._reader, cached_credentials
        )
        self.tokens = TokenRepository(
            database, organization, keys, self.credentials, clock, self._reader, cached_tokens
        )
        # First, so that nobody else who hears of a change still finds the old state.
        self.changes.subscribe(self.credentials.apply)
        self.changes.subscribe(self.tokens.apply)
        self._housekeeping: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls,
        url: str,
        data_dir: Path,
        organization: str,
        *,
        clock: Clock | None = None,
        schema: str | None = None,
        cached_credentials: int = 100_000,
        cached_tokens: int = 1_000_000,
    ) -> Store:
        """Open the database at `url`, migrated, with the keys of `data_dir`; memory
        keeps so many credentials and tokens at most. Raises `StoreError`."""
        keys = KeyRing.open(data_dir)
        database = await Database.open(url, schema=schema)
        try:
            await check_keys(database, keys)
            store = cls(
                database,
                organization,
                keys,
                clock or SystemClock(),
                cached_credentials=cached_credentials,
                cached_tokens=cached_tokens,
            )
        except BaseException:
            await database.close()
            raise
        store._housekeeping = asyncio.create_task(purge_forever(store.tokens), name="purge")
        return store

    async def rotate_keys(self) -> int:
        """Encrypt with a new key, what is stored too; how many secrets were stored. The
        old key stays in the file for backups of the database."""
        self.key_ring.rotate()
        return await self.keys.encrypt_anew()

    async def close(self) -> None:
        """Write what waits, then close."""
        if self._housekeeping is not None:
            self._housekeeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._housekeeping
        await self.tokens.close()
        await self.database.close()
        if self._reader is not None:
            self._reader.close()
