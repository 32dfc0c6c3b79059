"""Fixtures for tests that need a running gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.live import Backend, Live, running_backend, running_gateway


@pytest.fixture
async def backend() -> AsyncIterator[Backend]:
    async with running_backend() as found:
        yield found


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Live]:
    async with running_gateway(tmp_path / "data") as found:
        yield found
