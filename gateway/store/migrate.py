"""Bring a database to the newest schema. Imported only when it differs."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

_LOCK = 4_711_003
"""Of PostgreSQL's advisory locks: one process migrates, the others wait."""


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the missing migrations over an open connection, in its transaction."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    config = Config()
    config.set_main_option(
        "script_location", str(Path(__file__).parent / "migrations").replace("%", "%%")
    )
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
