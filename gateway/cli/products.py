"""`gateway products`: API products."""

from __future__ import annotations

import click

from gateway.cli.api import Refused, Server, part, suggested
from gateway.cli.options import server_options
from gateway.cli.output import moment, print_facts, print_json, print_table


@click.group()
def products() -> None:
    """API products: which proxies and resources a key may call."""


@products.command()
@click.argument("name")
@click.option("--proxy", "proxies", multiple=True, metavar="P", help="Proxy (repeatable).")
@click.option(
    "--env",
    "environments",
    multiple=True,
    metavar="E",
    help="Environment (repeatable).  [default: all]",
)
@click.option(
    "--resource",
    "resources",
    multiple=True,
    metavar="R",
    help="Resource path such as /, /** or /a/* (repeatable).  [default: all]",
)
@click.option("--scope", "scopes", multiple=True, metavar="S", help="OAuth scope (repeatable).")
@click.option("--display-name", metavar="TEXT", help="Name for people.")
@click.option("--description", default="", metavar="TEXT")
@click.option(
    "--approval",
    type=click.Choice(["auto", "manual"]),
    default="auto",
    show_default=True,
    help="Whether new keys are approved by themselves.",
)
@server_options
def create(
    name: str,
    proxies: tuple[str, ...],
    environments: tuple[str, ...],
    resources: tuple[str, ...],
    scopes: tuple[str, ...],
    display_name: str | None,
    description: str,
    approval: str,
    server: Server,
    as_json: bool,
) -> None:
    """Create an API product."""
    answer = server.post(
        "/apiproducts",
        {
            "name": name,
            "displayName": display_name or name,
            "description": description,
            "approvalType": approval,
            "proxies": list(proxies),
            "environments": list(environments),
            "apiResources": list(resources),
            "scopes": list(scopes),
        },
    )
    if as_json:
        print_json(answer)
    else:
        click.echo(f"API product {name} is created")


@products.command("list")
@server_options
def list_products(server: Server, as_json: bool) -> None:
    """List the API products."""
    if as_json:
        print_json(server.get("/apiproducts"))
        return
    found = server.get("/apiproducts", expand="true").get("apiProduct", [])
    rows = [
        (
            product["name"],
            ", ".join(product.get("proxies", [])) or "all",
            ", ".join(product.get("environments", [])) or "all",
            ", ".join(product.get("apiResources", [])) or "all",
            " ".join(product.get("scopes", [])) or "-",
        )
        for product in found
    ]
    print_table(("NAME", "PROXIES", "ENVIRONMENTS", "RESOURCES", "SCOPES"), rows,
                "There are no API products.")  # fmt: skip


@products.command()
@click.argument("name")
@server_options
def show(name: str, server: Server, as_json: bool) -> None:
    """Show one API product."""
    try:
        product = server.get(f"/apiproducts/{part(name)}")
    except Refused as refused:
        raise suggested(refused, "API product", name, server.names("/apiproducts")) from None
    if as_json:
        print_json(product)
        return
    print_facts(
        [
            ("name", product["name"]),
            ("display name", product.get("displayName")),
            ("description", product.get("description")),
            ("proxies", product.get("proxies") or "all"),
            ("environments", product.get("environments") or "all"),
            ("resources", product.get("apiResources") or "all"),
            ("scopes", product.get("scopes")),
            ("approval", product.get("approvalType")),
            ("created", moment(product.get("createdAt"))),
        ]
    )


@products.command()
@click.argument("name")
@server_options
def delete(name: str, server: Server, as_json: bool) -> None:
    """Delete an API product that no key uses any more."""
    try:
        answer = server.delete(f"/apiproducts/{part(name)}")
    except Refused as refused:
        raise suggested(refused, "API product", name, server.names("/apiproducts")) from None
    if as_json:
        print_json(answer)
    else:
        click.echo(f"API product {name} is deleted")
