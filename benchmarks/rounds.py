"""Interleaved rounds: every subject once per round, so that what else the machine does
falls on all of them alike; then medians."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from benchmarks import load
from benchmarks.subject import Serving, Tell
from benchmarks.workload import Workload


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of one subject."""

    cpu_us: float
    """User and system time per completed request, in microseconds."""
    rate: float
    """Completed requests per second."""
    p50_ms: float
    p99_ms: float
    busy: float
    """Share of its core that the subject used, 1.0 at most. Below 0.95 the load
    generator or the upstream was the bottleneck, or another process took the core."""
    failed: int


def measure(serving: Serving, work: Workload, seconds: float, extra_headers: int) -> Sample:
    """Load the subject for `seconds` and charge it its CPU time."""
    before = serving.process.cpu_seconds()
    result = load.run(
        serving.url, serving.tokens, seconds, folder=work.folder, extra_headers=extra_headers
    )
    used = serving.process.cpu_seconds() - before
    completed = max(result.requests, 1)
    return Sample(
        cpu_us=used / completed * 1e6,
        rate=result.requests / result.seconds,
        p50_ms=result.p50_ms,
        p99_ms=result.p99_ms,
        busy=used / result.seconds,
        failed=result.failed,
    )


def interleave(
    servings: dict[str, Serving],
    work: Workload,
    *,
    rounds: int,
    seconds: float,
    header_counts: Iterable[int],
    tell: Tell,
) -> dict[tuple[str, int], list[Sample]]:
    """All samples by (subject, extra headers). A first short run of each is thrown away."""
    counts = tuple(header_counts)
    samples: dict[tuple[str, int], list[Sample]] = {
        (name, count): [] for count in counts for name in servings
    }
    for serving in servings.values():
        measure(serving, work, 1, 0)
    for number in range(1, rounds + 1):
        for (name, count), found in samples.items():
            sample = measure(servings[name], work, seconds, count)
            found.append(sample)
            tell(
                f"round {number}/{rounds}  {name}, {count} extra headers: "
                f"{sample.cpu_us:.1f} us, core {sample.busy:.0%} busy"
            )
    return samples


def middle(samples: list[Sample]) -> Sample:
    """The median of each figure; failures are summed."""
    return Sample(
        cpu_us=median(sample.cpu_us for sample in samples),
        rate=median(sample.rate for sample in samples),
        p50_ms=median(sample.p50_ms for sample in samples),
        p99_ms=median(sample.p99_ms for sample in samples),
        busy=median(sample.busy for sample in samples),
        failed=sum(sample.failed for sample in samples),
    )
