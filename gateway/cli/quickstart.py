"""`gateway quickstart`: a gateway, a weather service behind it, and the whole story."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from gateway.cli.api import Server
from gateway.cli.chapters import tell
from gateway.cli.children import start, wait_until_healthy, without_settings
from gateway.cli.story import FORECAST, TOKEN, Story
from gateway.settings import Address, SettingsError, parse_environments
from gateway.shipping import examples_dir

FOLDER = Path(".quickstart")
TARGET_HOST = "weather.example.com"


@dataclass(frozen=True, slots=True)
class Places:
    """Where everything listens."""

    test: Address
    prod: Address
    management: Address
    backend: Address


@click.command()
@click.option(
    "--exit",
    "leave",
    is_flag=True,
    help="End after the story, with exit code 0 only if every call answered as it should.",
)
def quickstart(leave: bool) -> None:
    """Run the story of examples/weatherapi against a local back end.

    Everything it makes lies in .quickstart/ and is made anew each time. Afterwards it
    keeps serving until Ctrl-C.
    """
    with contextlib.ExitStack() as running:
        running.enter_context(_sigterm_as_ctrl_c())
        running.enter_context(_folder_of_our_own())
        places = choose_places()
        password = secrets.token_urlsafe(12)
        _start_everything(running, places, password)
        story = Story(
            Server(f"http://{places.management}", "admin", password, "demo"),
            {"test": f"http://{places.test}", "prod": f"http://{places.prod}"},
            FOLDER / "backend.log",
        )
        tell(story)
        _write_environment(story, password)
        _conclude(story)
        if leave:
            raise SystemExit(1 if story.wrong else 0)
        with contextlib.suppress(KeyboardInterrupt):
            _invite(places, story)
            while True:
                time.sleep(3600)
        click.echo("\nStopping.")


# -- places


def choose_places() -> Places:
    """The usual addresses, or those of GATEWAY_ENV, GATEWAY_MANAGEMENT and
    GATEWAY_QUICKSTART_BACKEND; a free port where the usual one is taken."""
    try:
        named = os.environ.get("GATEWAY_ENV", "test=127.0.0.1:9001 prod=127.0.0.1:9002")
        environments = dict(parse_environments(tuple(named.split())))
        management = Address.parse(os.environ.get("GATEWAY_MANAGEMENT", "127.0.0.1:8080"))
        backend = Address.parse(os.environ.get("GATEWAY_QUICKSTART_BACKEND", "127.0.0.1:9100"))
    except SettingsError as error:
        raise click.UsageError(str(error)) from None
    if not {"test", "prod"} <= environments.keys():
        raise click.UsageError("GATEWAY_ENV must name the environments test and prod")
    return Places(
        _free(environments["test"]),
        _free(environments["prod"]),
        _free(management),
        _free(backend),
    )


def _free(address: Address) -> Address:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
        except OSError:
            probe.bind((address.host, 0))
            other = Address(address.host, probe.getsockname()[1])
            click.echo(f"Port {address.port} is taken: using {other.port} instead.")
            return other
        return Address(address.host, probe.getsockname()[1])


# -- around the story


@contextlib.contextmanager
def _folder_of_our_own() -> Iterator[None]:
    """`FOLDER`, emptied. Raises ClickException when another quickstart works in it."""
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        if not _is_ours(lock.fileno()):
            raise click.ClickException(
                f"another quickstart runs in {FOLDER.absolute()}; stop it with Ctrl-C first"
            )
        for path in FOLDER.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != "lock":
                path.unlink()
        yield


def _is_ours(lock: int) -> bool:
    """Take the lock of an open file until the file is closed."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextlib.contextmanager
def _sigterm_as_ctrl_c() -> Iterator[None]:
    """SIGTERM ends this program like Ctrl-C does: everything it started is stopped."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _start_everything(running: contextlib.ExitStack, places: Places, password: str) -> None:
    click.echo("Starting a weather service and a gateway ...")
    backend = examples_dir() / "weatherapi" / "backend.py"
    start(
        running,
        [str(backend), "--listen", str(places.backend), "--log", str(FOLDER / "backend.log")],
        FOLDER / "backend.out",
    )
    command = [
        "-m", "gateway", "serve",
        "--data-dir", str(FOLDER / "data"),
        "--env", f"test={places.test}", "--env", f"prod={places.prod}",
        "--management", str(places.management),
        "--connect-to", f"{TARGET_HOST}={places.backend}",
        "--access-log", str(FOLDER / "access.log"),
    ]  # fmt: skip
    log = FOLDER / "gateway.out"
    environment = without_settings(GATEWAY_ADMIN_PASSWORD=password)
    process = start(running, command, log, environment)
    wait_until_healthy(f"http://{places.management}/healthz", process, log)
    click.echo(f"  weather service  http://{places.backend}")
    click.echo(f"  environment test http://{places.test}")
    click.echo(f"  environment prod http://{places.prod}")
    click.echo(f"  management API   http://{places.management}")


def _write_environment(story: Story, password: str) -> None:
    values = {
        "GATEWAY_SERVER": story.server.url,
        "GATEWAY_ADMIN_PASSWORD": password,
        "KEY": story.key,
        "SECRET": story.secret,
        "APP_ID": story.app_id,
    }
    text = "".join(f"export {name}='{value}'\n" for name, value in values.items())
    path = FOLDER / "env"
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def _conclude(story: Story) -> None:
    if not story.wrong:
        click.echo(f"\nEvery one of the {story.calls} calls answered as it should.")
        return
    click.echo("\nNot as it should be:", err=True)
    for line in story.wrong:
        click.echo(f"  {line}", err=True)
    click.echo(f"The gateway's own words are in {FOLDER}/gateway.out.", err=True)


def _invite(places: Places, story: Story) -> None:
    heading = click.style("Go on by hand", bold=True)
    click.echo(
        f"""
{heading}

  consumer key     {story.key}
  consumer secret  {story.secret}
  app id           {story.app_id}
  administrator    admin / {story.server.password}

  In another terminal, in this folder:

  . {FOLDER}/env
  curl -s 'http://{places.test}{TOKEN}' \\
    -d "client_id=$KEY&client_secret=$SECRET" | tee {FOLDER}/token.json
  TOKEN=$(sed -n 's/.*"access_token" : "\\(.*\\)".*/\\1/p' {FOLDER}/token.json)
  curl -i 'http://{places.test}{FORECAST}' -H "Authorization: Bearer $TOKEN"
  curl -u "admin:$GATEWAY_ADMIN_PASSWORD" {story.server.url}/v1/organizations/demo/apps/$APP_ID

  The gateway's access log is {FOLDER}/access.log.
  Serving until Ctrl-C."""
    )
