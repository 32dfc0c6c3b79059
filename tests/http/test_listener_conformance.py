"""Every message of requests.toml, on both front ends, whole and cut at every byte."""

from __future__ import annotations

import asyncio
import functools
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.http.wire import converse, listening

CASES = tomllib.loads((Path(__file__).parent / "requests.toml").read_text())["request"]
BOTH = pytest.mark.parametrize("fast", [True, False], ids=["fast", "plain"])
CUT = [
    "plain GET",
    "POST with Content-Length",
    "chunks with an extension and trailers",
    "Transfer-Encoding before Content-Length",
    "chunk data ended by bare LF",
    "a folded header line",
    "header name with a parenthesis",
    "two Hosts",
    "three requests in one piece",
]


def message(case: dict[str, Any]) -> bytes:
    return case["send"].encode()


@functools.cache
def conversations(fast: bool) -> dict[str, list[str]]:
    async def all_of_them() -> list[list[str]]:
        async with listening(fast=fast) as listener:
            return await asyncio.gather(
                *(converse(listener, [message(case)], patience=0.6) for case in CASES)
            )

    seen = asyncio.run(all_of_them())
    return {case["name"]: answers for case, answers in zip(CASES, seen, strict=True)}


@BOTH
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_request(case: dict[str, Any], fast: bool) -> None:
    *answers, end = conversations(fast)[case["name"]]
    assert answers == case["expect"]
    then = case.get("then", "open")
    assert then in (end, "any")


@BOTH
@pytest.mark.parametrize("name", CUT)
async def test_the_answer_does_not_depend_on_where_the_message_is_cut(
    name: str, fast: bool
) -> None:
    case = next(case for case in CASES if case["name"] == name)
    raw = message(case)
    async with listening(fast=fast) as listener:
        seen = await asyncio.gather(
            *(
                converse(
                    listener,
                    [raw[:cut], raw[cut:]],
                    patience=3.0,
                    pause=0.02,
                    count=len(case["expect"]),
                )
                for cut in range(1, len(raw))
            )
        )
    wrong = {cut: answers for cut, answers in enumerate(seen, 1) if answers[:-1] != case["expect"]}
    assert not wrong


@BOTH
async def test_a_message_that_comes_byte_by_byte_is_served(fast: bool) -> None:
    raw = b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"
    async with listening(fast=fast) as listener:
        pieces = [raw[i : i + 1] for i in range(len(raw))]
        assert await converse(listener, pieces, pause=0.001) == ["200", "open"]
