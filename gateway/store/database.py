"""The database: SQLite in the data directory, or PostgreSQL, with the same code.

Migrations run when the schema differs; only then Alembic is imported, because imports
are start-up time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from gateway.store.errors import StoreError

SCHEMA_VERSION = "0001"
"""The newest migration; `tests/store` holds it against the files."""

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}


class Database:
    """An open database. Reads take a connection each; on SQLite writes take turns."""

    def __init__(self, engine: AsyncEngine, schema: str | None = None) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._schema = schema
        self._writing = asyncio.Lock()

    @classmethod
    async def open(cls, url: str, *, schema: str | None = None) -> Database:
        """Open and migrate. `schema`: a PostgreSQL schema of its own (tests). Raises
        `StoreError` with the remedy."""
        address = _address(url)
        if address.get_backend_name() == "sqlite" and address.database:
            _make_folder(Path(address.database).parent)
        options: dict[str, Any] = {}
        if address.get_backend_name() == "postgresql":
            settings = {"search_path": schema} if schema else {}
            options = {
                "pool_size": 10,
                "pool_pre_ping": True,
                "connect_args": {"server_settings": settings, "timeout": 10},
            }
        database = cls(create_async_engine(address, **options), schema)
        if database.is_sqlite:
            event.listen(database.engine.sync_engine, "connect", _set_pragmas)
        try:
            await database._migrate()
        except (OperationalError, DBAPIError, OSError) as error:
            await database.close()
            shown = address.render_as_string(hide_password=True)
            reason = str(getattr(error, "orig", error) or error)
            raise StoreError(
                f"cannot open the database {shown}: {reason}\n"
                "Check that the server runs and the name and password are right, or that "
                "the folder can be written to."
            ) from error
        except BaseException:
            await database.close()
            raise
        return database

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection to read with."""
        async with self.engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: committed at the end, durable when the block is left."""
        if not self.is_sqlite:
            async with self.engine.begin() as connection:
                yield connection
            return
        async with self._writing, self.engine.begin() as connection:
            yield connection

    async def close(self) -> None:
        await self.engine.dispose()

    async def _migrate(self) -> None:
        version = await self._version()
        if version == SCHEMA_VERSION:
            return
        if version is not None and version > SCHEMA_VERSION:
            raise StoreError(
                f"the database has schema {version}, this gateway knows {SCHEMA_VERSION}: "
                "it was written by a newer version; upgrade the gateway"
            )
        from gateway.store.migrate import upgrade

        async with self.engine.begin() as connection:
            await connection.run_sync(upgrade)

    async def _version(self) -> str | None:
        async with self.engine.connect() as connection:
            tables = await connection.run_sync(
                lambda sync: sync.dialect.has_table(sync, "alembic_version", schema=self._schema)
            )
            if not tables:
                return None
            found = await connection.scalar(text("SELECT version_num FROM alembic_version"))
            return None if found is None else str(found)


def _address(url: str) -> URL:
    try:
        address = make_url(url)
        driver = _DRIVERS.get(address.drivername.partition("+")[0])
    except ArgumentError:
        driver = None
    if driver is None:
        raise StoreError(f"'{url}' is no database URL: use sqlite:///PATH or postgresql://...")
    return address.set(drivername=driver)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StoreError(f"cannot make the data directory {folder}: {error.strerror}") from error


def _set_pragmas(connection: Any, _record: object) -> None:
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
