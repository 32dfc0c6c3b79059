"""What lies on the disk: encrypted secrets, hashed tokens and passwords, guarded keys."""

from __future__ import annotations

import json
from pathlib import Path

import asyncpg
import pytest

from gateway.store import Store
from gateway.store.errors import StoreError
from gateway.store.keys import FILE_NAME, KeyRing


async def dump(place) -> bytes:
    """Everything that the database holds."""
    if place.schema is None:
        folder = Path(place.url.removeprefix("sqlite:///")).parent
        return b"".join(path.read_bytes() for path in sorted(folder.glob("gateway.db*")))
    server = await asyncpg.connect(place.url, server_settings={"search_path": place.schema})
    try:
        names = await server.fetch(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = $1",
            place.schema,
        )
        content = []
        for (name,) in names:
            for row in await server.fetch(f'SELECT * FROM "{name}"'):
                content += [
                    value if isinstance(value, bytes) else str(value).encode()
                    for value in row.values()
                ]
        return b"\n".join(content)
    finally:
        await server.close()


async def test_a_dump_holds_no_secret(world, place) -> None:
    await world.store.administrators.set_password("ann", "the-password-of-ann")
    await world.issue("the-access-token", refresh_token="the-refresh-token")
    content = await dump(place)
    assert b"ann@example.com" in content
    for secret in (world.secret, "the-access-token", "the-refresh-token", "the-password-of-ann"):
        assert secret.encode() not in content
        assert secret.encode().hex().encode() not in content


async def test_a_secret_read_with_other_keys_is_refused(world, place, tmp_path) -> None:
    await world.store.close()
    (place.data_dir / FILE_NAME).unlink()
    with pytest.raises(StoreError, match=r"keys.json is not the key file.*\n.*Copy the key file"):
        await Store.open(place.url, place.data_dir, "demo", schema=place.schema)


async def test_rotation_encrypts_every_secret_anew(world, open_store, place) -> None:
    await world.store.keys.create(world.app_id, "key-2", "another-secret")
    await world.issue("a-token")
    assert await world.store.rotate_keys() == 2
    assert await world.store.rotate_keys() == 2
    assert await world.store.keys.encrypt_anew() == 0

    file = place.data_dir / FILE_NAME
    content = json.loads(file.read_text())
    assert content["current"] == "k3"
    content["keys"] = {"k3": content["keys"]["k3"]}
    file.write_text(json.dumps(content))
    other = await open_store()
    assert (await other.keys.get(world.key)).consumer_secret == world.secret
    assert (await other.keys.get("key-2")).consumer_secret == "another-secret"
    assert await other.tokens.load("a-token") is not None


async def test_a_process_learns_of_a_rotation_by_another(world, open_store) -> None:
    other = await open_store()
    other.key_ring.rotate()
    await other.keys.create(world.app_id, "key-2", "written-with-the-new-key")
    assert (await world.store.keys.get("key-2")).consumer_secret == "written-with-the-new-key"


def test_the_key_file_is_its_owners_only(tmp_path) -> None:
    KeyRing.open(tmp_path / "data").rotate()
    assert (tmp_path / "data" / FILE_NAME).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert [path.name for path in (tmp_path / "data").iterdir()] == [FILE_NAME]


def test_key_rings_opened_at_once_are_the_same(tmp_path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(lambda _: KeyRing.open(tmp_path), range(16)))
    assert len({ring.fingerprint for ring in rings}) == 1


def test_a_value_decrypts_only_where_it_belongs(tmp_path) -> None:
    ring = KeyRing.open(tmp_path)
    value = ring.encrypt("secret", "consumer-secret/demo/a")
    assert ring.decrypt(value, "consumer-secret/demo/a") == "secret"
    with pytest.raises(StoreError, match="cannot be read"):
        ring.decrypt(value, "consumer-secret/demo/b")
    with pytest.raises(StoreError, match="cannot be read"):
        ring.decrypt(value[:-1] + bytes([value[-1] ^ 1]), "consumer-secret/demo/a")


def test_equal_secrets_are_stored_differently(tmp_path) -> None:
    ring = KeyRing.open(tmp_path)
    assert ring.encrypt("secret", "p") != ring.encrypt("secret", "p")


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"current": "k1", "keys": {}}', "\x00"])
def test_a_damaged_key_file_is_an_error_with_a_remedy(tmp_path, content) -> None:
    (tmp_path / FILE_NAME).write_text(content)
    with pytest.raises(StoreError, match=r"is damaged.*restore it from a backup"):
        KeyRing.open(tmp_path)


def test_a_key_ring_does_not_show_its_keys(tmp_path) -> None:
    ring = KeyRing.open(tmp_path)
    content = json.loads((tmp_path / FILE_NAME).read_text())
    assert content["token_key"] not in repr(ring) + repr(ring._keys)


def test_a_token_hash_depends_on_the_key(tmp_path) -> None:
    first, second = KeyRing.open(tmp_path / "a"), KeyRing.open(tmp_path / "b")
    assert len(first.token_hasher()("token")) == 20
    assert first.token_hasher()("token") == first.token_hasher()("token")
    assert first.token_hasher()("token") != second.token_hasher()("token")
