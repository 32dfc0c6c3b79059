"""wrk as the load generator: many tokens, keep-alive connections, one thread.

wrk's own text output is rounded; a script prints the exact figures as JSON.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import LOAD_CORE

SCRIPT = """
local requests, last = {}, 0
function init(args)
  for token in io.lines(args[1]) do
    local headers = { ["Authorization"] = "Bearer " .. token }
    for number = 1, tonumber(args[2]) do
      headers["X-Extra-" .. number] = "a value of forty characters, or nearly so"
    end
    requests[#requests + 1] = wrk.format("GET", args[3], headers)
  end
end
function request()
  last = last % #requests + 1
  return requests[last]
end
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "failed": %d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What the load generator saw in one run."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    failed: int
    """Answers above 399, broken connections and timeouts."""


class LoadFailed(RuntimeError):
    """wrk could not run."""


def run(
    url: str,
    tokens: Path,
    seconds: float,
    *,
    folder: Path,
    extra_headers: int = 0,
    connections: int = 32,
) -> Load:
    """Send GET requests to `url` for `seconds`, each with the next token of the file."""
    script = folder / "load.lua"
    script.write_text(SCRIPT)
    origin, path = _split(url)
    command = ["taskset", "-c", str(LOAD_CORE), "wrk", "-t1", f"-c{connections}"]
    command += [f"-d{max(1, round(seconds))}s", "-s", str(script), origin]
    command += ["--", str(tokens), str(extra_headers), path]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise LoadFailed(f"{' '.join(command)}\n{finished.stdout}{finished.stderr}")
    return parse(finished.stdout)


def parse(output: str) -> Load:
    """Read the line that the script printed."""
    for line in output.splitlines():
        if line.startswith("RESULT "):
            result = json.loads(line.removeprefix("RESULT "))
            return Load(
                requests=result["requests"],
                seconds=result["microseconds"] / 1e6,
                p50_ms=result["p50"] / 1e3,
                p99_ms=result["p99"] / 1e3,
                failed=result["failed"],
            )
    raise LoadFailed(f"wrk printed no result:\n{output}")


def _split(url: str) -> tuple[str, str]:
    """`http://h:1/a?b` -> (`http://h:1`, `/a?b`)."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host}", slash + path
