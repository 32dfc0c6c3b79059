"""Header rules: what leaves, what may not, how often."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from gateway.http.headers import (
    HOP_BY_HOP,
    FieldWriter,
    doubled_single_value,
    drop_named_by_connection,
    is_token,
)
from gateway.http.message import UpstreamRequest
from gateway.http.origin import Origin
from gateway.http.request_head import request_head

ORIGIN = Origin("http", "h", 8080)


def fields(*pairs: tuple[str, str]) -> CIMultiDict[str]:
    return CIMultiDict(pairs)


def test_order_case_and_repetition_are_kept() -> None:
    headers = fields(("b-B", "1"), ("A", "2"), ("B-b", "3"))
    assert FieldWriter(()).write(headers) == "b-B: 1\r\nA: 2\r\nB-b: 3\r\n"


@pytest.mark.parametrize("name", sorted(HOP_BY_HOP))
def test_hop_by_hop_fields_do_not_leave(name: str) -> None:
    assert FieldWriter(HOP_BY_HOP).write(fields((name.title(), "x"), ("A", "1"))) == "A: 1\r\n"


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(st.text("Ab-\r\n\0: é", max_size=4), st.text("a \r\n\0é:", max_size=6)),
        max_size=4,
    )
)
def test_nothing_breaks_out_of_its_line(pairs: list[tuple[str, str]]) -> None:
    headers = fields(*pairs)
    harmless = all(is_token(n) and not set(v) & set("\r\n\0") for n, v in pairs)
    try:
        text = FieldWriter(()).write(headers)
    except ValueError:
        assert not harmless
        return
    assert harmless
    assert text == "".join(f"{name}: {value}\r\n" for name, value in pairs)


@pytest.mark.parametrize(
    "pairs",
    [
        (("Authorization", "a"), ("authorization", "b")),
        (("Content-Type", "a"), ("X", "1"), ("CONTENT-TYPE", "a")),
        (("Transfer-Encoding", "chunked"), ("transfer-encoding", "chunked")),
    ],
)
def test_second_values_are_found_in_any_spelling(pairs: tuple[tuple[str, str], ...]) -> None:
    assert doubled_single_value(fields(*pairs)) == pairs[-1][0]


def test_fields_that_may_repeat_are_not_found() -> None:
    assert doubled_single_value(fields(("Accept", "a"), ("accept", "b"))) is None


def test_connection_removes_what_it_names_and_nothing_protected() -> None:
    headers = fields(
        ("Connection", "close, X-A ,x-b"), ("Connection", "Host,Authorization"), ("X-A", "1"),
        ("X-B", "1"), ("x-b", "2"), ("Host", "h"), ("Authorization", "a"), ("X-C", "1"),
    )  # fmt: skip
    drop_named_by_connection(headers)
    names = [name for name, _ in headers.items()]
    assert names == ["Connection", "Connection", "Host", "Authorization", "X-C"]


def head_of(method: str = "GET", target: str = "/", body: bytes = b"", **more: object) -> bytes:
    return request_head(UpstreamRequest(method, target, CIMultiDict(), body, **more), ORIGIN)  # type: ignore[arg-type]


def test_host_is_the_origins_unless_given() -> None:
    assert head_of() == b"GET / HTTP/1.1\r\nHost: h:8080\r\n\r\n"
    given_host = UpstreamRequest("GET", "/", fields(("Host", "other")))
    assert request_head(given_host, ORIGIN) == b"GET / HTTP/1.1\r\nHost: other\r\n\r\n"


def test_default_ports_are_not_named() -> None:
    assert Origin("https", "h", 443).authority == "h"
    assert Origin("http", "::1", 80).authority == "[::1]"


@pytest.mark.parametrize(
    ("method", "body", "line"),
    [("POST", b"", b"Content-Length: 0"), ("GET", b"abc", b"Content-Length: 3"), ("GET", b"", b"")],
)
def test_framing_of_a_body_in_memory(method: str, body: bytes, line: bytes) -> None:
    assert head_of(method, body=body).split(b"\r\n")[2] == line


def test_fields_dropped_by_the_deployment_do_not_leave() -> None:
    request = UpstreamRequest(
        "GET", "/", fields(("Authorization", "secret"), ("Expect", "x"), ("Content-Length", "9")),
        drop=frozenset({"authorization"}),
    )  # fmt: skip
    assert request_head(request, ORIGIN) == b"GET / HTTP/1.1\r\nHost: h:8080\r\n\r\n"


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/a b"),
        ("GET", "/a\r\nX: 1"),
        ("GET", "/a\n"),
        ("GET", "/\0"),
        ("GET", "a"),
        ("GET", ""),
        ("GE T", "/"),
        ("GET\r\n", "/"),
        ("", "/"),
    ],
)
def test_a_request_line_cannot_be_broken(method: str, target: str) -> None:
    with pytest.raises(ValueError):
        head_of(method, target)


def test_bytes_outside_ascii_leave_as_they_came() -> None:
    raw = b"\xff\xc3\xa9"
    value = raw.decode("utf-8", "surrogateescape")
    request = UpstreamRequest("GET", "/é", fields(("X", value)))
    assert request_head(request, ORIGIN) == (
        "GET /é HTTP/1.1\r\nHost: h:8080\r\nX: ".encode() + raw + b"\r\n\r\n"
    )
