"""Listener and client together, as a gateway: what one side does, the other one feels."""

from __future__ import annotations

import asyncio
import contextlib
import resource
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from multidict import CIMultiDict

from gateway.http.client import Client, Origin
from gateway.http.listener import Listener
from gateway.http.message import Request, Response, Timeouts, UpstreamError, UpstreamRequest
from tests.http.test_garbage import nothing_unhandled
from tests.http.wire import Wire, listening

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
BOTH = pytest.mark.parametrize("fast", [True, False], ids=["fast", "plain"])
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
MIB = 1 << 20


def resident() -> int:
    """Bytes of memory in use."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


@contextlib.asynccontextmanager
async def gateway(serve: Serve, *, fast: bool, io: float = 5.0) -> AsyncIterator[Listener]:
    """A listener whose handler passes everything on to `serve`, streaming both ways."""
    client = Client()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await serve(reader, writer)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    origin = Origin("http", "127.0.0.1", server.sockets[0].getsockname()[1])

    async def handler(request: Request) -> Response:
        sent = UpstreamRequest(request.method, request.target, request.headers, request.body)
        try:
            answer = await client.send(sent, origin, Timeouts(io=io), buffer=False, max_body=0)
        except UpstreamError as error:
            return Response(502, CIMultiDict(), error.kind.encode())
        return Response(answer.status, answer.headers, answer.body)

    with nothing_unhandled(asyncio.get_running_loop()):
        async with listening(handler, fast=fast) as listener:
            yield listener
        await client.close()
        server.close()


@BOTH
async def test_a_slow_client_holds_back_the_server(fast: bool) -> None:
    total, piece, sent = 100 * MIB, b"x" * 65536, 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % total)
        while sent < total:
            writer.write(piece)
            sent += len(piece)
            await writer.drain()

    async with gateway(serve, fast=fast) as listener, Wire.to(listener) as wire:
        before = resident()
        wire.send(GET)
        await wire.reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.3)
        assert sent < 30 * MIB, "the sockets' buffers, and no more"
        received = highest = 0
        while received < total:
            received += len(await wire.receive())
            highest = max(highest, resident())
        assert received == total
        assert highest - before < 24 * MIB


@BOTH
async def test_a_slow_server_holds_back_the_client(fast: bool) -> None:
    total, piece, sent = 100 * MIB, b"x" * 65536, 0
    go_on = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await go_on.wait()
        received = 0
        while received < total:
            received += len(await reader.read(MIB))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    async with gateway(serve, fast=fast) as listener, Wire.to(listener) as wire:
        before = highest = resident()
        wire.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % total)

        async def upload() -> None:
            nonlocal sent
            while sent < total:
                wire.send(piece)
                sent += len(piece)
                await wire.writer.drain()

        uploading = asyncio.create_task(upload())
        await asyncio.sleep(0.3)
        assert sent < 30 * MIB, "the sockets' buffers, and no more"
        go_on.set()
        while not uploading.done():
            highest = max(highest, resident())
            await asyncio.sleep(0.01)
        assert (await wire.answer()).body == b"ok"
        assert highest - before < 24 * MIB


@BOTH
@pytest.mark.parametrize(
    "begin",
    [CHUNKED + b"5\r\nhello\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"],
    ids=["chunked", "counted"],
)
async def test_a_server_that_dies_in_its_body_gives_no_complete_response(
    begin: bytes, fast: bool
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(begin)
        await asyncio.sleep(0.05)

    async with gateway(serve, fast=fast) as listener, Wire.to(listener) as wire:
        wire.send(GET)
        said = b""
        with contextlib.suppress(ConnectionError):
            while piece := await wire.receive():
                said += piece
        assert said.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"hello" in said
        assert not said.endswith(b"0\r\n\r\n")


@BOTH
async def test_a_server_that_falls_silent_in_its_body_gives_no_complete_response(
    fast: bool,
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(CHUNKED + b"5\r\nhello\r\n")
        await reader.read()

    async with gateway(serve, fast=fast, io=0.3) as listener, Wire.to(listener) as wire:
        wire.send(GET)
        said = b""
        with contextlib.suppress(ConnectionError):
            while piece := await wire.receive(timeout=3.0):
                said += piece
        assert b"hello" in said
        assert not said.endswith(b"0\r\n\r\n")


@BOTH
@pytest.mark.parametrize("begun", [True, False], ids=["in the body", "before the head"])
async def test_a_client_that_leaves_ends_the_call(begun: bool, fast: bool) -> None:
    ended = asyncio.Event()
    arrived = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        arrived.set()
        try:
            while begun:
                writer.write(CHUNKED if not ended.is_set() else b"")
                while True:
                    writer.write(b"5\r\nhello\r\n")
                    await writer.drain()
                    await asyncio.sleep(0.01)
            await reader.read()
        finally:
            ended.set()

    async with gateway(serve, fast=fast) as listener:
        async with Wire.to(listener) as wire:
            wire.send(GET)
            if begun:
                await wire.receive()
            await arrived.wait()
        async with asyncio.timeout(3.0):
            await ended.wait()


@BOTH
async def test_a_client_that_leaves_in_its_upload_ends_the_call(fast: bool) -> None:
    ended = asyncio.Event()
    seen = bytearray()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(65536):
                seen.extend(piece)
        ended.set()

    async with gateway(serve, fast=fast) as listener:
        async with Wire.to(listener) as wire:
            wire.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            wire.send(b"5\r\nhello\r\n")
            async with asyncio.timeout(3.0):
                while b"hello" not in seen:
                    await asyncio.sleep(0.01)
        async with asyncio.timeout(3.0):
            await ended.wait()
    assert not seen.endswith(b"0\r\n\r\n")


@BOTH
async def test_an_answer_before_the_end_of_the_upload_reaches_the_client(fast: bool) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")
        await reader.read()

    async with gateway(serve, fast=fast) as listener, Wire.to(listener) as wire:
        wire.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        answer = await wire.answer()
        assert (answer.status, answer.body) == (413, b"big")
        assert await wire.is_closed(), "the rest of the upload is no request"


@BOTH
async def test_a_malformed_upload_never_looks_complete_to_the_server(fast: bool) -> None:
    seen = bytearray()
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(65536):
                seen.extend(piece)
        ended.set()

    async with gateway(serve, fast=fast) as listener, Wire.to(listener) as wire:
        wire.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        await asyncio.sleep(0.05)
        wire.send(b"zz\r\nGET /admin HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await wire.answer()).status == 400
        assert await wire.is_closed()
        async with asyncio.timeout(3.0):
            await ended.wait()
    assert b"admin" not in seen
    assert not seen.endswith(b"0\r\n\r\n")


@BOTH
async def test_a_continue_of_the_server_is_not_the_clients(fast: bool) -> None:
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
        await reader.readexactly(2)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    async with gateway(serve, fast=fast) as listener, Wire.to(listener) as wire:
        wire.send(
            b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        )
        assert (await wire.answer()).status == 100
        wire.send(b"ab")
        answer = await wire.answer()
        assert (answer.status, answer.body) == (200, b"ok")
    assert b"expect" not in heads[0].lower()


@BOTH
async def test_trailers_reach_a_client_that_takes_them_and_smuggle_nothing(fast: bool) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(CHUNKED + b"2\r\nok\r\n")
            await asyncio.sleep(0.02)
            writer.write(b"0\r\nX-Sum: 1\r\nContent-Type: a/b\r\nHost: y\r\nConnection: z\r\n\r\n")

    async with gateway(serve, fast=fast) as listener, Wire.to(listener) as wire:
        wire.send(b"GET / HTTP/1.1\r\nHost: x\r\nTE: trailers\r\n\r\n")
        answer = await wire.answer()
        assert answer.body == b"ok"
        assert answer.headers.getall("trailer:X-Sum") == ["1"]
        assert [n for n in answer.headers if n.startswith("trailer:")] == ["trailer:X-Sum"]
        wire.send(GET)
        answer = await wire.answer()
        assert answer.body == b"ok"
        assert not [name for name in answer.headers if name.startswith("trailer:")]


@BOTH
async def test_a_length_in_trailers_is_no_end_of_a_response(fast: bool) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(CHUNKED + b"2\r\nok\r\n")
        await asyncio.sleep(0.02)
        writer.write(b"0\r\nContent-Length: 9\r\n\r\n")

    async with gateway(serve, fast=fast) as listener, Wire.to(listener) as wire:
        wire.send(b"GET / HTTP/1.1\r\nHost: x\r\nTE: trailers\r\n\r\n")
        said = b""
        with contextlib.suppress(ConnectionError):
            while piece := await wire.receive():
                said += piece
        assert b"ok" in said
        assert not said.endswith(b"0\r\n\r\n")


@BOTH
async def test_a_coding_in_trailers_is_dropped_and_changes_nothing(fast: bool) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(CHUNKED + b"2\r\nok\r\n")
            await asyncio.sleep(0.02)
            writer.write(b"0\r\nTransfer-Encoding: gzip\r\n\r\n")

    async with gateway(serve, fast=fast) as listener, Wire.to(listener) as wire:
        for _ in range(2):
            wire.send(b"GET / HTTP/1.1\r\nHost: x\r\nTE: trailers\r\n\r\n")
            answer = await wire.answer()
            assert answer.body == b"ok"
            assert not [name for name in answer.headers if name.startswith("trailer:")]


@BOTH
async def test_head_of_a_streaming_server_has_no_body_and_goes_on(fast: bool) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
            if not head.startswith(b"HEAD"):
                writer.write(b"hello")

    async with gateway(serve, fast=fast) as listener, Wire.to(listener) as wire:
        wire.send(GET.replace(b"GET", b"HEAD") + GET)
        head = await wire.answer("HEAD")
        assert (head.status, head.headers["Content-Length"]) == (200, "5")
        assert (await wire.answer()).body == b"hello"


@BOTH
async def test_a_client_of_http_1_0_gets_a_stream_that_ends_with_the_connection(
    fast: bool,
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(CHUNKED + b"5\r\nhello\r\n")
        await asyncio.sleep(0.02)
        writer.write(b"0\r\n\r\n")

    async with gateway(serve, fast=fast) as listener, Wire.to(listener) as wire:
        wire.send(b"GET / HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n")
        answer = await wire.answer()
        assert answer.body == b"hello"
        assert "Transfer-Encoding" not in answer.headers
        assert "Content-Length" not in answer.headers


@BOTH
async def test_drain_lets_a_running_stream_end(fast: bool) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(CHUNKED)
        for _ in range(10):
            writer.write(b"5\r\nhello\r\n")
            await asyncio.sleep(0.02)
        writer.write(b"0\r\n\r\n")

    async with gateway(serve, fast=fast) as listener, Wire.to(listener) as wire:
        wire.send(GET)
        await asyncio.sleep(0.05)
        draining = asyncio.create_task(listener.drain(3.0))
        assert (await wire.answer()).body == b"hello" * 10
        assert await wire.is_closed()
        await draining


@BOTH
async def test_pipelined_requests_are_answered_in_order_over_streams(fast: bool) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            name = head.split(b" ")[1]
            await asyncio.sleep(0.03 if name == b"/1" else 0)
            writer.write(CHUNKED)
            await asyncio.sleep(0)
            writer.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(name), name))

    async with gateway(serve, fast=fast) as listener, Wire.to(listener) as wire:
        for number in range(1, 6):
            wire.send(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % number)
        assert [(await wire.answer()).body for _ in range(5)] == [
            b"/1", b"/2", b"/3", b"/4", b"/5",
        ]  # fmt: skip
