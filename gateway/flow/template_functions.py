"""The functions of message templates. Source: reference/runtime/templates.md section 5.

An evaluation that goes wrong gives the empty string: `EVALUATION_ERRORS` lists how the
functions fail.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lxml import etree

from gateway.flow.dateformat import DateFormat, compile_date_format
from gateway.flow.escapes import encode_html, escape_json, escape_xml, escape_xml_11
from gateway.flow.jsonpath import JsonPath, compile_jsonpath
from gateway.flow.regex import JavaPattern, RegexTimeout, compile_java
from gateway.flow.values import as_integer
from gateway.flow.xeger import compile_xeger
from gateway.flow.xpath_function import xpath

EVALUATION_ERRORS = (ValueError, OverflowError, RecursionError, RegexTimeout, etree.LxmlError)

_LONG = 2**63


@dataclass(frozen=True, slots=True)
class Function:
    """What a function takes and does; its arguments come as text.

    An argument listed in `compiled` comes as what that callable makes of it, at deployment
    when it is a literal. One listed in `verbatim` stands for itself when it is written
    without quotes and no variable has that name.
    """

    call: Callable[..., str]
    least: int
    most: int
    compiled: Mapping[int, Callable[[str], object]] = field(default_factory=dict)
    verbatim: frozenset[int] = frozenset()


def first_non_null(*values: str | None) -> str:
    """The first that is set; the only function whose arguments may be None."""
    return next((value for value in values if value is not None), "null")


def _substring(text: str, start: str, end: str | None = None) -> str:
    return text[_integer(start) : None if end is None else _integer(end)]


def _integer(text: str) -> int:
    number = as_integer(text.strip())
    if number is None:
        raise ValueError(f"{text!r} is no integer")
    return number


def _decode_base64(text: str) -> str:
    padded = text + "=" * (-len(text) % 4)
    return base64.b64decode(padded, validate=True).decode("utf-8", "replace")


def _replace_all(text: str, pattern: JavaPattern, replacement: str) -> str:
    return pattern.replace_all(text, replacement)


def _replace_first(text: str, pattern: JavaPattern, replacement: str) -> str:
    return pattern.replace_first(text, replacement)


def _json_path(path: JsonPath, document: str, want_array: str = "") -> str:
    return path.text(document, want_array.strip().lower() == "true")


def _format_seconds(date_format: DateFormat, seconds: str) -> str:
    return date_format(_integer(seconds) * 1000)


def _format_millis(date_format: DateFormat, millis: str) -> str:
    return date_format(_integer(millis))


_VERSION_4 = ~(0xF << 76 | 0x3 << 62) & (2**128 - 1), 4 << 76 | 2 << 62


def create_uuid() -> str:
    """A random UUID, version 4, in lower case."""
    number = int.from_bytes(os.urandom(16), "big") & _VERSION_4[0] | _VERSION_4[1]
    digits = f"{number:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _random_long(least: str = "0", most: str = str(_LONG - 1)) -> str:
    low, high = _integer(least), _integer(most)
    return str(low + secrets.randbelow(high - low + 1))


def _xeger(generate: Callable[[], str]) -> str:
    return generate()


def _digest(algorithm: str, encode: Callable[[bytes], str]) -> Callable[[str], str]:
    def digest(text: str) -> str:
        data = text.encode("utf-8", "replace")
        return encode(hashlib.new(algorithm, data, usedforsecurity=False).digest())

    return digest


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


_KEY_ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "utf-8": lambda key: key.encode("utf-8", "replace"),
    "hex": bytes.fromhex,
    "base16": bytes.fromhex,
    "base64": lambda key: base64.b64decode(key, validate=True),
}

_OUTPUT_ENCODINGS: dict[str, Callable[[bytes], str]] = {
    "base64": _base64,
    "hex": bytes.hex,
    "base16": bytes.hex,
}


def _hmac(algorithm: str) -> Callable[..., str]:
    def sign(key: str, text: str, key_encoding: str = "utf-8", output: str = "base64") -> str:
        decode = _KEY_ENCODINGS.get(key_encoding.lower())
        encode = _OUTPUT_ENCODINGS.get(output.lower())
        if decode is None or encode is None:
            raise ValueError("an unknown encoding")
        return encode(hmac.digest(decode(key), text.encode("utf-8", "replace"), algorithm))

    return sign


_HASHES = ("md5", "sha1", "sha256", "sha384", "sha512")
_HMACS = ("sha224", "sha256", "sha384", "sha512", "md5", "sha1")


def _time_format(call: Callable[[DateFormat, str], str]) -> Function:
    return Function(call, 2, 2, {0: compile_date_format}, frozenset({0}))


_REGEX: Mapping[int, Callable[[str], object]] = {1: compile_java}

FUNCTIONS: Mapping[str, Function] = {
    **{f"{name}Hex": Function(_digest(name, bytes.hex), 1, 1) for name in _HASHES},
    **{f"{name}Base64": Function(_digest(name, _base64), 1, 1) for name in _HASHES},
    **{
        f"hmac{name.capitalize()}": Function(_hmac(name), 2, 4, verbatim=frozenset({2, 3}))
        for name in _HMACS
    },
    "encodeBase64": Function(lambda text: _base64(text.encode("utf-8", "replace")), 1, 1),
    "decodeBase64": Function(_decode_base64, 1, 1),
    "toUpperCase": Function(str.upper, 1, 1),
    "toLowerCase": Function(str.lower, 1, 1),
    "substring": Function(_substring, 2, 3),
    "replaceAll": Function(_replace_all, 3, 3, _REGEX),
    "replaceFirst": Function(_replace_first, 3, 3, _REGEX),
    "escapeJSON": Function(escape_json, 1, 1),
    "escapeXML": Function(escape_xml, 1, 1),
    "escapeXML11": Function(escape_xml_11, 1, 1),
    "encodeHTML": Function(encode_html, 1, 1),
    "escapeHTML": Function(encode_html, 1, 1),
    "timeFormat": _time_format(_format_seconds),
    "timeFormatMs": _time_format(_format_millis),
    "timeFormatUTC": _time_format(_format_seconds),
    "timeFormatUTCMs": _time_format(_format_millis),
    "createUuid": Function(create_uuid, 0, 0),
    "randomLong": Function(_random_long, 0, 2),
    "xeger": Function(_xeger, 1, 1, {0: compile_xeger}),
    "firstnonnull": Function(first_non_null, 1, 100),
    "xpath": Function(xpath, 2, 13, verbatim=frozenset(range(13)) - {1}),
    "jsonPath": Function(_json_path, 2, 3, {0: compile_jsonpath}, frozenset({0, 2})),
}
