"""Reads one upstream response after another from bytes: strict, no sockets.

llhttp does the parsing, never leniently. What it lets pass and a gateway must not
(framing by two rules, sizes, second values, ambiguous codings) is checked here.
Sources: RFC 9112 section 6, reference/runtime/runtime-faults.md.
"""

from __future__ import annotations

from typing import Any

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser
from multidict import CIMultiDict, istr

from gateway.http.headers import (
    CONNECTION,
    doubled_single_value,
    drop_named_by_connection,
    has_unique_names,
)
from gateway.http.limits import ResponseLimits
from gateway.http.message import Headers, UpstreamError
from gateway.http.raw_head import inspect_head

_CONTENT_LENGTH = istr("Content-Length")
_TRANSFER_ENCODING = istr("Transfer-Encoding")
_NOTHING_NAMED = frozenset({"keep-alive", "Keep-Alive", "close", "Close"})
_INTERIM_RESPONSES = 100
_BODILESS = frozenset({204, 205, 304})
_KNOWN_NAMES = 1024


class _Names(dict[bytes, str]):
    """Header names as text, decoded once each."""

    def __missing__(self, raw: bytes) -> str:
        if len(self) >= _KNOWN_NAMES:
            self.clear()
        name = self[raw] = istr(raw.decode("utf-8", "surrogateescape"))
        return name


_names = _Names()


def _decoded(fields: list[tuple[bytes, bytes]]) -> Headers:
    """Fields as text. llhttp leaves blanks behind a value where they are."""
    try:
        return CIMultiDict([(_names[name], value.decode().rstrip(" \t")) for name, value in fields])
    except UnicodeDecodeError:
        return CIMultiDict(
            [
                (_names[name], value.decode("utf-8", "surrogateescape").rstrip(" \t"))
                for name, value in fields
            ]
        )


class ResponseParser:
    """The response that is being read. `start` begins with the next one."""

    __slots__ = (
        "_around_body", "_fed", "_fields", "_head_size", "_interim", "_limits", "_parser",
        "_partial", "_plain_version", "_reason", "_without_body", "body", "body_bytes",
        "complete", "excess",
        "head_complete", "headers", "keep_alive", "length", "reason", "started", "status",
        "trailers", "until_close",
    )  # fmt: skip

    def __init__(self, limits: ResponseLimits) -> None:
        self._limits = limits
        self._parser = HttpResponseParser(self)
        self.keep_alive = True
        self.excess = False
        self.start("GET")

    def start(self, method: str) -> None:
        """Expect the response to a request with `method`."""
        self._fields: list[tuple[bytes, bytes]] = []
        """Of the head, later of the trailers."""
        self._without_body = method == "HEAD"
        self._partial = b""
        self._head_size = 0
        """Bytes received since the last complete head, or a few more."""
        self._fed = 0
        self._around_body = 0
        """Bytes of a body received since the last of its content."""
        self._reason = b""
        self._interim = 0
        self._plain_version = False
        self.status = 0
        self.reason = ""
        self.headers: Headers = CIMultiDict()
        self.trailers: Headers | None = None
        self.body: list[bytes] = []
        """Chunks read and not taken yet."""
        self.body_bytes = 0
        """Bytes of the body so far."""
        self.started = False
        """True after the first byte."""
        self.head_complete = False
        self.complete = False
        self.length = 0
        """Content-Length in bytes, 0 without one."""
        self.until_close = False
        """True when only the end of the connection ends the body."""

    def feed(self, data: bytes) -> None:
        """Take in what arrived. Raises `UpstreamError`."""
        if not self.started:
            self.started = True
            self._plain_version = data.startswith(b"HTTP/1.1 ")
        in_head, body_bytes = not self.head_complete, self.body_bytes
        self._fed = len(data)
        if in_head:
            self._head_size += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            self.excess = True
        except HttpParserError as error:
            self._failed(data, error)
        if self.complete:
            if self.excess and self.status in _BODILESS and not self._without_body:
                raise self._has_body()
        elif in_head:
            self._check_growth_of_head(data)
        elif self.body_bytes == body_bytes:
            self._check_growth_around_body(len(data))
        else:
            self._around_body = 0

    def _check_growth_of_head(self, data: bytes) -> None:
        limits = self._limits
        if self.head_complete:
            return
        self._partial = b"" if self._interim else self._partial + data
        if self._head_size > limits.status_line + limits.headers + 4:
            if self._interim:
                raise UpstreamError("too_big_headers", limit=limits.headers)
            raise self._named(self._partial)

    def _check_growth_around_body(self, size: int) -> None:
        """Chunk extensions and trailers are bytes that no body limit counts."""
        self._around_body += size
        if self._around_body > self._limits.headers:
            raise UpstreamError("too_big_headers", limit=self._limits.headers)

    def end(self) -> None:
        """The connection has ended. Raises `UpstreamError` unless that completes it."""
        if self.until_close and self.head_complete:
            self.complete = True
            self.keep_alive = False
        elif not self.complete:
            raise UpstreamError("eof", "the connection ended before the response")

    def _failed(self, data: bytes, error: HttpParserError) -> None:
        cause = error.__context__
        if isinstance(cause, UpstreamError):
            raise cause from None
        if self.complete:
            self.excess = True
            return
        if self.head_complete:
            raise UpstreamError("invalid", "the body is malformed") from None
        raise self._named(self._partial + data) from None

    # -- llhttp's calls

    def on_message_begin(self) -> None:
        if self.complete:
            self.excess = True

    def on_status(self, reason: bytes) -> None:
        self._reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        if self.complete:
            return
        status = self._parser.get_status_code()
        if not self._plain_version or self._interim:
            self._check_version()
        if status < 200:
            self._skip_interim(status)
            return
        self.status = status
        self.reason = self._reason.decode("utf-8", "surrogateescape")
        headers = self.headers = _decoded(self._fields)
        if self._interim or self._head_size > self._limits.status_line:
            self._check_sizes()
        if not has_unique_names(headers):
            self._check_duplicates()
        self._frame(status, headers)
        connection = headers.get(CONNECTION)
        if connection is not None and connection not in _NOTHING_NAMED:
            drop_named_by_connection(headers)
        self.head_complete = True
        self._fields = []
        if self._without_body:
            self._complete()

    def on_body(self, chunk: bytes) -> None:
        if self.complete:
            self.excess = True
        else:
            self.body.append(chunk)
            self.body_bytes += len(chunk)

    def on_message_complete(self) -> None:
        if self.complete:
            return
        if not self.head_complete:  # an interim response
            self._fields = []
            self._reason = b""
            self._head_size = self._fed
            return
        if self.status == 205 and self.body_bytes:
            raise self._has_body()
        if self._fields:
            self.trailers = _decoded(self._fields)
        self._complete()

    # -- checks

    def _complete(self) -> None:
        self.complete = True
        if self._without_body:
            self.keep_alive = self._connection_persists()
            self._parser = HttpResponseParser(self)  # llhttp may be waiting for a body
        else:
            self.keep_alive = self._parser.should_keep_alive() and not self.until_close

    def _connection_persists(self) -> bool:
        tokens = ",".join(self.headers.getall(CONNECTION, ())).lower()
        if self._parser.get_http_version() != "1.1":
            return "keep-alive" in tokens
        return "close" not in tokens

    def _skip_interim(self, status: int) -> None:
        self._interim += 1
        if status == 101:
            raise UpstreamError("invalid", "101 without a request to switch protocols")
        if status < 100 or self._interim > _INTERIM_RESPONSES:
            raise UpstreamError("invalid", "too many interim responses")
        fields = _decoded(self._fields)
        if _CONTENT_LENGTH in fields or _TRANSFER_ENCODING in fields:
            raise UpstreamError("invalid", "an interim response with a body")

    def _frame(self, status: int, headers: Headers) -> None:
        coding = headers.get(_TRANSFER_ENCODING)
        length = headers.get(_CONTENT_LENGTH)
        if coding is not None:
            if length is not None:
                raise UpstreamError("invalid", "Content-Length together with Transfer-Encoding")
            if coding.lower() != "chunked":
                raise UpstreamError("invalid", "Transfer-Encoding is not exactly 'chunked'")
            if self._parser.get_http_version() != "1.1":
                raise UpstreamError("invalid", "Transfer-Encoding in a message of HTTP/1.0")
        elif length is not None:
            if not (length.isascii() and length.isdigit() and len(length) <= 18):
                raise UpstreamError("invalid", "Content-Length is not a number")
            self.length = 0 if self._without_body or status == 304 else int(length)
            if self.length and status in _BODILESS:
                raise self._has_body()
        elif not (self._without_body or status in (204, 304)):
            self.until_close = True

    def _check_version(self) -> None:
        version = self._parser.get_http_version()
        if version not in ("1.1", "1.0"):
            raise UpstreamError("invalid", f"HTTP/{version} is neither 1.0 nor 1.1")

    def _check_sizes(self) -> None:
        limits = self._limits
        if len(self._reason) + 15 > limits.status_line:
            raise UpstreamError("too_big_line", limit=limits.status_line)
        size = sum(len(name) + len(value) + 4 for name, value in self._fields)
        if size > limits.headers:
            raise UpstreamError("too_big_headers", limit=limits.headers)

    def _has_body(self) -> UpstreamError:
        return UpstreamError("response_with_body", status_code=self.status)

    def _check_duplicates(self) -> None:
        name = doubled_single_value(self.headers)
        if name is None:
            return
        if name.lower() == "transfer-encoding":
            raise UpstreamError("invalid", "two Transfer-Encodings")
        raise UpstreamError("duplicate_header", header=name)

    def _named(self, raw: bytes) -> UpstreamError:
        """What is wrong with a head that llhttp rejected."""
        limits = self._limits
        kind: str = "bad_request"
        values: dict[str, Any] = {}
        if not self._interim:
            kind, values = inspect_head(raw, limits.status_line, limits.headers)
        return UpstreamError("invalid" if kind == "bad_request" else kind, "", **values)
