"""A running gateway for the commands, and a way to run them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from tests.live import PASSWORD, Live, running_gateway


@dataclass
class Commands:
    """Runs `gateway ...` against a gateway, as a person would type it."""

    live: Live

    async def __call__(self, *words: str, code: int = 0, **environment: str) -> Result:
        variables = {
            "GATEWAY_SERVER": self.live.management_url,
            "GATEWAY_ADMIN_PASSWORD": PASSWORD,
            **environment,
        }
        result = await asyncio.to_thread(CliRunner().invoke, main, words, env=variables)
        assert result.exit_code == code, result.output
        return result

    async def json(self, *words: str) -> Any:
        return json.loads((await self(*words, "--json")).stdout)


@pytest.fixture
async def commands(tmp_path: Path) -> AsyncIterator[Commands]:
    async with running_gateway(tmp_path / "data") as live:
        yield Commands(live)
