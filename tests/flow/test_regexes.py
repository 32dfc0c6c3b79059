"""Java's regular expressions: what they match, what is refused, and that none hangs."""

import contextlib
import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.flow.regex import RegexError, RegexTimeout, compile_java

ROWS = [
    line.replace("␊", "\n").replace("␍", "\r").split("\t")
    for line in Path(__file__).with_name("java_regexes.tsv").read_text("utf-8").split("\n")[2:]
    if line
]


@pytest.mark.parametrize("row", [row for row in ROWS if len(row) == 5], ids=lambda row: row[0])
def test_pattern_answers_as_java(row):
    pattern, text, matches, finds, replaced = row
    compiled = compile_java(pattern)
    assert compiled.fullmatch(text) is (matches == "1")
    assert compiled.search(text) is (finds == "1")
    assert compiled.replace_all(text, "<$0>") == replaced


@pytest.mark.parametrize("pattern", [row[0] for row in ROWS if len(row) == 2])
def test_what_java_refuses_is_refused(pattern):
    with pytest.raises(RegexError):
        compile_java(pattern)


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        (r"a\Gb", r"\G"),
        (r"\b{g}", r"\b{g"),
        (r"\p{Klingon}", "Klingon"),
        ("(?q)a", "q"),
        (r"\y", r"\y"),
        ("(a", "Unclosed group"),
        ("[a", "Unclosed character class"),
        ("a{2,1}", "Illegal repetition range"),
        ("(" * 500 + ")" * 500, "nested deeper"),
        ("[" * 500 + "a" + "]" * 500, "nested deeper"),
    ],
)
def test_error_names_the_syntax(pattern, named):
    with pytest.raises(RegexError) as refused:
        compile_java(pattern)
    assert named in refused.value.message


@pytest.mark.parametrize(
    "pattern",
    [
        "x{2147483647}",
        "(?:(a{10000})|b{9}){10000}",
        "((a{1,1000}){1,1000}){1,1000}",
        "(a?)" * 20_000,
        r"\p{L}" * 500,
        "(?:" * 99 + "a" + ")*" * 99,
        "(?iu)" + "[a-z]" * 1000,
    ],
)
def test_large_pattern_compiles_soon_or_is_refused(pattern):
    started = time.process_time()
    with contextlib.suppress(RegexError):
        compile_java(pattern)
    assert time.process_time() - started < 1


HOSTILE = [
    "(a+)+$",
    "(a|aa)+$",
    "(.*a){20}",
    "(a*)*b",
    r"(\w+\s?)*$",
    "(x+x+)+y",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
    "(a|a?)+b",
    r"^(\d+)*\d+!!$",
    r"([a-zA-Z0-9])(([\-.]|[_]+)?([a-zA-Z0-9]+))*@x",
    "(?=(a+)+b)a",
    r"(.*)\1\1b",
]


@pytest.mark.parametrize("pattern", HOSTILE)
@pytest.mark.parametrize("text", ["a" * 40 + "!", "a" * 5000, "x" * 5000, "aaaa " * 500 + "!"])
def test_catastrophic_pattern_ends_soon(pattern, text):
    compiled = compile_java(pattern)
    for attempt in (
        compiled.fullmatch,
        compiled.search,
        lambda text: compiled.replace_all(text, ""),
    ):
        started = time.process_time()
        with contextlib.suppress(RegexTimeout):
            attempt(text)
        assert time.process_time() - started < 0.15


@pytest.mark.parametrize(
    ("pattern", "linear"),
    [
        ("/items/[0-9]+", True),
        ("(?i)bearer .+", True),
        (r".*\.json", True),
        (r"(/[a-z]+)*(\?.*)?", True),
        ("(GET|POST|PUT)", True),
        (r"[^@\s]+@[^@\s]+", True),
        ("(a+)+", False),
        ("(a|aa)+", False),
        (".*a.*b.*", False),
        ("a*a*", False),
        ("(?=a*)a", False),
    ],
)
def test_linear_patterns_are_told_apart(pattern, linear):
    assert compile_java(pattern).linear is linear


def test_replacement_takes_java_groups():
    pattern = compile_java(r"(?<user>\w+)@(\w+)")
    assert pattern.replace_all("ann@x bob@y", "$2:${user}") == "x:ann y:bob"
    assert pattern.replace_first("ann@x bob@y", r"\$1\\ $0") == r"$1\ ann@x bob@y"
    assert pattern.replace_all("ann@x", "$21") == "x1"


@pytest.mark.parametrize("replacement", ["$", "$x", "$3", "${nobody}", "${user", "a\\"])
def test_wrong_replacement_is_refused(replacement):
    with pytest.raises(RegexError):
        compile_java(r"(?<user>a)(b)").replace_all("ab", replacement)


def test_group_that_did_not_match_is_replaced_by_nothing():
    assert compile_java("(a)|b").replace_all("ab", "[$1]") == "[a][]"


PIECES = st.sampled_from(
    ["a", "b", ".", r"\d", "[ab]", "[^a]", "(", ")", "(?:", "|", "*", "+", "?", "{2}", "[", "]",
     "&&", "(?i)", r"\Q", r"\E", "^", "$", "(?=", "\\", "{", "}", r"\p{L}", "-", "(?<n>", r"\1"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join), st.text("ab1\n", max_size=30))
def test_any_text_compiles_or_is_refused(pattern, text):
    try:
        compiled = compile_java(pattern)
        compiled.fullmatch(text)
        compiled.replace_all(text, "x")
    except (RegexError, RegexTimeout):
        pass


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=8))
def test_quoted_text_matches_itself(text):
    if "\\E" not in text:
        assert compile_java(f"\\Q{text}\\E").fullmatch(text)


@settings(max_examples=100, deadline=None)
@given(st.text("ab(|)*?.", max_size=8), st.text("ab", max_size=8))
def test_the_common_subset_agrees_with_python(pattern, text):
    try:
        expected = re.compile(pattern).fullmatch(text) is not None
        compiled = compile_java(pattern)
    except (re.error, RegexError):
        return
    assert compiled.fullmatch(text) is expected
