"""A gateway process with an empty database, and its management API as calls.

Only what docs/reference/cli.md and docs/reference/management-api.md promise is used here.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.processes import SUBJECT_CORE, DidNotStart, Started, free_port, start

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "weatherapi" / "weatherapi"
PROGRAM = ROOT / ".venv" / "bin" / "gateway"
USER, PASSWORD = "admin", "only-for-this-benchmark"
TARGET_HOST = "weather.example.com"
"""The target's host in examples/weatherapi."""


@dataclass(slots=True)
class Gateway:
    """A gateway that serves environment `test` of organization `demo`."""

    process: Started
    data_port: int
    management_port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.data_port}"

    def call(
        self, method: str, path: str, body: Any = None, media_type: str = "application/json"
    ) -> Any:
        """Call the management API below /v1/organizations/demo; the parsed answer.
        Raises `urllib.error.HTTPError`."""
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.management_port}/v1/organizations/demo{path}",
            data=b"" if content is None and method == "POST" else content,
            method=method,
            headers={"Content-Type": media_type, "Authorization": _basic(USER, PASSWORD)},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if text.strip() else None

    def import_bundle(self, name: str, archive: bytes) -> int:
        """Import a new revision; its number."""
        answer = self.call(
            "POST", f"/apis?action=import&name={name}", archive, "application/octet-stream"
        )
        return int(answer["revision"])

    def deploy(self, name: str, revision: int) -> None:
        """Deploy to `test` in place of any other revision."""
        place = f"/environments/test/apis/{name}/revisions/{revision}/deployments"
        self.call("POST", f"{place}?override=true")

    def fetch(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        """GET from the data listener: status and body."""
        request = urllib.request.Request(self.url + path, headers=dict(headers or {}))
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


def missing() -> str | None:
    """Why no gateway can be started here."""
    return None if PROGRAM.exists() else f"{PROGRAM} does not exist; run 'make bench'"


def start_gateway(
    folder: Path,
    *,
    targets: Mapping[str, int] | None = None,
    access_log: str = "off",
    seconds: float = 60,
) -> Gateway:
    """Run `gateway serve` on the subject's core; return when /healthz answers 200.

    folder: holds the data directory; start twice with the same one to keep the database.
    targets: host of a target -> port of the loopback interface to call instead.
    Raises `DidNotStart`.
    """
    data_port, prod_port, management_port = free_port(), free_port(), free_port()
    command = [str(PROGRAM), "serve", "--data-dir", str(folder / "data")]
    command += ["--env", f"test=127.0.0.1:{data_port}", "--env", f"prod=127.0.0.1:{prod_port}"]
    command += ["--management", f"127.0.0.1:{management_port}", "--access-log", access_log]
    for host, port in (targets or {}).items():
        command += ["--connect-to", f"{host}=127.0.0.1:{port}"]
    process = start(
        command,
        folder / "gateway.log",
        SUBJECT_CORE,
        {"GATEWAY_ADMIN_USER": USER, "GATEWAY_ADMIN_PASSWORD": PASSWORD},
    )
    wait_for_health(process, management_port, seconds)
    return Gateway(process, data_port, management_port)


def wait_for_health(process: Started, port: int, seconds: float) -> None:
    """Return when /healthz answers 200. Raises `DidNotStart`."""
    url = f"http://127.0.0.1:{port}/healthz"
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:
            if answer.status == 200:
                return
        time.sleep(0.005)
    process.stop()
    raise DidNotStart(f"gateway serve did not become healthy:\n{process.output()}")


def archive_of(folder: Path, replace: Mapping[str, str] | None = None) -> bytes:
    """The ZIP of a bundle's folder; `replace` maps texts of its files to others."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                text = path.read_text(encoding="utf-8")
                for old, new in (replace or {}).items():
                    text = text.replace(old, new)
                archive.writestr(str(path.relative_to(folder)).replace(os.sep, "/"), text)
    return content.getvalue()


def archive(files: Mapping[str, str]) -> bytes:
    """The ZIP of a bundle given as path below apiproxy/ -> text."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as written:
        for path, text in files.items():
            written.writestr(f"apiproxy/{path}", text)
    return content.getvalue()


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
