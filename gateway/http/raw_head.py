"""What exactly is wrong with a head that a parser rejected, read from its raw bytes.

Only called after a rejection: nothing here decides that a message is good.
Source: reference/runtime/runtime-faults.md (protocol.http.*).
"""

from __future__ import annotations

from typing import Any

from gateway.http.headers import SINGLE_VALUED, is_token

STATUS_OF_KIND = {
    "bad_request": 400,
    "duplicate_header": 400,
    "empty_header_name": 400,
    "invalid_header": 400,
    "non_ascii_header": 400,
    "too_big_line": 414,
    "too_big_headers": 431,
}


def inspect_head(raw: bytes, line_limit: int, headers_limit: int) -> tuple[str, dict[str, Any]]:
    """(kind, values) of the first thing wrong in the first head of `raw`: one of
    `too_big_line`, `too_big_headers`, `duplicate_header`, `empty_header_name`,
    `non_ascii_header`, `invalid_header`, or `bad_request` when none of them fits."""
    raw = raw.lstrip(b"\r\n")
    first, found, rest = raw.partition(b"\r\n")
    if len(first) > line_limit:
        return "too_big_line", {"limit": line_limit}
    if not found:
        return "bad_request", {}
    section, ended, _ = rest.partition(b"\r\n\r\n")
    if len(section) + 2 > headers_limit:
        return "too_big_headers", {"limit": headers_limit}
    lines = section.split(b"\r\n")
    cut = None if ended else lines.pop()
    if lines[:1] == [b""]:
        return "bad_request", {}
    return _inspect_fields(lines, cut)


def _inspect_fields(lines: list[bytes], cut: bytes | None) -> tuple[str, dict[str, Any]]:
    """`cut`: the beginning of a line whose rest was not received."""
    seen: set[str] = set()
    for line in lines:
        name, colon, _ = line.partition(b":")
        if not colon or line[:1] in (b" ", b"\t"):
            return "bad_request", {}
        fault = _inspect_name(name)
        if fault is not None:
            return fault
        text = name.decode("ascii")
        lower = text.lower()
        if lower in seen and lower in _SINGLE_FOR_PARSER:
            return "duplicate_header", {"header": text}
        seen.add(lower)
    if cut and cut[:1] not in (b" ", b"\t"):
        name = cut.partition(b":")[0]
        fault = _inspect_name(name)
        if fault is not None:
            return fault
        text = name.decode("ascii")
        if text.lower() in seen and text.lower() in _SINGLE_FOR_PARSER:
            return "duplicate_header", {"header": text}
    return "bad_request", {}


_SINGLE_FOR_PARSER = (SINGLE_VALUED - {"transfer-encoding"}) | {
    "content-location",
    "content-range",
    "etag",
    "max-forwards",
    "server",
    "user-agent",
}
"""Lower-case names that may come once: Apigee's and those of aiohttp's parser. Two
Transfer-Encodings are ambiguous framing, not merely a second value: `bad_request`."""


def _inspect_name(name: bytes) -> tuple[str, dict[str, Any]] | None:
    if not name:
        return "empty_header_name", {}
    if b"\r" in name or b"\n" in name:
        return "bad_request", {}  # a bare line end, not a strange name
    text = name.decode("utf-8", "replace")
    for character in text:
        if character > "\x7f":
            return "non_ascii_header", {"header": text, "character": character}
    for character in text:
        if not is_token(character):
            if character in " \t" and text.rstrip(" \t").isascii() and is_token(text.rstrip(" \t")):
                return "bad_request", {}  # a blank before the colon: RFC 9112 section 5.1
            return "invalid_header", {"header": text, "character": character}
    return None
