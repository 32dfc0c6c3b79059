"""OAuthV2 RefreshAccessToken, InvalidateToken and ValidateToken."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.ports.tokens import NewToken
from tests.policies.oauth_world import KEY, SECRET, START, TOKEN, World, request

REFRESH = "<OAuthV2 name='R'><Operation>RefreshAccessToken</Operation>{}</OAuthV2>"
FORM = f"grant_type=refresh_token&refresh_token=refreshme&client_id={KEY}&client_secret={SECRET}"
STATUS = (
    "<OAuthV2 name='I'><Operation>{}</Operation><Tokens>"
    "<Token type='{}' cascade='{}'>request.queryparam.token</Token></Tokens></OAuthV2>"
)


async def give_refresh_token(world: World, **parts: Any) -> None:
    values: dict[str, Any] = {
        "access_token": "oldtoken",
        "issued_at": START - 1000,
        "expires_at": START,
        "consumer_key": KEY,
        "app_id": "app",
        "scope": "READ",
        "products": ("PremiumWeatherAPI",),
        "grant_type": "password",
        "attributes": (("plan", "silver"),),
        "end_user": "ada",
        "refresh_token": "refreshme",
        "refresh_issued_at": START - 1000,
        "refresh_expires_at": START + 60_000,
        "refresh_count": 2,
    }
    await world.tokens.issue(NewToken(**(values | parts)))


async def test_a_refresh_replaces_both_tokens(world: World) -> None:
    await give_refresh_token(world)
    run = world.runner(REFRESH.format("<ExpiresIn>1800000</ExpiresIn><GenerateResponse/>"))
    answer = (await run(request(form=FORM))).json
    assert list(answer) == [
        "refresh_token_expires_in",
        "refresh_token_status",
        "api_product_list",
        "api_product_list_json",
        "organization_name",
        "developer.email",
        "organization_id",
        "token_type",
        "issued_at",
        "client_id",
        "access_token",
        "refresh_token",
        "application_name",
        "scope",
        "refresh_token_issued_at",
        "expires_in",
        "refresh_count",
        "status",
        "app_enduser",
        "plan",
    ]
    assert answer["refresh_count"] == "3"
    assert answer["scope"] == "READ"
    assert answer["expires_in"] == "1799"
    assert len(answer["access_token"]) == 28
    assert len(answer["refresh_token"]) == 32
    assert "oldtoken" not in world.tokens.known
    again = await run(request(form=FORM))
    assert again.json["Error"] == "Invalid Refresh Token"


@pytest.mark.parametrize(("flavor", "seconds"), [("edge", "63071999"), ("x", "2591999")])
async def test_the_life_of_a_refresh_token_is_the_flavors(
    world: World, flavor: str, seconds: str
) -> None:
    await give_refresh_token(world)
    outcome = await world.runner(REFRESH.format(""), flavor=flavor)(request(form=FORM))
    assert outcome["oauthv2accesstoken.R.refresh_token_expires_in"] == seconds


async def test_a_refresh_token_that_never_expires_shows_zero(world: World) -> None:
    await give_refresh_token(world, refresh_expires_at=-1)
    element = "<RefreshTokenExpiresIn>-1</RefreshTokenExpiresIn>"
    outcome = await world.runner(REFRESH.format(element))(request(form=FORM))
    assert outcome["oauthv2accesstoken.R.refresh_token_expires_in"] == "0"


async def test_a_reused_refresh_token_keeps_its_value_and_its_end(world: World) -> None:
    await give_refresh_token(world)
    run = world.runner(
        REFRESH.format("<ReuseRefreshToken>true</ReuseRefreshToken><GenerateResponse/>")
    )
    answer = (await run(request(form=FORM))).json
    assert answer["refresh_token"] == "refreshme"
    assert answer["refresh_token_expires_in"] == "60"
    assert (await run(request(form=FORM))).json["refresh_count"] == "4"


async def test_a_revoked_refresh_token_is_invalid(world: World) -> None:
    await give_refresh_token(world)
    revoke = world.runner(STATUS.format("InvalidateToken", "refreshtoken", "false"))
    assert (await revoke(request("token=refreshme"))).raised is None
    outcome = await world.runner(REFRESH.format("<GenerateResponse/>"))(request(form=FORM))
    assert outcome.json["Error"] == "Invalid Refresh Token"


async def test_the_client_is_checked_before_the_refresh_token(world: World) -> None:
    run = world.runner(REFRESH.format("<GenerateResponse/>"))
    outcome = await run(request(form=FORM.replace(SECRET, "wrong")))
    assert outcome.json["Error"] == "Client credentials are invalid"


async def test_a_revoked_app_cannot_refresh(world: World) -> None:
    await give_refresh_token(world)
    world.change(app={"status": "revoked"})
    outcome = await world.runner(REFRESH.format("<GenerateResponse/>"))(request(form=FORM))
    assert outcome.json["Error"] == "App not Approved"
    assert "oldtoken" in world.tokens.known


async def test_of_two_refreshes_at_once_one_wins(world: World) -> None:
    await give_refresh_token(world)
    world.tokens.refresh = lambda *call: _lost()  # type: ignore[method-assign,assignment]
    outcome = await world.runner(REFRESH.format("<GenerateResponse/>"))(request(form=FORM))
    assert outcome.json["Error"] == "Invalid Refresh Token"


async def _lost() -> bool:
    return False


# -- InvalidateToken, ValidateToken


async def test_an_invalidated_token_is_not_approved_until_it_is_validated(world: World) -> None:
    verify = world.runner("<OAuthV2 name='V'><Operation>VerifyAccessToken</Operation></OAuthV2>")
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    invalidate = world.runner(STATUS.format("InvalidateToken", "accesstoken", "false"))
    outcome = await invalidate(request(f"token={TOKEN}"))
    assert outcome.raised is None
    assert outcome.context.response is None
    assert (await verify(request(**bearer))).fault.fault.name == "access_token_not_approved"
    await world.runner(STATUS.format("ValidateToken", "accesstoken", "true"))(
        request(f"token={TOKEN}")
    )
    assert (await verify(request(**bearer))).raised is None


@pytest.mark.parametrize("cascade", ["true", "false"])
async def test_cascade_is_passed_on(world: World, cascade: str) -> None:
    await world.runner(STATUS.format("InvalidateToken", "accesstoken", cascade))(
        request(f"token={TOKEN}")
    )
    assert world.tokens.statuses == [(TOKEN, "accesstoken", "revoked", cascade == "true")]


async def test_an_access_token_that_is_called_a_refresh_token_is_found(world: World) -> None:
    run = world.runner(STATUS.format("InvalidateToken", "refreshtoken", "true"))
    assert (await run(request(f"token={TOKEN}"))).raised is None
    assert world.tokens.known[TOKEN].status == "revoked"
