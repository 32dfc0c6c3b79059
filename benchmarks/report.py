"""The results as a table for people, as Markdown for docs/benchmarks.md, and as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.rounds import Sample

ENOUGH = 0.95
"""A subject whose core was less busy than this is marked: something else was the limit."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table of W."""

    subject: str
    extra_headers: int
    sample: Sample


@dataclass(frozen=True, slots=True)
class Figure:
    """One other figure of the gateway, with its target where there is one."""

    what: str
    value: str
    target: str = ""


@dataclass(slots=True)
class Results:
    """Everything that one run found out."""

    settings: str
    rows: list[Row] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    """(what, why)"""

    def ratios(self, of: str) -> list[Figure]:
        """CPU per request of subject `of` over each other's, without extra headers."""
        cpu = {row.subject: row.sample.cpu_us for row in self.rows if row.extra_headers == 0}
        if of not in cpu:
            return []
        return [
            Figure(f"CPU of {of} / {name}", f"{cpu[of] / other:.2f}", TARGETS.get(name, ""))
            for name, other in cpu.items()
            if name != of
        ]


TARGETS = {"Envoy + Lua check": "at most 0.8", "nginx + Lua check": "at most 3"}


def machine() -> str:
    """Processor, cores, kernel, Python, date: what the figures depend on."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return (
        f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"CPython {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d}"
    )


HEAD = ("subject", "extra headers", "CPU us/request", "requests/s", "p50 ms", "p99 ms", "core busy")


def cells(row: Row) -> tuple[str, ...]:
    sample = row.sample
    mark = "" if sample.busy >= ENOUGH else " (!)"
    failed = f" ({sample.failed} failed)" if sample.failed else ""
    return (
        row.subject,
        str(row.extra_headers),
        f"{sample.cpu_us:.1f}",
        f"{sample.rate:,.0f}{failed}",
        f"{sample.p50_ms:.2f}",
        f"{sample.p99_ms:.2f}",
        f"{sample.busy:.0%}{mark}",
    )


def text(results: Results) -> str:
    """For the terminal."""
    parts = []
    if results.rows:
        parts.append(_columns([HEAD, *map(cells, results.rows)]))
    if results.figures:
        lines = [(f.what, f.value, f.target and f"target: {f.target}") for f in results.figures]
        parts.append(_columns(lines))
    parts += [f"skipped: {what}: {why}" for what, why in results.skipped]
    if any(row.sample.busy < ENOUGH for row in results.rows):
        parts.append(LIMIT)
    return "\n\n".join(parts)


LIMIT = (
    "(!) The subject's core was not fully busy: the load generator, the upstream or another "
    "process was the limit, so requests/s and latency say nothing about this subject."
)


def markdown(results: Results) -> str:
    """For docs/benchmarks.md, between its two marks."""
    lines = [f"{machine()}. {results.settings}", ""]
    if results.rows:
        lines += [*_markdown_table(HEAD, [cells(row) for row in results.rows]), ""]
    if any(row.sample.busy < ENOUGH for row in results.rows):
        lines += [LIMIT, ""]
    if results.figures:
        figures = [(f.what, f.value, f.target) for f in results.figures]
        lines += [*_markdown_table(("figure", "measured", "target"), figures), ""]
    lines += [f"- Skipped: {what}: {why}" for what, why in results.skipped]
    return "\n".join(lines).rstrip() + "\n"


def as_json(results: Results) -> str:
    return json.dumps({"machine": machine(), **asdict(results)}, indent=2) + "\n"


BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"


def insert(page: str, table: str) -> str:
    """The page with its results replaced. Raises ValueError without the two marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page lacks {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{table}\n{END}{after}"


def _columns(lines: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _markdown_table(head: tuple[str, ...], lines: Sequence[tuple[str, ...]]) -> list[str]:
    rule = ["---", *["---:"] * (len(head) - 1)]
    return [f"| {' | '.join(cells)} |" for cells in (head, tuple(rule), *lines)]
