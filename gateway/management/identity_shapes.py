"""Products, developers, apps and keys as Edge's JSON; members in Edge's order.

Source: reference/runtime/management-api.md section 6. Times are milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable

from gateway.management.edge_json import JSON
from gateway.ports.identity import App, Attributes, Credential, Developer, Product

Shape = dict[str, JSON]


def attributes_shape(attributes: Attributes) -> list[JSON]:
    return [attribute_shape(name, value) for name, value in attributes]


def attribute_shape(name: str, value: str) -> Shape:
    return {"name": name, "value": value}


def product_shape(product: Product) -> Shape:
    shape: Shape = {
        "apiResources": product.resources,
        "approvalType": product.approval_type,
        "attributes": attributes_shape(product.attributes),
        "createdAt": product.created_at,
        "createdBy": product.created_by,
        "description": product.description,
        "displayName": product.display_name,
        "environments": product.environments,
        "lastModifiedAt": product.last_modified_at,
        "lastModifiedBy": product.last_modified_by,
        "name": product.name,
        "proxies": product.proxies,
    }
    if product.quota is not None:
        shape["quota"] = product.quota
        shape["quotaInterval"] = product.quota_interval or "1"
        shape["quotaTimeUnit"] = product.quota_time_unit or "minute"
    shape["scopes"] = product.scopes
    return shape


def developer_shape(developer: Developer, organization: str) -> Shape:
    return {
        "apps": developer.apps,
        "attributes": attributes_shape(developer.attributes),
        "companies": [],
        "createdAt": developer.created_at,
        "createdBy": developer.created_by,
        "developerId": developer.developer_id,
        "email": developer.email,
        "firstName": developer.first_name,
        "lastModifiedAt": developer.last_modified_at,
        "lastModifiedBy": developer.last_modified_by,
        "lastName": developer.last_name,
        "organizationName": organization,
        "status": developer.status,
        "userName": developer.user_name,
    }


def app_shape(app: App, developer_id: str, credentials: Iterable[Credential]) -> Shape:
    return {
        "accessType": app.access_type,
        "apiProducts": [],
        "appFamily": app.app_family,
        "appId": app.app_id,
        "attributes": attributes_shape(app.attributes),
        "callbackUrl": app.callback_url,
        "createdAt": app.created_at,
        "createdBy": app.created_by,
        "credentials": [credential_shape(credential) for credential in credentials],
        "developerId": developer_id,
        "lastModifiedAt": app.last_modified_at,
        "lastModifiedBy": app.last_modified_by,
        "name": app.name,
        "scopes": app.scopes,
        "status": app.status,
    }


def credential_shape(credential: Credential) -> Shape:
    return {
        "apiProducts": [
            {"apiproduct": entry.product.name, "status": entry.status}
            for entry in credential.products
        ],
        "attributes": attributes_shape(credential.attributes),
        "consumerKey": credential.consumer_key,
        "consumerSecret": credential.consumer_secret,
        "expiresAt": credential.expires_at,
        "issuedAt": credential.issued_at,
        "scopes": credential.scopes,
        "status": credential.status,
    }
