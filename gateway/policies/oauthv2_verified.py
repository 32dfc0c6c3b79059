"""The variables of a verified access token, read from it when a name is asked for.

They are global: a second VerifyAccessToken hides those of the first.
Source: reference/policies/OAuthV2.md, "Variables".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gateway.policies.oauth_variables import (
    attribute,
    developer_id,
    product_variable,
    product_variables,
)
from gateway.policies.oauthv2_lifetime import seconds_left
from gateway.ports.identity import Credential, Product
from gateway.ports.tokens import Token

_PRODUCT = "apiproduct."
_ATTRIBUTE = "accesstoken."


class VerifiedToken:
    """A `View` of one admitted token. `now` in milliseconds, the moment of the check."""

    __slots__ = ("access_token", "credential", "now", "organization", "product", "token")

    def __init__(
        self,
        access_token: str,
        token: Token,
        credential: Credential,
        product: Product,
        organization: str,
        now: int,
    ) -> None:
        self.access_token = access_token
        self.token = token
        self.credential = credential
        self.product = product
        self.organization = organization
        self.now = now

    def get(self, name: str) -> object:
        read = _VARIABLES.get(name)
        if read is not None:
            return read(self)
        if name.startswith(_PRODUCT):
            return product_variable(self.product, name[len(_PRODUCT) :])
        if name.startswith(_ATTRIBUTE):
            key, token = name[len(_ATTRIBUTE) :], self.token
            shown = attribute(token.attributes, key)
            return attribute(token.hidden_attributes, key) if shown is None else shown
        return None

    def names(self) -> Iterable[str]:
        yield from _VARIABLES
        for name in product_variables(self.product):
            yield _PRODUCT + name
        for name, _ in (*self.token.attributes, *self.token.hidden_attributes):
            yield _ATTRIBUTE + name

    def __repr__(self) -> str:
        return f"<VerifiedToken of app {self.credential.app.name}>"


_VARIABLES: dict[str, Callable[[VerifiedToken], object]] = {
    "organization_name": lambda view: view.organization,
    "developer.id": lambda view: developer_id(view.organization, view.credential.developer),
    "developer.email": lambda view: view.credential.developer.email,
    "developer.app.name": lambda view: view.credential.app.name,
    "developer.app.id": lambda view: view.credential.app.app_id,
    "client_id": lambda view: view.credential.consumer_key,
    "grant_type": lambda view: view.token.grant_type,
    "token_type": lambda view: "BearerToken",
    "access_token": lambda view: view.access_token,
    "issued_at": lambda view: str(view.token.issued_at),
    "expires_in": lambda view: str(seconds_left(view.token.expires_at, view.now)),
    "status": lambda view: view.token.status,
    "scope": lambda view: view.token.scope,
    "app_enduser": lambda view: view.token.end_user,
}
