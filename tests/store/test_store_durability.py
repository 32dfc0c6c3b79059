"""What was acknowledged survives kill -9, in the middle of management writes and of
tokens."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from sqlalchemy import select

import gateway
from gateway.store.tables import tokens

WRITER = """
import asyncio, json, os, sys
from pathlib import Path
from gateway.ports.tokens import NewToken
from gateway.store import Store

place = json.loads(sys.argv[1])


def acknowledge(kind, name):
    os.write(1, f"{kind} {name}\\n".encode())


async def issue(store, worker):
    number = 0
    while True:
        number += 1
        name = f"token-{worker}-{number}"
        await store.tokens.issue(
            NewToken(name, 1, -1, place["key"], place["app_id"], "", (), "client_credentials")
        )
        acknowledge("token", name)


async def manage(store):
    number = 0
    while True:
        number += 1
        name = f"d{number}@example.com"
        developer = await store.developers.create(name, "A", "B", "ab", "ann")
        acknowledge("developer", name)
        app = await store.apps.create(developer.developer_id, "app", "ann")
        acknowledge("app", app.app.app_id)
        await store.keys.create(app.app.app_id, f"managed-{number}", f"secret-{number}")
        acknowledge("key", f"managed-{number}")
        revision = await store.proxies.add_revision("p", b"PK" * 500, (), "p", "", "ann")
        acknowledge("revision", revision.number)


async def main():
    store = await Store.open(
        place["url"], Path(place["data_dir"]), "demo", schema=place["schema"]
    )
    await asyncio.gather(manage(store), *(issue(store, worker) for worker in range(8)))


asyncio.run(main())
"""


async def test_what_was_acknowledged_survives_kill_9(world, place, open_store) -> None:
    told = json.dumps(
        {
            "url": place.url,
            "data_dir": str(place.data_dir),
            "schema": place.schema,
            "key": world.key,
            "app_id": world.app_id,
        }
    )
    root = str(Path(gateway.__file__).parents[1])
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, told, cwd=root, stdout=asyncio.subprocess.PIPE
    )
    acknowledged: list[tuple[str, str]] = []
    assert process.stdout is not None
    while sum(kind != "token" for kind, _ in acknowledged) < 200:
        line = await asyncio.wait_for(process.stdout.readline(), 20)
        acknowledged.append(_parse(line))
    os.kill(process.pid, signal.SIGKILL)
    rest = await process.stdout.read()
    await process.wait()
    acknowledged += [_parse(line) for line in rest.splitlines(keepends=True) if line[-1:] == b"\n"]

    store = await open_store()
    async with store.database.reading() as connection:
        hashes = {bytes(one) for one in await connection.scalars(select(tokens.c.access_hash))}
    token_hash = store.key_ring.token_hasher()
    found = {
        "token": {
            name for kind, name in acknowledged if kind == "token" and token_hash(name) in hashes
        },
        "developer": set(await store.developers.emails()),
        "app": set(await store.apps.ids()),
        "key": {
            credential.consumer_key
            for app in await store.apps.all()
            for credential in app.credentials
        },
        "revision": {str(number) for number in (await store.proxies.get("p")).revisions},
    }
    lost = [(kind, name) for kind, name in acknowledged if name not in found[kind]]
    assert lost == []
    assert len(found["token"]) > 50


def _parse(line: bytes) -> tuple[str, str]:
    kind, name = line.decode().split()
    return kind, name
