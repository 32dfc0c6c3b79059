"""Credentials in memory: the port that the data path asks.

A snapshot is dropped the moment any of its parts changes, and a load that began before
a change never brings an old snapshot back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import bindparam

from gateway.ports.changes import Change
from gateway.ports.identity import UNKNOWN, Credential, Unknown
from gateway.store.bounded import AbsentKeys, BoundedMap
from gateway.store.credential_rows import CredentialReader, credentials_query
from gateway.store.database import Database
from gateway.store.flights import Flights
from gateway.store.keys import KeyRing
from gateway.store.lookup import LocalReader, Lookup
from gateway.store.tables import credentials

_LONGEST_KEY = 2048
"""Of the column; what is longer cannot exist and is not even remembered as absent."""


class CredentialCache:
    """Implements `gateway.ports.identity.Credentials`."""

    def __init__(
        self,
        database: Database,
        organization: str,
        keys: KeyRing,
        reader: LocalReader | None = None,
        capacity: int = 100_000,
    ) -> None:
        query = credentials_query(organization, is_sqlite=database.is_sqlite)
        query = query.where(credentials.c.consumer_key == bindparam("presented"))
        self._by_key = Lookup(database, query, reader)
        self._read = CredentialReader(organization, keys).read
        self._known: BoundedMap[str, Credential] = BoundedMap(capacity)
        self._absent: AbsentKeys[str] = AbsentKeys()
        self._flights = Flights(self._fetch, self._remember)
        self._links: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        """Keys by what their snapshots contain: (`app`, `developer` or `product`, id)."""

    def peek(self, consumer_key: str) -> Credential | Unknown | None:
        found = self._known.get(consumer_key)
        if found is not None:
            return found
        return UNKNOWN if consumer_key in self._absent else None

    async def load(self, consumer_key: str) -> Credential | None:
        """One look-up per key at a time; whoever comes meanwhile shares its answer."""
        if len(consumer_key) > _LONGEST_KEY or "\0" in consumer_key:
            return None
        return await self._flights.join(consumer_key)

    def apply(self, change: Change) -> None:
        """Listen to the store: forget whatever a committed change touches."""
        if change.kind == "credential":
            self.forget(*change.key)
        elif change.kind == "product":
            self.forget(*self._with("product", change.key[0]))
        elif change.kind == "developer":
            self.forget(*self._with("developer", change.key[0]))
        elif change.kind == "app":
            # The second part is its developer, whose list of apps may have changed.
            self.forget(*self._with("app", change.key[0]), *self._with("developer", change.key[1]))
        else:
            return
        self._flights.forget_all()

    def forget(self, *consumer_keys: str) -> None:
        """Drop snapshots; the next `load` asks the store."""
        for consumer_key in consumer_keys:
            found = self._known.pop(consumer_key, None)
            if found is not None:
                self._unlink(found)
            self._absent.discard(consumer_key)

    async def _fetch(self, consumer_key: str) -> Credential | None:
        found = self._read(await self._by_key.rows(presented=consumer_key))
        return found[0] if found else None

    def _remember(self, consumer_key: str, found: Credential | None) -> None:
        before = self._known.pop(consumer_key, None)
        if before is not None:
            self._unlink(before)
        if found is None:
            self._absent.add(consumer_key)
            return
        dropped = self._known.remember(consumer_key, found)
        if dropped is not None:
            self._unlink(dropped)
        for link in _parts(found):
            self._links[link].add(consumer_key)

    def _unlink(self, credential: Credential) -> None:
        for link in _parts(credential):
            keys = self._links.get(link)
            if keys is not None:
                keys.discard(credential.consumer_key)
                if not keys:
                    del self._links[link]

    def _with(self, kind: str, name: str) -> tuple[str, ...]:
        return tuple(self._links.get((kind, name), ()))


def _parts(credential: Credential) -> Iterator[tuple[str, str]]:
    yield "app", credential.app.app_id
    yield "developer", credential.developer.developer_id
    for item in credential.products:
        yield "product", item.product.name
