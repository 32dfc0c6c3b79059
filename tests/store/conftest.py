"""Stores on SQLite and, where GATEWAY_TEST_POSTGRES names a server, on PostgreSQL.

Databases are made from a template (a migrated file; one script of DDL), since running
the migrations for each test would take most of the time. `test_store_migrations.py`
holds the template against the migrations.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import insert
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from gateway.ports.clock import SystemClock
from gateway.ports.tokens import NewToken
from gateway.store import Store, tables
from gateway.store.credential_rows import secret_purpose
from gateway.store.database import SCHEMA_VERSION, Database
from gateway.store.repository import created_now
from gateway.store.tables import metadata

POSTGRES = os.environ.get("GATEWAY_TEST_POSTGRES")
_FAST = {"synchronous_commit": "off", "client_min_messages": "warning"}
"""For making and dropping schemas only; stores under test wait for the disk."""
ORGANIZATION = "demo"
Open = Callable[..., Awaitable[Store]]


@dataclass(frozen=True)
class Place:
    """Where a test's database is; opened twice, it is the same database."""

    url: str
    data_dir: Path
    schema: str | None = None


@dataclass
class FixedClock:
    """A clock that stands until a test moves it; milliseconds."""

    at: int = field(default_factory=SystemClock.now_ms)

    def now(self) -> float:
        return self.at / 1000

    def now_ms(self) -> int:
        return self.at


@dataclass(frozen=True)
class World:
    """A developer with an app, which has a key for a product."""

    store: Store
    developer_id: str
    app_id: str
    key: str = "key-1"
    secret: str = "the-secret-of-key-1"
    product: str = "PremiumWeatherAPI"

    async def issue(self, access_token: str, **changes: object) -> None:
        await self.store.tokens.issue(self.token(access_token, **changes))

    def token(self, access_token: str, **changes: object) -> NewToken:
        values: dict[str, object] = {
            "access_token": access_token,
            "issued_at": 1000,
            "expires_at": 4_000_000_000_000,
            "consumer_key": self.key,
            "app_id": self.app_id,
            "scope": "READ",
            "products": (self.product,),
            "grant_type": "client_credentials",
        }
        return NewToken(**{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import asyncio

    path = tmp_path_factory.mktemp("template") / "gateway.db"

    async def make() -> None:
        await (await Database.open(f"sqlite:///{path}")).close()

    asyncio.run(make())
    return path


@pytest.fixture(scope="session")
def postgresql_template() -> str:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    statements = [
        str(CreateTable(table).compile(dialect=dialect)) for table in metadata.sorted_tables
    ]
    statements += [
        str(CreateIndex(index).compile(dialect=dialect))
        for table in metadata.sorted_tables
        for index in sorted(table.indexes, key=lambda index: str(index.name))
    ]
    statements.append("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)")
    statements.append(f"INSERT INTO alembic_version VALUES ('{SCHEMA_VERSION}')")
    return ";\n".join(statements)


@pytest.fixture(params=["sqlite", "postgresql"])
async def empty_place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """A database without tables."""
    if request.param == "sqlite":
        yield Place(f"sqlite:///{tmp_path / 'gateway.db'}", tmp_path)
        return
    if POSTGRES is None:
        pytest.skip("GATEWAY_TEST_POSTGRES names no PostgreSQL server")
    schema = f"gateway_test_{secrets.token_hex(6)}"
    server = await asyncpg.connect(POSTGRES, server_settings=_FAST)
    try:
        await server.execute(f"CREATE SCHEMA {schema}")
        yield Place(POSTGRES, tmp_path, schema)
    finally:
        await server.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        await server.close()


@pytest.fixture
async def place(
    empty_place: Place, sqlite_template: Path, postgresql_template: str
) -> AsyncIterator[Place]:
    """A database with the newest schema."""
    if empty_place.schema is None:
        shutil.copy(sqlite_template, empty_place.url.removeprefix("sqlite:///"))
    else:
        server = await asyncpg.connect(
            empty_place.url, server_settings={"search_path": empty_place.schema, **_FAST}
        )
        await server.execute(postgresql_template)
        await server.close()
    yield empty_place


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
async def open_store(place: Place, clock: FixedClock) -> AsyncIterator[Open]:
    """Opens the test's database, as often as one likes."""
    stores: list[Store] = []

    async def open_once(**options: int) -> Store:
        store = await Store.open(
            place.url,
            place.data_dir,
            ORGANIZATION,
            clock=clock,
            schema=place.schema,
            **options,  # type: ignore[arg-type]
        )
        stores.append(store)
        return store

    yield open_once
    for store in stores:
        await store.close()


@pytest.fixture
async def store(open_store: Open) -> Store:
    """An open store with an organization."""
    store = await open_store()
    await store.organizations.create(ORGANIZATION, ("test", "prod"), "admin")
    return store


@pytest.fixture
async def world(store: Store) -> World:
    """Rows as the repositories write them (their own tests see to that), in one go."""
    world = World(store, str(uuid4()), str(uuid4()))
    made = created_now(store.clock, "admin")
    secret = store.key_ring.encrypt(world.secret, secret_purpose(ORGANIZATION, world.key))
    of_organization = {"organization": ORGANIZATION}
    rows = {
        tables.products: {
            "name": world.product, "display_name": world.product, "description": "",
            "approval_type": "auto", "environments": [], "proxies": ["weatherapi"],
            "resources": [], "scopes": [], "attributes": [], "extra": {}, **made,
        },
        tables.developers: {
            "id": world.developer_id, "email": "ann@example.com", "first_name": "Ann",
            "last_name": "Lee", "user_name": "ann", "status": "active", "attributes": [], **made,
        },
        tables.apps: {
            "id": world.app_id, "developer_id": world.developer_id, "name": "weatherapp",
            "status": "approved", "app_family": "default", "access_type": "",
            "callback_url": "", "scopes": [], "attributes": [], **made,
        },
        tables.credentials: {
            "consumer_key": world.key, "app_id": world.app_id, "consumer_secret": secret,
            "status": "approved", "issued_at": 1, "expires_at": -1, "scopes": [],
            "attributes": [],
        },
        tables.credential_products: {
            "consumer_key": world.key, "product": world.product, "position": 1,
            "status": "approved",
        },
    }  # fmt: skip
    async with store.database.writing() as connection:
        for table, row in rows.items():
            await connection.execute(insert(table), {**of_organization, **row})
    return world


@pytest.fixture(autouse=True, scope="session")
def _fast_passwords() -> Iterator[None]:
    """Argon2 at its full cost would be most of the time of some tests."""
    from argon2 import PasswordHasher

    from gateway.store import administrators

    before = administrators._hasher
    administrators._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    yield
    administrators._hasher = before
