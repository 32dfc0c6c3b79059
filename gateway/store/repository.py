"""What the repositories share: the organization, the clock, and who hears of changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping

from gateway.ports.changes import Change
from gateway.ports.clock import Clock
from gateway.ports.identity import Attributes
from gateway.store.changes import InProcessChanges
from gateway.store.database import Database
from gateway.store.keys import KeyRing


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
        now = self.clock.now_ms()
        return {
            "created_at": now,
            "created_by": by,
            "last_modified_at": now,
            "last_modified_by": by,
        }

    def modified(self, by: str) -> dict[str, Any]:
        return {"last_modified_at": self.clock.now_ms(), "last_modified_by": by}


def as_attributes(value: Iterable[Iterable[str]]) -> Attributes:
    """Attributes as they are stored, as tuples."""
    return tuple((name, text) for name, text in value)


def history(row: RowMapping) -> dict[str, Any]:
    """The four columns that say who made and changed an entity."""
    return {
        "created_at": row["created_at"],
        "created_by": row["created_by"],
        "last_modified_at": row["last_modified_at"],
        "last_modified_by": row["last_modified_by"],
    }
