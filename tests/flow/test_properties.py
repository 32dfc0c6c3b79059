"""Property files as java.util.Properties.load reads them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.bundle.model import Resource
from gateway.flow.properties import parse_properties, property_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=1", {"a": "1"}),
        ("a = 1 ", {"a": "1 "}),
        ("a:1\nb 2\nc\t=\t3", {"a": "1", "b": "2", "c": "3"}),
        ("a", {"a": ""}),
        ("a==1", {"a": "=1"}),
        ("a = b = c", {"a": "b = c"}),
        ("# a=1\n! b=2\n\n  c=3", {"c": "3"}),
        ("a=1\\\n   2\\\n\t3\nb=4", {"a": "123", "b": "4"}),
        ("# a comment ends with its line \\\na=1", {"a": "1"}),
        ("a=1\\\\\nb=2", {"a": "1\\", "b": "2"}),
        ("a=1\\", {"a": "1"}),
        ("a=1\r\nb=2\rc=3", {"a": "1", "b": "2", "c": "3"}),
        ("key\\ with\\:signs\\==1", {"key with:signs=": "1"}),
        (r"pem=-----BEGIN\nabc\n", {"pem": "-----BEGIN\nabc\n"}),
        (r"a=\t\r\f\z\"", {"a": '\t\r\fz"'}),
        ("a=\\u00e9\\u20ac", {"a": "é€"}),
        ("a=\\ud83d\\ude00", {"a": "\U0001f600"}),
        ("a=1\na=2", {"a": "2"}),
        ("a=é # no comment", {"a": "é # no comment"}),
        ("", {}),
    ],
)
def test_java_reads_it_so(text: str, expected: dict[str, str]) -> None:
    assert parse_properties(text) == expected


_ESCAPED = str.maketrans(
    {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "=": "\\=", ":": "\\:", " ": "\\ ", "\t": "\\t",
     "\f": "\\f", "#": "\\#", "!": "\\!"}
)  # fmt: skip
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(_TEXT.filter(bool), _TEXT, max_size=4))
def test_what_is_written_with_escapes_is_read_back(properties: dict[str, str]) -> None:
    text = "\n".join(
        f"{k.translate(_ESCAPED)}={v.translate(_ESCAPED)}" for k, v in properties.items()
    )
    assert parse_properties(text) == properties


@settings(max_examples=60, deadline=None)
@given(_TEXT)
def test_any_text_is_read(text: str) -> None:
    parse_properties(text)


def test_a_reference_names_set_and_key() -> None:
    resource = Resource("properties", "settings.properties", "host.name = é\n".encode())
    resources = {"properties://settings.properties": resource}
    assert property_of(resources, "settings.host.name") == "é"
    assert property_of(resources, "settings.host") is None
    assert property_of(resources, "other.host.name") is None
    assert property_of(resources, "settings") is None
