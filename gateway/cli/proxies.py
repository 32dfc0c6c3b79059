"""`gateway proxies`: what is imported, and where it serves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gateway.cli.api import Refused, Server, part, suggested
from gateway.cli.options import server_options
from gateway.cli.output import moment, print_facts, print_json, print_table


@click.group()
def proxies() -> None:
    """API proxies: their revisions and deployments."""


def _asked(server: Server, name: str, call: Any) -> Any:
    try:
        return call()
    except Refused as refused:
        raise suggested(refused, "proxy", name, server.names("/apis")) from None


def deployments_of(server: Server, name: str) -> list[tuple[str, str]]:
    """(environment, revision) of every deployment of a proxy."""
    answer = server.get(f"/apis/{part(name)}/deployments")
    return [
        (environment["name"], revision["name"])
        for environment in answer.get("environment", [])
        for revision in environment.get("revision", [])
    ]


@proxies.command("list")
@server_options
def list_proxies(server: Server, as_json: bool) -> None:
    """List the proxies."""
    names = server.get("/apis")
    if as_json:
        print_json(names)
        return
    rows = []
    for name in names:
        revisions = server.get(f"/apis/{part(name)}/revisions")
        served = ", ".join(f"{env} (revision {rev})" for env, rev in deployments_of(server, name))
        rows.append((name, len(revisions), served or "-"))
    print_table(("NAME", "REVISIONS", "DEPLOYED"), rows, "There are no proxies.")


@proxies.command()
@click.argument("name")
@server_options
def show(name: str, server: Server, as_json: bool) -> None:
    """Show one proxy."""
    answer = _asked(server, name, lambda: server.get(f"/apis/{part(name)}"))
    if as_json:
        print_json(answer)
        return
    latest = answer["revision"][-1] if answer["revision"] else None
    revision = server.get(f"/apis/{part(name)}/revisions/{latest}") if latest else {}
    served = [f"{env} (revision {rev})" for env, rev in deployments_of(server, name)]
    print_facts(
        [
            ("name", answer["name"]),
            ("revisions", answer["revision"]),
            ("deployed", served or "nowhere"),
            ("base paths", revision.get("basepaths")),
            ("policies", revision.get("policies")),
            ("targets", revision.get("targets")),
            ("description", revision.get("description")),
            ("created", moment(answer["metaData"].get("createdAt"))),
            ("last modified", moment(answer["metaData"].get("lastModifiedAt"))),
        ]
    )


@proxies.command()
@click.argument("name")
@click.option("--revision", type=int, metavar="N", help="Which revision.  [default: latest]")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where to write the ZIP.  [default: NAME_revN.zip]",
)
@server_options
def export(
    name: str, revision: int | None, output: Path | None, server: Server, as_json: bool
) -> None:
    """Write a revision's bundle to a ZIP file."""
    from gateway.cli.deploy import latest_revision

    number = revision or latest_revision(server, name)
    content = _asked(
        server,
        name,
        lambda: server.get(f"/apis/{part(name)}/revisions/{number}", format="bundle"),
    )
    path = output or Path(f"{name}_rev{number}.zip")
    path.write_bytes(content)
    if as_json:
        print_json({"name": name, "revision": number, "file": str(path)})
    else:
        click.echo(f"{name} revision {number} is in {path}")


@proxies.command()
@click.argument("name")
@click.option("--revision", type=int, metavar="N", help="Only this revision.")
@server_options
def delete(name: str, revision: int | None, server: Server, as_json: bool) -> None:
    """Delete a proxy, or one of its revisions. What is deployed must be undeployed first."""
    place = f"/apis/{part(name)}" + (f"/revisions/{revision}" if revision else "")
    answer = _asked(server, name, lambda: server.delete(place))
    if as_json:
        print_json(answer)
    else:
        click.echo(f"{name}{f' revision {revision}' if revision else ''} is deleted")
