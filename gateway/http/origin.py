"""Where an upstream request goes."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Origin:
    """One upstream server; equal origins share their connections."""

    scheme: str
    """`http` or `https`."""
    host: str
    port: int
    tls: ssl.SSLContext | None = None
    """The context to use; needed for `https`."""
    server_hostname: str | None = None
    """The name to ask for and to verify; None: `host`."""
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        key = (self.scheme, self.host, self.port, self.tls, self.server_hostname)
        object.__setattr__(self, "_hash", hash(key))

    def __hash__(self) -> int:
        return self._hash  # looked up once per call

    @property
    def authority(self) -> str:
        """What Host says of it, without a default port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = 443 if self.scheme == "https" else 80
        return host if self.port == default else f"{host}:{self.port}"
