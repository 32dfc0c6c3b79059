"""The template functions, beyond the table of the reference."""

import re
import time
import uuid

import pytest

from gateway.flow.templates import compile_template

XML = '<a><b i="1">x</b><b i="2">y<c/>z</b><n:d xmlns:n="urn:n">3</n:d>tail</a>'


def evaluate(text, resolver, **variables):
    return compile_template(text, resolver, ignore_unresolved=True).render(variables)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{substring(a,0)}", "abc"),
        ("{substring(a,-100)}", "abc"),
        ("{substring(a,2,1)}", ""),
        ("{substring(a,1,100)}", "bc"),
        ("{substring(a,x)}", ""),
        ("{substring(unset,1)}", ""),
        ("{replaceAll(a,'(b)','[$1]')}", "a[b]c"),
        ("{replaceAll(a,'b','$9')}", ""),
        ("{replaceAll(a,bad,'')}", ""),
        ("{replaceAll(a,'','-')}", "-a-b-c-"),
        ("{decodeBase64('YWJj')}", "abc"),
        ("{decodeBase64('YWI')}", "ab"),
        ("{decodeBase64('!')}", ""),
        ("{encodeBase64('é')}", "w6k="),
        ("{sha256Hex(unset)}", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("{hmacSha256(a,a,'rot13')}", ""),
        ("{hmacSha256(a,a,hex)}", ""),
        # RFC 4231, test case 1
        ("{hmacSha224(key,'Hi There',hex,hex)}",
         "896fb1128abbdf196832107cd49df33f47b4b1169912ba4f53684b22"),
        ("{hmacSha256(key,'Hi There','HEX','Base16')}",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        ("{timeFormatUTC(yyyy,'0')}", "1970"),
        ("{timeFormatUTC('yyyy',a)}", ""),
        ("{timeFormatUTC(badformat,'0')}", ""),
        ("{escapeXML(ctl)}", "x&#127;"),
        ("{escapeXML11(ctl)}", "&#1;x&#127;"),
        ("{escapeJSON('a/b')}", "a/b"),
        ("{encodeHTML(quotes)}", "&lt;&#39;&quot;&amp;&gt;"),
        ("{firstnonnull(a,'x')}", "abc"),
        ("{firstnonnull(unset,7)}", "7"),
        ("{jsonPath($.a,'no json')}", ""),
        ("{jsonPath(unset,json)}", "U"),
        ("{randomLong('5','5')}", "5"),
        ("{randomLong('5','4')}", ""),
    ],
)  # fmt: skip
def test_function(text, expected, resolver):
    variables = {
        "a": "abc",
        "key": "0b" * 20,
        "bad": "(",
        "ctl": "\x01x\x7f\x00",
        "quotes": "<'\"&>",
        "json": '{"unset":"U"}',
        "badformat": "bbb",
    }
    assert evaluate(text, resolver, **variables) == expected


@pytest.mark.parametrize(
    ("expression", "options", "expected"),
    [
        ("/a/b", "", '<b i="1">x</b><b i="2">y<c/>z</b>'),
        ("/a/b", ",'node'", '<b i="1">x</b>'),
        ("/a/b[2]", ",'string'", "yz"),
        ("/a/b/@i", "", "12"),
        ("/a/b/text()", "", "xyz"),
        ("count(/a/b)", "", "2"),
        ("1 div 2", ",'number'", "0.5"),
        ("/a/b", ",'number'", "NaN"),
        ("/a/n:d", ",'n:urn:n','number'", "3"),
        ("//z", ",'boolean'", "false"),
        ("string(/a/b)", "", "x"),
        ("/a/b", ",'colour'", '<b i="1">x</b><b i="2">y<c/>z</b>'),
        ("/a/n:d", "", ""),
        ("///", "", ""),
    ],
)
def test_xpath(expression, options, expected, resolver):
    text = "{xpath(e,xml" + options + ")}"
    assert evaluate(text, resolver, e=expression, xml=XML) == expected


@pytest.mark.parametrize(
    "xml",
    [
        '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]><a>&e;</a>',
        '<!DOCTYPE a SYSTEM "file:///etc/hostname"><a/>',
        '<!DOCTYPE a [<!ENTITY x "xx"><!ENTITY y "&x;&x;">]><a>&y;</a>',
        "<a>",
        "",
        "\ud800",
    ],
)
def test_hostile_xml_gives_nothing(xml, resolver):
    assert evaluate("{xpath(e,xml,'string')}", resolver, e="/a", xml=xml) == ""


def test_xml_declaration_does_not_matter(resolver):
    xml = '<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>'
    assert evaluate("{xpath(e,xml,'string')}", resolver, e="/a", xml=xml) == "é"


def test_regular_expression_that_hangs_gives_nothing(resolver):
    started = time.process_time()
    assert evaluate("{replaceAll(a,'(a|aa)+$','')}", resolver, a="a" * 50 + "!") == ""
    assert time.process_time() - started < 0.2


def test_uuids_are_random_version_4(resolver):
    template = compile_template("{createUuid()}", resolver, ignore_unresolved=False)
    made = {template.render({}) for _ in range(200)}
    assert len(made) == 200
    assert all(uuid.UUID(each).version == 4 for each in made)
    assert all(uuid.UUID(each).variant == uuid.RFC_4122 for each in made)


def test_random_long_stays_in_its_range(resolver):
    made = {int(evaluate("{randomLong('-2','2')}", resolver)) for _ in range(200)}
    assert made == {-2, -1, 0, 1, 2}
    assert int(evaluate("{randomLong('9223372036854775806')}", resolver)) >= 2**63 - 2


@pytest.mark.parametrize(
    "pattern",
    ["[1-9]{7}", "(ab|c)+d?", r"\d{3}-\w+", r"(a)\1", "[^a-z]{5}", r"x.y", "(?i)abc", r"\p{L}{3}"],
)
def test_xeger_matches_its_pattern(pattern, resolver):
    template = compile_template("{xeger(p)}", resolver, ignore_unresolved=False)
    for _ in range(20):
        made = template.render({"p": pattern})
        assert re.fullmatch(pattern.replace(r"\p{L}", r"\w"), made)


def test_xeger_does_not_grow_without_end(resolver):
    assert evaluate("{xeger('(a{1000}){1000}')}", resolver) == ""
