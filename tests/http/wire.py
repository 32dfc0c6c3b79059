"""Raw sockets against our listener and client, and what they show."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Iterable

import orjson
from multidict import CIMultiDict

from gateway.http.client import Client, Origin
from gateway.http.limits import Limits
from gateway.http.listener import Listener
from gateway.http.message import (
    Headers,
    Refusal,
    Request,
    Response,
    Timeouts,
    UpstreamRequest,
    UpstreamResponse,
)

LIMITS = Limits()


@dataclasses.dataclass
class Answer:
    status: int
    reason: str
    headers: Headers
    body: bytes

    @property
    def kind(self) -> str:
        """`200`, or status and kind of a refusal."""
        return self.body.decode() if self.status >= 400 else str(self.status)


async def echo(request: Request) -> Response:
    """Everything the handler was told, as JSON."""
    body = request.body if isinstance(request.body, bytes) else await request.body.read(1 << 30)
    told = {
        "method": request.method,
        "target": request.target,
        "version": request.version,
        "headers": [
            [k, v.encode(errors="surrogateescape").hex()] for k, v in request.headers.items()
        ],
        "body": body.hex() if len(body) < 10_000 else len(body),
    }
    return Response(200, CIMultiDict({"Content-Type": "application/json"}), orjson.dumps(told))


def refuse(refusal: Refusal, headers: Headers | None) -> Response:
    return Response(
        refusal.status, CIMultiDict({"X-Refused": "1"}), f"{refusal.status} {refusal.kind}".encode()
    )


@contextlib.asynccontextmanager
async def listening(handler=echo, *, fast=True, limits=LIMITS, tls=None) -> AsyncIterator[Listener]:
    listener = Listener("test", handler, refuse, limits, tls, fast=fast)
    await listener.start("127.0.0.1", 0)
    assert listener.is_fast is fast
    try:
        yield listener
    finally:
        await listener.drain(2.0)


class Wire:
    """A client connection of bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    @contextlib.asynccontextmanager
    async def to(cls, listener: Listener, **options) -> AsyncIterator[Wire]:
        reader, writer = await asyncio.open_connection(*listener.address, limit=1 << 20, **options)
        try:
            yield cls(reader, writer)
        finally:
            writer.transport.abort()

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def receive(self, count: int = 1 << 20, timeout: float = 5.0) -> bytes:
        async with asyncio.timeout(timeout):
            return await self.reader.read(count)

    async def answer(self, method: str = "GET") -> Answer:
        """The next response. Raises EOFError where the connection ends first."""
        async with asyncio.timeout(5.0):
            try:
                head = await self.reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError) as error:
                raise EOFError from error
            answer = parse_head(head)
            if method == "HEAD" or answer.status in (204, 304) or answer.status < 200:
                return answer
            if answer.headers.get("Transfer-Encoding") == "chunked":
                answer.body = await self._chunks(answer)
            elif "Content-Length" in answer.headers:
                answer.body = await self.reader.readexactly(int(answer.headers["Content-Length"]))
            else:
                answer.body = await self.reader.read()
            return answer

    async def _chunks(self, answer: Answer) -> bytes:
        body = b""
        while size := int(await self.reader.readline(), 16):
            body += await self.reader.readexactly(size)
            assert await self.reader.readexactly(2) == b"\r\n"
        while (line := await self.reader.readline()) != b"\r\n":
            name, _, value = line.decode().partition(":")
            answer.headers.add(f"trailer:{name}", value.strip())
        return body

    async def is_closed(self, timeout: float = 5.0) -> bool:
        """Whether the other side closes, with nothing more to say."""
        try:
            async with asyncio.timeout(timeout):
                return await self.reader.read(1) == b""
        except ConnectionError:
            return True
        except TimeoutError:
            return False


def parse_head(head: bytes) -> Answer:
    first, *lines = head.decode("utf-8", "surrogateescape").split("\r\n")
    version, status, reason = first.split(" ", 2)
    assert version == "HTTP/1.1"
    headers: Headers = CIMultiDict()
    for line in lines:
        if line:
            name, colon, value = line.partition(": ")
            assert colon
            headers.add(name, value)
    return Answer(int(status), reason, headers, b"")


async def converse(
    listener: Listener,
    pieces: Iterable[bytes],
    *,
    patience: float = 0.4,
    pause: float = 0.0,
    count: int = 1000,
) -> list[str]:
    """Send `pieces` one by one; the kinds of all answers, and `closed` or `open`, or
    `enough` after `count` of them."""
    seen: list[str] = []
    async with Wire.to(listener) as wire:
        wire.writer.get_extra_info("socket")
        for piece in pieces:
            with contextlib.suppress(ConnectionError):
                wire.send(piece)
                await asyncio.sleep(pause)
        while len(seen) < count:
            try:
                async with asyncio.timeout(patience):
                    seen.append((await wire.answer()).kind)
            except EOFError:
                return [*seen, "closed"]
            except TimeoutError:
                return [*seen, "open"]
        return [*seen, "enough"]


class Upstream:
    """A server of bytes: says what it is told to, and keeps what it received."""

    def __init__(self, *says: bytes, close: bool = False) -> None:
        """`says`: one answer for each request head; `close` ends each connection after it."""
        self.says = list(says)
        self.close = close
        self.received: list[bytes] = []
        self.connections = 0
        self.open: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Upstream:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.close()
        for writer in self.open:
            writer.transport.abort()

    @property
    def origin(self) -> Origin:
        return Origin("http", "127.0.0.1", self.port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open.add(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = parse_request_length(head)
                self.received.append(head + await reader.readexactly(length))
                if not self.says:
                    break
                writer.write(self.says.pop(0) if len(self.says) > 1 else self.says[0])
                await writer.drain()
                if self.close:
                    break
        writer.close()


def parse_request_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


async def ask(
    client: Client,
    origin: Origin,
    method: str = "GET",
    target: str = "/",
    body=b"",
    *,
    headers: Headers | None = None,
    buffer: bool = True,
    max_body: int = 1 << 24,
    io: float = 2.0,
    **more,
) -> UpstreamResponse:
    """One call with short deadlines."""
    request = UpstreamRequest(method, target, headers or CIMultiDict(), body, **more)
    return await client.send(
        request, origin, Timeouts(connect=2.0, io=io), buffer=buffer, max_body=max_body
    )
