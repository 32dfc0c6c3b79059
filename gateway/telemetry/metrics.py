"""Prometheus metrics, brought up to date once per batch of requests.

A batch is added up in plain dictionaries and shown to Prometheus when it asks: per
request this costs less than the client library's own counters.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from gateway.telemetry.access_log import Access

_BUCKETS = (
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
    60.0,
)
_PLACE = ["environment", "proxy"]
Place = tuple[str, str]
"""(environment, proxy); the proxy is empty for requests that none took."""


class _Times:
    """How often something took how long: counts per bucket, and the sum in seconds."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(_BUCKETS) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(_BUCKETS, seconds)] += 1
        self.total += seconds

    def cumulative(self) -> list[tuple[str, float]]:
        """Buckets as Prometheus counts them: each with all that took no longer."""
        buckets: list[tuple[str, float]] = []
        so_far = 0
        for bound, count in zip([*map(str, _BUCKETS), "+Inf"], self.counts, strict=True):
            so_far += count
            buckets.append((bound, so_far))
        return buckets


class Metrics:
    """The gateway's metrics; an observer of the access log's batches."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        self._requests: defaultdict[tuple[str, str, int], int] = defaultdict(int)
        self._faults: defaultdict[tuple[str, str, str], int] = defaultdict(int)
        self._times: defaultdict[Place, _Times] = defaultdict(_Times)
        self._target_times: defaultdict[Place, _Times] = defaultdict(_Times)
        self.deployed: dict[str, int] = {}
        """Deployed proxies by environment; set before `render`."""
        self.log_dropped = 0
        """Access-log lines dropped because the queue was full; set before `render`."""

    def observe(self, batch: Sequence[Access]) -> None:
        """Count one batch of requests."""
        for access in batch:
            environment, proxy = access.environment, access.proxy
            self._requests[environment, proxy, access.status] += 1
            self._times[environment, proxy].add(access.ended - access.started)
            if access.target_seconds:
                self._target_times[environment, proxy].add(access.target_seconds)
            if access.fault:
                self._faults[environment, proxy, access.fault] += 1

    def render(self) -> bytes:
        """The exposition text of all metrics."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """What the client library asks a collector for."""
        requests = CounterMetricFamily(
            "gateway_requests", "Requests answered.", labels=[*_PLACE, "status"]
        )
        for (environment, proxy, status), count in self._requests.items():
            requests.add_metric([environment, proxy, str(status)], count)
        yield requests
        faults = CounterMetricFamily(
            "gateway_faults", "Faults by errorcode.", labels=[*_PLACE, "code"]
        )
        for labels, count in self._faults.items():
            faults.add_metric(list(labels), count)
        yield faults
        yield _histogram(
            "gateway_request_duration_seconds",
            "From the first byte of the request to the last byte of the answer.",
            self._times,
        )
        yield _histogram(
            "gateway_target_duration_seconds", "Time spent on targets.", self._target_times
        )
        deployed = GaugeMetricFamily(
            "gateway_deployed_proxies", "Proxies deployed.", labels=["environment"]
        )
        for environment, count in self.deployed.items():
            deployed.add_metric([environment], count)
        yield deployed
        yield GaugeMetricFamily(
            "gateway_access_log_dropped",
            "Access-log lines dropped because the queue was full.",
            value=self.log_dropped,
        )


def _histogram(name: str, help_text: str, times: dict[Place, _Times]) -> Metric:
    family = HistogramMetricFamily(name, help_text, labels=_PLACE)
    for place, found in times.items():
        family.add_metric(list(place), found.cumulative(), found.total)
    return family
