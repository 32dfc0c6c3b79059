"""The table of all calls.

Source: reference/runtime/management-api.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.management import (
    app_keys,
    apps,
    audit,
    deployments,
    developers,
    oauth2,
    organizations,
    products,
    proxies,
    revisions,
)
from gateway.management.attributes import AttributeHandlers
from gateway.management.call import Handler
from gateway.management.entity_attributes import (
    APP_ATTRIBUTES,
    DEVELOPER_ATTRIBUTES,
    PRODUCT_ATTRIBUTES,
)


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    handler: Handler


# The long and the short form of a path: /v1/o/{org}/e/{env}/...
_O, _E = "{o:organizations|o}", "{e:environments|e}"
_ORG = f"/v1/{_O}/{{org:[^/]+}}"
_ENV = f"{_ORG}/{_E}/{{env:[^/]+}}"
_PROXY = f"{_ORG}/apis/{{proxy:[^/]+}}"
_REVISION = f"{_PROXY}/revisions/{{revision:[^/]+}}"
_DEPLOYED = f"{_ENV}/apis/{{proxy:[^/]+}}"
_PRODUCT = f"{_ORG}/apiproducts/{{product:[^/]+}}"
_DEVELOPER = f"{_ORG}/developers/{{developer:[^/]+}}"
_APP = f"{_DEVELOPER}/apps/{{app:[^/]+}}"
_KEY = f"{_APP}/keys/{{key:[^/]+}}"


def _attributes(place: str, handlers: AttributeHandlers) -> tuple[Route, ...]:
    one = f"{place}/attributes/{{attribute:[^/]+}}"
    return (
        Route("GET", f"{place}/attributes", handlers.list_all),
        Route("POST", f"{place}/attributes", handlers.replace_all),
        Route("GET", one, handlers.show),
        Route("POST", one, handlers.put),
        Route("PUT", one, handlers.put),
        Route("DELETE", one, handlers.delete),
    )


_ORGANIZATION_ROUTES = (
    Route("GET", f"/v1/{_O}", organizations.list_organizations),
    Route("GET", _ORG, organizations.show_organization),
    Route("POST", _ORG, organizations.refuse_change),
    Route("PUT", _ORG, organizations.refuse_change),
    Route("GET", f"{_ORG}/{_E}", organizations.list_environments),
    Route("GET", _ENV, organizations.show_environment),
    Route("GET", f"{_ENV}/virtualhosts", organizations.list_virtual_hosts),
    Route("GET", f"{_ENV}/virtualhosts/{{virtual_host}}", organizations.show_virtual_host),
    Route("GET", f"/v1/audits/{_O}/{{org:[^/]+}}{{place:(?:/.*)?}}", audit.list_audits),
)

_PROXY_ROUTES = (
    Route("GET", f"{_ORG}/apis", proxies.list_proxies),
    Route("POST", f"{_ORG}/apis", proxies.import_proxy),
    Route("GET", _PROXY, proxies.show_proxy),
    Route("DELETE", _PROXY, proxies.delete_proxy),
    Route("GET", f"{_PROXY}/revisions", revisions.list_revisions),
    Route("GET", _REVISION, revisions.show_revision),
    Route("DELETE", _REVISION, revisions.delete_revision),
    Route("GET", f"{_REVISION}/policies", revisions.list_policies),
    Route("GET", f"{_REVISION}/policies/{{part:[^/]+}}", revisions.show_policy),
    Route("GET", f"{_REVISION}/proxies", revisions.list_proxy_endpoints),
    Route("GET", f"{_REVISION}/proxies/{{part:[^/]+}}", revisions.show_proxy_endpoint),
    Route("GET", f"{_REVISION}/targets", revisions.list_target_endpoints),
    Route("GET", f"{_REVISION}/targets/{{part:[^/]+}}", revisions.show_target_endpoint),
    Route("GET", f"{_REVISION}/resources", revisions.list_resources),
    Route("GET", f"{_REVISION}/resourcefiles", revisions.list_resource_files),
)

_DEPLOYMENT_ROUTES = (
    Route("GET", f"{_ORG}/deployments", deployments.list_of_organization),
    Route("GET", f"{_ENV}/deployments", deployments.list_of_environment),
    Route("GET", f"{_PROXY}/deployments", deployments.list_of_proxy),
    Route("GET", f"{_REVISION}/deployments", deployments.list_of_revision),
    Route("POST", f"{_REVISION}/deployments", deployments.change_by_action),
    Route("GET", f"{_DEPLOYED}/deployments", deployments.list_of_proxy_in_environment),
    Route(
        "GET",
        f"{_DEPLOYED}/revisions/{{revision:[^/]+}}/deployments",
        deployments.show_in_environment,
    ),
    Route("POST", f"{_DEPLOYED}/revisions/{{revision:[^/]+}}/deployments", deployments.deploy),
    Route("DELETE", f"{_DEPLOYED}/revisions/{{revision:[^/]+}}/deployments", deployments.undeploy),
)

_IDENTITY_ROUTES = (
    Route("GET", f"{_ORG}/apiproducts", products.list_products),
    Route("POST", f"{_ORG}/apiproducts", products.create_product),
    Route("GET", _PRODUCT, products.show_product),
    Route("PUT", _PRODUCT, products.update_product),
    Route("POST", _PRODUCT, products.update_product),
    Route("DELETE", _PRODUCT, products.delete_product),
    *_attributes(_PRODUCT, PRODUCT_ATTRIBUTES),
    Route("GET", f"{_ORG}/developers", developers.list_developers),
    Route("POST", f"{_ORG}/developers", developers.create_developer),
    Route("GET", _DEVELOPER, developers.show_developer),
    Route("PUT", _DEVELOPER, developers.update_developer),
    Route("POST", _DEVELOPER, developers.update_developer),
    Route("DELETE", _DEVELOPER, developers.delete_developer),
    *_attributes(_DEVELOPER, DEVELOPER_ATTRIBUTES),
    Route("GET", f"{_DEVELOPER}/apps", apps.list_apps),
    Route("POST", f"{_DEVELOPER}/apps", apps.create_app),
    Route("GET", _APP, apps.show_app),
    Route("PUT", _APP, apps.update_app),
    Route("POST", _APP, apps.change_app),
    Route("DELETE", _APP, apps.delete_app),
    *_attributes(_APP, APP_ATTRIBUTES),
    Route("GET", f"{_ORG}/apps", apps.list_app_ids),
    Route("GET", f"{_ORG}/apps/{{app:[^/]+}}", apps.show_app_by_id),
    Route("DELETE", f"{_ORG}/apps/{{app:[^/]+}}", apps.delete_app_by_id),
    Route("POST", f"{_APP}/keys", app_keys.create_key),
    Route("POST", f"{_APP}/keys/create", app_keys.create_key),
    Route("GET", _KEY, app_keys.show_key),
    Route("POST", _KEY, app_keys.change_key),
    Route("PUT", _KEY, app_keys.update_key),
    Route("DELETE", _KEY, app_keys.delete_key),
    Route("POST", f"{_KEY}/apiproducts/{{product:[^/]+}}", app_keys.change_product),
    Route("DELETE", f"{_KEY}/apiproducts/{{product:[^/]+}}", app_keys.remove_product),
    Route("POST", f"{_ORG}/oauth2/revoke", oauth2.revoke),
)

ROUTES = (*_ORGANIZATION_ROUTES, *_PROXY_ROUTES, *_DEPLOYMENT_ROUTES, *_IDENTITY_ROUTES)
