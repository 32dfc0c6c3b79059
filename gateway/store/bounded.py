"""Bounded maps for what memory may remember."""

from __future__ import annotations

import time
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class BoundedMap(dict[K, V], Generic[K, V]):
    """A dict that forgets its oldest entries past `capacity`.

    Reading is a plain dict read, which the data path is about; so the order is that of
    writing, not of use.
    """

    def __init__(self, capacity: int) -> None:
        super().__init__()
        self.capacity = capacity

    def remember(self, key: K, value: V) -> V | None:
        """Store; the value that had to make room, if any."""
        dropped = None
        if key not in self and len(self) >= self.capacity:
            dropped = self.pop(next(iter(self)))
        self[key] = value
        return dropped


class AbsentKeys(Generic[K]):
    """Keys known not to exist, for a few seconds: a guesser costs neither store nor
    memory."""

    def __init__(self, seconds: float = 5.0, capacity: int = 10_000) -> None:
        self._until: BoundedMap[K, float] = BoundedMap(capacity)
        self._seconds = seconds

    def __contains__(self, key: K) -> bool:
        until = self._until.get(key)
        if until is None:
            return False
        if until < time.monotonic():
            del self._until[key]
            return False
        return True

    def add(self, key: K) -> None:
        self._until.remember(key, time.monotonic() + self._seconds)

    def discard(self, key: K) -> None:
        self._until.pop(key, None)

    def clear(self) -> None:
        self._until.clear()

    def __len__(self) -> int:
        return len(self._until)
