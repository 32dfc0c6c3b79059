"""Consumer keys as the policies look them up, compare and judge them."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from gateway.flow.faults import Fault
from gateway.policies import oauth_faults
from gateway.ports.identity import ACTIVE, APPROVED, Credential, Credentials

_MAX_KEY = 2048
_NO_SECRET = "x" * 64
"""Compared where there is no credential, so that both answers take the same time."""


@dataclass(frozen=True, slots=True)
class StandingFaults:
    """What to raise when a known key must not be used."""

    key_not_approved: Fault = oauth_faults.KEY_NOT_APPROVED
    key_expired: Fault = oauth_faults.KEY_EXPIRED
    app_not_approved: Fault = oauth_faults.APP_NOT_APPROVED
    developer_not_active: Fault = oauth_faults.DEVELOPER_NOT_ACTIVE


def is_storable(value: str) -> bool:
    """False for what no key or token can be and no store need be asked for: an empty or
    huge text, control characters, bytes that were no UTF-8."""
    return 0 < len(value) <= _MAX_KEY and value.isprintable()


async def find_credential(credentials: Credentials, consumer_key: str) -> Credential | None:
    """The credential of a key that a client sent; None when there is none."""
    if not is_storable(consumer_key):
        return None
    found = credentials.peek(consumer_key)
    if found is None:
        return await credentials.load(consumer_key)
    return found if isinstance(found, Credential) else None


def has_secret(credential: Credential | None, secret: str) -> bool:
    """Compare secrets in constant time, also when there is nothing to compare with."""
    expected = _NO_SECRET if credential is None else credential.consumer_secret
    same = hmac.compare_digest(_bytes(expected), _bytes(secret))
    return same and credential is not None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def has_expired(expires_at: int, now: int) -> bool:
    """Both in milliseconds; an expiry of -1 never comes."""
    return -1 < expires_at <= now


def check_standing(credential: Credential, now: int, faults: StandingFaults) -> None:
    """Raise the first of `faults` that applies: key, its expiry, app, developer."""
    if credential.status != APPROVED:
        raise faults.key_not_approved()
    if has_expired(credential.expires_at, now):
        raise faults.key_expired()
    if credential.app.status != APPROVED:
        raise faults.app_not_approved()
    if credential.developer.status != ACTIVE:
        raise faults.developer_not_active()
