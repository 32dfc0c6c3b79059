"""Limits guessing of passwords: failures per address and user, and per address alone.

An attempt counts as failed until it is known to have succeeded, so that a burst of
parallel guesses cannot slip through. Source: security.md section 3e, rule 17.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

PER_USER = 10
PER_ADDRESS = 50
WINDOW = 60.0
"""Seconds after the first failure of a row in which the limits hold."""
_REMEMBERED = 10_000


@dataclass(slots=True)
class _Row:
    began: float
    failures: int


class Attempts:
    """Counts of failed attempts, bounded in number. `now` is in seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._rows: OrderedDict[tuple[str, str | None], _Row] = OrderedDict()

    def begin(self, address: str, user: str) -> int:
        """Count one attempt. 0 when it may go on, else the seconds to wait."""
        wait = max(self._wait((address, user), PER_USER), self._wait((address, None), PER_ADDRESS))
        if wait == 0:
            self._count((address, user), 1)
            self._count((address, None), 1)
        return wait

    def succeeded(self, address: str, user: str) -> None:
        """The attempt was right: it does not count, and the user's row is forgotten."""
        self._rows.pop((address, user), None)
        self._count((address, None), -1)

    def _wait(self, key: tuple[str, str | None], limit: int) -> int:
        row = self._rows.get(key)
        if row is None:
            return 0
        left = row.began + WINDOW - self._now()
        if left <= 0:
            del self._rows[key]
            return 0
        return math.ceil(left) if row.failures >= limit else 0

    def _count(self, key: tuple[str, str | None], change: int) -> None:
        row = self._rows.get(key)
        if row is None:
            if change < 0:
                return
            row = self._rows[key] = _Row(self._now(), 0)
            if len(self._rows) > _REMEMBERED:
                self._rows.popitem(last=False)
        row.failures += change
