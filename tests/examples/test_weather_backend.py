"""examples/weatherapi/backend.py: its forecast, and the log that the quickstart reads."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

BACKEND = Path(__file__).parents[2] / "examples" / "weatherapi" / "backend.py"


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[tuple[http.client.HTTPConnection, Path]]:
    log = tmp_path / "backend.log"
    command = [sys.executable, str(BACKEND), "--listen", "127.0.0.1:0", "--log", str(log)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        found = re.search(r"127\.0\.0\.1:(\d+)", process.stderr.readline())
        assert found is not None
        connection = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=5)
        yield connection, log
        connection.close()
        process.terminate()
        assert process.wait(10) == 0


def test_a_forecast_is_rss_with_five_days(
    backend: tuple[http.client.HTTPConnection, Path],
) -> None:
    connection, _ = backend
    connection.request("GET", "/forecastrss?w=12797282")
    answer = connection.getresponse()
    assert answer.status == 200
    assert answer.getheader("Content-Type") == "application/rss+xml; charset=utf-8"
    days = ElementTree.fromstring(answer.read()).findall(
        ".//{http://weather.example.com/ns/rss/1.0}forecast"
    )
    assert len(days) == 5


def test_an_unknown_place_names_the_known_ones(
    backend: tuple[http.client.HTTPConnection, Path],
) -> None:
    connection, _ = backend
    connection.request("GET", "/forecastrss?w=1")
    answer = connection.getresponse()
    assert answer.status == 404
    assert b"12797282" in answer.read()


def test_whoever_has_the_answer_can_read_its_line_in_the_log(
    backend: tuple[http.client.HTTPConnection, Path],
) -> None:
    connection, log = backend
    connection.request("GET", "/forecastrss?w=638242", headers={"Authorization": "Bearer T"})
    connection.getresponse().read()
    line = json.loads(log.read_text())
    assert line["method"] == "GET"
    assert line["target"] == "/forecastrss?w=638242"
    assert line["headers"] == ["host", "accept-encoding", "authorization"]


def test_no_secret_is_written_down(backend: tuple[http.client.HTTPConnection, Path]) -> None:
    connection, log = backend
    connection.request("GET", "/forecastrss?w=638242", headers={"Authorization": "Bearer T5ecret"})
    connection.getresponse().read()
    assert "T5ecret" not in log.read_text()
