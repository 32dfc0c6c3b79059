"""A listener: one address, one handler, graceful to the end.

Built on aiohttp's low-level server. Source: interface.md "Starting it"; RFC 9112.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.web_request import BaseRequest
from multidict import CIMultiDict

from gateway.http.admission import admit
from gateway.http.internals import fast_path_works
from gateway.http.limits import EDGE_LIMITS, Limits
from gateway.http.message import Headers, Refusal, Request, Response
from gateway.http.protocol import Answer, ClientProtocol, RequestBody

logger = logging.getLogger("gateway.http")

Handler = Callable[[Request], Awaitable[Response]]
Refuse = Callable[[Refusal, Headers | None], Response]


class _Server(web.Server):
    """aiohttp's server with our protocol."""

    def __init__(self, listener: Listener, settings: dict[str, Any]) -> None:
        super().__init__(listener.answer_plain, handler_cancellation=True)  # type: ignore[arg-type]
        self._listener = listener
        self._settings = settings

    def __call__(self) -> ClientProtocol:
        return ClientProtocol(self._listener, self, loop=self._loop, **self._settings)


class Listener:
    """Serves one address. `handler` answers requests that admission let pass; `refuse`
    makes the answer to those that it did not."""

    def __init__(
        self,
        name: str,
        handler: Handler,
        refuse: Refuse,
        limits: Limits = EDGE_LIMITS,
        tls: ssl.SSLContext | None = None,
        *,
        fast_path: bool = True,
    ) -> None:
        self.name = name
        self.limits = limits
        self.refuse = refuse
        self.fast_path = fast_path and fast_path_works()
        self.draining = False
        self.requests = 0
        self._handler = handler
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._connections: set[ClientProtocol] = set()
        self._empty = asyncio.Event()

    @property
    def connections(self) -> int:
        """Open client connections."""
        return len(self._connections)

    @property
    def address(self) -> tuple[str, int]:
        """(host, port) that is listened on; the real port where 0 was asked for."""
        assert self._server is not None
        host, port = self._server.sockets[0].getsockname()[:2]
        return host, port

    async def start(self, host: str, port: int, *, reuse_port: bool = False) -> None:
        """Listen. Raises OSError when the address is taken."""
        loop = asyncio.get_running_loop()
        settings = {
            "keepalive_timeout": self.limits.keepalive,
            "access_log": None,
            "logger": logger,
            # Above ours, so that admission answers and not the parser.
            "max_line_size": 128 * 1024,
            "max_field_size": 128 * 1024,
            "max_headers": 20_000,
            "lingering_time": self.limits.lingering,
            "auto_decompress": False,
        }
        self._server = await loop.create_server(
            _Server(self, settings),
            host,
            port,
            ssl=self._tls,
            backlog=1024,
            reuse_port=reuse_port or None,
        )

    async def drain(self, patience: float = 30.0) -> None:
        """No new connections; idle ones are closed, running requests finish within
        `patience` seconds."""
        self.draining = True
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            if connection.is_idle:
                connection.force_close()
        if self._connections:
            self._empty.clear()
            try:
                async with asyncio.timeout(patience):
                    await self._empty.wait()
            except TimeoutError:
                logger.warning("%s: %d requests were cut off", self.name, len(self._connections))
        for connection in list(self._connections):
            connection.force_close()

    # -- what the protocol asks

    def joined(self, connection: ClientProtocol) -> bool:
        """Count a connection in; False when there are too many."""
        if len(self._connections) >= self.limits.connections or self.draining:
            return False
        self._connections.add(connection)
        return True

    def left(self, connection: ClientProtocol) -> None:
        self._connections.discard(connection)
        if not self._connections:
            self._empty.set()

    async def answer(self, request: Request) -> Response:
        """Admit a request and have it handled."""
        self.requests += 1
        try:
            headers = request.headers
            size = sum(len(name) + len(value) + 4 for name, value in headers.items())
            if size > self.limits.headers:
                raise Refusal("too_big_headers", 431)
            request.target = admit(
                request.method, request.target, request.version, headers, self.limits
            )
        except Refusal as refusal:
            return self.refuse(refusal, request.headers)
        try:
            return await self._handler(request)
        except Exception:
            logger.exception("%s: the handler failed", self.name)
            return self.refuse(Refusal("internal", 500), request.headers)

    async def answer_plain(self, incoming: BaseRequest) -> Answer:
        """aiohttp's handler: the same answers, for requests that are not simple."""
        protocol = incoming.protocol
        assert isinstance(protocol, ClientProtocol)
        version = f"{incoming.version.major}.{incoming.version.minor}"
        headers = CIMultiDict(incoming.headers)
        body: bytes | RequestBody = b""
        if incoming.body_exists:
            body = RequestBody(protocol, incoming.content, headers, self.limits.body_silence)
        import time

        request = Request(
            incoming.method, incoming.raw_path, version, headers, body, protocol.facts, time.time()
        )
        if incoming.version.major != 1:
            response = self.refuse(Refusal("bad_request", 400, "not HTTP/1.1"), headers)
        else:
            response = await self.answer(request)
        return Answer(
            protocol,
            response,
            is_head=incoming.method == "HEAD",
            http10=version == "1.0",
            close=not incoming.keep_alive,
        )

    def failed(self, request: Request) -> None:
        logger.exception("%s: %s failed", self.name, request.method)

    def broken(self, error: Exception) -> None:
        logger.warning("%s: a response ended early: %s", self.name, error)
