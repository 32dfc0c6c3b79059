"""Heads of upstream requests: request line, Host, fields that may leave, framing."""

from __future__ import annotations

import re

from multidict import istr

from gateway.http.headers import HOP_BY_HOP, FieldWriter, is_token
from gateway.http.message import UpstreamRequest
from gateway.http.origin import Origin

_HOST = istr("Host")
_USUAL_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_NEEDS_LENGTH = frozenset({"POST", "PUT", "PATCH"})
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f]")
_ALWAYS_DROPPED = HOP_BY_HOP | {"content-length", "expect"}
_writers: dict[frozenset[str], FieldWriter] = {}
_KNOWN_WRITERS = 256


def request_head(request: UpstreamRequest, origin: Origin) -> bytes:
    """Everything before the body. Raises ValueError for what may not be on the wire."""
    method, target, headers = request.method, request.target, request.headers
    usual = target.isprintable() and target.isascii() and " " not in target
    if not usual and _FORBIDDEN.search(target):
        raise ValueError("the target contains a blank or a control character")
    if target[:1] != "/" and target != "*":
        raise ValueError("the target is not a path")
    if method not in _USUAL_METHODS and not is_token(method):
        raise ValueError(f"{method!r} is not a method")
    host = "" if _HOST in headers else f"Host: {origin.authority}\r\n"
    writer = _writers.get(request.drop) or _writer(request.drop)
    text = f"{method} {target} HTTP/1.1\r\n{host}{writer.write(headers)}{_framing(request)}\r\n"
    return text.encode("utf-8", "surrogateescape")


def _writer(drop: frozenset[str]) -> FieldWriter:
    if len(_writers) >= _KNOWN_WRITERS:
        _writers.clear()
    writer = _writers[drop] = FieldWriter(_ALWAYS_DROPPED | drop)
    return writer


def _framing(request: UpstreamRequest) -> str:
    body = request.body
    if isinstance(body, bytes):
        if body or request.method in _NEEDS_LENGTH:
            return f"Content-Length: {len(body)}\r\n"
        return ""
    length: int | None = getattr(body, "length", None)
    return "Transfer-Encoding: chunked\r\n" if length is None else f"Content-Length: {length}\r\n"
