"""The chapters of the story: what an app developer meets, call by call."""

from __future__ import annotations

import time

import click

from gateway.cli.deploy import deploy_revision
from gateway.cli.exchange import Call
from gateway.cli.expectations import (
    Check,
    answers,
    fault,
    is_app,
    is_token,
    refused,
    token_error,
)
from gateway.cli.story import (
    EMAIL,
    ENDPOINT,
    FORECAST,
    SHORT_TOKEN,
    TOKEN,
    Story,
    create_app,
    create_product,
    credentials_form,
    deploy_example,
    prepare,
    token_of,
)

FORECAST_COMES = answers(200, holds="<title>Weather for Palo Alto, CA</title>")
APP = f"/developers/{EMAIL}/apps/weatherapp"


def tell(story: Story) -> None:
    """The whole story; what did not answer as it should is in `story.wrong`."""
    for title, chapter in CHAPTERS:
        click.echo(f"\n{click.style(title, bold=True)}")
        chapter(story)


def _say(text: str) -> None:
    click.echo(f"\n  {text}")


def _without_token(story: Story) -> None:
    url = story.places["test"] + FORECAST
    story.call(Call("GET", url), refused("oauth.v2.InvalidAccessToken", "Invalid access token"))
    seen = story.seen_by_backend()
    _say(f"The weather service saw {len(seen)} requests.")
    if seen:
        story.complain("a call without a token reached the weather service")


def _the_app(story: Story) -> None:
    story.manage("GET", "/apps", answers(200, f'[ "{story.app_id}" ]'))
    check = is_app(appId=story.app_id, name="weatherapp", status="approved")
    story.manage("GET", f"/apps/{story.app_id}", check)


def _a_token(story: Story) -> None:
    check = _token_of_weatherapp(story)
    story.token_call(check)
    _say("Once more, with Basic credentials:")
    user = f"{story.key}:{story.secret}"
    story.call(Call("POST", story.places["test"] + TOKEN, form="", user=user), check)


def _token_of_weatherapp(story: Story) -> Check:
    return is_token(
        developer_email=EMAIL,
        client_id=story.key,
        application_name=story.app_id,
        api_product_list="[PremiumWeatherAPI]",
        api_product_list_json=["PremiumWeatherAPI"],
        organization_id="0",
        token_type="BearerToken",  # noqa: S106
        expires_in="3599",
        status="approved",
    )


def _with_token(story: Story) -> None:
    story.forecast(story.token(), FORECAST_COMES)
    seen = story.seen_by_backend()
    names = seen[-1]["headers"] if seen else []
    _say(f"Headers that the weather service got: {', '.join(sorted(names))}")
    if not seen or "authorization" in names:
        story.complain("the Authorization header was not stripped")


def _no_token(story: Story) -> None:
    request, client = "invalid_request", "invalid_client"
    missing = token_error(400, request, "Required param : grant_type")
    wrong = token_error(401, client, "Client credentials are invalid")
    other = f"{ENDPOINT}?grant_type=password"
    for what, path, form, check in (
        ("No grant_type, or one that is not in the query, or empty:", ENDPOINT, None, missing),
        ("", ENDPOINT, f"grant_type=client_credentials&{story.form}", missing),
        ("", f"{ENDPOINT}?grant_type=", None, missing),
        ("Another grant type:", other, None,
         token_error(400, request, "Unsupported grant type : password")),
        ("No client_id:", TOKEN, "",
         token_error(400, request, "The request is missing a required parameter : client_id")),
        ("An unknown client_id:", TOKEN, credentials_form("nobody", "secret"),
         token_error(401, client, "ClientId is Invalid")),
        ("A wrong secret, or none:", TOKEN, credentials_form(story.key, "wrong"), wrong),
        ("", TOKEN, f"client_id={story.key}", wrong),
        ("A scope that no product of the app has:", TOKEN, f"{story.form}&scope=nope",
         token_error(400, request, "Invalid Scope")),
    ):  # fmt: skip
        if what:
            _say(what)
        story.token_call(check, path, form)
    _keys_without_token(story)


def _keys_without_token(story: Story) -> None:
    _say("A key that has expired:")
    brief = create_app(story, "briefapp", "PremiumWeatherAPI", keyExpiresIn=1)
    time.sleep(0.01)
    form = credentials_form(brief["consumerKey"], brief["consumerSecret"])
    story.token_call(token_error(401, "invalid_client", "Key Expired"), form=form)
    _say("A key without a product:")
    bare = create_app(story, "bareapp")
    form = credentials_form(bare["consumerKey"], bare["consumerSecret"])
    code = "keymanagement.service.consumer_key_missing_api_product_association"
    story.token_call(fault(400, code, "Consumer key has no approved API product"), form=form)
    _say("Another verb, or another path: no flow matches, and nothing is done.")
    story.call(Call("GET", story.places["test"] + TOKEN), answers(200, ""))


def _refusals(story: Story) -> None:
    service = "keymanagement.service"
    _say("A wrong token:")
    story.forecast(
        "no-such-token", refused(f"{service}.invalid_access_token", "Invalid Access Token")
    )
    _say("A token of an app whose product does not contain weatherapi:")
    create_product(story, "OtherAPI", "other")
    other = create_app(story, "otherapp", "OtherAPI")
    form = credentials_form(other["consumerKey"], other["consumerSecret"])
    story.forecast(
        story.token(form=form),
        refused(
            f"{service}.InvalidAPICallAsNoApiProductMatchFound",
            "Invalid API call as no apiproduct match found",
        ),
    )
    _say("An expired token, from a second token proxy whose tokens live one second:")
    deploy_example(story, "short-token")
    brief = story.token(SHORT_TOKEN)
    time.sleep(1.1)
    story.forecast(brief, refused(f"{service}.access_token_expired", "Access Token expired"))


def _revoked_tokens(story: Story) -> None:
    token = story.token()
    story.manage("POST", f"/oauth2/revoke?app={story.app_id}", answers(200))
    fresh = story.token()
    story.forecast(
        token,
        refused("keymanagement.service.access_token_not_approved", "Access Token not approved"),
    )
    _say("The app's key got a new token meanwhile:")
    story.forecast(fresh, FORECAST_COMES)
    _say("An app that does not exist has no tokens to revoke:")
    story.manage("POST", "/oauth2/revoke?app=nobody", answers(404))


def _switches(story: Story) -> None:
    service = "keymanagement.service"
    inactive = (f"{service}.DeveloperStatusNotActive", "Developer Status is not Active")
    for what, path, off, on, code, text in (
        ("key", f"{APP}/keys/{story.key}", "revoke", "approve",
         f"{service}.invalid_client-client_id_not_approved", "ClientId is not approved"),
        ("app", APP, "revoke", "approve",
         f"{service}.invalid_client-app_not_approved", "App not Approved"),
        ("developer", f"/developers/{EMAIL}", "inactive", "active", *inactive),
    ):  # fmt: skip
        token = story.token()
        _say(f"The {what} is switched off: its tokens are refused, and it gets no new one.")
        story.set_status(path, off)
        story.forecast(token, refused(code, text))
        is_developer = code == inactive[0]
        story.token_call(
            fault(401, *inactive) if is_developer else token_error(401, "invalid_client", text)
        )
        _say("And on again:")
        story.set_status(path, on)
        story.forecast(token, FORECAST_COMES)


def _prod(story: Story) -> None:
    for path, check in ((TOKEN, _not_deployed(ENDPOINT)), (FORECAST, _not_deployed(FORECAST))):
        method, form = ("POST", story.form) if path == TOKEN else ("GET", None)
        story.call(Call(method, story.places["prod"] + path, form=form), check)
    click.echo()
    for name in ("weatherapi", "oauth"):
        deploy_revision(story.server, name, 1, "prod")
        click.echo(f"  $ gateway deploy --proxy {name} --env prod")
        click.echo(f"  {name} revision 1 is deployed to prod")
    reply = story.token_call(_token_of_weatherapp(story), env="prod")
    story.forecast(token_of(reply), FORECAST_COMES, env="prod")


def _not_deployed(path: str) -> Check:
    url = path.partition("?")[0].replace("/", "\\/")
    text = f"Unable to identify proxy for host: default and url: {url}"
    return fault(404, "messaging.adaptors.http.flow.ApplicationNotFound", text)


def _step_up(story: Story) -> None:
    url = f"{story.places['test']}/weather-apikey/forecastrss?w=12797282"
    text = "Failed to resolve API Key variable request.queryparam.apikey"
    story.call(Call("GET", url), fault(401, "steps.oauth.v2.FailedToResolveAPIKey", text))
    story.call(Call("GET", f"{url}&apikey={story.key}"), FORECAST_COMES)
    seen = story.seen_by_backend()
    target = seen[-1]["target"] if seen else "nothing"
    _say(f"The weather service was asked for {target}: without the key.")
    if target != "/forecastrss?w=12797282":
        story.complain("the API key was not stripped")
    _say("The same key gets access tokens, as above: callers move when they like.")


CHAPTERS = (
    ("What is set up", prepare),
    ("1. Without a token nothing gets through", _without_token),
    ("2. The app has a consumer key and a secret", _the_app),
    ("3. Key and secret are exchanged for a token", _a_token),
    ("4. The token opens the API, and is stripped on the way", _with_token),
    ("5. Who gets no token", _no_token),
    ("6. Which tokens are refused", _refusals),
    ("7. All tokens of an app are revoked at once", _revoked_tokens),
    ("8. A key, an app and a developer are switched off and on", _switches),
    ("9. In prod nothing is deployed until somebody does", _prod),
    ("10. The same API with an API key", _step_up),
)
