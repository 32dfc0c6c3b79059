"""Every message of responses.toml, buffered and streamed, whole and cut at every byte."""

from __future__ import annotations

import asyncio
import contextlib
import tomllib
from pathlib import Path
from typing import Any

import pytest

from gateway.http.client import Client, Origin
from gateway.http.message import UpstreamError
from tests.http.wire import ask

CASES = tomllib.loads((Path(__file__).parent / "responses.toml").read_text())["response"]


class Server:
    """Answers each request with the same pieces, and counts connections."""

    def __init__(self, pieces: list[bytes], close: bool) -> None:
        self.pieces = pieces
        self.close = close
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                for piece in self.pieces:
                    writer.write(piece)
                    await asyncio.sleep(0.001 if len(self.pieces) > 1 else 0)
                if self.close:
                    break
        writer.close()


async def ends(case: dict[str, Any], pieces: list[bytes], *, buffer: bool) -> tuple[str, bool]:
    """How a call ends, and whether a second one uses the same connection."""
    server = Server(pieces, case.get("close", False))
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    origin = Origin("http", "127.0.0.1", listening.sockets[0].getsockname()[1])
    client = Client()
    try:
        end = await one(client, origin, case.get("method", "GET"), buffer)
        await asyncio.sleep(0.005)
        await one(client, origin, case.get("method", "GET"), buffer)
    finally:
        await client.close()
        listening.close()
    return end, server.connections == 1


async def one(client: Client, origin: Origin, method: str, buffer: bool) -> str:
    try:
        answer = await ask(client, origin, method, buffer=buffer)
        body = answer.body if isinstance(answer.body, bytes) else await answer.body.read(1 << 20)
    except UpstreamError as error:
        return error.kind
    return f"{answer.status} {body.decode()}"


@pytest.mark.parametrize("buffer", [True, False], ids=["buffered", "streamed"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
async def test_response(case: dict[str, Any], buffer: bool) -> None:
    end, again = await ends(case, [case["send"].encode()], buffer=buffer)
    assert end == case["expect"]
    assert again is case.get("again", False)


@pytest.mark.parametrize(
    "name",
    [
        "chunks",
        "HEAD that tells a length",
        "100 and 103 before 200",
        "bytes behind a complete response",
        "Transfer-Encoding together with Content-Length",
        "chunk data ended by bare LF",
        "two different Content-Lengths",
        "a folded header line",
        "header name with a parenthesis",
    ],
)
async def test_the_end_does_not_depend_on_where_the_message_is_cut(name: str) -> None:
    case = next(case for case in CASES if case["name"] == name)
    raw = case["send"].encode()
    cuts = range(1, len(raw))
    seen = await asyncio.gather(
        *(ends(case, [raw[:cut], raw[cut:]], buffer=cut % 2 == 0) for cut in cuts)
    )
    assert not {cut: end for cut, (end, _) in zip(cuts, seen, strict=True) if end != case["expect"]}
