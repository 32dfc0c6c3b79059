"""Whether the key file belongs to the database: found out at the start, not when the
first secret cannot be read."""

from __future__ import annotations

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from gateway.store.database import Database
from gateway.store.errors import StoreError
from gateway.store.keys import KeyRing
from gateway.store.tables import key_checks

_NAME = "tokens"


async def check_keys(database: Database, keys: KeyRing) -> None:
    """Remember the keys at the first start. Raises `StoreError` for other keys than
    those the database was written with."""
    if await _fingerprint(database) is None:
        try:
            async with database.writing() as connection:
                value = keys.fingerprint.encode()
                await connection.execute(insert(key_checks).values(name=_NAME, value=value))
            return
        except IntegrityError:
            pass  # another process starts too: compare with its keys
    if await _fingerprint(database) != keys.fingerprint:
        raise StoreError(
            f"{keys.path} is not the key file that this database was written with: its "
            "secrets and tokens could not be read.\n"
            "Copy the key file of the data directory where the database was first used."
        )


async def _fingerprint(database: Database) -> str | None:
    async with database.reading() as connection:
        found = await connection.scalar(
            select(key_checks.c.value).where(key_checks.c.name == _NAME)
        )
    return None if found is None else bytes(found).decode()
