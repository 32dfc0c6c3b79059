"""A management API over real HTTP, with a real store and a real runtime."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp import BasicAuth, web
from aiohttp.test_utils import TestServer

from gateway.http.client import Client
from gateway.management.application import management_application
from gateway.management.call import ManagementSettings
from gateway.ports.clock import SystemClock
from gateway.ports.services import Services
from gateway.runtime.runtime import Runtime
from gateway.store.store import Store
from gateway.telemetry.access_log import AccessLog

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
        self, method: str, path: str, body: Any = None, *, auth: Any = USER, **options: Any
    ) -> Answer:
        if body is not None and not isinstance(body, bytes | str | aiohttp.FormData):
            options["json"] = body
        elif body is not None:
            options["data"] = body
        if auth == USER:
            auth = BasicAuth(USER, PASSWORD)
        url = (
            path
            if path.startswith("/v1") or path.startswith("/oauth")
            else (f"/v1/organizations/demo{path}")
        )
        from yarl import URL

        target = URL(f"http://127.0.0.1:{self.server.port}{url}", encoded=True)
        async with self.session.request(method, target, auth=auth, **options) as response:
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


ENDPOINT = """<ProxyEndpoint name="default">
  <PreFlow name="PreFlow"><Request>{steps}</Request><Response/></PreFlow>
  <Flows><Flow name="one"><Condition>request.verb = "GET"</Condition>
    <Request/><Response/></Flow></Flows>
  <HTTPProxyConnection><BasePath>{path}</BasePath>
    <VirtualHost>default</VirtualHost></HTTPProxyConnection>
  <RouteRule name="none"/>
</ProxyEndpoint>"""

POLICY = """<AssignMessage name="mark">
  <Set><Headers><Header name="X-Mark">{mark}</Header></Headers></Set>
  <AssignTo createNew="false" type="request"/>
</AssignMessage>"""


def bundle(
    path: str = "/hello",
    mark: str = "1",
    steps: str = "<Step><Name>mark</Name></Step>",
    files: dict[str, str | bytes] | None = None,
) -> bytes:
    """The ZIP of a small proxy with one policy and one resource."""
    content: dict[str, str | bytes] = {
        "apiproxy/hello.xml": '<APIProxy name="hello"><DisplayName>Hello</DisplayName>'
        "<Description>Says hello</Description></APIProxy>",
        "apiproxy/proxies/default.xml": ENDPOINT.format(path=path, steps=steps),
        "apiproxy/policies/mark.xml": POLICY.format(mark=mark),
        "apiproxy/resources/jsc/a.js": "var a = 1;",
        **(files or {}),
    }
    return zipped(content)


def zipped(content: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    return buffer.getvalue()


@pytest.fixture
async def store(tmp_path):
    store = await Store.open(f"sqlite:///{tmp_path / 'gateway.db'}", tmp_path, "demo")
    await store.organizations.create("demo", ("test", "prod"), "system")
    await store.administrators.set_password(USER, PASSWORD)
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
