"""Credentials in memory: the port that the data path asks.

A snapshot is dropped the moment any of its parts changes, and a load that began before
a change never brings an old snapshot back: it is repeated.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable

from gateway.ports.changes import Change
from gateway.ports.identity import UNKNOWN, Credential, Unknown
from gateway.store.bounded import AbsentKeys, BoundedMap
from gateway.store.credential_rows import read_credentials
from gateway.store.database import Database
from gateway.store.keys import KeyRing

_ATTEMPTS = 5


class CredentialCache:
    """Implements `gateway.ports.identity.Credentials`."""

    def __init__(
        self, database: Database, organization: str, keys: KeyRing, capacity: int = 100_000
    ) -> None:
        self._database = database
        self._organization = organization
        self._keys = keys
        self._known: BoundedMap[str, Credential] = BoundedMap(capacity)
        self._absent: AbsentKeys[str] = AbsentKeys()
        self._loading: dict[str, asyncio.Future[Credential | None]] = {}
        self._generation = 0
        self._by_app: defaultdict[str, set[str]] = defaultdict(set)
        self._by_developer: defaultdict[str, set[str]] = defaultdict(set)
        self._by_product: defaultdict[str, set[str]] = defaultdict(set)

    def peek(self, consumer_key: str) -> Credential | Unknown | None:
        found = self._known.get(consumer_key)
        if found is not None:
            return found
        return UNKNOWN if consumer_key in self._absent else None

    async def load(self, consumer_key: str) -> Credential | None:
        """One look-up per key at a time; whoever comes meanwhile shares its answer."""
        loading = self._loading.get(consumer_key)
        if loading is None:
            loading = asyncio.ensure_future(self._load(consumer_key))
            self._loading[consumer_key] = loading
            loading.add_done_callback(lambda _: self._loading.pop(consumer_key, None))
        return await asyncio.shield(loading)

    async def _load(self, consumer_key: str) -> Credential | None:
        found: Credential | None = None
        for _ in range(_ATTEMPTS):
            generation = self._generation
            async with self._database.reading() as connection:
                rows = await read_credentials(
                    connection, self._organization, self._keys, consumer_key=consumer_key
                )
            found = rows[0] if rows else None
            if generation == self._generation:
                self._remember(consumer_key, found)
                return found
        return found

    def _remember(self, consumer_key: str, found: Credential | None) -> None:
        if found is None:
            self._absent.add(consumer_key)
            return
        dropped = self._known.remember(consumer_key, found)
        if dropped is not None:
            self._unlink(dropped)
        for index, name in _links(self, found):
            index[name].add(consumer_key)

    def _unlink(self, credential: Credential) -> None:
        for index, name in _links(self, credential):
            keys = index.get(name)
            if keys is not None:
                keys.discard(credential.consumer_key)
                if not keys:
                    del index[name]

    def forget(self, consumer_key: str) -> None:
        """Drop one snapshot."""
        found = self._known.pop(consumer_key, None)
        if found is not None:
            self._unlink(found)
        self._absent.discard(consumer_key)

    def apply(self, change: Change) -> None:
        """Listen to the store: forget whatever a committed change touches."""
        select: dict[str, Callable[[str], set[str]]] = {
            "app": lambda key: self._by_app.get(key, set()),
            "developer": lambda key: self._by_developer.get(key, set()),
            "product": lambda key: self._by_product.get(key, set()),
            "credential": lambda key: {key},
        }
        chosen = select.get(change.kind)
        if chosen is None:
            return
        self._generation += 1
        for name in change.key:
            for consumer_key in tuple(chosen(name)):
                self.forget(consumer_key)
        if change.kind == "app" and len(change.key) > 1:
            # A new or deleted app changes its developer's list of apps.
            for consumer_key in tuple(self._by_developer.get(change.key[1], ())):
                self.forget(consumer_key)


def _links(
    cache: CredentialCache, credential: Credential
) -> list[tuple[defaultdict[str, set[str]], str]]:
    links = [
        (cache._by_app, credential.app.app_id),
        (cache._by_developer, credential.developer.developer_id),
    ]
    links.extend((cache._by_product, item.product.name) for item in credential.products)
    return links
