"""Changes announced within this process.

Several machines will hear of each other by PostgreSQL's NOTIFY or by Redis: behind the
same port, with the same promise.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from gateway.ports.changes import Change, Listener

logger = logging.getLogger("gateway.store")


class InProcessChanges:
    """Calls every listener, in order, before the write is acknowledged."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def announce(self, change: Change) -> None:
        for listener in tuple(self._listeners):
            try:
                pending = listener(change)
                if pending is not None:
                    await pending
            except Exception:
                logger.exception("a listener failed on %s", change)
