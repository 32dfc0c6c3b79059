"""Which API product covers a call: proxy, environment, then resource path.

An empty list matches everything. Resource paths are matched against the raw path suffix,
so that an encoded slash is data and never separates segments.
Source: reference/policies/OAuthV2.md behaviour 6, VerifyAPIKey.md behaviour 3.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Sequence
from functools import lru_cache

from gateway.flow.path_patterns import TextTest, compile_path
from gateway.ports.identity import APPROVED, CredentialProduct, Product

FindProduct = Callable[[Sequence[CredentialProduct], Container[str] | None, str], Product | None]
"""The first approved product that covers a path suffix. The second argument limits the
choice to products of these names; None takes all."""

_EVERYTHING = frozenset({"/", "/**", "**"})
_WHOLE_SEGMENTS = re.compile(r"(?:/(?:\*\*|\*|[^*/]*))+")
_MEMO_SIZE = 4096


def product_finder(proxy: str, environment: str) -> FindProduct:
    """The product match for the calls of one deployed proxy."""

    def find(
        products: Sequence[CredentialProduct], names: Container[str] | None, suffix: str
    ) -> Product | None:
        for held in products:
            product = held.product
            if held.status != APPROVED or (names is not None and product.name not in names):
                continue
            if product.proxies and proxy not in product.proxies:
                continue
            if product.environments and environment not in product.environments:
                continue
            covers = compile_resources(product.resources)
            if covers is None or covers(suffix):
                return product
        return None

    return find


def lists_only_resources(products: Sequence[CredentialProduct], names: Container[str]) -> bool:
    """True when one of these products names resources, but no proxy and no environment:
    then a call without a match is told that its resource does not exist."""
    return any(
        held.status == APPROVED
        and held.product.name in names
        and not held.product.proxies
        and not held.product.environments
        for held in products
    )


@lru_cache(maxsize=_MEMO_SIZE)
def compile_resources(patterns: tuple[str, ...]) -> TextTest | None:
    """The test for the resource paths of a product; None when they cover everything."""
    if not patterns or not _EVERYTHING.isdisjoint(patterns):
        return None
    tests = tuple(compile_resource(pattern) for pattern in patterns)
    if len(tests) == 1:
        return tests[0]
    return lambda suffix: any(test(suffix) for test in tests)


def compile_resource(pattern: str) -> TextTest:
    """The test for one resource path: `*` is one segment, `**` any depth.

    `/a/**` covers `/a/` and what is below, not `/a`. A `*` that is only a part of a
    segment may be empty.
    """
    if "*" not in pattern:
        return pattern.__eq__
    head = pattern[:-2]
    if pattern.endswith("/**") and "*" not in head:
        return lambda suffix: suffix.startswith(head)
    if _WHOLE_SEGMENTS.fullmatch(pattern) is None:
        return compile_path(re.sub(r"[%{}]", r"%\g<0>", pattern))
    match = re.compile(_expression(pattern), re.DOTALL).fullmatch
    return lambda suffix: match(suffix) is not None


def _expression(pattern: str) -> str:
    """A regular expression without needless backtracking: what stands between two `**` is
    taken where it comes first, which never costs a match, since the `**` behind it takes
    the rest."""
    first, *others = (_segments(chunk) for chunk in pattern.split("**"))
    if not others:
        return first
    middle = "".join(f"(?>.*?{chunk})" for chunk in others[:-1])
    return f"{first}{middle}.*{others[-1]}"


def _segments(chunk: str) -> str:
    return "/".join(
        "[^/]++" if segment == "*" else re.escape(segment) for segment in chunk.split("/")
    )
