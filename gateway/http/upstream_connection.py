"""One connection to an upstream server: a request goes out, a response comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from time import time
from typing import TYPE_CHECKING

from gateway.http.limits import ResponseLimits
from gateway.http.message import BodyStream, BodyTooBig, UpstreamError, UpstreamRequest
from gateway.http.response_parser import ResponseParser

if TYPE_CHECKING:
    from gateway.http.pool import Lane

NEVER = float("inf")
JOINED = 65536
"""Bodies up to this many bytes are joined with their head and written in one call."""


class UpstreamConnection(asyncio.Protocol):
    """Serves one exchange at a time; between two of them it waits in its lane's pool."""

    __slots__ = (
        "_can_write", "_drained", "_failure", "_high_water", "_io", "_lane", "_max_body",
        "_paused", "_sender", "_taken", "_waiter", "busy", "deadline", "idle_until", "parser",
        "peer", "received_ended", "received_started", "reused", "sent_ended", "transport",
    )  # fmt: skip

    def __init__(self, lane: Lane, limits: ResponseLimits) -> None:
        self._lane = lane
        self._high_water = 2 * limits.buffer
        self.parser = ResponseParser(limits)
        self.transport: asyncio.Transport | None = None
        self.peer: tuple[str, int] = ("", 0)
        self.busy = False
        """True from `send` to the end of the exchange."""
        self.reused = False
        """True from the second exchange on."""
        self.deadline = NEVER
        """Pool's time at which the server has been silent for too long; NEVER while we
        wait for somebody else."""
        self.idle_until = NEVER
        """Pool's time until which the connection may wait unused."""
        self.sent_ended = 0.0
        self.received_started = 0.0
        self.received_ended = 0.0
        self._io = 0.0
        self._max_body = -1
        self._taken = 0
        self._paused = False
        self._can_write = True
        self._waiter: asyncio.Future[None] | None = None
        """Waits for the head, the whole response, or the next chunk."""
        self._drained: asyncio.Future[None] | None = None
        self._sender: asyncio.Task[None] | None = None
        self._failure: Exception | None = None

    # -- the transport's calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        name = transport.get_extra_info("peername")
        if isinstance(name, tuple) and len(name) >= 2:
            self.peer = str(name[0]), int(name[1])

    def data_received(self, data: bytes) -> None:
        parser = self.parser
        if not self.busy or parser.complete:
            parser.excess = True  # bytes that belong to no request: never use it again
            if not self.busy:
                self.abort()
            return
        if not parser.started:
            self.received_started = time()
        try:
            parser.feed(data)
        except UpstreamError as error:
            self.fail(error)
            return
        if self.deadline != NEVER:
            self.deadline = self._lane.pool.now + self._io
        self._progress()

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self._lane.forget(self)
        if self.busy and not self.parser.complete and self._failure is None:
            try:
                if exc is not None:
                    started = self.parser.started
                    raise UpstreamError("eof" if started else "refused", str(exc))
                self.parser.end()
            except UpstreamError as error:
                self.fail(error)
            else:
                self._progress()
        if self._drained is not None and not self._drained.done():
            self._drained.set_exception(UpstreamError("eof", "the connection was lost"))

    def pause_writing(self) -> None:
        self._can_write = False
        if self.busy and self._sender is not None:
            self.deadline = self._lane.pool.now + self._io

    def resume_writing(self) -> None:
        self._can_write = True
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    # -- the request

    def send(
        self, request: UpstreamRequest, head: bytes, io: float, max_body: int
    ) -> asyncio.Future[None]:
        """Write a request; a body that comes in chunks is written beside reading the
        response. `io`: longest silence in seconds; `max_body`: -1 when the body of the
        response is streamed.

        The future ends when the head is there; when the body is buffered, when all is.
        It raises `UpstreamError`, `BodyTooBig`, and what the request's stream raised.
        """
        transport, pool, body = self.transport, self._lane.pool, request.body
        waiter = self._waiter = pool.loop.create_future()
        if transport is None:
            waiter.set_exception(UpstreamError("refused", "the connection was lost"))
            return waiter
        self.busy = True
        self.parser.start(request.method)
        self._io = io
        self._max_body = max_body
        self._taken = 0
        self.received_ended = self.sent_ended = 0.0
        if isinstance(body, bytes):
            self.deadline = pool.now + io
            if len(body) <= JOINED:
                transport.write(head + body if body else head)
            else:
                transport.write(head)
                transport.write(body)
        else:
            transport.write(head)
            self._sender = pool.loop.create_task(self._send_chunks(transport, body))
        return waiter

    async def _send_chunks(
        self, transport: asyncio.Transport, body: BodyStream | AsyncIterator[bytes]
    ) -> None:
        length: int | None = getattr(body, "length", None)
        size = 0
        try:
            async for chunk in body:
                size += len(chunk)
                if length is not None and size > length:
                    break
                if chunk:
                    frame = b"%x\r\n%b\r\n" % (len(chunk), chunk) if length is None else chunk
                    transport.write(frame)
                if not self._can_write:
                    await self._drain()
            if length is None:
                transport.write(b"0\r\n\r\n")
            elif size != length:
                raise UpstreamError("invalid", "the request body is not as long as declared")
        except Exception as error:
            self.fail(error)
        else:
            self.sent_ended = time()
            if self.busy and not self.parser.complete and not self._paused:
                self.deadline = self._lane.pool.now + self._io

    async def _drain(self) -> None:
        self._drained = self._lane.pool.loop.create_future()
        try:
            await self._drained
        finally:
            self._drained = None
        self.deadline = NEVER  # now it is the client who has to go on

    # -- the response

    async def next_chunk(self) -> bytes:
        """The next part of a streamed body, empty at its end. Raises `UpstreamError`."""
        parser = self.parser
        while not parser.body:
            if self._failure is not None:
                raise self._failure
            if parser.complete:
                return b""
            self._resume()
            self._waiter = self._lane.pool.loop.create_future()
            await self._waiter
        chunk = parser.body[0] if len(parser.body) == 1 else b"".join(parser.body)
        parser.body.clear()
        self._taken = parser.body_bytes
        self._resume()
        return chunk

    def _progress(self) -> None:
        """Wake whoever waits for what has just arrived."""
        parser = self.parser
        if parser.complete:
            self.received_ended = time()
            self.deadline = NEVER
        elif self._max_body >= 0:
            if parser.body_bytes > self._max_body or parser.length > self._max_body:
                self.fail(BodyTooBig(f"more than {self._max_body} bytes"))
            return
        elif not parser.head_complete:
            return
        elif parser.body_bytes - self._taken > self._high_water:
            self._pause()
        if parser.body_bytes > self._max_body >= 0:
            self.fail(BodyTooBig(f"more than {self._max_body} bytes"))
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _pause(self) -> None:
        if not self._paused and self.transport is not None:
            self._paused = True
            self.deadline = NEVER
            self.transport.pause_reading()

    def _resume(self) -> None:
        if self._paused and self.transport is not None:
            self._paused = False
            self.deadline = self._lane.pool.now + self._io
            self.transport.resume_reading()

    # -- the end of an exchange

    def release(self, keepalive: float) -> None:
        """Give the connection back after a complete response."""
        self.busy = False
        self.deadline = NEVER
        sender, self._sender = self._sender, None
        transport = self.transport
        if sender is not None and not sender.done():
            sender.cancel()
            self.abort()
        elif transport is None:
            return
        elif not self.parser.keep_alive or self.parser.excess or transport.is_closing():
            transport.close()
            self._lane.forget(self)
        else:
            self._resume()
            self.reused = True
            self._lane.put(self, keepalive)

    def fail(self, error: Exception) -> None:
        """End the exchange with `error`, for whoever waits now or later."""
        if self._failure is None:
            self._failure = error
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_exception(self._failure)
        self.abort()

    def abort(self) -> None:
        """Close at once: nothing more of this exchange is wanted."""
        self.busy = False
        self.deadline = NEVER
        if self._sender is not None:
            self._sender.cancel()
            self._sender = None
        if self.transport is not None:
            self.transport.abort()
        self._lane.forget(self)
