"""A listening socket and the connections made to it.

Built on aiohttp's low-level server. Two front ends with the same behaviour: the fast
one drives aiohttp's parser itself, the plain one stays on its public API and takes over
where the internals are not as expected.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp.web_server import Server

from gateway.http.admission import Admission
from gateway.http.fast_connection import FastConnection
from gateway.http.internals import fast_path_is_possible
from gateway.http.limits import EDGE_LIMITS, Limits
from gateway.http.message import (
    BodyTooBig,
    ClientGone,
    ClientTimeout,
    Headers,
    Refusal,
    Request,
    Response,
)
from gateway.http.plain_connection import PlainConnection, serve_plain

logger = logging.getLogger("gateway.http")

Handler = Callable[[Request], Awaitable[Response]]
Refuse = Callable[[Refusal, Headers | None], Response]
Front = FastConnection | PlainConnection

_SWEEP = 0.5
_PARSER_SLACK = 4096


class Listener:
    """Accepts connections and hands admitted requests to `handler`.

    `refuse` makes the answer to what is not admitted, from the refusal and the
    request's headers (None where they could not be read). A handler that raises
    `Refusal`, `BodyTooBig`, `ClientTimeout` is answered through it too, and any other
    exception is logged and answered as `Refusal("internal", 500)`.
    """

    def __init__(
        self,
        name: str,
        handler: Handler,
        refuse: Refuse,
        limits: Limits = EDGE_LIMITS,
        tls: ssl.SSLContext | None = None,
        *,
        fast: bool = True,
    ) -> None:
        """`fast`: False serves everything on aiohttp's public API."""
        self.name = name
        self.handler = handler
        self.refuse = refuse
        self.limits = limits
        self.admission = Admission(self.limits, "http" if tls is None else "https")
        self.requests = 0
        """Requests handed to the handler so far."""
        self.draining = False
        self.now = 0.0
        """`loop.time()` of the last sweep, in seconds."""
        self.server: Server
        self._tls = tls
        self._fast = fast
        self._front: type[Front] = FastConnection
        self._connections: set[Front] = set()
        self._listening: asyncio.Server | None = None
        self._sweeping: asyncio.TimerHandle | None = None
        self._address: tuple[str, int] | None = None
        self._empty = asyncio.Event()
        self._options: dict[str, Any] = {}

    @property
    def connections(self) -> int:
        """Connections open now."""
        return len(self._connections)

    @property
    def address(self) -> tuple[str, int]:
        """(host, port) listened on, the real port where 0 was asked for. Raises
        RuntimeError before `start`."""
        if self._address is None:
            raise RuntimeError(f"{self.name} has not been started")
        return self._address

    @property
    def is_fast(self) -> bool:
        return self._front is FastConnection

    async def start(self, host: str, port: int, *, reuse_port: bool = False) -> None:
        """Listen on `host`:`port`; port 0 takes any free one. Raises OSError."""
        loop = asyncio.get_running_loop()
        limits = self.limits
        self._front = FastConnection if self._fast and fast_path_is_possible() else PlainConnection
        self.server = Server(lambda base: serve_plain(self, base), handler_cancellation=True)
        above = limits.request_line + limits.headers + _PARSER_SLACK
        self._options = {
            "loop": loop,
            "access_log": None,
            # Never before our own sweep, which also knows heads that are arriving.
            "keepalive_timeout": limits.keepalive_timeout + limits.head_timeout + 10.0,
            "max_line_size": above,
            "max_field_size": above,
            "max_headers": limits.header_count + limits.headers // 4,
            "lingering_time": limits.linger_timeout,
            "read_bufsize": limits.buffer,
            "auto_decompress": False,
        }
        self.now = loop.time()
        self._listening = await loop.create_server(
            self._connect, host, port, ssl=self._tls, reuse_port=reuse_port or None, backlog=1024
        )
        host, bound = self._listening.sockets[0].getsockname()[:2]
        self._address = str(host), int(bound)
        self._sweeping = loop.call_later(_SWEEP, self._sweep)

    async def drain(self, patience: float = 30.0) -> None:
        """Stop accepting, close idle connections, let running requests finish for at
        most `patience` seconds, then end what is left."""
        self.draining = True
        if self._listening is not None:
            self._listening.close()
        for connection in list(self._connections):
            connection.finish()
        if not await self._wait_until_empty(patience):
            for connection in list(self._connections):
                connection.stop()
            await self._wait_until_empty(1.0)
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None

    async def _wait_until_empty(self, patience: float) -> bool:
        if not self._connections:
            return True
        self._empty.clear()
        try:
            await asyncio.wait_for(self._empty.wait(), patience)
        except TimeoutError:
            return False
        return True

    # -- the connections' calls

    def opened(self, connection: Front) -> bool:
        """Count a connection in. False when it is one too many."""
        self._connections.add(connection)
        return len(self._connections) <= self.limits.connections and not self.draining

    def closed(self, connection: Front) -> None:
        self._connections.discard(connection)
        if not self._connections:
            self._empty.set()

    def refusal_for(self, error: Exception) -> tuple[Refusal, bool]:
        """What to answer when the handler raised, and whether the connection may go on."""
        if isinstance(error, Refusal):
            return error, False
        if isinstance(error, ClientTimeout):
            return Refusal("request_timeout", 408), False
        if isinstance(error, BodyTooBig):
            return Refusal("too_big_body", 413), False
        if isinstance(error, ClientGone):
            return Refusal("bad_request", 400, "the request is incomplete"), False
        logger.error("%s: the handler failed", self.name, exc_info=error)
        return Refusal("internal", 500), True

    def _connect(self) -> Front:
        return self._front(self, **self._options)

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        elapsed, self.now = now - self.now, now
        self._sweeping = loop.call_later(_SWEEP, self._sweep)
        for connection in list(self._connections):
            try:
                connection.sweep(now, elapsed)
            except Exception:  # one connection never costs the others their deadlines
                logger.exception("%s: a connection could not be swept", self.name)
                connection.stop()
