"""What the fast connection assumes of aiohttp, checked when a listener starts.

The fast connection drives aiohttp's C parser itself instead of going through the loop
of `RequestHandler`. Its attributes are not public: where one of them is missing or a
trial parse differs, listeners fall back to aiohttp's public low-level API.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from functools import lru_cache

import aiohttp
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_parser import HttpRequestParser
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader
from aiohttp.web_protocol import RequestHandler

logger = logging.getLogger("gateway.http")

_ATTRIBUTES = (
    "_parser", "_loop", "_paused", "_manager", "_buffer_paused", "_reading_paused",
    "_request_handler", "_request_factory", "transport",
)  # fmt: skip
_METHODS = (
    "_drain_helper", "_pause_reading_for_buffer", "_resume_reading_for_buffer",
    "_resume_transport_reading",
)  # fmt: skip
_PARAMETERS = ("max_line_size", "max_headers", "max_field_size", "auto_decompress", "read_bufsize")


class UnexpectedInternals(Exception):
    """aiohttp is not built as we assume; the message says in what."""


@lru_cache(maxsize=1)
def fast_path_is_possible() -> bool:
    """Check once per process, with one log line when the answer is no."""
    try:
        check_internals()
    except Exception as error:
        logger.warning(
            "aiohttp %s is not built as expected (%s): "
            "requests are served by the slower plain path",
            aiohttp.__version__,
            error,
        )
        return False
    return True


def check_internals() -> None:
    """Raises `UnexpectedInternals`, or whatever the trial parse raised."""
    slots = {name for kind in RequestHandler.__mro__ for name in getattr(kind, "__slots__", ())}
    for name in _ATTRIBUTES:
        if name not in slots:
            raise UnexpectedInternals(f"RequestHandler has no {name}")
    for name in _METHODS:
        if not callable(getattr(RequestHandler, name, None)):
            raise UnexpectedInternals(f"RequestHandler has no {name}()")
    parameters = inspect.signature(RequestHandler.__init__).parameters
    for name in _PARAMETERS:
        if name not in parameters:
            raise UnexpectedInternals(f"RequestHandler takes no {name}")
    _try_parser()


def _try_parser() -> None:
    loop = asyncio.new_event_loop()
    try:
        parser = HttpRequestParser(
            BaseProtocol(loop), loop, 65536, max_line_size=1000, max_field_size=1000,
            max_headers=10, auto_decompress=False, max_msg_queue_size=32,
        )  # fmt: skip
        messages, upgraded, tail = parser.feed_data(
            b"GET /%2F?a=b HTTP/1.1\r\nhost: x\r\nX-a: 1 \r\n\r\n"
            b"POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nab"
        )
        parser.message_consumed()
        parser.set_upgraded(False)
    finally:
        loop.close()
    if upgraded or tail or len(messages) != 2:
        raise UnexpectedInternals("feed_data() gives something else")
    (get, empty), (post, body) = messages
    facts = (
        get.method, get.path, tuple(get.version), tuple(get.headers.items()), get.raw_headers,
        get.should_close, get.upgrade, get.chunked, empty is EMPTY_PAYLOAD,
        tuple(post.version), post.should_close, isinstance(body, StreamReader),
        body.is_eof(), body.read_nowait(),
    )  # fmt: skip
    if facts != _EXPECTED:
        raise UnexpectedInternals("the trial parse differs")


_EXPECTED = (
    "GET", "/%2F?a=b", (1, 1), (("Host", "x"), ("X-a", "1")), ((b"host", b"x"), (b"X-a", b"1")),
    False, False, False, True, (1, 0), True, True, True, b"ab",
)  # fmt: skip
