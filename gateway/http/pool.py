"""Idle connections by origin, newest first."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.http.client import Origin
    from gateway.http.connection import UpstreamConnection


class Pool:
    """Keeps idle connections; the one used last is used next, so that surplus ages."""

    def __init__(self, max_idle: int = 256) -> None:
        """`max_idle` per origin."""
        self._idle: dict[Origin, deque[UpstreamConnection]] = {}
        self._max_idle = max_idle

    def take(self, origin: Origin) -> UpstreamConnection | None:
        idle = self._idle.get(origin)
        while idle:
            connection = idle.pop()
            if connection.usable:
                return connection
        return None

    def put(self, connection: UpstreamConnection) -> None:
        idle = self._idle.get(connection.origin)
        if idle is None:
            idle = self._idle[connection.origin] = deque()
        if len(idle) >= self._max_idle:
            idle.popleft().close()
        idle.append(connection)

    def close_expired(self, now: float) -> None:
        """Close connections that were idle longer than their keep-alive time. `now` is
        the event loop's time."""
        for origin, idle in list(self._idle.items()):
            while idle and (not idle[0].usable or now - idle[0].used > idle[0].keepalive):
                idle.popleft().close()
            if not idle:
                del self._idle[origin]

    def close(self) -> None:
        for idle in self._idle.values():
            for connection in idle:
                connection.close()
        self._idle.clear()

    def __len__(self) -> int:
        return sum(map(len, self._idle.values()))
