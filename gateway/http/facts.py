"""Facts of a client connection, read once when it is made."""

from __future__ import annotations

import asyncio
from typing import Any

from gateway.http.message import Connection


def connection_facts(listener: str, transport: asyncio.BaseTransport) -> Connection:
    """The addresses are empty where the transport has none, such as a Unix socket."""
    client_host, client_port = _address(transport.get_extra_info("peername"))
    local_host, local_port = _address(transport.get_extra_info("sockname"))
    tls = transport.get_extra_info("ssl_object")
    return Connection(
        listener,
        "http" if tls is None else "https",
        client_host,
        client_port,
        local_host,
        local_port,
        None if tls is None else _tls_facts(tls),
    )


def _address(name: Any) -> tuple[str, int]:
    if isinstance(name, tuple) and len(name) >= 2:
        return str(name[0]), int(name[1])
    return "", 0


def _tls_facts(tls: Any) -> dict[str, object]:
    cipher = tls.cipher()
    return {
        "cipher": cipher[0] if cipher else "",
        "protocol": tls.version() or "",
        "server_name": getattr(tls, "server_hostname", None) or "",
        "peer_certificate": tls.getpeercert() or None,
    }
