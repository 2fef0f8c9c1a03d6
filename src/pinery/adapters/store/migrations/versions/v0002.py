"""Charts of scripts and their alerts, replayed markets, promotions, one-time logins, keys beside messages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0002"
down_revision = "v0001"
branch_labels = None
depends_on = None

#: On SQLite only INTEGER PRIMARY KEY counts by itself.
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default="")


def upgrade() -> None:
    op.add_column("inbox", _text("key"))
    op.create_table(
        "one_time_logins",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_one_time_logins"),
    )
    op.create_table(
        "charts",
        sa.Column("deployment", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        *map(_text, ("script", "sha256", "symbol", "timeframe", "feed", "error")),
        sa.Column("bars", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("last_bar", sa.BigInteger()),
        sa.Column("market_now", sa.BigInteger()),
        sa.Column("price", sa.Float()),
        sa.Column("price_at", sa.BigInteger()),
        sa.Column("missing", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("late", sa.BigInteger(), nullable=False, server_default="0"),
        _text("owner"),
        sa.PrimaryKeyConstraint("deployment", name="pk_charts"),
    )
    op.create_table(
        "chart_alerts",
        sa.Column("deployment", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("bar_time", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        _text("title"),
        _text("message"),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("deployment", "key", name="pk_chart_alerts"),
    )
    op.create_index("ix_chart_alerts_deployment_at", "chart_alerts", ["deployment", "at"])
    op.create_table(
        "feed_anchors",
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("began", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("feed", name="pk_feed_anchors"),
    )
    op.create_table(
        "promotions",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("deployment", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        _text("note"),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_promotions"),
    )
    op.create_index("ix_promotions_deployment", "promotions", ["deployment", "at"])
