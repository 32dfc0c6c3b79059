"""One HTTP exchange as a person reads it: the curl line, the answer, the verdict."""

from __future__ import annotations

import base64
import http.client
import textwrap
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import click

_SHOWN_HEADERS = ("content-type", "www-authenticate", "location")
_BODY_LINES = 40
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Call:
    """A request. `user` is `name:password` for Basic credentials; `form` None: no body."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    form: str | None = None
    user: str | None = None

    def curl(self) -> str:
        """The same call for a shell."""
        words = ["curl -i"]
        if self.method not in ("GET", "POST") or (self.method == "POST" and self.form is None):
            words.append(f"-X {self.method}")
        words.append(_quoted(self.url))
        if self.user is not None:
            words.append(f"-u {_quoted(self.user)}")
        words.extend(f"-H {_quoted(f'{name}: {text}')}" for name, text in self.headers.items())
        if self.form is not None:
            words.append(f"-d {_quoted(self.form)}")
        line = " ".join(words)
        return line if len(line) <= 100 else " \\\n    ".join(words)

    def make(self) -> Reply:
        """Send it. Raises OSError when nobody answers."""
        parts = urlsplit(self.url)
        headers = dict(self.headers)
        if self.user is not None:
            encoded = base64.b64encode(self.user.encode()).decode()
            headers["Authorization"] = f"Basic {encoded}"
        if self.form is not None:
            headers.setdefault("Content-Type", FORM)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        try:
            target = f"{parts.path}?{parts.query}" if parts.query else parts.path
            body = None if self.form is None else self.form.encode()
            connection.request(self.method, target, body, headers)
            answer = connection.getresponse()
            content = answer.read().decode("utf-8", "replace")
            return Reply(answer.status, answer.reason, answer.getheaders(), content)
        finally:
            connection.close()


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: str

    def show(self, most_lines: int = _BODY_LINES) -> None:
        """Print status, telling headers and at most so many lines of the body."""
        colour = "green" if self.status < 400 else "yellow"
        click.echo("  " + click.style(f"HTTP/1.1 {self.status} {self.reason}", fg=colour))
        for name, text in self.headers:
            if name.lower() in _SHOWN_HEADERS:
                click.echo(f"  {name}: {text}")
        if self.body:
            click.echo()
            lines = self.body.rstrip().splitlines()
            for line in lines[:most_lines]:
                click.echo(f"  {line}")
            if len(lines) > most_lines:
                click.echo("  ...")


def show_call(call: Call) -> None:
    click.echo(textwrap.indent("$ " + call.curl(), "  "))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
