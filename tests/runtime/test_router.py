"""reference/runtime/flows.md section 2: base paths and classification."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.runtime.router import Router


def router_of(*base_paths: str) -> Router[str]:
    router: Router[str] = Router()
    for path in base_paths:
        router.add(path, path)
    return router


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a", ("/a", "")),
        ("/a/", ("/a", "/")),
        ("/a/b/c", ("/a", "/b/c")),
        ("/ab", None),
        ("/", None),
        ("/A", None),
        ("/a%2Fb", None),
        ("//a", None),
        ("/a//b", ("/a", "//b")),
    ],
)
def test_a_base_path_matches_whole_segments(path: str, expected: object) -> None:
    assert router_of("/a").find(path) == expected


def test_the_longest_base_path_wins() -> None:
    router = router_of("/", "/v1", "/v1/weather", "/v1/weather/daily")
    assert router.find("/v1/weather/hourly") == ("/v1/weather", "/hourly")
    assert router.find("/v1/weather/daily/x") == ("/v1/weather/daily", "/x")
    assert router.find("/v2") == ("/", "/v2")


def test_the_root_base_path_catches_everything() -> None:
    assert router_of("/").find("/") == ("/", "/")
    assert router_of("/").find("/x/y") == ("/", "/x/y")


def test_a_wildcard_is_exactly_one_segment_and_not_empty() -> None:
    router = router_of("/team/*/members")
    assert router.find("/team/blue/members/7") == ("/team/*/members", "/7")
    assert router.find("/team//members") is None
    assert router.find("/team/a/b/members") is None


def test_a_literal_segment_beats_a_wildcard() -> None:
    router = router_of("/v1/*/x", "/v1/a/x")
    assert router.find("/v1/a/x") == ("/v1/a/x", "")
    assert router.find("/v1/b/x") == ("/v1/*/x", "")


def test_a_wildcard_is_tried_where_the_literal_leads_nowhere() -> None:
    router = router_of("/v1/*/x", "/v1/a/y")
    assert router.find("/v1/a/x") == ("/v1/*/x", "")


def test_a_removed_base_path_leaves_the_others() -> None:
    router = router_of("/a", "/a/b", "/a/*/c")
    router.remove("/a/*/c")
    router.remove("/a")
    assert router.find("/a/b/c") == ("/a/b", "/c")
    assert router.find("/a/x/c") is None
    router.remove("/a/b")
    assert list(router.items()) == []


segment = st.sampled_from(["a", "b", "c", "aa", ""])
base_paths = st.lists(
    st.lists(st.sampled_from(["a", "b", "c", "aa", "*"]), min_size=1, max_size=4).map(
        lambda parts: "/" + "/".join(parts)
    ),
    max_size=8,
    unique=True,
)


def best_by_comparison(paths: list[str], path: str) -> tuple[str, str] | None:
    """Segment by segment: literal before wildcard, then the longer one."""
    segments = path.split("/")[1:]
    found = []
    for base in paths:
        parts = base.split("/")[1:]
        if len(parts) > len(segments):
            continue
        pairs = list(zip(parts, segments, strict=False))
        if all(part == text or (part == "*" and text) for part, text in pairs):
            rank = tuple(2 if part != "*" else 1 for part in parts)
            suffix = "".join(f"/{text}" for text in segments[len(parts) :])
            found.append((rank, base, suffix))
    return max(found)[1:] if found else None


@settings(max_examples=200)
@given(base_paths, st.lists(segment, min_size=1, max_size=6))
def test_the_trie_agrees_with_comparing_every_base_path(paths: list[str], parts: list[str]) -> None:
    path = "/" + "/".join(parts)
    assert router_of(*paths).find(path) == best_by_comparison(paths, path)
