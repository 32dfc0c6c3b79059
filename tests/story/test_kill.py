"""kill -9 in the middle of 200 management writes loses none that was answered."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import aiohttp

from tests.live import PASSWORD, running_gateway

WRITES = 200


async def test_a_killed_gateway_has_every_write_that_it_answered(tmp_path: Path) -> None:
    words = ("serve", "--data-dir", str(tmp_path / "data"), "--env", "test=127.0.0.1:0",
             "--management", "127.0.0.1:0", "--access-log", "off")  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", *words, stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "GATEWAY_ADMIN_PASSWORD": PASSWORD},
    )  # fmt: skip
    assert process.stdout is not None
    url = ""
    async for line in process.stdout:
        if line.startswith(b"management API: "):
            url = line.decode().partition(": ")[2].strip()
        if line == b"ready\n":
            break
    answered: set[str] = set()
    headers = {"Authorization": aiohttp.encode_basic_auth("admin", PASSWORD)}
    async with aiohttp.ClientSession(headers=headers) as session:

        async def write(number: int) -> None:
            email = f"d{number}@example.com"
            body = {"email": email, "firstName": "F", "lastName": "L", "userName": "u"}
            async with session.post(f"{url}organizations/demo/developers", json=body) as answer:
                if answer.status == 201:
                    answered.add(email)
                    if len(answered) == WRITES // 2:
                        process.kill()

        await write(0)
        await asyncio.gather(*(write(n) for n in range(1, WRITES)), return_exceptions=True)
    await process.wait()
    assert WRITES // 2 <= len(answered) < WRITES
    async with running_gateway(tmp_path / "data") as live:
        assert answered <= set((await live.manage("GET", "/developers")).json())
