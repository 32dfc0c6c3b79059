"""The call to a target: building the request, sending it, reading the answer.

Source: reference/runtime/endpoint-properties.md sections 2, 5 and 6.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gateway.flow.compiler import CompiledTarget
from gateway.flow.context import Context, TargetState
from gateway.flow.faults import FaultRaised
from gateway.flow.message import Message
from gateway.flow.values import is_true
from gateway.http.client import Client, Origin
from gateway.http.message import (
    BodyTooBig,
    Timeouts,
    UpstreamError,
    UpstreamRequest,
    UpstreamResponse,
)
from gateway.http.tls import client_context
from gateway.runtime.faults import (
    BAD_GATEWAY,
    ERROR_RESPONSE_CODE,
    TOO_BIG_BODY_AT_RESPONSE,
    failed_at_target,
)
from gateway.runtime.urls import BadURL, TargetURL, parse_url, request_target, safe_path

BODY_LIMIT = 10 * 1024 * 1024
"""Bytes of a body that is buffered (Apigee's default of 10 MB)."""


@dataclass(slots=True)
class TargetCall:
    """One CompiledTarget with all that its properties decide."""

    compiled: CompiledTarget
    client: Client
    timeouts: Timeouts
    success: frozenset[int]
    """The statuses that are no fault (`success.codes`)."""
    streams_request: bool
    streams_response: bool
    fixed_url: TargetURL | None = None
    fixed_text: str = ""
    fixed_origin: Origin | None = None

    @classmethod
    def of(cls, compiled: CompiledTarget, client: Client) -> TargetCall:
        """Decide what can be decided now. Raises `BadURL` for a literal URL that is
        none."""
        properties = compiled.properties
        call = cls(
            compiled=compiled,
            client=client,
            timeouts=Timeouts(
                connect=_seconds(properties.get("connect.timeout.millis"), 3.0),
                io=_seconds(properties.get("io.timeout.millis"), 55.0),
                keepalive=_seconds(properties.get("keepalive.timeout.millis"), 60.0),
            ),
            success=success_codes(properties.get("success.codes")),
            streams_request=properties.get("request.streaming.enabled") == "true"
            and not compiled.reads_request_body,
            streams_response=properties.get("response.streaming.enabled") == "true"
            and not compiled.reads_response_body,
        )
        if compiled.url is not None and compiled.url.is_literal:
            call.fixed_text = (compiled.url.literal or "").strip()
            call.fixed_url = parse_url(call.fixed_text)
            call.fixed_origin = _origin(call.fixed_url)
        return call

    def start(self, context: Context, route: str) -> TargetState:
        """Enter the target endpoint: from here on `target.*` is set."""
        url = self.fixed_text
        if not url and self.compiled.url is not None:
            url = self.compiled.url.render(context)
        target = TargetState(self.compiled.name, route, url, context.request.path)
        variables = context.variables
        if variables:
            # Assigned in the proxy flow: kept, unlike target.url (docs/fidelity.md).
            for name, attribute in _SWITCHES:
                if name in variables:
                    setattr(target, attribute, is_true(variables.pop(name)))
        context.target = target
        return target

    async def send(self, context: Context, *, buffer: bool) -> None:
        """Send `context.request` and make the answer `context.response`. Raises
        FaultRaised: what went wrong at the target, or ErrorResponseCode."""
        target, message = context.target, context.request
        assert target is not None
        if self.fixed_url is not None and not target.url_assigned:
            url, origin = self.fixed_url, self.fixed_origin
            assert origin is not None
        else:
            url, origin = self._assigned(target)
        request_target = _address(context, message, target, url)
        _forward_client(context, message)
        body: Any = message.stream
        request = UpstreamRequest(
            message.verb, request_target, message.headers, message.body if body is None else body
        )
        try:
            answer = await self.client.send(
                request, origin, self.timeouts, buffer=buffer, max_body=BODY_LIMIT
            )
        except UpstreamError as error:
            raise failed_at_target(error, url.host, context.place.flavor) from error
        except BodyTooBig:
            raise TOO_BIG_BODY_AT_RESPONSE() from None
        self._receive(context, target, answer)

    def _assigned(self, target: TargetState) -> tuple[TargetURL, Origin]:
        """The URL known only now: a template's, or one that a policy assigned."""
        try:
            url = parse_url(target.url or "")
        except BadURL as error:
            raise BAD_GATEWAY() from error
        return url, _origin(url)

    def _receive(self, context: Context, target: TargetState, answer: UpstreamResponse) -> None:
        target.answer = answer
        body = answer.body
        if isinstance(body, bytes):
            response = Message(False, answer.headers, body)
        else:
            response = Message(False, answer.headers)
            response.stream = body
        response.status_code = answer.status
        response.reason = answer.reason
        context.response = response
        if answer.status not in self.success:
            raise FaultRaised(ERROR_RESPONSE_CODE, status=answer.status, message=response)


_SWITCHES = (
    ("target.copy.pathsuffix", "copy_path_suffix"),
    ("target.copy.queryparams", "copy_query_params"),
)


def _address(context: Context, message: Message, target: TargetState, url: TargetURL) -> str:
    """Turn the inbound request into the outbound one (request.path, .uri, Host); the
    request target to send."""
    suffix = context.path_suffix if target.copy_path_suffix else ""
    own_query = message.query
    query = own_query if target.copy_query_params else ""
    path, query = request_target(url, suffix, query, assigned=target.url_assigned)
    edited = message.path
    if edited and edited != target.entered_path:
        path = safe_path(edited if edited.startswith("/") else f"/{edited}")
    message.path = path
    if query != own_query:
        message.query = query
    target.address = url
    message.headers["Host"] = target.host_header or url.authority
    return f"{path}?{query}" if query else path


@lru_cache(maxsize=1024)
def _origin(url: TargetURL) -> Origin:
    tls = _verified_tls() if url.is_tls else None
    return Origin(url.scheme, url.host, url.port, tls, url.host if tls else None)


def _forward_client(context: Context, message: Message) -> None:
    """Tell the target who called: X-Forwarded-For grows, the others are ours."""
    headers, connection = message.headers, context.connection
    before = headers.get("X-Forwarded-For")
    client = connection.client_host
    headers["X-Forwarded-For"] = f"{before}, {client}" if before else client
    headers["X-Forwarded-Port"] = str(connection.local_port)
    headers["X-Forwarded-Proto"] = connection.scheme


@lru_cache(maxsize=1)
def _verified_tls() -> ssl.SSLContext:
    return client_context()


def _seconds(text: str | None, default: float) -> float:
    try:
        return int(text) / 1000 if text else default
    except ValueError:
        return default


def success_codes(text: str | None) -> frozenset[int]:
    """`1xx,2xx,304`: classes and codes; what is neither is ignored."""
    codes: set[int] = set()
    for part in (text or "1xx,2xx,3xx").lower().split(","):
        item = part.strip()
        if item.endswith("xx") and item[:-2].isdigit():
            first = int(item[:-2]) * 100
            codes.update(range(first, first + 100))
        elif item.isdigit():
            codes.add(int(item))
    return frozenset(codes)
