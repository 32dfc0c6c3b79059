"""Bodies and queries of any shape: an answer of 2xx or 4xx, never a failure."""

import asyncio
import json
import random

import pytest

WRITES = [
    ("POST", "/apiproducts"), ("PUT", "/apiproducts/P"), ("POST", "/developers"),
    ("PUT", "/developers/ann@example.com"), ("POST", "/developers/ann@example.com/attributes"),
    ("POST", "/developers/ann@example.com/attributes/a"),
    ("POST", "/developers/ann@example.com/apps"), ("PUT", "/developers/ann@example.com/apps/app"),
    ("POST", "/developers/ann@example.com/apps/app"),
    ("POST", "/developers/ann@example.com/apps/app/keys/create"),
]  # fmt: skip
MEMBERS = [
    "name", "email", "firstName", "lastName", "userName", "attributes", "attribute", "value",
    "apiProducts", "scopes", "callbackUrl", "keyExpiresIn", "consumerKey", "consumerSecret",
    "quota", "quotaInterval", "environments", "proxies", "apiResources", "displayName", "status",
    "appId", "extra", "expiresInSeconds", "approvalType", "description",
]  # fmt: skip


def _value(source: random.Random, depth: int = 3):
    kind = source.randrange(9 if depth else 6)
    if kind < 6:
        return source.choice(
            [None, True, 0, -1, 2**63, 1.5, "", "x", "P", "a@b.c", "\x00", "\u202e", "é" * 300,
             "10", "/", "approved", "\ud7ff", 10**400]
        )  # fmt: skip
    if kind < 8:
        return [_value(source, depth - 1) for _ in range(source.randrange(4))]
    names = [*MEMBERS, "", "\x01", "zz"]
    return {source.choice(names): _value(source, depth - 1) for _ in range(source.randrange(4))}


@pytest.mark.parametrize("seed", range(2))
async def test_no_body_makes_the_server_fail(api, seed):
    source = random.Random(seed)
    await api.app()
    for _ in range(60):
        method, path = source.choice(WRITES)
        body = {name: _value(source) for name in source.sample(MEMBERS, source.randrange(8))}
        answer = await api.call(
            method, path, json.dumps(body), headers={"Content-Type": "application/json"}
        )
        assert answer.status < 500, (path, body, answer.text)


async def test_what_is_nested_too_deeply_is_400(api):
    value: object = 1
    for _ in range(200):
        value = [value]
    answer = await api.product(extra=value)
    assert (answer.status, "extra" in answer.message) == (400, True)


async def test_attributes_written_at_the_same_time_are_all_kept(api):
    await api.developer()
    place = "/developers/ann@example.com/attributes"
    await asyncio.gather(*(api.post(f"{place}/a{n}", {"value": "x"}) for n in range(10)))
    assert len((await api.get(place)).json["attribute"]) == 10


async def test_head_answers_like_get_without_a_body(api):
    answer = await api.call("HEAD", "/apiproducts")
    assert (answer.status, answer.content) == (200, b"")
