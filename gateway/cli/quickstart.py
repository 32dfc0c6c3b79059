"""`gateway quickstart`: a gateway, a weather service behind it, and the whole story."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from gateway.cli.api import Server
from gateway.cli.story import Story, tell
from gateway.settings import Address, SettingsError, parse_environments
from gateway.shipping import examples_dir

FOLDER = Path(".quickstart")
TARGET_HOST = "weather.example.com"
_START_SECONDS = 30.0


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
    places = choose_places()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    password = secrets.token_urlsafe(12)
    with contextlib.ExitStack() as running:
        running.enter_context(_as_exit_on_sigterm())
        _start_everything(running, places, password)
        story = Story(
            Server(f"http://{places.management}", "admin", password, "demo"),
            f"http://{places.test}",
            f"http://{places.prod}",
            FOLDER / "backend.log",
        )
        wrong = tell(story)
        _write_environment(story, password)
        if leave:
            _conclude(wrong)
            return
        _invite(places, story, wrong)
        with contextlib.suppress(KeyboardInterrupt):
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


# -- processes


def _start_everything(running: contextlib.ExitStack, places: Places, password: str) -> None:
    click.echo("Starting a weather service and a gateway ...")
    backend = examples_dir() / "weatherapi" / "backend.py"
    _start(
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
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")
    }
    environment["GATEWAY_ADMIN_PASSWORD"] = password
    log = FOLDER / "gateway.out"
    process = _start(running, command, log, environment)
    _wait_until_healthy(f"http://{places.management}/healthz", process, log)
    click.echo(f"  weather service  http://{places.backend}")
    click.echo(f"  environment test http://{places.test}")
    click.echo(f"  environment prod http://{places.prod}")
    click.echo(f"  management API   http://{places.management}")


def _start(
    running: contextlib.ExitStack,
    words: list[str],
    output: Path,
    environment: dict[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    file = running.enter_context(output.open("wb"))
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, *words],
        stdout=file,
        stderr=subprocess.STDOUT,
        env=environment,
        # Ctrl-C is for us: we stop them in our own order.
        start_new_session=True,
    )
    running.callback(_stop, process)
    return process


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise click.ClickException(f"the gateway did not start:\n{log.read_text(errors='replace')}")


@contextlib.contextmanager
def _as_exit_on_sigterm() -> Iterator[None]:
    """SIGTERM ends this program like Ctrl-C does: everything it started is stopped."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


# -- the end


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


def _conclude(wrong: list[str]) -> None:
    if wrong:
        click.echo("\nThese calls did not answer as they should:", err=True)
        for line in wrong:
            click.echo(f"  {line}", err=True)
        raise SystemExit(1)
    click.echo("\nEvery call answered as it should.")


def _invite(places: Places, story: Story, wrong: list[str]) -> None:
    for line in wrong:
        click.echo(f"not as it should be: {line}", err=True)
    token_url = f"http://{places.test}/oauth/client_credential/accesstoken"
    click.echo(
        f"""
{click.style("Go on by hand", bold=True)}

  consumer key     {story.key}
  consumer secret  {story.secret}
  app id           {story.app_id}
  administrator    admin / {story.server.password}

  In another terminal, in this folder:

  . {FOLDER}/env
  curl -s '{token_url}?grant_type=client_credentials' \\
    -d "client_id=$KEY&client_secret=$SECRET"
  curl -i 'http://{places.test}/weather/forecastrss?w=12797282' -H "Authorization: Bearer TOKEN"
  curl -u "admin:$GATEWAY_ADMIN_PASSWORD" {story.server.url}/v1/organizations/demo/apps/$APP_ID

  The gateway's access log is {FOLDER}/access.log.
  Serving until Ctrl-C."""
    )
