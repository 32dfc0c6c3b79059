"""How long from `gateway deploy` to the first answer of the new revision."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

from benchmarks.ours.bundles import answering
from benchmarks.ours.server import EXAMPLE, archive, archive_of, start_gateway
from benchmarks.report import Figure
from benchmarks.subject import Tell

TIMES = 20
OTHERS = 100
"""Proxies that are deployed already."""


def measure(folder: Path, tell: Tell) -> list[Figure]:
    """Medians of `TIMES` deployments of a small proxy, beside `OTHERS` that serve."""
    gateway = start_gateway(folder)
    deploys, imports = [], []
    with gateway.process:
        for number in range(OTHERS):
            name = f"weather-{number}"
            bundle = archive_of(EXAMPLE, {">/weather<": f">/{name}<"})
            gateway.deploy(name, gateway.import_bundle(name, bundle))
        for number in range(TIMES):
            text = f"revision {number}"
            started = time.perf_counter()
            revision = gateway.import_bundle("hello", archive(answering("hello", "/hello", text)))
            imported = time.perf_counter()
            gateway.deploy("hello", revision)
            while gateway.fetch("/hello")[1] != text.encode():
                time.sleep(0.0005)
            live = time.perf_counter()
            imports.append(imported - started)
            deploys.append(live - imported)
    tell(f"deploy to live: {[round(seconds * 1000) for seconds in deploys]} ms")
    return [
        Figure("import of a bundle", f"{median(imports) * 1000:.0f} ms"),
        Figure("deploy to live", f"{median(deploys) * 1000:.0f} ms", "under 100 ms"),
    ]
