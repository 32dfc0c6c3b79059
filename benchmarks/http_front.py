"""CPU microseconds per request of the HTTP room alone: a static answer, and a proxied one.

    python -m benchmarks.http_front [--seconds 3] [--connections 32] [--plain]

Three processes on loopback: the load, the gateway's listener (and client), and for the
proxied case a small upstream server. Only the middle one, pinned to core 0, is measured
(user and system time over completed requests). Its core should be near 100%: otherwise
something else was the limit. Figures of different runs or machines don't compare.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import resource
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

import uvloop
from multidict import CIMultiDict

from gateway.http.client import Client, Origin
from gateway.http.listener import Listener
from gateway.http.message import (
    Headers,
    Refusal,
    Request,
    Response,
    Timeouts,
    UpstreamRequest,
)

BODY = b"x" * 300
FIELDS = {
    "few": b"Host: localhost\r\nAuthorization: Bearer 0123456789abcdef\r\n",
    "ten": b"Host: localhost\r\nAuthorization: Bearer 0123456789abcdef\r\n"
    b"User-Agent: benchmark\r\nAccept: */*\r\nAccept-Encoding: gzip\r\nX-Request-Id: 123\r\n"
    b"Accept-Language: en\r\nCache-Control: no-cache\r\nX-One: 1\r\nX-Two: 2\r\n",
}


def refuse(refusal: Refusal, headers: Headers | None) -> Response:
    return Response(refusal.status, CIMultiDict(), refusal.kind.encode())


async def static(request: Request) -> Response:
    return Response(200, CIMultiDict({"Content-Type": "text/plain"}), BODY)


def proxied(port: int) -> Callable[[Request], object]:
    client = Client()
    origin = Origin("http", "127.0.0.1", port)
    timeouts = Timeouts()
    drop = frozenset({"authorization"})

    async def handler(request: Request) -> Response:
        answer = await client.send(
            UpstreamRequest(request.method, request.target, request.headers, request.body, drop),
            origin,
            timeouts,
            buffer=True,
            max_body=10_000_000,
        )
        return Response(answer.status, answer.headers, answer.body, answer.reason)

    return handler


class Upstream(asyncio.Protocol):
    """Answers whatever comes, without looking at it."""

    ANSWER = (
        b"HTTP/1.1 200 OK\r\nServer: upstream\r\nDate: Mon, 23 Nov 2026 00:00:00 GMT\r\n"
        b"Content-Type: text/plain\r\nContent-Length: 300\r\nConnection: keep-alive\r\n"
        b'ETag: "1"\r\n\r\n' + BODY
    )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(self.ANSWER)  # type: ignore[attr-defined]


def pin(core: int) -> None:
    """Keep this process on one core, where the system can and has as many."""
    if hasattr(os, "sched_setaffinity") and core in os.sched_getaffinity(0):
        os.sched_setaffinity(0, {core})


def serve_upstream(pipe: Connection) -> None:
    pin(1)

    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await asyncio.to_thread(pipe.recv)

    uvloop.run(main())


def serve_gateway(pipe: Connection, upstream: int | None, fast: bool) -> None:
    pin(0)

    async def main() -> None:
        handler = static if upstream is None else proxied(upstream)
        listener = Listener("bench", handler, refuse, fast=fast)  # type: ignore[arg-type]
        await listener.start("127.0.0.1", 0)
        pipe.send(listener.address[1])
        loop = asyncio.get_running_loop()
        done = asyncio.Event()

        def command() -> None:
            if pipe.recv() == "usage":
                used = resource.getrusage(resource.RUSAGE_SELF)
                pipe.send((used.ru_utime + used.ru_stime, listener.requests))
            else:
                done.set()

        loop.add_reader(pipe.fileno(), command)
        await done.wait()

    uvloop.run(main())


class Load(asyncio.Protocol):
    """One request after another on one connection, until told to stop."""

    def __init__(self, request: bytes, stop: float, finished: Callable[[], None]) -> None:
        self.request = request
        self.stop = stop
        self.finished = finished
        self.loop = asyncio.get_running_loop()
        self.pending = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        transport.write(self.request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        data = self.pending + data
        head, found, body = data.partition(b"\r\n\r\n")
        if not found or len(body) < len(BODY):
            self.pending = data
            return
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(data.decode())
        self.pending = b""
        if self.loop.time() < self.stop:
            self.transport.write(self.request)  # type: ignore[attr-defined]
        else:
            self.finished()
            self.transport.close()


async def load(port: int, request: bytes, connections: int, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    stop, left, done = loop.time() + seconds, connections, asyncio.Event()

    def finished() -> None:
        nonlocal left
        left -= 1
        if not left:
            done.set()

    for _ in range(connections):
        await loop.create_connection(lambda: Load(request, stop, finished), "127.0.0.1", port)
    await done.wait()


def measure(options: argparse.Namespace, upstream: int | None, fields: str) -> None:
    ours, theirs = multiprocessing.Pipe()
    gateway = multiprocessing.Process(
        target=serve_gateway, args=(theirs, upstream, not options.plain)
    )
    gateway.start()
    port = ours.recv()
    request = b"GET /weather/forecastrss?w=12797282 HTTP/1.1\r\n" + FIELDS[fields] + b"\r\n"
    uvloop.run(load(port, request, options.connections, 0.5))
    ours.send("usage")
    cpu, count = ours.recv()
    began = time.perf_counter()
    uvloop.run(load(port, request, options.connections, options.seconds))
    took = time.perf_counter() - began
    ours.send("usage")
    cpu_after, count_after = ours.recv()
    requests = count_after - count
    kind = "static" if upstream is None else "proxied"
    print(
        f"{kind:8} {fields} headers: {(cpu_after - cpu) / requests * 1e6:6.1f} us/request, "
        f"{requests / took:8.0f} requests/s, core at {(cpu_after - cpu) / took:4.0%}"
    )
    ours.send("stop")
    gateway.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--plain", action="store_true", help="without the fast path")
    options = parser.parse_args()
    ours, theirs = multiprocessing.Pipe()
    upstream = multiprocessing.Process(target=serve_upstream, args=(theirs,))
    upstream.start()
    port = ours.recv()
    for fields in FIELDS:
        measure(options, None, fields)
        measure(options, port, fields)
    ours.send("stop")
    upstream.join()


if __name__ == "__main__":
    main()
