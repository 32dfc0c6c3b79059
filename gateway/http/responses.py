"""Writing a response: framing, the Date field, one write where the body is there.

Source: RFC 9112 sections 6 and 7, RFC 9110 section 6.4.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from gateway.http.headers import HOP_BY_HOP, PROTECTED, REASONS, write_head
from gateway.http.message import Response

_NO_BODY = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Framed:
    """A head ready to be written, and what follows it."""

    head: bytes
    body: bytes
    """The whole body, when it is there."""
    streams: bool
    """The body follows in chunks from the response's stream."""
    chunked: bool
    close: bool


class DateField:
    """The Date header, formatted once per second."""

    def __init__(self) -> None:
        self._second = 0
        self._field = ""

    def __call__(self) -> str:
        now = int(time.time())
        if now != self._second:
            self._second = now
            stamp = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(now))
            self._field = f"Date: {stamp}\r\n"
        return self._field


date_field = DateField()


def frame(response: Response, *, is_head: bool, http10: bool, close: bool) -> Framed:
    """Head and framing of a response. Raises `UnsafeHeader`."""
    headers, body, status = response.headers, response.body, response.status
    drop = HOP_BY_HOP
    if "Connection" in headers:
        named = {
            part.strip().lower()
            for line in headers.getall("Connection")
            for part in line.split(",")
        }
        drop = HOP_BY_HOP | (named - PROTECTED)
    fields = [f"{name}: {value}\r\n" for name, value in headers.items() if name.lower() not in drop]
    if "Date" not in headers:
        fields.append(date_field())
    streams = chunked = False
    if isinstance(body, bytes):
        if status not in _NO_BODY and status >= 200:
            length = str(len(body))
            if is_head and not body:
                length = headers.get("Content-Length", "0")
            fields.append(f"Content-Length: {length}\r\n")
            if is_head:
                body = b""
        else:
            body = b""
    else:
        length_known = getattr(body, "length", None)
        body = b""
        streams = status not in _NO_BODY and not is_head
        if length_known is not None:
            fields.append(f"Content-Length: {length_known}\r\n")
        elif http10:
            close = True
        elif status not in _NO_BODY:
            chunked = True
            fields.append("Transfer-Encoding: chunked\r\n")
    if close:
        fields.append("Connection: close\r\n")
    elif http10:
        fields.append("Connection: keep-alive\r\n")
    reason = response.reason if response.reason is not None else REASONS.get(status, "")
    head = write_head(f"HTTP/1.1 {status} {reason}", fields)
    return Framed(head, body, streams, chunked, close)
