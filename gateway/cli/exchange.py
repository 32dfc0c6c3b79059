"""One HTTP exchange as a person reads it: the curl line, and the answer."""

from __future__ import annotations

import base64
import http.client
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import click

FORM = "application/x-www-form-urlencoded"
_SHOWN_HEADERS = ("content-type", "www-authenticate", "location")
_BODY_LINES = 40
_WIDTH = 98
_INDENT = "  "


@dataclass(frozen=True, slots=True)
class Call:
    """A request. `user` is `name:password` for Basic credentials; `form` None: no body."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    form: str | None = None
    user: str | None = None

    def curl(self) -> str:
        """The same call for a shell, in lines of about a hundred columns."""
        words = ["curl -i"]
        if self.method not in ("GET", "POST") or (self.method == "POST" and self.form is None):
            words.append(f"-X {self.method}")
        words.append(_quoted(self.url))
        if self.user is not None:
            words.append(f"-u {_quoted(self.user)}")
        words.extend(f"-H {_quoted(f'{name}: {text}')}" for name, text in self.headers.items())
        if self.form is not None:
            words.append(f"-d {_quoted(self.form)}")
        return " \\\n".join(_lines_of(words))

    def make(self) -> Reply:
        """Send it. Raises OSError or HTTPException when nobody answers."""
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

    def header(self, name: str) -> str:
        """The first value of a header, empty when there is none."""
        return next((text for key, text in self.headers if key.lower() == name.lower()), "")

    def show(self, most_lines: int = _BODY_LINES) -> None:
        """Print status, telling headers and at most so many lines of the body. Long lines
        are folded for the eye."""
        colour = "green" if self.status < 400 else "yellow"
        click.echo(_INDENT + click.style(f"HTTP/1.1 {self.status} {self.reason}", fg=colour))
        for name, text in self.headers:
            if name.lower() in _SHOWN_HEADERS:
                _show_folded(f"{name}: {text}")
        if self.body:
            click.echo()
            lines = self.body.rstrip().splitlines()
            for line in lines[:most_lines]:
                _show_folded(line)
            if len(lines) > most_lines:
                click.echo(f"{_INDENT}...")


def show_call(call: Call) -> None:
    text = f"$ {call.curl()}".replace("\n", f"\n{_INDENT}    ")
    click.echo(_INDENT + click.style(text, fg="cyan"))


def _lines_of(words: Sequence[str]) -> list[str]:
    """As many words a line as fit."""
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + len(word) < _WIDTH - 6:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _show_folded(line: str) -> None:
    for piece in folded(line):
        click.echo(_INDENT + piece)


def folded(line: str, width: int = _WIDTH) -> Iterator[str]:
    """Pieces of at most `width` columns, broken after commas, else after blanks; what
    has neither stays long. All but the first are indented."""
    indent = ""
    while len(line) + len(indent) > width:
        room = width - len(indent)
        end = line.rfind(",", 0, room) + 1 or line.rfind(" ", 0, room) + 1
        if not line[:end].strip():
            break
        yield indent + line[:end].rstrip()
        line, indent = line[end:].lstrip(), "    "
    yield indent + line


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
