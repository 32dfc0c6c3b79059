"""The upstream client: lean, pooled, strict.

A protocol per connection, a pool per origin, head and body in one write, and one coarse
timer for all deadlines. Source: RFC 9112; performance facts in docs/benchmarks.md.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from gateway.http.connection import UpstreamConnection
from gateway.http.headers import UnsafeHeader, dropped_names, write_head
from gateway.http.message import (
    BodyStream,
    Timeouts,
    UpstreamError,
    UpstreamRequest,
    UpstreamResponse,
)
from gateway.http.pool import Pool

_SWEEP_SECONDS = 0.1
_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"})
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request goes. Two requests share connections when these are equal."""

    scheme: str
    host: str
    port: int
    tls: ssl.SSLContext | None = None
    server_hostname: str | None = None


@dataclass(frozen=True, slots=True)
class ResponseLimits:
    """Bytes: of the status line, of the whole head."""

    line: int = 2048
    headers: int = 25600


class Client:
    """Sends requests to origins; one for the whole process."""

    def __init__(
        self,
        *,
        connect_to: Mapping[str, tuple[str, int]] | None = None,
        limits: ResponseLimits | None = None,
        max_idle: int = 256,
    ) -> None:
        """`connect_to`: host (lower case) -> (host, port) to connect to instead, in
        plain HTTP. `max_idle`: idle connections kept per origin."""
        self._connect_to = dict(connect_to or {})
        self._limits = limits or ResponseLimits()
        self._pool = Pool(max_idle)
        self._busy: set[UpstreamConnection] = set()
        self._sweep: asyncio.TimerHandle | None = None
        self._closed = False

    async def send(
        self,
        request: UpstreamRequest,
        origin: Origin,
        timeouts: Timeouts,
        *,
        buffer: bool = True,
        max_body: int = 10 * 1024 * 1024,
    ) -> UpstreamResponse:
        """The response; its body is bytes with `buffer`, otherwise a stream. Raises
        `UpstreamError`, and `BodyTooBig` for a buffered body over `max_body` bytes.
        A stale pooled connection is tried again only when nothing came back and the
        method is idempotent."""
        head, body = _encoded(request, origin)
        connection = self._pool.take(origin)
        reused = connection is not None
        if connection is None:
            connection = await self._connect(origin, timeouts)
        try:
            return await self._exchange(connection, request, head, body, timeouts, buffer, max_body)
        except UpstreamError as error:
            again = (
                reused
                and error.kind == "eof"
                and not connection.received_started
                and request.method in _IDEMPOTENT
                and isinstance(request.body, bytes)
            )
            if not again:
                raise
        connection = await self._connect(origin, timeouts)
        return await self._exchange(connection, request, head, body, timeouts, buffer, max_body)

    async def close(self) -> None:
        """Close every connection; calls in flight fail."""
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()
        for connection in list(self._busy):
            connection.fail(UpstreamError("eof", "the client was closed"))
        self._pool.close()

    # -- one exchange

    async def _exchange(
        self,
        connection: UpstreamConnection,
        request: UpstreamRequest,
        head: bytes,
        body: bytes | BodyStream | AsyncIterator[bytes],
        timeouts: Timeouts,
        buffer: bool,
        max_body: int,
    ) -> UpstreamResponse:
        connection.keepalive = timeouts.keepalive
        connection.release = self._release
        answer = connection.begin(
            is_head=request.method == "HEAD",
            buffer=buffer,
            max_body=max_body,
            io=timeouts.io,
            limits=self._limits,
        )
        self._watch(connection)
        sent_started = time.time()
        try:
            if isinstance(body, bytes):
                connection.transport.write(head + body if body else head)
            else:
                await _write_stream(connection, head, body)
            sent_ended = time.time()
            response = await answer
        except BaseException:
            # Cancelled, or failed already: whatever comes now belongs to nobody.
            connection.close()
            self._busy.discard(connection)
            raise
        response.sent_started, response.sent_ended = sent_started, sent_ended
        if not connection.busy:
            self._busy.discard(connection)
        return response

    def _release(self, connection: UpstreamConnection) -> None:
        self._busy.discard(connection)
        if self._closed:
            connection.close()
        else:
            self._pool.put(connection)

    async def _connect(self, origin: Origin, timeouts: Timeouts) -> UpstreamConnection:
        loop = asyncio.get_running_loop()
        host, port, tls, name = origin.host, origin.port, origin.tls, origin.server_hostname
        mapped = self._connect_to.get(host.lower())
        if mapped is not None:
            (host, port), tls, name = mapped, None, None
        try:
            async with asyncio.timeout(timeouts.connect):
                _, connection = await loop.create_connection(
                    lambda: UpstreamConnection(origin, loop),
                    host,
                    port,
                    ssl=tls,
                    server_hostname=name if tls is not None else None,
                )
        except TimeoutError:
            raise UpstreamError("connect_timeout", f"{host}:{port}") from None
        except socket.gaierror as error:
            raise UpstreamError("unresolved", str(error), host=origin.host) from error
        except ssl.SSLError as error:
            raise UpstreamError("tls", error.reason or str(error)) from error
        except ssl.CertificateError as error:
            raise UpstreamError("tls", str(error)) from error
        except (OSError, UnicodeError) as error:
            raise UpstreamError("refused", str(error)) from error
        return connection

    # -- deadlines

    def _watch(self, connection: UpstreamConnection) -> None:
        self._busy.add(connection)
        if self._sweep is None:
            self._sweep = connection.loop.call_later(_SWEEP_SECONDS, self._check, connection.loop)

    def _check(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for connection in list(self._busy):
            if not connection.busy:
                self._busy.discard(connection)
            elif connection.is_late(now):
                self._busy.discard(connection)
                connection.fail(UpstreamError("timeout", "the server was silent for too long"))
        self._pool.close_expired(now)
        self._sweep = None
        if (self._busy or len(self._pool)) and not self._closed:
            self._sweep = loop.call_later(_SWEEP_SECONDS, self._check, loop)


def _encoded(
    request: UpstreamRequest, origin: Origin
) -> tuple[bytes, bytes | BodyStream | AsyncIterator[bytes]]:
    """Head and body as they are written. Raises `UpstreamError` (invalid) for a header
    that cannot be sent."""
    headers, body = request.headers, request.body
    drop = dropped_names(headers)
    if request.drop:
        drop |= request.drop
    fields = [f"{name}: {value}\r\n" for name, value in headers.items() if name.lower() not in drop]
    if "Host" not in headers:
        default = 443 if origin.scheme == "https" else 80
        host = f"[{origin.host}]" if ":" in origin.host else origin.host
        fields.insert(
            0, f"Host: {host}\r\n" if origin.port == default else f"Host: {host}:{origin.port}\r\n"
        )
    if isinstance(body, bytes):
        if body or request.method in _WITH_BODY:
            fields.append(f"Content-Length: {len(body)}\r\n")
    else:
        length = getattr(body, "length", None)
        fields.append(
            "Transfer-Encoding: chunked\r\n" if length is None else f"Content-Length: {length}\r\n"
        )
    try:
        if " " in request.target or not request.target:
            raise UnsafeHeader("a blank in the request target")
        return write_head(f"{request.method} {request.target} HTTP/1.1", fields), body
    except UnsafeHeader as error:
        raise UpstreamError("invalid", str(error)) from error


async def _write_stream(
    connection: UpstreamConnection, head: bytes, body: BodyStream | AsyncIterator[bytes]
) -> None:
    """Write a body as it comes, at the pace of the server. Stops when the answer is
    there already."""
    chunked = getattr(body, "length", None) is None
    connection.transport.write(head)
    async for chunk in body:
        if connection.answer is not None and connection.answer.done():
            connection.close_after_answer()
            return
        if not chunk:
            continue
        if chunked:
            connection.transport.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        else:
            connection.transport.write(chunk)
        connection.last_activity = connection.loop.time()
        await connection.drained()
    if chunked:
        connection.transport.write(b"0\r\n\r\n")
