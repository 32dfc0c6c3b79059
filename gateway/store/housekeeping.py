"""What the store does beside its work: expired tokens go, a few at a time."""

from __future__ import annotations

import asyncio
import logging

from gateway.store.errors import StoreError
from gateway.store.token_store import TokenRepository

_BATCH = 500
_PAUSE = 0.2
"""Seconds between batches, for the writers that wait."""
_REST = 60.0

logger = logging.getLogger("gateway.store")


async def purge_forever(tokens: TokenRepository) -> None:
    """Runs until it is cancelled."""
    while True:
        try:
            gone = await tokens.purge_expired(_BATCH)
        except StoreError as error:
            logger.warning("expired tokens could not be purged: %s", error)
            gone = 0
        await asyncio.sleep(_PAUSE if gone == _BATCH else _REST)
