"""Clients that send much, in small pieces, or leave in the middle."""

from __future__ import annotations

import asyncio
import socket
import struct
import time

import pytest
from multidict import CIMultiDict

from gateway.http.message import Request, Response
from tests.http.test_garbage import nothing_unhandled
from tests.http.wire import Wire, listening

pytestmark = pytest.mark.parametrize("fast", [True, False], ids=["fast", "plain"])


async def count(request: Request) -> Response:
    body = request.body if isinstance(request.body, bytes) else await request.body.read(1 << 30)
    return Response(200, CIMultiDict(), str(len(body)).encode())


@pytest.mark.parametrize("size", [30_000, 200_000, 3_000_000])
async def test_a_body_that_comes_in_one_write_with_its_head_is_served(
    size: int, fast: bool
) -> None:
    async with listening(count, fast=fast) as listener, Wire.to(listener) as wire:
        wire.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size + bytes(size))
        assert (await wire.answer()).body == str(size).encode()


async def test_a_refusal_reaches_a_client_that_is_still_sending(fast: bool) -> None:
    async with listening(count, fast=fast) as listener, Wire.to(listener) as wire:
        for piece in (b"GET / HTTP/1.1\r\nHo", b" st: x\r\n", b"A: b\r\n", b"\r\n", bytes(30_000)):
            wire.send(piece)
            await asyncio.sleep(0.01)
        assert (await wire.answer()).status == 400
        assert await wire.is_closed()


async def test_many_small_pieces_behind_a_running_request_cost_little(fast: bool) -> None:
    gate = asyncio.Event()

    async def handler(request: Request) -> Response:
        await gate.wait()
        return Response(200, CIMultiDict())

    async with listening(handler, fast=fast) as listener, Wire.to(listener) as wire:
        wire.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.sleep(0.05)
        (connection,) = listener._connections
        began = time.process_time()
        for _ in range(20_000):
            connection.data_received(b"G")
        assert time.process_time() - began < 1.0
        gate.set()


async def test_a_client_that_resets_while_it_is_answered_leaves_no_trace(fast: bool) -> None:
    gate = asyncio.Event()

    async def handler(request: Request) -> Response:
        await gate.wait()
        return Response(200, CIMultiDict(), b"x" * 100_000)

    with nothing_unhandled(asyncio.get_running_loop()):
        async with listening(handler, fast=fast) as listener:
            for last in (b"", b"GET / HTTP/1.1\r\nHo st: x\r\n\r\n" + bytes(70_000)):
                gate.clear()
                _, writer = await asyncio.open_connection(*listener.address)
                writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + last)
                await asyncio.sleep(0.05)
                client: socket.socket = writer.get_extra_info("socket")
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
                gate.set()
                await asyncio.sleep(0.05)
            async with asyncio.timeout(3.0):
                while listener.connections:
                    await asyncio.sleep(0.01)
