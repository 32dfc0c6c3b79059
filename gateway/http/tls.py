"""TLS contexts: what listeners present, and what targets must prove."""

from __future__ import annotations

import ssl
from pathlib import Path


def server_context(
    certificate: Path | str,
    key: Path | str | None = None,
    *,
    password: str | None = None,
    client_ca: Path | str | None = None,
    require_client: bool = False,
) -> ssl.SSLContext:
    """A listener's context, TLS 1.2 or later. With `client_ca`, clients may present
    certificates issued by it, and must when `require_client`. Raises ssl.SSLError and
    OSError for files that cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key, password)
    context.set_alpn_protocols(["http/1.1"])
    if client_ca is not None:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED if require_client else ssl.CERT_OPTIONAL
    return context


def client_context(
    *,
    ca: Path | str | None = None,
    certificate: Path | str | None = None,
    key: Path | str | None = None,
    password: str | None = None,
    verify: bool = True,
) -> ssl.SSLContext:
    """A target's context, TLS 1.2 or later. Certificates are verified against the
    system's roots, or against `ca` alone; `certificate` and `key` are presented to the
    target. Raises ssl.SSLError and OSError for files that cannot be used."""
    context = ssl.create_default_context(cafile=None if ca is None else str(ca))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if certificate is not None:
        context.load_cert_chain(certificate, key, password)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
