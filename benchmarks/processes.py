"""Pinned processes, and what /proc says about them."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
"""Ticks of utime and stime per second."""

SUBJECT_CORE = 0
"""The core of the gateway or of the peer that is measured, and of nothing else."""

LOAD_CORE = 1 if (os.cpu_count() or 1) > 1 else 0
"""The core of the load generator and of the upstream."""


class DidNotStart(RuntimeError):
    """A process ended, or did not answer in time; the message holds its output."""


@dataclass(slots=True)
class Started:
    """A running process with its children, pinned to one core."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def cpu_seconds(self) -> float:
        """User and system time of the process and of all its descendants so far."""
        return sum(_ticks(pid) for pid in _family(self.pid)) / TICKS

    def memory(self) -> int:
        """Resident bytes of the process and of all its descendants."""
        return sum(_status_bytes(pid, "VmRSS") for pid in _family(self.pid))

    def peak_memory(self) -> int:
        """The most resident bytes of the process itself since `forget_peak`."""
        return _status_bytes(self.pid, "VmHWM")

    def forget_peak(self) -> None:
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def output(self) -> str:
        """The last lines it printed."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(lines[-20:])

    def stop(self) -> None:
        """SIGTERM, then SIGKILL after 10 seconds; to this process only."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __enter__(self) -> Started:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(
    command: list[str], log: Path, core: int, environment: dict[str, str] | None = None
) -> Started:
    """Run `command` on one core, its output in `log`."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["taskset", "-c", str(core), *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
        )
    return Started(process, log)


def free_port() -> int:
    """A port of the loopback interface that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(started: Started, port: int, seconds: float = 20.0) -> None:
    """Return when something listens on the port. Raises `DidNotStart`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if started.process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    started.stop()
    raise DidNotStart(f"nothing listens on port {port}:\n{started.output()}")


def _family(pid: int) -> list[int]:
    """The process and its descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                children.setdefault(int(_stat(int(entry.name))[1]), []).append(int(entry.name))
    family, found = [], [pid]
    while found:
        family.append(found.pop())
        found += children.get(family[-1], [])
    return family


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat behind the command's name: state, ppid, ..."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _ticks(pid: int) -> int:
    try:
        fields = _stat(pid)
    except OSError:
        return 0
    return int(fields[11]) + int(fields[12])


def _status_bytes(pid: int, field: str) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(f"{field}:"):
                return int(line.split()[1]) * 1024
    return 0
