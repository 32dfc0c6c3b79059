"""Sending a response: one write when its body is in memory, chunks otherwise.

Both front ends of the listener send through here, so that what a client sees does not
depend on which of them served it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from gateway.http.headers import HOP_BY_HOP, FieldWriter
from gateway.http.message import BodyStream, Response, Sent
from gateway.http.response_head import is_bodiless, length_line, response_head

JOINED = 65536
"""Bodies up to this many bytes are joined with their head and written in one call."""

_trailer_fields = FieldWriter(
    HOP_BY_HOP | {"content-length", "content-encoding", "content-type", "host", "authorization"}
)


class Wire(Protocol):
    """Where the bytes go."""

    def write(self, data: bytes) -> None: ...

    async def drain(self) -> None:
        """Wait until the client has taken enough. Raises ConnectionError."""
        ...


@dataclass(slots=True)
class Exchange:
    """What sending needs to know of the request, and what becomes of the connection."""

    method: str
    version: str
    keep_alive: bool
    """In: the client wants to go on and we can. Out: whether the connection goes on."""
    takes_trailers: bool = False
    begun: bool = False
    """True as soon as a byte of the response was written."""


class BrokenResponse(Exception):
    """The response broke off after its head: only closing the connection tells so."""


def _connection_line(exchange: Exchange) -> str:
    if exchange.keep_alive:
        return "" if exchange.version == "1.1" else "Connection: keep-alive\r\n"
    return "Connection: close\r\n" if exchange.version == "1.1" else ""


def end_writing(transport: asyncio.WriteTransport) -> None:
    """Tell the client that nothing more will come; it may have reset the connection."""
    try:
        transport.write_eof()
    except OSError:
        transport.abort()


def send_bytes(wire: Wire, exchange: Exchange, response: Response, body: bytes) -> None:
    """Send a response whose body is in memory, and tell `on_sent`. Raises ValueError
    before anything was written."""
    started = time.time()
    status, method = response.status, exchange.method
    framing = length_line(response.headers, status, method, len(body))
    if not (exchange.keep_alive and exchange.version == "1.1"):
        framing += _connection_line(exchange)
    head = response_head(response, framing, started)
    if method == "HEAD" or status == 304 or status == 204:
        body = b""
    exchange.begun = True
    if len(body) <= JOINED:
        wire.write(head + body)
    else:
        wire.write(head)
        wire.write(body)
    if response.on_sent is not None:
        response.on_sent(Sent(started, time.time(), len(body), True))


def send_refusal(wire: Wire, exchange: Exchange, response: Response) -> None:
    """Send what the `refuse` callback made; a stream from it is not sent."""
    send_bytes(wire, exchange, response, response.body if type(response.body) is bytes else b"")


async def send_stream(
    wire: Wire,
    exchange: Exchange,
    response: Response,
    body: BodyStream | AsyncIterator[bytes],
) -> None:
    """Send a response by chunks, waiting where the client is slow, and tell `on_sent`.

    Raises ValueError before anything was written, `BrokenResponse` when the body broke
    off, ConnectionError when the client went away.
    """
    started, size, complete = time.time(), 0, False
    try:
        framing, chunked, length = _framing(exchange, response, body)
        head = response_head(response, framing + _connection_line(exchange), started)
        exchange.begun = True
        wire.write(head)
        if not is_bodiless(response.status, exchange.method):
            chunks = aiter(body)
            while (chunk := await _next_chunk(chunks)) is not None:
                if not chunk:
                    continue
                size += len(chunk)
                if length is not None and size > length:
                    raise BrokenResponse("the body is longer than its Content-Length")
                wire.write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunked else chunk)
                await wire.drain()
            if length is not None and size != length:
                raise BrokenResponse("the body is shorter than its Content-Length")
            if chunked:
                wire.write(_last_chunk(exchange, body))
        complete = True
    finally:
        await close_stream(body)
        if response.on_sent is not None:
            response.on_sent(Sent(started, time.time(), size, complete))


def _framing(
    exchange: Exchange, response: Response, body: BodyStream | AsyncIterator[bytes]
) -> tuple[str, bool, int | None]:
    """(lines, whether chunked, bytes that must come)."""
    length: int | None = getattr(body, "length", None)
    if is_bodiless(response.status, exchange.method):
        return (
            length_line(response.headers, response.status, exchange.method, length or 0),
            False,
            0,
        )
    if length is not None:
        return f"Content-Length: {length}\r\n", False, length
    if exchange.version == "1.1":
        return "Transfer-Encoding: chunked\r\n", True, None
    exchange.keep_alive = False
    return "", False, None


async def _next_chunk(chunks: AsyncIterator[bytes]) -> bytes | None:
    """None at the end. Raises `BrokenResponse` where the body fails."""
    try:
        return await anext(chunks)
    except StopAsyncIteration:
        return None
    except Exception as error:
        raise BrokenResponse(f"{type(error).__name__}: {error}") from error


def _last_chunk(exchange: Exchange, body: object) -> bytes:
    trailers = getattr(body, "trailers", None) if exchange.takes_trailers else None
    if not trailers:
        return b"0\r\n\r\n"
    try:
        lines = _trailer_fields.write(trailers)
    except ValueError as error:
        raise BrokenResponse(str(error)) from error
    return b"0\r\n" + lines.encode("utf-8", "surrogateescape") + b"\r\n"


async def close_stream(body: object) -> None:
    """Tell a stream that nobody reads it any further."""
    close = getattr(body, "aclose", None)
    if close is not None:
        await close()
