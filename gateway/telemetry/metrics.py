"""Prometheus metrics, brought up to date once per batch of requests."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from gateway.telemetry.access_log import Access

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """The gateway's metrics; an observer of the access log's batches."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ["environment", "proxy"]
        self._requests = Counter(
            "gateway_requests", "Requests answered.", [*labels, "status"], registry=self.registry
        )
        self._faults = Counter(
            "gateway_faults", "Faults by errorcode.", [*labels, "code"], registry=self.registry
        )
        self._seconds = Histogram(
            "gateway_request_duration_seconds",
            "From the first byte of the request to the last byte of the answer.",
            labels,
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._target_seconds = Histogram(
            "gateway_target_duration_seconds",
            "Time spent waiting for targets.",
            labels,
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.deployed = Gauge(
            "gateway_deployed_proxies", "Proxies deployed.", ["environment"],
            registry=self.registry,
        )  # fmt: skip
        self.log_dropped = Gauge(
            "gateway_access_log_dropped", "Access log lines dropped because the queue was full.",
            registry=self.registry,
        )  # fmt: skip

    def observe(self, batch: Sequence[Access]) -> None:
        """Count one batch of requests."""
        statuses: Tally[tuple[str, str, int]] = Tally()
        for access in batch:
            statuses[access.environment, access.proxy, access.status] += 1
            place = (access.environment, access.proxy)
            self._seconds.labels(*place).observe(access.ended - access.started)
            if access.target_seconds:
                self._target_seconds.labels(*place).observe(access.target_seconds)
            if access.fault:
                self._faults.labels(*place, access.fault).inc()
        for (environment, proxy, status), count in statuses.items():
            self._requests.labels(environment, proxy, str(status)).inc(count)

    def render(self) -> bytes:
        """The exposition text of all metrics."""
        return generate_latest(self.registry)
