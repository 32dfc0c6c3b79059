"""The database: SQLite in the data directory, or PostgreSQL, with the same code.

Migrations run when the schema differs; only then Alembic is imported, because imports
are start-up time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any, TypeVar

from sqlalchemy import Connection, event, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from gateway.store.addresses import SQLITE, explain, parse_address
from gateway.store.errors import StoreError, Unstorable

SCHEMA_VERSION = "0002"
"""The newest migration; `tests/store` holds it against the files."""

CONNECTIONS = 15
"""Open at the same time, at most; whoever comes then waits for `PATIENCE` seconds."""
PATIENCE = 10.0
SILENCE = 60.0
"""Seconds that a PostgreSQL server may take for a statement; migrations may take longer."""

R = TypeVar("R")


class Database:
    """An open database. A reader sees one snapshot; on SQLite writers take turns."""

    def __init__(self, engine: AsyncEngine, schema: str | None = None) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == SQLITE
        self._schema = schema
        self._turn = asyncio.Lock()
        self._unfinished: set[asyncio.Task[Any]] = set()
        options: dict[str, Any] = (
            {}
            if self.is_sqlite
            else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        )
        self._readers = engine.execution_options(**options)
        self._writers = engine.execution_options(gateway_writes=True)

    @classmethod
    async def open(cls, url: str, *, schema: str | None = None) -> Database:
        """Open and migrate. `schema`: a PostgreSQL schema of its own (tests). Raises
        `StoreError` with the remedy."""
        address = parse_address(url)
        database = cls(_engine(address, schema, SILENCE), schema)
        try:
            await database._migrate()
        except BaseException as error:
            await database.close()
            if isinstance(error, StoreError) or not isinstance(error, Exception):
                raise
            raise StoreError(explain(address, error)) from error
        return database

    @property
    def path(self) -> str | None:
        """The file of an SQLite database, None on PostgreSQL."""
        return self.engine.url.database if self.is_sqlite else None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection to read with; all that it reads is of one moment."""
        with _translated():
            async with self._readers.connect() as connection:
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: committed at the end, durable when the block is left. Raises
        `IntegrityError` for what the schema forbids, `Unstorable`, `StoreError`."""
        turn: AbstractAsyncContextManager[Any] = self._turn if self.is_sqlite else nullcontext()
        with _translated():
            async with turn, self._writers.begin() as connection:
                yield connection

    async def finish(self, work: Coroutine[Any, Any, R]) -> R:
        """Run `work` to its end, also when the caller goes away meanwhile: a commit
        must not come without the announcement that makes memory agree with it."""
        task = asyncio.ensure_future(work)
        self._unfinished.add(task)
        task.add_done_callback(self._unfinished.discard)
        return await asyncio.shield(task)

    async def close(self) -> None:
        while self._unfinished:
            await asyncio.wait(tuple(self._unfinished))
        await self.engine.dispose()

    async def _migrate(self) -> None:
        async with self.engine.connect() as connection:
            version = await connection.run_sync(self._version)
        if version == SCHEMA_VERSION:
            return
        if version is not None and version > SCHEMA_VERSION:
            raise StoreError(
                f"the database has schema {version}, this gateway knows {SCHEMA_VERSION}: "
                "it was written by a newer version; upgrade the gateway"
            )
        from gateway.store.migrate import upgrade

        patient = _engine(self.engine.url, self._schema, silence=None)
        try:
            async with patient.execution_options(gateway_writes=True).begin() as connection:
                await connection.run_sync(upgrade)
        finally:
            await patient.dispose()

    def _version(self, connection: Connection) -> str | None:
        if not connection.dialect.has_table(connection, "alembic_version", schema=self._schema):
            return None
        found = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return None if found is None else str(found)


def breaks_reference(error: IntegrityError) -> bool:
    """Whether the row names another that does not exist (or is still named by one)."""
    code = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)
    return code == "23503" or "FOREIGN KEY" in str(error.orig)


def _engine(address: URL, schema: str | None, silence: float | None) -> AsyncEngine:
    """`silence`: seconds that a statement may take on PostgreSQL, None for any time."""
    pool = {"pool_size": CONNECTIONS, "max_overflow": 0, "pool_timeout": PATIENCE}
    if address.get_backend_name() == SQLITE:
        engine = create_async_engine(address, **pool)
        event.listen(engine.sync_engine, "connect", _set_pragmas)
        event.listen(engine.sync_engine, "begin", _begin)
        return engine
    settings = {"search_path": schema} if schema else {}
    return create_async_engine(
        address,
        **pool,
        pool_pre_ping=True,
        connect_args={"server_settings": settings, "timeout": 10, "command_timeout": silence},
    )


def _set_pragmas(connection: Any, _record: object) -> None:
    # The driver begins transactions late and not at all before DDL; _begin does it.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=10000",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("gateway_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


class _translated:  # noqa: N801 - reads as a word where it is used
    """Errors of the drivers in our vocabulary."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, IntegrityError):
            return
        if isinstance(error, UnicodeEncodeError):
            raise Unstorable("a value is no valid text") from error
        if isinstance(error, OverflowError):
            raise Unstorable("a number has more than 64 bits") from error
        if isinstance(error, PoolTimeout):
            raise StoreError(
                f"all connections to the database are in use ({CONNECTIONS}); try again"
            ) from error
        if isinstance(error, DBAPIError):
            if _is_about_a_value(error):
                raise Unstorable(f"the database refuses a value: {error.orig}") from error
            raise StoreError(f"the database does not answer: {error.orig}") from error
        if isinstance(error, OSError):
            raise StoreError(f"the database does not answer: {error}") from error


def _is_about_a_value(error: DBAPIError) -> bool:
    # Class 22 of SQLSTATE; the driver's own check of arguments has no state.
    state = str(getattr(error.orig, "sqlstate", None) or "")
    return state.startswith("22") or "invalid input for query argument" in str(error.orig)
