"""One connection to an upstream server: one call at a time, then back to the pool.

Framing is strict: what could be read in two ways is an `invalid` response and closes
the connection. Source: RFC 9112 section 6; reference/runtime/runtime-faults.md.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Protocol, cast

import httptools
from multidict import CIMultiDict

from gateway.http.headers import SINGLE_VALUED
from gateway.http.message import BodyTooBig, Headers, UpstreamError, UpstreamResponse

if TYPE_CHECKING:
    from gateway.http.client import Origin, ResponseLimits

_HIGH_WATER = 256 * 1024
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class UpstreamConnection(asyncio.Protocol):
    """The protocol of one connection. `begin` starts a call, `answer` resolves with its
    response; the connection offers itself to `release` when it can be used again."""

    __slots__ = (
        "_after_head", "_body", "_body_size", "_buffer", "_closing", "_complete", "_error",
        "_head_bytes", "_head_done", "_headers", "_io_timeout", "_is_head", "_limits",
        "_max_body", "_parser", "_reason", "_status", "_stream", "_writable", "answer", "answered",
        "keepalive", "last_activity", "loop", "origin", "peer", "received_started",
        "release", "transport", "used",
    )  # fmt: skip

    def __init__(self, origin: Origin, loop: asyncio.AbstractEventLoop) -> None:
        self.origin = origin
        self.loop = loop
        self.transport: asyncio.Transport = cast(asyncio.Transport, None)
        self.peer = ("", 0)
        self.answer: asyncio.Future[UpstreamResponse] | None = None
        self.answered = False
        self.keepalive = 60.0
        self.used = 0.0
        self.last_activity = 0.0
        self.received_started = 0.0
        self.release: ReleaseHook | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._closing = False
        self._complete = True
        self._error: UpstreamError | BodyTooBig | None = None
        self._writable: asyncio.Future[None] | None = None
        self._stream: ResponseBody | None = None
        self._headers: list[tuple[str, str]] = []
        self._head_done = True
        self._head_bytes = 0
        self._body: list[bytes] = []
        self._body_size = 0
        self._buffer = True
        self._is_head = False
        self._max_body = 0
        self._io_timeout = 0.0
        self._reason = b""
        self._status = 0

    # -- a call

    @property
    def usable(self) -> bool:
        """Idle, open, and nothing came that nobody asked for."""
        return not self._closing and not self.transport.is_closing()

    def begin(
        self, *, is_head: bool, buffer: bool, max_body: int, io: float, limits: ResponseLimits
    ) -> asyncio.Future[UpstreamResponse]:
        """Expect a response. `io` is the longest silence in seconds."""
        self.answer = self.loop.create_future()
        self.answered = False
        self._complete = False
        self._error = None
        self._head_done = False
        self._head_bytes = 0
        self._headers = []
        self._reason = b""
        self._body = []
        self._body_size = 0
        self._stream = None
        self._is_head = is_head
        self._buffer = buffer
        self._max_body = max_body
        self._io_timeout = io
        self._limits = limits
        self.received_started = 0.0
        self.last_activity = self.loop.time()
        return self.answer

    @property
    def busy(self) -> bool:
        return not self._complete

    def is_late(self, now: float) -> bool:
        """Silent for longer than the call allows; a paused reader is not silence."""
        if self._complete or (self._stream is not None and self._stream.paused):
            return False
        return now - self.last_activity > self._io_timeout

    def fail(self, error: UpstreamError | BodyTooBig) -> None:
        """End the call with `error` and close."""
        self._closing = True
        self._complete = True
        self._error = self._error or error
        if self.answer is not None and not self.answer.done():
            self.answer.set_exception(self._error)
        if self._stream is not None:
            self._stream.fail(self._error)
        if self._writable is not None and not self._writable.done():
            self._writable.set_exception(self._error)
        if self.transport is not None:
            self.transport.abort()

    def close(self) -> None:
        self._closing = True
        self._complete = True
        if self.transport is not None:
            self.transport.close()

    def close_after_answer(self) -> None:
        """The request was not sent to its end: no second call over this connection."""
        self._closing = True

    async def drained(self) -> None:
        """Wait until more can be written."""
        if self._writable is not None:
            await self._writable

    # -- the transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        if isinstance(peer, tuple) and len(peer) >= 2:
            self.peer = (str(peer[0]), int(peer[1]))

    def connection_lost(self, exc: Exception | None) -> None:
        self._closing = True
        if self._complete:
            return
        if self._head_done and not self._is_head and self._until_close():
            self._finish()
            return
        self.fail(UpstreamError("eof", "the connection was closed before a complete response"))

    def _until_close(self) -> bool:
        """A body without framing ends where the connection does."""
        names = {name.lower() for name, _ in self._headers}
        return "content-length" not in names and "transfer-encoding" not in names

    def pause_writing(self) -> None:
        if self._writable is None:
            self._writable = self.loop.create_future()

    def resume_writing(self) -> None:
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    def data_received(self, data: bytes) -> None:
        if self._complete:
            # Bytes that nobody asked for: the next response could not be trusted.
            self.close()
            return
        self.last_activity = self.loop.time()
        if not self.received_started:
            self.received_started = time.time()
        if not self._head_done and not self._head_fits(data):
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.fail(UpstreamError("invalid", "the server switched protocols unasked"))
        except httptools.HttpParserError as error:
            cause = self._error or self._header_trouble(data, error)
            self.fail(cause)

    def _head_fits(self, data: bytes) -> bool:
        end = data.find(b"\r\n\r\n")
        self._head_bytes += len(data) if end < 0 else end
        if self._head_bytes == len(data) or self._head_bytes == end:
            line = data.find(b"\n")
            if (line if line >= 0 else len(data)) > self._limits.line:
                self.fail(UpstreamError("too_big_line", "status line too long"))
                return False
        if self._head_bytes > self._limits.headers:
            self.fail(UpstreamError("too_big_headers", "response headers too large"))
            return False
        return True

    def _header_trouble(self, data: bytes, error: Exception) -> UpstreamError:
        """The kind of a head that the parser refused: from its first bad field name."""
        head = data.partition(b"\r\n\r\n")[0]
        for line in head.split(b"\r\n")[1:]:
            name, colon, _ = line.partition(b":")
            if not colon:
                continue
            if not name:
                return UpstreamError("empty_header_name", "a field without a name")
            for letter in name.decode("latin-1"):
                if ord(letter) > 126:
                    return UpstreamError(
                        "non_ascii_header", header=name.decode("latin-1"), character=letter
                    )
                if letter not in _TOKEN and letter not in " \t":
                    return UpstreamError(
                        "invalid_header", header=name.decode("latin-1"), character=letter
                    )
        return UpstreamError("invalid", str(error))

    # -- the parser

    def on_status(self, reason: bytes) -> None:
        self._reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.decode("latin-1"), value.decode("utf-8", "surrogateescape")))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            if status == 101:
                self.fail(UpstreamError("invalid", "the server switched protocols unasked"))
                return
            self._headers = []
            self._reason = b""
            return
        headers: Headers = CIMultiDict(self._headers)
        trouble = _framing_trouble(headers, self._parser.get_http_version())
        if trouble is not None:
            self._error = trouble
            raise trouble
        self._head_done = True
        self._status = status
        if self._is_head:
            self._finish()
            return
        if not self._buffer:
            length = headers.get("Content-Length")
            self._stream = ResponseBody(self, int(length) if length else None)
            self._answer(self._stream)

    def on_body(self, chunk: bytes) -> None:
        if self._stream is not None:
            self._stream.feed(chunk)
            return
        self._body_size += len(chunk)
        if self._body_size > self._max_body:
            self._error = None
            self.fail(BodyTooBig(f"more than {self._max_body} bytes"))
            return
        self._body.append(chunk)

    def on_message_complete(self) -> None:
        if self._head_done and not self._complete:
            self._finish()

    # -- the end

    def _finish(self) -> None:
        self._complete = True
        keep = (
            not self._closing
            and not self.transport.is_closing()
            and self._parser.should_keep_alive()
            and not self._is_head
        )
        if self._is_head and not self._closing and self._parser.should_keep_alive():
            # The parser waits for a body that a HEAD response never has.
            self._parser = httptools.HttpResponseParser(self)
            keep = not self.transport.is_closing()
        if self._stream is not None:
            self._stream.end()
        else:
            body = self._body
            self._answer(body[0] if len(body) == 1 else b"".join(body))
        if keep and self.release is not None:
            self.used = self.loop.time()
            self.release(self)
        elif not keep:
            self._closing = True
            self.transport.close()

    def _answer(self, body: bytes | ResponseBody) -> None:
        answer = self.answer
        if answer is None or answer.done():
            return
        self.answered = True
        answer.set_result(
            UpstreamResponse(
                self._status,
                self._reason.decode("latin-1"),
                CIMultiDict(self._headers),
                body,
                received_started=self.received_started,
                received_ended=time.time(),
                peer=self.peer,
            )
        )


def _framing_trouble(headers: Headers, version: str) -> UpstreamError | None:
    """What makes the end of a response ambiguous, or its fields contradictory."""
    coding = headers.getall("Transfer-Encoding", ())
    if coding:
        if "Content-Length" in headers:
            return UpstreamError("invalid", "both Content-Length and Transfer-Encoding")
        if len(coding) > 1 or coding[0].strip().lower() != "chunked" or version != "1.1":
            return UpstreamError("invalid", "a Transfer-Encoding other than chunked")
    for name in SINGLE_VALUED:
        if name in headers and len(headers.getall(name)) > 1:
            return UpstreamError("duplicate_header", header=name)
    return None


class ReleaseHook(Protocol):
    def __call__(self, connection: UpstreamConnection) -> None: ...


class ResponseBody:
    """The body of a streamed response: chunks, with the reader's pace as the limit."""

    __slots__ = ("_chunks", "_connection", "_ended", "_error", "_size", "_waiter", "length",
                 "paused", "trailers")  # fmt: skip

    def __init__(self, connection: UpstreamConnection, length: int | None) -> None:
        self.length = length
        self.trailers: Headers | None = None
        self.paused = False
        self._connection = connection
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._ended = False
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None

    def feed(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self._size += len(chunk)
        if self._size > _HIGH_WATER and not self.paused:
            self.paused = True
            self._connection.transport.pause_reading()
        self._wake()

    def end(self) -> None:
        self._ended = True
        self._wake()

    def fail(self, error: Exception) -> None:
        self._error = error
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            while True:
                while self._chunks:
                    chunk = self._chunks.popleft()
                    self._size -= len(chunk)
                    if self.paused and self._size < _HIGH_WATER // 2:
                        self._resume()
                    yield chunk
                if self._error is not None:
                    raise self._error
                if self._ended:
                    return
                self._waiter = self._connection.loop.create_future()
                await self._waiter
        finally:
            if not self._ended:
                self._connection.close()

    def _resume(self) -> None:
        self.paused = False
        self._connection.last_activity = self._connection.loop.time()
        if not self._connection.transport.is_closing():
            self._connection.transport.resume_reading()

    async def read(self, limit: int) -> bytes:
        """The whole body. Raises `BodyTooBig` past `limit` bytes, `UpstreamError`."""
        chunks: list[bytes] = []
        total = 0
        async for chunk in self:
            total += len(chunk)
            if total > limit:
                self._connection.close()
                raise BodyTooBig(f"more than {limit} bytes")
            chunks.append(chunk)
        return b"".join(chunks)
