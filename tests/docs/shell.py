"""One shell per page: blocks run in order, servers in the background, ports of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PORTS = ("9001", "9002", "8080", "9100")
"""Ports that the pages name. Each page gets free ones instead, so that the test disturbs
nothing and pages can run side by side."""

SECONDS = 60.0
"""How long a block, or the start of a server, may take."""

NEEDED = (".venv", "Makefile", "bundles", "examples", "gateway", "pyproject.toml",
          "requirements.lock", "docs", "benchmarks", "tools", "README.md")  # fmt: skip


class CommandFailed(AssertionError):
    """A block failed; the message holds what it printed."""


class Shell:
    """Bash in a folder that looks like a checkout, but whose new files are thrown away."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in NEEDED:
            if (ROOT / name).exists():
                (folder / name).symlink_to(ROOT / name)
        self.ports = dict(zip(PORTS, _free_ports(len(PORTS)), strict=True))
        self.background: list[subprocess.Popen[bytes]] = []
        self.logs = 0
        self.state = folder / ".state"
        self.state.write_text("")

    def run(self, text: str) -> str:
        """Run a block; what it printed. Variables stay set for the next one. Raises
        `CommandFailed` when a command fails."""
        script = f"set -euo pipefail\n. ./.state\n{self._local(text)}\n{_SAVE}"
        finished = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            check=False,
        )
        output = self._public(finished.stdout.decode(errors="replace"))
        if finished.returncode != 0:
            raise CommandFailed(f"exit code {finished.returncode}:\n{output}")
        return output

    def start(self, text: str, until: str) -> None:
        """Start a block and wait until it prints `until`."""
        self.logs += 1
        log = self.folder / f".background{self.logs}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["bash", "-c", f"set -euo pipefail\n. ./.state\n{self._local(text)}"],
                cwd=self.folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.background.append(process)
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            if until.encode() in log.read_bytes():
                return
            if process.poll() is not None:
                break
            time.sleep(0.05)
        raise CommandFailed(f"it never printed '{until}':\n{log.read_text(errors='replace')}")

    def close(self) -> None:
        """End what was started, the last first."""
        for process in reversed(self.background):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        for process in reversed(self.background):
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if "GATEWAY" not in name}
        at = {name: f"127.0.0.1:{port}" for name, port in self.ports.items()}
        return kept | {
            "GATEWAY_ENV": f"test={at['9001']} prod={at['9002']}",
            "GATEWAY_MANAGEMENT": at["8080"],
            "GATEWAY_SERVER": f"http://{at['8080']}",
            "GATEWAY_PROFILES": "/dev/null",
            "GATEWAY_QUICKSTART_BACKEND": at["9100"],
            "NO_COLOR": "1",
        }

    def _local(self, text: str) -> str:
        for public, local in self.ports.items():
            text = text.replace(f"127.0.0.1:{public}", f"127.0.0.1:{local}")
        return text

    def _public(self, text: str) -> str:
        for public, local in self.ports.items():
            text = text.replace(f"127.0.0.1:{local}", f"127.0.0.1:{public}")
        return text


# Without functions, options and read-only variables: what a reader's shell would keep.
_SAVE = 'declare -p | grep -E "^declare -[-x]+ [A-Z_]+=" >./.state || true\n'


def _free_ports(count: int) -> list[str]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [str(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports
