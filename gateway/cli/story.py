"""The story of examples/weatherapi: what stands at its beginning, and how it is told."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from gateway.cli.api import Server, part
from gateway.cli.deploy import deploy_revision, import_bundle
from gateway.cli.exchange import Call, Reply, show_call
from gateway.cli.expectations import Check, answers
from gateway.shipping import examples_dir

EMAIL = "tesla@weathersample.com"
ENDPOINT = "/oauth/client_credential/accesstoken"
TOKEN = f"{ENDPOINT}?grant_type=client_credentials"
SHORT_TOKEN = "/short-token/accesstoken?grant_type=client_credentials"  # noqa: S105
FORECAST = "/weather/forecastrss?w=12797282"
_FEW_LINES = 4


@dataclass(slots=True)
class Story:
    """Where to call, what was made, and what did not answer as it should."""

    server: Server
    places: dict[str, str]
    """URL of each environment, without path."""
    backend_log: Path
    key: str = ""
    secret: str = ""
    app_id: str = ""
    calls: int = 0
    wrong: list[str] = field(default_factory=list)
    forecast_was_shown: bool = False
    """A forecast was shown whole: from then on a few lines of it are enough."""

    @property
    def form(self) -> str:
        """The app's credentials as the body of a form."""
        return credentials_form(self.key, self.secret)

    def call(self, call: Call, check: Check) -> Reply:
        """Show a call and its answer, and note what differs from what it should be."""
        click.echo()
        show_call(call)
        try:
            reply = call.make()
        except (OSError, http.client.HTTPException) as error:
            raise click.ClickException(f"{call.url}: nobody answers ({error})") from None
        is_forecast = "<rss" in reply.body
        reply.show(*([_FEW_LINES] if is_forecast and self.forecast_was_shown else []))
        self.forecast_was_shown = self.forecast_was_shown or is_forecast
        self.calls += 1
        if (expected := check(reply)) is not None:
            self.complain(f"{call.method} {call.url}: expected {expected}, got {reply.status}")
        return reply

    def complain(self, what: str) -> None:
        click.echo("  " + click.style(f"! {what}", fg="red"))
        self.wrong.append(what)

    def forecast(self, token: str, check: Check, env: str = "test") -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self.call(Call("GET", self.places[env] + FORECAST, headers), check)

    def token_call(
        self, check: Check, path: str = TOKEN, form: str | None = None, env: str = "test"
    ) -> Reply:
        """A call of the token endpoint, shown; with the app's credentials unless told."""
        form = self.form if form is None else form
        return self.call(Call("POST", self.places[env] + path, form=form), check)

    def token(self, path: str = TOKEN, form: str | None = None) -> str:
        """A new token of `test`, without showing how: that was shown before."""
        url = self.places["test"] + path
        reply = Call("POST", url, form=self.form if form is None else form).make()
        if reply.status != 200:
            self.complain(f"POST {url}: expected a token, got {reply.status} {reply.body}")
            return "none"
        return token_of(reply)

    def manage(self, method: str, path: str, check: Check) -> Reply:
        """A call of the management API, shown."""
        url = f"{self.server.url}/v1/organizations/demo{path}"
        user = f"{self.server.user}:{self.server.password}"
        form = "" if method == "POST" else None
        return self.call(Call(method, url, form=form, user=user), check)

    def set_status(self, path: str, action: str) -> None:
        self.manage("POST", f"{path}?action={action}", answers(204))

    def seen_by_backend(self) -> list[dict[str, Any]]:
        """The weather service's log: `target` and `headers` (names) of each request."""
        try:
            text = self.backend_log.read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in text.splitlines() if line.strip()]


def token_of(reply: Reply) -> str:
    """The access token of an answer; `none` where there is none."""
    try:
        return str(json.loads(reply.body)["access_token"])
    except (ValueError, KeyError, TypeError):
        return "none"


def credentials_form(key: str, secret: str) -> str:
    return f"client_id={quote(key)}&client_secret={quote(secret)}"


# -- what is made through the management API, told in one line each


def deploy_example(story: Story, example: str) -> None:
    name, revision = import_bundle(story.server, examples_dir() / "weatherapi" / example, None)
    deploy_revision(story.server, name, revision, "test")
    click.echo(f"  {name} revision {revision} is deployed to test")


def create_product(story: Story, name: str, *proxies: str) -> None:
    body = {"name": name, "displayName": name, "approvalType": "auto", "proxies": list(proxies)}
    story.server.post("/apiproducts", body)
    click.echo(f"  API product {name} is created, for {' and '.join(proxies)}")


def create_app(story: Story, name: str, *products: str, **more: object) -> dict[str, Any]:
    """The new app's first credential, with `appId` beside."""
    path = f"/developers/{part(EMAIL)}/apps"
    app = story.server.post(path, {"name": name, "apiProducts": list(products), **more})
    click.echo(f"  app {name} is created, with {' and '.join(products) or 'no product'}")
    return {**app["credentials"][0], "appId": app["appId"]}


def prepare(story: Story) -> None:
    """Two proxies, a developer, a product and the app weatherapp."""
    deploy_example(story, "weatherapi")
    deploy_example(story, "weatherapi-apikey")
    names = {"firstName": "Nicolai", "lastName": "Tesla", "userName": "tesla"}
    story.server.post("/developers", {"email": EMAIL, **names})
    click.echo(f"  developer {EMAIL} is created")
    create_product(story, "PremiumWeatherAPI", "weatherapi", "weatherapi-apikey")
    credential = create_app(story, "weatherapp", "PremiumWeatherAPI")
    story.app_id = str(credential["appId"])
    story.key, story.secret = credential["consumerKey"], credential["consumerSecret"]
