"""Limits of both sides of the gateway: every one finite, every one changeable.

Source: reference/runtime/endpoint-properties.md section 10 for sizes; times are ours
where the sheet names none.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What a listener accepts. Sizes in bytes, times in seconds."""

    request_line: int = 7168
    """Method, target and version with the blanks between them."""
    headers: int = 25600
    """All header lines together, each with its colon, blank and line end."""
    header_count: int = 1000
    head_timeout: float = 30.0
    """From the first byte of a head to its last."""
    body_timeout: float = 55.0
    """How long in all a body may keep us waiting; what arrives buys time, see `body_rate`."""
    body_rate: int = 240
    """Bytes that buy back a second of waiting: the slowest upload that is served."""
    send_timeout: float = 55.0
    """Longest time in which a client takes nothing of a response."""
    keepalive_timeout: float = 75.0
    """How long a connection may be idle between two requests."""
    linger_timeout: float = 2.0
    """How long unread input is thrown away before a refused connection is closed."""
    connections: int = 10_000
    """Connections open at once; more are answered with 503."""
    buffer: int = 65536
    """Body bytes held for the reader; at twice as many reading pauses."""
    pipelined: int = 65536
    """Bytes of further requests held while one is answered."""
    small_body: int = 65536
    """A body declared at most this long is received before the request is handed on."""
    drain: int = 65536
    """Bytes of an unread body that are thrown away to keep the connection."""


EDGE_LIMITS = Limits()
X_LIMITS = Limits(request_line=10240, headers=61440)


@dataclass(frozen=True, slots=True)
class ResponseLimits:
    """What the client accepts of an upstream server, in bytes."""

    status_line: int = 2048
    headers: int = 25600
    buffer: int = 65536
    """Body bytes held for the reader; at twice as many reading pauses."""
