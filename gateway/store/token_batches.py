"""Changes of many tokens, in small transactions, so that issuing goes on meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from sqlalchemy import ColumnElement, delete, func, select

from gateway.ports.identity import REVOKED
from gateway.store.database import Database
from gateway.store.errors import NotFound
from gateway.store.tables import apps, tokens

_BATCH = 2000


class Changeable(Protocol):
    """Tokens in the database and in memory."""

    database: Database
    organization: str

    async def update(
        self, condition: ColumnElement[bool], values: Mapping[str, Any]
    ) -> list[tuple[int, bytes]]: ...


async def revoke_app(store: Changeable, app_id: str, *, end_user: str | None, cascade: bool) -> int:
    """Revoke the tokens that an app has at this moment; how many. Raises `NotFound`."""
    newest = await _newest(store, app_id)
    values = dict.fromkeys(("status", "refresh_status") if cascade else ("status",), REVOKED)
    revoked, last = 0, 0
    while last < newest:
        batch = (
            select(tokens.c.id)
            .where(tokens.c.app_id == app_id, tokens.c.id > last, tokens.c.id <= newest)
            .order_by(tokens.c.id)
            .limit(_BATCH)
        )
        if end_user is not None:
            batch = batch.where(tokens.c.end_user == end_user)
        changed = await store.update(tokens.c.id.in_(batch.scalar_subquery()), values)
        if not changed:
            break
        revoked += len(changed)
        last = max(row_id for row_id, _ in changed)
    return revoked


async def _newest(store: Changeable, app_id: str) -> int:
    """The id of the app's newest token, 0 without any. Raises `NotFound`."""
    async with store.database.reading() as connection:
        found = await connection.execute(
            select(apps.c.id, func.max(tokens.c.id))
            .select_from(apps)
            .outerjoin(tokens, tokens.c.app_id == apps.c.id)
            .where(apps.c.organization == store.organization, apps.c.id == app_id)
            .group_by(apps.c.id)
        )
        row = found.first()
    if row is None:
        raise NotFound("app", app_id)
    return int(row[1] or 0)


async def purge_expired(database: Database, now_ms: int, limit: int) -> int:
    """Delete tokens whose day after expiry is over, `limit` at most; how many."""
    old = select(tokens.c.id).where(tokens.c.purge_at < now_ms).limit(limit)
    async with database.writing() as connection:
        done = await connection.execute(delete(tokens).where(tokens.c.id.in_(old)))
    return int(done.rowcount)
