"""Opaque Bearer tokens of administrators, kept in memory as keyed hashes.

They end with the process: clients sign in again, as after an expiry.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

ACCESS_SECONDS = 1800
REFRESH_SECONDS = 12 * 3600
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Issued:
    """A pair of tokens in clear, to be shown once. `expires_in` is in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class _Session:
    user: str
    kind: str
    expires_at: float


class Sessions:
    """Tokens by hash. `now` is in seconds; the oldest give way beyond 10,000."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._key = secrets.token_bytes(32)
        self._sessions: OrderedDict[bytes, _Session] = OrderedDict()

    def issue(self, user: str) -> Issued:
        return Issued(
            self._new(user, "access", ACCESS_SECONDS),
            self._new(user, "refresh", REFRESH_SECONDS),
            ACCESS_SECONDS - 1,
        )

    def user_of(self, access_token: str) -> str | None:
        """The administrator of a valid access token."""
        session = self._valid(access_token, "access")
        return session.user if session is not None else None

    def refresh(self, refresh_token: str) -> Issued | None:
        """A new pair for a refresh token, which is used up."""
        session = self._valid(refresh_token, "refresh")
        if session is None:
            return None
        del self._sessions[self._hash(refresh_token)]
        return self.issue(session.user)

    def forget(self, user: str) -> None:
        """End all sessions of `user`: the password was changed."""
        for token, session in list(self._sessions.items()):
            if session.user == user:
                del self._sessions[token]

    def _new(self, user: str, kind: str, seconds: int) -> str:
        token = secrets.token_urlsafe(32)
        self._sessions[self._hash(token)] = _Session(user, kind, self._now() + seconds)
        if len(self._sessions) > _REMEMBERED:
            self._sessions.popitem(last=False)
        return token

    def _valid(self, token: str, kind: str) -> _Session | None:
        session = self._sessions.get(self._hash(token))
        if session is None or session.kind != kind or session.expires_at <= self._now():
            return None
        return session

    def _hash(self, token: str) -> bytes:
        content = token.encode(errors="surrogateescape")
        return hashlib.blake2b(content, key=self._key, digest_size=32).digest()
