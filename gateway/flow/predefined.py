"""The predefined variables that are no part of a message: a table of accessors.

Source: reference/runtime/variables.md, "Context". Times are read when the variable is.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from gateway.flow.context import ERROR, Context, TargetAddress, TargetAnswer, TargetState
from gateway.flow.values import is_true, to_text

Read = Callable[[Context], object]
Write = Callable[[Context, object], None]

_PROCESS_ID = str(uuid4())


@dataclass(frozen=True, slots=True)
class Predefined:
    """Accessors of one variable. `write` None: read only."""

    read: Read
    write: Write | None = None


def http_time(seconds: float, zone: str = "UTC") -> str:
    """`Wed, 21 Aug 2013 19:16:47 UTC`; empty when the moment has not come."""
    if not seconds:
        return ""
    return time.strftime("%a, %d %b %Y %H:%M:%S ", time.gmtime(seconds)) + zone


def _ms(seconds: float) -> int:
    return int(seconds * 1000) if seconds else -1


def _utc() -> datetime:
    return datetime.now(UTC)


def _moments(prefix: str, read: Callable[[Context], float]) -> dict[str, Predefined]:
    return {
        f"{prefix}.time": Predefined(lambda ctx: http_time(read(ctx))),
        f"{prefix}.timestamp": Predefined(lambda ctx: _ms(read(ctx))),
    }


def _target_moments(prefix: str, attribute: str) -> dict[str, Predefined]:
    def read(ctx: Context) -> float:
        answer = ctx.target.answer if ctx.target is not None else None
        return getattr(answer, attribute) if answer is not None else 0.0

    def known(show: Callable[[float], object]) -> Read:
        return lambda ctx: show(read(ctx)) if read(ctx) else None

    return {
        f"{prefix}.time": Predefined(known(http_time)),
        f"{prefix}.timestamp": Predefined(known(_ms)),
    }


def _system() -> dict[str, Predefined]:
    fields: dict[str, Callable[[datetime], int]] = {
        "year": lambda now: now.year,
        "month": lambda now: now.month,
        "day": lambda now: now.day,
        "dayofweek": lambda now: now.isoweekday() % 7 + 1,
        "hour": lambda now: now.hour,
        "minute": lambda now: now.minute,
        "second": lambda now: now.second,
        "millisecond": lambda now: now.microsecond // 1000,
    }

    def reader(show: Callable[[datetime], int]) -> Read:
        return lambda ctx: show(_utc())

    table = {f"system.time.{name}": Predefined(reader(show)) for name, show in fields.items()}
    table["system.time"] = Predefined(lambda ctx: http_time(time.time(), "GMT"))
    table["system.time.zone"] = Predefined(lambda ctx: "UTC")
    table["system.timestamp"] = Predefined(lambda ctx: time.time_ns() // 1_000_000)
    table["system.uuid"] = Predefined(lambda ctx: _PROCESS_ID)
    table["system.region.name"] = Predefined(lambda ctx: "local")
    table["system.pod.name"] = Predefined(lambda ctx: "gateway")
    return table


def _proxy_url(ctx: Context) -> str:
    connection = ctx.connection
    path, query, _ = ctx.inbound or (ctx.request.path, ctx.request.query, "")
    host = f"{connection.local_host}:{connection.local_port}"
    return f"{connection.scheme}://{host}{path}{'?' + query if query else ''}"


def _host_aliases(ctx: Context) -> str:
    return ctx.request.headers.get("Host", "")


def _place() -> dict[str, Predefined]:
    return {
        "messageid": Predefined(lambda ctx: ctx.message_id),
        "organization.name": Predefined(lambda ctx: ctx.place.organization),
        "environment.name": Predefined(lambda ctx: ctx.place.environment),
        "environment.orgname": Predefined(lambda ctx: ctx.place.organization),
        "environment.qualifiedname": Predefined(
            lambda ctx: f"{ctx.place.organization}__{ctx.place.environment}"
        ),
        "apiproxy.name": Predefined(lambda ctx: ctx.place.proxy),
        "apiproxy.revision": Predefined(lambda ctx: ctx.place.revision),
        "apiproxy.basepath": Predefined(lambda ctx: ctx.place.deployed_base_path),
        "apiproxy.qualifiedname": Predefined(
            lambda ctx: f"{ctx.place.proxy}__{ctx.place.revision}"
        ),
        "proxy.name": Predefined(lambda ctx: ctx.place.endpoint),
        "proxy.basepath": Predefined(lambda ctx: ctx.place.base_path),
        "proxy.pathsuffix": Predefined(lambda ctx: ctx.path_suffix, _set_path_suffix),
        "proxy.url": Predefined(_proxy_url),
        "proxy.client.ip": Predefined(_forwarded_for),
        "proxy.flow.name": Predefined(lambda ctx: ctx.proxy_flow_name or None),
        "current.flow.name": Predefined(lambda ctx: ctx.flow_name or None),
        "target.flow.name": Predefined(lambda ctx: ctx.target_flow_name or None),
        "virtualhost.name": Predefined(lambda ctx: ctx.place.virtual_host),
        "virtualhost.port": Predefined(lambda ctx: ctx.connection.local_port),
        "virtualhost.ip": Predefined(lambda ctx: ctx.connection.local_host),
        "virtualhost.aliases": Predefined(_host_aliases),
        "virtualhost.aliases.values": Predefined(lambda ctx: [_host_aliases(ctx)]),
        "virtualhost.ssl.enabled": Predefined(lambda ctx: ctx.connection.scheme == "https"),
        "is.error": Predefined(lambda ctx: ctx.phase == ERROR),
        "request.transportid": Predefined(lambda ctx: ctx.message_id),
    }


def _set_path_suffix(ctx: Context, value: object) -> None:
    ctx.path_suffix = to_text(value)


def _forwarded_for(ctx: Context) -> str:
    forwarded = ctx.request.headers.get("X-Forwarded-For")
    return forwarded.partition(",")[0].strip() if forwarded else ctx.connection.client_host


def _client() -> dict[str, Predefined]:
    return {
        "client.ip": Predefined(lambda ctx: ctx.connection.client_host),
        "client.resolved.ip": Predefined(lambda ctx: ctx.connection.client_host),
        "client.host": Predefined(lambda ctx: ctx.connection.client_host),
        "client.port": Predefined(lambda ctx: ctx.connection.client_port),
        "client.scheme": Predefined(lambda ctx: ctx.connection.scheme),
        "client.ssl.enabled": Predefined(
            lambda ctx: "true" if ctx.connection.scheme == "https" else "false"
        ),
        **_moments("client.received.start", lambda ctx: ctx.started),
        **_moments("client.received.end", lambda ctx: ctx.received),
        **_moments("client.sent.start", lambda ctx: ctx.sent_started),
        **_moments("client.sent.end", lambda ctx: ctx.sent_ended),
    }


def _target() -> dict[str, Predefined]:
    def of(read: Callable[[TargetState], object]) -> Read:
        return lambda ctx: read(ctx.target) if ctx.target is not None else None

    def address(read: Callable[[TargetAddress], object]) -> Read:
        return of(lambda t: read(t.address) if t.address is not None else None)

    def answer(read: Callable[[TargetAnswer], object]) -> Read:
        return of(lambda t: read(t.answer) if t.answer is not None else None)

    return {
        "target.name": Predefined(of(lambda t: t.name or None)),
        "route.name": Predefined(of(lambda t: t.route or None)),
        "route.target": Predefined(of(lambda t: t.name or None)),
        "target.url": Predefined(_target_url, _set_target_url),
        "target.evaluated.url": Predefined(_target_url, _set_target_url),
        "request.url": Predefined(_sent_url),
        "response.url": Predefined(_sent_url),
        "target.basepath": Predefined(address(lambda a: a.path or None)),
        "target.copy.pathsuffix": Predefined(
            of(lambda t: t.copy_path_suffix), _switch("target.copy.pathsuffix")
        ),
        "target.copy.queryparams": Predefined(
            of(lambda t: t.copy_query_params), _switch("target.copy.queryparams")
        ),
        "target.header.host": Predefined(of(lambda t: t.host_header), _set_host_header),
        "target.scheme": Predefined(address(lambda a: a.scheme)),
        "target.host": Predefined(address(lambda a: a.host)),
        "target.port": Predefined(address(lambda a: a.port)),
        "target.ip": Predefined(answer(lambda a: a.peer[0] or None)),
        "target.ssl.enabled": Predefined(address(lambda a: a.is_tls)),
        "target.response.status.code": Predefined(answer(lambda a: a.status)),
        **_target_moments("target.sent.start", "sent_started"),
        **_target_moments("target.sent.end", "sent_ended"),
        **_target_moments("target.received.start", "received_started"),
        **_target_moments("target.received.end", "received_ended"),
    }


def _target_url(ctx: Context) -> str | None:
    return ctx.target.url if ctx.target is not None else None


def _set_target_url(ctx: Context, value: object) -> None:
    # Before the target endpoint starts the assignment has no effect: it is overwritten
    # there (endpoint-properties.md section 5.2).
    if ctx.target is not None:
        ctx.target.url = to_text(value)
        ctx.target.url_assigned = True


def _sent_url(ctx: Context) -> str | None:
    target = ctx.target
    if target is None or target.address is None or target.answer is None:
        return None
    return f"{target.address.scheme}://{target.address.host}{ctx.request.uri}"


def _switch(name: str) -> Write:
    attribute = "copy_path_suffix" if name.endswith("pathsuffix") else "copy_query_params"

    def write(ctx: Context, value: object) -> None:
        if ctx.target is None:
            ctx.variables[name] = value
        else:
            setattr(ctx.target, attribute, is_true(value))

    return write


def _set_host_header(ctx: Context, value: object) -> None:
    if ctx.target is not None:
        ctx.target.host_header = to_text(value)


def _faults() -> dict[str, Predefined]:
    def execution(read: Callable[[Context], object]) -> Predefined:
        return Predefined(lambda ctx: read(ctx) if ctx.fault is not None else None)

    return {
        "fault.name": Predefined(_fault("name")),
        "fault.category": Predefined(_fault("category")),
        "fault.subcategory": Predefined(_fault("subcategory")),
        "fault.reason": Predefined(_fault("reason")),
        "error.message": execution(lambda ctx: ctx.fault and ctx.fault.text),
        "error.state": execution(lambda ctx: 5 if ctx.fault and ctx.fault.in_target else 1),
        "apigee.edge.execution.is_policy_error": execution(
            lambda ctx: 1 if ctx.fault and ctx.fault.raised.policy else 0
        ),
        "apigee.edge.execution.is_target_error": execution(
            lambda ctx: 1 if ctx.fault and ctx.fault.in_target else 0
        ),
        "apigee.edge.execution.is_apigee_fault": execution(lambda ctx: 1),
        "apigee.edge.execution.fault_code": execution(
            lambda ctx: ctx.fault and ctx.fault.raised.fault.code
        ),
        "apigee.edge.execution.fault_policy_name": execution(
            lambda ctx: ctx.fault and ctx.fault.raised.policy
        ),
        "apigee.edge.execution.fault_flow_name": execution(
            lambda ctx: ctx.fault and ctx.fault.flow_name
        ),
    }


def _fault(part: str) -> Read:
    name = f"fault.{part}"

    def read(ctx: Context) -> object:
        if ctx.fault is None:
            # A policy with continueOnError leaves its fault as plain variables.
            return ctx.variables.get(name)
        fault = ctx.fault.raised.fault
        if part == "name":
            return fault.name
        if part == "category":
            return fault.category
        return ctx.fault.text if part == "reason" else ctx.variables.get(name)

    return read


PREDEFINED: dict[str, Predefined] = {
    **_place(),
    **_client(),
    **_target(),
    **_system(),
    **_faults(),
}
