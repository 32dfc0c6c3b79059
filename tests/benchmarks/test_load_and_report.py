"""What the benchmark reads from wrk and from /proc, and the tables it writes."""

from __future__ import annotations

import os

import pytest

from benchmarks.load import Load, LoadFailed, parse
from benchmarks.ours.steps import slope
from benchmarks.processes import _family, _status_bytes
from benchmarks.report import BEGIN, END, Results, Row, insert, markdown, text
from benchmarks.rounds import Sample, middle

OUTPUT = """Running 2s test @ http://127.0.0.1:1
  1 threads and 32 connections
RESULT {"requests": 4000, "microseconds": 2000000, "p50": 1480, "p99": 2790, "failed": 1}
"""


def sample(cpu_us: float, busy: float = 1.0, failed: int = 0) -> Sample:
    return Sample(cpu_us, rate=20_000, p50_ms=1.5, p99_ms=2.8, busy=busy, failed=failed)


def test_the_line_of_the_script_is_read() -> None:
    assert parse(OUTPUT) == Load(4000, 2.0, 1.48, 2.79, 1)


def test_a_run_without_a_result_is_no_run() -> None:
    with pytest.raises(LoadFailed, match="unable to connect"):
        parse("unable to connect to 127.0.0.1:1\n")


def test_the_median_of_each_figure_is_taken_and_failures_are_summed() -> None:
    found = middle([sample(10, failed=1), sample(50), sample(12, failed=2)])
    assert (found.cpu_us, found.failed) == (12, 3)


def test_ratios_leave_extra_headers_out() -> None:
    results = Results("")
    for name, headers, cpu in (
        ("gateway", 0, 25),
        ("gateway", 10, 99),
        ("nginx + Lua check", 0, 10),
    ):
        results.rows.append(Row(name, headers, sample(cpu)))
    assert [(f.value, f.target) for f in results.ratios("gateway")] == [("2.50", "at most 3")]


def test_a_core_that_was_not_busy_is_marked() -> None:
    results = Results("", rows=[Row("nginx", 0, sample(11, busy=0.7))])
    assert "70% (!)" in text(results)
    assert "(!) The subject's core was not fully busy" in markdown(results)


def test_results_replace_only_what_stands_between_the_marks() -> None:
    page = f"# Head\n\n{BEGIN}\nold\n{END}\n\nTail\n"
    assert insert(page, "new\n") == f"# Head\n\n{BEGIN}\n\nnew\n\n{END}\n\nTail\n"


def test_the_slope_is_the_least_squares_one() -> None:
    assert slope((0, 10, 20), [5.0, 15.0, 25.0]) == pytest.approx(1.0)


def test_a_family_begins_with_the_process_itself() -> None:
    assert _family(os.getpid())[0] == os.getpid()
    assert _status_bytes(os.getpid(), "VmRSS") > 1_000_000
