"""Bytes of no sense, cut anywhere: an answer or an end, and never anything else."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.http.client import Client, Origin
from gateway.http.message import BodyTooBig, UpstreamError
from tests.http.wire import Wire, ask, converse, echo, listening

PATIENCE = 5.0
REQUESTS = [
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5;a=b\r\nhello\r\n0\r\nT: u\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    b"PUT http://x/a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab",
    b"HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
]
RESPONSES = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a\r\nhello\r\n0\r\nT: u\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.0 200 OK\r\n\r\nuntil the end",
    b"HTTP/1.1 304 Not Modified\r\nETag: a\r\n\r\n",
]
SPLICES = [
    b"", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\0", b" ", b"\t", b":", b";", b",", b"0", b"f", b"-",
    b"\xff", b"\xc3\xa9", b"%2e", b"../", b"Host: y\r\n", b"Content-Length: 3\r\n",
    b"Transfer-Encoding: chunked\r\n", b"HTTP/1.1", b"x" * 3000, b"Connection: close\r\n",
]  # fmt: skip


def mutated(base: bytes, splices: list[tuple[int, int, bytes]]) -> bytes:
    """`base` with pieces cut out and others put in their place."""
    for position, length, splice in splices:
        at = position % (len(base) + 1)
        base = base[:at] + splice + base[at + length :]
    return base


def messages(bases: list[bytes]) -> st.SearchStrategy[bytes]:
    splice = st.tuples(st.integers(0, 500), st.integers(0, 4), st.sampled_from(SPLICES))
    one = st.builds(mutated, st.sampled_from(bases), st.lists(splice, max_size=3))
    return st.lists(st.one_of(one, one, one, st.binary(max_size=60)), max_size=3).map(b"".join)


cuts = st.lists(st.integers(0, 500), max_size=6)


def cut_up(data: bytes, at: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(place % (len(data) + 1) for place in at)})
    return [data[a:b] for a, b in itertools.pairwise(places)]


@contextlib.contextmanager
def nothing_unhandled(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Fails for what reaches the loop's exception handler or is logged as an error."""
    seen: list[object] = []

    class Errors(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(record.getMessage())

    handler = Errors(level=logging.ERROR)
    logging.getLogger().addHandler(handler)
    loop.set_exception_handler(lambda _, context: seen.append(context))
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
    assert not seen


@pytest.mark.parametrize("fast", [True, False], ids=["fast", "plain"])
def test_a_client_that_sends_garbage_is_answered_or_dropped(fast: bool) -> None:
    async def talk(pieces: list[bytes]) -> None:
        with nothing_unhandled(asyncio.get_running_loop()):
            async with listening(echo, fast=fast) as listener, Wire.to(listener) as wire:
                for piece in pieces:
                    wire.send(piece)
                    await asyncio.sleep(0)
                with contextlib.suppress(ConnectionError, OSError):
                    wire.writer.write_eof()
                async with asyncio.timeout(PATIENCE):
                    with contextlib.suppress(ConnectionError):
                        said = await wire.reader.read(-1)
                        assert not said or said.startswith(b"HTTP/1.1 ")
                async with asyncio.timeout(PATIENCE):
                    while listener.connections:
                        await asyncio.sleep(0.001)

    @settings(max_examples=150, deadline=None)
    @given(data=messages(REQUESTS), at=cuts)
    def run(data: bytes, at: list[int]) -> None:
        asyncio.run(talk(cut_up(data, at)))

    run()


@pytest.mark.parametrize("buffer", [True, False], ids=["buffered", "streamed"])
def test_a_server_that_sends_garbage_gives_a_response_or_an_error(buffer: bool) -> None:
    async def talk(pieces: list[bytes], method: str) -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await reader.readuntil(b"\r\n\r\n")
                for piece in pieces:
                    writer.write(piece)
                    await asyncio.sleep(0)
            writer.close()

        with nothing_unhandled(asyncio.get_running_loop()):
            server = await asyncio.start_server(serve, "127.0.0.1", 0)
            origin = Origin("http", "127.0.0.1", server.sockets[0].getsockname()[1])
            client = Client()
            try:
                async with asyncio.timeout(PATIENCE):
                    answer = await ask(client, origin, method, buffer=buffer)
                    if not isinstance(answer.body, bytes):
                        await answer.body.read(1 << 20)
                assert 200 <= answer.status <= 999
            except (UpstreamError, BodyTooBig):
                pass
            finally:
                await client.close()
                server.close()

    @settings(max_examples=150, deadline=None)
    @given(data=messages(RESPONSES), at=cuts, method=st.sampled_from(["GET", "HEAD"]))
    def run(data: bytes, at: list[int], method: str) -> None:
        asyncio.run(talk(cut_up(data, at), method))

    run()


def mutations(count: int) -> list[bytes]:
    """The same ones in every run."""
    dice = random.Random(9112)
    return [
        mutated(
            dice.choice(REQUESTS),
            [
                (dice.randrange(200), dice.randrange(4), dice.choice(SPLICES))
                for _ in range(dice.randrange(1, 3))
            ],
        )
        for _ in range(count)
    ]


async def verdicts(fast: bool, pieces: list[list[bytes]]) -> list[list[str]]:
    async with listening(echo, fast=fast) as listener:
        return await asyncio.gather(
            *(converse(listener, some, patience=0.8, pause=0.01) for some in pieces)
        )


def judged(answers: list[str]) -> list[str]:
    """What must not differ. An ignored upgrade may cost the connection, so that its end
    says nothing; nor does it matter which of several faults a refusal names."""
    return [answer[:3] for answer in answers[:-1]]


async def test_both_front_ends_judge_mutated_requests_alike() -> None:
    raw = mutations(150)
    fast = await verdicts(True, [[message] for message in raw])
    plain = await verdicts(False, [[message] for message in raw])
    judgements = zip(raw, fast, plain, strict=True)
    assert not [case for case in judgements if judged(case[1]) != judged(case[2])]


@pytest.mark.parametrize("fast", [True, False], ids=["fast", "plain"])
async def test_what_is_refused_whole_is_refused_in_pieces(fast: bool) -> None:
    """A request that is complete before the malformed bytes is served when it comes
    alone: in one piece with them the parser gives none of both."""
    raw, dice = mutations(150), random.Random(9110)
    pieces = [cut_up(message, [dice.randrange(400) for _ in range(3)]) for message in raw]
    whole = await verdicts(fast, [[message] for message in raw])
    cut = await verdicts(fast, pieces)
    wrong = []
    for message, expected, seen in zip(raw, whole, cut, strict=True):
        refused = [answer for answer in expected[:-1] if answer != "200"]
        if bool(refused) != any(answer != "200" for answer in seen[:-1]) or (
            refused and seen[-1] != "closed"
        ):
            wrong.append((message, expected, seen))
    assert not wrong
