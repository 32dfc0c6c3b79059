"""What one more AssignMessage step costs: the slope of CPU per request over 20 steps."""

from __future__ import annotations

from pathlib import Path

from benchmarks.ours.bundles import with_headers
from benchmarks.ours.server import TARGET_HOST, archive, start_gateway
from benchmarks.report import Figure
from benchmarks.rounds import interleave, middle
from benchmarks.subject import Serving, Tell
from benchmarks.workload import workload, write_tokens

STEPS = (0, 5, 10, 15, 20)
ROUNDS, SECONDS = 3, 3


def measure(folder: Path, tell: Tell) -> list[Figure]:
    """One gateway, one proxy for each number of steps, loaded in turns."""
    with workload(folder) as work:
        gateway = start_gateway(folder, targets={TARGET_HOST: work.upstream_port})
        tokens = write_tokens(("none",), folder / "tokens")
        with gateway.process:
            servings = {}
            for steps in STEPS:
                name = f"steps-{steps}"
                files = with_headers(name, f"/{name}", f"http://{TARGET_HOST}", steps)
                gateway.deploy(name, gateway.import_bundle(name, archive(files)))
                url = f"{gateway.url}/{name}/forecastrss"
                servings[f"{steps} steps"] = Serving(gateway.process, url, tokens)
            samples = interleave(
                servings, work, rounds=ROUNDS, seconds=SECONDS, header_counts=(0,), tell=tell
            )
    cpu = [middle(samples[f"{steps} steps", 0]).cpu_us for steps in STEPS]
    return [
        Figure("one more AssignMessage step", f"{slope(STEPS, cpu):.2f} us", "at most 1 us"),
        Figure("CPU per request without a step", f"{cpu[0]:.1f} us"),
    ]


def slope(xs: tuple[int, ...], ys: list[float]) -> float:
    """The least-squares slope of ys over xs."""
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    over = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True))
    return over / sum((x - mean_x) ** 2 for x in xs)
