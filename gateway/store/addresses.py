"""Addresses of databases, and what to do when one cannot be opened."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from gateway.store.errors import StoreError

SQLITE = "sqlite"
POSTGRESQL = "postgresql"
_DRIVERS = {
    SQLITE: "sqlite+aiosqlite",
    POSTGRESQL: "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}
_USAGE = "use sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME"


def parse_address(url: str) -> URL:
    """The address with its driver. An SQLite file is made with its folder. Raises
    `StoreError`."""
    try:
        address = make_url(url)
    except ArgumentError:
        raise StoreError(f"'{url}' is no database URL: {_USAGE}") from None
    driver = _DRIVERS.get(address.drivername.partition("+")[0])
    if driver is None:
        raise StoreError(f"{address.drivername} is no database that the gateway knows: {_USAGE}")
    address = address.set(drivername=driver)
    if address.get_backend_name() == SQLITE:
        _make_file(address)
        return address
    return _rename_sslmode(address)


def _make_file(address: URL) -> None:
    if not address.database or address.database == ":memory:":
        raise StoreError("the embedded database needs a file: sqlite:///PATH")
    path = Path(address.database)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StoreError(
            f"cannot make the data directory {path.parent}: {error.strerror}\n"
            "Name another one with --data-dir."
        ) from error
    try:
        # SQLite would let others read it; its side files get the same mode.
        path.touch(mode=0o600)
    except OSError as error:
        raise StoreError(explain(address, error)) from error


def _rename_sslmode(address: URL) -> URL:
    # libpq's word, in every PostgreSQL URL that people copy; asyncpg's is ssl.
    mode = address.query.get("sslmode")
    if mode is None:
        return address
    return address.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})


def explain(address: URL, error: Exception) -> str:
    """What went wrong at opening, without the password, and the remedy."""
    original = getattr(error, "orig", None) or error
    reason = str(original) or type(original).__name__
    shown = address.set(drivername=address.get_backend_name()).render_as_string()
    return f"cannot open the database {shown}: {reason}\n{_remedy(address, original)}"


def _remedy(address: URL, original: BaseException) -> str:
    if address.get_backend_name() == SQLITE:
        return (
            f"Check that {address.database} is a database of the gateway and that it and its "
            "folder can be written to."
        )
    state = str(getattr(original, "sqlstate", None) or "")
    if state.startswith("28"):
        return "Check the user name and the password in the database URL."
    if state == "3D000":
        return f"Create it on the server: createdb {address.database}"
    if state == "42501":
        return f"Let {address.username} create tables: GRANT CREATE ON SCHEMA public."
    return (
        f"Check that a PostgreSQL server answers at {address.host or 'localhost'}:"
        f"{address.port or 5432}."
    )
