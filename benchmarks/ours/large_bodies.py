"""How much the gateway grows while 1 GiB passes through a streaming proxy."""

from __future__ import annotations

import http.client
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.ours.bundles import streaming
from benchmarks.ours.server import Gateway, archive, start_gateway
from benchmarks.processes import LOAD_CORE, free_port, start, wait_for_port
from benchmarks.report import Figure
from benchmarks.subject import Tell

MIB = 1024 * 1024
SIZE = 1024 * MIB
CHUNK = b"x" * 65536
HOST = "sink.example.com"


def measure(folder: Path, tell: Tell) -> list[Figure]:
    """Upload and download 1 GiB; the growth of the process's peak memory."""
    port = free_port()
    sink = start(
        [sys.executable, "-m", "benchmarks.ours.sink", str(port)], folder / "sink.log", LOAD_CORE
    )
    with sink:
        wait_for_port(sink, port)
        gateway = start_gateway(folder, targets={HOST: port})
        with gateway.process:
            files = streaming("large", "/large", f"http://{HOST}")
            gateway.deploy("large", gateway.import_bundle("large", archive(files)))
            assert gateway.fetch("/large/?bytes=10") == (200, b"x" * 10)
            return [
                _growth(gateway, "1 GiB up", upload, tell),
                _growth(gateway, "1 GiB down", download, tell),
            ]


def _growth(gateway: Gateway, what: str, transfer: Callable[[Gateway], int], tell: Tell) -> Figure:
    before = gateway.process.memory()
    gateway.process.forget_peak()
    begun = time.perf_counter()
    moved = transfer(gateway)
    seconds = time.perf_counter() - begun
    if moved != SIZE:
        raise OSError(f"{what}: {moved} bytes arrived instead of {SIZE}")
    growth = gateway.process.peak_memory() - before
    tell(f"{what}: {growth / MIB:.1f} MiB, {SIZE / MIB / seconds:.0f} MiB/s")
    return Figure(f"growth of memory, {what}", f"{growth / MIB:.1f} MiB", "less than 64 MiB")


def upload(gateway: Gateway) -> int:
    """POST 1 GiB; how many bytes the target counted."""
    connection = http.client.HTTPConnection("127.0.0.1", gateway.data_port, timeout=300)
    body = (CHUNK for _ in range(SIZE // len(CHUNK)))
    connection.request("POST", "/large/", body, {"Content-Length": str(SIZE)})
    return int(connection.getresponse().read())


def download(gateway: Gateway) -> int:
    """GET 1 GiB; how many bytes came."""
    connection = http.client.HTTPConnection("127.0.0.1", gateway.data_port, timeout=300)
    connection.request("GET", f"/large/?bytes={SIZE}")
    answer, total = connection.getresponse(), 0
    while data := answer.read(1 << 18):
        total += len(data)
    return total
