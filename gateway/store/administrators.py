"""Administrators: names and argon2id hashes, nothing that could be read back."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from gateway.ports.clock import Clock
from gateway.store.database import Database
from gateway.store.repository import whole
from gateway.store.tables import administrators

if TYPE_CHECKING:
    from argon2 import PasswordHasher

_hasher: PasswordHasher | None = None
"""Made when the first password comes: its library is start-up time."""


class Administrators:
    """Hashing takes about a tenth of a second and runs in a thread."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self._clock = clock

    async def names(self) -> tuple[str, ...]:
        async with self.database.reading() as connection:
            found = await connection.scalars(
                select(administrators.c.name).order_by(administrators.c.name)
            )
            return tuple(found)

    async def verify(self, name: str, password: str) -> bool:
        """Whether the password is that administrator's. An unknown name takes as long
        as a wrong password."""
        async with self.database.reading() as connection:
            stored = await connection.scalar(
                select(administrators.c.password_hash).where(administrators.c.name == name)
            )
        return await asyncio.to_thread(_matches, stored, password)

    @whole
    async def set_password(self, name: str, password: str) -> None:
        """Create the administrator, or give them a new password."""
        hashed = await asyncio.to_thread(_hash, password)
        now = self._clock.now_ms()
        async with self.database.writing() as connection:
            done = await connection.execute(
                update(administrators)
                .where(administrators.c.name == name)
                .values(password_hash=hashed, last_modified_at=now)
            )
            if not done.rowcount:
                await connection.execute(
                    insert(administrators).values(
                        name=name, password_hash=hashed, created_at=now, last_modified_at=now
                    )
                )


def _passwords() -> PasswordHasher:
    global _hasher
    if _hasher is None:
        from argon2 import PasswordHasher

        _hasher = PasswordHasher()
    return _hasher


def _hash(password: str) -> str:
    return _passwords().hash(password)


@cache
def _decoy() -> str:
    return _hash("no administrator has this password")


def _matches(stored: str | None, password: str) -> bool:
    from argon2.exceptions import Argon2Error, InvalidHashError

    try:
        _passwords().verify(_decoy() if stored is None else stored, password)
    except (Argon2Error, InvalidHashError):
        return False
    return stored is not None
