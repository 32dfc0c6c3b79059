"""Settings of `gateway serve`: typed, checked, every limit finite by default.

Where they come from (flags, then environment variables, then the file) is click's
affair in `gateway.cli`; here they get their meaning. Source: docs/reference/settings.md.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

KEYS = (
    "data-dir", "database", "redis", "org", "env", "management", "workers", "flavor",
    "connect-to", "access-log",
)  # fmt: skip
"""Every key of gateway.toml; the option of `serve` has the same name."""


class SettingsError(ValueError):
    """A setting that makes no sense; the message names it and the remedy."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen. Port 0: any free one."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """`127.0.0.1:9001`, `[::1]:9001`, `:9001` (all interfaces), `9001` (loopback)."""
        found = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([^:\[\]]*))?:?(\d{1,5})", text.strip())
        if found is None or int(found[3]) > 65535:
            raise SettingsError(f"'{text}' is not HOST:PORT, such as 127.0.0.1:9001")
        host = found[1] or found[2]
        if host is None or host == "":
            host = "0.0.0.0" if text.strip().startswith(":") else "127.0.0.1"  # noqa: S104
        return cls(host, int(found[3]))

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything `serve` needs to know."""

    data_dir: Path = Path(".gateway")
    database: str | None = None
    """SQLAlchemy-like URL; None: SQLite in the data directory."""
    redis: str | None = None
    organization: str = "demo"
    environments: tuple[tuple[str, Address], ...] = (
        ("test", Address("127.0.0.1", 9001)),
        ("prod", Address("127.0.0.1", 9002)),
    )
    management: Address = Address("127.0.0.1", 8080)
    workers: int = 1
    flavor: Literal["edge", "x"] = "edge"
    connect_to: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Upstream host -> (host, port) to call instead, in plain HTTP."""
    access_log: str = "stderr"
    """`stderr`, `stdout`, `off`, or a file's path."""
    admin_user: str = "admin"
    admin_password: str | None = None
    drain_seconds: float = 30.0

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.data_dir.absolute() / 'gateway.db'}"

    def refuse_unsupported(self) -> None:
        """Raises `SettingsError` for an option whose implementation has not come yet:
        it is never silently ignored."""
        if self.workers != 1:
            raise SettingsError(
                f"--workers {self.workers}: this version runs one data-plane process; "
                "leave the option out, or start more gateways behind a load balancer"
            )
        if self.redis is not None:
            raise SettingsError(
                "--redis: shared counters and caches are not supported by this version; "
                "leave the option out"
            )


def parse_environment(text: str) -> tuple[str, Address]:
    """`test=127.0.0.1:9001` -> its name and address."""
    name, mark, address = text.partition("=")
    if not mark or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}", name.strip()):
        raise SettingsError(f"'{text}' is not NAME=HOST:PORT, such as test=127.0.0.1:9001")
    return name.strip(), Address.parse(address)


def parse_environments(texts: tuple[str, ...]) -> tuple[tuple[str, Address], ...]:
    """Several of them, each name once."""
    parsed = tuple(parse_environment(text) for text in texts)
    names = [name for name, _ in parsed]
    for name in names:
        if names.count(name) > 1:
            raise SettingsError(f"environment '{name}' is given twice")
    return parsed


def parse_connect_to(texts: tuple[str, ...]) -> dict[str, tuple[str, int]]:
    """`weather.example.com=127.0.0.1:9100`, several of them."""
    mapping: dict[str, tuple[str, int]] = {}
    for text in texts:
        host, mark, address = text.partition("=")
        if not mark or not host.strip():
            raise SettingsError(
                f"'{text}' is not HOST=HOST:PORT, such as api.example.com=127.0.0.1:9100"
            )
        parsed = Address.parse(address)
        mapping[host.strip().lower()] = (parsed.host, parsed.port)
    return mapping


def load_config(path: Path) -> dict[str, Any]:
    """The settings of a gateway.toml, by key. Raises `SettingsError` for a file that
    cannot be read and for a key that is none."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from error
    for key in content:
        if key not in KEYS:
            close = difflib.get_close_matches(key, KEYS, 1)
            hint = f"; did you mean '{close[0]}'?" if close else f"; known are {', '.join(KEYS)}"
            raise SettingsError(f"{path}: '{key}' is not a setting{hint}")
    return content
