"""Look-ups by key for the data path: one prepared statement each.

On SQLite they run on a connection of their own on the loop's thread: a point read there
takes microseconds, a hop to another thread and back a hundred times that. Readers of a
WAL database wait for nobody; in the rare moments when they must, the usual way is
taken (docs/decisions/003-store.md).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import JSON, Select
from sqlalchemy.dialects import sqlite

from gateway.store.database import Database
from gateway.store.errors import Unstorable
from gateway.store.repository import Row


class LocalReader:
    """The connection of the loop's thread to an SQLite database."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, timeout=0, isolation_level=None)
        self._connection.execute("PRAGMA query_only=ON")

    def prepare(self, statement: Select[Any]) -> Callable[[dict[str, Any]], list[Row]]:
        """The statement as a function from its parameters to its rows."""
        compiled = statement.compile(dialect=sqlite.dialect(paramstyle="named"))
        fixed = compiled.construct_params(_check=False)
        sql = str(compiled)
        is_json = [isinstance(column.type, JSON) for column in statement.selected_columns]

        def rows(parameters: dict[str, Any]) -> list[Row]:
            found = self._connection.execute(sql, {**fixed, **parameters})
            names = [column[0] for column in found.description]
            decoded = [name for name, json in zip(names, is_json, strict=True) if json]
            return [_decode(dict(zip(names, row, strict=True)), decoded) for row in found]

        return rows

    def close(self) -> None:
        self._connection.close()


class Lookup:
    """A statement with bound parameters, asked again and again."""

    def __init__(
        self, database: Database, statement: Select[Any], reader: LocalReader | None
    ) -> None:
        """Without `reader` it is asked through the pool of connections."""
        self._database = database
        self._statement = statement
        self._local = None if reader is None else reader.prepare(statement)

    async def rows(self, **parameters: Any) -> Sequence[Row]:
        """No rows for a parameter that no row can hold. Raises `StoreError`."""
        if self._local is not None:
            try:
                return self._local(parameters)
            except sqlite3.Error:
                pass  # busy: the pool's connections wait, and say what is wrong
            except UnicodeEncodeError:
                return ()
        try:
            async with self._database.reading() as connection:
                found = await connection.execute(self._statement, parameters)
                return list(found.mappings())
        except Unstorable:
            return ()

    async def first(self, **parameters: Any) -> Row | None:
        rows = await self.rows(**parameters)
        return rows[0] if rows else None


def _decode(row: dict[str, Any], names: list[str]) -> Row:
    for name in names:
        text = row[name]
        if text is not None:
            row[name] = json.loads(text)
    return row
