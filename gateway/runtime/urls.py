"""Target URLs: taken apart once, remembered.

Source: reference/runtime/endpoint-properties.md section 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, urlsplit

from gateway.runtime.faults import BAD_PATH, EMPTY_PATH

_DEFAULT_PORTS = {"http": 80, "https": 443}
_SAFE = "/%:@!$&'()*+,;=~-._"


class BadURL(ValueError):
    """Text that is no http or https URL."""


@dataclass(frozen=True, slots=True)
class TargetURL:
    """A target URL. `path` may be empty, `query` is without `?`."""

    scheme: str
    host: str
    port: int
    path: str
    query: str
    authority: str
    """The Host header for this URL: the port only where it is not the default."""
    is_tls: bool


@lru_cache(maxsize=4096)
def parse_url(text: str) -> TargetURL:
    """Raises `BadURL` for anything but an http(s) URL with a host."""
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError as error:
        raise BadURL(f"'{text}' is not a URL: {error}") from error
    if parts.scheme not in _DEFAULT_PORTS:
        raise BadURL(f"'{text}' is not an http or https URL")
    if not parts.hostname or any(c.isspace() or ord(c) < 33 for c in parts.netloc):
        raise BadURL(f"'{text}' names no host")
    default = _DEFAULT_PORTS[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return TargetURL(
        scheme=parts.scheme,
        host=parts.hostname,
        port=port or default,
        path=quote(parts.path, safe=_SAFE),
        query=quote(parts.query, safe=_SAFE + "?"),
        authority=host if (port or default) == default else f"{host}:{port}",
        is_tls=parts.scheme == "https",
    )


def join_path(base: str, suffix: str) -> str:
    """Append a path suffix without doubling the slash between them."""
    if not suffix:
        return base
    if base.endswith("/") and suffix.startswith("/"):
        return base + suffix[1:]
    return base + suffix if suffix.startswith("/") or not base else f"{base}/{suffix}"


def request_target(url: TargetURL, suffix: str, query: str, *, assigned: bool) -> tuple[str, str]:
    """(path, query) to send. The URL's own parameters come first. An assigned URL
    without any path is the fault EmptyPath (BadPath when a query follows the host)."""
    path = join_path(url.path, suffix)
    if not path:
        if assigned:
            raise BAD_PATH() if url.query else EMPTY_PATH()
        path = "/"
    if url.query:
        query = f"{url.query}&{query}" if query else url.query
    return path, query


@lru_cache(maxsize=4096)
def safe_path(path: str) -> str:
    """A path that a policy wrote, with what cannot travel percent-encoded."""
    return quote(path, safe=_SAFE)
