"""nginx as a plain reverse proxy, and with a token check in Lua.

The Lua variant is the core of Kong and APISIX without their machinery: access_by_lua
looks the token up in a shared dictionary.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import SUBJECT_CORE, free_port
from benchmarks.subject import Serving
from benchmarks.workload import PATH, Workload, start_nginx, write_tokens

MODULES = Path("/usr/lib/nginx/modules")

SERVER = """
  {lua}
  upstream weather {{
    server 127.0.0.1:{upstream};
    keepalive 128;
    keepalive_requests 1000000000;
    keepalive_timeout 3600s;
  }}
  server {{
    listen 127.0.0.1:{port};
    location /weather/ {{
      {check}
      proxy_pass http://weather/;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Authorization "";
    }}
  }}"""

LOAD_TOKENS = """
  lua_shared_dict tokens 8m;
  init_by_lua_block {{
    local tokens = ngx.shared.tokens
    for token in io.lines("{file}") do tokens:set(token, "weatherapi") end
  }}"""

CHECK_TOKEN = """
      access_by_lua_block {
        local header = ngx.var.http_authorization
        local token = header and string.match(header, "^Bearer (.+)$")
        if not token or ngx.shared.tokens:get(token) ~= "weatherapi" then
          ngx.status = 401
          ngx.header["Content-Type"] = "application/json"
          ngx.print('{"fault":{"faultstring":"Invalid Access Token"}}')
          return ngx.exit(401)
        end
      }"""


@dataclass(frozen=True, slots=True)
class Nginx:
    """A reverse proxy that checks nothing: the floor."""

    name: str = "nginx, no check"
    checks_tokens: bool = False

    def missing(self) -> str | None:
        return None if shutil.which("nginx") else "nginx is not installed"

    def start(self, work: Workload) -> Serving:
        return _start(work, self.name, with_lua=False)


@dataclass(frozen=True, slots=True)
class NginxWithLua:
    """The same with the token check."""

    name: str = "nginx + Lua check"
    checks_tokens: bool = True

    def missing(self) -> str | None:
        if shutil.which("nginx") is None:
            return "nginx is not installed"
        if not (MODULES / "ngx_http_lua_module.so").exists():
            return "libnginx-mod-http-lua is not installed"
        return None

    def start(self, work: Workload) -> Serving:
        return _start(work, self.name, with_lua=True)


def _start(work: Workload, name: str, *, with_lua: bool) -> Serving:
    folder = work.folder_of(name)
    tokens = write_tokens(work.tokens, folder / "tokens")
    port = free_port()
    http = SERVER.format(
        lua=LOAD_TOKENS.format(file=tokens) if with_lua else "",
        check=CHECK_TOKEN if with_lua else "",
        upstream=work.upstream_port,
        port=port,
    )
    modules = ("ndk_http_module.so", "ngx_http_lua_module.so") if with_lua else ()
    lines = "\n".join(f"load_module {MODULES / module};" for module in modules)
    process = start_nginx(folder, http, port, SUBJECT_CORE, lines)
    return Serving(process, f"http://127.0.0.1:{port}{PATH}", tokens)
