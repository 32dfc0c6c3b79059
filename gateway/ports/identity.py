"""Apps, keys, developers and products as the data path sees them: frozen snapshots.

A `Credential` holds everything that a key or token check needs to know *now*; a change
of any part replaces the snapshot, so a check never mixes two states. Times are integers
of milliseconds since the epoch, as in Apigee's entities.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

Attributes = tuple[tuple[str, str], ...]
"""Custom attributes (name, value) in their order."""

APPROVED = "approved"
REVOKED = "revoked"
PENDING = "pending"
ACTIVE = "active"
INACTIVE = "inactive"


@dataclass(frozen=True, slots=True)
class Product:
    """An API product. Empty `proxies`, `environments`, `resources` match everything."""

    name: str
    display_name: str
    description: str
    approval_type: str
    """`auto` or `manual`."""
    environments: tuple[str, ...]
    proxies: tuple[str, ...]
    resources: tuple[str, ...]
    """Resource paths such as `/`, `/**`, `/a/*`."""
    scopes: tuple[str, ...]
    quota: str | None
    quota_interval: str | None
    quota_time_unit: str | None
    attributes: Attributes
    created_at: int
    created_by: str
    last_modified_at: int
    last_modified_by: str


@dataclass(frozen=True, slots=True)
class Developer:
    developer_id: str
    """UUID."""
    email: str
    first_name: str
    last_name: str
    user_name: str
    status: str
    """`active` or `inactive`."""
    attributes: Attributes
    apps: tuple[str, ...]
    """Names of the developer's apps."""
    created_at: int
    created_by: str
    last_modified_at: int
    last_modified_by: str


@dataclass(frozen=True, slots=True)
class App:
    app_id: str
    """UUID."""
    name: str
    status: str
    """`approved`, `revoked` or `pending`."""
    app_family: str
    access_type: str
    callback_url: str
    scopes: tuple[str, ...]
    attributes: Attributes
    created_at: int
    created_by: str
    last_modified_at: int
    last_modified_by: str


@dataclass(frozen=True, slots=True)
class CredentialProduct:
    """One product of a credential with the status of that association."""

    product: Product
    status: str
    """`approved`, `revoked` or `pending`."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A consumer key with its app, developer and products, as they are now."""

    consumer_key: str
    consumer_secret: str
    status: str
    """`approved`, `revoked` or `pending`."""
    issued_at: int
    expires_at: int
    """-1: never."""
    scopes: tuple[str, ...]
    attributes: Attributes
    products: tuple[CredentialProduct, ...]
    app: App
    developer: Developer


class Credentials(Protocol):
    """Look-ups of credentials. `peek` never waits; `load` asks the store."""

    def peek(self, consumer_key: str) -> Credential | Unknown | None:
        """The credential when memory knows it; `UNKNOWN` when memory knows that there
        is none (cached briefly); None when only the store can tell: await `load`."""
        ...

    async def load(self, consumer_key: str) -> Credential | None:
        """The credential from the store, remembered; None when there is none."""
        ...


class Unknown:
    """The answer "known not to exist"."""

    __slots__ = ()


UNKNOWN = Unknown()
