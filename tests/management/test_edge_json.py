"""The text form of the management API's JSON."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.management.edge_json import edge_json


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([], "[ ]"),
        ({}, "{ }"),
        (["a", "b"], '[ "a", "b" ]'),
        ({"a": 1}, '{\n  "a" : 1\n}'),
        ({"a": {"b": "c"}}, '{\n  "a" : {\n    "b" : "c"\n  }\n}'),
        ([{"a": 1}, {"b": 2}], '[ {\n  "a" : 1\n}, {\n  "b" : 2\n} ]'),
        ({"l": [{"a": 1}]}, '{\n  "l" : [ {\n    "a" : 1\n  } ]\n}'),
        ({"l": [["a"], []]}, '{\n  "l" : [ [ "a" ], [ ] ]\n}'),
        ({"n": None, "t": True, "i": -1}, '{\n  "n" : null,\n  "t" : true,\n  "i" : -1\n}'),
        ('a/b "c" \n é', '"a/b \\"c\\" \\n é"'),
    ],
)
def test_spacing_is_that_of_edge(value, text):
    assert edge_json(value) == text


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(_VALUES)
def test_every_value_comes_back_from_its_text(value):
    assert json.loads(edge_json(value)) == value
