"""Opaque tokens: issued, looked up, refreshed, revoked, purged."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select

from gateway.ports.identity import UNKNOWN
from gateway.store.errors import Conflict, NotFound, Unstorable
from gateway.store.tables import tokens

DAY = 24 * 3600 * 1000


async def count(store) -> int:
    async with store.database.reading() as connection:
        return int(await connection.scalar(select(func.count()).select_from(tokens)) or 0)


async def test_an_issued_token_is_known_at_once_and_after_a_restart(world, open_store) -> None:
    await world.store.credentials.load(world.key)
    await world.issue(
        "a-token",
        attributes=(("a", "1"),),
        hidden_attributes=(("b", "2"),),
        end_user="eve",
        refresh_token="a-refresh-token",
        refresh_issued_at=5,
        refresh_expires_at=6,
        refresh_count=2,
    )
    known = world.store.tokens.peek("a-token")
    other = await open_store()
    assert other.tokens.peek("a-token") is None
    loaded = await other.tokens.load("a-token")
    assert loaded == known
    assert await other.tokens.load_by_refresh_token("a-refresh-token") == known
    assert (loaded.status, loaded.scope, loaded.products) == ("approved", "READ", (world.product,))
    assert (loaded.attributes, loaded.hidden_attributes) == ((("a", "1"),), (("b", "2"),))
    assert (loaded.end_user, loaded.refresh_count, loaded.refresh_expires_at) == ("eve", 2, 6)
    assert loaded.credential.app.app_id == world.app_id


async def test_a_known_token_is_answered_without_waiting(world) -> None:
    await world.issue("a-token")
    await world.store.tokens.load("a-token")
    assert world.store.tokens.peek("a-token").consumer_key == world.key


async def test_a_token_is_issued_once(world) -> None:
    await world.issue("a-token")
    with pytest.raises(Conflict):
        await world.issue("a-token")


async def test_a_token_for_a_deleted_app_is_refused(world) -> None:
    await world.store.apps.delete(world.app_id)
    with pytest.raises(Conflict):
        await world.issue("a-token")


async def test_a_token_has_the_credential_of_now(world) -> None:
    await world.issue("a-token")
    await world.store.tokens.load("a-token")
    await world.store.keys.set_status(world.key, "revoked")
    assert world.store.tokens.peek("a-token") is None
    assert (await world.store.tokens.load("a-token")).credential.status == "revoked"
    await world.store.keys.set_status(world.key, "approved")
    await world.store.credentials.load(world.key)
    assert world.store.tokens.peek("a-token").credential.status == "approved"


@pytest.mark.parametrize("what", ["app", "developer", "product"])
async def test_every_part_of_a_credential_is_as_it_is_now(world, what) -> None:
    store = world.store
    await world.issue("a-token")
    await store.tokens.load("a-token")
    if what == "app":
        await store.apps.set_status(world.app_id, "revoked", "ann")
    elif what == "developer":
        await store.developers.set_status("ann@example.com", "inactive", "ann")
    else:
        await store.products.update(world.product, "ann", scopes=("NEW",))
    assert store.tokens.peek("a-token") is None
    assert store.credentials.peek(world.key) is None
    credential = (await store.tokens.load("a-token")).credential
    changed = {
        "app": credential.app.status,
        "developer": credential.developer.status,
        "product": credential.products[0].product.scopes,
    }
    assert changed[what] == {"app": "revoked", "developer": "inactive", "product": ("NEW",)}[what]


async def test_a_token_whose_key_was_deleted_has_no_credential(world) -> None:
    await world.issue("a-token")
    await world.store.tokens.load("a-token")
    await world.store.keys.delete(world.key)
    assert world.store.tokens.peek("a-token") is None
    assert (await world.store.tokens.load("a-token")).credential is None
    assert world.store.tokens.peek("a-token").credential is None


async def test_a_key_made_again_for_another_app_revives_no_token(world) -> None:
    await world.issue("a-token")
    await world.store.tokens.load("a-token")
    await world.store.apps.delete(world.app_id)
    other = await world.store.apps.create(world.developer_id, "other", "ann")
    await world.store.keys.create(other.app.app_id, world.key, "s")
    await world.store.credentials.load(world.key)
    assert world.store.tokens.peek("a-token") is None
    assert await world.store.tokens.load("a-token") is None


async def test_a_deleted_app_takes_tokens_without_key_along(world) -> None:
    await world.issue("a-token")
    await world.store.keys.delete(world.key)
    await world.store.tokens.load("a-token")
    await world.store.apps.delete(world.app_id)
    assert world.store.tokens.peek("a-token") is None
    assert await world.store.tokens.load("a-token") is None
    assert world.store.tokens.peek("a-token") is UNKNOWN


# -- revoking


async def test_revoking_an_app_revokes_its_tokens_at_once(world) -> None:
    for name in ("one", "two"):
        await world.issue(name)
        await world.store.tokens.load(name)
    assert await world.store.tokens.revoke_app(world.app_id) == 2
    assert world.store.tokens.peek("one") is None
    found = await world.store.tokens.load("two")
    assert (found.status, found.refresh_status) == ("revoked", "revoked")


async def test_a_token_issued_after_the_revocation_is_valid_in_the_same_millisecond(world) -> None:
    await world.issue("before", issued_at=1000)
    await world.store.tokens.revoke_app(world.app_id)
    await world.issue("after", issued_at=1000)
    assert (await world.store.tokens.load("before")).status == "revoked"
    assert (await world.store.tokens.load("after")).status == "approved"


async def test_other_apps_keep_their_tokens(world) -> None:
    other = await world.store.apps.create(world.developer_id, "other", "ann")
    await world.store.keys.create(other.app.app_id, "key-2", "s")
    await world.issue("mine")
    await world.issue("theirs", consumer_key="key-2", app_id=other.app.app_id)
    await world.store.tokens.load("theirs")
    await world.store.tokens.revoke_app(world.app_id)
    assert world.store.tokens.peek("theirs").status == "approved"


async def test_only_the_tokens_of_an_end_user_are_revoked(world) -> None:
    await world.issue("eves", end_user="eve")
    await world.issue("bobs", end_user="bob", refresh_token="bobs-refresh")
    assert await world.store.tokens.revoke_app(world.app_id, end_user="bob", cascade=False) == 1
    assert (await world.store.tokens.load("eves")).status == "approved"
    bobs = await world.store.tokens.load("bobs")
    assert (bobs.status, bobs.refresh_status) == ("revoked", "approved")


async def test_an_unknown_app_has_no_tokens_to_revoke(world) -> None:
    with pytest.raises(NotFound, match="app 'nobody'"):
        await world.store.tokens.revoke_app("nobody")
    assert await world.store.tokens.revoke_app(world.app_id) == 0


async def test_many_tokens_are_revoked_in_batches(world, monkeypatch) -> None:
    from gateway.store import token_batches

    monkeypatch.setattr(token_batches, "_BATCH", 7)
    await asyncio.gather(*(world.issue(f"token-{number}") for number in range(30)))
    assert await world.store.tokens.revoke_app(world.app_id) == 30
    found = [await world.store.tokens.load(f"token-{number}") for number in range(30)]
    assert {token.status for token in found} == {"revoked"}


@pytest.mark.parametrize(
    ("kind", "token", "cascade", "expected"),
    [
        ("accesstoken", "access", False, ("revoked", "approved")),
        ("accesstoken", "access", True, ("revoked", "revoked")),
        ("refreshtoken", "refresh", False, ("approved", "revoked")),
        ("refreshtoken", "refresh", True, ("revoked", "revoked")),
    ],
)
async def test_the_status_of_one_token_is_set(world, kind, token, cascade, expected) -> None:
    await world.issue("access", refresh_token="refresh")
    await world.store.tokens.load("access")
    assert await world.store.tokens.set_status(token, kind, "revoked", cascade)
    found = await world.store.tokens.load("access")
    assert (found.status, found.refresh_status) == expected
    assert await world.store.tokens.set_status(token, kind, "approved", True)
    found = await world.store.tokens.load("access")
    assert (found.status, found.refresh_status) == ("approved", "approved")


async def test_an_unknown_token_has_no_status(world) -> None:
    await world.issue("access", refresh_token="refresh")
    assert not await world.store.tokens.set_status("refresh", "accesstoken", "revoked", False)
    assert not await world.store.tokens.set_status("access", "refreshtoken", "revoked", False)


# -- refreshing


async def test_a_refresh_replaces_the_grant(world) -> None:
    await world.issue("old", refresh_token="old-refresh", refresh_expires_at=-1)
    await world.store.tokens.load("old")
    new = world.token("new", refresh_token="new-refresh", refresh_expires_at=-1, refresh_count=1)
    assert await world.store.tokens.refresh("old-refresh", new)
    assert world.store.tokens.peek("old") is None
    assert await world.store.tokens.load("old") is None
    assert await world.store.tokens.load_by_refresh_token("old-refresh") is None
    assert world.store.tokens.peek("new").refresh_count == 1
    assert (await world.store.tokens.load_by_refresh_token("new-refresh")).refresh_count == 1


async def test_a_refresh_token_may_be_kept(world) -> None:
    await world.issue("old", refresh_token="refresh")
    assert await world.store.tokens.refresh("refresh", world.token("new", refresh_token="refresh"))
    found = await world.store.tokens.load_by_refresh_token("refresh")
    assert found == await world.store.tokens.load("new")


async def test_a_revoked_refresh_token_refreshes_nothing(world) -> None:
    await world.issue("old", refresh_token="refresh")
    await world.store.tokens.set_status("refresh", "refreshtoken", "revoked", False)
    assert not await world.store.tokens.refresh("refresh", world.token("new"))
    assert await world.store.tokens.load("new") is None
    assert (await world.store.tokens.load("old")).status == "approved"


async def test_of_two_refreshes_at_the_same_time_one_wins(world) -> None:
    await world.issue("old", refresh_token="refresh")
    won = await asyncio.gather(
        *(world.store.tokens.refresh("refresh", world.token(f"new-{i}")) for i in range(5))
    )
    assert sorted(won) == [False] * 4 + [True]
    assert await count(world.store) == 1


async def test_a_refresh_to_a_token_that_exists_changes_nothing(world) -> None:
    await world.issue("old", refresh_token="refresh")
    await world.issue("taken")
    with pytest.raises(Conflict):
        await world.store.tokens.refresh("refresh", world.token("taken"))
    assert await world.store.tokens.load_by_refresh_token("refresh") is not None


# -- odd values


async def test_any_presented_text_is_looked_up_without_an_error(world) -> None:
    for text in ("", "\0", "\ud800", "\udcff", "x" * 100_000, "' OR 1=1 --"):
        assert await world.store.tokens.load(text) is None
        assert await world.store.tokens.load_by_refresh_token(text) is None
        assert await world.store.credentials.load(text) is None


async def test_a_token_with_a_value_that_is_no_text_is_refused(world) -> None:
    with pytest.raises((Unstorable, UnicodeEncodeError)):
        await world.issue("a-token", end_user="\ud800")


# -- expiry


async def test_an_expired_token_is_kept_for_a_day_and_then_purged(world, clock) -> None:
    await world.issue("short", expires_at=clock.at + 1000)
    await world.issue("never", expires_at=-1)
    await world.issue(
        "refreshable",
        expires_at=clock.at + 1000,
        refresh_token="r",
        refresh_expires_at=clock.at + 10 * DAY,
    )
    clock.at += 1000 + DAY - 1
    assert await world.store.tokens.purge_expired() == 0
    clock.at += 2
    assert await world.store.tokens.purge_expired() == 1
    assert await count(world.store) == 2
    clock.at += 10 * DAY
    assert await world.store.tokens.purge_expired() == 1
    assert (await world.store.tokens.load("never")).status == "approved"


async def test_purging_goes_in_small_batches(world, clock) -> None:
    await asyncio.gather(*(world.issue(f"t{i}", expires_at=1) for i in range(10)))
    assert await world.store.tokens.purge_expired(limit=4) == 4
    assert await count(world.store) == 6
