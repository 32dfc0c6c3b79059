"""W on the gateway: the bundle of examples/weatherapi, and 10,000 tokens in the store."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import aiohttp

from benchmarks.ours.server import (
    EXAMPLE,
    TARGET_HOST,
    Gateway,
    archive_of,
    missing,
    start_gateway,
)
from benchmarks.subject import Serving
from benchmarks.workload import PATH, TOKENS, Workload, write_tokens

TOKEN_PATH = "/oauth/client_credential/accesstoken?grant_type=client_credentials"
CLIENTS = 16
"""Token requests under way at a time."""


@dataclass(frozen=True, slots=True)
class OurGateway:
    """`gateway serve`, one process."""

    name: str = "gateway"
    checks_tokens: bool = True
    with_access_log: bool = False

    def missing(self) -> str | None:
        return missing()

    def start(self, work: Workload) -> Serving:
        folder = work.folder_of(self.name)
        log = str(folder / "access.log") if self.with_access_log else "off"
        gateway = start_gateway(folder, targets={TARGET_HOST: work.upstream_port}, access_log=log)
        try:
            revision = gateway.import_bundle("weatherapi", archive_of(EXAMPLE))
            gateway.deploy("weatherapi", revision)
            key, secret = create_app(gateway, "weatherapi")
            tokens = write_tokens(issue_tokens(gateway, key, secret, TOKENS), folder / "tokens")
        except BaseException:
            gateway.process.stop()
            raise
        return Serving(gateway.process, gateway.url + PATH, tokens)


def create_app(gateway: Gateway, proxy: str) -> tuple[str, str]:
    """A developer, a product with the proxy, an app: consumer key and secret."""
    gateway.call(
        "POST",
        "/apiproducts",
        {
            "name": "PremiumWeatherAPI",
            "displayName": "Premium Weather API",
            "approvalType": "auto",
            "proxies": [proxy],
            "environments": ["test"],
            "apiResources": ["/**"],
            "scopes": [],
        },
    )
    developer = {"email": "ada@example.com", "firstName": "Ada", "lastName": "L"}
    gateway.call("POST", "/developers", {**developer, "userName": "ada"})
    app = gateway.call(
        "POST",
        "/developers/ada@example.com/apps",
        {"name": "weatherapp", "apiProducts": ["PremiumWeatherAPI"]},
    )
    credential = app["credentials"][0]
    return credential["consumerKey"], credential["consumerSecret"]


def issue_tokens(gateway: Gateway, key: str, secret: str, count: int) -> tuple[str, ...]:
    """Ask the token endpoint `count` times, as clients do."""
    return asyncio.run(_issue_tokens(gateway.url + TOKEN_PATH, key, secret, count))


async def _issue_tokens(url: str, key: str, secret: str, count: int) -> tuple[str, ...]:
    form = {"client_id": key, "client_secret": secret}

    async def ask(session: aiohttp.ClientSession, times: int) -> list[str]:
        tokens = []
        for _ in range(times):
            async with session.post(url, data=form) as answer:
                answer.raise_for_status()
                tokens.append((await answer.json(content_type=None))["access_token"])
        return tokens

    async with aiohttp.ClientSession() as session:
        shares = [count // CLIENTS + (i < count % CLIENTS) for i in range(CLIENTS)]
        parts = await asyncio.gather(*(ask(session, share) for share in shares))
    return tuple(token for part in parts for token in part)
