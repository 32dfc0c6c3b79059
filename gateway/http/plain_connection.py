"""One client connection on aiohttp's public low-level API.

Slower than `fast_connection.py` and the same to a client. It serves where aiohttp's
internals are not as expected, and in the tests, which run all cases on both.
"""

from __future__ import annotations

import asyncio
import logging
from time import time
from typing import TYPE_CHECKING, Any

from aiohttp.abc import AbstractStreamWriter
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler
from aiohttp.web_request import BaseRequest
from aiohttp.web_response import StreamResponse

from gateway.http.facts import connection_facts
from gateway.http.message import ClientGone, ClientTimeout, Connection, Refusal, Request, Response
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

_UNKNOWN = 1 << 60


class PlainConnection(RequestHandler):
    """aiohttp's own protocol, with our deadlines and our words for errors."""

    __slots__ = (
        "_around_body", "_began", "_current", "_listener", "_raw", "_refused", "_stalled",
        "_waited", "arriving", "expects", "facts", "started",
    )  # fmt: skip

    def __init__(self, listener: Listener, **options: Any) -> None:
        super().__init__(listener.server, **options)
        self._listener = listener
        self._raw = b""
        """What arrived since the last request began, for naming errors."""
        self._current: Exchange | None = None
        self._refused = False
        self._began = listener.now
        self._waited = 0.0
        self._around_body = 0
        self._stalled = 0.0
        self.arriving: StreamReader | None = None
        self.expects = False
        self.started = 0.0
        self.facts: Connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.facts = connection_facts(self._listener.name, transport)
        super().connection_made(transport)
        if not self._listener.opened(self):
            self._refuse(Refusal("overloaded", 503, "too many connections"))

    def connection_lost(self, exc: BaseException | None) -> None:
        self._listener.closed(self)
        if self.arriving is not None:
            self.arriving.set_exception(ClientGone("the client closed the connection"))
            self.arriving = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        if self._current is None:
            if not self._raw:
                self.started = time()
                self._began = self._listener.now
            self._raw += data
        elif data:
            self._waited = max(0.0, self._waited - len(data) / self._listener.limits.body_rate)
            self.expects = False
        arriving = self.arriving
        total = arriving.total_bytes if arriving is not None else 0
        super().data_received(data)
        limits = self._listener.limits
        if arriving is not None and arriving is self.arriving and not arriving.is_eof():
            self._around_body = (
                self._around_body + len(data) if arriving.total_bytes == total else 0
            )
            if self._around_body > limits.headers:
                arriving.set_exception(Refusal("bad_request", 400, "trailers too long"))
                self._refused = True
        if self.arriving is not None and self._has_failed():
            self.arriving.set_exception(Refusal("bad_request", 400, "the body is malformed"))
        elif (
            self._current is None
            and len(self._raw) > limits.request_line + limits.headers + 4
            and not self._has_messages()
            and b"\r\n\r\n" not in self._raw.lstrip(b"\r\n")  # else its task is about to begin
        ):
            self._refuse(self._named(self._raw))

    def _has_messages(self) -> bool:
        return bool(getattr(self, "_messages", ()))

    def _has_failed(self) -> bool:
        """Whether aiohttp has queued an error, so that the body will never be complete."""
        messages = getattr(self, "_messages", ())
        return any(type(message).__name__ == "_ErrInfo" for message, _ in messages)

    def begin(self, exchange: Exchange) -> None:
        self._current = exchange
        self._waited = 0.0
        self._around_body = 0

    def ignore_input(self) -> None:
        self._refused = True

    def head_is_read(self) -> None:
        self._raw = b""

    def end(self) -> None:
        self._current = None
        self.arriving = None
        self._began = self._listener.now

    def handle_error(
        self,
        request: BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> StreamResponse:
        """aiohttp's way to answer what its parser rejects: ours are the words."""
        exchange = Exchange("HEAD" if self._raw.startswith(b"HEAD ") else "", "1.1", False)
        response = self._listener.refuse(self._named(self._raw), None)
        return _Answer(self._listener, exchange, response, None)

    def _named(self, raw: bytes) -> Refusal:
        limits = self._listener.limits
        kind, values = inspect_head(raw, limits.request_line, limits.headers)
        return Refusal(kind, STATUS_OF_KIND[kind], **values)

    def _refuse(self, refusal: Refusal) -> None:
        self._refused = True
        transport = self.transport
        if transport is not None:
            response = self._listener.refuse(refusal, None)
            send_refusal(_Writing(transport, None), Exchange("", "1.1", False), response)
            self._began = self._listener.now
            if transport.can_write_eof():
                end_writing(transport)
            else:
                transport.close()

    def sweep(self, now: float, elapsed: float) -> None:
        """Enforce the deadlines. `elapsed`: seconds since the last sweep."""
        limits = self._listener.limits
        self._stalled = self._stalled + elapsed if self.writing_paused else 0.0
        if self._stalled > limits.send_timeout:
            self.stop()
        elif self._refused and self._current is None:
            if now - self._began > limits.linger_timeout:
                self.stop()
        elif self._current is not None:
            arriving = self.arriving
            if arriving is not None and not arriving.is_eof() and not _is_full(arriving):
                self._waited += elapsed
                if self._waited > limits.body_timeout:
                    arriving.set_exception(ClientTimeout("the rest did not come in time"))
        elif self._raw and now - self._began > limits.head_timeout:
            self._refuse(Refusal("request_timeout", 408))
        elif not self._raw and now - self._began > limits.keepalive_timeout:
            self.force_close()

    def finish(self) -> None:
        """Close as soon as nothing runs: the listener drains."""
        if self._current is None:
            self.force_close()
        else:
            self.close()

    def stop(self) -> None:
        """End at once."""
        if self.transport is not None:
            self.transport.abort()


def _is_full(payload: StreamReader) -> bool:
    return payload.total_bytes > 0 and bool(getattr(payload, "_size", 0))


def _end_writing(transport: asyncio.Transport | None) -> bool:
    """Whether the other direction stays open: not with TLS."""
    if transport is None or transport.is_closing() or not transport.can_write_eof():
        return False
    end_writing(transport)
    return True


class _Writing:
    """`sending.Wire` on aiohttp's writer."""

    __slots__ = ("_transport", "_writer")

    def __init__(
        self, transport: asyncio.Transport | None, writer: AbstractStreamWriter | None
    ) -> None:
        self._transport = transport
        self._writer = writer

    def write(self, data: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError("the client closed the connection")
        self._transport.write(data)

    async def drain(self) -> None:
        if self._writer is not None:
            await self._writer.drain()


class _Answer(StreamResponse):
    """Our Response in the shape that aiohttp finishes."""

    def __init__(
        self, listener: Listener, exchange: Exchange, response: Response, request: Request | None
    ) -> None:
        super().__init__(status=response.status)
        self._listener = listener
        self._exchange = exchange
        self._response = response
        self._request = request

    @property
    def keep_alive(self) -> bool:
        return self._exchange.keep_alive

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:
        protocol = request.protocol
        assert isinstance(protocol, PlainConnection)
        wire = _Writing(request.transport, request.writer)
        if self._listener.draining:
            self._exchange.keep_alive = False
        try:
            await self._send(wire)
            await wire.drain()
        except BrokenResponse as error:
            logger.warning("%s: a response broke off: %s", self._listener.name, error)
            self._exchange.keep_alive = False
            protocol.stop()
        finally:
            protocol.end()
        payload, refused = request.content, self._request is None
        if not self.keep_alive and (refused or not payload.is_eof()):
            lingers = _end_writing(request.transport)  # aiohttp reads on for a while, then closes
            # It reads nothing on behind a malformed head, and would log a failed body.
            if refused or payload.exception() is not None:
                protocol.ignore_input()
                if lingers:
                    await asyncio.sleep(self._listener.limits.linger_timeout)
                if not payload.is_eof():
                    payload.feed_eof()
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Everything was written by `prepare`."""

    async def _send(self, wire: _Writing) -> None:
        response, exchange = self._response, self._exchange
        try:
            if isinstance(response.body, bytes):
                send_bytes(wire, exchange, response, response.body)
            else:
                await send_stream(wire, exchange, response, response.body)
        except ValueError as error:
            if exchange.begun:
                raise BrokenResponse(str(error)) from error
            logger.error("%s: a response cannot be written: %s", self._listener.name, error)
            refusal = Refusal("internal", 500, "the response cannot be written")
            headers = None if self._request is None else self._request.headers
            send_refusal(wire, exchange, self._listener.refuse(refusal, headers))


async def serve_plain(listener: Listener, base: BaseRequest) -> StreamResponse:
    """The handler given to aiohttp's low-level server."""
    protocol = base.protocol
    assert isinstance(protocol, PlainConnection)
    method, version = base.method, base.version
    exchange = Exchange(method, "1.1" if version[1] else "1.0", bool(base.keep_alive))
    protocol.begin(exchange)
    try:
        target, headers = listener.admission.admit(
            method, base.raw_path, version, base.headers, base.raw_headers, _UNKNOWN
        )
    except Refusal as refusal:
        exchange.version, exchange.keep_alive = "1.1", False
        return _Answer(listener, exchange, listener.refuse(refusal, base.headers.copy()), None)
    finally:
        protocol.head_is_read()
    exchange.keep_alive = (
        exchange.keep_alive and not listener.draining and not base._message.upgrade
    )
    exchange.takes_trailers = "trailers" in headers.get("TE", "").lower()
    request = Request(
        method, target, exchange.version, headers, b"", protocol.facts, protocol.started
    )
    try:
        await _take_body(listener, base, protocol, request, exchange)
        listener.requests += 1
        response = await listener.handler(request)
    except Exception as error:
        answer, goes_on = listener.refusal_for(error)
        exchange.keep_alive = exchange.keep_alive and goes_on
        response = listener.refuse(answer, headers)
    payload = base.content
    if not payload.is_eof() and exchange.keep_alive:
        length = headers.get("Content-Length")
        rest = int(length) - payload.total_bytes if length is not None else _UNKNOWN
        exchange.keep_alive = rest <= listener.limits.drain and not protocol.expects
    return _Answer(listener, exchange, response, request)


async def _take_body(
    listener: Listener,
    base: BaseRequest,
    protocol: PlainConnection,
    request: Request,
    exchange: Exchange,
) -> None:
    payload = base.content
    if payload.is_eof():
        request.body = payload.read_nowait()
        return
    text = request.headers.get("Content-Length")
    length = None if text is None else int(text)
    protocol.arriving = payload
    protocol.expects = (
        request.version == "1.1"
        and request.headers.get("Expect", "").lower() == "100-continue"
        and payload.total_bytes == 0
    )

    def answer_expectation() -> None:
        if protocol.expects and protocol.transport is not None and not exchange.begun:
            protocol.expects = False
            protocol.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    body = ArrivingBody(payload, length, answer_expectation)
    if length is not None and length <= listener.limits.small_body and not protocol.expects:
        request.body = await body.read(length)
    else:
        request.body = body
