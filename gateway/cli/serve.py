"""`gateway serve`: start a gateway."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gateway.settings import (
    Address,
    Settings,
    SettingsError,
    load_config,
    parse_connect_to,
    parse_environments,
)


def _read_config(ctx: click.Context, _: click.Parameter, value: Path | None) -> Path | None:
    """The file's settings become the defaults of the other options."""
    path = value or (Path("gateway.toml") if Path("gateway.toml").is_file() else None)
    if path is None:
        return None
    try:
        content = load_config(path)
    except SettingsError as error:
        raise click.UsageError(str(error)) from None
    defaults: dict[str, Any] = {}
    for key, setting in content.items():
        if isinstance(setting, dict):
            setting = [f"{name}={address}" for name, address in setting.items()]
        defaults["environments" if key == "env" else key.replace("-", "_")] = setting
    ctx.default_map = {**(ctx.default_map or {}), **defaults}
    return path


@click.command()
@click.option(
    "--config",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    envvar="GATEWAY_CONFIG",
    metavar="FILE",
    is_eager=True,
    callback=_read_config,
    help="Settings file.  [default: ./gateway.toml if it exists]",
)
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="GATEWAY_DATA_DIR",
    default=Path(".gateway"),
    show_default=True,
    metavar="DIR",
    help="Where the embedded database and the keys live.",
)
@click.option(
    "--database",
    envvar="GATEWAY_DATABASE",
    metavar="URL",
    help="postgresql://... or sqlite:///...  [default: SQLite in DIR]",
)
@click.option(
    "--redis",
    envvar="GATEWAY_REDIS",
    metavar="URL",
    help="Shared counters and caches (not in this version yet).",
)
@click.option(
    "--org",
    envvar="GATEWAY_ORG",
    default="demo",
    show_default=True,
    metavar="NAME",
    help="The organization, created at the first start.",
)
@click.option(
    "--env",
    "environments",
    envvar="GATEWAY_ENV",
    multiple=True,
    default=("test=127.0.0.1:9001", "prod=127.0.0.1:9002"),
    metavar="NAME=HOST:PORT",
    help="An environment and its listener (repeatable).  "
    "[default: test=127.0.0.1:9001, prod=127.0.0.1:9002]",
)
@click.option(
    "--management",
    envvar="GATEWAY_MANAGEMENT",
    default="127.0.0.1:8080",
    show_default=True,
    metavar="HOST:PORT",
    help="Management API, /healthz and /metrics.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    envvar="GATEWAY_WORKERS",
    default=1,
    show_default=True,
    metavar="N",
    help="Data-plane processes.",
)
@click.option(
    "--flavor",
    type=click.Choice(["edge", "x"]),
    envvar="GATEWAY_FLAVOR",
    default="edge",
    show_default=True,
    help="Where Edge and X behave differently, which one holds.",
)
@click.option(
    "--connect-to",
    envvar="GATEWAY_CONNECT_TO",
    multiple=True,
    metavar="HOST=HOST:PORT",
    help="Call HOST:PORT in plain HTTP instead of an upstream host (repeatable).",
)
@click.option(
    "--access-log",
    envvar="GATEWAY_ACCESS_LOG",
    default="stderr",
    show_default=True,
    metavar="WHERE",
    help="stderr, stdout, off, or a file.",
)
@click.option("--admin-user", envvar="GATEWAY_ADMIN_USER", default="admin", hidden=True)
@click.option("--admin-password", envvar="GATEWAY_ADMIN_PASSWORD", hidden=True)
def serve(
    config: Path | None,
    data_dir: Path,
    database: str | None,
    redis: str | None,
    org: str,
    environments: tuple[str, ...],
    management: str,
    workers: int,
    flavor: str,
    connect_to: tuple[str, ...],
    access_log: str,
    admin_user: str,
    admin_password: str | None,
) -> None:
    """Start a gateway: one listener per environment, and the management API.

    Every option is also a key of gateway.toml and an environment variable GATEWAY_NAME;
    flags win over variables, these over the file. GATEWAY_ADMIN_USER and
    GATEWAY_ADMIN_PASSWORD name the administrator; without them a password is made at the
    first start and shown once.
    """
    try:
        settings = Settings(
            data_dir=data_dir,
            database=database,
            redis=redis,
            organization=org,
            environments=parse_environments(environments),
            management=Address.parse(management),
            workers=workers,
            flavor="x" if flavor == "x" else "edge",
            connect_to=parse_connect_to(connect_to),
            access_log=access_log,
            admin_user=admin_user,
            admin_password=admin_password,
        )
        settings.refuse_unsupported()
    except SettingsError as error:
        raise click.UsageError(str(error)) from None
    from gateway.server import run

    raise SystemExit(run(settings))
