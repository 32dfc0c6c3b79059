"""A real gateway in this process, a real back end beside it, calls over real HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from gateway.bundle.files import read_path, write_zip
from gateway.server import Server
from gateway.settings import Address, Settings

PASSWORD = "a password for tests"
ANY_PORT = Address("127.0.0.1", 0)


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes
    reason: str = ""

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def errorcode(self) -> str:
        """The code of a fault body."""
        return str(self.json()["fault"]["detail"]["errorcode"])


@dataclass
class Backend:
    """An upstream server that remembers what it was sent."""

    port: int = 0
    requests: list[web.BaseRequest] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    answer: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def last(self) -> web.BaseRequest:
        return self.requests[-1]


@asynccontextmanager
async def running_backend() -> AsyncIterator[Backend]:
    backend = Backend()

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        backend.requests.append(request)
        backend.bodies.append(await request.content.read())
        if backend.answer is not None:
            return await backend.answer(request)
        return web.Response(text=f"backend {request.method} {request.path_qs}")

    runner = web.ServerRunner(web.Server(handle))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    backend.port = runner.addresses[0][1]
    try:
        yield backend
    finally:
        await runner.cleanup()


class Live:
    """A gateway that serves, with the calls that tests make of it."""

    def __init__(self, server: Server, lines: list[str], session: aiohttp.ClientSession) -> None:
        self.server = server
        self.lines = lines
        self._session = session
        self.urls = {
            line.partition(":")[0].removeprefix("environment "): line.partition(": ")[2]
            for line in lines
            if line.startswith("environment ")
        }
        api = next(line for line in lines if line.startswith("management API"))
        self.management_url = api.partition(": ")[2].removesuffix("/v1/")

    async def call(
        self,
        method: str,
        path: str,
        *,
        env: str = "test",
        headers: Mapping[str, str] | None = None,
        data: Any = None,
    ) -> Answer:
        """One request to a proxy."""
        from yarl import URL

        url = URL(self.urls[env] + path, encoded=True)
        async with self._session.request(
            method, url, headers=headers, data=data, allow_redirects=False
        ) as answer:
            body = await answer.read()
            return Answer(answer.status, answer.headers, body, answer.reason or "")

    async def get(self, path: str, **more: Any) -> Answer:
        return await self.call("GET", path, **more)

    async def manage(self, method: str, path: str, body: Any = None, **query: str) -> Answer:
        """One call of the management API; `path` is relative to the organization."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        media = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        async with self._session.request(
            method,
            f"{self.management_url}/v1/organizations/demo{path}",
            params=query,
            data=data,
            headers={
                "Content-Type": media,
                "Authorization": aiohttp.encode_basic_auth("admin", PASSWORD),
            },
        ) as answer:
            return Answer(answer.status, answer.headers, await answer.read())

    async def deploy(
        self, name: str, files: Mapping[str, bytes | str], env: str = "test"
    ) -> Answer:
        """Import and deploy a bundle; the answer of whichever call refused it, else of the
        deployment."""
        content = {
            path: text.encode() if isinstance(text, str) else text for path, text in files.items()
        }
        imported = await self.manage(
            "POST", "/apis", write_zip(content), action="import", name=name
        )
        if imported.status != 201:
            return imported
        revision = imported.json()["revision"]
        return await self.manage(
            "POST",
            f"/environments/{env}/apis/{name}/revisions/{revision}/deployments",
            override="true",
        )

    async def deploy_path(self, path: Path, name: str, env: str = "test") -> Answer:
        return await self.deploy(name, read_path(path), env)


@asynccontextmanager
async def running_gateway(data_dir: Path, **settings: Any) -> AsyncIterator[Live]:
    """A gateway with the environments test and prod on free ports."""
    lines: list[str] = []
    chosen = {
        "data_dir": data_dir,
        "environments": (("test", ANY_PORT), ("prod", ANY_PORT)),
        "management": ANY_PORT,
        "access_log": "off",
        "admin_password": PASSWORD,
        "drain_seconds": 2.0,
        **settings,
    }
    server = Server(Settings(**chosen), lines.append)
    await server.start()
    try:
        async with aiohttp.ClientSession() as session:
            yield Live(server, lines, session)
    finally:
        await server.stop()
        await asyncio.sleep(0)


def proxy_files(
    *,
    policies: Mapping[str, str] | None = None,
    base_path: str = "/t",
    proxy: str = "",
    routes: str = '<RouteRule name="default"><TargetEndpoint>default</TargetEndpoint></RouteRule>',
    properties: str = "",
    target: str = "",
    url: str | None = None,
    target_properties: str = "",
    more: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The files of a small bundle. `proxy` and `target` are inserted into the endpoints;
    without `url` there is no TargetEndpoint."""
    files = {f"apiproxy/policies/{name}.xml": xml for name, xml in (policies or {}).items()}
    files["apiproxy/proxies/default.xml"] = (
        f'<ProxyEndpoint name="default">{proxy}<HTTPProxyConnection><BasePath>{base_path}'
        f"</BasePath><Properties>{properties}</Properties></HTTPProxyConnection>{routes}"
        "</ProxyEndpoint>"
    )
    if url is not None:
        files["apiproxy/targets/default.xml"] = (
            f'<TargetEndpoint name="default">{target}<HTTPTargetConnection><URL>{url}</URL>'
            f"<Properties>{target_properties}</Properties></HTTPTargetConnection></TargetEndpoint>"
        )
    files.update(more or {})
    return files


NULL_ROUTE = '<RouteRule name="none"/>'


def set_header(name: str, header: str, value: str, to: str = "response") -> str:
    """An AssignMessage policy that sets one header."""
    return (
        f'<AssignMessage name="{name}"><Set><Headers><Header name="{header}">{value}</Header>'
        f'</Headers></Set><AssignTo createNew="false" type="{to}"/></AssignMessage>'
    )


def add_header(name: str, header: str, value: str) -> str:
    """An AssignMessage policy that appends a header to the current message."""
    return (
        f'<AssignMessage name="{name}"><IgnoreUnresolvedVariables>true'
        f'</IgnoreUnresolvedVariables><Add><Headers><Header name="{header}">{value}</Header>'
        f"</Headers></Add></AssignMessage>"
    )


def step(name: str, condition: str = "") -> str:
    test = f"<Condition>{condition}</Condition>" if condition else ""
    return f"<Step><Name>{name}</Name>{test}</Step>"
