"""`gateway new`: the bundle that Apigee's new-proxy wizard makes."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit
from xml.sax.saxutils import escape, quoteattr

import click

from gateway.cli.api import Server
from gateway.cli.options import server_options
from gateway.cli.output import print_json

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

_SECURITY: dict[str, tuple[tuple[str, str], ...]] = {
    "none": (),
    "apikey": (
        (
            "verify-api-key",
            '<VerifyAPIKey name="verify-api-key">\n'
            "    <DisplayName>Verify API Key</DisplayName>\n"
            '    <APIKey ref="request.queryparam.apikey"/>\n'
            "</VerifyAPIKey>\n",
        ),
        (
            "remove-query-param-apikey",
            '<AssignMessage name="remove-query-param-apikey">\n'
            "    <DisplayName>Remove Query Param apikey</DisplayName>\n"
            "    <Remove>\n"
            "        <QueryParams>\n"
            '            <QueryParam name="apikey"/>\n'
            "        </QueryParams>\n"
            "    </Remove>\n"
            '    <AssignTo createNew="false" transport="http" type="request"/>\n'
            "</AssignMessage>\n",
        ),
    ),
    "oauth": (
        (
            "verify-oauth-v2-access-token",
            '<OAuthV2 name="verify-oauth-v2-access-token">\n'
            "    <DisplayName>Verify OAuth v2.0 Access Token</DisplayName>\n"
            "    <Operation>VerifyAccessToken</Operation>\n"
            "</OAuthV2>\n",
        ),
        (
            "remove-header-authorization",
            '<AssignMessage name="remove-header-authorization">\n'
            "    <DisplayName>Remove Header Authorization</DisplayName>\n"
            "    <Remove>\n"
            "        <Headers>\n"
            '            <Header name="Authorization"/>\n'
            "        </Headers>\n"
            "    </Remove>\n"
            '    <AssignTo createNew="false" transport="http" type="request"/>\n'
            "</AssignMessage>\n",
        ),
    ),
}


@click.command()
@click.argument("name")
@click.option("--target", required=True, metavar="URL", help="URL of the existing API.")
@click.option("--base-path", metavar="P", help="Base path of the proxy.  [default: /NAME]")
@click.option(
    "--secure",
    type=click.Choice(["none", "apikey", "oauth"]),
    default="none",
    show_default=True,
    help="How callers prove who they are.",
)
@click.option(
    "--publish-product/--no-publish-product",
    default=None,
    help="Create the API product NAME-Product for the proxy.  "
    "[default: when a server is named and --secure is given]",
)
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    metavar="D",
    help="Where to write it.  [default: here]",
)
@server_options
def new(
    name: str,
    target: str,
    base_path: str | None,
    secure: str,
    publish_product: bool | None,
    folder: Path,
    server: Server,
    as_json: bool,
) -> None:
    """Make proxy NAME for an existing API, as D/NAME/apiproxy.

    With --secure oauth the PreFlow verifies the access token and then strips it from the
    request; with --secure apikey likewise the key.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise click.UsageError(f"'{name}': a proxy's name holds letters, digits, _ and - only")
    if urlsplit(target).scheme not in ("http", "https") or not urlsplit(target).netloc:
        raise click.UsageError(f"--target '{target}' is not an http or https URL")
    path = base_path or f"/{name}"
    if not path.startswith("/") or re.search(r"[\s?#]|\*\*", path):
        raise click.UsageError(f"--base-path '{path}' is not a path such as /weather")
    root = folder / name
    if root.exists():
        raise click.UsageError(f"{root} exists already; name another --dir or remove it")
    write_proxy(root, name, target, path, secure)
    product = _publish(server, name, secure, publish_product)
    if as_json:
        print_json({"name": name, "folder": str(root), "product": product})
        return
    click.echo(f"{root / 'apiproxy'} is written")
    if product is not None:
        click.echo(f"API product {product} is created, for proxy {name}")
    click.echo("\nNext:")
    click.echo(f"  gateway check {root}")
    click.echo(f"  gateway deploy {root} --env test")
    if product is None and secure != "none":
        click.echo(f"  gateway products create {name}-Product --proxy {name}")


def _publish(server: Server, name: str, secure: str, wanted: bool | None) -> str | None:
    """Create the product; it may name a proxy that is deployed later."""
    if wanted is None:
        wanted = secure != "none" and click.get_current_context().meta["gateway.server.named"]
    if not wanted:
        return None
    product = f"{name}-Product"
    server.post(
        "/apiproducts",
        {
            "name": product,
            "displayName": f"{name} Product",
            "description": f"Product of the proxy {name}.",
            "approvalType": "auto",
            "apiResources": ["/", "/**"],
            "environments": [],
            "proxies": [name],
            "scopes": [],
        },
    )
    return product


def write_proxy(root: Path, name: str, target: str, base_path: str, secure: str) -> None:
    """Write the bundle's files below `root`/apiproxy."""
    policies = _SECURITY[secure]
    files = {f"policies/{policy}.xml": _XML + text for policy, text in policies}
    files[f"{name}.xml"] = (
        f'{_XML}<APIProxy revision="1" name={quoteattr(name)}>\n'
        f"    <DisplayName>{escape(name)}</DisplayName>\n"
        f"    <Description/>\n"
        f'    <ConfigurationVersion majorVersion="4" minorVersion="0"/>\n'
        f"</APIProxy>\n"
    )
    files["proxies/default.xml"] = _XML + _proxy_endpoint(base_path, [p for p, _ in policies])
    files["targets/default.xml"] = _XML + _target_endpoint(target)
    for place, text in files.items():
        path = root / "apiproxy" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _proxy_endpoint(base_path: str, steps: list[str]) -> str:
    lines = "".join(
        f"            <Step>\n                <Name>{step}</Name>\n            </Step>\n"
        for step in steps
    )
    request = f"<Request>\n{lines}        </Request>" if lines else "<Request/>"
    return (
        '<ProxyEndpoint name="default">\n'
        '    <PreFlow name="PreFlow">\n'
        f"        {request}\n"
        "        <Response/>\n"
        "    </PreFlow>\n"
        "    <Flows/>\n"
        '    <PostFlow name="PostFlow">\n'
        "        <Request/>\n"
        "        <Response/>\n"
        "    </PostFlow>\n"
        "    <HTTPProxyConnection>\n"
        f"        <BasePath>{escape(base_path)}</BasePath>\n"
        "        <VirtualHost>default</VirtualHost>\n"
        "        <VirtualHost>secure</VirtualHost>\n"
        "    </HTTPProxyConnection>\n"
        '    <RouteRule name="default">\n'
        "        <TargetEndpoint>default</TargetEndpoint>\n"
        "    </RouteRule>\n"
        "</ProxyEndpoint>\n"
    )


def _target_endpoint(target: str) -> str:
    return (
        '<TargetEndpoint name="default">\n'
        '    <PreFlow name="PreFlow">\n'
        "        <Request/>\n"
        "        <Response/>\n"
        "    </PreFlow>\n"
        "    <Flows/>\n"
        '    <PostFlow name="PostFlow">\n'
        "        <Request/>\n"
        "        <Response/>\n"
        "    </PostFlow>\n"
        "    <HTTPTargetConnection>\n"
        f"        <URL>{escape(target)}</URL>\n"
        "    </HTTPTargetConnection>\n"
        "</TargetEndpoint>\n"
    )
