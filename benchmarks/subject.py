"""What is measured: the gateway or a peer, behind one small interface."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmarks.processes import Started
from benchmarks.workload import Workload


@dataclass(frozen=True, slots=True)
class Serving:
    """A subject that does W now."""

    process: Started
    url: str
    tokens: Path
    """The file of tokens that it accepts."""


Tell = Callable[[str], None]
"""Tells whoever waits what goes on, one line at a time."""


class Subject(Protocol):
    """A module in peers/ or ours/ defines one or more of these."""

    @property
    def name(self) -> str:
        """As it stands in the table."""

    @property
    def checks_tokens(self) -> bool:
        """Whether it refuses a token that it does not know."""

    def missing(self) -> str | None:
        """Why it cannot run here, or None."""

    def start(self, work: Workload) -> Serving:
        """Start it on the subject's core. Raises `DidNotStart`."""
