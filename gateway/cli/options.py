"""The options that every command shares which talks to a server."""

from __future__ import annotations

import functools
import os
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from gateway.cli.api import Server

DEFAULT_SERVER = "http://127.0.0.1:8080"


def profile_path() -> Path:
    """Where profiles are kept: $GATEWAY_PROFILES, or gateway/profiles.toml below the
    user's configuration folder."""
    if named := os.environ.get("GATEWAY_PROFILES"):
        return Path(named)
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "gateway" / "profiles.toml"


def load_profile(name: str | None) -> dict[str, str]:
    """The settings of a profile: server, user, password, org. The profile `default` may
    be missing, one that was named may not."""
    path = profile_path()
    try:
        profiles = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        profiles = {}
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise click.UsageError(f"{path}: {error}") from None
    found = profiles.get(name or "default")
    if found is None and name is not None:
        known = ", ".join(sorted(profiles)) or "none"
        raise click.UsageError(f"there is no profile '{name}' in {path}; known: {known}")
    return {key: str(value) for key, value in (found or {}).items()}


def server_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --server, --user, --password, --org, --profile and --json; the command gets
    `server: Server` and `as_json: bool`."""

    @click.option(
        "--server",
        "url",
        envvar="GATEWAY_SERVER",
        metavar="URL",
        help=f"Management API of the gateway.  [default: {DEFAULT_SERVER}]",
    )
    @click.option(
        "--user",
        envvar="GATEWAY_ADMIN_USER",
        metavar="NAME",
        help="Administrator.  [default: admin]",
    )
    @click.option(
        "--password",
        envvar="GATEWAY_ADMIN_PASSWORD",
        metavar="TEXT",
        help="The administrator's password.",
    )
    @click.option(
        "--org",
        envvar="GATEWAY_ORG",
        metavar="NAME",
        help="Organization.  [default: the server's only one]",
    )
    @click.option(
        "--profile",
        envvar="GATEWAY_PROFILE",
        metavar="NAME",
        help="Read these from a section of profiles.toml.",
    )
    @click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
    @functools.wraps(command)
    def with_server(
        *args: Any,
        url: str | None,
        user: str | None,
        password: str | None,
        org: str | None,
        profile: str | None,
        as_json: bool,
        **kwargs: Any,
    ) -> Any:
        settings = load_profile(profile)
        server = Server(
            url or settings.get("server", DEFAULT_SERVER),
            user or settings.get("user", "admin"),
            password if password is not None else settings.get("password"),
            org or settings.get("org"),
        )
        click.get_current_context().meta["gateway.server.named"] = bool(url or "server" in settings)
        return command(*args, server=server, as_json=as_json, **kwargs)

    return with_server  # fmt: skip
