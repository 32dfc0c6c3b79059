"""One structured line per request, and metrics added up from the same facts."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from pathlib import Path

from gateway.telemetry.access_log import Access, AccessLog
from gateway.telemetry.metrics import Metrics
from tests.live import NULL_ROUTE, proxy_files, running_gateway


def access(**changes: object) -> Access:
    facts = Access(
        1_700_000_000.0, 1_700_000_000.012, "demo", "test", "weather", "3", "GET", "/weather",
        200, "", "app", "127.0.0.1", "gw-1", 0.008, 300, True,
    )  # fmt: skip
    return facts._replace(**changes)


async def test_lines_are_json_with_the_facts_of_the_request() -> None:
    lines: list[bytes] = []
    log = AccessLog(lines.append)
    log.record(access())
    await log.flush()
    (line,) = b"".join(lines).splitlines()
    assert json.loads(line) == {
        "time": "2023-11-14T22:13:20.000Z",
        "organization": "demo",
        "environment": "test",
        "proxy": "weather",
        "revision": "3",
        "verb": "GET",
        "path": "/weather",
        "status": 200,
        "fault": None,
        "app": "app",
        "client_ip": "127.0.0.1",
        "message_id": "gw-1",
        "duration_ms": 12.0,
        "target_ms": 8.0,
        "response_bytes": 300,
        "complete": True,
    }


async def test_a_full_queue_drops_and_counts() -> None:
    log = AccessLog(None, capacity=2)
    for _ in range(5):
        log.record(access())
    assert log.dropped == 3


async def test_a_path_of_undecodable_bytes_is_logged() -> None:
    lines: list[bytes] = []
    log = AccessLog(lines.append)
    log.record(access(path="/a\udcff"))
    await log.flush()
    assert json.loads(lines[0])["path"] == "/a?"


async def test_closing_writes_what_is_queued() -> None:
    batches: list[Sequence[Access]] = []
    log = AccessLog(None, observers=[batches.append], interval=60)
    log.start()
    log.record(access())
    await asyncio.sleep(0)
    await log.close()
    assert [len(batch) for batch in batches] == [1]


def sample(text: str, name: str, **labels: str) -> float:
    """The value of one sample, whatever the order of its labels."""
    for line in text.splitlines():
        found = re.fullmatch(rf"{name}\{{(.*)\}} (\S+)", line)
        if found and dict(re.findall(r'(\w+)="([^"]*)"', found[1])) == labels:
            return float(found[2])
    raise AssertionError(f"no sample {name}{labels} in:\n{text}")


def test_metrics_count_by_place_status_and_fault() -> None:
    metrics = Metrics()
    metrics.observe([access(), access(), access(status=401, fault="oauth.v2.InvalidAccessToken")])
    metrics.deployed["test"] = 2
    text = metrics.render().decode()
    place = {"environment": "test", "proxy": "weather"}
    requests, seconds = "gateway_requests_total", "gateway_request_duration_seconds"
    assert sample(text, requests, status="200", **place) == 2
    assert sample(text, requests, status="401", **place) == 1
    assert sample(text, "gateway_faults_total", code="oauth.v2.InvalidAccessToken", **place) == 1
    assert sample(text, f"{seconds}_bucket", le="0.01", **place) == 0
    assert sample(text, f"{seconds}_bucket", le="0.025", **place) == 3
    assert sample(text, f"{seconds}_count", **place) == 3
    assert sample(text, "gateway_deployed_proxies", environment="test") == 2


async def test_neither_log_nor_metrics_hold_a_secret(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    async with running_gateway(tmp_path / "data", access_log=str(path)) as live:
        await live.deploy("secret", proxy_files(routes=NULL_ROUTE))
        headers = {"Authorization": "Bearer sesame", "X-Api-Key": "sesame"}
        await live.call("POST", "/t?apikey=sesame", headers=headers, data=b"sesame")
        metrics = await live._session.get(f"{live.management_url}/metrics")
        text = await metrics.text()
    log = path.read_text()
    assert '"path":"/t"' in log
    assert "sesame" not in log
    assert 'proxy="secret"' in text
    assert "sesame" not in text
