"""SimpleDateFormat patterns print what Java prints."""

from pathlib import Path

import pytest

from gateway.flow.dateformat import DateFormatError, compile_date_format

ROWS = [
    line.split("\t")
    for line in Path(__file__).with_name("java_dates.tsv").read_text("utf-8").splitlines()[1:]
]


@pytest.mark.parametrize("pattern", sorted({row[0] for row in ROWS if row[2] != "error"}))
def test_pattern_prints_as_in_java(pattern):
    date_format = compile_date_format(pattern)
    for _, millis, text in (row for row in ROWS if row[0] == pattern):
        assert date_format(int(millis)) == text


@pytest.mark.parametrize("pattern", sorted({row[0] for row in ROWS if row[2] == "error"}))
def test_pattern_that_java_refuses(pattern):
    with pytest.raises(DateFormatError):
        compile_date_format(pattern)


def test_moment_out_of_range_overflows():
    with pytest.raises(OverflowError):
        compile_date_format("yyyy")(10**18)
