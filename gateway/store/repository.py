"""What the repositories share: the organization, the clock, and who hears of changes."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, Protocol, TypeVar, cast

from gateway.ports.changes import Change
from gateway.ports.clock import Clock
from gateway.ports.identity import Attributes
from gateway.store.changes import InProcessChanges
from gateway.store.database import Database
from gateway.store.keys import KeyRing

P = ParamSpec("P")
R = TypeVar("R")


class Row(Protocol):
    """A row by the names of its columns."""

    def __getitem__(self, name: str, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Repository:
    """Entities of one organization. Writes end with the announcement of the change,
    after the commit and before they return."""

    database: Database
    organization: str
    clock: Clock
    changes: InProcessChanges
    keys: KeyRing

    async def announce(self, kind: str, action: str, *key: str) -> None:
        await self.changes.announce(Change(kind, action, key))

    def created(self, by: str) -> dict[str, Any]:
        return created_now(self.clock, by)

    def modified(self, by: str) -> dict[str, Any]:
        return {"last_modified_at": self.clock.now_ms(), "last_modified_by": by}


class _Stored(Protocol):
    @property
    def database(self) -> Database: ...


def whole(
    method: Callable[P, Coroutine[Any, Any, R]],
) -> Callable[P, Coroutine[Any, Any, R]]:
    """A write that runs to its end even when its caller is cancelled in the middle:
    otherwise a change could be committed and memory never hear of it. For methods of
    what has a `database`."""

    @wraps(method)
    async def finished(*args: P.args, **kwargs: P.kwargs) -> R:
        stored = cast(_Stored, args[0])
        return await stored.database.finish(method(*args, **kwargs))

    return finished


def created_now(clock: Clock, by: str) -> dict[str, Any]:
    """The columns of `HISTORY` for a new entity."""
    now = clock.now_ms()
    return {
        "created_at": now,
        "created_by": by,
        "last_modified_at": now,
        "last_modified_by": by,
    }


def as_attributes(value: Iterable[Iterable[str]]) -> Attributes:
    """Attributes as they are stored, as tuples."""
    return tuple((name, text) for name, text in value)


def as_json(value: Any) -> Any:
    """A field's value as the JSON columns keep it: tuples become lists."""
    return [as_json(item) for item in value] if isinstance(value, tuple | list) else value


def checked(fields: Mapping[str, Any], known: tuple[str, ...], kind: str) -> dict[str, Any]:
    """Fields to store, by column. Raises `TypeError` for a name that is not in `known`."""
    unknown = fields.keys() - set(known)
    if unknown:
        raise TypeError(f"not a field of {kind}: {', '.join(sorted(unknown))}")
    return {name: as_json(value) for name, value in fields.items()}


HISTORY = ("created_at", "created_by", "last_modified_at", "last_modified_by")
"""The columns that say who made and changed an entity."""


def history(row: Row, prefix: str = "") -> dict[str, Any]:
    """The columns of `HISTORY` from a row."""
    return {column: row[prefix + column] for column in HISTORY}
