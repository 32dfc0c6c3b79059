"""The life of one exchange: classified, run through its flows, answered.

Source: reference/runtime/flows.md section 3; the numbers in comments are its rows.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from gateway.flow.compiler import CompiledEndpoint
from gateway.flow.context import RESPONSE, Context
from gateway.flow.fault_rules import enter_error_flow, run_fault_rules
from gateway.flow.faults import FaultRaised
from gateway.flow.message import BadFormData, Message
from gateway.flow.regex import RegexTimeout
from gateway.flow.steps import nothing, raise_if_late
from gateway.http.message import (
    BodyTooBig,
    ClientGone,
    ClientTimeout,
    Request,
    Response,
    Sent,
)
from gateway.runtime.faults import (
    BAD_FORM_DATA,
    INTERNAL_SERVER_ERROR,
    REQUEST_TIMED_OUT,
    ROUTE_FAILED,
    TOO_BIG_BODY_AT_REQUEST,
)
from gateway.runtime.target_call import BODY_LIMIT, TargetCall

logger = logging.getLogger("gateway.runtime")

_message_ids = itertools.count(1)
_process = f"gw-{os.getpid():x}-{time.time_ns() // 1_000_000:x}"


def new_message_id() -> str:
    """Unique in this process and, by its start time, across restarts."""
    return f"{_process}-{next(_message_ids)}"


Finished = Callable[[Context, int, Sent | None], None]
"""Told once per exchange: its context, the status sent, and how sending ended (None
when the client went away before there was an answer)."""


@dataclass(slots=True)
class ServedEndpoint:
    """A compiled ProxyEndpoint with the calls of its routes."""

    compiled: CompiledEndpoint
    calls: tuple[TargetCall | None, ...]
    """One per route, in their order; None for a null route."""
    streams_request: bool
    streams_response: bool
    finished: Finished

    def serve(self, request: Request, path: str, query: str, suffix: str) -> Awaitable[Response]:
        """Run the exchange of `request`. `suffix` is proxy.pathsuffix. Never raises
        but for cancellation."""
        message = Message.received(request.method, path, query, request.version, request.headers)
        context = Context(
            self.compiled.place,
            message,
            request.connection,
            suffix,
            request.started,
            new_message_id(),
        )
        context.inbound = (path, query, request.method)
        body = request.body
        if not isinstance(body, bytes):
            message.stream = body
        elif body:
            message.body = body
        return self._run(context)

    async def _run(self, context: Context) -> Response:
        compiled = self.compiled
        at_target: TargetCall | None = None
        try:
            if context.request.stream is not None and not self.streams_request:
                await _buffer(context.request)
            context.received = time.time()
            pending = compiled.request(context)  # 2 to 4
            if pending is not None:
                await pending
            route, call = self._route(context)  # 5
            if call is None:
                await _echo(context)
            else:
                at_target = call
                await self._call(context, call, route)  # 6 to 9
                at_target = None
            context.phase = RESPONSE
            pending = compiled.response(context)  # 11
            if pending is not None:
                await pending
        except FaultRaised as raised:
            await self._fail(context, raised, at_target)
        except BadFormData:
            await self._fail(context, BAD_FORM_DATA(), at_target)
        except (asyncio.CancelledError, ClientGone):
            self.finished(context, 499, None)
            raise asyncio.CancelledError from None
        except RegexTimeout as error:
            logger.warning("%s: %s", compiled.place.proxy, error)
            await self._fail(context, INTERNAL_SERVER_ERROR(), at_target)
        except Exception:
            place = compiled.place
            logger.exception(
                "%s revision %s: internal error in exchange %s",
                place.proxy,
                place.revision,
                context.message_id,
            )
            await self._fail(context, INTERNAL_SERVER_ERROR(), at_target)
        return self._answer(context)

    def _route(self, context: Context) -> tuple[str, TargetCall | None]:
        """The first RouteRule whose condition holds: its name and its call."""
        compiled = self.compiled
        if compiled.time_limit is not None:
            raise_if_late(context, compiled.time_limit)
        for route, call in zip(compiled.routes, self.calls, strict=True):
            if route.test is None or route.test(context):
                return route.name, call
        raise ROUTE_FAILED()

    async def _call(self, context: Context, call: TargetCall, route: str) -> None:
        call.start(context, route)
        target = call.compiled
        pending = target.request(context)  # 7
        if pending is not None:
            await pending
        if context.request.stream is not None and not call.streams_request:
            await _buffer(context.request)
        await call.send(context, buffer=not (self.streams_response and call.streams_response))
        context.phase = RESPONSE
        pending = target.response(context)  # 9
        if pending is not None:
            await pending

    async def _fail(
        self, context: Context, raised: FaultRaised, at_target: TargetCall | None
    ) -> None:
        """The error flow: the rules of the endpoint where it happened; after a target's
        the proxy's DefaultFaultRule too (flows.md section 5.1)."""
        try:
            enter_error_flow(context, raised, in_target=at_target is not None)
            if at_target is None:
                await run_fault_rules(context, self.compiled.faults)
            else:
                await run_fault_rules(context, at_target.compiled.faults)
                await run_fault_rules(context, self.compiled.faults.only_default())
        except Exception:
            logger.exception("fault rules of %s failed", self.compiled.place.proxy)
            enter_error_flow(context, INTERNAL_SERVER_ERROR(), in_target=False)

    def _answer(self, context: Context) -> Response:
        message = context.message
        status = message.status_code

        def sent(how: Sent) -> None:
            context.sent_started, context.sent_ended = how.started, how.ended
            self.finished(context, status, how)
            if self.compiled.post_client is not nothing:
                _run_later(self.compiled, context)

        body = message.stream if message.stream is not None else message.body
        return Response(status, message.headers, body, message.reason, sent)  # type: ignore[arg-type]


async def _buffer(message: Message) -> None:
    """Read a streamed request body into memory, within the limit."""
    stream = message.stream
    assert stream is not None
    try:
        message.body = await stream.read(BODY_LIMIT)
    except BodyTooBig:
        raise TOO_BIG_BODY_AT_REQUEST() from None
    except ClientTimeout:
        raise REQUEST_TIMED_OUT() from None


async def _echo(context: Context) -> None:
    """A null route: the request comes back as the response, unless a policy has
    written one (reference/runtime/flows.md section 3.7)."""
    if context.response is not None:
        return
    request = context.request
    if request.stream is not None:
        await _buffer(request)
    context.response = Message.response(200, request.headers.copy(), request.body)


_later: set[asyncio.Task[None]] = set()


def _run_later(compiled: CompiledEndpoint, context: Context) -> None:
    """PostClientFlow runs when the last byte is out; nobody waits for it (row 14)."""

    async def post_client() -> None:
        context.flow_name = context.proxy_flow_name = "PostClientFlow"
        try:
            pending = compiled.post_client(context)
            if pending is not None:
                await pending
        except FaultRaised as raised:
            logger.warning("PostClientFlow of %s: %s", compiled.place.proxy, raised.fault.code)
        except Exception:
            logger.exception("PostClientFlow of %s failed", compiled.place.proxy)

    task = asyncio.get_running_loop().create_task(post_client())
    _later.add(task)
    task.add_done_callback(_later.discard)
