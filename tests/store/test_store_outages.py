"""A database that goes away and comes back."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from gateway.store.errors import StoreError


@pytest.fixture
async def cut(place):
    """Ends a connection from the server's side, as a restart does."""
    if place.schema is None:
        pytest.skip("SQLite has no server")
    server = await asyncpg.connect(place.url)

    async def end_connection(pid: int) -> None:
        await server.execute("SELECT pg_terminate_backend($1)", pid)
        await asyncio.sleep(0.1)

    yield end_connection
    await server.close()


async def pid_of(connection) -> int:
    return int((await connection.exec_driver_sql("SELECT pg_backend_pid()")).scalar_one())


async def test_a_connection_that_broke_while_idle_is_replaced(world, cut) -> None:
    async with world.store.database.engine.connect() as connection:
        pid = await pid_of(connection)
    await cut(pid)
    await world.issue("a-token")
    assert (await world.store.tokens.load("a-token")).status == "approved"
    assert await world.store.products.names() == (world.product,)


async def test_a_write_that_breaks_is_an_error_of_its_caller(world, cut) -> None:
    with pytest.raises(StoreError, match="does not answer"):
        async with world.store.database.writing() as connection:
            await cut(await pid_of(connection))
            await connection.exec_driver_sql("SELECT 1")
    await world.issue("a-token")


async def test_what_memory_knows_is_served_while_the_database_is_away(world, monkeypatch) -> None:
    store = world.store
    await world.issue("a-token")
    await store.tokens.load("a-token")
    if store._reader is not None:
        store._reader.close()
    await store.database.engine.dispose()
    monkeypatch.setattr(store.database, "_readers", _Away())
    monkeypatch.setattr(store.database, "_writers", _Away())
    assert store.tokens.peek("a-token").status == "approved"
    assert store.credentials.peek(world.key).consumer_secret == world.secret
    with pytest.raises(StoreError, match="does not answer: connection refused"):
        await world.issue("another")
    with pytest.raises(StoreError):
        await store.keys.set_status(world.key, "revoked")
    assert store.tokens.peek("a-token").status == "approved"


class _Away:
    def begin(self) -> object:
        raise ConnectionRefusedError("connection refused")

    connect = begin
