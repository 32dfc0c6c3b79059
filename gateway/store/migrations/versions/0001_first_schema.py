"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "administrators",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_modified_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_administrators")),
    )
    op.create_table(
        "audit_records",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("organization", sa.String(length=255), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("user", sa.String(length=255), nullable=False),
        sa.Column("operation", sa.String(length=16), nullable=False),
        sa.Column("request_uri", sa.Text(), nullable=False),
        sa.Column("response_code", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_records")),
    )
    op.create_index(
        op.f("ix_audit_records_organization_time"),
        "audit_records",
        ["organization", "time"],
        unique=False,
    )
    op.create_table(
        "organizations",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("display_name", sa.String(length=255), nullable=False),
        sa.Column("properties", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=255), nullable=False),
        sa.Column("last_modified_at", sa.BigInteger(), nullable=False),
        sa.Column("last_modified_by", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_organizations")),
    )
    op.create_table(
        "developers",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organization", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("user_name", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=255), nullable=False),
        sa.Column("last_modified_at", sa.BigInteger(), nullable=False),
        sa.Column("last_modified_by", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization"],
            ["organizations.name"],
            name=op.f("fk_developers_organization_organizations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_developers")),
        sa.UniqueConstraint("organization", "email", name=op.f("uq_developers_organization_email")),
    )
    op.create_table(
        "environments",
        sa.Column("organization", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=255), nullable=False),
        sa.Column("last_modified_at", sa.BigInteger(), nullable=False),
        sa.Column("last_modified_by", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization"],
            ["organizations.name"],
            name=op.f("fk_environments_organization_organizations"),
        ),
        sa.PrimaryKeyConstraint("organization", "name", name=op.f("pk_environments")),
    )
    op.create_table(
        "products",
        sa.Column("organization", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("approval_type", sa.String(length=16), nullable=False),
        sa.Column("environments", sa.JSON(), nullable=False),
        sa.Column("proxies", sa.JSON(), nullable=False),
        sa.Column("resources", sa.JSON(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("quota", sa.String(length=64), nullable=True),
        sa.Column("quota_interval", sa.String(length=64), nullable=True),
        sa.Column("quota_time_unit", sa.String(length=64), nullable=True),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("extra", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=255), nullable=False),
        sa.Column("last_modified_at", sa.BigInteger(), nullable=False),
        sa.Column("last_modified_by", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization"],
            ["organizations.name"],
            name=op.f("fk_products_organization_organizations"),
        ),
        sa.PrimaryKeyConstraint("organization", "name", name=op.f("pk_products")),
    )
    op.create_table(
        "proxies",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("organization", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("next_revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=255), nullable=False),
        sa.Column("last_modified_at", sa.BigInteger(), nullable=False),
        sa.Column("last_modified_by", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization"],
            ["organizations.name"],
            name=op.f("fk_proxies_organization_organizations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proxies")),
        sa.UniqueConstraint(
            "organization", "kind", "name", name=op.f("uq_proxies_organization_kind_name")
        ),
    )
    op.create_table(
        "apps",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organization", sa.String(length=255), nullable=False),
        sa.Column("developer_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("app_family", sa.String(length=255), nullable=False),
        sa.Column("access_type", sa.String(length=64), nullable=False),
        sa.Column("callback_url", sa.Text(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=255), nullable=False),
        sa.Column("last_modified_at", sa.BigInteger(), nullable=False),
        sa.Column("last_modified_by", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["developer_id"],
            ["developers.id"],
            name=op.f("fk_apps_developer_id_developers"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization"],
            ["organizations.name"],
            name=op.f("fk_apps_organization_organizations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_apps")),
        sa.UniqueConstraint("developer_id", "name", name=op.f("uq_apps_developer_id_name")),
    )
    op.create_table(
        "revisions",
        sa.Column("proxy_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("base_paths", sa.JSON(), nullable=False),
        sa.Column("archive", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=255), nullable=False),
        sa.Column("last_modified_at", sa.BigInteger(), nullable=False),
        sa.Column("last_modified_by", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["proxy_id"],
            ["proxies.id"],
            name=op.f("fk_revisions_proxy_id_proxies"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("proxy_id", "number", name=op.f("pk_revisions")),
    )
    op.create_table(
        "credentials",
        sa.Column("organization", sa.String(length=255), nullable=False),
        sa.Column("consumer_key", sa.String(length=2048), nullable=False),
        sa.Column("app_id", sa.String(length=36), nullable=False),
        sa.Column("consumer_secret", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["app_id"], ["apps.id"], name=op.f("fk_credentials_app_id_apps"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organization"],
            ["organizations.name"],
            name=op.f("fk_credentials_organization_organizations"),
        ),
        sa.PrimaryKeyConstraint("organization", "consumer_key", name=op.f("pk_credentials")),
    )
    op.create_index(op.f("ix_credentials_app_id"), "credentials", ["app_id"], unique=False)
    op.create_table(
        "deployments",
        sa.Column("organization", sa.String(length=255), nullable=False),
        sa.Column("environment", sa.String(length=255), nullable=False),
        sa.Column("proxy_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("base_path", sa.String(length=1024), nullable=False),
        sa.Column("deployed_at", sa.BigInteger(), nullable=False),
        sa.Column("deployed_by", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization", "environment"],
            ["environments.organization", "environments.name"],
            name=op.f("fk_deployments_organization_environment_environments"),
        ),
        sa.ForeignKeyConstraint(
            ["proxy_id", "revision"],
            ["revisions.proxy_id", "revisions.number"],
            name=op.f("fk_deployments_proxy_id_revision_revisions"),
        ),
        sa.PrimaryKeyConstraint(
            "organization", "environment", "proxy_id", name=op.f("pk_deployments")
        ),
    )
    op.create_table(
        "tokens",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("organization", sa.String(length=255), nullable=False),
        sa.Column("access_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("refresh_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("consumer_key", sa.String(length=2048), nullable=False),
        sa.Column("app_id", sa.String(length=36), nullable=False),
        sa.Column("end_user", sa.Text(), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("refresh_status", sa.String(length=16), nullable=False),
        sa.Column("refresh_issued_at", sa.BigInteger(), nullable=False),
        sa.Column("refresh_expires_at", sa.BigInteger(), nullable=False),
        sa.Column("refresh_count", sa.Integer(), nullable=False),
        sa.Column("purge_at", sa.BigInteger(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("products", sa.JSON(), nullable=False),
        sa.Column("grant_type", sa.String(length=64), nullable=False),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("hidden_attributes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["app_id"], ["apps.id"], name=op.f("fk_tokens_app_id_apps"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint(
            "organization", "access_hash", name=op.f("uq_tokens_organization_access_hash")
        ),
    )
    op.create_index(op.f("ix_tokens_app_id"), "tokens", ["app_id"], unique=False)
    op.create_index(
        op.f("ix_tokens_organization_refresh_hash"),
        "tokens",
        ["organization", "refresh_hash"],
        unique=False,
    )
    op.create_index(op.f("ix_tokens_purge_at"), "tokens", ["purge_at"], unique=False)
    op.create_table(
        "credential_products",
        sa.Column("organization", sa.String(length=255), nullable=False),
        sa.Column("consumer_key", sa.String(length=2048), nullable=False),
        sa.Column("product", sa.String(length=255), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization", "consumer_key"],
            ["credentials.organization", "credentials.consumer_key"],
            name=op.f("fk_credential_products_organization_consumer_key_credentials"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization", "product"],
            ["products.organization", "products.name"],
            name=op.f("fk_credential_products_organization_product_products"),
        ),
        sa.PrimaryKeyConstraint(
            "organization", "consumer_key", "product", name=op.f("pk_credential_products")
        ),
    )
    op.create_index(
        op.f("ix_credential_products_organization_product"),
        "credential_products",
        ["organization", "product"],
        unique=False,
    )


def downgrade() -> None:
    for table in (
        "tokens", "credential_products", "credentials", "apps", "deployments", "revisions",
        "proxies", "environments", "developers", "products", "organizations", "audit_records",
        "administrators",
    ):  # fmt: skip
        op.drop_table(table)
