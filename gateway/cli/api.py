"""The management API as the commands see it: calls, and errors told to a person."""

from __future__ import annotations

import base64
import difflib
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import click


class Refused(click.ClickException):
    """The server said no, or could not be reached: exit code 1."""

    exit_code = 1

    def __init__(self, message: str, status: int = 0, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def show(self, file: Any = None) -> None:
        click.echo(f"gateway: {self.format_message()}", err=True)


def part(name: str) -> str:
    """A name as one segment of a URL's path."""
    return quote(name, safe="@")


@dataclass(slots=True)
class Server:
    """One management API. Paths are relative to the organization."""

    url: str
    user: str
    password: str | None
    organization: str | None = None

    def get(self, path: str, **query: str) -> Any:
        return self.call("GET", path, query=query)

    def post(self, path: str, body: Any = None, **query: str) -> Any:
        return self.call("POST", path, body, query=query)

    def delete(self, path: str, **query: str) -> Any:
        return self.call("DELETE", path, query=query)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: dict[str, str] | None = None,
        media_type: str = "application/json",
    ) -> Any:
        """The parsed JSON answer (bytes when it is none, None when it is empty). `body`
        is JSON unless it is bytes. Raises `Refused` for every other answer."""
        path = f"/v1/organizations/{part(self._organization())}{path}"
        return self._send(method, path, body, query or {}, media_type)

    def names(self, path: str) -> list[str]:
        """A list of names, empty when the server does not give one: for suggestions."""
        try:
            answer = self.get(path)
        except Refused:
            return []
        return [name for name in answer if isinstance(name, str)] if answer else []

    def _organization(self) -> str:
        if self.organization is None:
            answer = self._send("GET", "/v1/organizations", None, {}, "application/json")
            names = [name for name in answer or [] if isinstance(name, str)]
            if len(names) != 1:
                raise Refused(f"name the organization with --org; there are: {', '.join(names)}")
            self.organization = names[0]
        return self.organization

    def _send(
        self, method: str, path: str, body: Any, query: dict[str, str], media_type: str
    ) -> Any:
        url = self.url.rstrip("/") + path + (f"?{urlencode(query)}" if query else "")
        data = None
        if method in ("POST", "PUT"):
            data = body if isinstance(body, bytes) else b"" if body is None else _json(body)
        headers = {"Accept": "application/json", "Content-Type": media_type}
        if self.password is not None:
            credentials = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
            headers["Authorization"] = f"Basic {credentials}"
        request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310
                return _parsed(answer.read(), answer.headers.get("Content-Type", ""))
        except urllib.error.HTTPError as error:
            raise self._refusal(error) from None
        except (urllib.error.URLError, OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise Refused(
                f"cannot reach {self.url}: {reason}\n"
                "Is it running? Start one with 'gateway serve', or name it with --server."
            ) from None

    def _refusal(self, error: urllib.error.HTTPError) -> Refused:
        text = error.read().decode("utf-8", "replace")
        if error.code == 401:
            who = f"user '{self.user}'" if self.password is not None else "a call without password"
            return Refused(
                f"{self.url} refused {who}: wrong name or password\n"
                "Give them with --user and --password, or GATEWAY_ADMIN_USER and "
                "GATEWAY_ADMIN_PASSWORD.",
                401,
            )
        try:
            answer = json.loads(text)
            message, code = str(answer["message"]), str(answer.get("code", ""))
        except (ValueError, KeyError, TypeError):
            message, code = text.strip()[:500] or f"HTTP status {error.code}", ""
        return Refused(message, error.code, code)


def suggested(refused: Refused, kind: str, name: str, known: Iterable[str]) -> Refused:
    """`refused` with a hint at the name that was probably meant, for a 404."""
    if refused.status != 404:
        return refused
    names = list(known)
    close = difflib.get_close_matches(name, names, 1)
    if close:
        hint = f"did you mean '{close[0]}'?"
    elif names:
        hint = f"there are: {', '.join(names[:10])}{', ...' if len(names) > 10 else ''}"
    else:
        hint = f"there is no {kind} yet"
    return Refused(f"{refused.message}; {hint}", refused.status, refused.code)


def _json(body: Any) -> bytes:
    return json.dumps(body).encode()


def _parsed(content: bytes, media_type: str) -> Any:
    if not content.strip():
        return None
    return json.loads(content) if "json" in media_type else content
