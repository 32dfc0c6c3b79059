"""The protocol of a client connection: aiohttp's, with a short way for simple requests.

A request that is complete when it is parsed is served straight from the C parser by one
task and answered in one write. Everything else takes aiohttp's own loop, which ends in
the same two functions: `Listener.answer` and `ClientProtocol.write`.
docs/decisions/002-aiohttp-internals.md lists what this leans on; internals.py tests it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web_protocol
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader
from aiohttp.web_request import BaseRequest
from multidict import CIMultiDict

from gateway.http.admission import diagnose
from gateway.http.headers import UnsafeHeader
from gateway.http.message import (
    BodyTooBig,
    ClientGone,
    ClientTimeout,
    Connection,
    Headers,
    Refusal,
    Request,
    Response,
    Sent,
)
from gateway.http.responses import frame

if TYPE_CHECKING:
    from gateway.http.listener import Listener

_HELD_LIMIT = 64 * 1024
_DIAGNOSED = 128 * 1024


class ClientProtocol(web_protocol.RequestHandler):
    """One client connection."""

    __slots__ = ("_facts", "_fast", "_head", "_held", "_listener", "_refused", "_task", "_version")

    def __init__(self, listener: Listener, manager: Any, **settings: Any) -> None:
        super().__init__(manager, **settings)
        self._listener = listener
        self._facts: Connection | None = None
        self._fast = listener.fast_path
        self._task: asyncio.Task[None] | None = None
        self._held = b""
        self._head = b""
        self._refused: Refusal | None = None

    # -- the connection

    @property
    def facts(self) -> Connection:
        if self._facts is None:
            transport = self.transport
            peer = transport.get_extra_info("peername") if transport else None
            local = transport.get_extra_info("sockname") if transport else None
            secure = transport.get_extra_info("ssl_object") if transport else None
            host, port = peer[:2] if isinstance(peer, tuple) else ("", 0)
            local_host, local_port = local[:2] if isinstance(local, tuple) else ("", 0)
            self._facts = Connection(
                listener=self._listener.name,
                scheme="http" if secure is None else "https",
                client_host=host,
                client_port=port,
                local_host=local_host,
                local_port=local_port,
                tls=None if secure is None else _tls_facts(secure),
            )
        return self._facts

    @property
    def is_idle(self) -> bool:
        return self._task is None and not self._messages and not self._request_in_progress

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if not self._listener.joined(self):
            self.force_close()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._listener.left(self)
        if self._task is not None:
            self._task.cancel()
        super().connection_lost(exc)

    def _process_keepalive(self) -> None:
        if self._task is not None:
            # A request is in flight on the short way: aiohttp's loop looks idle.
            self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        super()._process_keepalive()

    # -- reading

    def data_received(self, data: bytes) -> None:
        if self._task is not None:
            self._held += data
            if len(self._held) > _HELD_LIMIT and not self._reading_paused:
                self._pause_transport_reading()
                self._reading_paused = True
            return
        if self._force_close or self._close:
            return
        if self._payload_parser is not None or self._upgraded or self._refused is not None:
            return
        self._head = (self._head + data)[:_DIAGNOSED] if not self._in_body() else b""
        assert self._parser is not None
        try:
            messages, upgraded, _tail = self._parser.feed_data(data)
        except HttpProcessingError:
            self._queue_refusal(diagnose(self._head, self._listener.limits))
            return
        if messages:
            self._head = b""
            if (
                self._fast
                and len(messages) == 1
                and not upgraded
                and not self._messages
                and self._waiter is not None
                and not self._waiter.done()
                and self._serve_fast(*messages[0])
            ):
                return
            self._queue(messages, upgraded)
        elif len(self._head) > self._listener.limits.line + self._listener.limits.headers:
            self._queue_refusal(diagnose(self._head, self._listener.limits))

    def _in_body(self) -> bool:
        return self._request_in_progress or bool(self._messages)

    def _queue(self, messages: Any, upgraded: bool) -> None:
        """Hand messages to aiohttp's loop."""
        for message, payload in messages:
            self._request_count += 1
            self._messages.append((message, payload))
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        if not self._buffer_paused and len(self._messages) >= self._max_msg_queue_size:
            self._pause_reading_for_buffer()
        # An upgrade that nobody accepts is an ordinary request (RFC 9110 section 7.8).
        self._upgraded = upgraded

    def _queue_refusal(self, refusal: Refusal) -> None:
        self._refused = refusal
        error = web_protocol._ErrInfo(status=refusal.status, exc=refusal, message="")
        self._queue([(error, EMPTY_PAYLOAD)], False)

    def _make_error_handler(self, err_info: Any) -> Callable[[BaseRequest], Awaitable[Any]]:
        refusal = err_info.exc
        if not isinstance(refusal, Refusal):
            refusal = Refusal("bad_request", 400)

        async def refused(request: BaseRequest) -> Any:
            response = self._listener.refuse(refusal, None)
            return Answer(self, response, is_head=False, http10=False, close=True)

        return refused

    # -- the short way

    def _serve_fast(self, message: Any, payload: StreamReader) -> bool:
        """Start serving a complete, simple request; False: not simple."""
        version = message.version
        if message.upgrade or version.major != 1 or version.minor != 1:
            return False
        headers = message.headers
        if "Expect" in headers:
            return False
        body = b""
        if payload is not EMPTY_PAYLOAD:
            if not payload.is_eof():
                return False
            body = payload.read_nowait(-1)
        assert self._parser is not None
        self._parser.message_consumed()
        self._request_count += 1
        request = Request(
            message.method, message.path, "1.1", CIMultiDict(headers), body, self.facts, time.time()
        )
        self._task = self._loop.create_task(self._run_fast(request, message.should_close))
        return True

    async def _run_fast(self, request: Request, close: bool) -> None:
        try:
            response = await self._listener.answer(request)
            close = await self.write(response, request.method == "HEAD", False, close)
        except asyncio.CancelledError:
            self.force_close()
            raise
        except Exception:
            self._listener.failed(request)
            self.force_close()
            return
        finally:
            self._task = None
        if close or self._listener.draining:
            if self.transport is not None:
                self.force_close()
            return
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        if self._held:
            held, self._held = self._held, b""
            if self._reading_paused:
                self._reading_paused = False
                self._resume_transport_reading()
            self.data_received(held)

    # -- writing

    async def write(self, response: Response, is_head: bool, http10: bool, close: bool) -> bool:
        """Write a response, all of it. True: the connection must be closed."""
        close = close or self._listener.draining
        try:
            framed = frame(response, is_head=is_head, http10=http10, close=close)
        except UnsafeHeader:
            response = self._listener.refuse(Refusal("internal", 500, "unsafe header"), None)
            framed = frame(response, is_head=is_head, http10=http10, close=True)
        transport = self.transport
        started = time.time()
        if transport is None or transport.is_closing():
            self._told(response, Sent(started, started, 0, False))
            return True
        if not framed.streams:
            transport.write(framed.head + framed.body if framed.body else framed.head)
            if self._paused:
                await self._drain_helper()
            self._told(response, Sent(started, time.time(), len(framed.body), True))
            return framed.close
        transport.write(framed.head)
        return await self._write_stream(response, framed.chunked, started) or framed.close

    async def _write_stream(self, response: Response, chunked: bool, started: float) -> bool:
        size, complete = 0, False
        assert not isinstance(response.body, bytes)
        try:
            async for chunk in response.body:
                if not chunk:
                    continue
                transport = self.transport
                if transport is None or transport.is_closing():
                    break
                size += len(chunk)
                transport.write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunked else chunk)
                if self._paused:
                    await self._drain_helper()
            else:
                complete = True
                if chunked and self.transport is not None:
                    self.transport.write(b"0\r\n\r\n")
        except (ConnectionError, ClientGone):
            pass
        except asyncio.CancelledError:
            self._told(response, Sent(started, time.time(), size, False))
            raise
        except Exception as error:
            # The head is out: all that is left to say is that the body is not whole.
            self._listener.broken(error)
        self._told(response, Sent(started, time.time(), size, complete))
        return not complete

    def _told(self, response: Response, sent: Sent) -> None:
        if response.on_sent is not None:
            response.on_sent(sent)


class Answer:
    """What aiohttp's loop gets as a response: it writes ours."""

    def __init__(
        self, protocol: ClientProtocol, response: Response, *, is_head: bool, http10: bool,
        close: bool,
    ) -> None:  # fmt: skip
        self._protocol = protocol
        self._response = response
        self._is_head = is_head
        self._http10 = http10
        self.keep_alive = not close

    async def prepare(self, request: BaseRequest) -> None:
        close = await self._protocol.write(
            self._response, self._is_head, self._http10, not self.keep_alive
        )
        self.keep_alive = not close

    async def write_eof(self) -> None:
        """Everything was written by `prepare`."""


class RequestBody:
    """A request body that is still arriving; reading it asks the client to continue."""

    __slots__ = ("_expects", "_protocol", "_reader", "_silence", "length", "trailers")

    def __init__(
        self, protocol: ClientProtocol, reader: StreamReader, headers: Headers, silence: float
    ) -> None:
        self._protocol = protocol
        self._reader = reader
        self._silence = silence
        self._expects = headers.get("Expect", "").lower() == "100-continue"
        length = headers.get("Content-Length")
        self.length = int(length) if length is not None else None
        self.trailers: Headers | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._expects:
            self._expects = False
            if self._protocol.transport is not None:
                self._protocol.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        while True:
            try:
                async with asyncio.timeout(self._silence):
                    chunk = await self._reader.readany()
            except TimeoutError:
                raise ClientTimeout("the request body stopped") from None
            except (ConnectionError, HttpProcessingError, OSError) as error:
                raise ClientGone(str(error)) from error
            except Exception as error:
                raise ClientGone(str(error)) from error
            if not chunk:
                return
            yield chunk

    async def read(self, limit: int) -> bytes:
        """The whole body. Raises `BodyTooBig` past `limit` bytes, `ClientTimeout`,
        `ClientGone`."""
        if self.length is not None and self.length > limit:
            raise BodyTooBig(f"more than {limit} bytes")
        chunks: list[bytes] = []
        total = 0
        async for chunk in self:
            total += len(chunk)
            if total > limit:
                raise BodyTooBig(f"more than {limit} bytes")
            chunks.append(chunk)
        return b"".join(chunks)


def _tls_facts(secure: Any) -> dict[str, object]:
    return {
        "cipher": (secure.cipher() or ("",))[0],
        "protocol": secure.version(),
        "peer_certificate": secure.getpeercert(),
    }
