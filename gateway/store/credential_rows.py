"""Reading credentials whole: key, app, developer and products in one statement, so that
no snapshot mixes two states."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from sqlalchemy import (
    JSON,
    LABEL_STYLE_TABLENAME_PLUS_COL,
    Select,
    and_,
    func,
    select,
    type_coerce,
)

from gateway.ports.identity import App, Credential, CredentialProduct, Developer, Product
from gateway.store.bounded import Shared
from gateway.store.entity_rows import app_of, developer_of, product_of
from gateway.store.keys import KeyRing
from gateway.store.repository import Row, as_attributes
from gateway.store.tables import apps, credential_products, credentials, developers, products

V = TypeVar("V")
_shared_product: Shared[Product] = Shared()


def credentials_query(organization: str, *, is_sqlite: bool) -> Select[Any]:
    """The credentials of an organization with all that belongs to them, oldest first; a
    row for each product of a key, one with none. Narrow it with `where`."""
    as_list = func.json_group_array if is_sqlite else func.json_agg
    siblings = apps.alias("siblings")
    names = (
        select(type_coerce(as_list(siblings.c.name), JSON))
        .where(siblings.c.developer_id == developers.c.id)
        .correlate(developers)
        .scalar_subquery()
    )
    return (
        select(
            credentials,
            apps,
            developers,
            credential_products.c.status,
            products,
            type_coerce(names, JSON).label("developer_apps"),
        )
        .join_from(credentials, apps, apps.c.id == credentials.c.app_id)
        .join(developers, developers.c.id == apps.c.developer_id)
        .outerjoin(
            credential_products,
            and_(
                credential_products.c.organization == credentials.c.organization,
                credential_products.c.consumer_key == credentials.c.consumer_key,
            ),
        )
        .outerjoin(
            products,
            and_(
                products.c.organization == credential_products.c.organization,
                products.c.name == credential_products.c.product,
            ),
        )
        .where(credentials.c.organization == organization)
        .order_by(
            credentials.c.issued_at, credentials.c.consumer_key, credential_products.c.position
        )
        .set_label_style(LABEL_STYLE_TABLENAME_PLUS_COL)
    )


class CredentialReader:
    """Turns rows of `credentials_query` into snapshots; equal parts are one object."""

    def __init__(self, organization: str, keys: KeyRing) -> None:
        self._organization = organization
        self._keys = keys

    def read(self, rows: Iterable[Row]) -> tuple[Credential, ...]:
        by_key: dict[str, list[Row]] = {}
        for row in rows:
            by_key.setdefault(row["credentials_consumer_key"], []).append(row)
        known_apps: dict[str, App] = {}
        known_developers: dict[str, Developer] = {}

        def credential(rows: Sequence[Row]) -> Credential:
            row = rows[0]
            return self._credential(
                rows,
                _once(known_apps, row["apps_id"], lambda: app_of(row, "apps_")),
                _once(known_developers, row["developers_id"], lambda: _developer(row)),
            )

        return tuple([credential(rows) for rows in by_key.values()])

    def _credential(self, rows: Sequence[Row], app: App, developer: Developer) -> Credential:
        row = rows[0]
        key = row["credentials_consumer_key"]
        purpose = secret_purpose(self._organization, key)
        return Credential(
            consumer_key=key,
            consumer_secret=self._keys.decrypt(row["credentials_consumer_secret"], purpose),
            status=row["credentials_status"],
            issued_at=row["credentials_issued_at"],
            expires_at=row["credentials_expires_at"],
            scopes=tuple(row["credentials_scopes"]),
            attributes=as_attributes(row["credentials_attributes"]),
            products=tuple(
                CredentialProduct(
                    _shared_product(product_of(item, "products_")),
                    item["credential_products_status"],
                )
                for item in rows
                if item["products_name"] is not None
            ),
            app=app,
            developer=developer,
        )


def secret_purpose(organization: str, consumer_key: str) -> str:
    """What a stored consumer secret is bound to."""
    return f"consumer-secret/{organization}/{consumer_key}"


def _developer(row: Row) -> Developer:
    return developer_of(row, tuple(sorted(row["developer_apps"])), "developers_")


def _once(known: dict[str, V], name: str, make: Callable[[], V]) -> V:
    if name not in known:
        known[name] = make()
    return known[name]
