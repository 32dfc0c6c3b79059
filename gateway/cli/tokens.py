"""`gateway tokens`: OAuth access tokens."""

from __future__ import annotations

import click

from gateway.cli.api import Refused, Server, suggested
from gateway.cli.options import server_options
from gateway.cli.output import print_json


@click.group()
def tokens() -> None:
    """OAuth tokens."""


@tokens.command()
@click.option("--app", "app_id", required=True, metavar="ID", help="The app's id (a UUID).")
@server_options
def revoke(app_id: str, server: Server, as_json: bool) -> None:
    """Revoke every token of an app, at once. Its keys still get new ones."""
    try:
        answer = server.post("/oauth2/revoke", app=app_id)
    except Refused as refused:
        raise suggested(refused, "app", app_id, server.names("/apps")) from None
    if as_json:
        print_json(answer)
    else:
        click.echo(f"all tokens of app {app_id} are revoked")
