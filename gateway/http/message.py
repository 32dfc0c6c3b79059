"""What the engine sees of HTTP: plain messages, never an object of a library.

The listener makes a `Request`, the engine answers with a `Response`; the client takes
an `UpstreamRequest` and gives an `UpstreamResponse`. Bodies are `bytes` when they are
complete in memory, otherwise a `BodyStream` of chunks with backpressure.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Protocol

from multidict import CIMultiDict

Headers = CIMultiDict[str]
"""Header fields in wire order, names case-insensitive, values as the UTF-8 text of
their bytes (undecodable bytes as surrogates, so that they leave as they came)."""


class BodyStream(Protocol):
    """A body that arrives in chunks. It can be consumed once."""

    length: int | None
    """The declared Content-Length in bytes; None when chunked or until close."""

    trailers: Headers | None
    """Trailer fields, known once the last chunk was read."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def read(self, limit: int) -> bytes:
        """The whole body, at most `limit` bytes. Raises `BodyTooBig`, and what the
        transport raises (`ClientTimeout`, `ClientGone`, `UpstreamError`)."""
        ...


@dataclass(frozen=True, slots=True)
class Connection:
    """Facts of one client connection, the same for all its requests."""

    listener: str
    """Name of the listener, such as the environment it serves."""
    scheme: str
    """`http` or `https`."""
    client_host: str
    client_port: int
    local_host: str
    local_port: int
    tls: dict[str, object] | None = None
    """`ssl.SSLObject` facts: cipher, protocol, server_name, peer certificate."""


@dataclass(slots=True)
class Request:
    """One request as it came from a client, after admission."""

    method: str
    target: str
    """Path and query exactly as the client sent them, starting with `/` (of an
    absolute-form target the part after the authority); `*` only for OPTIONS."""
    version: str
    """`1.1` or `1.0`."""
    headers: Headers
    body: bytes | BodyStream
    connection: Connection
    started: float
    """`time.time()` when the first byte of the head was seen, in seconds."""


@dataclass(frozen=True, slots=True)
class Sent:
    """How sending a response ended."""

    started: float
    """`time.time()` of the first byte written, in seconds."""
    ended: float
    """`time.time()` when the last byte was handed to the transport."""
    body_bytes: int
    complete: bool
    """False when the client went away before the last byte."""


@dataclass(slots=True)
class Response:
    """What goes back to the client. The listener frames it (Content-Length or chunked,
    HEAD and 204/304 without body), adds Date, and drops hop-by-hop fields."""

    status: int
    headers: Headers
    body: bytes | BodyStream | AsyncIterator[bytes] = b""
    reason: str | None = None
    """None: the standard phrase of the status."""
    on_sent: Callable[[Sent], None] | None = None
    """Called once, after the last byte or when sending failed."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Deadlines of an upstream call, in seconds."""

    connect: float = 3.0
    io: float = 55.0
    """Longest silence while a request is written or a response is awaited and read."""
    keepalive: float = 60.0
    """How long an idle connection stays in the pool."""


@dataclass(slots=True)
class UpstreamRequest:
    """One request to an upstream server. The client frames it, drops hop-by-hop fields
    and writes head and body in one call where the body is `bytes`."""

    method: str
    target: str
    """Path and query, starting with `/`, already percent-encoded."""
    headers: Headers
    """With Host where the caller wants one; otherwise the client writes the origin's."""
    body: bytes | BodyStream | AsyncIterator[bytes] = b""
    drop: frozenset[str] = frozenset()
    """Lower-case names of fields not to send, decided at deployment."""


@dataclass(slots=True)
class UpstreamResponse:
    status: int
    reason: str
    headers: Headers
    body: bytes | BodyStream
    """`bytes` when it arrived complete with the head, or when the call asked for it."""
    sent_started: float = 0.0
    sent_ended: float = 0.0
    received_started: float = 0.0
    received_ended: float = 0.0
    peer: tuple[str, int] = ("", 0)
    extra: dict[str, object] = field(default_factory=dict)


class Refusal(Exception):
    """A message that breaks HTTP or a limit: answered without any proxy being run.

    `kind` is one of the names below, `values` fill the text of its fault
    (reference/runtime/runtime-faults.md): the runtime turns both into Apigee's body.
    """

    def __init__(self, kind: str, status: int, detail: str = "", **values: object) -> None:
        super().__init__(detail or kind)
        self.kind = kind
        self.status = status
        self.detail = detail
        self.values = values


class BodyTooBig(Exception):
    """A body passed its limit while it was buffered."""


class ClientGone(Exception):
    """The client closed the connection before its request was complete."""


class ClientTimeout(Exception):
    """The client did not send the rest of its request in time."""


class UpstreamError(Exception):
    """A call to an upstream server failed. `kind` is one of:

    `refused` (refused, reset or unreachable), `connect_timeout`, `unresolved` (DNS),
    `tls` (handshake or verification), `timeout` (silence longer than `Timeouts.io`),
    `eof` (closed before a complete response), `invalid` (not HTTP, or ambiguous
    framing), `too_big_line`, `too_big_headers`, `duplicate_header`, `empty_header_name`,
    `non_ascii_header`, `invalid_header`, `response_with_body` (204, 205 or 304 with one;
    value status_code), `tunnel`.
    """

    def __init__(self, kind: str, detail: str = "", **values: object) -> None:
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind = kind
        self.detail = detail
        self.values = values
