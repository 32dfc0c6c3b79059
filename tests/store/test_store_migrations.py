"""The schema: one set of tables, reached by migrations on both databases."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from gateway.store import database, migrate
from gateway.store.database import SCHEMA_VERSION, Database
from gateway.store.errors import StoreError
from gateway.store.tables import metadata

FOLDER = Path(migrate.__file__).parent / "migrations"


def test_the_code_knows_the_newest_migration() -> None:
    assert ScriptDirectory(str(FOLDER)).get_current_head() == SCHEMA_VERSION


async def test_migrations_make_what_the_tables_say(empty_place) -> None:
    opened = await Database.open(empty_place.url, schema=empty_place.schema)

    def differences(connection: Connection) -> list[object]:
        return compare_metadata(MigrationContext.configure(connection), metadata)

    async with opened.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await opened.close()


async def test_an_older_database_is_migrated_and_keeps_its_rows(empty_place, monkeypatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(migrate.upgrade, "__defaults__", ("0001",))
        old = await Database.open(empty_place.url, schema=empty_place.schema)
        async with old.writing() as connection:
            await connection.execute(
                text("INSERT INTO administrators VALUES ('ann', 'hash', 1, 2)")
            )
        await old.close()
    new = await Database.open(empty_place.url, schema=empty_place.schema)
    async with new.reading() as connection:
        assert await connection.scalar(text("SELECT name FROM administrators")) == "ann"
        assert await connection.scalar(text("SELECT count(*) FROM key_checks")) == 0
    await new.close()


async def test_two_processes_that_start_at_once_migrate_once(empty_place) -> None:
    opened = await asyncio.gather(
        *(Database.open(empty_place.url, schema=empty_place.schema) for _ in range(3))
    )
    for one in opened:
        await one.close()


async def test_a_newer_database_is_refused(place) -> None:
    opened = await Database.open(place.url, schema=place.schema)
    async with opened.writing() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await opened.close()
    with pytest.raises(StoreError, match=r"schema 9999.*newer version"):
        await Database.open(place.url, schema=place.schema)


async def test_a_migration_that_fails_leaves_nothing(empty_place, monkeypatch) -> None:
    def fail(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE half_done (id INTEGER)"))
        raise RuntimeError("power cut")

    with monkeypatch.context() as patched:
        patched.setattr(migrate, "upgrade", fail)
        with pytest.raises(StoreError):
            await Database.open(empty_place.url, schema=empty_place.schema)
    opened = await Database.open(empty_place.url, schema=empty_place.schema)
    async with opened.engine.connect() as connection:
        exists = await connection.run_sync(
            lambda sync: sync.dialect.has_table(sync, "half_done", schema=empty_place.schema)
        )
    await opened.close()
    assert not exists


def test_alembic_is_not_imported_when_the_schema_is_the_newest(tmp_path, sqlite_template) -> None:
    shutil.copy(sqlite_template, tmp_path / "gateway.db")
    program = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from gateway.store import Store\n"
        "async def main():\n"
        "    folder = sys.argv[1]\n"
        "    store = await Store.open(f'sqlite:///{folder}/gateway.db', Path(folder), 'demo')\n"
        "    await store.close()\n"
        "asyncio.run(main())\n"
        "sys.exit(any(name.partition('.')[0] in ('alembic', 'asyncpg') for name in sys.modules))\n"
    )
    root = Path(database.__file__).parents[2]
    assert (
        subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)], cwd=root, check=False
        ).returncode
        == 0
    )
