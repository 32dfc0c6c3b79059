"""The upstream client: sends a request to an origin over a pooled connection.

Written for little work per call: see docs/decisions on the data path. Redirects,
cookies and decompression are nobody's business here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from time import time

from gateway.http.limits import ResponseLimits
from gateway.http.message import (
    BodyTooBig,
    Headers,
    Timeouts,
    UpstreamError,
    UpstreamRequest,
    UpstreamResponse,
)
from gateway.http.origin import Origin
from gateway.http.pool import Pool
from gateway.http.request_head import request_head
from gateway.http.upstream_connection import UpstreamConnection

__all__ = ["Client", "Origin", "ResponseLimits"]

_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})


class Client:
    """Keeps the connections of one event loop. Use it on that loop only."""

    def __init__(
        self,
        connect_to: Mapping[str, tuple[str, int]] | None = None,
        limits: ResponseLimits | None = None,
        *,
        max_connections: int = 512,
        max_idle: int = 128,
    ) -> None:
        """`connect_to`: host to (host, port) that is reached in plain HTTP instead.
        `max_connections` and `max_idle` count per origin."""
        self._connect_to = connect_to or {}
        self._limits = limits or ResponseLimits()
        self._max_connections = max_connections
        self._max_idle = max_idle
        self._pool: Pool | None = None

    async def send(
        self,
        request: UpstreamRequest,
        origin: Origin,
        timeouts: Timeouts,
        *,
        buffer: bool,
        max_body: int,
        limits: ResponseLimits | None = None,
    ) -> UpstreamResponse:
        """The response, its body as `bytes` when `buffer` (at most `max_body`), otherwise
        as a stream unless it arrived with the head. Cancelling closes the connection.

        Raises `UpstreamError`, `BodyTooBig`, and what the request's stream raises.
        """
        pool = self._pool
        if pool is None:
            pool = self._pool = Pool(self._connect_to, self._max_connections, self._max_idle)
        try:
            head = request_head(request, origin)
        except ValueError as error:
            raise UpstreamError("invalid", str(error)) from error
        lane = pool.lane(origin)
        limit = max_body if buffer else -1
        connection = lane.take()
        while True:
            if connection is None:
                connection = await lane.connect(timeouts.connect, limits or self._limits)
                if connection.transport is None:  # freed for us, and lost before we woke
                    connection = None
                    continue
            started, reused = time(), connection.reused
            pool.watch(connection)
            waiter = connection.send(request, head, timeouts.io, limit)
            sent = time()
            try:
                await waiter
                break
            except UpstreamError as error:
                connection.abort()
                if not (reused and _is_stale(connection, request, error)):
                    raise
                connection = None
            except BaseException:
                connection.abort()
                raise
        parser = connection.parser
        chunks = parser.body
        body: bytes | ResponseBody
        if parser.complete:
            body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        else:
            body = ResponseBody(connection, timeouts.keepalive)
        response = UpstreamResponse(
            parser.status,
            parser.reason,
            parser.headers,
            body,
            started,
            connection.sent_ended or sent,
            connection.received_started,
            connection.received_ended,
            connection.peer,
        )
        if parser.complete:
            connection.release(timeouts.keepalive)
        return response

    async def close(self) -> None:
        """Close every connection; running calls end with `UpstreamError`."""
        if self._pool is not None:
            self._pool.close()
            await asyncio.sleep(0)


def _is_stale(
    connection: UpstreamConnection, request: UpstreamRequest, error: UpstreamError
) -> bool:
    """Whether the server had closed a pooled connection before it saw the request, and
    sending it again cannot do anything twice."""
    return (
        error.kind in ("eof", "refused")
        and not connection.parser.started
        and request.method in _IDEMPOTENT
        and isinstance(request.body, bytes)
    )


class ResponseBody:
    """A `BodyStream` of a response. Left unread, it closes its connection."""

    __slots__ = ("_connection", "_done", "_keepalive", "length", "trailers")

    def __init__(self, connection: UpstreamConnection, keepalive: float) -> None:
        self._connection = connection
        self._keepalive = keepalive
        self._done = False
        parser = connection.parser
        text = parser.headers.get("Content-Length")
        self.length: int | None = None if text is None else int(text)
        self.trailers: Headers | None = None

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._done:
            raise StopAsyncIteration
        try:
            chunk = await self._connection.next_chunk()
        except BaseException:
            self._done = True
            self._connection.abort()
            raise
        if chunk:
            return chunk
        self._done = True
        self.trailers = self._connection.parser.trailers
        self._connection.release(self._keepalive)
        raise StopAsyncIteration

    async def read(self, limit: int) -> bytes:
        """The whole body. Raises `BodyTooBig` beyond `limit` bytes, and `UpstreamError`."""
        chunks: list[bytes] = []
        size = 0
        async for chunk in self:
            size += len(chunk)
            if size > limit:
                await self.aclose()
                raise BodyTooBig(f"more than {limit} bytes")
            chunks.append(chunk)
        return b"".join(chunks)

    async def aclose(self) -> None:
        """Nobody reads any further."""
        self._abandon()

    def _abandon(self) -> None:
        if not self._done:
            self._done = True
            self._connection.abort()

    def __del__(self) -> None:
        self._abandon()
