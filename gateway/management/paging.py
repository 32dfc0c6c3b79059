"""`startKey` and `count` (or `rows`) of list calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from gateway.management.call import Call

T = TypeVar("T")

LARGEST_PAGE = 10_000


def page(call: Call, entries: Sequence[T], key: Callable[[T], str]) -> Sequence[T]:
    """The entries from `startKey` (included) on, at most `count` of them. An unknown
    startKey gives none."""
    start = call.query("startKey")
    if start:
        keys = [key(entry) for entry in entries]
        entries = entries[keys.index(start) :] if start in keys else ()
    parameter = "rows" if call.query("rows") else "count"
    count = call.number(parameter, 0, LARGEST_PAGE)
    return entries[:count] if count else entries
