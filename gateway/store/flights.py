"""Loads under way: one per key, shared by everybody who asks meanwhile.

A flight that was forgotten, because what it reads has changed, still answers those who
were waiting before the change; it must not write into memory any more, and nobody who
comes after the change gets on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Flights(Generic[K, V]):
    def __init__(self, load: Callable[[K], Awaitable[V]], land: Callable[[K, V], None]) -> None:
        """`load` asks the store; `land` remembers its answer, unless it is outdated."""
        self._load = load
        self._land = land
        self._under_way: dict[K, asyncio.Task[V]] = {}

    async def join(self, key: K) -> V:
        """The answer for `key`, from a load that began after the last change."""
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.ensure_future(self._fly(key))
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._end(key, done))
        # A caller who gives up must not take the others along.
        return await asyncio.shield(task)

    def forget(self, key: K) -> None:
        self._under_way.pop(key, None)

    def forget_all(self) -> None:
        self._under_way.clear()

    async def _fly(self, key: K) -> V:
        value = await self._load(key)
        if self._under_way.get(key) is asyncio.current_task():
            self._land(key, value)
        return value

    def _end(self, key: K, task: asyncio.Task[V]) -> None:
        if self._under_way.get(key) is task:
            del self._under_way[key]
        if not task.cancelled():
            task.exception()  # those who waited have seen it
