"""JSONPath as the template function `jsonPath` needs it: Jayway's semantics."""

import pytest

from gateway.flow.jsonpath import JsonPathError, compile_jsonpath

DOCUMENT = (
    '{"a":[{"n":"x"},{"n":"y"}],"b":{"c":1,"d":1.5,"e":true,"z":null},'
    '"s":"q\\"t","x-y":3,"@type":"T","ünï":"u"}'
)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("$.b.c", "1"),
        ("$.b.d", "1.5"),
        ("$.b.e", "true"),
        ("$.b.z", ""),
        ("$.s", 'q"t'),
        ("$.b", '{"c":1,"d":1.5,"e":true,"z":null}'),
        ("$.a[0].n", "x"),
        ("$.a[-1].n", "y"),
        ("$.a[2].n", ""),
        ("$.a.n", ""),
        ("$.s.c", ""),
        ("$['b']['c']", "1"),
        ('$["b"]["c"]', "1"),
        ("$['@type']", "T"),
        ("$.x-y", "3"),
        ("$.ünï", "u"),
        ("b.c", "1"),
        ("a[1].n", "y"),
        ("$.a.[0].n", "x"),
        ("$.a[*].n", "x"),
        ("$..n", "x"),
        ("$.a[?(@.n=='y')].n", "y"),
        ('$.a[?(@.n == "y")].n', "y"),
        ("$.a[?(@.n =~ /Y/i)].n", "y"),
        ("$.a[?(@.n=='none')].n", ""),
        ("$.zzz", ""),
    ],
)
def test_path_gives_text(path, text):
    assert compile_jsonpath(path).text(DOCUMENT, want_array=False) == text


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("$.a[*].n", '["x","y"]'),
        ("$.a[?(@.n=='y')].n", '["y"]'),
        ("$.a[0,1].n", '["x","y"]'),
        ("$.a[:1].n", '["x"]'),
        ("$.b.c", "1"),
        ("$.a[?(@.n=='none')]", ""),
    ],
)
def test_array_is_given_when_wanted(path, text):
    assert compile_jsonpath(path).text(DOCUMENT, want_array=True) == text


def test_whole_document():
    assert compile_jsonpath("$").text('{ "a": [1, 2] }', want_array=False) == '{"a":[1,2]}'
    assert compile_jsonpath("$").text('"x"', want_array=False) == "x"


@pytest.mark.parametrize("path", ["$.a[", "$.a[?(@.n", "$.a[?", "$[" * 2000, ""])
def test_wrong_path_is_refused(path):
    with pytest.raises(JsonPathError):
        compile_jsonpath(path)


def test_wrong_document_is_a_value_error():
    with pytest.raises(ValueError):
        compile_jsonpath("$.a").text("{", want_array=False)


def test_long_integers_keep_their_digits():
    document = '{"id":123456789012345678901234567890,"o":{"n":123456789012345678901}}'
    assert compile_jsonpath("$.id").text(document, want_array=False).endswith("567890")
    assert compile_jsonpath("$.o").text(document, want_array=False) == (
        '{"n":123456789012345678901}'
    )
