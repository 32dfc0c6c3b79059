"""Opaque tokens: stored as keyed hashes, verified from memory.

Implements `gateway.ports.tokens.TokenStore`. A cached token carries the version at
which it was read; revoking an app's tokens raises the version that its keys demand, so
that no cached token of theirs is believed any more: no clock is compared, and a token
issued a moment later is valid.
"""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import replace
from typing import Any

from sqlalchemy import RowMapping, delete, select, update

from gateway.ports.changes import Change
from gateway.ports.clock import Clock
from gateway.ports.identity import APPROVED, REVOKED, UNKNOWN, Credential, Unknown
from gateway.ports.tokens import NewToken, Token
from gateway.store.bounded import AbsentKeys, BoundedMap
from gateway.store.credential_cache import CredentialCache
from gateway.store.database import Database
from gateway.store.errors import NotFound
from gateway.store.group_commit import GroupCommit
from gateway.store.keys import KeyRing
from gateway.store.repository import as_attributes
from gateway.store.tables import apps, tokens

_KEEP_EXPIRED_MS = 24 * 3600 * 1000
"""Expired tokens stay a day, so that their fault is access_token_expired."""
_NEVER = 2**62


class TokenRepository:
    """Tokens of one organization."""

    def __init__(
        self,
        database: Database,
        organization: str,
        keys: KeyRing,
        credentials: CredentialCache,
        clock: Clock,
        capacity: int = 1_000_000,
    ) -> None:
        self._database = database
        self._organization = organization
        self._key = keys.token_key
        self._credentials = credentials
        self._clock = clock
        self._known: BoundedMap[bytes, tuple[Token, int]] = BoundedMap(capacity)
        self._absent: AbsentKeys[bytes] = AbsentKeys()
        self._loading: dict[bytes, asyncio.Future[Token | None]] = {}
        self._version = 0
        self._demanded: dict[str, int] = {}
        self._writer = GroupCommit(database, tokens)

    # -- the port

    def peek(self, access_token: str) -> Token | Unknown | None:
        digest = self._digest(access_token)
        found = self._known.get(digest)
        if found is None:
            return UNKNOWN if digest in self._absent else None
        token, version = found
        key = token.consumer_key
        if self._demanded and version < self._demanded.get(key, 0):
            return None
        credential = self._credentials.peek(key)
        if credential is token.credential:
            return token
        if isinstance(credential, Credential):
            token = replace(token, credential=credential)
            self._known[digest] = (token, version)
            return token
        return None

    async def load(self, access_token: str) -> Token | None:
        digest = self._digest(access_token)
        loading = self._loading.get(digest)
        if loading is None:
            loading = asyncio.ensure_future(self._load(digest))
            self._loading[digest] = loading
            loading.add_done_callback(lambda _: self._loading.pop(digest, None))
        return await asyncio.shield(loading)

    async def load_by_refresh_token(self, refresh_token: str) -> Token | None:
        async with self._database.reading() as connection:
            found = await connection.execute(
                select(tokens).where(
                    tokens.c.organization == self._organization,
                    tokens.c.refresh_hash == self._digest(refresh_token),
                )
            )
            row = found.mappings().first()
        return None if row is None else await self._token(row)

    async def issue(self, token: NewToken) -> None:
        row = self._row(token)
        version = self._version
        token_id = await self._writer.insert(row)
        self._remember_new(row, token_id, version)

    async def refresh(self, refresh_token: str, token: NewToken) -> bool:
        row = self._row(token)
        old = self._digest(refresh_token)
        async with self._database.writing() as connection:
            found = await connection.execute(
                delete(tokens)
                .where(
                    tokens.c.organization == self._organization,
                    tokens.c.refresh_hash == old,
                    tokens.c.refresh_status == APPROVED,
                )
                .returning(tokens.c.access_hash)
            )
            gone = found.scalars().all()
            if not gone:
                return False
            await connection.execute(tokens.insert().values(row))
        self._version += 1
        for digest in gone:
            self._known.pop(bytes(digest), None)
        self._absent.discard(row["access_hash"])
        return True

    async def set_status(self, token: str, kind: str, status: str, cascade: bool) -> bool:
        column = tokens.c.access_hash if kind == "accesstoken" else tokens.c.refresh_hash
        own = "status" if kind == "accesstoken" else "refresh_status"
        values = {"status": status, "refresh_status": status} if cascade else {own: status}
        async with self._database.writing() as connection:
            found = await connection.execute(
                update(tokens)
                .where(tokens.c.organization == self._organization, column == self._digest(token))
                .values(**values)
                .returning(tokens.c.access_hash)
            )
            changed = found.scalars().all()
        self._version += 1
        for digest in changed:
            self._known.pop(bytes(digest), None)
        return bool(changed)

    # -- administration

    async def revoke_app(
        self, app_id: str, *, end_user: str | None = None, cascade: bool = True
    ) -> int:
        """Revoke every token of an app (of one end user), at once; how many. Raises
        `NotFound` for an unknown app. `cascade`: refresh tokens too."""
        values = {"status": REVOKED}
        if cascade:
            values["refresh_status"] = REVOKED
        async with self._database.writing() as connection:
            known = await connection.scalar(
                select(apps.c.id).where(
                    apps.c.organization == self._organization, apps.c.id == app_id
                )
            )
            if known is None:
                raise NotFound("app", app_id)
            query = update(tokens).where(
                tokens.c.organization == self._organization, tokens.c.app_id == app_id
            )
            if end_user is not None:
                query = query.where(tokens.c.end_user == end_user)
            found = await connection.execute(
                query.values(**values).returning(tokens.c.consumer_key)
            )
            revoked = found.scalars().all()
        self._distrust(set(revoked))
        return len(revoked)

    async def purge_expired(self, limit: int = 1000) -> int:
        """Delete tokens that expired a day ago or earlier; how many."""
        async with self._database.writing() as connection:
            old = select(tokens.c.id).where(tokens.c.purge_at < self._clock.now_ms()).limit(limit)
            done = await connection.execute(delete(tokens).where(tokens.c.id.in_(old)))
        return int(done.rowcount)

    def apply(self, change: Change) -> None:
        """Listen to the store: a deleted app or developer takes its tokens along."""
        if change.action == "deleted" and change.kind in ("app", "developer", "credential"):
            self._version += 1
            self._known.clear()

    async def close(self) -> None:
        await self._writer.close()

    # -- within

    def _digest(self, token: str) -> bytes:
        return hmac.digest(self._key, token.encode("utf-8", "surrogateescape"), "sha256")

    def _distrust(self, consumer_keys: set[str]) -> None:
        self._version += 1
        for key in consumer_keys:
            self._demanded[key] = self._version

    async def _load(self, digest: bytes) -> Token | None:
        version = self._version
        async with self._database.reading() as connection:
            found = await connection.execute(
                select(tokens).where(
                    tokens.c.organization == self._organization, tokens.c.access_hash == digest
                )
            )
            row = found.mappings().first()
        if row is None:
            if version == self._version:
                self._absent.add(digest)
            return None
        token = await self._token(row)
        if version == self._version:
            self._known.remember(digest, (token, version))
        return token

    async def _token(self, row: RowMapping) -> Token:
        key = row["consumer_key"]
        credential = self._credentials.peek(key)
        if credential is None:
            credential = await self._credentials.load(key)
        if isinstance(credential, Unknown):
            credential = None
        return _token_of(row, row["id"], credential)

    def _remember_new(self, row: dict[str, Any], token_id: int, version: int) -> None:
        digest = row["access_hash"]
        self._absent.discard(digest)
        credential = self._credentials.peek(row["consumer_key"])
        if isinstance(credential, Credential) and version == self._version:
            self._known.remember(digest, (_token_of(row, token_id, credential), version))

    def _row(self, token: NewToken) -> dict[str, Any]:
        last = max(
            _NEVER if token.expires_at < 0 else token.expires_at,
            0 if token.refresh_token is None
            else _NEVER if token.refresh_expires_at < 0 else token.refresh_expires_at,
        )  # fmt: skip
        return {
            "organization": self._organization,
            "access_hash": self._digest(token.access_token),
            "refresh_hash": None
            if token.refresh_token is None
            else self._digest(token.refresh_token),
            "consumer_key": token.consumer_key,
            "app_id": token.app_id,
            "end_user": token.end_user,
            "status": APPROVED,
            "issued_at": token.issued_at,
            "expires_at": token.expires_at,
            "refresh_status": APPROVED,
            "refresh_issued_at": token.refresh_issued_at,
            "refresh_expires_at": token.refresh_expires_at,
            "refresh_count": token.refresh_count,
            "purge_at": last if last == _NEVER else last + _KEEP_EXPIRED_MS,
            "scope": token.scope,
            "products": list(token.products),
            "grant_type": token.grant_type,
            "attributes": [list(item) for item in token.attributes],
            "hidden_attributes": [list(item) for item in token.hidden_attributes],
        }


_shared_products: BoundedMap[tuple[str, ...], tuple[str, ...]] = BoundedMap(10_000)


def _token_of(
    row: RowMapping | dict[str, Any], token_id: int, credential: Credential | None
) -> Token:
    names = tuple(row["products"])
    # A million tokens share a few lists of products.
    products = _shared_products.get(names)
    if products is None:
        _shared_products.remember(names, names)
        products = names
    return Token(
        token_id=token_id,
        status=row["status"],
        issued_at=row["issued_at"],
        expires_at=row["expires_at"],
        scope=row["scope"],
        products=products,
        grant_type=row["grant_type"],
        attributes=as_attributes(row["attributes"]),
        hidden_attributes=as_attributes(row["hidden_attributes"]),
        end_user=row["end_user"],
        refresh_issued_at=row["refresh_issued_at"],
        refresh_expires_at=row["refresh_expires_at"],
        refresh_status=row["refresh_status"],
        refresh_count=row["refresh_count"],
        consumer_key=credential.consumer_key if credential is not None else row["consumer_key"],
        credential=credential,
    )
