"""Opaque tokens: stored as keyed hashes, verified from memory.

Implements `gateway.ports.tokens.TokenStore`. Whoever changes tokens learns from the
database which ones it changed and drops exactly those from memory, before the change is
acknowledged: no clocks are compared, and a token issued a moment later is valid.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeGuard

from sqlalchemy import BindParameter, ColumnElement, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.ports.changes import Change
from gateway.ports.clock import Clock
from gateway.ports.identity import APPROVED, UNKNOWN, Credential, Unknown
from gateway.ports.tokens import NewToken, Token
from gateway.store.bounded import AbsentKeys, BoundedMap
from gateway.store.credential_cache import CredentialCache
from gateway.store.database import Database
from gateway.store.errors import Conflict
from gateway.store.flights import Flights
from gateway.store.group_commit import GroupCommit
from gateway.store.keys import KeyRing
from gateway.store.lookup import LocalReader, Lookup
from gateway.store.repository import Row, whole
from gateway.store.tables import tokens
from gateway.store.token_batches import purge_expired, revoke_app
from gateway.store.token_rows import row_of, token_of

_ORPHANS = 10_000


class TokenRepository:
    """The tokens of one organization."""

    def __init__(
        self,
        database: Database,
        organization: str,
        keys: KeyRing,
        credentials: CredentialCache,
        clock: Clock,
        reader: LocalReader | None = None,
        capacity: int = 1_000_000,
    ) -> None:
        self.database = database
        self.organization = organization
        self._token_hash = keys.token_hasher()
        self._credentials = credentials
        self._clock = clock
        self._peek_credential = credentials.peek
        self._known: BoundedMap[bytes, Token] = BoundedMap(capacity)
        self._orphans: BoundedMap[bytes, Token] = BoundedMap(_ORPHANS)
        """Tokens whose key was deleted."""
        self._absent: AbsentKeys[bytes] = AbsentKeys()
        self._flights = Flights(self._fetch, self._remember)
        mine = select(tokens).where(tokens.c.organization == organization)
        presented: BindParameter[bytes] = bindparam("presented")
        self._by_access = Lookup(database, mine.where(tokens.c.access_hash == presented), reader)
        self._by_refresh = Lookup(database, mine.where(tokens.c.refresh_hash == presented), reader)
        self._writer = GroupCommit(database, tokens)
        self._epoch = 0
        """Counts the changes: a token that was written before one and comes back from
        the database after it is not remembered, since the change may have touched it."""

    # -- reading

    def peek(self, access_token: str) -> Token | Unknown | None:
        digest = self._token_hash(access_token)
        token = self._known.get(digest)
        if token is None:
            return self._peek_rare(digest)
        credential = self._peek_credential(token.consumer_key)
        if credential is token.credential:
            return token
        known = token.credential
        if known is None or not _is_of_app(credential, known.app.app_id):
            return None
        token = replace(token, credential=credential)
        self._known[digest] = token
        return token

    async def load(self, access_token: str) -> Token | None:
        return await self._flights.join(self._token_hash(access_token))

    async def load_by_refresh_token(self, refresh_token: str) -> Token | None:
        row = await self._by_refresh.first(presented=self._token_hash(refresh_token))
        return None if row is None else await self._token(row)

    # -- writing

    async def issue(self, token: NewToken) -> None:
        """Raises `Conflict` for a token that exists or an app that does not,
        `Unstorable`, `StoreError`."""
        row = row_of(token, self.organization, self._token_hash)
        epoch = self._epoch
        row["id"] = await self._writer.insert(row)
        self._remember_new(row, is_current=epoch == self._epoch)

    @whole
    async def refresh(self, refresh_token: str, token: NewToken) -> bool:
        row = row_of(token, self.organization, self._token_hash)
        epoch = self._epoch
        ours = tokens.c.refresh_hash == self._token_hash(refresh_token)
        valid = tokens.c.refresh_status == APPROVED
        try:
            async with self.database.writing() as connection:
                found = await connection.scalars(
                    delete(tokens)
                    .where(tokens.c.organization == self.organization, ours, valid)
                    .returning(tokens.c.access_hash)
                )
                replaced = found.all()
                if not replaced:
                    return False
                row["id"] = await connection.scalar(insert(tokens).returning(tokens.c.id), row)
        except IntegrityError as error:
            raise Conflict(str(error.orig)) from None
        is_current = epoch == self._epoch
        self.forget(replaced)
        self._remember_new(row, is_current=is_current)
        return True

    @whole
    async def set_status(self, token: str, kind: str, status: str, cascade: bool) -> bool:
        is_access = kind == "accesstoken"
        column = tokens.c.access_hash if is_access else tokens.c.refresh_hash
        names = ("status", "refresh_status") if cascade else (
            ("status",) if is_access else ("refresh_status",)
        )  # fmt: skip
        changed = await self.update(column == self._token_hash(token), dict.fromkeys(names, status))
        return bool(changed)

    async def update(
        self, condition: ColumnElement[bool], values: Mapping[str, Any]
    ) -> list[tuple[int, bytes]]:
        """Change the rows of `condition`, in memory too; (id, hash) of each. For callers
        that are `whole`."""
        async with self.database.writing() as connection:
            found = await connection.execute(
                update(tokens)
                .where(tokens.c.organization == self.organization, condition)
                .values(**values)
                .returning(tokens.c.id, tokens.c.access_hash)
            )
            changed = [(int(row[0]), bytes(row[1])) for row in found.all()]
        self.forget(digest for _, digest in changed)
        return changed

    @whole
    async def revoke_app(
        self, app_id: str, *, end_user: str | None = None, cascade: bool = True
    ) -> int:
        """Revoke every token that an app has now (those of one end user), at once and
        with `cascade` the refresh tokens too; how many. Raises `NotFound` for an unknown
        app. Tokens issued afterwards are valid."""
        return await revoke_app(self, app_id, end_user=end_user, cascade=cascade)

    @whole
    async def purge_expired(self, limit: int = 500) -> int:
        """Delete tokens that expired a day ago or earlier, `limit` at most; how many."""
        return await purge_expired(self.database, self._clock.now_ms(), limit)

    def forget(self, digests: Iterable[bytes]) -> None:
        """Drop tokens by their hashes; the next `load` asks the store."""
        self._epoch += 1
        for digest in map(bytes, digests):
            self._known.pop(digest, None)
            self._orphans.pop(digest, None)
            self._flights.forget(digest)

    def apply(self, change: Change) -> None:
        """Listen to the store. Tokens follow their credential; loads that have read it
        before the change are outdated."""
        if change.kind in ("app", "developer", "product", "credential"):
            self._epoch += 1
            self._flights.forget_all()
            self._orphans.clear()

    async def close(self) -> None:
        await self._writer.close()

    # -- within

    def _peek_rare(self, digest: bytes) -> Token | Unknown | None:
        if digest in self._absent:
            return UNKNOWN
        orphan = self._orphans.get(digest)
        if orphan is not None and isinstance(self._peek_credential(orphan.consumer_key), Unknown):
            return orphan
        return None

    async def _fetch(self, digest: bytes) -> Token | None:
        row = await self._by_access.first(presented=digest)
        return None if row is None else await self._token(row)

    async def _token(self, row: Row) -> Token:
        key = row["consumer_key"]
        credential = self._peek_credential(key)
        if credential is None:
            credential = await self._credentials.load(key)
        return token_of(row, credential if _is_of_app(credential, row["app_id"]) else None)

    def _remember(self, digest: bytes, token: Token | None) -> None:
        if token is not None and token.credential is not None:
            self._known.remember(digest, token)
            return
        self._known.pop(digest, None)
        if token is None:
            self._absent.add(digest)
        else:
            self._orphans.remember(digest, token)

    def _remember_new(self, row: dict[str, Any], *, is_current: bool) -> None:
        digest = row["access_hash"]
        self._flights.forget(digest)
        self._absent.discard(digest)
        credential = self._peek_credential(row["consumer_key"])
        if is_current and _is_of_app(credential, row["app_id"]):
            self._known.remember(digest, token_of(row, credential))


def _is_of_app(credential: Credential | Unknown | None, app_id: str) -> TypeGuard[Credential]:
    """A key that was deleted and made again may belong to another app now: it does not
    take the tokens of the first along."""
    return isinstance(credential, Credential) and credential.app.app_id == app_id
