"""The work W: verify a token, strip Authorization, proxy to a local nginx, 300 bytes back."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import string
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import LOAD_CORE, Started, free_port, start, wait_for_port

PATH = "/weather/forecastrss?w=12797282"
"""What clients ask for; the target sees `/forecastrss?w=12797282`."""

ANSWER = "<rss>" + "sun and rain, " * 20 + "wind" + "</rss>" + "\\n" * 5
"""300 bytes of body, written as an nginx string."""

TOKENS = 10_000

NGINX_FRAME = """\
{user}worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
{modules}
events {{ worker_connections 4096; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 3600s;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
{http}
}}
"""


@dataclass(frozen=True, slots=True)
class Workload:
    """What every subject is given."""

    folder: Path
    """For files; each subject makes a folder of its own below it."""
    upstream_port: int
    tokens: tuple[str, ...]
    """The tokens that a peer accepts. The gateway issues its own."""

    def folder_of(self, name: str) -> Path:
        folder = self.folder / "".join(c if c.isalnum() else "-" for c in name)
        folder.mkdir(exist_ok=True)
        return folder


def write_tokens(tokens: tuple[str, ...], path: Path) -> Path:
    """One token a line, for the load generator."""
    path.write_text("".join(f"{token}\n" for token in tokens))
    return path


def start_nginx(folder: Path, http: str, port: int, core: int, modules: str = "") -> Started:
    """Run nginx with one worker on `core`; `http` is the content of its http block."""
    config = folder / "nginx.conf"
    user = "user root;\n" if os.geteuid() == 0 else ""
    config.write_text(NGINX_FRAME.format(folder=folder, user=user, modules=modules, http=http))
    started = start(["nginx", "-p", str(folder), "-c", str(config)], folder / "nginx.log", core)
    wait_for_port(started, port)
    return started


@contextlib.contextmanager
def workload(folder: Path) -> Iterator[Workload]:
    """Start the upstream; stop it at the end."""
    if shutil.which("nginx") is None:
        raise FileNotFoundError("nginx, the upstream, is not installed; run 'make bench-peers'")
    dice = random.Random(1)
    letters = string.ascii_letters + string.digits
    tokens = tuple("".join(dice.choices(letters, k=28)) for _ in range(TOKENS))
    port = free_port()
    upstream = folder / "upstream"
    upstream.mkdir()
    server = f"""
  server {{
    listen 127.0.0.1:{port};
    default_type application/rss+xml;
    location / {{ return 200 "{ANSWER}"; }}
  }}"""
    with start_nginx(upstream, server, port, LOAD_CORE):
        yield Workload(folder, port, tokens)
