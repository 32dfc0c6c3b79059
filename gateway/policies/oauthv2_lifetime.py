"""Lives of tokens: milliseconds inside, whole seconds in variables and answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.flow.faults import Flavor

NEVER = -1

ACCESS_TOKEN_LIFE = 3_600_000
"""Without ExpiresIn. Apigee's default is a setting of its system."""

REFRESH_TOKEN_LIFE: dict[Flavor, int] = {"edge": 63_072_000_000, "x": 2_592_000_000}
"""Without RefreshTokenExpiresIn: two years, 30 days."""


def parse_lifetime(text: str) -> int:
    """Milliseconds of ExpiresIn and its like: a positive whole number, or -1 for never."""
    try:
        life = int(text)
    except ValueError:
        raise ValueError("is not a whole number of milliseconds") from None
    if life <= 0 and life != NEVER:
        raise ValueError("is neither a positive number of milliseconds nor -1 (never)")
    return life


def expiry(issued_at: int, life: int) -> int:
    """The moment in milliseconds when a token that lives `life` ends; -1 for never."""
    return NEVER if life == NEVER else issued_at + life


def seconds_left(expires_at: int, now: int) -> int:
    """Whole seconds until `expires_at` (both in milliseconds), 0 for a life without end.

    At least a millisecond has passed since the issue when a client can look: a token
    that lives 3600000 ms has 3599 seconds right after it was issued.
    """
    if expires_at == NEVER:
        return 0
    return max(0, (expires_at - now - 1) // 1000)
