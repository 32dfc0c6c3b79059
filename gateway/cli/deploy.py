"""`gateway deploy` and `gateway undeploy`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gateway.cli.api import Refused, Server, part, suggested
from gateway.cli.options import server_options
from gateway.cli.output import print_json


@click.command()
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--env", "environment", required=True, metavar="ENV", help="Environment.")
@click.option("--name", metavar="NAME", help="Name of the proxy.  [default: the bundle's]")
@click.option("--proxy", metavar="NAME", help="Deploy a proxy that is already imported.")
@click.option("--revision", type=int, metavar="N", help="With --proxy: which.  [default: latest]")
@server_options
def deploy(
    path: Path | None,
    environment: str,
    name: str | None,
    proxy: str | None,
    revision: int | None,
    server: Server,
    as_json: bool,
) -> None:
    """Import a bundle as a new revision and deploy it, in place of the one that serves.

    PATH is a bundle's folder, its apiproxy folder, or a ZIP. With --proxy nothing is
    imported: a revision that the gateway has already is deployed.
    """
    if (path is None) == (proxy is None):
        raise click.UsageError("give either PATH or --proxy NAME")
    if path is not None:
        if revision is not None:
            raise click.UsageError("--revision goes with --proxy")
        name, revision = import_bundle(server, path, name)
    else:
        assert proxy is not None
        name, revision = proxy, revision or latest_revision(server, proxy)
    answer = deploy_revision(server, name, revision, environment)
    if as_json:
        print_json(answer)
    else:
        click.echo(f"{name} revision {revision} is deployed to {environment}")


def import_bundle(server: Server, path: Path, name: str | None) -> tuple[str, int]:
    """Import the bundle at `path`; its name and new revision. The bundle is checked
    here first, so that messages name the author's files."""
    from gateway.bundle.diagnostics import BundleError
    from gateway.bundle.files import read_path, write_zip
    from gateway.bundle.reader import read_bundle

    try:
        files = read_path(path)
        bundle, _ = read_bundle(files, name=name)
    except BundleError as error:
        raise Refused(f"{path} cannot be deployed:\n{error}") from None
    answer = server.call(
        "POST",
        "/apis",
        write_zip(files),
        query={"action": "import", "name": name or bundle.name},
        media_type="application/octet-stream",
    )
    return str(answer["name"]), int(answer["revision"])


def deploy_revision(server: Server, name: str, revision: int, environment: str) -> Any:
    """Deploy in place of any other revision of the proxy."""
    place = f"/environments/{part(environment)}/apis/{part(name)}/revisions/{revision}"
    try:
        return server.post(f"{place}/deployments", override="true")
    except Refused as refused:
        raise suggested(
            refused, "environment", environment, server.names("/environments")
        ) from None


def latest_revision(server: Server, proxy: str) -> int:
    try:
        revisions = server.get(f"/apis/{part(proxy)}/revisions")
    except Refused as refused:
        raise suggested(refused, "proxy", proxy, server.names("/apis")) from None
    if not revisions:
        raise Refused(f"proxy {proxy} has no revision; import one with 'gateway deploy PATH'")
    return max(int(revision) for revision in revisions)


@click.command()
@click.argument("name")
@click.option("--env", "environment", required=True, metavar="ENV", help="Environment.")
@server_options
def undeploy(name: str, environment: str, server: Server, as_json: bool) -> None:
    """Stop serving proxy NAME in an environment. Its revisions are kept."""
    place = f"/environments/{part(environment)}/apis/{part(name)}"
    try:
        deployed = server.get(f"{place}/deployments")
    except Refused as refused:
        raise suggested(refused, "proxy", name, server.names("/apis")) from None
    answers = [
        server.delete(f"{place}/revisions/{revision['name']}/deployments")
        for revision in deployed.get("revision", [])
    ]
    if as_json:
        print_json(answers)
    else:
        click.echo(f"{name} is no longer deployed to {environment}")
