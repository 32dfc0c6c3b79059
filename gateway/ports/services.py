"""The ports that the policies of one organization use, in one value."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.ports.clock import Clock
from gateway.ports.identity import Credentials
from gateway.ports.tokens import TokenStore


@dataclass(frozen=True, slots=True)
class Services:
    """What a policy may ask for. Tests give in-memory ones."""

    clock: Clock
    credentials: Credentials
    tokens: TokenStore
