"""What memory keeps: never more than told, never older than what was acknowledged."""

from __future__ import annotations

import asyncio

import pytest

from gateway.ports.identity import UNKNOWN
from gateway.store.bounded import AbsentKeys, BoundedMap, Shared
from gateway.store.flights import Flights


class Held:
    """A look-up that has read its rows and holds them back until `go` is set."""

    def __init__(self, lookup) -> None:
        self._lookup = lookup
        self.has_read = asyncio.Event()
        self.go = asyncio.Event()
        self.asked = 0

    async def rows(self, **parameters):
        self.asked += 1
        found = await self._lookup.rows(**parameters)
        self.has_read.set()
        await self.go.wait()
        return found

    async def first(self, **parameters):
        rows = await self.rows(**parameters)
        return rows[0] if rows else None


@pytest.fixture
def held_tokens(world) -> Held:
    world.store.tokens._by_access = Held(world.store.tokens._by_access)
    return world.store.tokens._by_access


@pytest.fixture
def held_credentials(world) -> Held:
    world.store.credentials._by_key = Held(world.store.credentials._by_key)
    return world.store.credentials._by_key


# -- loads that a change overtakes


async def test_a_load_that_began_before_a_revocation_is_not_remembered(world, held_tokens) -> None:
    store = world.store
    await world.issue("a-token")
    loading = asyncio.ensure_future(store.tokens.load("a-token"))
    await held_tokens.has_read.wait()
    await store.tokens.revoke_app(world.app_id)
    held_tokens.go.set()
    await loading
    assert store.tokens.peek("a-token") is None
    assert (await store.tokens.load("a-token")).status == "revoked"


async def test_who_asks_after_a_revocation_never_shares_an_older_load(world, held_tokens) -> None:
    store = world.store
    await world.issue("a-token")
    before = asyncio.ensure_future(store.tokens.load("a-token"))
    await held_tokens.has_read.wait()
    await store.tokens.set_status("a-token", "accesstoken", "revoked", True)
    after = asyncio.ensure_future(store.tokens.load("a-token"))
    await asyncio.sleep(0)
    held_tokens.go.set()
    assert (await after).status == "revoked"
    await before
    assert store.tokens.peek("a-token").status == "revoked"


async def test_a_token_issued_during_its_own_failing_look_up_is_known(world, held_tokens) -> None:
    store = world.store
    await store.credentials.load(world.key)
    missing = asyncio.ensure_future(store.tokens.load("a-token"))
    await held_tokens.has_read.wait()
    await world.issue("a-token")
    held_tokens.go.set()
    assert await missing is None
    assert store.tokens.peek("a-token").status == "approved"


@pytest.mark.parametrize("change", ["key", "app", "developer", "product"])
async def test_a_credential_load_that_a_change_overtakes_is_not_remembered(
    world, held_credentials, change
) -> None:
    store = world.store
    before = asyncio.ensure_future(store.credentials.load(world.key))
    await held_credentials.has_read.wait()
    if change == "key":
        await store.keys.set_status(world.key, "revoked")
    elif change == "app":
        await store.apps.set_status(world.app_id, "revoked", "ann")
    elif change == "developer":
        await store.developers.set_status(world.developer_id, "inactive", "ann")
    else:
        await store.products.update(world.product, "ann", scopes=("NEW",))
    after = asyncio.ensure_future(store.credentials.load(world.key))
    await asyncio.sleep(0)
    held_credentials.go.set()
    old, new = await before, await after
    assert old != new
    assert store.credentials.peek(world.key) == new


async def test_a_token_load_that_waits_for_its_credential_is_overtaken_too(
    world, held_credentials
) -> None:
    store = world.store
    await world.issue("a-token")
    before = asyncio.ensure_future(store.tokens.load("a-token"))
    await held_credentials.has_read.wait()
    await store.keys.set_status(world.key, "revoked")
    after = asyncio.ensure_future(store.tokens.load("a-token"))
    await asyncio.sleep(0.01)
    held_credentials.go.set()
    assert (await after).credential.status == "revoked"
    await before
    known = store.tokens.peek("a-token")
    assert known is None or known.credential.status == "revoked"


async def test_nobody_reads_what_was_before_an_acknowledged_change(world) -> None:
    """Readers never pause; after each change what they find is the new state."""
    store = world.store
    await world.issue("a-token")
    changing = True

    async def read() -> None:
        while changing:
            await store.tokens.load("a-token")
            await store.credentials.load(world.key)
            await asyncio.sleep(0)

    def state(token) -> tuple[object, ...]:
        credential = token.credential
        return (
            token.status,
            credential.status,
            credential.app.status,
            credential.developer.status,
            credential.products[0].product.quota,
        )

    readers = [asyncio.ensure_future(read()) for _ in range(4)]
    expected: list[object] = ["approved", "approved", "approved", "active", None]
    for turn in range(40):
        place, word = turn % 5, ("revoked", "approved")[turn // 5 % 2]
        if place == 0:
            await store.tokens.set_status("a-token", "accesstoken", word, True)
        elif place == 1:
            await store.keys.set_status(world.key, word)
        elif place == 2:
            await store.apps.set_status(world.app_id, word, "ann")
        elif place == 3:
            await store.developers.set_status(world.developer_id, word, "ann")
        else:
            await store.products.update(world.product, "ann", quota=word)
        expected[place] = word
        known = store.tokens.peek("a-token")
        assert known is None or list(state(known)) == expected
        assert list(state(await store.tokens.load("a-token"))) == expected
        await asyncio.sleep(0.002)
        known = store.tokens.peek("a-token")
        assert known is None or list(state(known)) == expected
    changing = False
    await asyncio.gather(*readers)


async def test_a_write_whose_caller_goes_away_still_reaches_memory(world) -> None:
    store = world.store
    await world.issue("a-token")
    await store.tokens.load("a-token")
    for ticks in range(12):
        await store.keys.set_status(world.key, "approved")
        await store.tokens.load("a-token")
        revoking = asyncio.ensure_future(store.keys.set_status(world.key, "revoked"))
        for _ in range(ticks):
            await asyncio.sleep(0)
        revoking.cancel()
        await asyncio.wait([revoking])
        while store.database._unfinished:
            await asyncio.sleep(0)
        known = store.credentials.peek(world.key)
        stored = await store.keys.get(world.key)
        assert known is None or known.status == stored.status


async def test_listeners_hear_of_a_change_before_it_is_acknowledged(world) -> None:
    heard: list[tuple[str, str, str | None]] = []
    store = world.store

    async def listen(change) -> None:
        found = await store.keys.get(world.key)
        heard.append((change.kind, change.action, found.status))

    forget = store.changes.subscribe(listen)
    await store.keys.set_status(world.key, "revoked")
    assert heard == [("credential", "updated", "revoked")]
    forget()
    await store.keys.set_status(world.key, "approved")
    assert len(heard) == 1


async def test_a_listener_that_fails_stops_nobody(world, caplog) -> None:
    heard = []

    def fail(change) -> None:
        raise RuntimeError("broken")

    world.store.changes.subscribe(fail)
    world.store.changes.subscribe(heard.append)
    await world.store.keys.set_status(world.key, "revoked")
    assert len(heard) == 1
    assert "a listener failed" in caplog.text


# -- one flight per key


async def test_callers_of_one_key_share_a_look_up(world, held_tokens) -> None:
    await world.issue("a-token")
    loads = [asyncio.ensure_future(world.store.tokens.load("a-token")) for _ in range(20)]
    await held_tokens.has_read.wait()
    held_tokens.go.set()
    found = await asyncio.gather(*loads)
    assert held_tokens.asked == 1
    assert all(token is found[0] for token in found)


async def test_a_caller_who_gives_up_takes_nobody_along(world, held_tokens) -> None:
    await world.issue("a-token")
    first = asyncio.ensure_future(world.store.tokens.load("a-token"))
    await held_tokens.has_read.wait()
    second = asyncio.ensure_future(world.store.tokens.load("a-token"))
    await asyncio.sleep(0)
    first.cancel()
    held_tokens.go.set()
    assert (await second).status == "approved"


async def test_a_failing_load_fails_its_callers_and_is_tried_again() -> None:
    answers = [RuntimeError("down"), "up"]
    landed = []

    async def load(key):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    flights = Flights(load, lambda key, value: landed.append(value))
    with pytest.raises(RuntimeError):
        await flights.join("a")
    assert await flights.join("a") == "up"
    assert landed == ["up"]


# -- absence


async def test_an_unknown_token_and_key_are_remembered_as_unknown(world) -> None:
    assert world.store.tokens.peek("guess") is None
    assert await world.store.tokens.load("guess") is None
    assert world.store.tokens.peek("guess") is UNKNOWN
    assert await world.store.credentials.load("guess") is None
    assert world.store.credentials.peek("guess") is UNKNOWN


async def test_a_created_key_and_an_issued_token_are_unknown_no_more(world) -> None:
    store = world.store
    await store.credentials.load("key-2")
    await store.tokens.load("a-token")
    await store.keys.create(world.app_id, "key-2", "s")
    await world.issue("a-token", consumer_key="key-2")
    assert store.credentials.peek("key-2") is not UNKNOWN
    assert (await store.tokens.load("a-token")).consumer_key == "key-2"


def test_absence_is_forgotten_after_some_seconds() -> None:
    now = [0.0]
    absent: AbsentKeys[str] = AbsentKeys(5.0, clock=lambda: now[0])
    absent.add("a")
    now[0] = 4.9
    assert "a" in absent
    now[0] = 5.1
    assert "a" not in absent
    assert len(absent) == 0


async def test_guessing_fills_neither_memory_nor_the_store(world) -> None:
    store = world.store
    await world.issue("a-token")
    await store.tokens.load("a-token")
    await asyncio.gather(*(store.tokens.load(f"guess-{i}") for i in range(300)))
    store.tokens._absent._until.capacity = 100
    for number in range(300):
        await store.tokens.load(f"another-{number}")
    assert len(store.tokens._absent) <= 300
    assert len(store.tokens._known) == 1
    assert store.tokens.peek("a-token").status == "approved"
    assert not store.tokens._flights._under_way


async def test_a_key_longer_than_any_key_is_not_even_remembered(world) -> None:
    await world.store.credentials.load("x" * 3000)
    assert len(world.store.credentials._absent) == 0


# -- bounds


async def test_memory_keeps_so_many_tokens_and_credentials(world, open_store) -> None:
    small = await open_store(cached_tokens=5, cached_credentials=2)
    for number in range(4):
        await small.keys.create(world.app_id, f"more-{number}", "s")
        await small.credentials.load(f"more-{number}")
    assert len(small.credentials._known) == 2
    assert sum(len(keys) for keys in small.credentials._links.values()) == 4
    await small.credentials.load(world.key)
    for number in range(9):
        await world.issue(f"t{number}")
        await small.tokens.load(f"t{number}")
    assert len(small.tokens._known) == 5
    assert small.tokens.peek("t8").status == "approved"
    assert small.tokens.peek("t0") is None


def test_a_bounded_map_tells_what_it_dropped() -> None:
    known: BoundedMap[str, int] = BoundedMap(2)
    assert known.remember("a", 1) is None
    assert known.remember("b", 2) is None
    assert known.remember("a", 3) is None
    assert known.remember("c", 4) == 3
    assert known == {"b": 2, "c": 4}


def test_equal_values_are_one_object() -> None:
    shared: Shared[tuple[str, ...]] = Shared(capacity=2)
    first = shared(("a", "b"))
    assert shared(("a", "b")) is first


async def test_forgetting_a_product_leaves_no_links_behind(world) -> None:
    await world.store.credentials.load(world.key)
    await world.store.products.update(world.product, "ann", quota="1")
    assert world.store.credentials.peek(world.key) is None
    assert not world.store.credentials._links
