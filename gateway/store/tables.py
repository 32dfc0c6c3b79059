"""The schema, once for SQLite and PostgreSQL.

Times are integers of milliseconds since the epoch. Lists and attributes, which are only
ever read whole, are JSON. Tokens are known by keyed hashes only.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_NAME = String(255)
_ID = BigInteger().with_variant(Integer, "sqlite")


def _history() -> list[Column[object]]:
    return [
        Column("created_at", BigInteger, nullable=False),
        Column("created_by", _NAME, nullable=False),
        Column("last_modified_at", BigInteger, nullable=False),
        Column("last_modified_by", _NAME, nullable=False),
    ]


organizations = Table(
    "organizations",
    metadata,
    Column("name", _NAME, primary_key=True),
    Column("display_name", _NAME, nullable=False),
    Column("properties", JSON, nullable=False),
    *_history(),
)

environments = Table(
    "environments",
    metadata,
    Column("organization", _NAME, ForeignKey("organizations.name"), primary_key=True),
    Column("name", _NAME, primary_key=True),
    Column("position", Integer, nullable=False),
    *_history(),
)

proxies = Table(
    "proxies",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("organization", _NAME, ForeignKey("organizations.name"), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("name", _NAME, nullable=False),
    Column("next_revision", Integer, nullable=False),
    *_history(),
    UniqueConstraint("organization", "kind", "name"),
)

revisions = Table(
    "revisions",
    metadata,
    Column("proxy_id", _ID, ForeignKey("proxies.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("display_name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("base_paths", JSON, nullable=False),
    Column("archive", LargeBinary, nullable=False),
    *_history(),
)

deployments = Table(
    "deployments",
    metadata,
    Column("organization", _NAME, primary_key=True),
    Column("environment", _NAME, primary_key=True),
    Column("proxy_id", _ID, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("base_path", String(1024), nullable=False),
    Column("deployed_at", BigInteger, nullable=False),
    Column("deployed_by", _NAME, nullable=False),
    ForeignKeyConstraint(
        ["organization", "environment"], ["environments.organization", "environments.name"]
    ),
    ForeignKeyConstraint(["proxy_id", "revision"], ["revisions.proxy_id", "revisions.number"]),
)

products = Table(
    "products",
    metadata,
    Column("organization", _NAME, ForeignKey("organizations.name"), primary_key=True),
    Column("name", _NAME, primary_key=True),
    Column("display_name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("approval_type", String(16), nullable=False),
    Column("environments", JSON, nullable=False),
    Column("proxies", JSON, nullable=False),
    Column("resources", JSON, nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("quota", String(64)),
    Column("quota_interval", String(64)),
    Column("quota_time_unit", String(64)),
    Column("attributes", JSON, nullable=False),
    Column("extra", JSON, nullable=False),
    *_history(),
)

developers = Table(
    "developers",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("organization", _NAME, ForeignKey("organizations.name"), nullable=False),
    Column("email", String(320), nullable=False),
    Column("first_name", Text, nullable=False),
    Column("last_name", Text, nullable=False),
    Column("user_name", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("attributes", JSON, nullable=False),
    *_history(),
    UniqueConstraint("organization", "email"),
)

apps = Table(
    "apps",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("organization", _NAME, ForeignKey("organizations.name"), nullable=False),
    Column(
        "developer_id",
        String(36),
        ForeignKey("developers.id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("name", _NAME, nullable=False),
    Column("status", String(16), nullable=False),
    Column("app_family", _NAME, nullable=False),
    Column("access_type", String(64), nullable=False),
    Column("callback_url", Text, nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("attributes", JSON, nullable=False),
    *_history(),
    UniqueConstraint("developer_id", "name"),
)

credentials = Table(
    "credentials",
    metadata,
    Column("organization", _NAME, ForeignKey("organizations.name"), primary_key=True),
    Column("consumer_key", String(2048), primary_key=True),
    Column("app_id", String(36), ForeignKey("apps.id", ondelete="CASCADE"), nullable=False),
    Column("consumer_secret", LargeBinary, nullable=False),
    Column("status", String(16), nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("attributes", JSON, nullable=False),
    Index(None, "app_id"),
)

credential_products = Table(
    "credential_products",
    metadata,
    Column("organization", _NAME, primary_key=True),
    Column("consumer_key", String(2048), primary_key=True),
    Column("product", _NAME, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    ForeignKeyConstraint(
        ["organization", "consumer_key"],
        ["credentials.organization", "credentials.consumer_key"],
        ondelete="CASCADE",
    ),
    ForeignKeyConstraint(["organization", "product"], ["products.organization", "products.name"]),
    Index(None, "organization", "product"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("organization", _NAME, nullable=False),
    Column("access_hash", LargeBinary(32), nullable=False),
    Column("refresh_hash", LargeBinary(32)),
    Column("consumer_key", String(2048), nullable=False),
    Column("app_id", String(36), ForeignKey("apps.id", ondelete="CASCADE"), nullable=False),
    Column("end_user", Text),
    Column("status", String(16), nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("refresh_status", String(16), nullable=False),
    Column("refresh_issued_at", BigInteger, nullable=False),
    Column("refresh_expires_at", BigInteger, nullable=False),
    Column("refresh_count", Integer, nullable=False),
    Column("purge_at", BigInteger, nullable=False),
    Column("scope", Text, nullable=False),
    Column("products", JSON, nullable=False),
    Column("grant_type", String(64), nullable=False),
    Column("attributes", JSON, nullable=False),
    Column("hidden_attributes", JSON, nullable=False),
    UniqueConstraint("organization", "access_hash"),
    Index(None, "organization", "refresh_hash"),
    Index(None, "app_id", "id"),
    Index(None, "purge_at"),
)

key_checks = Table(
    "key_checks",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
"""Values that only the right key file reads."""

administrators = Table(
    "administrators",
    metadata,
    Column("name", _NAME, primary_key=True),
    Column("password_hash", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_modified_at", BigInteger, nullable=False),
)

audit_records = Table(
    "audit_records",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("organization", _NAME, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("user", _NAME, nullable=False),
    Column("operation", String(16), nullable=False),
    Column("request_uri", Text, nullable=False),
    Column("response_code", String(8), nullable=False),
    Index(None, "organization", "time"),
)
