"""The command `gateway`: thin commands that parse arguments, call, and print.

Commands are imported when they are used, so that none pays for another's imports.
"""

from __future__ import annotations

import importlib

import click

_COMMANDS = {
    "serve": "gateway.cli.serve:serve",
    "quickstart": "gateway.cli.quickstart:quickstart",
    "check": "gateway.cli.check:check",
    "new": "gateway.cli.new:new",
    "deploy": "gateway.cli.deploy:deploy",
    "undeploy": "gateway.cli.deploy:undeploy",
    "dev": "gateway.cli.dev:dev",
    "proxies": "gateway.cli.proxies:proxies",
    "products": "gateway.cli.products:products",
    "developers": "gateway.cli.developers:developers",
    "apps": "gateway.cli.apps:apps",
    "tokens": "gateway.cli.tokens:tokens",
    "completion": "gateway.cli.completion:completion",
}


class LazyGroup(click.Group):
    """A group whose commands are imported on first use, listed in reading order."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        place = _COMMANDS.get(name)
        if place is None:
            return None
        module, _, attribute = place.partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gateway", prog_name="gateway")
def main() -> None:
    """Run Apigee API proxy bundles anywhere.

    `gateway quickstart` shows the whole story; `gateway serve` starts a gateway;
    `gateway deploy PATH --env test` brings a bundle to it.
    """
