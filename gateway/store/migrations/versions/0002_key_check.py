"""A check that the key file belongs to the database; tokens of an app in order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "key_checks",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_key_checks")),
    )
    op.create_index(op.f("ix_tokens_app_id_id"), "tokens", ["app_id", "id"], unique=False)
    op.drop_index(op.f("ix_tokens_app_id"), table_name="tokens")


def downgrade() -> None:
    op.create_index(op.f("ix_tokens_app_id"), "tokens", ["app_id"], unique=False)
    op.drop_index(op.f("ix_tokens_app_id_id"), table_name="tokens")
    op.drop_table("key_checks")
