"""Tokens as rows: hashes instead of the tokens themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.ports.identity import APPROVED, Attributes, Credential
from gateway.ports.tokens import NewToken, Token
from gateway.store.bounded import Shared
from gateway.store.repository import Row, as_attributes, as_json

KEEP_EXPIRED_MS = 24 * 3600 * 1000
"""Expired tokens stay a day, so that their fault is access_token_expired."""
_NEVER = 2**62

_shared_text: Shared[str] = Shared()
_shared_names: Shared[tuple[str, ...]] = Shared()
_shared_attributes: Shared[Attributes] = Shared()


def row_of(
    token: NewToken, organization: str, token_hash: Callable[[str], bytes]
) -> dict[str, Any]:
    """The columns of a new token, without its id."""
    refresh_token = token.refresh_token
    return {
        "organization": organization,
        "access_hash": token_hash(token.access_token),
        "refresh_hash": None if refresh_token is None else token_hash(refresh_token),
        "consumer_key": token.consumer_key,
        "app_id": token.app_id,
        "end_user": token.end_user,
        "status": APPROVED,
        "issued_at": token.issued_at,
        "expires_at": token.expires_at,
        "refresh_status": APPROVED,
        "refresh_issued_at": token.refresh_issued_at,
        "refresh_expires_at": token.refresh_expires_at,
        "refresh_count": token.refresh_count,
        "purge_at": _purge_at(token),
        "scope": token.scope,
        "products": list(token.products),
        "grant_type": token.grant_type,
        "attributes": as_json(token.attributes),
        "hidden_attributes": as_json(token.hidden_attributes),
    }


def token_of(row: Row, credential: Credential | None) -> Token:
    """A row as the data path sees it; equal texts and lists are one object."""
    return Token(
        token_id=row["id"],
        status=_shared_text(row["status"]),
        issued_at=row["issued_at"],
        expires_at=row["expires_at"],
        scope=_shared_text(row["scope"]),
        products=_shared_names(tuple(row["products"])),
        grant_type=_shared_text(row["grant_type"]),
        attributes=_shared_attributes(as_attributes(row["attributes"])),
        hidden_attributes=_shared_attributes(as_attributes(row["hidden_attributes"])),
        end_user=row["end_user"],
        refresh_issued_at=row["refresh_issued_at"],
        refresh_expires_at=row["refresh_expires_at"],
        refresh_status=_shared_text(row["refresh_status"]),
        refresh_count=row["refresh_count"],
        consumer_key=row["consumer_key"] if credential is None else credential.consumer_key,
        credential=credential,
    )


def _purge_at(token: NewToken) -> int:
    last = _NEVER if token.expires_at < 0 else token.expires_at
    if token.refresh_token is not None:
        last = max(last, _NEVER if token.refresh_expires_at < 0 else token.refresh_expires_at)
    return last if last == _NEVER else last + KEEP_EXPIRED_MS
