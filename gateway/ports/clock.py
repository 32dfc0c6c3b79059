"""The time, injectable so that tests can set it."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Wall-clock time. Seconds are floats since the epoch, milliseconds integers."""

    def now(self) -> float: ...

    def now_ms(self) -> int: ...


class SystemClock:
    now = staticmethod(time.time)

    @staticmethod
    def now_ms() -> int:
        return time.time_ns() // 1_000_000
