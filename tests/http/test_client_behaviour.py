"""What the upstream client does: connections, retries, deadlines, streams."""

from __future__ import annotations

import asyncio
import gc
import time

import pytest
from multidict import CIMultiDict

from gateway.http.client import Client, Origin, ResponseLimits
from gateway.http.message import (
    BodyTooBig,
    ClientTimeout,
    Timeouts,
    UpstreamError,
    UpstreamRequest,
)
from tests.http.wire import Upstream, ask

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture
async def client():
    client = Client()
    yield client
    await client.close()


async def kind_of(call) -> str:
    with pytest.raises(UpstreamError) as raised:
        await call
    return raised.value.kind


async def test_the_request_on_the_wire(client: Client) -> None:
    async with Upstream(OK) as upstream:
        headers = CIMultiDict({"Host": "api", "X-A": "1", "Connection": "x", "TE": "trailers"})
        await ask(client, upstream.origin, "POST", "/a?b", b"abc", headers=headers)
    assert upstream.received == [
        b"POST /a?b HTTP/1.1\r\nHost: api\r\nX-A: 1\r\nContent-Length: 3\r\n\r\nabc"
    ]


async def test_the_facts_of_a_response(client: Client) -> None:
    raw = b"HTTP/1.1 299 Fine, thanks\r\nX-A: 1\r\nx-a:  2 \r\nContent-Length: 2\r\n\r\nok"
    began = time.time()
    async with Upstream(raw) as upstream:
        answer = await ask(client, upstream.origin)
        assert answer.peer == ("127.0.0.1", upstream.port)
    assert (answer.status, answer.reason, answer.body) == (299, "Fine, thanks", b"ok")
    assert list(answer.headers.items())[:2] == [("X-A", "1"), ("x-a", "2")]
    times = [answer.sent_started, answer.sent_ended, answer.received_started, answer.received_ended]
    assert times == sorted(times)
    assert began <= times[0] <= times[-1] <= time.time()


async def test_connections_are_used_again(client: Client) -> None:
    async with Upstream(OK) as upstream:
        for _ in range(5):
            assert (await ask(client, upstream.origin)).body == b"ok"
    assert upstream.connections == 1


async def test_calls_at_once_use_a_connection_each(client: Client) -> None:
    async with Upstream(OK) as upstream:
        await asyncio.gather(*(ask(client, upstream.origin) for _ in range(5)))
        assert upstream.connections == 5
        await asyncio.gather(*(ask(client, upstream.origin) for _ in range(5)))
        assert upstream.connections == 5


async def test_no_more_connections_than_allowed() -> None:
    client = Client(max_connections=2)
    async with Upstream(OK) as upstream:
        answers = await asyncio.gather(*(ask(client, upstream.origin) for _ in range(20)))
        assert [answer.body for answer in answers] == [b"ok"] * 20
        assert upstream.connections == 2
    await client.close()


async def test_waiting_for_a_connection_has_an_end() -> None:
    client = Client(max_connections=1)
    async with Upstream(b"") as upstream:
        first = asyncio.create_task(ask(client, upstream.origin, io=5.0))
        await asyncio.sleep(0.02)
        request = UpstreamRequest("GET", "/", CIMultiDict())
        call = client.send(
            request, upstream.origin, Timeouts(connect=0.1), buffer=True, max_body=10
        )
        assert await kind_of(call) == "connect_timeout"
        first.cancel()
    await client.close()


async def test_a_failed_call_makes_room_for_the_next_one() -> None:
    client = Client(max_connections=1)
    async with Upstream(b"nonsense\r\n\r\n", OK) as upstream:
        assert await kind_of(ask(client, upstream.origin)) == "invalid"
        assert (await ask(client, upstream.origin)).body == b"ok"
    await client.close()


async def test_idle_connections_end(client: Client) -> None:
    async with Upstream(OK) as upstream:
        request = UpstreamRequest("GET", "/", CIMultiDict())
        timeouts = Timeouts(keepalive=0.1)
        for _ in range(2):
            await client.send(request, upstream.origin, timeouts, buffer=True, max_body=10)
            await asyncio.sleep(1.4)
        assert upstream.connections == 2


async def test_a_stale_connection_is_replaced_for_idempotent_methods(client: Client) -> None:
    async with Stale() as upstream:
        assert (await ask(client, upstream.origin)).body == b"ok"
        assert (await ask(client, upstream.origin, "PUT", body=b"x")).body == b"ok"
        assert upstream.connections == 2


async def test_a_stale_connection_is_an_error_for_post(client: Client) -> None:
    async with Stale() as upstream:
        assert (await ask(client, upstream.origin)).body == b"ok"
        assert await kind_of(ask(client, upstream.origin, "POST", body=b"x")) in ("eof", "refused")
        assert upstream.connections == 1


async def test_a_request_is_not_repeated_once_an_answer_has_begun(client: Client) -> None:
    async with Stale(last_words=b"HTTP/1.1 2") as upstream:
        assert (await ask(client, upstream.origin)).body == b"ok"
        assert await kind_of(ask(client, upstream.origin)) == "eof"
        assert upstream.connections == 1


async def test_a_fresh_connection_is_not_tried_again(client: Client) -> None:
    async with Upstream(b"", close=True) as upstream:
        assert await kind_of(ask(client, upstream.origin)) == "eof"
        assert upstream.connections == 1


class Stale(Upstream):
    """Answers once per connection, and drops the connection when asked again."""

    def __init__(self, last_words: bytes = b"") -> None:
        super().__init__(OK)
        self.last_words = last_words

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await reader.read(1)
        writer.write(self.last_words)
        writer.close()


async def test_a_refused_connection(client: Client) -> None:
    async with Upstream(OK) as upstream:
        origin = upstream.origin
    assert await kind_of(ask(client, origin)) == "refused"


async def test_a_host_that_does_not_exist(client: Client) -> None:
    assert await kind_of(ask(client, Origin("http", "nowhere.invalid", 80))) == "unresolved"
    assert await kind_of(ask(client, Origin("http", "a" * 80 + ".x", 80))) == "unresolved"


async def test_all_addresses_are_tried(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Upstream(OK) as upstream:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo("127.0.0.1", upstream.port, type=1)

        async def getaddrinfo(host, port, **_):
            nobody = (*found[0][:4], ("127.0.0.2", 1))
            return [nobody, *found]

        monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)
        assert (await ask(client, Origin("http", "both", upstream.port))).body == b"ok"


async def test_connect_to_replaces_scheme_host_and_port() -> None:
    async with Upstream(OK) as upstream:
        client = Client(connect_to={"Api.Example.com": ("127.0.0.1", upstream.port)})
        for origin in (
            Origin("https", "api.example.com", 443),
            Origin("http", "API.example.com", 1),
        ):
            assert (await ask(client, origin)).body == b"ok"
        await client.close()
    assert b"Host: api.example.com\r\n" in upstream.received[0]


async def test_silence_before_the_response_is_a_timeout(client: Client) -> None:
    async with Upstream(b"") as upstream:
        began = time.monotonic()
        assert await kind_of(ask(client, upstream.origin, io=0.2)) == "timeout"
        assert 0.15 < time.monotonic() - began < 0.7


async def test_silence_within_the_response_is_a_timeout(client: Client) -> None:
    async with Upstream(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc") as upstream:
        assert await kind_of(ask(client, upstream.origin, io=0.2)) == "timeout"
        answer = await ask(client, upstream.origin, io=0.2, buffer=False)
        assert not isinstance(answer.body, bytes)
        assert await kind_of(answer.body.read(100)) == "timeout"


async def test_the_deadline_counts_from_the_last_bytes(client: Client) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n")
        for _ in range(6):
            await asyncio.sleep(0.15)
            writer.write(b"x")

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    origin = Origin("http", "127.0.0.1", server.sockets[0].getsockname()[1])
    assert (await ask(client, origin, io=0.4)).body == b"xxxxxx"
    server.close()


async def test_a_pause_of_the_client_keeps_its_deadlines_right(client: Client) -> None:
    async with Upstream(OK) as upstream:
        await ask(client, upstream.origin, io=0.3)
        await asyncio.sleep(1.2)
        assert (await ask(client, upstream.origin, io=0.3)).body == b"ok"


async def test_a_buffered_body_has_a_limit(client: Client) -> None:
    long = b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n" + b"x" * 11
    chunks = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n" + b"x" * 11 + b"\r\n0\r\n\r\n"
    )
    for raw in (long, chunks, long[:-11]):
        async with Upstream(raw) as upstream:
            with pytest.raises(BodyTooBig):
                await ask(client, upstream.origin, max_body=10)
    async with Upstream(long) as upstream:
        assert (await ask(client, upstream.origin, max_body=11)).body == b"x" * 11


async def test_limits_of_the_head(client: Client) -> None:
    line = b"HTTP/1.1 200 " + b"a" * 2048 + b"\r\nContent-Length: 0\r\n\r\n"
    fields = b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 25600 + b"\r\nContent-Length: 0\r\n\r\n"
    many = b"HTTP/1.1 200 OK\r\n" + b"X-A: 1\r\n" * 3300 + b"Content-Length: 0\r\n\r\n"
    for raw, kind in (
        (line, "too_big_line"),
        (fields, "too_big_headers"),
        (many, "too_big_headers"),
        (fields[:-4] * 5, "too_big_headers"),
        (b"HTTP/1.1 103 Early\r\n\r\n" + fields, "too_big_headers"),
        (
            b"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\n" + b"X-A: 1\r\n" * 9000,
            "too_big_headers",
        ),
    ):
        async with Upstream(raw) as upstream:
            assert await kind_of(ask(client, upstream.origin)) == kind
    roomy = Client(limits=ResponseLimits(2048, 61440))
    async with Upstream(fields) as upstream:
        assert (await ask(roomy, upstream.origin)).status == 200
    await roomy.close()


@pytest.mark.parametrize("rest", [b"0\r\n" + b"X-T: 1\r\n" * 4000, b"1;" + b"a" * 30000])
async def test_trailers_and_chunk_extensions_have_a_limit(client: Client, rest: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")
        for start in range(0, len(rest), 1000):
            writer.write(rest[start : start + 1000])
            await asyncio.sleep(0.001)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    origin = Origin("http", "127.0.0.1", server.sockets[0].getsockname()[1])
    assert await kind_of(ask(client, origin)) == "too_big_headers"
    server.close()


async def test_trailers_of_a_stream(client: Client) -> None:
    raw = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw)
        await asyncio.sleep(0.01)
        writer.write(b"1\r\nx\r\n0\r\nX-T: 1\r\n\r\n")

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    origin = Origin("http", "127.0.0.1", server.sockets[0].getsockname()[1])
    answer = await ask(client, origin, buffer=False)
    assert not isinstance(answer.body, bytes)
    assert answer.body.trailers is None
    assert await answer.body.read(10) == b"x"
    assert answer.body.trailers == CIMultiDict({"X-T": "1"})
    server.close()


async def test_a_stream_of_known_length_is_sent_with_it(client: Client) -> None:
    async with Upstream(OK) as upstream:
        assert (await ask(client, upstream.origin, "POST", body=Stream([b"ab", b"", b"c"], 3))).body
    assert upstream.received[0].endswith(b"Content-Length: 3\r\n\r\nabc")


@pytest.mark.parametrize("length", [2, 4])
async def test_a_stream_of_another_length_than_declared_is_an_error(
    client: Client, length: int
) -> None:
    async with Upstream(OK) as upstream:
        call = ask(client, upstream.origin, "POST", body=Stream([b"ab", b"c"], length))
        assert await kind_of(call) == "invalid"


async def test_what_the_request_body_raises_ends_the_call(client: Client) -> None:
    async def chunks():
        yield b"a"
        raise ClientTimeout("slow")

    async with Upstream(b"") as upstream:
        with pytest.raises(ClientTimeout):
            await ask(client, upstream.origin, "POST", body=chunks())


async def test_a_slow_request_body_meets_no_deadline_of_the_server(client: Client) -> None:
    async def chunks():
        for _ in range(3):
            await asyncio.sleep(0.3)
            yield b"a"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"0\r\n\r\n")
        writer.write(OK)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    origin = Origin("http", "127.0.0.1", server.sockets[0].getsockname()[1])
    assert (await ask(client, origin, "POST", body=chunks(), io=0.2)).body == b"ok"
    server.close()


async def test_an_early_answer_ends_the_request_and_its_connection(client: Client) -> None:
    async def chunks():
        while True:
            await asyncio.sleep(0.01)
            yield b"a"

    async with Upstream(OK) as upstream:
        assert (await ask(client, upstream.origin, "POST", body=chunks())).body == b"ok"
        assert (await ask(client, upstream.origin)).body == b"ok"
        assert upstream.connections == 2


async def test_cancelling_a_call_closes_its_connection(client: Client) -> None:
    async with Upstream(b"") as upstream:
        call = asyncio.create_task(ask(client, upstream.origin))
        await asyncio.sleep(0.05)
        (writer,) = upstream.open
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        async with asyncio.timeout(1.0):
            await writer.wait_closed()


async def test_a_stream_that_nobody_reads_closes_its_connection(client: Client) -> None:
    async with Upstream(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc") as upstream:
        answer = await ask(client, upstream.origin, buffer=False)
        (writer,) = upstream.open
        del answer
        gc.collect()
        async with asyncio.timeout(1.0):
            await writer.wait_closed()


async def test_close_ends_running_calls() -> None:
    client = Client()
    async with Upstream(b"") as upstream:
        call = asyncio.create_task(ask(client, upstream.origin))
        await asyncio.sleep(0.05)
        await client.close()
        assert await kind_of(call) == "refused"


async def test_a_target_that_cannot_be_written_is_an_error(client: Client) -> None:
    async with Upstream(OK) as upstream:
        assert await kind_of(ask(client, upstream.origin, target="/a b")) == "invalid"
        bad = CIMultiDict({"X": "1\r\nY: 2"})
        assert await kind_of(ask(client, upstream.origin, headers=bad)) == "invalid"
        assert upstream.connections == 0


class Stream:
    """A body in chunks with a declared length."""

    trailers = None

    def __init__(self, chunks: list[bytes], length: int | None) -> None:
        self.chunks = chunks
        self.length = length

    async def __aiter__(self):
        for chunk in self.chunks:
            yield chunk
