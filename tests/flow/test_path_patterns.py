"""`Matches` and `MatchesPath`: they agree with the plain translation, and are never slow."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.flow.path_patterns import compile_glob, compile_path


def path_expression(pattern):
    """The translation of reference/runtime/conditions.md section 4."""
    pieces = {"**": ".*", "*": "[^/]*"}
    tokens = re.findall(r"%.|\*\*|\*|\{[^}]*\}|.", pattern, re.DOTALL)
    return "".join(
        pieces.get(token)
        or ("[^/]*" if len(token) > 1 and token[0] == "{" else re.escape(token[-1]))
        for token in tokens
    )


PATTERNS = st.lists(
    st.sampled_from(["a", "b", "/", "*", "**", "{name}", "%*", "%a", "{"]), max_size=9
).map("".join)


@settings(max_examples=600, deadline=None)
@given(PATTERNS, st.text("ab/*{", max_size=10))
def test_path_agrees_with_the_plain_translation(pattern, text):
    if pattern != "/":
        expected = re.fullmatch(path_expression(pattern), text, re.DOTALL) is not None
        assert compile_path(pattern)(text) is expected


@settings(max_examples=300, deadline=None)
@given(st.text("ab*?", max_size=8), st.text("ab?", max_size=10))
def test_glob_agrees_with_the_plain_translation(pattern, text):
    expression = "".join(".*" if char == "*" else re.escape(char) for char in pattern)
    assert compile_glob(pattern)(text) is (re.fullmatch(expression, text) is not None)


def test_glob_star_takes_line_breaks():
    assert compile_glob("a*b")("a\nb")


@pytest.mark.parametrize(
    "pattern",
    ["**a**a**a**a**b", "**a*b**", "**a*b", "a*b*c**", "*a*a*a*a*b", "/**/a*/**/b", "**/*/*/*x"],
)
@pytest.mark.parametrize("text", ["a" * 8000, "/a" * 4000, "/" * 8000, "ab" * 4000])
def test_hostile_path_ends_soon(pattern, text):
    matches = compile_path(pattern)
    started = time.process_time()
    matches(text)
    assert time.process_time() - started < 0.1
