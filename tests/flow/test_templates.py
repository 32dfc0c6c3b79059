"""Message templates beyond the table: what is literal, what warns, what fails."""

import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.flow.templates import TemplateError, UnresolvedVariable, compile_template


def render(text, resolver, ignore_unresolved=True, **variables):
    template = compile_template(text, resolver, ignore_unresolved=ignore_unresolved)
    return template.render(variables)


@pytest.mark.parametrize(
    "text",
    ["", "{}", "{ a }", "{1}", "{", "}", "{a", '{"a": 1}', "{a b}", "{[a]}", "a{\nb}", "{a(}", "{a",
     "{a:{b", "{é", "body { color: red }", "{a.b-c", "{toLowerCase(a}", "{f(x); g(y)}"],
)  # fmt: skip
def test_text_without_reference_is_literal(text, resolver):
    template = compile_template(text, resolver, ignore_unresolved=False)
    assert template.is_literal
    assert template.literal == text
    assert template.render({}) == text
    assert template.variables == ()


def test_literal_of_an_escaped_template_is_unescaped(resolver):
    assert compile_template(r"\{a\}", resolver, ignore_unresolved=False).literal == "{a}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{n}", "404"),
        ("{flag}", "true"),
        ("{list}", "[a, b]"),
        ("{request.header.Content-Type}", "text/plain"),
        ("{a:}", ""),
        ("{a:b c: d}", "b c: d"),
        ("{v:default}", "value"),
        ("{v}{v}", "valuevalue"),
        ("a{v}", "avalue"),
        ("a{v}b", "avalueb"),
        ("{v}b", "valueb"),
        ("a{v}b{n}c", "avalueb404c"),
        ("{{v}}{", "{value}{"),
        (r"\{v}", "{v}"),
        (r"\\{v}", r"\{v}"),
        ("{v\n}", "{v\n}"),
        ("{a:{v}}", "{a:value}"),
    ],
)
def test_reference_is_replaced(text, expected, resolver):
    variables = {
        "v": "value",
        "n": 404,
        "flag": True,
        "list": ["a", "b"],
        "request.header.Content-Type": "text/plain",
    }
    template = compile_template(text, resolver, ignore_unresolved=True)
    assert template.render(variables) == expected


@pytest.mark.parametrize(
    ("prefix", "suffix", "text", "expected"),
    [
        ("%", "#", "%v#", "value"),
        ("@", "#", "a@b.com, #1 @v#", "a@b.com, #1 value"),
        ("^", "~", "^v~{v}", "value{v}"),
        ("£", "$", "£v$ $5 £5", "value $5 £5"),
        ("%", "#", "100% %toUpperCase(v)#", "100% VALUE"),
        ("@", "@", "@v@ @x", "value @x"),
        ("${", "}", "${v} {v}", "value {v}"),
        ("%", "#", r"\{%v#\}", r"\{value\}"),
    ],
)
def test_other_delimiters_replace_braces(prefix, suffix, text, expected, resolver):
    template = compile_template(
        text, resolver, prefix=prefix, suffix=suffix, ignore_unresolved=True
    )
    assert template.render({"v": "value"}) == expected


@pytest.mark.parametrize(
    "text", ["{a}", "x{a}", "{b}{a}{b}", "{toUpperCase(a)}", "{substring(b,1)}"]
)
def test_unresolved_reference_is_a_fault_unless_ignored(text, resolver):
    with pytest.raises(UnresolvedVariable) as fault:
        render(text, resolver, ignore_unresolved=False, b="bb")
    assert fault.value.name in ("a", "1")
    assert "a" not in render(text, resolver, b="bb")


def test_default_and_empty_string_resolve(resolver):
    assert render("{a:x}{b}", resolver, ignore_unresolved=False, b="") == "x"
    assert render("{toUpperCase(a:x)}", resolver, ignore_unresolved=False) == "X"


def test_quoted_literal_is_never_unresolved(resolver):
    assert render("{toUpperCase('a')}", resolver, ignore_unresolved=False) == "A"


def test_firstnonnull_takes_unset_variables_without_fault(resolver):
    assert render("{firstnonnull(a,b)}", resolver, ignore_unresolved=False, b="x") == "x"


def test_one_blank_after_a_comma_is_tolerated(resolver):
    assert render("{replaceFirst(a,b, '')}", resolver, a="xyx", b="x") == "yx"


def test_variables_are_named_once_in_order(resolver):
    template = compile_template("{b}{toUpperCase(a)}{b:1}", resolver, ignore_unresolved=True)
    assert template.variables == ("b", "a")


@pytest.mark.parametrize(
    ("text", "offset", "code"),
    [
        ("x{trim(a)}", 2, "entities.UnknownStringFunction"),
        ("{TOUPPERCASE(a)}", 1, "entities.UnknownStringFunction"),
        ("{toUpperCase(toLowerCase(a))}", 13, ""),
        ("{replaceAll(a,'(','')}", None, ""),
        ("{jsonPath('$.a[',a)}", None, ""),
        ("{timeFormatUTC('bbb',a)}", None, ""),
    ],
)
def test_template_is_refused_at_deployment(text, offset, code, resolver):
    with pytest.raises(TemplateError) as refused:
        compile_template(text, resolver, ignore_unresolved=True)
    assert refused.value.code == code
    assert offset is None or refused.value.offset == offset


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("{user.{x}}", "nested"),
        ("{substring( a,1)}", "blanks"),
        ("{timeFormatUTC('HH:mm',s)}", "colon"),
        ("{toUpperCase(a,b)}", "1 to 1 arguments"),
    ],
)
def test_doubtful_template_warns(text, warning, resolver):
    template = compile_template(text, resolver, ignore_unresolved=True)
    assert any(warning in each for each in template.warnings)


@pytest.mark.parametrize(
    "bomb",
    ["{" * 100_000, "{a" * 50_000, "{a(" * 30_000, "{a:" * 30_000, "{toUpperCase(" * 10_000,
     "{jsonPath(" + "[" * 50_000, "{toUpperCase('" * 10_000, "\\{" * 50_000, "{a}" * 20_000],
)  # fmt: skip
def test_bomb_ends_within_a_second(bomb, resolver):
    started = time.process_time()
    with contextlib.suppress(TemplateError):
        compile_template(bomb, resolver, ignore_unresolved=True).render({"a": "x"})
    assert time.process_time() - started < 1


PIECES = st.sampled_from(
    ["{", "}", "a", "(", ")", "'", ",", ":", " ", "\\", "$.a", "toUpperCase(", "{jsonPath(", "1",
     "{replaceAll(", "xpath(", '"', "[", "]", "{substring(a,", "xeger('"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(text=st.lists(PIECES, max_size=12).map("".join), ignore=st.booleans())
def test_any_text_renders_or_is_refused(text, ignore, resolver):
    with contextlib.suppress(TemplateError, UnresolvedVariable):
        template = compile_template(text, resolver, ignore_unresolved=ignore)
        assert isinstance(template.render({"a": "x"}), str)


@settings(max_examples=100, deadline=None)
@given(before=st.text("ab\"' \n:,", max_size=8), value=st.text(max_size=8))
def test_value_is_inserted_verbatim(before, value, resolver):
    template = compile_template(before + "{v}" + before, resolver, ignore_unresolved=False)
    assert template.render({"v": value}) == before + value + before
