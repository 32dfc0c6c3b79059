"""All environments of one organization, and what they tell about their requests."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from gateway.flow.context import Context
from gateway.flow.deployment import Environment
from gateway.flow.faults import Flavor
from gateway.http.client import Client
from gateway.http.message import Request, Sent
from gateway.ports.services import Services
from gateway.runtime.environment import RuntimeEnvironment
from gateway.telemetry.access_log import Access, AccessLog


class Runtime:
    """The data plane: environments that share one upstream client and one access log."""

    def __init__(
        self,
        organization: str,
        environments: Iterable[str],
        flavor: Flavor,
        services: Services,
        client: Client,
        access_log: AccessLog,
    ) -> None:
        self.organization = organization
        self.access_log = access_log
        self.environments: Mapping[str, RuntimeEnvironment] = {
            name: RuntimeEnvironment(
                Environment(organization, name, flavor, services),
                client,
                self._finished,
                self._unserved(name),
            )
            for name in environments
        }

    def _finished(self, context: Context, status: int, how: Sent | None) -> None:
        place, target, fault = context.place, context.target, context.fault
        path, _, verb = context.inbound or (context.request.path, "", context.request.verb)
        app = ""
        for view in context.views:
            name = view.get("developer.app.name")
            if name is not None:
                app = str(name)
                break
        seconds = 0.0
        if target is not None and target.answer is not None:
            seconds = max(0.0, target.answer.received_ended - target.answer.sent_started)
        self.access_log.record(
            Access(
                context.started,
                how.ended if how is not None else time.time(),
                place.organization,
                place.environment,
                place.proxy,
                place.revision,
                verb,
                path,
                status,
                fault.raised.fault.code if fault is not None else "",
                app,
                context.connection.client_host,
                context.message_id,
                seconds,
                how.body_bytes if how is not None else 0,
                how.complete if how is not None else False,
            )
        )

    def _unserved(self, environment: str):  # type: ignore[no-untyped-def]
        def record(request: Request, path: str, status: int, code: str) -> None:
            self.access_log.record(
                Access(
                    request.started, time.time(), self.organization, environment, "", "",
                    request.method, path, status, code, "", request.connection.client_host,
                    "", 0.0, 0, True,
                )
            )  # fmt: skip

        return record
