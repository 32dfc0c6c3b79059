"""How values print: as Java does."""

import pytest

from gateway.flow.values import as_integer, to_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (None, ""),
        (True, "true"),
        (False, "false"),
        (404, "404"),
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1.5, "1.5"),
        (0.001, "0.001"),
        (0.0009, "9.0E-4"),
        (9999999.0, "9999999.0"),
        (1e7, "1.0E7"),
        (12345678.9, "1.23456789E7"),
        (1e21, "1.0E21"),
        (1 / 3, "0.3333333333333333"),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
        (["a", "b"], "[a, b]"),
        ((), "[]"),
        (["a", 1, True], "[a, 1, true]"),
        (b"caf\xc3\xa9", "café"),
    ],
)
def test_value_prints_as_in_java(value, text):
    assert to_text(value) == text


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7),
        ("-7", -7),
        ("+7", 7),
        ("", None),
        ("-", None),
        ("1.5", None),
        ("٣", None),
        (" 7", None),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", None),
        ("9" * 5000, None),
    ],
)
def test_integer_is_read_as_long(text, number):
    assert as_integer(text) == number
