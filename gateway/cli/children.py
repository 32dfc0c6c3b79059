"""Processes that a command starts and stops again: the quickstart's gateway and backend."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import click

_START_SECONDS = 30.0
_STOP_SECONDS = 10.0


def start(
    running: contextlib.ExitStack,
    words: list[str],
    output: Path,
    environment: dict[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Run Python with `words` until `running` is closed. What it prints goes to `output`."""
    file = running.enter_context(output.open("wb"))
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, *words],
        stdout=file,
        stderr=subprocess.STDOUT,
        env=environment,
        # Ctrl-C is for us: we stop them in our own order.
        start_new_session=True,
    )
    running.callback(_stop, process)
    return process


def without_settings(**settings: str) -> dict[str, str]:
    """Our environment, in which only `settings` speak to a gateway."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    return kept | settings


def wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Raises ClickException with what the process printed when it does not get there."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise click.ClickException(f"the gateway did not start:\n{log.read_text(errors='replace')}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
