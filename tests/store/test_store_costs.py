"""What the data path pays, in CPU time of this thread, so that a busy machine does not
matter. The limits are two to three times what was measured (docs/decisions/003-store.md).
"""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import time

import pytest
from sqlalchemy import event


def best(call, rounds: int = 5, calls: int = 5000) -> float:
    """Microseconds per call, the best of some rounds."""
    times = []
    for _ in range(rounds):
        start = time.thread_time()
        for _ in range(calls):
            call()
        times.append((time.thread_time() - start) / calls * 1e6)
    return min(times)


async def test_a_peek_of_a_known_token_costs_little(world) -> None:
    token = "0123456789abcdefghijklmnopqr"
    await world.issue(token)
    await world.store.tokens.load(token)
    peek = world.store.tokens.peek
    assert best(lambda: peek(token)) < 3.0


async def test_a_peek_of_a_known_key_costs_little(world) -> None:
    await world.store.credentials.load(world.key)
    assert best(lambda: world.store.credentials.peek(world.key)) < 0.6


async def test_a_cold_look_up_takes_less_than_a_millisecond(world) -> None:
    if not world.store.database.is_sqlite:
        pytest.skip("a round trip to the server takes what it takes")
    store = world.store
    await asyncio.gather(*(world.issue(f"token-{number}") for number in range(200)))
    times = []
    for number in range(200):
        store.tokens._known.clear()
        store.credentials.forget(world.key)
        start = time.perf_counter()
        await store.tokens.load(f"token-{number}")
        times.append(time.perf_counter() - start)
    assert statistics.median(times) < 0.001


async def test_a_cold_look_up_on_sqlite_stays_on_its_thread_unless_it_must_wait(world) -> None:
    store = world.store
    if not store.database.is_sqlite:
        pytest.skip("PostgreSQL is never asked on the loop's thread")
    asked: list[object] = []
    event.listen(
        store.database.engine.sync_engine, "before_cursor_execute", lambda *_: asked.append(_)
    )
    await store.credentials.load(world.key)
    await store.tokens.load("nothing")
    assert asked == []

    def busy(parameters):
        raise sqlite3.OperationalError("database is locked")

    store.credentials._by_key._local = busy
    store.credentials.forget(world.key)
    assert (await store.credentials.load(world.key)).consumer_secret == world.secret
    assert asked
