"""Heads of upstream requests: request line, Host, fields that may leave, framing."""

from __future__ import annotations

import re

from multidict import istr

from gateway.http.headers import HOP_BY_HOP, FieldWriter
from gateway.http.message import UpstreamRequest

_HOST = istr("Host")
_NEEDS_LENGTH = frozenset({"POST", "PUT", "PATCH"})
_REQUEST_LINE = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+ (?:/|\*$)[^\x00-\x20\x7f]*")
_fields = FieldWriter(HOP_BY_HOP | {"content-length", "expect"})


def request_head(request: UpstreamRequest, authority: str) -> bytes:
    """Everything before the body. Raises ValueError for what may not be on the wire."""
    line = f"{request.method} {request.target}"
    if _REQUEST_LINE.fullmatch(line) is None:
        raise ValueError("the method is no token, or the target is not a path without blanks")
    headers = request.headers
    host = "" if _HOST in headers else f"Host: {authority}\r\n"
    text = f"{line} HTTP/1.1\r\n{host}{_fields.write(headers, request.drop)}{_framing(request)}\r\n"
    return text.encode("utf-8", "surrogateescape")


def is_chunked(request: UpstreamRequest) -> bool:
    """Whether the body goes out in chunks, because nobody knows its length."""
    body = request.body
    return not isinstance(body, bytes) and getattr(body, "length", None) is None


def _framing(request: UpstreamRequest) -> str:
    body = request.body
    if isinstance(body, bytes):
        if body or request.method in _NEEDS_LENGTH:
            return f"Content-Length: {len(body)}\r\n"
        return ""
    if is_chunked(request):
        return "Transfer-Encoding: chunked\r\n"
    return f"Content-Length: {body.length}\r\n"  # type: ignore[union-attr]
