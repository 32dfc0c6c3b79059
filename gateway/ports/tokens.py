"""Opaque OAuth tokens as the data path sees them (reference/policies/OAuthV2.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gateway.ports.identity import Attributes, Credential, Unknown


@dataclass(frozen=True, slots=True)
class NewToken:
    """What a policy asks the store to keep. Values of tokens arrive in clear and are
    stored as keyed hashes. Times are milliseconds; -1 means never."""

    access_token: str
    issued_at: int
    expires_at: int
    consumer_key: str
    app_id: str
    scope: str
    """Space separated."""
    products: tuple[str, ...]
    """Names of the API products at the time of issue."""
    grant_type: str
    attributes: Attributes = ()
    hidden_attributes: Attributes = ()
    """Stored, not shown in the answer (display=false)."""
    end_user: str | None = None
    refresh_token: str | None = None
    refresh_issued_at: int = 0
    refresh_expires_at: int = 0
    refresh_count: int = 0


@dataclass(frozen=True, slots=True)
class Token:
    """An access token (or the refresh token of a grant) with its live credential."""

    token_id: int
    status: str
    """`approved` or `revoked`."""
    issued_at: int
    expires_at: int
    scope: str
    products: tuple[str, ...]
    grant_type: str
    attributes: Attributes
    hidden_attributes: Attributes
    end_user: str | None
    refresh_issued_at: int
    refresh_expires_at: int
    """0: the grant has no refresh token; -1: never expires."""
    refresh_status: str
    refresh_count: int
    consumer_key: str
    credential: Credential | None
    """None once the key or its app was deleted. As of now, never as of the issue."""


class TokenStore(Protocol):
    """Tokens of one organization, valid in all its environments.

    Every `await` that changes something returns after the change is durable (group
    commit) and visible to every later `peek` and `load`.
    """

    def peek(self, access_token: str) -> Token | Unknown | None:
        """The token when memory knows it; `UNKNOWN` when memory knows that there is
        none (cached briefly, bounded); None when only the store can tell: `load`."""
        ...

    async def load(self, access_token: str) -> Token | None: ...

    async def load_by_refresh_token(self, refresh_token: str) -> Token | None: ...

    async def issue(self, token: NewToken) -> None: ...

    async def refresh(self, refresh_token: str, token: NewToken) -> bool:
        """Replace the grant of `refresh_token` by `token`, at once: its old access
        token is gone and, unless `token.refresh_token` repeats it, the old refresh
        token too. False when another call was faster or it was revoked meanwhile."""
        ...

    async def set_status(self, token: str, kind: str, status: str, cascade: bool) -> bool:
        """Set the status of an access token (`kind` `accesstoken`) or refresh token
        (`refreshtoken`) to `approved` or `revoked`; with `cascade` its sibling's too.
        False when the token is unknown."""
        ...
