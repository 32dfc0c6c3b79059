"""Reading credentials whole: key, app, developer and products in one snapshot."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.ports.identity import App, Credential, CredentialProduct, Developer
from gateway.store.developers import app_names, developer_of
from gateway.store.keys import KeyRing
from gateway.store.products import product_of
from gateway.store.repository import as_attributes
from gateway.store.tables import apps, credential_products, credentials, developers, products


async def read_credentials(
    connection: AsyncConnection,
    organization: str,
    keys: KeyRing,
    *,
    app_id: str | None = None,
    consumer_key: str | None = None,
) -> tuple[Credential, ...]:
    """The credentials of an app, or the one with a key, oldest first."""
    from gateway.store.apps import app_of

    query = select(credentials).where(credentials.c.organization == organization)
    if app_id is not None:
        query = query.where(credentials.c.app_id == app_id)
    if consumer_key is not None:
        query = query.where(credentials.c.consumer_key == consumer_key)
    query = query.order_by(credentials.c.issued_at, credentials.c.consumer_key)
    rows = (await connection.execute(query)).mappings().all()
    if not rows:
        return ()
    app_row = (
        (await connection.execute(select(apps).where(apps.c.id == rows[0]["app_id"])))
        .mappings()
        .one()
    )
    developer_row = (
        (
            await connection.execute(
                select(developers).where(developers.c.id == app_row["developer_id"])
            )
        )
        .mappings()
        .one()
    )
    app: App = app_of(app_row)
    developer: Developer = developer_of(
        developer_row, await app_names(connection, developer_row["id"])
    )
    return tuple(
        [
            Credential(
                consumer_key=row["consumer_key"],
                consumer_secret=keys.decrypt(
                    row["consumer_secret"], secret_purpose(organization, row["consumer_key"])
                ),
                status=row["status"],
                issued_at=row["issued_at"],
                expires_at=row["expires_at"],
                scopes=tuple(row["scopes"]),
                attributes=as_attributes(row["attributes"]),
                products=await _products(connection, organization, row["consumer_key"]),
                app=app,
                developer=developer,
            )
            for row in rows
        ]
    )


async def _products(
    connection: AsyncConnection, organization: str, consumer_key: str
) -> tuple[CredentialProduct, ...]:
    found = await connection.execute(
        select(products, credential_products.c.status.label("association_status"))
        .join(
            credential_products,
            (credential_products.c.organization == products.c.organization)
            & (credential_products.c.product == products.c.name),
        )
        .where(
            credential_products.c.organization == organization,
            credential_products.c.consumer_key == consumer_key,
        )
        .order_by(credential_products.c.position)
    )
    return tuple(
        CredentialProduct(product_of(row), row["association_status"])
        for row in found.mappings().all()
    )


def secret_purpose(organization: str, consumer_key: str) -> str:
    """What a stored consumer secret is bound to."""
    return f"consumer-secret/{organization}/{consumer_key}"
