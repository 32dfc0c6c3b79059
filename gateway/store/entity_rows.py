"""Rows of products, developers and apps as the data path sees them.

`prefix` is what the names of the columns begin with in a joined statement.
"""

from __future__ import annotations

from gateway.ports.identity import App, Developer, Product
from gateway.store.repository import Row, as_attributes, history


def product_of(row: Row, prefix: str = "") -> Product:
    return Product(
        name=row[prefix + "name"],
        display_name=row[prefix + "display_name"],
        description=row[prefix + "description"],
        approval_type=row[prefix + "approval_type"],
        environments=tuple(row[prefix + "environments"]),
        proxies=tuple(row[prefix + "proxies"]),
        resources=tuple(row[prefix + "resources"]),
        scopes=tuple(row[prefix + "scopes"]),
        quota=row[prefix + "quota"],
        quota_interval=row[prefix + "quota_interval"],
        quota_time_unit=row[prefix + "quota_time_unit"],
        attributes=as_attributes(row[prefix + "attributes"]),
        **history(row, prefix),
    )


def developer_of(row: Row, apps: tuple[str, ...], prefix: str = "") -> Developer:
    """`apps`: the names of the developer's apps."""
    return Developer(
        developer_id=row[prefix + "id"],
        email=row[prefix + "email"],
        first_name=row[prefix + "first_name"],
        last_name=row[prefix + "last_name"],
        user_name=row[prefix + "user_name"],
        status=row[prefix + "status"],
        attributes=as_attributes(row[prefix + "attributes"]),
        apps=apps,
        **history(row, prefix),
    )


def app_of(row: Row, prefix: str = "") -> App:
    return App(
        app_id=row[prefix + "id"],
        name=row[prefix + "name"],
        status=row[prefix + "status"],
        app_family=row[prefix + "app_family"],
        access_type=row[prefix + "access_type"],
        callback_url=row[prefix + "callback_url"],
        scopes=tuple(row[prefix + "scopes"]),
        attributes=as_attributes(row[prefix + "attributes"]),
        **history(row, prefix),
    )
