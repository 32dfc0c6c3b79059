"""The gateway: as a subject of W, and the measurements that have no peer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from benchmarks.ours import deployments, large_bodies, memory, steps
from benchmarks.ours.weather import OurGateway
from benchmarks.report import Figure
from benchmarks.subject import Subject, Tell

OURS: tuple[Subject, ...] = (
    OurGateway(),
    OurGateway("gateway, access log", with_access_log=True),
)

MEASUREMENTS: dict[str, Callable[[Path, Tell], list[Figure]]] = {
    "memory": memory.measure,
    "deployments": deployments.measure,
    "steps": steps.measure,
    "streaming": large_bodies.measure,
}
"""By the name that `--only` takes. Each gets a folder of its own."""
