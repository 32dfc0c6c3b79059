"""One authenticated call, as the families of resources see it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web

from gateway.management.bodies import read_form, read_json
from gateway.management.deployer import Deployer
from gateway.management.errors import invalid_field
from gateway.management.fields import Fields
from gateway.runtime.runtime import Runtime
from gateway.store import Store

USER = web.RequestKey("user", str)
"""The administrator who calls."""


@dataclass(frozen=True, slots=True)
class ManagementSettings:
    """What the API tells about its surroundings."""

    virtual_hosts: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """Host and port of each environment's listener."""
    flavor: str = "edge"
    """`edge` or `x`: whether PUT of a key adds products or replaces them."""
    server_id: str = "00000000-0000-0000-0000-000000000000"
    """The `uUID` that deployments name as their message processor."""


@dataclass(frozen=True, slots=True)
class Management:
    """What all calls share."""

    store: Store
    runtime: Runtime
    deployer: Deployer
    settings: ManagementSettings


@dataclass(frozen=True, slots=True)
class Call:
    request: web.Request
    management: Management

    @property
    def store(self) -> Store:
        return self.management.store

    @property
    def user(self) -> str:
        """The administrator who calls."""
        return self.request[USER]

    @property
    def organization(self) -> str:
        return self.path("org")

    def path(self, name: str) -> str:
        """A variable segment of the path, decoded."""
        return self.request.match_info[name]

    def query(self, name: str, default: str = "") -> str:
        return self.request.query.get(name, default)

    def flag(self, name: str, default: bool = False) -> bool:
        """A query parameter that is `true` or `false`."""
        return parse_flag(name, self.request.query.get(name), default)

    def number(self, name: str, default: int, largest: int) -> int:
        """A query parameter that is a number from 0; larger ones count as `largest`."""
        text = self.request.query.get(name)
        if not text:
            return default
        if not (text.isascii() and text.isdigit()) or len(text) > 18:
            raise invalid_field(name, "a whole number is expected")
        return min(int(text), largest)

    async def fields(self) -> Fields:
        """The body's JSON object."""
        return await read_json(self.request)

    async def parameters(self) -> dict[str, str]:
        """Form body and query together; the query wins."""
        return {**await read_form(self.request), **self.request.query}


Handler = Callable[[Call], Awaitable[web.Response]]


def parse_flag(name: str, text: str | None, default: bool = False) -> bool:
    if not text:
        return default
    if text.lower() not in ("true", "false"):
        raise invalid_field(name, "true or false is expected")
    return text.lower() == "true"
