"""OAuthV2 and VerifyAPIKey inside a compiled bundle."""

from __future__ import annotations

import pytest

from gateway.bundle.diagnostics import Diagnostics
from gateway.bundle.reader import read_bundle
from gateway.flow.compiler import CompiledEndpoint, compile_proxy
from gateway.flow.context import Context
from gateway.flow.deployment import Environment
from tests.policies.oauth_world import KEY, SECRET, TOKEN, TYPES, World, request

ENDPOINT = """<ProxyEndpoint name="default"><PreFlow><Request>
  <Step><Name>{}</Name></Step></Request></PreFlow>
  <HTTPProxyConnection><BasePath>/x</BasePath></HTTPProxyConnection>
  <RouteRule name="none"/></ProxyEndpoint>"""
GENERATE = """<OAuthV2 name="G"><Operation>GenerateAccessToken</Operation>
  <GrantType>request.queryparam.grant_type</GrantType><GenerateResponse/>
  <SupportedGrantTypes><GrantType>client_credentials</GrantType></SupportedGrantTypes></OAuthV2>"""
VERIFY = """<OAuthV2 name="V"><Operation>VerifyAccessToken</Operation></OAuthV2>"""
API_KEY = """<VerifyAPIKey name="K"><APIKey ref="request.header.x-apikey"/></VerifyAPIKey>"""


def endpoint(world: World, policy: str, xml: str, recorded: bool = False) -> CompiledEndpoint:
    files = {
        "apiproxy/proxies/default.xml": ENDPOINT.format(policy).encode(),
        f"apiproxy/policies/{policy}.xml": xml.encode(),
    }
    bundle, _ = read_bundle(files, "weatherapi")
    diagnostics = Diagnostics()
    environment = Environment("myorg", "test", "edge", world.services)
    proxy = compile_proxy(bundle, environment, "1", TYPES.get, diagnostics, recorded=recorded)
    assert not diagnostics.all
    return proxy.endpoints[0]


def context(world: World, compiled: CompiledEndpoint, **headers: str) -> Context:
    run = world.runner(VERIFY)
    made = run.context(request(**headers))
    made.place = compiled.place
    return made


@pytest.mark.parametrize(
    ("policy", "xml", "headers"),
    [
        ("V", VERIFY, {"Authorization": f"Bearer {TOKEN}"}),
        ("K", API_KEY, {"x_apikey": KEY}),
    ],
)
async def test_a_check_neither_waits_nor_reads_the_body(
    world: World, policy: str, xml: str, headers: dict[str, str]
) -> None:
    compiled = endpoint(world, policy, xml)
    assert not compiled.reads_request_body
    assert compiled.request(context(world, compiled, **headers)) is None


@pytest.mark.parametrize("recorded", [False, True])
async def test_a_token_is_generated_from_the_body(world: World, recorded: bool) -> None:
    compiled = endpoint(world, "G", GENERATE, recorded)
    assert compiled.reads_request_body
    made = context(world, compiled)
    made.request = request(
        "grant_type=client_credentials", form=f"client_id={KEY}&client_secret={SECRET}"
    )
    pending = compiled.request(made)
    assert pending is not None
    await pending
    assert made.response is not None
    assert made.response.status_code == 200
