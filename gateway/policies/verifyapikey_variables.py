"""The variables of a verified API key, read from its credential when a name is asked for.

Source: reference/policies/VerifyAPIKey.md, "Variables". All values are texts, but
`failed` and the lists of names. Times are milliseconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gateway.policies.oauth_variables import (
    attribute,
    developer_id,
    product_variable,
    product_variables,
)
from gateway.ports.identity import App, Credential, Developer, Product

_PRODUCT = "apiproduct."


class VerifiedKey:
    """A `View` of one admitted key; `prefix` is `verifyapikey.{policy}.`."""

    __slots__ = ("credential", "organization", "prefix", "product")

    def __init__(
        self, prefix: str, credential: Credential, product: Product, organization: str
    ) -> None:
        self.prefix = prefix
        self.credential = credential
        self.product = product
        self.organization = organization

    def get(self, name: str) -> object:
        if name.startswith(self.prefix):
            return self._of_policy(name[len(self.prefix) :])
        return _VARIABLES[name](self) if name in _UNPREFIXED else None

    def _of_policy(self, name: str) -> object:
        read = _VARIABLES.get(name)
        if read is not None:
            return read(self)
        if name.startswith(_PRODUCT):
            return product_variable(self.product, name[len(_PRODUCT) :])
        credential = self.credential
        for prefix, owner in (
            ("app.", credential.app),
            ("developer.app.", credential.app),
            ("developer.", credential.developer),
        ):
            if name.startswith(prefix):
                found = attribute(owner.attributes, name[len(prefix) :])
                if found is not None:
                    return found
        # Some are named without infix, and may themselves look like `idp.client_id`.
        found = attribute(credential.app.attributes, name)
        return attribute(credential.attributes, name) if found is None else found

    def names(self) -> Iterable[str]:
        yield from _UNPREFIXED
        prefix, credential = self.prefix, self.credential
        yield from (prefix + name for name in _VARIABLES)
        yield from (prefix + _PRODUCT + name for name in product_variables(self.product))
        yield from (prefix + name for name, _ in credential.attributes)
        for name, _ in credential.app.attributes:
            yield from (prefix + name, f"{prefix}app.{name}", f"{prefix}developer.app.{name}")
        yield from (f"{prefix}developer.{name}" for name, _ in credential.developer.attributes)

    def __repr__(self) -> str:
        return f"<VerifiedKey of app {self.credential.app.name}>"


Read = Callable[[VerifiedKey], object]


def _app(read: Callable[[App], object]) -> Read:
    return lambda view: read(view.credential.app)


def _developer(read: Callable[[Developer], object]) -> Read:
    return lambda view: read(view.credential.developer)


def _history(read: Callable[[VerifiedKey], App | Developer]) -> dict[str, Read]:
    return {
        "created_at": lambda view: str(read(view).created_at),
        "created_by": lambda view: read(view).created_by,
        "last_modified_at": lambda view: str(read(view).last_modified_at),
        "last_modified_by": lambda view: read(view).last_modified_by,
    }


def _prefixed(prefix: str, variables: dict[str, Read]) -> dict[str, Read]:
    return {f"{prefix}.{name}": read for name, read in variables.items()}


def _developer_id(view: VerifiedKey) -> str:
    return developer_id(view.organization, view.credential.developer)


def _of_app() -> dict[str, Read]:
    return {
        "name": _app(lambda app: app.name),
        "id": _app(lambda app: app.app_id),
        "accessType": _app(lambda app: app.access_type),
        "callbackUrl": _app(lambda app: app.callback_url),
        "DisplayName": _app(lambda app: attribute(app.attributes, "DisplayName")),
        "status": _app(lambda app: app.status),
        "apiproducts": lambda view: [held.product.name for held in view.credential.products],
        "appFamily": _app(lambda app: app.app_family),
        "appParentStatus": _developer(lambda developer: developer.status),
        "appType": lambda view: "Developer",
        "appParentId": _developer_id,
        **_history(lambda view: view.credential.app),
    }


def _of_developer() -> dict[str, Read]:
    return {
        "id": _developer_id,
        "app.id": _app(lambda app: app.app_id),
        "app.name": _app(lambda app: app.name),
        "userName": _developer(lambda developer: developer.user_name),
        "firstName": _developer(lambda developer: developer.first_name),
        "lastName": _developer(lambda developer: developer.last_name),
        "email": _developer(lambda developer: developer.email),
        "status": _developer(lambda developer: developer.status),
        "apps": _developer(lambda developer: list(developer.apps)),
        **_history(lambda view: view.credential.developer),
    }


_VARIABLES: dict[str, Read] = {
    "client_id": lambda view: view.credential.consumer_key,
    "client_secret": lambda view: view.credential.consumer_secret,
    "redirection_uris": _app(lambda app: app.callback_url),
    "failed": lambda view: False,
    "apiproduct.name": lambda view: view.product.name,
    **_prefixed("app", _of_app()),
    **_prefixed("developer", _of_developer()),
}

_UNPREFIXED = frozenset({"apiproduct.name", "developer.app.name", "client_id", "developer.id"})
"""Also set without prefix, for analytics."""
