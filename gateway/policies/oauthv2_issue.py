"""New tokens: their values, lives, attributes, and how they reach the store.

Source: reference/policies/OAuthV2.md behaviours 5, 13 and 14.
"""

from __future__ import annotations

import os
import string
from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.flow.values import to_text
from gateway.policies.oauthv2_inputs import optional_reader
from gateway.ports.identity import APPROVED, Attributes, Credential

if TYPE_CHECKING:
    from gateway.flow.context import Context
    from gateway.flow.deployment import Deployment
    from gateway.policies.oauthv2 import OAuthV2

_ALPHABET = string.ascii_letters + string.digits
ACCESS_TOKEN_LENGTH = 28
"""166 bits."""
REFRESH_TOKEN_LENGTH = 32


def random_token(length: int) -> str:
    """Random letters and digits from the system's generator.

    The number drawn is 64 bits longer than needed, so that the remainder is uniform.
    """
    number = int.from_bytes(os.urandom(length * 6 // 8 + 8))
    letters = []
    for _ in range(length):
        number, place = divmod(number, 62)
        letters.append(_ALPHABET[place])
    return "".join(letters)


def token_value(deployment: Deployment, policy: OAuthV2) -> Callable[[Context], str]:
    """The new access token: generated, or what ExternalAccessToken holds."""
    external = optional_reader(deployment, policy.external_access_token)
    return lambda context: external(context) or random_token(ACCESS_TOKEN_LENGTH)


def attributes_reader(
    policy: OAuthV2, deployment: Deployment
) -> Callable[[Context], tuple[Attributes, Attributes]]:
    """The custom attributes (shown, hidden). One without a value is left out."""
    readers = [
        (attribute, deployment.getter(attribute.ref) if attribute.ref else None)
        for attribute in policy.attributes
    ]

    def read(context: Context) -> tuple[Attributes, Attributes]:
        shown: dict[str, str] = {}
        hidden: dict[str, str] = {}
        for attribute, getter in readers:
            found = None if getter is None else getter(context)
            value = attribute.text if found is None else to_text(found)
            if value:
                (shown if attribute.display else hidden)[attribute.name] = value
        return tuple(shown.items()), tuple(hidden.items())

    return read


def approved_products(credential: Credential) -> dict[str, tuple[str, ...]]:
    """The scopes of each approved product of the credential, by its name."""
    return {
        held.product.name: held.product.scopes
        for held in credential.products
        if held.status == APPROVED
    }


def grant_scope(
    products: dict[str, tuple[str, ...]], requested: str
) -> tuple[str, tuple[str, ...]] | None:
    """(scope, product names) of a new token, None when nothing that was asked for is
    allowed. Asking for nothing gives every scope of every product; asking keeps the
    products that have one of the scopes granted."""
    allowed = dict.fromkeys(scope for scopes in products.values() for scope in scopes)
    wanted = dict.fromkeys(requested.split())
    if not wanted:
        return " ".join(allowed), tuple(products)
    granted = [scope for scope in wanted if scope in allowed]
    if not granted:
        return None
    keeping = [name for name, scopes in products.items() if not set(granted).isdisjoint(scopes)]
    return " ".join(granted), tuple(keeping)
