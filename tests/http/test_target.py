"""Which request targets pass, untouched, and which are refused."""

from __future__ import annotations

import posixpath
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.http.target import BadTarget, is_host, path_and_query


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "//",
        "//a//b/",
        "/a%2Fb",
        "/a%2fb%5Cc",
        "/a.b/..c/c../.../.well-known/x",
        "/%2e%2e%2e/x",
        "/a;b=c;d/e",
        "/a?x=/../y&z=%2e%2e/&w=..",
        "/a?b?c=%zz",
        "/a?%0d%0a",
        "/%E2%82%AC/%FF",
        "/a'b(c)*d!e$f,g:h@i~j|k[l]{m}\"n<o>p^q`",
    ],
)
def test_passes_untouched(target: str) -> None:
    assert path_and_query(target, "GET", "http", "x") == target


@pytest.mark.parametrize(
    "target",
    [
        "/..",
        "/.",
        "/a/../b",
        "/a/./b",
        "/a/..",
        "/..;a=b/admin",
        "/user/..;/admin",
        "/.;/x",
        "/%2e%2e/x",
        "/%2E./x",
        "/.%2e;x/y",
        "/..%3Ba/y",
        "/a/..%2Fb",
        "/a%2F../b",
        "/a/..%5Cb",
        "/a\\..\\b",
        "/a%00b",
        "/a?b=%00",
        "/a%0d%0aX:1",
        "/a%1F",
        "/a%7f",
        "/a%zz",
        "/a%",
        "/a%2",
        "/a#b",
        "/a b",
        "/a\tb",
        "/a\x00",
        "/a\x7f",
        "",
        "a",
        "?a",
        "x:80",
        "http:/x/a",
        "http:///a",
        "http://y/a",
        "http://x:81/a",
        "http://u@x/a",
        "https://x/a",
        "ftp://x/a",
        "http://x/../a",
    ],
)
def test_is_refused(target: str) -> None:
    with pytest.raises(BadTarget):
        path_and_query(target, "GET", "http", "x")


@pytest.mark.parametrize(
    ("target", "host", "path"),
    [
        ("http://x/a?b", "x", "/a?b"),
        ("http://x", "x", "/"),
        ("http://x?b", "x", "/?b"),
        ("HTTP://X:80/a", "x", "/a"),
        ("http://x/a", "x:80", "/a"),
        ("http://[::1]:9/a", "[::1]:9", "/a"),
        ("http://x/a", None, "/a"),
    ],
)
def test_absolute_form_gives_its_path(target: str, host: str | None, path: str) -> None:
    assert path_and_query(target, "GET", "http", host) == path


def test_asterisk_is_for_options_only() -> None:
    assert path_and_query("*", "OPTIONS", "http", "x") == "*"
    assert path_and_query("http://x", "OPTIONS", "http", "x") == "*"
    with pytest.raises(BadTarget):
        path_and_query("*", "GET", "http", "x")


@pytest.mark.parametrize(
    "host", ["x", "x.y-z_1", "x:80", "x:", "127.0.0.1:1", "[::1]", "[::1]:65535"]
)
def test_hosts(host: str) -> None:
    assert is_host(host)


@pytest.mark.parametrize(
    "host", ["", ":80", "x:y", "x:65536", "x/y", "a@x", "x y", "[::1", "::1", "x:1:2", "x,y\r"]
)
def test_no_hosts(host: str) -> None:
    assert not is_host(host)


SEGMENTS = st.sampled_from(
    ["..", ".", "%2e", "%2E%2e", ".%2e", "a", "", "..;x", "%2F", "..%2f", "\\..", ";", "%3b", "b.c"]
)


@settings(max_examples=300)
@given(st.lists(SEGMENTS, max_size=6))
def test_no_back_end_can_normalise_what_passed_to_another_path(segments: list[str]) -> None:
    target = "/" + "/".join(segments)
    try:
        path_and_query(target, "GET", "http", "x")
    except BadTarget:
        return
    decoded = unquote(target).replace("\\", "/")
    stripped = "/".join(part.split(";")[0] for part in decoded.split("/"))
    for seen in (decoded, stripped):
        assert ".." not in seen.split("/")
        assert "." not in seen.split("/")
        assert (
            posixpath.normpath(seen).lstrip("/")
            == "/".join(part for part in seen.split("/") if part)
            or posixpath.normpath(seen) == "/"
        )
