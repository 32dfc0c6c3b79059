"""llhttp's own messages, in both directions: what it refuses is refused.

Deviations, each with its reason, are in deviations.toml.
"""

from __future__ import annotations

import asyncio
import functools
import tomllib
from pathlib import Path

import pytest

from gateway.http.client import Client, Origin
from gateway.http.message import UpstreamError
from tests.http.vectors import FOLDER, Vector, read, with_host
from tests.http.wire import ask, converse, listening

pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="shared/vectors/llhttp is absent")

REQUESTS = read("request")
RESPONSES = read("response")
DEVIATIONS = tomllib.loads((Path(__file__).parent / "deviations.toml").read_text())


@functools.cache
def said_to_clients(fast: bool) -> dict[str, list[str]]:
    async def all_of_them() -> list[list[str]]:
        async with listening(fast=fast) as listener:
            return await asyncio.gather(
                *(converse(listener, [with_host(v.message)], patience=1.0) for v in REQUESTS)
            )

    answers = asyncio.run(all_of_them())
    return {v.name: answer for v, answer in zip(REQUESTS, answers, strict=True)}


@functools.cache
def ends_of_calls(buffer: bool) -> dict[str, str]:
    async def all_of_them() -> list[str]:
        return await asyncio.gather(*(end_of_call(v, buffer) for v in RESPONSES))

    return {v.name: end for v, end in zip(RESPONSES, asyncio.run(all_of_them()), strict=True)}


async def end_of_call(vector: Vector, buffer: bool) -> str:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(vector.message)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    origin = Origin("http", "127.0.0.1", server.sockets[0].getsockname()[1])
    client = Client()
    try:
        answer = await ask(client, origin, buffer=buffer)
        if not isinstance(answer.body, bytes):
            await answer.body.read(1 << 20)
    except UpstreamError as error:
        return error.kind
    finally:
        await client.close()
        server.close()
    return str(answer.status)


@pytest.mark.parametrize("fast", [True, False], ids=["fast", "plain"])
@pytest.mark.parametrize("vector", REQUESTS, ids=lambda v: v.name)
def test_request(vector: Vector, fast: bool) -> None:
    *answers, end = said_to_clients(fast)[vector.name]
    deviation = DEVIATIONS["request"].get(vector.name)
    if deviation is not None:
        assert answers == deviation["answers"]
    elif vector.refused:
        assert answers, "a refused message must be answered"
        assert answers[-1].startswith("400 ")
        assert end == "closed"
    else:
        assert not [answer for answer in answers if answer != "200"]


@pytest.mark.parametrize("buffer", [True, False], ids=["buffered", "streamed"])
@pytest.mark.parametrize("vector", RESPONSES, ids=lambda v: v.name)
def test_response(vector: Vector, buffer: bool) -> None:
    end = ends_of_calls(buffer)[vector.name]
    deviation = DEVIATIONS["response"].get(vector.name)
    if deviation is not None:
        assert end == deviation["answers"]
    elif vector.refused:
        assert not end.isdigit()
        assert end != "eof"
    else:
        assert end.isdigit() or end == "eof", "eof where the vector itself is cut off"


def test_every_deviation_is_about_a_vector() -> None:
    named = {vector.name for vector in REQUESTS}
    assert set(DEVIATIONS["request"]) <= named
    assert set(DEVIATIONS["response"]) <= {vector.name for vector in RESPONSES}
