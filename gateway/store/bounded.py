"""Bounded maps for what memory may remember."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")
H = TypeVar("H", bound=Hashable)


class BoundedMap(OrderedDict[K, V], Generic[K, V]):
    """A dict that forgets its oldest entries past `capacity`.

    Reading is a plain dict read, which the data path is about; so the order is that of
    writing, not of use. An ordered dict, because finding the oldest entry of a plain one
    means to step over all that were taken out before it.
    """

    def __init__(self, capacity: int) -> None:
        super().__init__()
        self.capacity = capacity

    def remember(self, key: K, value: V) -> V | None:
        """Store; the value that had to make room, if any."""
        dropped = None
        if key not in self and len(self) >= self.capacity:
            _, dropped = self.popitem(last=False)
        self[key] = value
        return dropped


class AbsentKeys(Generic[K]):
    """Keys known not to exist, for a few seconds: a guesser costs neither store nor
    memory."""

    def __init__(
        self,
        seconds: float = 5.0,
        capacity: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._until: BoundedMap[K, float] = BoundedMap(capacity)
        self._seconds = seconds
        self._clock = clock

    def __contains__(self, key: K) -> bool:
        until = self._until.get(key)
        if until is None:
            return False
        if until < self._clock():
            del self._until[key]
            return False
        return True

    def add(self, key: K) -> None:
        self._until.remember(key, self._clock() + self._seconds)

    def discard(self, key: K) -> None:
        self._until.pop(key, None)

    def clear(self) -> None:
        self._until.clear()

    def __len__(self) -> int:
        return len(self._until)


class Shared(Generic[H]):
    """One object for equal values: a million tokens share a few scopes and lists of
    products."""

    def __init__(self, capacity: int = 10_000) -> None:
        self._known: BoundedMap[H, H] = BoundedMap(capacity)

    def __call__(self, value: H) -> H:
        known = self._known.get(value)
        if known is None:
            self._known.remember(value, value)
            return value
        return known
