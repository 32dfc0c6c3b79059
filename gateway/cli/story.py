"""The story of examples/weatherapi: what an app developer meets, call by call."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from gateway.cli.api import Server, part
from gateway.cli.deploy import deploy_revision, import_bundle
from gateway.cli.exchange import Call, Reply, show_call
from gateway.shipping import examples_dir

EMAIL = "tesla@weathersample.com"
FORECAST = "/weather/forecastrss?w=12797282"
TOKEN = "/oauth/client_credential/accesstoken?grant_type=client_credentials"  # noqa: S105
SHORT_TOKEN = "/oauth/short/accesstoken?grant_type=client_credentials"  # noqa: S105


@dataclass(slots=True)
class Story:
    """Where to call, what was made, and what did not answer as it should."""

    server: Server
    test: str
    prod: str
    backend_log: Path
    key: str = ""
    secret: str = ""
    app_id: str = ""
    wrong: list[str] = field(default_factory=list)
    seen_forecast: bool = False
    """A forecast was shown whole: from then on a few lines of it are enough."""

    def call(self, call: Call, status: int, expected: str = "") -> Reply:
        """Show a call and its answer; note it when the status differs or the body does
        not hold `expected`."""
        click.echo()
        show_call(call)
        reply = call.make()
        is_forecast = "<rss" in reply.body
        reply.show(*([4] if is_forecast and self.seen_forecast else []))
        self.seen_forecast = self.seen_forecast or is_forecast
        if reply.status != status or expected not in reply.body:
            wanted = f"{status} {expected}".strip()
            self.wrong.append(f"{call.method} {call.url}: {reply.status}, expected {wanted}")
        return reply

    def forecast(self, token: str, status: int, expected: str = "", env: str = "test") -> None:
        base = self.test if env == "test" else self.prod
        headers = {"Authorization": f"Bearer {token}"}
        self.call(Call("GET", base + FORECAST, headers), status, expected)

    def token(self, path: str = TOKEN, key: str = "", secret: str = "", env: str = "test") -> str:
        """A new token, without showing how: that was shown before."""
        base = self.test if env == "test" else self.prod
        form = f"client_id={quote(key or self.key)}&client_secret={quote(secret or self.secret)}"
        reply = Call("POST", base + path, form=form).make()
        return str(json.loads(reply.body).get("access_token", "")) if reply.status == 200 else ""

    def manage(self, method: str, path: str, status: int) -> Reply:
        """A call of the management API, shown."""
        url = f"{self.server.url}/v1/organizations/demo{path}"
        user = f"{self.server.user}:{self.server.password}"
        form = "" if method == "POST" else None
        return self.call(Call(method, url, form=form, user=user), status)

    def set_status(self, path: str, action: str) -> None:
        self.manage("POST", f"{path}?action={action}", 204)


def tell(story: Story) -> list[str]:
    """The whole story; what did not answer as it should."""
    _prepare(story)
    for title, chapter in _CHAPTERS:
        click.echo(f"\n{click.style(title, bold=True)}")
        chapter(story)
    return story.wrong


def _deploy(story: Story, example: str, env: str = "test") -> None:
    name, revision = import_bundle(story.server, examples_dir() / "weatherapi" / example, None)
    deploy_revision(story.server, name, revision, env)
    click.echo(f"  {name} revision {revision} is deployed to {env}")


def _product(story: Story, name: str, *proxies: str) -> None:
    body = {"name": name, "displayName": name, "approvalType": "auto", "proxies": list(proxies)}
    story.server.post("/apiproducts", body)
    click.echo(f"  API product {name} is created, for {' and '.join(proxies)}")


def _app(story: Story, name: str, product: str) -> dict[str, Any]:
    path = f"/developers/{part(EMAIL)}/apps"
    app: dict[str, Any] = story.server.post(path, {"name": name, "apiProducts": [product]})
    click.echo(f"  app {name} is created, with the product {product}")
    return app


def _prepare(story: Story) -> None:
    click.echo(f"\n{click.style('What is set up', bold=True)}")
    _deploy(story, "weatherapi")
    _deploy(story, "weatherapi-apikey")
    names = {"firstName": "Nicolai", "lastName": "Tesla", "userName": "tesla"}
    story.server.post("/developers", {"email": EMAIL, **names})
    click.echo(f"  developer {EMAIL} is created")
    _product(story, "PremiumWeatherAPI", "weatherapi", "weatherapi-apikey")
    app = _app(story, "weatherapp", "PremiumWeatherAPI")
    credential = app["credentials"][0]
    story.app_id = str(app["appId"])
    story.key, story.secret = credential["consumerKey"], credential["consumerSecret"]


# -- chapters


def _without_token(story: Story) -> None:
    story.call(Call("GET", story.test + FORECAST), 401, '"oauth.v2.InvalidAccessToken"')
    seen = _backend_lines(story)
    click.echo(f"\n  The weather service saw {len(seen)} requests.")
    if seen:
        story.wrong.append("a call without a token reached the weather service")


def _the_app(story: Story) -> None:
    story.manage("GET", "/apps", 200)
    story.manage("GET", f"/apps/{story.app_id}", 200)


def _a_token(story: Story) -> None:
    form = f"client_id={story.key}&client_secret={story.secret}"
    story.call(Call("POST", story.test + TOKEN, form=form), 200, '"token_type" : "BearerToken"')
    click.echo("\n  Once more, with Basic credentials:")
    user = f"{story.key}:{story.secret}"
    story.call(Call("POST", story.test + TOKEN, form="", user=user), 200, '"expires_in" : "3599"')


def _with_token(story: Story) -> None:
    story.forecast(story.token(), 200, "<rss")
    lines = _backend_lines(story)
    headers = ", ".join(sorted(lines[-1]["headers"])) if lines else "nothing"
    click.echo(f"\n  Headers that the weather service got: {headers}")
    if not lines or "authorization" in {name.lower() for name in lines[-1]["headers"]}:
        story.wrong.append("the Authorization header was not stripped")


def _refusals(story: Story) -> None:
    _say("A wrong token:")
    story.forecast("no-such-token", 401, "invalid_access_token")
    _say("A token of an app whose product does not contain weatherapi:")
    _product(story, "OtherAPI", "other")
    credential = _app(story, "otherapp", "OtherAPI")["credentials"][0]
    other = story.token(key=credential["consumerKey"], secret=credential["consumerSecret"])
    story.forecast(other, 401, "InvalidAPICallAsNoApiProductMatchFound")
    _say("An expired token, from a second token proxy whose tokens live one second:")
    _deploy(story, "short-token")
    brief = story.token(SHORT_TOKEN)
    time.sleep(1.1)
    story.forecast(brief, 401, "access_token_expired")


def _revocations(story: Story) -> None:
    token = story.token()
    _say("All tokens of the app are revoked; its key still gets a new one:")
    story.manage("POST", f"/oauth2/revoke?app={story.app_id}", 200)
    story.forecast(token, 401, "access_token_not_approved")
    token = story.token()
    story.forecast(token, 200)
    app = f"/developers/{EMAIL}/apps/weatherapp"
    for what, path, off, on, code in (
        ("key", f"{app}/keys/{story.key}", "revoke", "approve", "client_id_not_approved"),
        ("app", app, "revoke", "approve", "app_not_approved"),
        ("developer", f"/developers/{EMAIL}", "inactive", "active", "DeveloperStatusNotActive"),
    ):
        _say(f"The {what} is switched off, and on again:")
        story.set_status(path, off)
        story.forecast(token, 401, code)
        story.set_status(path, on)
        story.forecast(token, 200)


def _prod(story: Story) -> None:
    token = story.token()
    story.forecast(token, 404, "ApplicationNotFound", env="prod")
    click.echo()
    for name in ("weatherapi", "oauth"):
        deploy_revision(story.server, name, 1, "prod")
        click.echo(f"  $ gateway deploy --proxy {name} --env prod")
    story.forecast(story.token(env="prod"), 200, "<rss", env="prod")


def _step_up(story: Story) -> None:
    url = f"{story.test}/weather-apikey/forecastrss?w=12797282"
    story.call(Call("GET", url), 401, "FailedToResolveAPIKey")
    story.call(Call("GET", f"{url}&apikey={story.key}"), 200, "<rss")
    click.echo("\n  The same key gets access tokens, as above: callers move when they like.")


def _say(text: str) -> None:
    click.echo(f"\n  {text}")


def _backend_lines(story: Story) -> list[dict[str, Any]]:
    try:
        text = story.backend_log.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in text.splitlines() if line.strip()]


_CHAPTERS = (
    ("1. Without a token nothing gets through", _without_token),
    ("2. The app has a consumer key and a secret", _the_app),
    ("3. Key and secret are exchanged for a token", _a_token),
    ("4. The token opens the API, and is stripped on the way", _with_token),
    ("5. What is refused, and how", _refusals),
    ("6. What is revoked stops at once", _revocations),
    ("7. In prod nothing is deployed until somebody does", _prod),
    ("8. The same API with an API key", _step_up),
)
