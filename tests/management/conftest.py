"""A management API over real HTTP, with a real store and a real runtime."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from argon2 import PasswordHasher
from yarl import URL

from gateway.http.client import Client
from gateway.management.application import management_application
from gateway.management.call import ManagementSettings
from gateway.ports.clock import SystemClock
from gateway.ports.services import Services
from gateway.runtime.runtime import Runtime
from gateway.store import Store, administrators
from gateway.telemetry.access_log import AccessLog
from tests.management.management_bundles import bundle

USER, PASSWORD = "admin@example.com", "correct horse"


@dataclass(slots=True)
class Answer:
    status: int
    headers: Any
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def code(self) -> str:
        return self.json["code"]

    @property
    def message(self) -> str:
        return self.json["message"]


def basic(user: str, password: str) -> str:
    """The value of an Authorization header."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Api:
    """Calls below /v1/organizations/demo, as the administrator."""

    def __init__(
        self, session: aiohttp.ClientSession, server: TestServer, store: Store, runtime: Runtime
    ) -> None:
        self.session = session
        self.server = server
        self.store = store
        self.runtime = runtime

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        auth: Any = (USER, PASSWORD),
        **options: Any,
    ) -> Answer:
        if body is not None and not isinstance(body, bytes | str | aiohttp.FormData):
            options["json"] = body
        elif body is not None:
            options["data"] = body
        headers = dict(options.pop("headers", None) or {})
        if auth is not None:
            headers["Authorization"] = basic(*auth) if isinstance(auth, tuple) else auth
        url = path if path.startswith(("/v1", "/oauth/")) else f"/v1/organizations/demo{path}"
        target = URL(f"http://127.0.0.1:{self.server.port}{url}", encoded=True)
        async with self.session.request(method, target, headers=headers, **options) as response:
            return Answer(response.status, response.headers, await response.read())

    async def get(self, path: str, **options: Any) -> Answer:
        return await self.call("GET", path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> Answer:
        return await self.call("POST", path, body, **options)

    async def put(self, path: str, body: Any = None, **options: Any) -> Answer:
        return await self.call("PUT", path, body, **options)

    async def delete(self, path: str, **options: Any) -> Answer:
        return await self.call("DELETE", path, **options)

    # -- a world to act in

    async def product(self, name: str = "P", **fields: Any) -> Answer:
        return await self.post("/apiproducts", {"name": name, **fields})

    async def developer(self, email: str = "ann@example.com") -> Answer:
        return await self.post(
            "/developers",
            {"email": email, "firstName": "Ann", "lastName": "Lee", "userName": "ann"},
        )

    async def app(self, name: str = "app", products: tuple[str, ...] = ("P",)) -> Any:
        """An app of ann@example.com with its product."""
        await self.product()
        await self.developer()
        answer = await self.post(
            "/developers/ann@example.com/apps", {"name": name, "apiProducts": list(products)}
        )
        assert answer.status == 201, answer.text
        return answer.json

    async def imported(self, name: str = "hello", **options: Any) -> Answer:
        return await self.post(
            f"/apis?action=import&name={name}",
            bundle(**options),
            headers={"Content-Type": "application/octet-stream"},
        )

    async def deployed(
        self, name: str, revision: int, environment: str = "test", query: str = ""
    ) -> Answer:
        return await self.post(
            f"/environments/{environment}/apis/{name}/revisions/{revision}/deployments{query}"
        )


@pytest.fixture(scope="session")
def first_start(tmp_path_factory) -> Path:
    """A data directory as the first start leaves it, with a password that is quick to
    check. Every test gets a copy."""

    async def make() -> None:
        store = await Store.open(f"sqlite:///{folder / 'gateway.db'}", folder, "demo")
        await store.organizations.create("demo", ("test", "prod"), "system")
        await store.administrators.set_password(USER, PASSWORD)
        await store.close()

    folder = tmp_path_factory.mktemp("first_start")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(administrators, "_hasher", PasswordHasher(1, 8, 1))
        asyncio.run(make())
    return folder


@pytest.fixture
async def store(tmp_path, first_start):
    folder = shutil.copytree(first_start, tmp_path / "data")
    store = await Store.open(f"sqlite:///{folder / 'gateway.db'}", folder, "demo")
    yield store
    await store.close()


@pytest.fixture
async def runtime(store):
    client = Client()
    services = Services(SystemClock(), store.credentials, store.tokens)
    yield Runtime("demo", ("test", "prod"), "edge", services, client, AccessLog(None))
    await client.close()


@pytest.fixture
def settings() -> ManagementSettings:
    return ManagementSettings({"test": ("127.0.0.1", 9001)})


@pytest.fixture
async def application(store, runtime, settings) -> web.Application:
    return management_application(store, runtime, settings)


@pytest.fixture
async def api(application, store, runtime):
    server = TestServer(application)
    await server.start_server()
    async with aiohttp.ClientSession() as session:
        yield Api(session, server, store, runtime)
    await server.close()
