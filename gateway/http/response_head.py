"""Heads of responses: framing, Date, and the fields that may leave."""

from __future__ import annotations

import time
from email.utils import formatdate

from multidict import istr

from gateway.http.headers import HOP_BY_HOP, FieldWriter, reason_phrase
from gateway.http.message import Headers, Response

_CONTENT_LENGTH = istr("Content-Length")
_DATE = istr("Date")
_fields = FieldWriter(HOP_BY_HOP | {"content-length"})
_status_lines: dict[int, str] = {}


class DateLine:
    """`Date: ...CRLF`, formatted once a second."""

    __slots__ = ("_second", "_text")

    def __init__(self) -> None:
        self._second = -1
        self._text = ""

    def at(self, now: float) -> str:
        """`now`: `time.time()` in seconds."""
        second = int(now)
        if second != self._second:
            self._second = second
            self._text = f"Date: {formatdate(second, usegmt=True)}\r\n"
        return self._text


_date = DateLine()


def is_bodiless(status: int, method: str) -> bool:
    """True where the response ends with its head (RFC 9112 section 6.3)."""
    return method == "HEAD" or status == 204 or status == 304 or status < 200


def status_line(status: int, reason: str | None) -> str:
    """Raises ValueError for a status that cannot end a request."""
    line = _status_lines.get(status)
    if line is None:
        if not 200 <= status <= 999:
            raise ValueError(f"{status} is not the status of a final response")
        line = _status_lines[status] = f"HTTP/1.1 {status} {reason_phrase(status)}\r\n"
    if reason is None:
        return line
    if any(end in reason for end in "\r\n\0"):
        raise ValueError("the reason phrase contains CR, LF or NUL")
    return f"HTTP/1.1 {status} {reason}\r\n"


def response_head(response: Response, framing: str, now: float | None = None) -> bytes:
    """Status line, fields, Date where there is none, and `framing`: whole lines such as
    `Content-Length: 3CRLF`. Raises ValueError where the response cannot be written."""
    headers = response.headers
    date = "" if _DATE in headers else _date.at(time.time() if now is None else now)
    text = (
        f"{status_line(response.status, response.reason)}"
        f"{_fields.write(headers)}{date}{framing}\r\n"
    )
    return text.encode("utf-8", "surrogateescape")


def length_line(headers: Headers, status: int, method: str, size: int) -> str:
    """The Content-Length of a body of `size` bytes that is complete in memory. HEAD and
    304 keep the one that was set: it tells of the body that is not sent."""
    if status == 204 or status < 200:
        return ""
    if method == "HEAD" or status == 304:
        given = headers.get(_CONTENT_LENGTH)
        if given is not None and given.isascii() and given.isdigit():
            return f"Content-Length: {given}\r\n"
        return f"Content-Length: {size}\r\n" if size else ""
    return f"Content-Length: {size}\r\n"
