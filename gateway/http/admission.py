"""What a request must satisfy before anything of ours runs: framing, Host, target, sizes.

Stands behind aiohttp's parser, which has already refused most of what is malformed. The
good path costs a few dictionary probes; whatever looks unusual is examined closely.
Sources: RFC 9112, reference/runtime/runtime-faults.md, design notes on request smuggling.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from multidict import CIMultiDictProxy, istr

from gateway.http.headers import (
    CONNECTION,
    doubled_single_value,
    drop_named_by_connection,
    has_unique_names,
)
from gateway.http.limits import Limits
from gateway.http.message import Headers, Refusal
from gateway.http.target import BadTarget, is_host, path_and_query

RawHeaders = Sequence[tuple[bytes, bytes]]

_HOST = istr("Host")
_CONTENT_LENGTH = istr("Content-Length")
_TRANSFER_ENCODING = istr("Transfer-Encoding")
_NOTHING_NAMED = frozenset({"keep-alive", "Keep-Alive", "close", "Close"})
_DIGITS = re.compile(r"[0-9]{1,18}")
_KNOWN_HOSTS = 1024

UNREAD_HEAD = 12
"""`  HTTP/1.1CRLF`: what a request line has beside method and target."""


class Admission:
    """The checks of one listener."""

    __slots__ = ("_hosts", "_limits", "_scheme", "_small")

    def __init__(self, limits: Limits, scheme: str) -> None:
        self._limits = limits
        self._scheme = scheme
        self._small = min(limits.request_line, limits.headers)
        self._hosts: set[str] = set()

    def admit(
        self,
        method: str,
        target: str,
        version: tuple[int, int],
        parsed: CIMultiDictProxy[str],
        raw: RawHeaders,
        size: int,
    ) -> tuple[str, Headers]:
        """(path and query, own copy of the headers). Raises `Refusal`.

        `size` is an upper bound of the head's bytes when the caller knows one; sizes
        are counted only where it does not already show that the head is small.
        """
        if size > self._small:
            self._check_sizes(method, target, raw)
        headers = parsed.copy()
        host = headers.get(_HOST)
        if host not in self._hosts:
            self._check_host(host, version)
        if version != (1, 1):
            self._check_version(version, headers)
        if not has_unique_names(headers):
            _check_duplicates(headers)
        if _TRANSFER_ENCODING in headers:
            _check_transfer_encoding(headers)
        elif _CONTENT_LENGTH in headers:
            if _DIGITS.fullmatch(headers[_CONTENT_LENGTH]) is None:
                raise Refusal("bad_request", 400, "Content-Length is not a number")
        elif method == "POST" or method == "PUT":
            raise Refusal("length_required", 411)
        if method == "CONNECT":
            raise Refusal("bad_request", 400, "CONNECT is for forward proxies")
        if (
            "%" in target
            or "/." in target
            or "#" in target
            or "\\" in target
            or target[:1] != "/"
            or not target.isprintable()
        ):
            target = self._examine(target, method, host)
        connection = headers.get(CONNECTION)
        if connection is not None and connection not in _NOTHING_NAMED:
            drop_named_by_connection(headers)
        return target, headers

    def _check_sizes(self, method: str, target: str, raw: RawHeaders) -> None:
        limits = self._limits
        line = len(method) + len(target.encode("utf-8", "surrogateescape")) + UNREAD_HEAD - 2
        if line > limits.request_line:
            raise Refusal("too_big_line", 414, limit=limits.request_line)
        if sum(len(name) + len(value) + 4 for name, value in raw) > limits.headers:
            raise Refusal("too_big_headers", 431, limit=limits.headers)
        if len(raw) > limits.header_count:
            raise Refusal("too_big_headers", 431, limit=limits.headers)

    def _check_host(self, host: str | None, version: tuple[int, int]) -> None:
        if host is None:
            if version >= (1, 1):
                raise Refusal("bad_request", 400, "Host is missing")
            return
        if not is_host(host):
            raise Refusal("bad_request", 400, "Host is not a host name with an optional port")
        if len(self._hosts) >= _KNOWN_HOSTS:
            self._hosts.clear()
        self._hosts.add(host)

    def _check_version(self, version: tuple[int, int], headers: Headers) -> None:
        if version != (1, 0):
            raise Refusal("bad_request", 400, "the HTTP version is neither 1.0 nor 1.1")
        if _TRANSFER_ENCODING in headers:
            raise Refusal("bad_request", 400, "Transfer-Encoding in a message of HTTP/1.0")

    def _examine(self, target: str, method: str, host: str | None) -> str:
        try:
            return path_and_query(target, method, self._scheme, host)
        except BadTarget as error:
            raise Refusal("bad_request", 400, str(error)) from None


def _check_duplicates(headers: Headers) -> None:
    name = doubled_single_value(headers)
    if name is None:
        return
    if name.lower() == "transfer-encoding":
        raise Refusal("bad_request", 400, "two Transfer-Encodings")
    raise Refusal("duplicate_header", 400, header=name)


def _check_transfer_encoding(headers: Headers) -> None:
    if _CONTENT_LENGTH in headers:
        raise Refusal("bad_request", 400, "Content-Length together with Transfer-Encoding")
    if headers[_TRANSFER_ENCODING].lower() != "chunked":
        raise Refusal("bad_request", 400, "Transfer-Encoding is not exactly 'chunked'")
