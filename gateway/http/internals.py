"""The assumptions that the short way makes of aiohttp, tested once at start."""

from __future__ import annotations

import asyncio
import logging
from functools import cache
from typing import Any

from aiohttp import web_protocol
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_parser import HttpRequestParser
from aiohttp.streams import EMPTY_PAYLOAD

logger = logging.getLogger("gateway.http")

_ATTRIBUTES = (
    "_messages", "_waiter", "_parser", "_payload_parser", "_upgraded", "_buffer_paused",
    "_request_in_progress", "_request_count", "_keepalive_timeout", "_next_keepalive_close_time",
    "_max_msg_queue_size", "_force_close", "_close", "_paused", "_reading_paused",
)  # fmt: skip
_METHODS = (
    "_process_keepalive", "_pause_reading_for_buffer", "_make_error_handler", "_drain_helper",
    "force_close", "_pause_transport_reading", "_resume_transport_reading",
)  # fmt: skip


@cache
def fast_path_works() -> bool:
    """Whether this aiohttp is built as the short way expects; says so once if not."""
    try:
        trouble = _trouble()
    except Exception as error:
        trouble = repr(error)
    if trouble:
        logger.warning("aiohttp's internals changed (%s): every request takes the plain path",
                       trouble)  # fmt: skip
    return not trouble


def _trouble() -> str:
    handler = web_protocol.RequestHandler
    known = {name for cls in handler.__mro__ for name in getattr(cls, "__slots__", ())}
    for name in _ATTRIBUTES:
        if name not in known:
            return f"no attribute {name}"
    for name in _METHODS:
        if not callable(getattr(handler, name, None)):
            return f"no method {name}"
    if not hasattr(web_protocol, "_ErrInfo"):
        return "no _ErrInfo"
    return _parse_trouble()


def _parse_trouble() -> str:
    loop = asyncio.new_event_loop()
    try:
        parser: Any = HttpRequestParser(
            BaseProtocol(loop),
            loop,
            2**16,
            max_line_size=8190,
            max_field_size=8190,
        )
        messages, upgraded, tail = parser.feed_data(b"GET /a?b HTTP/1.1\r\nHost: h\r\n\r\n")
        message, payload = messages[0]
        parser.message_consumed()
        if (message.method, message.path, message.headers["host"]) != ("GET", "/a?b", "h"):
            return "the parser's message has another shape"
        if payload is not EMPTY_PAYLOAD or upgraded or tail or message.should_close:
            return "the parser's answer has another shape"
        return ""
    finally:
        loop.close()
