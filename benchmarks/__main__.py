"""`python -m benchmarks`: measure the gateway beside its peers and print a table."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks import report
from benchmarks.load import LoadFailed
from benchmarks.ours import MEASUREMENTS, OURS
from benchmarks.peers import PEERS
from benchmarks.processes import DidNotStart
from benchmarks.proof import DoesNotDoTheWork, prove
from benchmarks.rounds import interleave, middle
from benchmarks.subject import Serving, Subject
from benchmarks.workload import workload

FAILURES = (DidNotStart, DoesNotDoTheWork, LoadFailed, OSError)
"""What takes one subject or one measurement out of the run, with its message."""


def main() -> None:
    options = read_arguments()
    for program in ("wrk", "nginx", "taskset"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is not installed; 'make bench-peers' installs what it can")
    results = report.Results(
        f"{options.rounds} interleaved rounds of {options.seconds:g} s, 32 keep-alive connections"
    )
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as folder:
        if "w" in options.only:
            measure_w(options, Path(folder), results)
        for name, measurement in MEASUREMENTS.items():
            if name in options.only:
                tell(f"{name} ...")
                own_folder = Path(folder) / name
                own_folder.mkdir()
                try:
                    results.figures += measurement(own_folder, tell)
                except FAILURES as error:
                    results.skipped.append((name, shortly(error)))
    print(f"\n{report.machine()}\n{report.text(results)}")
    if options.json:
        options.json.write_text(report.as_json(results))
    if options.markdown:
        write_markdown(options.markdown, report.markdown(results))


def read_arguments() -> argparse.Namespace:
    known = ("w", *MEASUREMENTS)
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds of W (5)")
    parser.add_argument("--seconds", type=float, default=5, help="of each run of W (5)")
    parser.add_argument(
        "--headers", type=int, nargs="*", default=[0, 10], help="extra request headers (0 10)"
    )
    parser.add_argument(
        "--only", nargs="*", choices=known, default=list(known), help="what to measure (all)"
    )
    parser.add_argument(
        "--subjects", nargs="*", metavar="TEXT", help="only subjects whose name contains TEXT"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results as JSON")
    parser.add_argument(
        "--markdown",
        type=Path,
        metavar="FILE",
        help="write them as Markdown, into the page's marks where it has them",
    )
    return parser.parse_args()


def measure_w(options: argparse.Namespace, folder: Path, results: report.Results) -> None:
    """Start every subject that can run, load them in turns, stop them."""
    with ExitStack() as stack:
        work = stack.enter_context(workload(folder))
        servings: dict[str, Serving] = {}
        for subject in chosen(options.subjects):
            reason = subject.missing()
            if reason is None:
                tell(f"starting {subject.name} ...")
                try:
                    servings[subject.name] = subject.start(work)
                    stack.callback(servings[subject.name].process.stop)
                    prove(subject, servings[subject.name])
                except FAILURES as error:
                    servings.pop(subject.name, None)
                    reason = shortly(error)
            if reason is not None:
                tell(f"skipping {subject.name}: {reason}")
                results.skipped.append((subject.name, reason))
        samples = interleave(
            servings,
            work,
            rounds=options.rounds,
            seconds=options.seconds,
            header_counts=options.headers,
            tell=tell,
        )
    results.rows = [
        report.Row(name, count, middle(found)) for (name, count), found in samples.items() if found
    ]
    results.figures += results.ratios(OURS[0].name)


def chosen(texts: list[str] | None) -> list[Subject]:
    subjects = [*OURS, *PEERS]
    if texts is None:
        return subjects
    return [s for s in subjects if any(text.lower() in s.name.lower() for text in texts)]


def shortly(error: Exception) -> str:
    """The first and the last line of a message; the whole of it goes to the terminal."""
    tell(str(error))
    lines = str(error).splitlines() or [type(error).__name__]
    return lines[0] if len(lines) == 1 else f"{lines[0]} {lines[-1]}"


def write_markdown(path: Path, table: str) -> None:
    page = path.read_text() if path.exists() else ""
    path.write_text(report.insert(page, table) if report.BEGIN in page else table)


def tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
