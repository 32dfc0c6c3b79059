"""Resource paths of API products, and which product covers a call."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policies.oauth_products import compile_resource, compile_resources, product_finder
from gateway.ports.identity import CredentialProduct, Product
from tests.policies.oauth_world import product


@pytest.mark.parametrize("patterns", [(), ("/",), ("/**",), ("**",), ("/a", "/")])
@pytest.mark.parametrize("suffix", ["", "/", "/a", "/a/b//c", "/%2F"])
def test_everything(patterns: tuple[str, ...], suffix: str) -> None:
    test = compile_resources(patterns)
    assert test is None or test(suffix)


@pytest.mark.parametrize(
    ("pattern", "suffix", "covered"),
    [
        ("/forecastrss", "/forecastrss", True),
        ("/forecastrss", "/forecastrss/", False),
        ("/forecastrss", "/FORECASTRSS", False),
        ("/forecastrss", "", False),
        ("/a.c", "/abc", False),
        ("/a/**", "/a/", True),
        ("/a/**", "/a/b/c", True),
        ("/a/**", "/a", False),
        ("/a/**", "/ab", False),
        ("/*", "/a", True),
        ("/*", "/", False),
        ("/*", "/a/b", False),
        ("/*/x", "/a/x", True),
        ("/*/x", "//x", False),
        ("/*/x", "/a/b/x", False),
        ("/*/x", "/a/x/y", False),
        ("/*/users/*", "/v1/users/7", True),
        ("/*/users/*", "/v1/users/7/8", False),
        ("/**/x", "/a/b/x", True),
        ("/**/x", "/a/b/xy", False),
        ("/a/**/b/**/c", "/a/1/b/2/3/c", True),
        ("/a/**/b/**/c", "/a/1/c/2/b", False),
        ("/a/**/b/*/c", "/a/b/b/b/2/c", True),
        ("/v*/x", "/v1/x", True),
        ("/v*/x", "/v1/2/x", False),
        ("/{id}/*.json", "/{id}/a.json", True),
        ("/{id}/*.json", "/7/a.json", False),
        ("/50%/*a", "/50%/bca", True),
        # An encoded slash is data.
        ("/*", "/a%2Fb", True),
        ("/*/b", "/a%2Fb", False),
        ("/a/b", "/a%2fb", False),
        ("/a/**", "/a%2Fb", False),
    ],
)
def test_resource(pattern: str, suffix: str, covered: bool) -> None:
    assert compile_resource(pattern)(suffix) is covered


def _naive(pattern: str, suffix: str) -> bool:
    """The same rule, one way after another: `*` needs a character, `**` needs none."""
    if not pattern:
        return not suffix
    if pattern.startswith("**"):
        return any(_naive(pattern[2:], suffix[n:]) for n in range(len(suffix) + 1))
    if pattern.startswith("*"):
        segment = suffix.partition("/")[0]
        return any(_naive(pattern[1:], suffix[n:]) for n in range(1, len(segment) + 1))
    return suffix[:1] == pattern[0] and _naive(pattern[1:], suffix[1:])


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from(["a", "b", "ab", "*", "**", ""]), min_size=1, max_size=5),
    st.lists(st.sampled_from(["a", "b", "ab", "", "%2F"]), min_size=1, max_size=6),
)
def test_whole_segments_match_as_the_rule_says(pattern: list[str], suffix: list[str]) -> None:
    text, path = "/" + "/".join(pattern), "/" + "/".join(suffix)
    expected = text in ("/", "/**") or _naive(text, path)
    test = compile_resources((text,))
    assert (test is None or test(path)) == expected


@pytest.mark.parametrize(
    "pattern", ["/**/a/**/a/**/a/**/b", "/*a*a*a*a*a*b", "/**/*/**/*/**/*/x", "/a**a**a**a**b"]
)
def test_no_pattern_is_slow_on_a_long_path(pattern: str) -> None:
    test = compile_resource(pattern)
    started = time.perf_counter()
    assert not test("/a" * 2000)
    assert not test("/" + "a" * 4000)
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize(
    ("parts", "status", "names", "found"),
    [
        ({}, "approved", None, True),
        ({}, "pending", None, False),
        ({}, "approved", ("PremiumWeatherAPI",), True),
        ({}, "approved", ("Other",), False),
        ({"proxies": ("other",)}, "approved", None, False),
        ({"proxies": ()}, "approved", None, True),
        ({"environments": ("prod",)}, "approved", None, False),
        ({"environments": ()}, "approved", None, True),
        ({"resources": ("/other",)}, "approved", None, False),
        ({"resources": ("/other", "/forecastrss")}, "approved", None, True),
    ],
)
def test_product_match(
    parts: dict[str, tuple[str, ...]], status: str, names: tuple[str, ...] | None, found: bool
) -> None:
    find = product_finder("weatherapi", "test")
    held = (CredentialProduct(product(**parts), status),)
    match: Product | None = find(held, names, "/forecastrss")
    assert (match is not None) is found
