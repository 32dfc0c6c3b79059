"""Ports that know nobody: what a bundle is compiled with when nothing will run."""

from __future__ import annotations

from gateway.ports.clock import SystemClock
from gateway.ports.identity import UNKNOWN, Credential, Unknown
from gateway.ports.services import Services
from gateway.ports.tokens import NewToken, Token


class _NoCredentials:
    def peek(self, consumer_key: str) -> Credential | Unknown | None:
        return UNKNOWN

    async def load(self, consumer_key: str) -> Credential | None:
        return None


class _NoTokens:
    def peek(self, access_token: str) -> Token | Unknown | None:
        return UNKNOWN

    async def load(self, access_token: str) -> Token | None:
        return None

    async def load_by_refresh_token(self, refresh_token: str) -> Token | None:
        return None

    async def issue(self, token: NewToken) -> None:
        raise NotImplementedError("nothing is issued offline")

    async def refresh(self, refresh_token: str, token: NewToken) -> bool:
        return False

    async def set_status(self, token: str, kind: str, status: str, cascade: bool) -> bool:
        return False


def offline_services() -> Services:
    """Services for `gateway check`."""
    return Services(SystemClock(), _NoCredentials(), _NoTokens())
