"""One structured line per request: queued on the data path, formatted in batches.

The data path appends a tuple; everything else happens later and elsewhere. A full queue
drops and counts, it never blocks. No line holds a header, a query or a body, so secrets
cannot reach the log.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import orjson


class Access(NamedTuple):
    """The facts of one request. Times are seconds since the epoch."""

    started: float
    ended: float
    organization: str
    environment: str
    proxy: str
    revision: str
    verb: str
    path: str
    """Without the query, which may hold keys."""
    status: int
    fault: str
    """Full errorcode, empty without a fault."""
    app: str
    client_ip: str
    message_id: str
    target_seconds: float
    """Time spent waiting for the target; 0 when none was called."""
    response_bytes: int
    complete: bool


Observer = Callable[[Sequence[Access]], None]


class AccessLog:
    """Collects `Access` tuples and hands them on in batches.

    `write` gets the bytes of one or more lines and may block: it runs in a thread.
    `observers` (metrics, analytics) get each batch on the event loop.
    """

    def __init__(
        self,
        write: Callable[[bytes], object] | None,
        *,
        capacity: int = 100_000,
        interval: float = 0.25,
        observers: Sequence[Observer] = (),
    ) -> None:
        self._write = write
        self._queue: deque[Access] = deque()
        self._capacity = capacity
        self._interval = interval
        self._observers = tuple(observers)
        self._task: asyncio.Task[None] | None = None
        self.dropped = 0

    def record(self, access: Access) -> None:
        if len(self._queue) >= self._capacity:
            self.dropped += 1
        else:
            self._queue.append(access)

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run(), name="access log")

    async def close(self) -> None:
        """Write what is queued and stop."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self.flush()

    async def flush(self) -> None:
        """Hand on everything queued so far."""
        if not self._queue:
            return
        batch = list(self._queue)
        self._queue.clear()
        for observe in self._observers:
            observe(batch)
        if self._write is not None:
            lines = b"".join(map(_line, batch))
            await asyncio.get_running_loop().run_in_executor(None, self._write, lines)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._interval)
            await self.flush()


def _line(access: Access) -> bytes:
    moment = datetime.fromtimestamp(access.started, UTC)
    return orjson.dumps(
        {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "organization": access.organization,
            "environment": access.environment,
            "proxy": access.proxy or None,
            "revision": access.revision or None,
            "verb": access.verb,
            "path": access.path.encode("utf-8", "replace").decode(),
            "status": access.status,
            "fault": access.fault or None,
            "app": access.app or None,
            "client_ip": access.client_ip,
            "message_id": access.message_id,
            "duration_ms": round((access.ended - access.started) * 1000, 3),
            "target_ms": round(access.target_seconds * 1000, 3),
            "response_bytes": access.response_bytes,
            "complete": access.complete,
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )
