"""`gateway apps`: developer apps and their keys."""

from __future__ import annotations

from typing import Any

import click

from gateway.cli.api import Refused, Server, part, suggested
from gateway.cli.developers import refused_developer
from gateway.cli.options import server_options
from gateway.cli.output import moment, print_facts, print_json, print_table

_DEVELOPER = click.option(
    "--developer", "email", metavar="EMAIL",
    help="The app's developer.  [default: whoever has the only app of that name]",
)  # fmt: skip


@click.group()
def apps() -> None:
    """Developer apps: consumer keys and secrets."""


@apps.group()
def keys() -> None:
    """The consumer keys of an app."""


def _place(server: Server, name: str, email: str | None) -> str:
    """The path of an app, by its name and, where that is not enough, its developer."""
    if email is not None:
        return f"/developers/{part(email)}/apps/{part(name)}"
    found = [app for app in _all(server) if app["name"] == name or app["appId"] == name]
    if len(found) == 1:
        app = found[0]
        return f"/developers/{part(app['developerId'])}/apps/{part(app['name'])}"
    if found:
        raise Refused(f"several developers have an app '{name}': name one with --developer")
    names = sorted({app["name"] for app in _all(server)})
    raise suggested(Refused(f"there is no app '{name}'", 404), "app", name, names)


def _all(server: Server) -> list[dict[str, Any]]:
    answer = server.get("/apps", expand="true")
    return list(answer.get("app", []))


def _show(app: dict[str, Any]) -> None:
    print_facts(
        [
            ("name", app["name"]),
            ("app id", app["appId"]),
            ("status", app["status"]),
            ("callback URL", app.get("callbackUrl")),
            ("created", moment(app.get("createdAt"))),
        ]
    )
    for credential in app.get("credentials", []):
        click.echo()
        show_key(credential)


def show_key(credential: dict[str, Any]) -> None:
    print_facts(
        [
            ("consumer key", credential["consumerKey"]),
            ("consumer secret", credential["consumerSecret"]),
            ("status", credential["status"]),
            ("expires", moment(credential.get("expiresAt"))),
            (
                "products",
                [
                    f"{product['apiproduct']} ({product['status']})"
                    for product in credential.get("apiProducts", [])
                ],
            ),
        ]
    )


@apps.command()
@click.argument("name")
@click.option("--developer", "email", required=True, metavar="EMAIL")
@click.option("--product", "products", multiple=True, metavar="P", help="API product (repeatable).")
@click.option("--callback-url", default="", metavar="URL")
@server_options
def create(
    name: str,
    email: str,
    products: tuple[str, ...],
    callback_url: str,
    server: Server,
    as_json: bool,
) -> None:
    """Create an app; its key and secret are printed."""
    body = {"name": name, "apiProducts": list(products), "callbackUrl": callback_url}
    try:
        app = server.post(f"/developers/{part(email)}/apps", body)
    except Refused as refused:
        raise refused_developer(refused, server, email) from None
    if as_json:
        print_json(app)
    else:
        _show(app)


@apps.command("list")
@server_options
def list_apps(server: Server, as_json: bool) -> None:
    """List all apps."""
    found = _all(server)
    if as_json:
        print_json(found)
        return
    rows = [
        (app["name"], app["status"], app["appId"], len(app.get("credentials", []))) for app in found
    ]
    print_table(("NAME", "STATUS", "APP ID", "KEYS"), rows, "There are no apps.")


@apps.command()
@click.argument("name")
@_DEVELOPER
@server_options
def show(name: str, email: str | None, server: Server, as_json: bool) -> None:
    """Show an app with its keys and secrets."""
    app = server.get(_place(server, name, email))
    if as_json:
        print_json(app)
    else:
        _show(app)


def _set_status(server: Server, place: str, action: str) -> None:
    server.call("POST", place, query={"action": action}, media_type="application/octet-stream")


@apps.command()
@click.argument("name")
@_DEVELOPER
@server_options
def approve(name: str, email: str | None, server: Server, as_json: bool) -> None:
    """Approve an app: its keys and tokens work (again)."""
    _set_status(server, _place(server, name, email), "approve")
    _told(as_json, name, "approved")


@apps.command()
@click.argument("name")
@_DEVELOPER
@server_options
def revoke(name: str, email: str | None, server: Server, as_json: bool) -> None:
    """Revoke an app: none of its keys and tokens works, at once."""
    _set_status(server, _place(server, name, email), "revoke")
    _told(as_json, name, "revoked")


@apps.command()
@click.argument("name")
@_DEVELOPER
@server_options
def delete(name: str, email: str | None, server: Server, as_json: bool) -> None:
    """Delete an app with its keys and tokens."""
    answer = server.delete(_place(server, name, email))
    if as_json:
        print_json(answer)
    else:
        click.echo(f"app {name} is deleted, with its keys and tokens")


def _told(as_json: bool, name: str, status: str, kind: str = "app") -> None:
    if as_json:
        print_json({"name": name, "status": status})
    else:
        click.echo(f"{kind} {name} is {status}")


@keys.command("create")
@click.argument("app")
@click.option("--key", metavar="KEY", help="A key of your own.  [default: generated]")
@click.option("--secret", metavar="SECRET", help="With --key: its secret.")
@click.option("--product", "products", multiple=True, metavar="P", help="API product (repeatable).")
@_DEVELOPER
@server_options
def create_key(
    app: str,
    key: str | None,
    secret: str | None,
    products: tuple[str, ...],
    email: str | None,
    server: Server,
    as_json: bool,
) -> None:
    """Add a key to APP; key and secret are printed."""
    place = _place(server, app, email)
    if (key is None) != (secret is None):
        raise click.UsageError("--key and --secret go together")
    if key is None:
        known = {item["consumerKey"] for item in server.get(place)["credentials"]}
        answer = server.post(place, {"apiProducts": list(products)})
        credential = next(
            item for item in answer["credentials"] if item["consumerKey"] not in known
        )
    else:
        server.post(f"{place}/keys/create", {"consumerKey": key, "consumerSecret": secret})
        body = {"apiProducts": list(products)}
        credential = server.post(f"{place}/keys/{part(key)}", body)
    if as_json:
        print_json(credential)
    else:
        show_key(credential)


def _key_command(action: str, doc: str) -> None:
    @click.argument("app")
    @click.argument("key")
    @_DEVELOPER
    @server_options
    def command(app: str, key: str, email: str | None, server: Server, as_json: bool) -> None:
        _set_status(server, f"{_place(server, app, email)}/keys/{part(key)}", action)
        _told(as_json, key, f"{action}d", "key")

    command.__doc__ = doc
    keys.command(action)(command)


_key_command("approve", "Approve KEY of APP.")
_key_command("revoke", "Revoke KEY of APP: it and its tokens stop working at once.")


@keys.command("delete")
@click.argument("app")
@click.argument("key")
@_DEVELOPER
@server_options
def delete_key(app: str, key: str, email: str | None, server: Server, as_json: bool) -> None:
    """Delete KEY of APP."""
    answer = server.delete(f"{_place(server, app, email)}/keys/{part(key)}")
    if as_json:
        print_json(answer)
    else:
        click.echo(f"key {key} is deleted")
