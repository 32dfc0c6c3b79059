"""Base paths. Source: reference/runtime/flows.md section 2."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.bundle.base_path import BadBasePath, parse_base_path


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/v1/weather", "/v1/weather"),
        ("/v1/weather/", "/v1/weather"),
        ("v1/weather", "/v1/weather"),
        ("  /v1 ", "/v1"),
        ("", "/"),
        ("/", "/"),
        ("/team/*/members", "/team/*/members"),
        ("/a/*", "/a/*"),
        ("/a/*/b/*", "/a/*/b/*"),
        ("/V1/Weather", "/V1/Weather"),
        ("/a%20b", "/a%20b"),
    ],
)
def test_a_base_path_is_read(text, path):
    assert parse_base_path(text) == path


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("/**", "wildcard"),
        ("/a/**", "wildcard"),
        ("/a/b*", "wildcard"),
        ("/*/search", "first segment"),
        ("*", "first segment"),
        ("/a//b", "empty segment"),
        ("/a b", "blank"),
        ("/a?b=c", "?"),
        ("/a#b", "#"),
        ("/a/../b", "dot segment"),
        ("/.", "dot segment"),
        ("{{ SERVICE_BASE_PATH }}", "placeholder {{ SERVICE_BASE_PATH }}"),
        ("/@Basepath@/@Version@", "placeholder @Basepath@"),
        ("/v1/${BASE}", "placeholder ${BASE}"),
    ],
)
def test_a_base_path_that_cannot_be_served_is_refused(text, reason):
    with pytest.raises(BadBasePath) as refused:
        parse_base_path(text)
    assert reason in str(refused.value)


@settings(max_examples=300)
@given(st.text() | st.text("/*.a{}@$ ?#"))
def test_any_text_is_refused_or_read_to_a_path_that_reads_as_itself(text):
    try:
        path = parse_base_path(text)
    except BadBasePath:
        return
    assert parse_base_path(path) == path
    assert path == "/" or all(path.split("/")[1:])
    assert path.startswith("/")


@given(st.lists(st.from_regex(r"[A-Za-z0-9_~-]{1,8}", fullmatch=True), min_size=1, max_size=6))
def test_plain_segments_are_kept(segments):
    assert parse_base_path("/".join(segments)) == "/" + "/".join(segments)
