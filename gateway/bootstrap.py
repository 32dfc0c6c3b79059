"""The first start: organization, environments, administrator and the proxy `oauth`.

Source: interface.md "Starting it"; reference/default-oauth-proxy.md section 6.
"""

from __future__ import annotations

import logging
import secrets

from gateway.bundle.files import read_path, write_zip
from gateway.bundle.reader import read_bundle
from gateway.settings import Settings
from gateway.shipping import bundles_dir
from gateway.store import Store

logger = logging.getLogger("gateway")

BY = "gateway"
"""Who made what was there from the beginning."""


async def bootstrap(store: Store, settings: Settings, environments: tuple[str, ...]) -> str | None:
    """Make what is missing. The administrator's generated password, when one was made
    now; None otherwise."""
    organization = store.organization
    if organization not in await store.organizations.names():
        await store.organizations.create(organization, environments, BY)
        await _ship_oauth(store, environments[0] if environments else None)
    else:
        known = {item.name for item in await store.organizations.environments(organization)}
        for name in environments:
            if name not in known:
                await store.organizations.add_environment(organization, name, BY)
    return await _administrator(store, settings)


async def _ship_oauth(store: Store, first: str | None) -> None:
    files = read_path(bundles_dir() / "oauth")
    bundle, _ = read_bundle(files, name="oauth")
    paths = tuple((name, item.base_path) for name, item in bundle.proxy_endpoints.items())
    revision = await store.proxies.add_revision(
        "oauth", write_zip(files), paths, bundle.display_name, bundle.description, BY
    )
    if first is not None:
        await store.deployments.put(first, "oauth", revision.number, "/", BY, override=True)


async def _administrator(store: Store, settings: Settings) -> str | None:
    names = await store.administrators.names()
    chosen = settings.admin_password
    if settings.admin_user not in names:
        password = chosen or secrets.token_urlsafe(18)
        if names and chosen is None:
            # There are administrators, and nobody asked for another one.
            return None
        await store.administrators.set_password(settings.admin_user, password)
        return password if chosen is None else None
    if chosen is not None and not await store.administrators.verify(settings.admin_user, chosen):
        await store.administrators.set_password(settings.admin_user, chosen)
        await store.audit.record(BY, "UPDATE", f"/users/{settings.admin_user}/password", "200")
        logger.warning(
            "the password of administrator %s is now the one of GATEWAY_ADMIN_PASSWORD",
            settings.admin_user,
        )
    return None
