"""What a listener does beside refusing: bodies, connections, deadlines, errors."""

from __future__ import annotations

import asyncio
import dataclasses
import logging

import orjson
import pytest
from multidict import CIMultiDict

from gateway.http.message import (
    BodyStream,
    BodyTooBig,
    ClientGone,
    ClientTimeout,
    Refusal,
    Request,
    Response,
    Sent,
)
from tests.http.wire import LIMITS, Wire, echo, listening

pytestmark = pytest.mark.parametrize("fast", [True, False], ids=["fast", "plain"])

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
EXPECTING = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
QUICK = dataclasses.replace(
    LIMITS, head_timeout=0.3, body_timeout=0.3, keepalive_timeout=0.3, linger_timeout=0.3
)


async def exchange(wire: Wire, raw: bytes, method: str = "GET"):
    wire.send(raw)
    return await wire.answer(method)


async def test_the_handler_sees_the_request_as_it_was_sent(fast: bool) -> None:
    async with listening(fast=fast) as listener, Wire.to(listener) as wire:
        answer = await exchange(
            wire,
            b"PUT /a%2Fb//c;d=1?q=%20&r HTTP/1.1\r\nHost: x:80\r\nX_under: 1\r\n"
            b"X-Raw: \xff\xc3\xa9\r\nX-Two: 1\r\nX-Two: 2\r\nContent-Length: 4\r\n\r\n\x00\xffab",
        )
    told = orjson.loads(answer.body)
    headers = [(name, bytes.fromhex(value)) for name, value in told["headers"]]
    assert told["method"] == "PUT"
    assert told["target"] == "/a%2Fb//c;d=1?q=%20&r"
    assert told["body"] == b"\x00\xffab".hex()
    assert headers == [
        ("Host", b"x:80"),
        ("X_under", b"1"),
        ("X-Raw", b"\xff\xc3\xa9"),
        ("X-Two", b"1"),
        ("X-Two", b"2"),
        ("Content-Length", b"4"),
    ]


async def test_an_absolute_target_becomes_its_path(fast: bool) -> None:
    async with listening(fast=fast) as listener, Wire.to(listener) as wire:
        answer = await exchange(wire, b"GET HTTP://X:80/a?b HTTP/1.1\r\nHost: x\r\n\r\n")
    assert orjson.loads(answer.body)["target"] == "/a?b"


async def test_fields_named_by_connection_are_dropped_except_protected_ones(fast: bool) -> None:
    async with listening(fast=fast) as listener, Wire.to(listener) as wire:
        answer = await exchange(
            wire,
            b"GET / HTTP/1.1\r\nHost: x\r\nConnection: X-Key, Authorization, host\r\nX-Key: 1\r\n"
            b"Authorization: a\r\n\r\n",
        )
    names = [name for name, _ in orjson.loads(answer.body)["headers"]]
    assert names == ["Host", "Connection", "Authorization"]


async def test_head_has_the_length_and_no_body(fast: bool) -> None:
    async def handler(request: Request) -> Response:
        return Response(200, CIMultiDict(), b"abc")

    async with listening(handler, fast=fast) as listener, Wire.to(listener) as wire:
        answer = await exchange(wire, b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", "HEAD")
        assert answer.headers["Content-Length"] == "3"
        assert (await exchange(wire, GET)).body == b"abc"


async def test_head_keeps_the_length_that_was_set(fast: bool) -> None:
    async def handler(request: Request) -> Response:
        return Response(200, CIMultiDict({"Content-Length": "1234"}))

    async with listening(handler, fast=fast) as listener, Wire.to(listener) as wire:
        answer = await exchange(wire, b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", "HEAD")
        assert answer.headers["Content-Length"] == "1234"


@pytest.mark.parametrize("status", [204, 304])
async def test_no_body_goes_with_204_and_304(fast: bool, status: int) -> None:
    async def handler(request: Request) -> Response:
        return Response(status, CIMultiDict(), b"abc")

    async with listening(handler, fast=fast) as listener, Wire.to(listener) as wire:
        assert (await exchange(wire, GET)).status == status
        assert (await exchange(wire, GET)).status == status


async def test_hop_by_hop_fields_of_a_response_are_not_sent(fast: bool) -> None:
    async def handler(request: Request) -> Response:
        fields = {"Connection": "x", "Keep-Alive": "1", "Transfer-Encoding": "gzip", "X-A": "1"}
        return Response(200, CIMultiDict({**fields, "Content-Length": "77", "TE": "x"}), b"abc")

    async with listening(handler, fast=fast) as listener, Wire.to(listener) as wire:
        answer = await exchange(wire, GET)
    assert list(answer.headers) == ["X-A", "Date", "Content-Length"]
    assert answer.headers["Content-Length"] == "3"


async def test_a_date_of_the_handler_stays(fast: bool) -> None:
    async def handler(request: Request) -> Response:
        return Response(200, CIMultiDict({"Date": "then"}))

    async with listening(handler, fast=fast) as listener, Wire.to(listener) as wire:
        assert (await exchange(wire, GET)).headers.getall("Date") == ["then"]


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (413, "Request Entity Too Large"),
        (414, "Request-URI Too Long"),
        (431, "Request Header Fields Too Large"),
        (599, "Unknown"),
    ],
)
async def test_reason_phrases_are_apigees(fast: bool, status: int, reason: str) -> None:
    async def handler(request: Request) -> Response:
        return Response(status, CIMultiDict())

    async with listening(handler, fast=fast) as listener, Wire.to(listener) as wire:
        assert (await exchange(wire, GET)).reason == reason


@pytest.mark.parametrize(
    "response",
    [
        Response(200, CIMultiDict({"X-A": "1\r\nX-B: 2"})),
        Response(200, CIMultiDict({"X-A": "1\n"})),
        Response(200, CIMultiDict({"X-A": "\x00"})),
        Response(200, CIMultiDict({"X A": "1"})),
        Response(200, CIMultiDict({"X-A\r\n": "1"})),
        Response(200, CIMultiDict(), reason="OK\r\nX-B: 2"),
        Response(101, CIMultiDict()),
    ],
    ids=repr,
)
async def test_a_response_that_would_break_out_of_its_head_is_500(
    fast: bool, response: Response
) -> None:
    async def handler(request: Request) -> Response:
        return response

    async with listening(handler, fast=fast) as listener, Wire.to(listener) as wire:
        answer = await exchange(wire, GET)
    assert (answer.status, answer.body) == (500, b"500 internal")
    assert "X-B" not in answer.headers


async def test_a_failing_handler_is_500_and_the_connection_goes_on(
    fast: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler(request: Request) -> Response:
        raise RuntimeError("secret detail")

    caplog.set_level(logging.CRITICAL, "gateway.http")
    async with listening(handler, fast=fast) as listener, Wire.to(listener) as wire:
        for _ in range(2):
            assert (await exchange(wire, GET)).body == b"500 internal"


@pytest.mark.parametrize(
    ("error", "body"),
    [
        (Refusal("unsupported_encoding", 415), b"415 unsupported_encoding"),
        (BodyTooBig(), b"413 too_big_body"),
        (ClientTimeout(), b"408 request_timeout"),
    ],
    ids=["Refusal", "BodyTooBig", "ClientTimeout"],
)
async def test_what_a_handler_raises_of_ours_is_refused(
    fast: bool, error: Exception, body: bytes
) -> None:
    async def handler(request: Request) -> Response:
        raise error

    async with listening(handler, fast=fast) as listener, Wire.to(listener) as wire:
        assert (await exchange(wire, GET)).body == body
        assert await wire.is_closed()


async def test_requests_in_one_piece_are_answered_in_order(fast: bool) -> None:
    async def handler(request: Request) -> Response:
        number = int(request.target[1:])
        await asyncio.sleep(0.02 / (number + 1))
        return Response(200, CIMultiDict(), str(number).encode())

    many = b"".join(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % number for number in range(100))
    async with listening(handler, fast=fast) as listener, Wire.to(listener) as wire:
        wire.send(many)
        assert [(await wire.answer()).body for _ in range(100)] == [b"%d" % n for n in range(100)]


async def test_requests_behind_a_running_one_wait_their_turn(fast: bool) -> None:
    running = 0

    async def handler(request: Request) -> Response:
        nonlocal running
        running += 1
        assert running == 1
        await asyncio.sleep(0.01)
        running -= 1
        body = request.body if isinstance(request.body, bytes) else await request.body.read(100)
        return Response(200, CIMultiDict(), body)

    async with listening(handler, fast=fast) as listener, Wire.to(listener) as wire:
        for number in range(10):
            wire.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n%d" % number)
            await asyncio.sleep(0.003)
        assert b"".join([(await wire.answer()).body for _ in range(10)]) == b"0123456789"


async def test_a_flood_of_requests_behind_a_running_one_is_not_taken_in(fast: bool) -> None:
    gate = asyncio.Event()

    async def handler(request: Request) -> Response:
        await gate.wait()
        return Response(200, CIMultiDict())

    async with listening(handler, fast=fast) as listener, Wire.to(listener) as wire:
        wire.send(GET)
        await asyncio.sleep(0.02)
        flood = GET * 20_000
        sent = asyncio.create_task(send_all(wire, flood * 40))
        await asyncio.sleep(0.2)
        assert not sent.done(), "reading must pause"
        sent.cancel()
        gate.set()
        assert (await wire.answer()).status == 200


async def send_all(wire: Wire, data: bytes) -> None:
    wire.send(data)
    await wire.writer.drain()


async def test_a_client_that_goes_away_cancels_the_handler(fast: bool) -> None:
    entered, cancelled = asyncio.Event(), asyncio.Event()

    async def handler(request: Request) -> Response:
        entered.set()
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return Response(200, CIMultiDict())

    async with listening(handler, fast=fast) as listener:
        async with Wire.to(listener) as wire:
            wire.send(GET)
            await entered.wait()
        await asyncio.wait_for(cancelled.wait(), 1.0)
        await asyncio.sleep(0)
        assert listener.connections == 0


async def test_a_client_that_goes_away_ends_its_body(fast: bool) -> None:
    entered = asyncio.Event()
    seen: list[BaseException] = []

    async def handler(request: Request) -> Response:
        entered.set()
        assert not isinstance(request.body, bytes)
        try:
            await request.body.read(1 << 20)
        except BaseException as error:
            seen.append(error)
            raise
        return Response(200, CIMultiDict())

    async with listening(handler, fast=fast) as listener:
        async with Wire.to(listener) as wire:
            wire.send(CHUNKED + b"3\r\nabc\r\n")
            await entered.wait()
        await asyncio.sleep(0.05)
    assert isinstance(seen[0], ClientGone | asyncio.CancelledError)


async def test_continue_is_sent_when_the_handler_reads(fast: bool) -> None:
    started = asyncio.Event()
    go = asyncio.Event()

    async def handler(request: Request) -> Response:
        started.set()
        await go.wait()
        return await echo(request)

    async with listening(handler, fast=fast) as listener, Wire.to(listener) as wire:
        wire.send(EXPECTING)
        await started.wait()
        with pytest.raises(TimeoutError):
            await wire.receive(timeout=0.05)
        go.set()
        assert (await wire.answer()).status == 100
        assert orjson.loads((await exchange(wire, b"ab")).body)["body"] == b"ab".hex()
        assert (await exchange(wire, GET)).status == 200


async def test_no_continue_when_the_handler_does_not_read(fast: bool) -> None:
    async def handler(request: Request) -> Response:
        return Response(403, CIMultiDict(), b"no")

    async with listening(handler, fast=fast) as listener, Wire.to(listener) as wire:
        answer = await exchange(wire, EXPECTING)
        assert (answer.status, answer.headers["Connection"]) == (403, "close")
        assert await wire.is_closed()


async def test_a_short_unread_body_is_thrown_away(fast: bool) -> None:
    async def handler(request: Request) -> Response:
        return Response(200, CIMultiDict(), b"early")

    limits = dataclasses.replace(LIMITS, small_body=0)
    async with listening(handler, fast=fast, limits=limits) as listener, Wire.to(listener) as wire:
        raw = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"
        assert (await exchange(wire, raw)).body == b"early"
        wire.send(b"x" * 100)
        assert (await exchange(wire, GET)).body == b"early"


async def test_a_long_unread_body_closes_the_connection(fast: bool) -> None:
    async def handler(request: Request) -> Response:
        return Response(200, CIMultiDict(), b"early")

    async with listening(handler, fast=fast) as listener, Wire.to(listener) as wire:
        raw = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n" + b"x" * 1000
        answer = await exchange(wire, raw)
        assert (answer.body, answer.headers["Connection"]) == (b"early", "close")
        assert await wire.is_closed()


async def test_a_small_body_is_handed_on_whole(fast: bool) -> None:
    seen: list[bytes | BodyStream] = []

    async def handler(request: Request) -> Response:
        seen.append(request.body)
        return Response(200, CIMultiDict())

    async with listening(handler, fast=fast) as listener, Wire.to(listener) as wire:
        wire.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab")
        await asyncio.sleep(0.02)
        assert not seen
        assert (await exchange(wire, b"cd")).status == 200
    assert seen == [b"abcd"]


async def test_a_body_that_turns_out_malformed_is_refused(fast: bool) -> None:
    async with listening(fast=fast) as listener, Wire.to(listener) as wire:
        wire.send(CHUNKED + b"3\r\nabc\r\n")
        await asyncio.sleep(0.02)
        assert (await exchange(wire, b"zz\r\n")).body == b"400 bad_request"
        assert await wire.is_closed()


async def test_a_head_that_does_not_come_is_408(fast: bool) -> None:
    async with listening(fast=fast, limits=QUICK) as listener, Wire.to(listener) as wire:
        wire.send(b"GET / HTTP/1.1\r\n")
        for _ in range(20):
            await asyncio.sleep(0.02)
            wire.send(b"X-A: 1\r\n")  # slow, but never silent
        assert (await wire.answer()).body == b"408 request_timeout"
        assert await wire.is_closed()


@pytest.mark.parametrize("length", [b"Content-Length: 10", b"Content-Length: 100000"])
async def test_a_body_that_does_not_come_is_408(fast: bool, length: bytes) -> None:
    async with listening(fast=fast, limits=QUICK) as listener, Wire.to(listener) as wire:
        wire.send(b"POST / HTTP/1.1\r\nHost: x\r\n" + length + b"\r\n\r\nabc")
        assert (await wire.answer()).body == b"408 request_timeout"
        assert await wire.is_closed()


async def test_an_idle_connection_is_closed(fast: bool) -> None:
    async with listening(fast=fast, limits=QUICK) as listener, Wire.to(listener) as wire:
        assert (await exchange(wire, GET)).status == 200
        assert await wire.is_closed(2.0)


async def test_a_slow_handler_meets_no_deadline_of_the_client(fast: bool) -> None:
    async def handler(request: Request) -> Response:
        await asyncio.sleep(1.2)
        return Response(200, CIMultiDict())

    async with listening(handler, fast=fast, limits=QUICK) as listener, Wire.to(listener) as wire:
        assert (await exchange(wire, GET)).status == 200


async def test_a_client_that_takes_nothing_is_dropped(fast: bool) -> None:
    ended = asyncio.Event()
    how: list[Sent] = []

    async def chunks():
        while True:
            yield b"x" * 65536

    async def handler(request: Request) -> Response:
        def sent(facts: Sent) -> None:
            how.append(facts)
            ended.set()

        return Response(200, CIMultiDict(), chunks(), on_sent=sent)

    limits = dataclasses.replace(LIMITS, send_timeout=0.3)
    async with listening(handler, fast=fast, limits=limits) as listener, Wire.to(listener) as wire:
        wire.writer.transport.pause_reading()
        wire.send(GET)
        await asyncio.wait_for(ended.wait(), 5.0)
    assert not how[0].complete


async def test_a_connection_too_many_is_503(fast: bool) -> None:
    limits = dataclasses.replace(LIMITS, connections=1)
    async with listening(fast=fast, limits=limits) as listener, Wire.to(listener) as first:
        assert (await exchange(first, GET)).status == 200
        async with Wire.to(listener) as second:
            assert (await second.answer()).body == b"503 overloaded"
            assert await second.is_closed()
        assert (await exchange(first, GET)).status == 200


async def test_a_line_too_long_is_414(fast: bool) -> None:
    async with listening(fast=fast) as listener:
        line = b"GET /" + b"a" * (7168 - len("GET / HTTP/1.1")) + b" HTTP/1.1\r\nHost: x\r\n\r\n"
        async with Wire.to(listener) as wire:
            assert (await exchange(wire, line)).status == 200
            answer = await exchange(wire, line.replace(b"/a", b"/aa"))
            assert (answer.reason, answer.body) == ("Request-URI Too Long", b"414 too_big_line")


@pytest.mark.parametrize("size", [26_000, 60_000, 200_000])
async def test_headers_too_big_are_431(fast: bool, size: int) -> None:
    async with listening(fast=fast) as listener:
        for field in (b"X-A: " + b"a" * size, b"\r\n".join([b"X-A: 1"] * (size // 8))):
            async with Wire.to(listener) as wire:
                raw = b"GET / HTTP/1.1\r\nHost: x\r\n" + field + b"\r\n\r\n"
                assert (await exchange(wire, raw)).body == b"431 too_big_headers"
                assert await wire.is_closed()


async def test_headers_just_small_enough_pass(fast: bool) -> None:
    async with listening(fast=fast) as listener, Wire.to(listener) as wire:
        field = b"X-A: " + b"a" * (25600 - len("Host: x\r\n") - len("X-A: \r\n")) + b"\r\n"
        raw = b"GET / HTTP/1.1\r\nHost: x\r\n" + field + b"\r\n"
        assert (await exchange(wire, raw)).status == 200
        raw = raw.replace(b"X-A", b"X-AA")
        assert (await exchange(wire, raw)).body == b"431 too_big_headers"


async def test_a_head_that_never_ends_is_cut_off(fast: bool) -> None:
    async with listening(fast=fast) as listener, Wire.to(listener) as wire:
        wire.send(b"GET / HTTP/1.1\r\n")
        for _ in range(50):
            wire.send(b"X-A: " + b"a" * 1000 + b"\r\n")
            await asyncio.sleep(0)
        assert (await wire.answer()).body == b"431 too_big_headers"


async def test_drain_lets_running_requests_finish(fast: bool) -> None:
    entered, go = asyncio.Event(), asyncio.Event()

    async def handler(request: Request) -> Response:
        entered.set()
        await go.wait()
        return Response(200, CIMultiDict(), b"done")

    async with (
        listening(handler, fast=fast) as listener,
        Wire.to(listener) as busy,
        Wire.to(listener) as idle,
    ):
        busy.send(GET)
        await entered.wait()
        draining = asyncio.create_task(listener.drain(5.0))
        assert await idle.is_closed()
        with pytest.raises(OSError):
            await asyncio.open_connection(*listener.address)
        go.set()
        answer = await busy.answer()
        assert (answer.body, answer.headers.get("Connection")) == (b"done", "close")
        assert await busy.is_closed()
        await draining


async def test_drain_ends_what_does_not_finish(fast: bool) -> None:
    async def handler(request: Request) -> Response:
        await asyncio.sleep(60)
        return Response(200, CIMultiDict())

    async with listening(handler, fast=fast) as listener, Wire.to(listener) as wire:
        wire.send(GET)
        await asyncio.sleep(0.02)
        async with asyncio.timeout(2.0):
            await listener.drain(0.1)
        assert await wire.is_closed()


async def test_counters(fast: bool) -> None:
    async with listening(fast=fast) as listener, Wire.to(listener) as wire:
        for _ in range(3):
            await exchange(wire, GET)
        assert (listener.connections, listener.requests) == (1, 3)


async def test_on_sent_tells_how_it_ended(fast: bool) -> None:
    told: list[Sent] = []

    async def handler(request: Request) -> Response:
        return Response(200, CIMultiDict(), b"abc", on_sent=told.append)

    async with listening(handler, fast=fast) as listener, Wire.to(listener) as wire:
        await exchange(wire, GET)
    assert [(sent.body_bytes, sent.complete) for sent in told] == [(3, True)]
    assert 0 < told[0].started <= told[0].ended


@pytest.mark.parametrize("rest", [b"0\r\n" + b"X-T: 1\r\n" * 10, b"1;" + b"a" * 100])
async def test_trailers_and_chunk_extensions_without_end_are_refused(
    fast: bool, rest: bytes
) -> None:
    async with listening(fast=fast) as listener, Wire.to(listener) as wire:
        wire.send(CHUNKED + b"3\r\nabc\r\n" + rest)
        for _ in range(60):
            await asyncio.sleep(0.002)
            wire.send(b"X-T: aaaaaaaaaaaaaaaaaaaa\r\n" * 20 if rest[:1] == b"0" else b"a" * 500)
        assert (await wire.answer()).body == b"400 bad_request"
