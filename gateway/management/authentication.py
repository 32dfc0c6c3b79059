"""Who calls: HTTP Basic of administrators, or a Bearer token of `POST /oauth/token`.

Checking a password costs a tenth of a second of argon2id, so a success is remembered by
a keyed hash for five minutes, and wrong ones are limited (`attempts`). A changed password
ends both at once. Source: reference/runtime/management-api.md section 0.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from gateway.management.attempts import Attempts
from gateway.management.errors import ApiError
from gateway.management.sessions import Sessions

Verify = Callable[[str, str], Awaitable[bool]]
"""(user, password) -> whether they are an administrator's."""

CHALLENGE = {"WWW-Authenticate": 'Basic realm="gateway"'}
REMEMBERED_SECONDS = 300.0
_REMEMBERED = 1_000
_CHECKS_AT_ONCE = 2
MAX_CREDENTIALS = 1024


def unauthorized(message: str = "Authentication failed") -> ApiError:
    return ApiError(401, "management.Unauthorized", message, headers=CHALLENGE)


def too_many_attempts(seconds: int) -> ApiError:
    return ApiError(
        429,
        "management.TooManyFailedAttempts",
        f"Too many failed attempts to sign in, try again in {seconds} s",
        headers={"Retry-After": str(seconds)},
    )


class Authentication:
    """The administrators' door. `now` is in seconds."""

    def __init__(self, verify: Verify, now: Callable[[], float]) -> None:
        self.sessions = Sessions(now)
        self._verify = verify
        self._now = now
        self._attempts = Attempts(now)
        self._checks = asyncio.Semaphore(_CHECKS_AT_ONCE)
        self._key = secrets.token_bytes(32)
        self._known: OrderedDict[str, tuple[bytes, float]] = OrderedDict()
        self._generation = 0

    async def user(self, authorization: str | None, address: str) -> str:
        """The administrator that an Authorization header names. Raises `ApiError` 401
        or 429."""
        if not authorization:
            raise unauthorized("Authentication is required")
        scheme, _, credentials = authorization.strip().partition(" ")
        if scheme.lower() == "basic":
            user, password = _basic(credentials)
            await self.check(user, password, address)
            return user
        if scheme.lower() == "bearer":
            bearer = self.sessions.user_of(credentials.strip())
            if bearer is not None:
                return bearer
        raise unauthorized()

    async def check(self, user: str, password: str, address: str) -> None:
        """Raises `ApiError` unless these are an administrator's name and password."""
        if len(user) + len(password) > MAX_CREDENTIALS:
            raise unauthorized()
        proof = self._proof(user, password)
        if self._is_known(user, proof):
            return
        if wait := self._attempts.begin(address, user):
            raise too_many_attempts(wait)
        generation = self._generation
        async with self._checks:
            right = self._is_known(user, proof) or await self._verify(user, password)
        if not right:
            raise unauthorized()
        self._attempts.succeeded(address, user)
        if generation == self._generation:
            self._remember(user, proof)

    def forget(self, user: str) -> None:
        """Drop what is remembered of `user`: the password was changed or removed."""
        self._generation += 1
        self._known.pop(user, None)
        self.sessions.forget(user)

    def _proof(self, user: str, password: str) -> bytes:
        content = f"{len(user)}:{user}:{password}".encode()
        return hashlib.blake2b(content, key=self._key, digest_size=32).digest()

    def _is_known(self, user: str, proof: bytes) -> bool:
        known = self._known.get(user)
        return known is not None and known[1] > self._now() and hmac.compare_digest(known[0], proof)

    def _remember(self, user: str, proof: bytes) -> None:
        self._known[user] = (proof, self._now() + REMEMBERED_SECONDS)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)


def _basic(credentials: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(credentials.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        raise unauthorized("The Authorization header is not valid") from None
    user, colon, password = text.partition(":")
    if not colon or not user:
        raise unauthorized("The Authorization header is not valid")
    return user, password
