"""The story of examples/weatherapi, call by call, as an app developer meets it."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.live import Answer, Backend, Live, running_gateway

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "weatherapi"
FORECAST = "/weather/forecastrss?w=12797282"
TOKEN = "/oauth/client_credential/accesstoken?grant_type=client_credentials"
FORM = "application/x-www-form-urlencoded"
CHALLENGE = 'Bearer realm="null",error="invalid_token",error_description="{code}: {text}"'


@dataclass
class Story:
    """The weather API is deployed; an app has a key."""

    live: Live
    backend: Backend
    app: dict[str, object]
    key: str
    secret: str

    async def token_answer(
        self, query: str = TOKEN, form: str | None = None, **more: str
    ) -> Answer:
        body = f"client_id={self.key}&client_secret={self.secret}" if form is None else form
        headers = {"Content-Type": FORM, **more}
        return await self.live.call("POST", query, data=body.encode(), headers=headers)

    async def token(self, path: str = TOKEN) -> str:
        return str((await self.token_answer(path)).json()["access_token"])

    async def forecast(self, token: str, env: str = "test") -> Answer:
        return await self.live.get(FORECAST, env=env, headers={"Authorization": f"Bearer {token}"})

    async def set(self, path: str, action: str) -> None:
        answer = await self.live.manage("POST", path, action=action)
        assert answer.status == 204, answer.text

    @property
    def app_path(self) -> str:
        return "/developers/tesla@weathersample.com/apps/weatherapp"


async def make_app(live: Live, name: str, product: str) -> dict[str, object]:
    path = "/developers/tesla@weathersample.com/apps"
    answer = await live.manage("POST", path, {"name": name, "apiProducts": [product]})
    assert answer.status == 201, answer.text
    return dict(answer.json())


async def make_product(live: Live, name: str, **more: object) -> None:
    body = {"name": name, "displayName": name, "approvalType": "auto", **more}
    assert (await live.manage("POST", "/apiproducts", body)).status == 201


@pytest.fixture
async def story(tmp_path: Path, backend: Backend) -> AsyncIterator[Story]:
    connect_to = {"weather.example.com": ("127.0.0.1", backend.port)}
    async with running_gateway(tmp_path / "data", connect_to=connect_to) as live:
        assert (await live.deploy_path(EXAMPLES / "weatherapi", "weatherapi")).status == 200
        await make_product(live, "PremiumWeatherAPI", proxies=["weatherapi"])
        developer = {
            "email": "tesla@weathersample.com", "firstName": "Nicolai", "lastName": "Tesla",
            "userName": "tesla",
        }  # fmt: skip
        assert (await live.manage("POST", "/developers", developer)).status == 201
        app = await make_app(live, "weatherapp", "PremiumWeatherAPI")
        credential = app["credentials"][0]  # type: ignore[index]
        yield Story(live, backend, app, credential["consumerKey"], credential["consumerSecret"])


def refused(answer: Answer, code: str, text: str, status: int = 401) -> None:
    """Apigee's fault JSON, to the byte, and the challenge of VerifyAccessToken."""
    assert answer.status == status, answer.text
    assert answer.text == (
        f'{{"fault":{{"faultstring":"{text}","detail":{{"errorcode":"{code}"}}}}}}'
    )
    assert answer.headers["WWW-Authenticate"] == CHALLENGE.format(code=code, text=text)


async def test_without_a_token_nothing_reaches_the_backend(story: Story) -> None:
    refused(await story.live.get(FORECAST), "oauth.v2.InvalidAccessToken", "Invalid access token")
    assert not story.backend.requests


async def test_apps_are_listed_by_id_and_shown_whole(story: Story) -> None:
    listed = await story.live.manage("GET", "/apps")
    assert listed.text == f'[ "{story.app["appId"]}" ]'
    app = (await story.live.manage("GET", f"/apps/{story.app['appId']}")).json()
    assert set(app) == {
        "accessType", "apiProducts", "appFamily", "appId", "attributes", "callbackUrl",
        "createdAt", "createdBy", "credentials", "developerId", "lastModifiedAt",
        "lastModifiedBy", "name", "scopes", "status",
    }  # fmt: skip
    (credential,) = app["credentials"]
    assert credential == {
        "apiProducts": [{"apiproduct": "PremiumWeatherAPI", "status": "approved"}],
        "attributes": [],
        "consumerKey": story.key,
        "consumerSecret": story.secret,
        "expiresAt": -1,
        "issuedAt": credential["issuedAt"],
        "scopes": [],
        "status": "approved",
    }
    assert 1_600_000_000_000 < app["createdAt"] < 5_000_000_000_000, "milliseconds"


@pytest.mark.parametrize("how", ["form", "basic"])
async def test_the_answer_of_the_token_endpoint_field_by_field(story: Story, how: str) -> None:
    if how == "form":
        answer = await story.token_answer()
    else:
        basic = base64.b64encode(f"{story.key}:{story.secret}".encode()).decode()
        answer = await story.token_answer(form="", Authorization=f"Basic {basic}")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    token = answer.json()
    assert list(token.items()) == [
        ("refresh_token_expires_in", "0"),
        ("api_product_list", "[PremiumWeatherAPI]"),
        ("api_product_list_json", ["PremiumWeatherAPI"]),
        ("organization_name", "demo"),
        ("developer.email", "tesla@weathersample.com"),
        ("organization_id", "0"),
        ("token_type", "BearerToken"),
        ("issued_at", token["issued_at"]),
        ("client_id", story.key),
        ("access_token", token["access_token"]),
        ("application_name", story.app["appId"]),
        ("scope", ""),
        ("expires_in", "3599"),
        ("refresh_count", "0"),
        ("status", "approved"),
    ]
    assert len(token["access_token"]) == 28
    assert token["access_token"].isalnum()
    assert '{\n  "refresh_token_expires_in" : "0",\n' in answer.text


async def test_a_token_opens_the_api_and_is_stripped(story: Story) -> None:
    answer = await story.forecast(await story.token())
    assert answer.status == 200
    assert story.backend.last.raw_path == "/forecastrss?w=12797282"
    assert "Authorization" not in story.backend.last.headers


ENDPOINT = "/oauth/client_credential/accesstoken"
ERRORS = [
    (ENDPOINT, None, 400, "invalid_request", "Required param : grant_type"),
    (f"{ENDPOINT}?grant_type=", None, 400, "invalid_request", "Required param : grant_type"),
    (
        ENDPOINT,
        "grant_type=client_credentials&client_id={key}&client_secret={secret}",
        400,
        "invalid_request",
        "Required param : grant_type",
    ),
    (
        f"{ENDPOINT}?grant_type=password",
        None,
        400,
        "invalid_request",
        "Unsupported grant type : password",
    ),
    (
        TOKEN,
        "",
        400,
        "invalid_request",
        "The request is missing a required parameter : client_id",
    ),
    (TOKEN, "client_id=no&client_secret=no", 401, "invalid_client", "ClientId is Invalid"),
    (
        TOKEN,
        "client_id={key}&client_secret=no",
        401,
        "invalid_client",
        "Client credentials are invalid",
    ),
    (TOKEN, "client_id={key}", 401, "invalid_client", "Client credentials are invalid"),
]


@pytest.mark.parametrize(("path", "form", "status", "code", "text"), ERRORS)
async def test_every_error_of_the_token_endpoint(
    story: Story, path: str, form: str | None, status: int, code: str, text: str
) -> None:
    filled = None if form is None else form.format(key=story.key, secret=story.secret)
    answer = await story.token_answer(path, filled)
    assert answer.status == status
    assert answer.text == f'{{"ErrorCode" : "{code}", "Error" :"{text}"}}'
    assert answer.headers["Content-Type"] == "application/json"


async def test_a_scope_that_no_product_has_is_invalid(story: Story) -> None:
    form = f"client_id={story.key}&client_secret={story.secret}&scope=nope"
    answer = await story.token_answer(form=form)
    assert answer.status == 400
    assert answer.text == '{"ErrorCode" : "invalid_request", "Error" :"Invalid Scope"}'


async def test_another_path_under_the_endpoint_is_answered_by_the_null_route(story: Story) -> None:
    answer = await story.live.get("/oauth/client_credential/other")
    assert (answer.status, answer.body) == (200, b"")


async def test_a_wrong_token(story: Story) -> None:
    refused(
        await story.forecast("wrong"),
        "keymanagement.service.invalid_access_token",
        "Invalid Access Token",
    )


async def test_a_token_whose_product_does_not_contain_the_proxy(story: Story) -> None:
    await make_product(story.live, "Other", proxies=["another"])
    other = await make_app(story.live, "otherapp", "Other")
    credential = other["credentials"][0]  # type: ignore[index]
    form = f"client_id={credential['consumerKey']}&client_secret={credential['consumerSecret']}"
    token = (await story.token_answer(form=form)).json()["access_token"]
    refused(
        await story.forecast(token),
        "keymanagement.service.InvalidAPICallAsNoApiProductMatchFound",
        "Invalid API call as no apiproduct match found",
    )


async def test_an_expired_token(story: Story) -> None:
    await story.live.deploy_path(EXAMPLES / "short-token", "short-token")
    paths = (await story.live.manage("GET", "/apis/short-token/revisions/1")).json()["basepaths"]
    token = await story.token(f"{paths[0]}/accesstoken?grant_type=client_credentials")
    assert (await story.forecast(token)).status == 200
    await asyncio.sleep(1.05)
    refused(
        await story.forecast(token),
        "keymanagement.service.access_token_expired",
        "Access Token expired",
    )


async def test_a_token_revoked_by_app_while_the_key_gets_a_new_one(story: Story) -> None:
    token = await story.token()
    assert (await story.forecast(token)).status == 200
    revoke = await story.live.manage("POST", "/oauth2/revoke", app=str(story.app["appId"]))
    fresh = await story.token()
    assert revoke.status == 200
    refused(
        await story.forecast(token),
        "keymanagement.service.access_token_not_approved",
        "Access Token not approved",
    )
    assert (await story.forecast(fresh)).status == 200


async def test_revoking_the_tokens_of_an_unknown_app_is_404(story: Story) -> None:
    assert (await story.live.manage("POST", "/oauth2/revoke", app="nobody")).status == 404


@pytest.mark.parametrize(
    ("what", "off", "on", "code", "text", "token_error"),
    [
        (
            "key",
            "revoke",
            "approve",
            "keymanagement.service.invalid_client-client_id_not_approved",
            "ClientId is not approved",
            '{"ErrorCode" : "invalid_client", "Error" :"ClientId is not approved"}',
        ),
        (
            "app",
            "revoke",
            "approve",
            "keymanagement.service.invalid_client-app_not_approved",
            "App not Approved",
            '{"ErrorCode" : "invalid_client", "Error" :"App not Approved"}',
        ),
        (
            "developer",
            "inactive",
            "active",
            "keymanagement.service.DeveloperStatusNotActive",
            "Developer Status is not Active",
            '{"fault":{"faultstring":"Developer Status is not Active","detail":{"errorcode":'
            '"keymanagement.service.DeveloperStatusNotActive"}}}',
        ),
    ],
)
async def test_what_is_revoked_stops_at_once_and_works_again_when_approved(
    story: Story, what: str, off: str, on: str, code: str, text: str, token_error: str
) -> None:
    paths = {
        "key": f"{story.app_path}/keys/{story.key}",
        "app": story.app_path,
        "developer": "/developers/tesla@weathersample.com",
    }
    token = await story.token()
    assert (await story.forecast(token)).status == 200
    await story.set(paths[what], off)
    refused(await story.forecast(token), code, text)
    answer = await story.token_answer()
    assert (answer.status, answer.text) == (401, token_error)
    await story.set(paths[what], on)
    assert (await story.forecast(token)).status == 200
    assert (await story.token_answer()).status == 200


async def test_in_prod_nothing_is_deployed_until_somebody_does(story: Story) -> None:
    token = await story.token()
    answer = await story.forecast(token, env="prod")
    assert answer.status == 404
    assert answer.json()["fault"]["faultstring"] == (
        "Unable to identify proxy for host: default and url: /weather/forecastrss"
    )
    answer = await story.live.call("POST", TOKEN, env="prod", data=b"")
    assert answer.errorcode == "messaging.adaptors.http.flow.ApplicationNotFound"
    for name in ("weatherapi", "oauth"):
        path = f"/environments/prod/apis/{name}/revisions/1/deployments"
        assert (await story.live.manage("POST", path)).status == 200
    form = f"client_id={story.key}&client_secret={story.secret}".encode()
    answer = await story.live.call(
        "POST", TOKEN, env="prod", data=form, headers={"Content-Type": FORM}
    )
    assert (await story.forecast(answer.json()["access_token"], env="prod")).status == 200


async def test_one_consumer_key_works_for_the_api_key_and_for_oauth(story: Story) -> None:
    files = EXAMPLES / "weatherapi-apikey"
    assert (await story.live.deploy_path(files, "weatherapi-apikey")).status == 200
    revision = await story.live.manage("GET", "/apis/weatherapi-apikey/revisions/1")
    base_path = revision.json()["basepaths"][0]
    answer = await story.live.get(f"{base_path}/forecastrss?w=1&apikey={story.key}")
    assert answer.errorcode == "oauth.v2.InvalidApiKeyForGivenResource"
    product = (await story.live.manage("GET", "/apiproducts/PremiumWeatherAPI")).json()
    product["proxies"] = ["weatherapi", "weatherapi-apikey"]
    await story.live.manage("PUT", "/apiproducts/PremiumWeatherAPI", product)
    answer = await story.live.get(f"{base_path}/forecastrss?w=1&apikey={story.key}")
    assert answer.status == 200
    assert story.backend.last.raw_path == "/forecastrss?w=1", "the key is stripped"
    assert (await story.live.get(f"{base_path}/forecastrss")).errorcode == (
        "steps.oauth.v2.FailedToResolveAPIKey"
    )
    assert (await story.forecast(await story.token())).status == 200


async def test_an_expired_key(story: Story) -> None:
    path = "/developers/tesla@weathersample.com/apps"
    body = {"name": "brief", "apiProducts": ["PremiumWeatherAPI"], "keyExpiresIn": 300}
    credential = (await story.live.manage("POST", path, body)).json()["credentials"][0]
    form = f"client_id={credential['consumerKey']}&client_secret={credential['consumerSecret']}"
    token = (await story.token_answer(form=form)).json()["access_token"]
    await asyncio.sleep(0.35)
    answer = await story.token_answer(form=form)
    assert (answer.status, json.loads(answer.body)["ErrorCode"]) == (401, "invalid_client")
    refused(
        await story.forecast(token), "keymanagement.service.consumer_key_expired", "Key Expired"
    )


async def test_a_key_without_product_gets_no_token(story: Story) -> None:
    path = "/developers/tesla@weathersample.com/apps"
    app = (await story.live.manage("POST", path, {"name": "bare"})).json()
    credential = (app["credentials"] or [{}])[0]
    if not credential:
        await story.live.manage(
            "POST", f"{path}/bare/keys/create", {"consumerKey": "k", "consumerSecret": "s"}
        )
        credential = {"consumerKey": "k", "consumerSecret": "s"}
    form = f"client_id={credential['consumerKey']}&client_secret={credential['consumerSecret']}"
    answer = await story.token_answer(form=form)
    assert answer.status == 400
    assert "consumer_key_missing_api_product_association" in answer.text
