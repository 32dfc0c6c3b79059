"""Calls that wait for one of an origin's connections, and origins that cannot exist."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from multidict import CIMultiDict

from gateway.http.client import Client, Origin
from gateway.http.limits import Limits
from gateway.http.listener import Listener
from gateway.http.message import Request, Response, Timeouts, UpstreamError, UpstreamRequest
from tests.http.wire import Upstream, refuse

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def outcome(client: Client, origin: Origin, connect: float = 2.0) -> str:
    request = UpstreamRequest("GET", "/", CIMultiDict())
    timeouts = Timeouts(connect=connect, io=2.0)
    try:
        answer = await client.send(request, origin, timeouts, buffer=True, max_body=1000)
    except UpstreamError as error:
        return error.kind
    return str(answer.status)


def closed_port() -> Origin:
    return Origin("http", "127.0.0.1", 9)


async def test_every_waiting_call_learns_at_once_that_the_server_refuses() -> None:
    client = Client(max_connections=2)
    calls = [outcome(client, closed_port()) for _ in range(8)]
    async with asyncio.timeout(1.0):
        assert Counter(await asyncio.gather(*calls)) == {"refused": 8}
    await client.close()


async def test_more_calls_than_connections_are_all_answered() -> None:
    client = Client(max_connections=2)
    async with Upstream(OK) as upstream:
        calls = [outcome(client, upstream.origin) for _ in range(40)]
        assert Counter(await asyncio.gather(*calls)) == {"200": 40}
        assert upstream.connections <= 2
        await client.close()


async def test_cancelled_calls_leave_their_turn_to_others() -> None:
    client = Client(max_connections=1)
    silent = await asyncio.start_server(lambda reader, writer: asyncio.sleep(60), "127.0.0.1", 0)
    origin = Origin("http", "127.0.0.1", silent.sockets[0].getsockname()[1])
    calls = [asyncio.create_task(outcome(client, origin)) for _ in range(4)]
    await asyncio.sleep(0.05)
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    silent.close()
    async with asyncio.timeout(1.0):
        assert await outcome(client, origin) == "refused"
    await client.close()


async def test_a_wake_up_that_comes_too_late_is_passed_on() -> None:
    client = Client(max_connections=1)
    async with Upstream(OK) as upstream:
        pool_user = asyncio.create_task(outcome(client, upstream.origin))
        await pool_user
        lane = client._pool.lane(upstream.origin)  # type: ignore[union-attr]
        held = lane.take()
        late = asyncio.create_task(outcome(client, upstream.origin))
        next_one = asyncio.create_task(outcome(client, upstream.origin))
        await asyncio.sleep(0.02)
        held.abort()  # type: ignore[union-attr]
        late.cancel()
        async with asyncio.timeout(1.0):
            assert await next_one == "200"
        await client.close()


@pytest.mark.parametrize(
    ("host", "port"),
    [
        ("127.0.0.1", 70_000),
        ("127.0.0.1", -1),
        ("a\0b", 80),
        ("a..b", 80),
        ("", 80),
        ("x" * 300, 80),
    ],
)
async def test_an_address_that_cannot_exist_is_unresolved(host: str, port: int) -> None:
    client = Client()
    assert await outcome(client, Origin("http", host, port)) == "unresolved"
    await client.close()


async def test_one_broken_connection_costs_the_others_no_deadline() -> None:
    class Broken:
        stopped = False

        def sweep(self, now: float, elapsed: float) -> None:
            raise RuntimeError("broken")

        def finish(self) -> None: ...

        def stop(self) -> None:
            self.stopped = True

    async def handler(request: Request) -> Response:
        return Response(200, CIMultiDict())

    listener = Listener("test", handler, refuse, Limits(keepalive_timeout=1.0))
    await listener.start("127.0.0.1", 0)
    broken = Broken()
    listener._connections.add(broken)  # type: ignore[arg-type]
    await asyncio.sleep(0.6)
    listener._connections.discard(broken)  # type: ignore[arg-type]
    assert broken.stopped
    reader, writer = await asyncio.open_connection(*listener.address)
    async with asyncio.timeout(3.0):
        assert await reader.read() == b""  # idle for too long: the sweep still runs
    writer.close()
    await listener.drain(1.0)
