"""One client connection, served straight from aiohttp's C parser.

A subclass of aiohttp's protocol that drives its parser itself: one task per request,
head and body of the answer in one write. It leans on internals of aiohttp, checked at
start (`internals.py`); without them `plain_connection.py` serves with the same behaviour.

Requests of one connection are answered one after another. While one is answered,
further bytes are held unparsed, and reading pauses when they are many.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from time import time
from typing import TYPE_CHECKING, Any

from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader
from aiohttp.web_protocol import RequestHandler
from multidict import istr

from gateway.http.facts import connection_facts
from gateway.http.message import ClientGone, ClientTimeout, Headers, Refusal, Request, Response
from gateway.http.raw_head import STATUS_OF_KIND, inspect_head
from gateway.http.request_body import ArrivingBody
from gateway.http.sending import (
    BrokenResponse,
    Exchange,
    end_writing,
    send_bytes,
    send_refusal,
    send_stream,
)

if TYPE_CHECKING:
    from gateway.http.listener import Listener

logger = logging.getLogger("gateway.http")

_CONTENT_LENGTH = istr("Content-Length")
_EXPECT = istr("Expect")
_TE = istr("TE")
_UNKNOWN = 1 << 60
"""Size of a head that must be counted."""


class FastConnection(RequestHandler):
    """The life of one connection: idle, receiving a head, answering, lingering."""

    __slots__ = (
        "_around_body",
        "_arriving",
        "_began",
        "_deaf",
        "_exchange",
        "_expects",
        "_facts",
        "_held",
        "_held_bytes",
        "_length",
        "_listener",
        "_partial",
        "_pending",
        "_queue",
        "_serving",
        "_stalled",
        "_started",
        "_uncounted",
        "_waited",
    )

    def __init__(self, listener: Listener, **options: Any) -> None:
        super().__init__(listener.server, **options)
        self._listener = listener
        self._queue: deque[tuple[RawRequestMessage, StreamReader]] = deque()
        self._partial = b""
        """Bytes of a head that has not arrived completely."""
        self._held: list[bytes] = []
        """Bytes of further requests, unparsed."""
        self._held_bytes = 0
        self._serving: asyncio.Task[None] | None = None
        self._arriving: StreamReader | None = None
        """The body of the current request while it is incomplete."""
        self._pending: tuple[Request, Exchange] | None = None
        """A request that waits for the rest of its small body."""
        self._exchange: Exchange | None = None
        self._around_body = 0
        """Bytes of a body received since the last of its content."""
        self._length: int | None = None
        """Content-Length of the body that is arriving."""
        self._expects = False
        """True while the client waits for 100 Continue."""
        self._deaf = False
        """True when nothing that arrives matters any more: the connection will close."""
        self._uncounted = False
        """True when the parser may hold the beginning of a head that we did not count."""
        self._started = 0.0
        """`time.time()` of the first byte of the head."""
        self._began = listener.now
        """Listener's time at which the state that the sweep watches began."""
        self._waited = 0.0
        """Seconds for which the client's body kept us waiting, see Limits.body_rate."""
        self._stalled = 0.0
        """Seconds for which the client has taken nothing of the response."""

    # -- the transport's calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        BaseProtocol.connection_made(self, transport)
        self._facts = connection_facts(self._listener.name, transport)
        if not self._listener.opened(self):
            self._refuse(Refusal("overloaded", 503, "too many connections"), None)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._listener.closed(self)
        self._deaf = True
        if self._arriving is not None:
            self._arriving.set_exception(ClientGone("the client closed the connection"))
            self._arriving = None
        if self._serving is not None:
            self._serving.cancel()
        BaseProtocol.connection_lost(self, exc)
        self._pending = None
        self._manager = None
        self._request_handler = None
        self._request_factory = None
        self._parser = None
        self._held.clear()
        self._queue.clear()

    def data_received(self, data: bytes) -> None:
        if self._deaf or self._parser is None:
            return
        if self._arriving is not None:
            self._receive_body(data)
        elif self._serving is not None:
            self._hold(data)
        else:
            self._receive_head(data)

    # -- receiving

    def _receive_head(self, data: bytes) -> None:
        partial = self._partial
        if not partial:
            self._started = time()
            self._began = self._listener.now
        try:
            messages, upgraded, tail = self._parser.feed_data(data)  # type: ignore[union-attr]
        except HttpProcessingError:
            self._refuse_malformed(partial + data)
            return
        if not messages:
            self._receive_more_of_head(data)
            return
        if upgraded:
            self._decline_upgrade(tail)
        size = _UNKNOWN if self._uncounted else len(data) + len(partial)
        if partial:
            self._partial = b""
        message, payload = messages[0]
        self._uncounted = payload is not EMPTY_PAYLOAD or not data.endswith(b"\r\n\r\n")
        if len(messages) > 1:
            self._uncounted = True
            self._queue.extend(messages[1:])
        self._begin(message, payload, size)

    def _receive_more_of_head(self, data: bytes) -> None:
        self._partial += data
        limits = self._listener.limits
        if len(self._partial) > limits.request_line + limits.headers + 4:
            self._refuse_malformed(self._partial)

    def _receive_body(self, data: bytes) -> None:
        """Feed the parser with the rest of a body, and with what may follow it."""
        payload = self._arriving
        assert payload is not None
        self._waited = max(0.0, self._waited - len(data) / self._listener.limits.body_rate)
        self._expects = self._expects and not data
        total = payload.total_bytes
        try:
            messages, upgraded, tail = self._parser.feed_data(data)  # type: ignore[union-attr]
        except HttpProcessingError:
            self._body_is_malformed(payload)
            return
        if upgraded:
            self._decline_upgrade(tail)
        if messages:
            self._queue.extend(messages)
        if payload.is_eof():
            self._arriving = None
            if self._pending is not None:
                self._begin_pending(payload)
            elif self._serving is None:
                self._go_on()
        else:
            if self._serving is None and self._pending is None:
                payload.read_nowait()
            self._around_body = self._around_body + len(data) if payload.total_bytes == total else 0
            if self._around_body > self._listener.limits.headers:
                self._body_is_malformed(payload)  # chunk extensions or trailers without end

    def _body_is_malformed(self, payload: StreamReader) -> None:
        """Also called when the body was complete and what follows it is malformed."""
        self._deaf = True
        if self._exchange is not None:
            self._exchange.keep_alive = False
        if payload.is_eof():
            self._arriving = None
            if self._pending is not None:
                self._begin_pending(payload)
                return
        refusal = Refusal("bad_request", 400, "the body is malformed")
        if self._pending is not None:
            headers = self._pending[0].headers
            self._pending = None
            self._refuse(refusal, headers)
        elif self._serving is None:
            self._end()
        elif self._arriving is not None:
            payload.set_exception(refusal)

    def _hold(self, data: bytes) -> None:
        self._held.append(data)
        self._held_bytes += len(data)
        if not self._buffer_paused and self._held_bytes >= self._listener.limits.pipelined:
            self._pause_reading_for_buffer()

    def _decline_upgrade(self, tail: bytes) -> None:
        """Upgrades are ignored (RFC 9110 section 7.8); bytes behind one are requests."""
        self._parser.set_upgraded(False)  # type: ignore[union-attr]
        if tail:
            self._hold(tail)

    # -- from a message to a task

    def _begin(self, message: RawRequestMessage, payload: StreamReader, size: int) -> None:
        """Admit a request and start its task, or refuse it. `size`: an upper bound of
        its head's bytes."""
        listener = self._listener
        self._parser.message_consumed()  # type: ignore[union-attr]
        method, version = message.method, message.version
        try:
            target, headers = listener.admission.admit(
                method, message.path, version, message.headers, message.raw_headers, size
            )
        except Refusal as refusal:
            self._exchange = Exchange(method, "1.1", False)
            self._refuse(refusal, message.headers.copy())
            return
        minor = "1.1" if version[1] else "1.0"
        keep_alive = not (message.should_close or listener.draining)
        if message.upgrade and self._uncounted:
            keep_alive = False  # aiohttp may have dropped bytes behind it
        exchange = self._exchange = Exchange(method, minor, keep_alive)
        if _TE in headers:
            exchange.takes_trailers = "trailers" in headers[_TE].lower()
        request = Request(method, target, minor, headers, b"", self._facts, self._started)
        if payload is not EMPTY_PAYLOAD:
            if payload.is_eof():
                request.body = payload.read_nowait()
            elif self._await_body(request, payload):
                self._pending = request, exchange
                return
        listener.requests += 1
        self._serving = self._loop.create_task(self._serve(request, exchange))

    def _await_body(self, request: Request, payload: StreamReader) -> bool:
        """Prepare for a body that is still arriving. True when it is small enough to
        wait for before the request is handed on."""
        length = request.headers.get(_CONTENT_LENGTH)
        self._arriving = payload
        self._length = None if length is None else int(length)
        self._waited = 0.0
        self._around_body = 0
        self._expects = (
            request.version == "1.1"
            and request.headers.get(_EXPECT, "").lower() == "100-continue"
            and payload.total_bytes == 0
        )
        request.body = ArrivingBody(payload, self._length, self._continue)
        small = self._listener.limits.small_body
        return self._length is not None and self._length <= small and not self._expects

    def _begin_pending(self, payload: StreamReader) -> None:
        assert self._pending is not None
        request, exchange = self._pending
        self._pending = None
        request.body = payload.read_nowait()
        self._listener.requests += 1
        self._serving = self._loop.create_task(self._serve(request, exchange))

    def _continue(self) -> None:
        """The handler starts to read the body."""
        exchange = self._exchange
        if self._expects and self.transport is not None and exchange is not None:
            self._expects = False
            if not exchange.begun:
                self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    # -- answering

    async def _serve(self, request: Request, exchange: Exchange) -> None:
        try:
            try:
                response = await self._listener.handler(request)
            except Exception as error:
                refusal, goes_on = self._listener.refusal_for(error)
                exchange.keep_alive = exchange.keep_alive and goes_on
                response = self._listener.refuse(refusal, request.headers)
            if self._listener.draining:
                exchange.keep_alive = False
            if self._arriving is None and type(response.body) is bytes:
                self._send_at_once(exchange, response, request.headers)
                if self._paused:
                    await self._drain_quietly(exchange)
            else:
                await self._send(exchange, response, request.headers)
        except asyncio.CancelledError:
            self._abort()
            raise
        except Exception:
            logger.exception("%s: a response could not be sent", self._listener.name)
            self._abort()
        self._finish(exchange)

    async def _send(self, exchange: Exchange, response: Response, headers: Headers) -> None:
        if self._arriving is not None and exchange.keep_alive:
            exchange.keep_alive = self._rest_is_short()
        body = response.body
        if isinstance(body, bytes):
            self._send_at_once(exchange, response, headers)
            await self._drain_quietly(exchange)
            return
        try:
            await send_stream(self, exchange, response, body)
            await self.drain()
        except ValueError as error:
            if exchange.begun:
                raise
            self._send_unwritable(exchange, error, headers)
        except BrokenResponse as error:
            logger.warning("%s: a response broke off: %s", self._listener.name, error)
            self._abort()
        except ConnectionError:
            exchange.keep_alive = False

    def _send_at_once(self, exchange: Exchange, response: Response, headers: Headers) -> None:
        try:
            send_bytes(self, exchange, response, response.body)  # type: ignore[arg-type]
        except ValueError as error:
            self._send_unwritable(exchange, error, headers)
        except ConnectionError:
            exchange.keep_alive = False

    def _send_unwritable(self, exchange: Exchange, error: ValueError, headers: Headers) -> None:
        logger.error("%s: a response cannot be written: %s", self._listener.name, error)
        refusal = Refusal("internal", 500, "the response cannot be written")
        send_refusal(self, exchange, self._listener.refuse(refusal, headers))

    async def _drain_quietly(self, exchange: Exchange) -> None:
        try:
            await self.drain()
        except ConnectionError:
            exchange.keep_alive = False

    def write(self, data: bytes) -> None:
        """Part of `sending.Wire`."""
        transport = self.transport
        if transport is None:
            raise ConnectionResetError("the client closed the connection")
        transport.write(data)

    async def drain(self) -> None:
        """Part of `sending.Wire`."""
        if self._paused or self.transport is None:
            await self._drain_helper()

    def _rest_is_short(self) -> bool:
        """Whether it pays to wait for the end of an unread body."""
        if self._expects or self._length is None or self._arriving is None:
            return False
        return self._length - self._arriving.total_bytes <= self._listener.limits.drain

    def _finish(self, exchange: Exchange) -> None:
        self._serving = None
        self._exchange = None
        if self.transport is None:
            return
        self._began = self._listener.now
        if not exchange.keep_alive or self._listener.draining:
            self._end()
        elif self._arriving is not None:
            self._arriving.read_nowait()
        elif self._queue or self._held or self._uncounted:
            self._go_on()

    def _go_on(self) -> None:
        """The next request, if its bytes are here already."""
        self._began = self._listener.now
        if self._queue:
            self._started = time()
            message, payload = self._queue.popleft()
            self._begin(message, payload, _UNKNOWN)
            return
        held = b"".join(self._held)
        self._held.clear()
        self._held_bytes = 0
        if self._buffer_paused:
            self._resume_reading_for_buffer()
        # Without bytes of ours the parser may still have some behind its 32nd message.
        self._receive_head(held)

    # -- refusing and closing

    def _refuse_malformed(self, raw: bytes) -> None:
        """Answer a head that is no HTTP, or too long."""
        limits = self._listener.limits
        kind: str = "bad_request"
        values: dict[str, Any] = {}
        if not self._uncounted:
            kind, values = inspect_head(raw, limits.request_line, limits.headers)
        method = "HEAD" if raw.startswith(b"HEAD ") else ""
        self._exchange = Exchange(method, "1.1", False)
        self._refuse(Refusal(kind, STATUS_OF_KIND[kind], **values), None)

    def _refuse(self, refusal: Refusal, headers: Headers | None) -> None:
        """Answer without a handler, and close."""
        exchange = self._exchange or Exchange("", "1.1", False)
        exchange.keep_alive = False
        try:
            send_refusal(self, exchange, self._listener.refuse(refusal, headers))
        except Exception:
            logger.exception("%s: a refusal could not be sent", self._listener.name)
            self._abort()
            return
        self._end(linger=True)

    def _end(self, *, linger: bool = False) -> None:
        """Close after what was written. Lingering keeps the kernel from throwing away
        the answer because of input that nobody read."""
        self._deaf = True
        transport = self.transport
        if transport is None:
            return
        linger = linger or self._arriving is not None or bool(self._held) or self._buffer_paused
        if linger and transport.can_write_eof():
            self._began = self._listener.now
            end_writing(transport)
            self._resume_transport_reading()
        else:
            transport.close()

    def _abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    # -- the listener's calls

    def sweep(self, now: float, elapsed: float) -> None:
        """Enforce the deadlines. `elapsed`: seconds since the last sweep."""
        limits = self._listener.limits
        self._stalled = self._stalled + elapsed if self._paused else 0.0
        if self._stalled > limits.send_timeout:
            self._abort()
        elif self._serving is not None or self._pending is not None:
            if self._arriving is not None and not self._reading_paused:
                self._waited += elapsed
                if self._waited > limits.body_timeout:
                    self._body_is_late(self._arriving)
        elif self._deaf or self._arriving is not None:
            if now - self._began > limits.linger_timeout:
                self._abort()
        elif self._partial:
            if now - self._began > limits.head_timeout:
                self._refuse(Refusal("request_timeout", 408), None)
        elif now - self._began > limits.keepalive_timeout:
            self._end()

    def _body_is_late(self, payload: StreamReader) -> None:
        self._deaf = True
        if self._pending is not None:
            headers = self._pending[0].headers
            self._pending = None
            self._refuse(Refusal("request_timeout", 408), headers)
        else:
            payload.set_exception(ClientTimeout("the client did not send the rest in time"))

    def finish(self) -> None:
        """Close as soon as nothing runs: the listener drains."""
        if self._serving is None and self._pending is None:
            self._end()

    def stop(self) -> None:
        """End at once."""
        if self._serving is not None:
            self._serving.cancel()
        self._abort()
