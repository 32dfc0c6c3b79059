"""Values of flow variables: how they print and how two of them compare.

The Python types stand for Apigee's Java types as `gateway.flow.expressions` says.
Source: reference/runtime/conditions.md section 5.
"""

from __future__ import annotations

import math
from decimal import Decimal

_JAVA_PLAIN = (1e-3, 1e7)
"""Java's Double.toString writes magnitudes from 0.001 to below 10^7 without exponent."""


def to_text(value: object) -> str:
    """The text of a value as Apigee prints it; an unset variable is the empty string.

    >>> to_text(True), to_text(["a", "b"]), to_text(1e10), to_text(None)
    ('true', '[a, b]', '1.0E10', '')
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _double_text(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(to_text, value)) + "]"
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def _double_text(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 or _JAVA_PLAIN[0] <= abs(value) < _JAVA_PLAIN[1]:
        plain = format(Decimal(repr(value)), "f")
        return plain if "." in plain else plain + ".0"
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits)).rstrip("0") or "0"
    power = exponent + len(digits) - 1
    return f"{'-' if sign else ''}{text[0]}.{text[1:] or '0'}E{power}"


def is_scalar(value: object) -> bool:
    """True for what conditions compare: text, numbers and booleans."""
    return isinstance(value, str | int | float)


def is_true(value: object) -> bool:
    """A bare variable as a condition: Boolean true, or `true` in any case."""
    if isinstance(value, str):
        return value.lower() == "true"
    return value is True


def equal(left: object, right: object) -> bool:
    """`=` for two values that are set, after conversion to their common type."""
    if isinstance(left, str) or isinstance(right, str):
        return is_scalar(left) and is_scalar(right) and to_text(left) == to_text(right)
    return is_scalar(left) and is_scalar(right) and left == right


def less(left: object, right: object) -> bool:
    """`<` for two values that are set; never true for messages and collections."""
    if not (is_scalar(left) and is_scalar(right)):
        return False
    if isinstance(left, str) or isinstance(right, str):
        return _text_less(to_text(left), to_text(right))
    assert isinstance(left, int | float) and isinstance(right, int | float)
    return left < right


def _text_less(left: str, right: str) -> bool:
    if left.isascii() or right.isascii():
        return left < right
    # Java orders by UTF-16 code unit: U+1F600 comes before U+FFFD.
    return left.encode("utf-16-be", "surrogatepass") < right.encode("utf-16-be", "surrogatepass")


def as_integer(text: str) -> int | None:
    """The whole number that `text` holds as Java's Long.parseLong reads it, else None."""
    digits = text[1:] if text[:1] in ("-", "+") else text
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 19:
        return None
    number = int(text)
    return number if -(2**63) <= number < 2**63 else None
