"""TLS on both sides: who is believed, who is not, and what a peer of another kind sees."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from multidict import CIMultiDict

from gateway.http.client import Client, Origin
from gateway.http.message import (
    Connection,
    Request,
    Response,
    Timeouts,
    UpstreamError,
    UpstreamRequest,
    UpstreamResponse,
)
from gateway.http.tls import client_context, server_context
from tests.http.wire import Wire, listening

BOTH = pytest.mark.parametrize("fast", [True, False], ids=["fast", "plain"])


@dataclass(frozen=True)
class Files:
    ca: Path
    certificate: Path
    key: Path


@dataclass(frozen=True)
class Authority:
    folder: Path
    ca: trustme.CA

    def issue(self, name: str) -> Files:
        certificate = self.ca.issue_cert(name)
        chain, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        root = self.folder / "ca.pem"
        chain.write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
        key.write_bytes(certificate.private_key_pem.bytes())
        self.ca.cert_pem.write_to_path(str(root))
        return Files(root, chain, key)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ours"), trustme.CA())


@pytest.fixture(scope="module")
def server_files(authority: Authority) -> Files:
    return authority.issue("localhost")


@pytest.fixture(scope="module")
def client_files(authority: Authority) -> Files:
    return authority.issue("client.example")


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Authority(tmp_path_factory.mktemp("strangers"), trustme.CA()).issue("localhost")


@contextlib.asynccontextmanager
async def serving(
    files: Files, *, fast: bool = True, **options: object
) -> AsyncIterator[tuple[int, list[Connection]]]:
    seen: list[Connection] = []

    async def handler(request: Request) -> Response:
        seen.append(request.connection)
        body = request.body if isinstance(request.body, bytes) else await request.body.read(1 << 28)
        return Response(200, CIMultiDict(), body)

    context = server_context(files.certificate, files.key, **options)  # type: ignore[arg-type]
    async with listening(handler, fast=fast, tls=context) as listener:
        yield listener.address[1], seen


async def call(
    port: int,
    context: ssl.SSLContext,
    body: bytes = b"",
    *,
    name: str | None = "localhost",
    connect: float = 3.0,
) -> UpstreamResponse:
    client = Client()
    try:
        return await client.send(
            UpstreamRequest("POST", "/", CIMultiDict(), body),
            Origin("https", "127.0.0.1", port, context, name),
            Timeouts(connect=connect, io=3.0),
            buffer=True,
            max_body=1 << 28,
        )
    finally:
        await client.close()


async def kind_of_failure(port: int, context: ssl.SSLContext, **options: object) -> str:
    with pytest.raises(UpstreamError) as caught:
        await call(port, context, **options)  # type: ignore[arg-type]
    return caught.value.kind


@BOTH
async def test_a_verified_server_is_spoken_to(server_files: Files, fast: bool) -> None:
    async with serving(server_files, fast=fast) as (port, seen):
        answer = await call(port, client_context(ca=server_files.ca), b"hello")
    assert (answer.status, answer.body) == (200, b"hello")
    assert seen[0].scheme == "https"
    assert seen[0].tls is not None
    assert seen[0].tls["protocol"] in ("TLSv1.2", "TLSv1.3")
    assert seen[0].tls["peer_certificate"] is None


@BOTH
async def test_large_bodies_go_both_ways(server_files: Files, fast: bool) -> None:
    body = bytes(range(256)) * 40_000
    async with serving(server_files, fast=fast) as (port, _):
        answer = await call(port, client_context(ca=server_files.ca), body)
    assert answer.body == body


async def test_a_server_of_a_strange_authority_is_not_believed(
    server_files: Files, strangers: Files
) -> None:
    async with serving(strangers) as (port, seen):
        assert await kind_of_failure(port, client_context(ca=server_files.ca)) == "tls"
    assert not seen


async def test_a_server_of_another_name_is_not_believed(server_files: Files) -> None:
    async with serving(server_files) as (port, seen):
        context = client_context(ca=server_files.ca)
        assert await kind_of_failure(port, context, name="other.example") == "tls"
        assert await kind_of_failure(port, context, name=None) == "tls"
    assert not seen


async def test_the_systems_roots_do_not_vouch_for_a_private_authority(server_files: Files) -> None:
    async with serving(server_files) as (port, seen):
        assert await kind_of_failure(port, client_context()) == "tls"
    assert not seen


async def test_without_verification_any_server_is_spoken_to(strangers: Files) -> None:
    async with serving(strangers) as (port, _):
        assert (await call(port, client_context(verify=False), name="x.example")).status == 200


@BOTH
async def test_a_required_client_certificate_is_told_to_the_handler(
    server_files: Files, client_files: Files, fast: bool
) -> None:
    options = {"client_ca": server_files.ca, "require_client": True}
    async with serving(server_files, fast=fast, **options) as (port, seen):
        context = client_context(
            ca=server_files.ca, certificate=client_files.certificate, key=client_files.key
        )
        assert (await call(port, context)).status == 200
    assert seen[0].tls is not None
    certificate = seen[0].tls["peer_certificate"]
    assert isinstance(certificate, dict)
    assert ("DNS", "client.example") in certificate["subjectAltName"]


async def test_a_client_without_the_required_certificate_reaches_no_handler(
    server_files: Files, strangers: Files
) -> None:
    options = {"client_ca": server_files.ca, "require_client": True}
    strange = client_context(
        ca=server_files.ca, certificate=strangers.certificate, key=strangers.key
    )
    async with serving(server_files, **options) as (port, seen):
        for context in (client_context(ca=server_files.ca), strange):
            # With TLS 1.3 the client learns of it only after its own handshake.
            assert await kind_of_failure(port, context) in ("tls", "refused", "eof")
    assert not seen


async def test_an_optional_client_certificate_may_be_missing(server_files: Files) -> None:
    async with serving(server_files, client_ca=server_files.ca) as (port, seen):
        assert (await call(port, client_context(ca=server_files.ca))).status == 200
    assert seen[0].tls is not None
    assert seen[0].tls["peer_certificate"] is None


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_versions_before_1_2_are_refused(server_files: Files) -> None:
    old = client_context(ca=server_files.ca)
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    async with serving(server_files) as (port, seen):
        assert await kind_of_failure(port, old) in ("tls", "refused")
    assert not seen


async def test_plain_http_on_a_tls_port_reaches_no_handler(server_files: Files) -> None:
    async with serving(server_files) as (port, seen):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(3.0):
            with contextlib.suppress(ConnectionError):
                assert not (await reader.read()).startswith(b"HTTP/")
        writer.close()
    assert not seen


async def test_tls_to_a_plain_server_is_a_tls_error(server_files: Files) -> None:
    async def handler(request: Request) -> Response:
        return Response(200, CIMultiDict())

    async with listening(handler) as listener:
        context = client_context(ca=server_files.ca)
        assert await kind_of_failure(listener.address[1], context) in ("tls", "refused")


async def test_a_handshake_that_stalls_is_a_connect_timeout(server_files: Files) -> None:
    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silence, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    context = client_context(ca=server_files.ca)
    async with asyncio.timeout(2.0):
        assert await kind_of_failure(port, context, connect=0.2) == "connect_timeout"
    server.close()


@BOTH
async def test_several_requests_go_over_one_tls_connection(server_files: Files, fast: bool) -> None:
    context = server_context(server_files.certificate, server_files.key)
    trusting = client_context(ca=server_files.ca)

    async def handler(request: Request) -> Response:
        return Response(200, CIMultiDict(), request.target.encode())

    async with (
        listening(handler, fast=fast, tls=context) as listener,
        Wire.to(listener, ssl=trusting, server_hostname="localhost") as wire,
    ):
        wire.send(b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n")
        assert [(await wire.answer()).body for _ in range(2)] == [b"/1", b"/2"]
        wire.send(b"GET /3 HTTP/1.1\r\nHost: x\r\nContent-Length: nine\r\n\r\n")
        assert (await wire.answer()).status == 400
        assert await wire.is_closed(timeout=1.0), "nothing to linger for: TLS has no half-close"


def test_both_sides_start_from_safe_settings(server_files: Files) -> None:
    assert server_context(server_files.certificate, server_files.key).minimum_version == (
        ssl.TLSVersion.TLSv1_2
    )
    context = client_context()
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
