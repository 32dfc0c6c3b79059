"""Finds what a path names, or raises the 404 that says what is missing."""

from __future__ import annotations

from gateway.management.call import Call
from gateway.management.errors import (
    missing_environment,
    missing_proxy,
    missing_revision,
)
from gateway.store.errors import NotFound
from gateway.store.organizations import Environment
from gateway.store.proxies import Proxy, Revision

_LONGEST_NUMBER = 9


async def find_environment(call: Call) -> Environment:
    name = call.path("env")
    for environment in await call.store.organizations.environments(call.organization):
        if environment.name == name:
            return environment
    raise missing_environment(name, call.organization)


async def find_proxy(call: Call) -> Proxy:
    name = call.path("proxy")
    try:
        return await call.store.proxies.get(name)
    except NotFound:
        raise missing_proxy(name, call.organization) from None


async def find_revision(call: Call) -> Revision:
    proxy = await find_proxy(call)
    number = revision_number(call, proxy.name)
    try:
        return await call.store.proxies.revision(proxy.name, number)
    except NotFound:
        raise missing_revision(str(number), proxy.name, call.organization) from None


def revision_number(call: Call, proxy: str) -> int:
    """The path's revision. Raises `ApiError` 404 for what is no number."""
    text = call.path("revision")
    if not (text.isascii() and text.isdigit()) or len(text) > _LONGEST_NUMBER:
        raise missing_revision(text, proxy, call.organization)
    return int(text)
