"""Many at once: readers beside writers, pools that end, servers that fall silent."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time

import pytest
from sqlalchemy import event, text

from gateway.store import database
from gateway.store.bounded import BoundedMap
from gateway.store.database import Database
from gateway.store.errors import Conflict, NotFound, StoreError, Unstorable
from gateway.store.keys import KeyRing

# -- readers and writers


async def test_readers_and_writers_at_once_all_succeed(world, open_store) -> None:
    other = await open_store()

    async def write(number: int) -> None:
        store = (world.store, other)[number % 2]
        await store.developers.create(f"d{number}@example.com", "A", "B", "ab", "ann")
        await store.tokens.issue(world.token(f"token-{number}"))

    async def read() -> None:
        for _ in range(10):
            await world.store.developers.all()
            await other.apps.all()

    await asyncio.gather(*(write(number) for number in range(40)), *(read() for _ in range(8)))
    assert len(await other.developers.emails()) == 41


async def test_a_writer_waits_for_one_in_another_process(world, place) -> None:
    if place.schema is not None:
        pytest.skip("PostgreSQL's writers do not take turns")
    other = sqlite3.connect(world.store.database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writing = asyncio.ensure_future(world.issue("a-token"))
    await asyncio.sleep(0.1)
    assert not writing.done()
    other.execute("ROLLBACK")
    other.close()
    await writing
    assert (await world.store.tokens.load("a-token")).status == "approved"


async def test_a_reader_sees_one_moment(world) -> None:
    count = text("SELECT count(*) FROM products")
    async with world.store.database.reading() as connection:
        before = await connection.scalar(count)
        await world.store.products.create("another", "ann")
        assert await connection.scalar(count) == before


async def test_a_schema_of_its_own_holds_everything(world, place) -> None:
    if place.schema is None:
        pytest.skip("SQLite has no schemas")
    async with world.store.database.reading() as connection:
        found = await connection.scalars(
            text("SELECT DISTINCT relnamespace::regnamespace::text FROM pg_class WHERE oid IN"
                 " ('tokens'::regclass, 'apps'::regclass, 'key_checks'::regclass)")
        )  # fmt: skip
        assert found.all() == [place.schema]


# -- bounds


async def test_the_pool_of_connections_is_finite_and_says_so(world, monkeypatch) -> None:
    pool = world.store.database.engine.pool
    monkeypatch.setattr(pool, "_timeout", 0.05)
    enough, full = asyncio.Event(), asyncio.Event()
    waiting = 0

    async def hold() -> None:
        nonlocal waiting
        async with world.store.database.reading():
            waiting += 1
            if waiting == database.CONNECTIONS:
                full.set()
            await enough.wait()

    holders = [asyncio.ensure_future(hold()) for _ in range(database.CONNECTIONS)]
    await full.wait()
    with pytest.raises(StoreError, match="all connections to the database are in use"):
        await world.store.products.names()
    enough.set()
    await asyncio.gather(*holders)
    assert await world.store.products.names() == (world.product,)


async def test_a_server_that_falls_silent_is_given_up(place, monkeypatch) -> None:
    if place.schema is None:
        pytest.skip("SQLite has no server")
    monkeypatch.setattr(database, "SILENCE", 0.2)
    opened = await Database.open(place.url, schema=place.schema)
    start = time.monotonic()
    with pytest.raises(StoreError):
        async with opened.reading() as connection:
            await connection.execute(text("SELECT pg_sleep(3)"))
    assert time.monotonic() - start < 2
    await opened.close()


def test_a_full_map_forgets_the_oldest_at_a_flat_cost() -> None:
    def evict(capacity: int, count: int = 5000) -> float:
        known: BoundedMap[int, int] = BoundedMap(capacity)
        for number in range(capacity):
            known.remember(number, number)
        start = time.thread_time()
        for number in range(capacity, capacity + count):
            known.remember(number, number)
        return time.thread_time() - start

    assert evict(100_000) < 10 * evict(1000) + 0.05


# -- the same thing twice


@pytest.mark.parametrize("family", ["apps", "keys"])
async def test_of_two_deletions_at_once_one_finds_nothing(world, family) -> None:
    name = world.app_id if family == "apps" else world.key
    repository = getattr(world.store, family)
    results = await asyncio.gather(
        repository.delete(name), repository.delete(name), return_exceptions=True
    )
    assert sorted(isinstance(result, NotFound) for result in results) == [False, True]


# -- group commit


async def test_a_number_too_large_fails_its_own_caller_only(world) -> None:
    results = await asyncio.gather(
        world.issue("one"), world.issue("two", expires_at=2**70), world.issue("three"),
        return_exceptions=True,
    )  # fmt: skip
    assert [type(result) for result in results] == [type(None), Unstorable, type(None)]


async def test_a_refused_row_does_not_cost_each_neighbour_a_transaction(world) -> None:
    commits: list[object] = []
    event.listen(world.store.database.engine.sync_engine, "commit", commits.append)
    calls = [world.issue(f"token-{number}") for number in range(255)]
    results = await asyncio.gather(*calls, world.issue("token-7"), return_exceptions=True)
    assert sum(isinstance(result, Conflict) for result in results) == 1
    assert len(commits) < 20


async def test_nothing_is_issued_after_the_end(world, open_store) -> None:
    store = await open_store()
    await store.close()
    with pytest.raises(StoreError, match="closed"):
        await store.tokens.issue(world.token("late"))
    assert await world.store.tokens.load("late") is None


# -- keys that came and went


def test_a_rotation_never_gives_a_key_the_name_of_another(tmp_path) -> None:
    ring = KeyRing.open(tmp_path)
    ring.rotate()
    ring.rotate()
    value = ring.encrypt("secret", "p")
    content = json.loads(ring.path.read_text())
    del content["keys"]["k1"]
    ring.path.write_text(json.dumps(content))
    ring.rotate()
    assert ring.decrypt(value, "p") == "secret"


@pytest.mark.parametrize("is_known", [True, False])
async def test_a_key_given_to_another_app_takes_no_token_along(world, is_known) -> None:
    store = world.store
    await world.issue("a-token")
    if is_known:
        await store.tokens.load("a-token")
    else:
        store.tokens._known.clear()
    other = await store.apps.create(world.developer_id, "other", "ann")
    await store.keys.delete(world.key)
    await store.keys.create(other.app.app_id, world.key, "s")
    for _ in range(2):
        assert (await store.tokens.load("a-token")).credential is None
        peeked = store.tokens.peek("a-token")
        assert peeked is None or peeked.credential is None


async def test_a_snapshot_that_replaces_another_leaves_none_of_its_links(world) -> None:
    cache = world.store.credentials
    await cache.load(world.key)
    async with world.store.database.writing() as connection:
        # Committed, and not announced yet.
        await connection.execute(text("DELETE FROM credential_products"))
    await cache.load(world.key)
    cache.forget(world.key)
    assert not cache._links


async def test_a_token_revoked_before_its_issuer_hears_of_the_commit_stays_revoked(world) -> None:
    store = world.store
    await store.credentials.load(world.key)
    committed, go = asyncio.Event(), asyncio.Event()
    insert = store.tokens._writer.insert

    async def insert_and_wait(row):
        row_id = await insert(row)
        committed.set()
        await go.wait()
        return row_id

    store.tokens._writer.insert = insert_and_wait
    issuing = asyncio.ensure_future(world.issue("a-token"))
    await committed.wait()
    await store.tokens.revoke_app(world.app_id)
    go.set()
    await issuing
    known = store.tokens.peek("a-token")
    assert known is None or known.status == "revoked"
    assert (await store.tokens.load("a-token")).status == "revoked"
