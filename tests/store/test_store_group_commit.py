"""Group commit: many callers, few transactions, everybody answered after COMMIT."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import event, func, select

from gateway.store.errors import Conflict, StoreError
from gateway.store.group_commit import GroupCommit
from gateway.store.tables import tokens
from gateway.store.token_rows import row_of


@pytest.fixture
def commits(world) -> list[object]:
    seen: list[object] = []
    event.listen(world.store.database.engine.sync_engine, "commit", seen.append)
    return seen


async def stored(store) -> int:
    async with store.database.reading() as connection:
        return int(await connection.scalar(select(func.count()).select_from(tokens)) or 0)


async def test_callers_at_the_same_time_share_a_transaction(world, commits) -> None:
    await asyncio.gather(*(world.issue(f"token-{number}") for number in range(200)))
    assert await stored(world.store) == 200
    assert len(commits) <= 3


async def test_each_row_gets_its_own_id(world) -> None:
    await asyncio.gather(*(world.issue(f"token-{number}") for number in range(50)))
    found = [await world.store.tokens.load(f"token-{number}") for number in range(50)]
    assert len({token.token_id for token in found}) == 50


async def test_a_row_that_is_refused_fails_its_own_caller_only(world) -> None:
    calls = [world.issue(f"token-{number}") for number in range(10)]
    calls.insert(3, world.issue("token-7"))
    calls.insert(5, world.issue("nobodys", app_id="no-such-app"))
    calls.insert(9, world.issue("no-text", end_user="\ud800"))
    results = await asyncio.gather(*calls, return_exceptions=True)
    failed = [result for result in results if result is not None]
    assert len(failed) == 3
    assert all(isinstance(error, Conflict) for error in failed)
    assert await stored(world.store) == 10


async def test_the_answer_comes_after_the_commit(world, open_store) -> None:
    other = await open_store()
    for number in range(10):
        await world.issue(f"token-{number}")
        assert await other.tokens.load(f"token-{number}") is not None


async def test_too_many_waiting_rows_are_refused(world) -> None:
    writer = GroupCommit(world.store.database, tokens, capacity=3)
    rows = [
        row_of(world.token(f"token-{number}"), "demo", lambda token: token.encode())
        for number in range(5)
    ]
    results = await asyncio.gather(*(writer.insert(row) for row in rows), return_exceptions=True)
    assert [type(result) for result in results] == [int, int, int, StoreError, StoreError]


async def test_a_caller_who_gives_up_stops_no_other(world) -> None:
    first = asyncio.ensure_future(world.issue("one"))
    second = asyncio.ensure_future(world.issue("two"))
    await asyncio.sleep(0)
    first.cancel()
    await second
    assert await world.store.tokens.load("two") is not None


async def test_closing_writes_what_waits(world, open_store) -> None:
    store = await open_store()
    waiting = [
        asyncio.ensure_future(store.tokens.issue(world.token(f"token-{number}")))
        for number in range(20)
    ]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*waiting)
    assert await stored(world.store) == 20


async def test_a_database_that_fails_fails_everybody_who_waits(world, monkeypatch) -> None:
    async def fail(rows):
        raise StoreError("the database does not answer")

    monkeypatch.setattr(world.store.tokens._writer, "_commit", fail)
    results = await asyncio.gather(
        *(world.issue(f"token-{number}") for number in range(5)), return_exceptions=True
    )
    assert {str(error) for error in results} == {"the database does not answer"}
    monkeypatch.undo()
    await world.issue("later")
