"""OAuthV2 VerifyAccessToken: where the token is, what is checked, what is published."""

from __future__ import annotations

import pytest

from tests.policies.oauth_world import KEY, START, TOKEN, World, product, request

VERIFY = "<OAuthV2 name='V'><Operation>VerifyAccessToken</Operation>{}</OAuthV2>"
PLAIN = VERIFY.format("")


async def test_a_token_in_memory_is_verified_without_waiting(world: World) -> None:
    run = world.runner(PLAIN)
    assert run.step(run.context(request(Authorization=f"Bearer {TOKEN}"))) is None
    assert world.tokens.asked == []


async def test_a_token_that_only_the_store_knows_is_loaded(world: World) -> None:
    world.tokens.cold = True
    outcome = await world.runner(PLAIN)(request(Authorization=f"Bearer {TOKEN}"))
    assert outcome.raised is None
    assert world.tokens.asked == [TOKEN]
    assert outcome["client_id"] == KEY


async def test_a_token_that_the_store_does_not_know_is_invalid(world: World) -> None:
    world.tokens.cold = True
    outcome = await world.runner(PLAIN)(request(Authorization="Bearer nosuch"))
    assert outcome.fault.fault.code == "keymanagement.service.invalid_access_token"


@pytest.mark.parametrize(
    "header", [f"Bearer {TOKEN}", f"bearer {TOKEN}", f"BEARER   {TOKEN} ", f"Bearer {TOKEN}\t"]
)
async def test_the_scheme_is_read_in_any_case_and_spacing(world: World, header: str) -> None:
    assert (await world.runner(PLAIN)(request(Authorization=header))).raised is None


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", TOKEN, f"Token {TOKEN}", f"Bearer\t{TOKEN}"],
)
async def test_without_a_bearer_token_there_is_none(world: World, header: str) -> None:
    outcome = await world.runner(PLAIN)(request(Authorization=header))
    assert outcome.fault.fault.code == "oauth.v2.InvalidAccessToken"


@pytest.mark.parametrize(
    "value",
    ["x" * 1_000_000, "a\0b", "a\x1bb", "\udcff\udcfe", "a b", "'; drop table--", "é", "%00"],
)
async def test_what_can_be_no_token_is_unknown_and_never_an_error(world: World, value: str) -> None:
    world.tokens.cold = True
    outcome = await world.runner(PLAIN)(request(Authorization=f"Bearer {value}"))
    assert outcome.fault.fault.code == "keymanagement.service.invalid_access_token"
    assert value not in outcome.response.headers["WWW-Authenticate"]


async def test_access_token_prefix_replaces_bearer(world: World) -> None:
    run = world.runner(VERIFY.format("<AccessTokenPrefix>KeyBearer</AccessTokenPrefix>"))
    assert (await run(request(Authorization=f"KeyBearer {TOKEN}"))).raised is None
    assert (await run(request(Authorization=f"Bearer {TOKEN}"))).raised is not None


async def test_access_token_names_the_variable_that_holds_the_bare_token(world: World) -> None:
    run = world.runner(VERIFY.format("<AccessToken>request.queryparam.accesstoken</AccessToken>"))
    assert (await run(request(f"accesstoken={TOKEN}"))).raised is None
    assert (await run(request(f"accesstoken=Bearer%20{TOKEN}"))).raised is not None
    # The header is not looked at any more.
    assert (await run(request(Authorization=f"Bearer {TOKEN}"))).raised is not None


async def test_access_token_may_name_the_authorization_header_itself(world: World) -> None:
    run = world.runner(VERIFY.format("<AccessToken>request.header.authorization</AccessToken>"))
    assert (await run(request(Authorization=f"Bearer {TOKEN}"))).raised is None


async def test_variables_of_a_verified_token(world: World) -> None:
    world.clock.ms = START + 500
    world.change_token(end_user="ada")
    outcome = await world.runner(PLAIN)(request(Authorization=f"Bearer {TOKEN}"))
    expected = {
        "organization_name": "myorg",
        "developer.id": "myorg@@@5f1e2c8a-0000-4000-8000-000000000001",
        "developer.email": "tesla@weathersample.com",
        "developer.app.name": "weatherapp",
        "developer.app.id": "eea80998-537c-4a75-94aa-e688e4252d06",
        "client_id": KEY,
        "grant_type": "client_credentials",
        "token_type": "BearerToken",
        "access_token": TOKEN,
        "accesstoken.plan": "silver",
        "accesstoken.internal": "yes",
        "accesstoken.nosuch": None,
        "issued_at": str(START),
        "expires_in": "3599",
        "status": "approved",
        "scope": "READ WRITE",
        "app_enduser": "ada",
        "apiproduct.name": "PremiumWeatherAPI",
        "apiproduct.tier": "gold",
        "apiproduct.developer.quota.limit": "10",
        "apiproduct.developer.quota.interval": "1",
        "apiproduct.developer.quota.timeunit": "minute",
        "apiproduct.developer.quota.nosuch": None,
    }
    assert {name: outcome[name] for name in expected} == expected


async def test_a_second_verification_overwrites_what_was_assigned_meanwhile(world: World) -> None:
    outcome = await world.runner(PLAIN)(
        request(Authorization=f"Bearer {TOKEN}"), client_id="assigned before", other="kept"
    )
    assert outcome["client_id"] == KEY
    assert outcome["other"] == "kept"


async def test_one_of_the_scopes_is_enough(world: World) -> None:
    run = world.runner(VERIFY.format("<Scope>ADMIN WRITE</Scope>"))
    assert (await run(request(Authorization=f"Bearer {TOKEN}"))).raised is None


async def test_a_product_that_does_not_match_is_told_before_a_missing_scope(world: World) -> None:
    world.sells(product(proxies=("other",)))
    run = world.runner(VERIFY.format("<Scope>ADMIN</Scope>"))
    outcome = await run(request(Authorization=f"Bearer {TOKEN}"))
    assert outcome.response.status_code == 401


async def test_only_products_of_the_issue_count(world: World) -> None:
    """A product that the key got later does not widen an old token."""
    world.sells(product("old", proxies=("other",)), product("new"))
    world.change_token(products=("old",))
    outcome = await world.runner(PLAIN)(request(Authorization=f"Bearer {TOKEN}"))
    assert outcome.fault.fault.name == "InvalidAPICallAsNoApiProductMatchFound"


async def test_a_product_of_the_issue_counts_as_it_is_now(world: World) -> None:
    world.sells(product(proxies=("weatherapi", "more")))
    run = world.runner(PLAIN, proxy="more")
    assert (await run(request(Authorization=f"Bearer {TOKEN}"))).raised is None


async def test_the_first_product_that_matches_is_published(world: World) -> None:
    world.sells(product("a", resources=("/other",)), product("b"), product("c"))
    outcome = await world.runner(PLAIN)(request(Authorization=f"Bearer {TOKEN}"))
    assert outcome["apiproduct.name"] == "b"


async def test_a_token_without_end_never_expires(world: World) -> None:
    world.change_token(expires_at=-1)
    world.clock.ms = START * 2
    outcome = await world.runner(PLAIN)(request(Authorization=f"Bearer {TOKEN}"))
    assert outcome["expires_in"] == "0"


async def test_a_token_lives_to_its_last_millisecond(world: World) -> None:
    run = world.runner(PLAIN)
    world.clock.ms = START + 3_599_999
    assert (await run(request(Authorization=f"Bearer {TOKEN}")))["expires_in"] == "0"
    world.clock.ms += 1
    outcome = await run(request(Authorization=f"Bearer {TOKEN}"))
    assert outcome.fault.fault.name == "access_token_expired"


async def test_a_path_in_a_challenge_cannot_leave_its_quotes(world: World) -> None:
    world.sells(product(proxies=(), environments=(), resources=("/a",)))
    outcome = await world.runner(PLAIN)(
        request(Authorization=f"Bearer {TOKEN}"), suffix='/x",error="\\'
    )
    assert outcome.response.headers["WWW-Authenticate"].endswith(
        'APIResource /x\\",error=\\"\\\\ does not exist"'
    )


async def test_nothing_that_is_shown_of_the_token_holds_its_value(world: World) -> None:
    run = world.runner(PLAIN)
    outcome = await run(request(Authorization=f"Bearer {TOKEN}"))
    assert TOKEN not in repr(outcome.context.views)
    world.change_token(status="revoked")
    outcome = await run(request(Authorization=f"Bearer {TOKEN}"))
    assert TOKEN not in repr(outcome.fault) + str(outcome.fault.values)
