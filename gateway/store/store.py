"""The store of one process: the database with everything that stands on it."""

from __future__ import annotations

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
from gateway.store.keys import KeyRing
from gateway.store.organizations import Organizations
from gateway.store.products import Products
from gateway.store.proxies import Proxies
from gateway.store.token_store import TokenRepository


class Store:
    """Repositories by family (`products`, `developers`, `apps`, `keys`, ...), and the
    two ports of the data path (`credentials`, `tokens`)."""

    def __init__(self, database: Database, organization: str, keys: KeyRing, clock: Clock) -> None:
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
        self.credentials = CredentialCache(database, organization, keys)
        self.tokens = TokenRepository(database, organization, keys, self.credentials, clock)
        # First, so that nobody else who hears of a change still finds the old state.
        self.changes.subscribe(self.credentials.apply)
        self.changes.subscribe(self.tokens.apply)

    @classmethod
    async def open(
        cls,
        url: str,
        data_dir: Path,
        organization: str,
        *,
        clock: Clock | None = None,
        schema: str | None = None,
    ) -> Store:
        """Open the database at `url`, migrated, with the keys of `data_dir`. Raises
        `StoreError`."""
        keys = KeyRing.open(data_dir)
        database = await Database.open(url, schema=schema)
        return cls(database, organization, keys, clock or SystemClock())

    async def close(self) -> None:
        await self.tokens.close()
        await self.database.close()
