"""Group commit: rows of many callers in one transaction, each answered after COMMIT."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.database import Database
from gateway.store.errors import Conflict, StoreError

_BATCH = 500
_Waiting = tuple[dict[str, Any], asyncio.Future[int]]


class GroupCommit:
    """Inserts into one table. A row that the database refuses fails its own caller
    only."""

    def __init__(self, database: Database, table: Table, capacity: int = 50_000) -> None:
        """`capacity`: rows waiting at most; past it callers get a `StoreError`."""
        self._database = database
        self._table = table
        self._capacity = capacity
        self._waiting: deque[_Waiting] = deque()
        self._task: asyncio.Task[None] | None = None
        self._is_closed = False

    async def insert(self, row: dict[str, Any]) -> int:
        """The new row's id, once it is durable. Raises `Conflict` for a row that the
        schema forbids, `Unstorable`, `StoreError` when too many wait."""
        if self._is_closed:
            raise StoreError("the store is closed")
        if len(self._waiting) >= self._capacity:
            raise StoreError("the database does not keep up with writing")
        loop = asyncio.get_running_loop()
        done: asyncio.Future[int] = loop.create_future()
        self._waiting.append((row, done))
        if self._task is None:
            self._task = loop.create_task(self._run(), name="group commit")
        return await done

    async def close(self) -> None:
        """Write what waits; nothing comes after it."""
        self._is_closed = True
        while self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
                await self._answer(batch)
        finally:
            self._task = None

    async def _answer(self, batch: Sequence[_Waiting]) -> None:
        try:
            ids = await self._commit([row for row, _ in batch])
        except (Conflict, IntegrityError) as error:
            if len(batch) > 1:
                # Halves, not single rows: one bad row among 500 costs 9 commits, not 499.
                middle = len(batch) // 2
                await self._answer(batch[:middle])
                await self._answer(batch[middle:])
                return
            _fail(batch, Conflict(str(error.orig)) if isinstance(error, IntegrityError) else error)
        except BaseException as error:
            _fail(batch, error if isinstance(error, Exception) else StoreError("shut down"))
            if not isinstance(error, Exception):
                raise
        else:
            for (_, done), row_id in zip(batch, ids, strict=True):
                if not done.done():
                    done.set_result(row_id)

    async def _commit(self, rows: list[dict[str, Any]]) -> list[int]:
        async with self._database.writing() as connection:
            ids = await _reserve_ids(connection, self._table, len(rows))
            numbered = [{**row, "id": row_id} for row, row_id in zip(rows, ids, strict=True)]
            await connection.execute(insert(self._table), numbered)
            return ids


async def _reserve_ids(connection: AsyncConnection, table: Table, count: int) -> list[int]:
    """Ids for new rows, ascending. RETURNING would send the rows one by one, since its
    order is not promised: five times the cost."""
    if connection.dialect.name == "sqlite":
        newest = await connection.scalar(select(func.max(table.c.id)))
        return list(range((newest or 0) + 1, (newest or 0) + 1 + count))
    sequence = func.pg_get_serial_sequence(table.name, table.c.id.name)
    found = await connection.scalars(
        select(func.nextval(sequence)).select_from(func.generate_series(1, count))
    )
    return sorted(found.all())


def _fail(batch: Sequence[_Waiting], error: Exception) -> None:
    for _, done in batch:
        if not done.done():
            done.set_exception(error)
