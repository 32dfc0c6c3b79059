"""`gateway developers`: app developers."""

from __future__ import annotations

import click

from gateway.cli.api import Refused, Server, part, suggested
from gateway.cli.options import server_options
from gateway.cli.output import moment, print_facts, print_json, print_table


@click.group()
def developers() -> None:
    """App developers."""


def refused_developer(refused: Refused, server: Server, email: str) -> Refused:
    return suggested(refused, "developer", email, server.names("/developers"))


@developers.command()
@click.argument("email")
@click.option("--first-name", required=True, metavar="F")
@click.option("--last-name", required=True, metavar="L")
@click.option("--user-name", metavar="U", help="[default: the part of EMAIL before the @]")
@server_options
def create(
    email: str,
    first_name: str,
    last_name: str,
    user_name: str | None,
    server: Server,
    as_json: bool,
) -> None:
    """Create a developer."""
    answer = server.post(
        "/developers",
        {
            "email": email,
            "firstName": first_name,
            "lastName": last_name,
            "userName": user_name or email.partition("@")[0],
        },
    )
    if as_json:
        print_json(answer)
    else:
        click.echo(f"developer {email} is created")


@developers.command("list")
@server_options
def list_developers(server: Server, as_json: bool) -> None:
    """List the developers."""
    emails = server.get("/developers")
    if as_json:
        print_json(emails)
        return
    rows = []
    for email in emails:
        developer = server.get(f"/developers/{part(email)}")
        name = f"{developer['firstName']} {developer['lastName']}"
        rows.append((email, name, developer["status"], len(developer.get("apps", []))))
    print_table(("EMAIL", "NAME", "STATUS", "APPS"), rows, "There are no developers.")


@developers.command()
@click.argument("email")
@server_options
def show(email: str, server: Server, as_json: bool) -> None:
    """Show one developer."""
    try:
        developer = server.get(f"/developers/{part(email)}")
    except Refused as refused:
        raise refused_developer(refused, server, email) from None
    if as_json:
        print_json(developer)
        return
    print_facts(
        [
            ("email", developer["email"]),
            ("name", f"{developer['firstName']} {developer['lastName']}"),
            ("user name", developer.get("userName")),
            ("id", developer["developerId"]),
            ("status", developer["status"]),
            ("apps", developer.get("apps")),
            ("created", moment(developer.get("createdAt"))),
        ]
    )


@developers.command()
@click.argument("email")
@server_options
def delete(email: str, server: Server, as_json: bool) -> None:
    """Delete a developer with all apps, keys and tokens."""
    try:
        answer = server.delete(f"/developers/{part(email)}")
    except Refused as refused:
        raise refused_developer(refused, server, email) from None
    if as_json:
        print_json(answer)
    else:
        click.echo(f"developer {email} is deleted, with all apps, keys and tokens")
