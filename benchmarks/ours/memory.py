"""Memory and start-up time, empty and with 1, 100 and 1,000 deployed proxies."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

from benchmarks.ours.server import EXAMPLE, Gateway, archive_of, start_gateway
from benchmarks.report import Figure
from benchmarks.subject import Tell

COUNTS = (1, 100, 1_000)
STARTS = 5
MIB = 1024 * 1024


def measure(folder: Path, tell: Tell) -> list[Figure]:
    """Deploy copies of weatherapi, read the memory, then start again on that database."""
    begun = time.perf_counter()
    gateway = start_gateway(folder)
    figures = [Figure("first start, new database", f"{time.perf_counter() - begun:.2f} s")]
    with gateway.process:
        figures.append(_memory(gateway, "0 proxies"))
        deployed = 0
        for count in COUNTS:
            tell(f"deploying up to {count} proxies ...")
            while deployed < count:
                deployed += 1
                name = f"weather-{deployed}"
                bundle = archive_of(EXAMPLE, {">/weather<": f">/{name}<"})
                gateway.deploy(name, gateway.import_bundle(name, bundle))
            figures.append(_memory(gateway, f"{count:,} {'proxy' if count == 1 else 'proxies'}"))
    starts = []
    for _ in range(STARTS):
        begun = time.perf_counter()
        with start_gateway(folder).process as process:
            starts.append(time.perf_counter() - begun)
            after_start = process.memory()
    figures.append(
        Figure(f"exec to healthy, {COUNTS[-1]:,} proxies", f"{median(starts):.2f} s", "1.5 s")
    )
    figures.append(Figure("memory after such a start", f"{after_start / MIB:.0f} MiB"))
    return figures


def _memory(gateway: Gateway, with_what: str) -> Figure:
    return Figure(f"memory, {with_what}", f"{gateway.process.memory() / MIB:.0f} MiB")
