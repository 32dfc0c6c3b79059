"""The limits of a listener: all finite, all settable."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds. The defaults are Edge's
    (reference/runtime/endpoint-properties.md section 10)."""

    line: int = 7168
    headers: int = 25600
    keepalive: float = 75.0
    """Silence between requests, and the time that a head may take."""
    body_silence: float = 30.0
    """Longest pause within a request body."""
    connections: int = 20_000
    lingering: float = 5.0
    """How long an unread body is still taken before the connection is closed."""


EDGE_LIMITS = Limits()
X_LIMITS = Limits(line=10240, headers=61440)
