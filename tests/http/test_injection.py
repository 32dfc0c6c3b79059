"""Nothing that a policy puts into a message can end a line of its head."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from gateway.http.client import Client, Origin
from gateway.http.message import Request, Response, UpstreamError, UpstreamRequest
from gateway.http.request_head import request_head
from gateway.http.response_head import response_head
from tests.http.wire import Upstream, Wire, ask, listening

ORIGIN = Origin("http", "back.example", 8080)
FIELD = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+: [^\r\n\0]*")
nasty = st.text(st.sampled_from("aZ1-_:/ ?#%;\r\n\0\t\x0b\x7f\x85\u2028é\ud800\udc80"), max_size=8)
anything = st.one_of(nasty, st.text(max_size=8))
fields = st.lists(st.tuples(anything, anything), max_size=4)
SMUGGLED = "x\r\nTransfer-Encoding: chunked\r\n\r\nGET /admin HTTP/1.1"


def lines(head: bytes) -> list[bytes]:
    """The lines of a head, which must be one head and nothing else."""
    assert head.endswith(b"\r\n\r\n")
    found = head[:-4].split(b"\r\n")
    for line in found:
        assert line
        assert not {b"\r", b"\n", b"\0"} & {line[i : i + 1] for i in range(len(line))}
    for line in found[1:]:
        assert FIELD.fullmatch(line)
    return found


@settings(max_examples=300, deadline=None)
@given(method=anything, target=anything, fields=fields, body=st.sampled_from([b"", b"abc"]))
@example(method="GET", target="/", fields=[("X", SMUGGLED)], body=b"")
@example(method="GET", target="/", fields=[(SMUGGLED, "x")], body=b"")
@example(method="GET", target="/ HTTP/1.1\r\nX: y", fields=[], body=b"")
@example(method="GET /x HTTP/1.1\r\nX:", target="/", fields=[], body=b"")
@example(method="GET", target="/", fields=[("Host", "a\r\nb")], body=b"")
@example(method="GET", target="/", fields=[("X", "\ud800")], body=b"")
def test_a_request_head_is_one_head_or_refused(
    method: str, target: str, fields: list[tuple[str, str]], body: bytes
) -> None:
    for usual_method, usual_target in ((method, target), ("GET", target), (method, "/")):
        request = UpstreamRequest(usual_method, usual_target, CIMultiDict(fields), body)
        try:
            head = request_head(request, ORIGIN)
        except ValueError:
            continue
        first, *rest = lines(head)
        assert first.count(b" ") == 2
        assert first.endswith(b" HTTP/1.1")
        names = [line.partition(b":")[0].lower() for line in rest]
        assert b"host" in names
        assert b"transfer-encoding" not in names
        assert names.count(b"content-length") == (1 if body else 0)


@settings(max_examples=300, deadline=None)
@given(status=st.integers(100, 1000), reason=st.none() | anything, fields=fields)
@example(status=200, reason="OK\r\nX: y", fields=[])
@example(status=200, reason=None, fields=[("X", SMUGGLED)])
@example(status=200, reason="\ud800", fields=[])
def test_a_response_head_is_one_head_or_refused(
    status: int, reason: str | None, fields: list[tuple[str, str]]
) -> None:
    response = Response(status, CIMultiDict(fields), b"", reason)
    try:
        head = response_head(response, "Content-Length: 0\r\n")
    except ValueError:
        return
    first, *rest = lines(head)
    assert first.startswith(b"HTTP/1.1 %d " % status)
    names = [line.partition(b":")[0].lower() for line in rest]
    assert b"transfer-encoding" not in names
    assert names.count(b"content-length") == 1


BAD = ["a\r\nb: c", "a\nb", "a\rb", "a\0b", "\ud800", "a\udc0ab"]


@pytest.mark.parametrize("fast", [True, False], ids=["fast", "plain"])
@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("where", ["name", "value", "reason"])
async def test_a_response_that_cannot_be_written_is_answered_with_500(
    where: str, bad: str, fast: bool
) -> None:
    async def handler(request: Request) -> Response:
        headers = CIMultiDict({"X-Name": bad} if where == "value" else {})
        if where == "name":
            headers[bad] = "x"
        return Response(200, headers, b"body", bad if where == "reason" else None)

    async with listening(handler, fast=fast) as listener, Wire.to(listener) as wire:
        wire.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = await wire.answer()
        assert answer.kind == "500 internal"
        assert answer.headers["X-Refused"] == "1"


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("where", ["name", "value", "method", "target"])
async def test_a_request_that_cannot_be_written_is_never_sent(where: str, bad: str) -> None:
    headers: CIMultiDict[str] = CIMultiDict()
    if where in ("name", "value"):
        headers.add(bad if where == "name" else "X", bad)
    method = bad if where == "method" else "GET"
    target = f"/{bad}" if where == "target" else "/"
    client = Client()
    async with Upstream(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as upstream:
        with pytest.raises(UpstreamError) as caught:
            await ask(client, upstream.origin, method, target, headers=headers)
        assert caught.value.kind == "invalid"
        assert not upstream.received
    await client.close()
