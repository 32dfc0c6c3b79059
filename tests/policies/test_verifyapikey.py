"""VerifyAPIKey: where the key is, what is checked, what is published."""

from __future__ import annotations

import pytest

from tests.policies.oauth_world import KEY, SECRET, START, World, product, request

BY_QUERY = "<VerifyAPIKey name='K'><APIKey ref='request.queryparam.apikey'/></VerifyAPIKey>"
CALL = f"apikey={KEY}"


async def test_a_key_in_memory_is_verified_without_waiting(world: World) -> None:
    run = world.runner(BY_QUERY)
    assert run.step(run.context(request(CALL))) is None
    assert world.credentials.asked == []


async def test_a_key_that_only_the_store_knows_is_loaded(world: World) -> None:
    world.credentials.cold = True
    run = world.runner(BY_QUERY)
    assert (await run(request(CALL))).raised is None
    assert (await run(request("apikey=nosuch"))).fault.fault.name == "InvalidApiKey"
    assert world.credentials.asked == [KEY, "nosuch"]


async def test_the_key_may_come_in_a_header(world: World) -> None:
    run = world.runner(
        "<VerifyAPIKey name='K'><APIKey ref='request.header.x-apikey'/></VerifyAPIKey>"
    )
    assert (await run(request(x_apikey=KEY))).raised is None


async def test_a_literal_key_and_a_fallback(world: World) -> None:
    fixed = world.runner(f"<VerifyAPIKey name='K'><APIKey>{KEY}</APIKey></VerifyAPIKey>")
    assert (await fixed(request())).raised is None
    fallback = world.runner(BY_QUERY.replace("/></", f">{KEY}</APIKey></"))
    assert (await fallback(request())).raised is None
    assert (await fallback(request("apikey=other"))).fault.fault.name == "InvalidApiKey"


@pytest.mark.parametrize("key", ["a%00b", "%ff", "x" * 1_000_000, "a%0d%0ab", "%27--"])
async def test_what_can_be_no_key_is_invalid(world: World, key: str) -> None:
    world.credentials.cold = True
    outcome = await world.runner(BY_QUERY)(request(f"apikey={key}"))
    assert outcome.fault.fault.name == "InvalidApiKey"


async def test_variables_of_a_verified_key(world: World) -> None:
    outcome = await world.runner(BY_QUERY)(request(CALL))
    developer_id = "myorg@@@5f1e2c8a-0000-4000-8000-000000000001"
    expected = {
        "client_id": KEY,
        "client_secret": SECRET,
        "redirection_uris": "https://weather.example.com/callback",
        "failed": False,
        "developer.app.id": "eea80998-537c-4a75-94aa-e688e4252d06",
        "developer.app.name": "weatherapp",
        "developer.id": developer_id,
        "idp.client_id": "idp-42",
        "hosting_domain": "example.com",
        "developer.app.hosting_domain": "example.com",
        "app.name": "weatherapp",
        "app.id": "eea80998-537c-4a75-94aa-e688e4252d06",
        "app.accessType": "",
        "app.callbackUrl": "https://weather.example.com/callback",
        "app.DisplayName": "Weather App",
        "app.status": "approved",
        "app.apiproducts": ["PremiumWeatherAPI"],
        "app.appFamily": "default",
        "app.appParentStatus": "active",
        "app.appType": "Developer",
        "app.appParentId": developer_id,
        "app.created_at": str(START),
        "app.created_by": "admin@example.com",
        "app.last_modified_at": str(START + 1),
        "app.last_modified_by": "other@example.com",
        "app.hosting_domain": "example.com",
        "developer.userName": "ntesla",
        "developer.firstName": "Nicolai",
        "developer.lastName": "Tesla",
        "developer.email": "tesla@weathersample.com",
        "developer.status": "active",
        "developer.apps": ["weatherapp", "otherapp"],
        "developer.created_at": str(START),
        "developer.created_by": "admin@example.com",
        "developer.last_modified_at": str(START + 1),
        "developer.last_modified_by": "other@example.com",
        "developer.region": "eu",
        "apiproduct.name": "PremiumWeatherAPI",
        "apiproduct.tier": "gold",
        "apiproduct.developer.quota.limit": "10",
        "apiproduct.developer.quota.interval": "1",
        "apiproduct.developer.quota.timeunit": "minute",
        "nosuch": None,
        "app.nosuch": None,
        "apiproduct.nosuch": None,
    }
    assert {name: outcome[f"verifyapikey.K.{name}"] for name in expected} == expected


async def test_variables_without_prefix(world: World) -> None:
    outcome = await world.runner(BY_QUERY)(request(CALL))
    assert outcome["apiproduct.name"] == "PremiumWeatherAPI"
    assert outcome["developer.app.name"] == "weatherapp"
    assert outcome["client_id"] == KEY
    assert outcome["developer.id"] == "myorg@@@5f1e2c8a-0000-4000-8000-000000000001"
    assert outcome["client_secret"] is None
    assert outcome["verifyapikey.Other.client_id"] is None


async def test_every_name_that_is_told_can_be_read(world: World) -> None:
    outcome = await world.runner(BY_QUERY)(request(CALL))
    (view,) = outcome.context.views
    assert all(view.get(name) is not None for name in view.names())


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        (("key", "app", "developer", "product"), "ApiKeyNotApproved"),
        (("app", "developer", "product"), "invalid_client-app_not_approved"),
        (("developer", "product"), "DeveloperStatusNotActive"),
        (("product",), "InvalidApiKeyForGivenResource"),
    ],
)
async def test_the_first_failure_wins(world: World, changes: tuple[str, ...], name: str) -> None:
    if "key" in changes:
        world.change(status="revoked")
    if "app" in changes:
        world.change(app={"status": "revoked"})
    if "developer" in changes:
        world.change(developer={"status": "inactive"})
    world.sells(product(proxies=("other",)))
    assert (await world.runner(BY_QUERY)(request(CALL))).fault.fault.name == name


async def test_the_request_keeps_its_key(world: World) -> None:
    outcome = await world.runner(BY_QUERY)(request(CALL))
    assert outcome.context.request.query == CALL


async def test_the_secret_is_in_no_representation(world: World) -> None:
    outcome = await world.runner(BY_QUERY)(request(CALL))
    assert SECRET not in repr(outcome.context.views)
    assert KEY not in repr(outcome.context.views)
