"""Connections to upstream servers: kept alive, counted, and watched by one timer."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Mapping

from gateway.http.limits import ResponseLimits
from gateway.http.message import UpstreamError
from gateway.http.origin import Origin
from gateway.http.upstream_connection import UpstreamConnection

_SWEEP = 0.1
_IDLE_SWEEP = 1.0


class Lane:
    """The connections to one origin."""

    __slots__ = (
        "_connecting", "_idle", "_max_connections", "_max_idle", "_open", "_waiting", "origin",
        "pool",
    )  # fmt: skip

    def __init__(self, pool: Pool, origin: Origin, max_connections: int, max_idle: int) -> None:
        self.pool = pool
        self.origin = origin
        self._max_connections = max_connections
        self._max_idle = max_idle
        self._idle: list[UpstreamConnection] = []
        self._open: set[UpstreamConnection] = set()
        self._waiting: deque[asyncio.Future[UpstreamConnection | None]] = deque()
        self._connecting = 0

    @property
    def connections(self) -> int:
        return len(self._open) + self._connecting

    @property
    def is_used(self) -> bool:
        return bool(self._open or self._connecting or self._waiting)

    def take(self) -> UpstreamConnection | None:
        """The connection that was used last, if one is free."""
        while self._idle:
            connection = self._idle.pop()
            transport = connection.transport
            if transport is not None and not transport.is_closing():
                return connection
        return None

    async def connect(self, patience: float, limits: ResponseLimits) -> UpstreamConnection:
        """A new connection, or a freed one when there are too many. Raises
        `UpstreamError`: `connect_timeout`, `refused`, `unresolved`, `tls`."""
        try:
            async with asyncio.timeout(patience):
                while self.connections >= self._max_connections:
                    freed = await self._next_free()
                    if freed is not None:
                        return freed
                self._connecting += 1
                try:
                    return await self._open_connection(limits)
                except BaseException:
                    self._wake_one()  # one more may be opened instead
                    raise
                finally:
                    self._connecting -= 1
        except TimeoutError:
            raise UpstreamError("connect_timeout", f"no connection in {patience:g} s") from None

    async def _next_free(self) -> UpstreamConnection | None:
        waiter: asyncio.Future[UpstreamConnection | None] = self.pool.loop.create_future()
        self._waiting.append(waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                freed = waiter.result()
                if freed is not None:
                    self.put(freed, 1.0)
                else:
                    self._wake_one()
            raise
        finally:
            if not waiter.done() or waiter.cancelled():
                self._waiting = deque(w for w in self._waiting if w is not waiter)

    async def _open_connection(self, limits: ResponseLimits) -> UpstreamConnection:
        host, port, tls = self.pool.address(self.origin)
        name = (self.origin.server_hostname or self.origin.host) if tls else None
        try:
            _, connection = await self.pool.loop.create_connection(
                lambda: UpstreamConnection(self, limits), host, port, ssl=tls, server_hostname=name
            )
        except TimeoutError:
            raise
        except socket.gaierror as error:
            raise UpstreamError("unresolved", str(error), host=host) from error
        except ssl.SSLError as error:
            raise UpstreamError("tls", _tls_text(error)) from error
        except OSError as error:
            raise UpstreamError("refused", str(error)) from error
        except (ValueError, OverflowError) as error:  # behind SSLError, which can be both
            detail = f"{host!r}:{port} is no address"
            raise UpstreamError("unresolved", detail, host=host) from error
        self._open.add(connection)
        if connection.transport is None:
            self.forget(connection)
            raise UpstreamError("refused", "closed as soon as it was open")
        return connection

    def put(self, connection: UpstreamConnection, keepalive: float) -> None:
        """Keep a connection for the next exchange."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        if self.pool.closed or keepalive <= 0:
            connection.abort()
            return
        connection.idle_until = self.pool.now + keepalive
        self._idle.append(connection)
        if len(self._idle) > self._max_idle:
            self._idle.pop(0).abort()

    def forget(self, connection: UpstreamConnection) -> None:
        """A connection is closed or closing: another one may be opened."""
        if connection not in self._open:
            return
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        self._wake_one()

    def _wake_one(self) -> None:
        """Let the call that waits longest open a connection."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    def expire(self, now: float) -> bool:
        """Close what was idle for too long. True when something idle is left."""
        for connection in [c for c in self._idle if c.idle_until <= now]:
            connection.abort()
        return bool(self._idle)

    def close(self) -> None:
        for connection in list(self._open):
            connection.fail(UpstreamError("refused", "the client is closed"))


class Pool:
    """All lanes, and the timer that ends silent exchanges and idle connections."""

    def __init__(
        self, connect_to: Mapping[str, tuple[str, int]], max_connections: int, max_idle: int
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.now = self.loop.time()
        """`loop.time()` of the last sweep, in seconds."""
        self.closed = False
        self.running: set[UpstreamConnection] = set()
        """Connections with an exchange."""
        self._connect_to = {host.lower(): address for host, address in connect_to.items()}
        self._max_connections = max_connections
        self._max_idle = max_idle
        self._lanes: dict[Origin, Lane] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._next_expiry = 0.0
        self._slow = False

    def lane(self, origin: Origin) -> Lane:
        lane = self._lanes.get(origin)
        if lane is None:
            lane = Lane(self, origin, self._max_connections, self._max_idle)
            self._lanes[origin] = lane
        return lane

    def address(self, origin: Origin) -> tuple[str, int, ssl.SSLContext | None]:
        """Where to connect: the origin itself, or in plain HTTP what replaces it."""
        replaced = self._connect_to.get(origin.host.lower())
        if replaced is not None:
            return replaced[0], replaced[1], None
        return origin.host, origin.port, origin.tls

    def watch(self, connection: UpstreamConnection) -> None:
        """An exchange begins: from now on its deadline counts."""
        self.running.add(connection)
        if self._timer is None or self._slow:
            if self._timer is not None:
                self._timer.cancel()
            self.now = self.loop.time()
            self._slow = False
            self._timer = self.loop.call_later(_SWEEP, self._sweep)

    def _sweep(self) -> None:
        now = self.now = self.loop.time()
        for connection in [c for c in self.running if c.deadline <= now - _SWEEP]:
            connection.fail(UpstreamError("timeout", "the server was silent for too long"))
        self.running = {c for c in self.running if c.busy}
        idle = True
        if now >= self._next_expiry:
            self._next_expiry = now + _IDLE_SWEEP
            idle = sum(lane.expire(now) for lane in self._lanes.values()) > 0
            self._lanes = {o: lane for o, lane in self._lanes.items() if lane.is_used}
        if self.running:
            self._timer = self.loop.call_later(_SWEEP, self._sweep)
        elif idle:
            self._slow = True
            self._timer = self.loop.call_later(_IDLE_SWEEP, self._sweep)
        else:
            self._timer = None

    def close(self) -> None:
        self.closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for lane in self._lanes.values():
            lane.close()


def _tls_text(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return error.reason or str(error)
