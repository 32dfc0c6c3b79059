"""Header rules of a hop: what is dropped, how a head is written.

Source: RFC 9110 section 7.6.1, RFC 9112; reference/runtime/endpoint-properties.md
section 6; reason phrases of runtime-faults.md rule 6.
"""

from __future__ import annotations

from http import HTTPStatus

from multidict import CIMultiDict

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "content-length",
    }
)
"""Lower-case names that belong to one hop. Content-Length is among them because every
hop frames its messages itself."""

PROTECTED = frozenset(
    {"authorization", "content-type", "content-encoding", "host", "cookie", "set-cookie", "accept"}
)
"""Fields that a Connection header cannot make a hop drop."""

SINGLE_VALUED = (
    "Host",
    "Content-Length",
    "Content-Type",
    "Authorization",
    "Expires",
    "Date",
    "Content-Location",
    "If-Modified-Since",
    "If-Unmodified-Since",
    "Location",
    "Max-Forwards",
    "Referer",
    "Retry-After",
    "User-Agent",
)
"""Fields that may not come twice (fault protocol.http.DuplicateHeader)."""

REASONS: dict[int, str] = {status.value: status.phrase for status in HTTPStatus} | {
    413: "Request Entity Too Large",
    414: "Request-URI Too Long",
    415: "Unsupported Media Type",
    416: "Requested Range Not Satisfiable",
    422: "Unprocessable Entity",
}


class UnsafeHeader(ValueError):
    """A name or value that would break the framing of a head."""


def dropped_names(headers: CIMultiDict[str]) -> frozenset[str]:
    """Lower-case names not to pass on: hop-by-hop fields and those that Connection
    names."""
    if "Connection" not in headers:
        return HOP_BY_HOP
    named = {
        part.strip().lower() for line in headers.getall("Connection") for part in line.split(",")
    }
    return HOP_BY_HOP | (named - PROTECTED)


def write_head(start_line: str, fields: list[str]) -> bytes:
    """A head from its start line and its `Name: value\\r\\n` fields. Raises `UnsafeHeader`
    when any of them holds CR, LF or NUL: nothing else can split a message."""
    text = f"{start_line}\r\n{''.join(fields)}\r\n"
    lines = len(fields) + 2
    if text.count("\n") != lines or text.count("\r") != lines or "\0" in text:
        raise UnsafeHeader("CR, LF or NUL in a header field")
    return text.encode("utf-8", "surrogateescape")
