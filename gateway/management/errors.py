"""The errors of the management API, in Edge's envelope.

Codes and wording: reference/runtime/management-api.md; what that sheet leaves open is
listed in docs/fidelity.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.management.edge_json import JSON, edge_json


class ApiError(Exception):
    """An answer that refuses: status, Edge's code, a message for people, contexts."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        contexts: Sequence[JSON] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.contexts = tuple(contexts)
        self.headers = headers or {}

    def body(self) -> str:
        return edge_json({"code": self.code, "message": self.message, "contexts": self.contexts})


def invalid_field(field: str, expected: str) -> ApiError:
    """A member of a JSON body or a parameter that is not what it should be."""
    return ApiError(400, "management.InvalidField", f"Invalid {field}: {expected}")


def missing_organization(name: str) -> ApiError:
    return ApiError(
        404,
        "messaging.config.beans.OrganizationDoesNotExist",
        f"Organization {name} does not exist",
    )


def missing_environment(name: str, organization: str) -> ApiError:
    return ApiError(
        404,
        "messaging.config.beans.EnvironmentDoesNotExist",
        f"Environment named {name} does not exist in organization {organization}",
    )


def missing_proxy(name: str, organization: str) -> ApiError:
    return ApiError(
        404,
        "messaging.config.beans.ApplicationDoesNotExist",
        f"APIProxy named {name} does not exist in organization {organization}",
    )


def missing_revision(revision: str, proxy: str, organization: str) -> ApiError:
    return ApiError(
        404,
        "messaging.config.beans.ApplicationRevisionDoesNotExist",
        f"APIProxy revision {revision} of {proxy} does not exist in organization {organization}",
    )


def missing_part(kind: str, name: str, proxy: str, revision: str) -> ApiError:
    """A policy, endpoint or resource that the revision does not have."""
    return ApiError(
        404,
        f"messaging.config.beans.{kind}DoesNotExist",
        f"{kind} named {name} does not exist in revision {revision} of APIProxy {proxy}",
    )


def not_deployed(proxy: str, environment: str) -> ApiError:
    return ApiError(
        400,
        "distribution.ApplicationNotDeployed",
        f"APIProxy {proxy} is not deployed in environment {environment}",
    )


def revision_not_deployed(revision: str, proxy: str, environment: str | None) -> ApiError:
    where = f"environment {environment}" if environment else "any environment"
    return ApiError(
        400,
        "distribution.RevisionNotDeployed",
        f"Revision {revision} of APIProxy {proxy} is not deployed in {where}",
    )


def path_conflict(
    path: str, revision: str, proxy: str, organization: str, environment: str
) -> ApiError:
    """Another revision, or another proxy, serves the base path."""
    return ApiError(
        400,
        "distribution.PathConflict",
        f"Path {path} conflicts with existing deployment path for revision {revision} of the "
        f"APIProxy {proxy} in organization {organization}, environment {environment}",
    )


def still_deployed(revision: str, proxy: str, environments: Sequence[str]) -> ApiError:
    return ApiError(
        400,
        "messaging.config.beans.RevisionIsDeployed",
        f"Revision {revision} of APIProxy {proxy} is deployed in {', '.join(environments)}: "
        "undeploy it first",
    )


def missing_product(name: str, organization: str) -> ApiError:
    return ApiError(
        404,
        "keymanagement.service.apiproduct_doesnot_exist",
        f"ApiProduct named {name} does not exist in organization {organization}",
    )


def unknown_product(name: str) -> ApiError:
    """A product that a body names and that does not exist."""
    return ApiError(
        404,
        "keymanagement.service.InvalidApiProduct",
        f"API Product [{name}] does not exist",
    )


def product_in_use(name: str) -> ApiError:
    return ApiError(
        400,
        "keymanagement.service.CannotDeleteApiProduct",
        f"ApiProduct {name} is associated with keys of apps: remove it from them first",
    )


def missing_developer(developer: str, organization: str) -> ApiError:
    return ApiError(
        404,
        "developer.service.DeveloperIdDoesNotExist",
        f"DeveloperId {developer} does not exist in organization {organization}",
    )


def missing_app(name: str, developer: str) -> ApiError:
    return ApiError(
        404,
        "developer.service.AppDoesNotExist",
        f"App named {name} does not exist under {developer}",
    )


def missing_app_id(app_id: str, organization: str) -> ApiError:
    return ApiError(
        404,
        "developer.service.AppDoesNotExist",
        f"App with id {app_id} does not exist in organization {organization}",
    )


def missing_key() -> ApiError:
    return ApiError(
        404,
        "keymanagement.service.InvalidClientIdForGivenApp",
        "Invalid consumer key for Given App",
    )


def product_not_on_key() -> ApiError:
    """500 as in Edge: clients assert it."""
    return ApiError(
        500,
        "keymanagement.service.APIProductNotAssociated",
        "APIProduct is not associated with consumer key",
    )


def missing_attribute(name: str) -> ApiError:
    return ApiError(
        404,
        "organizations.AttributeDoesNotExist",
        f"Attribute {name} does not exist",
    )
