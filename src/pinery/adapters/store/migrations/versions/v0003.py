"""Until when a paper account has seen its market; events of an account by their kind; orders not wholly filled."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0003"
down_revision = "v0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("paper_accounts", sa.Column("seen", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_index("ix_events_account_kind", "events", ["account", "kind", "id"])
    op.create_index(
        "ix_orders_unfilled",
        "orders",
        ["account", "updated"],
        sqlite_where=sa.text("final = 1 AND filled <> quantity"),
        postgresql_where=sa.text("final AND filled <> quantity"),
    )
