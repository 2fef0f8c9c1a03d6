"""The tables. Migrations (``migrations/``) make them; a test holds the two against each other.

Times are Unix ms unless a name ends in ``_us``. Money, prices and quantities are exact decimals in text.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import sqlalchemy as sa


class Exact(sa.types.TypeDecorator[Decimal]):
    """A Decimal kept as text: databases' own numbers lose digits (SQLite) or pad them."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: sa.engine.Dialect) -> str | None:
        return None if value is None else format(value, "f")

    def process_result_value(self, value: Any, dialect: sa.engine.Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


class Words(sa.types.TypeDecorator[str]):
    """Text of senders and people. Half surrogate pairs and NUL, which databases refuse, become U+FFFD: a message
    with them is kept and answered like any other."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.engine.Dialect) -> str | None:
        if value is None or (value.isascii() and "\0" not in value):
            return value
        return value.replace("\0", "\ufffd").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# On SQLite only INTEGER PRIMARY KEY counts by itself.
_Serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_Big = sa.BigInteger


def _text(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, Words, nullable=False, default=default, server_default=default)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON, nullable=False)


inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("id", _Serial, primary_key=True),
    sa.Column("deployment", Words, nullable=False),
    sa.Column("source", Words, nullable=False),
    sa.Column("body", Words, nullable=False),
    sa.Column("received_us", _Big, nullable=False),
    _text("content_type"),
    _text("remote"),
    _text("by"),
    _text("status", "new"),
    _text("signal_id"),
    _text("note"),
    _text("key"),  # the sender's own idempotency key, beside the body
    # What waits is a short list in a long table.
    sa.Index("ix_inbox_new", "deployment", "received_us", sqlite_where=sa.text("status = 'new'"),
             postgresql_where=sa.text("status = 'new'")),
    sa.Index("ix_inbox_received_us", "received_us"),
)  # fmt: skip

signals = sa.Table(
    "signals",
    metadata,
    sa.Column("id", Words, primary_key=True),
    sa.Column("deployment", Words, nullable=False),
    sa.Column("account", Words, nullable=False),
    sa.Column("key", Words, nullable=False),
    sa.Column("action", Words, nullable=False),
    _text("word"),
    sa.Column("source", Words, nullable=False),
    _text("symbol"),
    sa.Column("received", _Big, nullable=False),
    sa.Column("message_id", _Big),
    sa.Column("outcome", Words, nullable=False),
    _text("code"),
    _text("reason"),
    _json("steps"),
    _json("signal"),  # the whole Signal
    sa.Column("decided_us", _Big, nullable=False),
    sa.Column("sent_us", _Big),
    sa.Column("filled_us", _Big),
    sa.Index("ix_signals_key", "deployment", "key", "received"),
    sa.Index("ix_signals_received", "received"),
    sa.Index("ix_signals_decided_us", "decided_us"),
)

orders = sa.Table(
    "orders",
    metadata,
    sa.Column("client_id", Words, primary_key=True),
    sa.Column("signal_id", Words, nullable=False),
    sa.Column("deployment", Words, nullable=False),
    sa.Column("account", Words, nullable=False),
    sa.Column("symbol", Words, nullable=False),
    sa.Column("side", Words, nullable=False),
    sa.Column("type", Words, nullable=False),
    sa.Column("role", Words, nullable=False),
    sa.Column("quantity", Exact, nullable=False),
    sa.Column("status", Words, nullable=False),
    sa.Column("limit_price", Exact),
    sa.Column("stop_price", Exact),
    sa.Column("trail_offset", Exact),
    sa.Column("time_in_force", Words, nullable=False),
    sa.Column("reduce_only", sa.Boolean, nullable=False),
    sa.Column("closes", Exact, nullable=False),
    _text("parent"),
    _json("waits_for"),
    sa.Column("cancel_requested", sa.Boolean, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("filled", Exact, nullable=False),
    sa.Column("average_price", Exact),
    sa.Column("fees", Exact, nullable=False),
    sa.Column("presumed", Exact, nullable=False),
    _text("venue_id"),
    _text("code"),
    _text("reason"),
    sa.Column("reference_price", Exact),
    sa.Column("created", _Big, nullable=False),
    sa.Column("submitted", _Big),
    sa.Column("acknowledged", _Big),
    sa.Column("first_filled", _Big),
    sa.Column("updated", _Big, nullable=False),
    sa.Column("final", sa.Boolean, nullable=False),
    sa.Index("ix_orders_unfinished", "account", sqlite_where=sa.text("final = 0"),
             postgresql_where=sa.text("NOT final")),
    sa.Index("ix_orders_unfilled", "account", "updated", sqlite_where=sa.text("final = 1 AND filled <> quantity"),
             postgresql_where=sa.text("final AND filled <> quantity")),
    sa.Index("ix_orders_signal_id", "signal_id"),
    sa.Index("ix_orders_created", "created"),
)  # fmt: skip

order_changes = sa.Table(
    "order_changes",
    metadata,
    sa.Column("id", _Serial, primary_key=True),
    sa.Column("client_id", Words, nullable=False),
    sa.Column("at", _Big, nullable=False),
    sa.Column("before", Words, nullable=False),
    sa.Column("after", Words, nullable=False),
    sa.Column("event", Words, nullable=False),
    _text("reason"),
    _json("data"),
    sa.Index("ix_order_changes_client_id", "client_id"),
    sa.Index("ix_order_changes_at", "at"),
)

fills = sa.Table(
    "fills",
    metadata,
    sa.Column("id", _Serial, primary_key=True),
    sa.Column("account", Words, nullable=False),
    sa.Column("trade_id", Words, nullable=False),
    sa.Column("client_id", Words, nullable=False),
    sa.Column("signal_id", Words, nullable=False),
    sa.Column("deployment", Words, nullable=False),
    sa.Column("symbol", Words, nullable=False),
    sa.Column("side", Words, nullable=False),
    sa.Column("quantity", Exact, nullable=False),
    sa.Column("price", Exact, nullable=False),
    sa.Column("time", _Big, nullable=False),
    sa.Column("fee", Exact, nullable=False),
    _text("fee_currency"),
    _text("price_source"),
    sa.Column("reference_price", Exact),
    sa.UniqueConstraint("account", "trade_id"),
    sa.Index("ix_fills_client_id", "client_id"),
    sa.Index("ix_fills_time", "time"),
)

positions = sa.Table(
    "positions",
    metadata,
    sa.Column("deployment", Words, primary_key=True),
    sa.Column("account", Words, primary_key=True),
    sa.Column("symbol", Words, primary_key=True),
    sa.Column("side", sa.Integer, nullable=False),
    sa.Column("quantity", Exact, nullable=False),  # signed
    sa.Column("average_price", Exact),
    _json("lots"),
    sa.Column("realized", Exact, nullable=False),
    sa.Column("fees", Exact, nullable=False),
    sa.Column("opened", _Big),
    sa.Column("best", Exact),
    sa.Column("worst", Exact),
    _text("timeframe"),
    sa.Column("updated", _Big, nullable=False),
)

trades = sa.Table(
    "trades",
    metadata,
    sa.Column("id", Words, primary_key=True),
    sa.Column("deployment", Words, nullable=False),
    sa.Column("account", Words, nullable=False),
    sa.Column("symbol", Words, nullable=False),
    sa.Column("side", sa.Integer, nullable=False),
    sa.Column("quantity", Exact, nullable=False),
    sa.Column("entry_price", Exact, nullable=False),
    sa.Column("exit_price", Exact, nullable=False),
    sa.Column("entry_time", _Big, nullable=False),
    sa.Column("exit_time", _Big, nullable=False),
    sa.Column("profit", Exact, nullable=False),
    sa.Column("fees", Exact, nullable=False),
    sa.Column("entry_signal", Words, nullable=False),
    sa.Column("exit_signal", Words, nullable=False),
    sa.Column("exit_role", Words, nullable=False),
    sa.Column("best", Exact),
    sa.Column("worst", Exact),
    sa.Index("ix_trades_exit_time", "exit_time"),
    sa.Index("ix_trades_deployment", "deployment", "exit_time"),
)

journal = sa.Table(
    "journal",
    metadata,
    sa.Column("id", _Serial, primary_key=True),
    sa.Column("account", Words, nullable=False),
    sa.Column("at", _Big, nullable=False),
    sa.Column("kind", Words, nullable=False),
    _text("client_id"),
    _json("data"),
    sa.Index("ix_journal_at", "at"),
    sa.Index("ix_journal_client_id", "client_id"),
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", _Serial, primary_key=True),
    sa.Column("channel", Words, nullable=False),
    sa.Column("kind", Words, nullable=False),
    sa.Column("created", _Big, nullable=False),
    _json("event"),
    _text("status", "due"),  # due, sent, failed
    sa.Column("attempts", sa.Integer, nullable=False, default=0, server_default="0"),
    sa.Column("due", _Big, nullable=False),  # not before; while being sent: until when it is somebody's
    _text("owner"),
    _text("error"),
    sa.Column("finished", _Big),
    sa.Index("ix_outbox_due", "due", sqlite_where=sa.text("status = 'due'"),
             postgresql_where=sa.text("status = 'due'")),
    sa.Index("ix_outbox_created", "created"),
)  # fmt: skip

events = sa.Table(  # what happened, also when no channel wants it
    "events",
    metadata,
    sa.Column("id", _Serial, primary_key=True),
    sa.Column("kind", Words, nullable=False),
    sa.Column("severity", Words, nullable=False),
    sa.Column("at", _Big, nullable=False),
    sa.Column("text", Words, nullable=False),
    _text("deployment"),
    _text("account"),
    _text("signal_id"),
    _json("data"),
    sa.Index("ix_events_at", "at"),
    sa.Index("ix_events_account_kind", "account", "kind", "id"),
)

states = sa.Table(
    "states",
    metadata,
    sa.Column("scope", Words, primary_key=True),
    sa.Column("state", Words, nullable=False),
    _text("reason"),
    _text("by"),
    sa.Column("at", _Big, nullable=False),
)

commands = sa.Table(
    "commands",
    metadata,
    sa.Column("id", _Serial, primary_key=True),
    sa.Column("kind", Words, nullable=False),
    sa.Column("account", Words, nullable=False),
    _text("deployment"),
    _text("by"),
    sa.Column("at", _Big, nullable=False),
    _json("data"),
    _text("note"),
    sa.Column("finished", _Big),
    _text("result"),
    sa.Index("ix_commands_waiting", "account", sqlite_where=sa.text("finished IS NULL"),
             postgresql_where=sa.text("finished IS NULL")),
)  # fmt: skip

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", Words, primary_key=True),
    sa.Column("owner", Words, nullable=False),
    sa.Column("epoch", _Big, nullable=False),
    sa.Column("expires", _Big, nullable=False),
)

days = sa.Table(
    "days",
    metadata,
    sa.Column("scope", Words, primary_key=True),
    sa.Column("day", Words, primary_key=True),
    sa.Column("start_equity", Exact),
    sa.Column("realized", Exact, nullable=False),
    sa.Column("entries", sa.Integer, nullable=False),
    sa.Column("trades", sa.Integer, nullable=False),
)

standings = sa.Table(
    "standings",
    metadata,
    sa.Column("scope", Words, primary_key=True),
    sa.Column("peak_equity", Exact),
    sa.Column("realized", Exact, nullable=False),
    sa.Column("last_closed", _Big),
    sa.Column("last_sent", _Big),
)

balances = sa.Table(
    "balances",
    metadata,
    sa.Column("account", Words, primary_key=True),
    sa.Column("currency", Words, nullable=False),
    sa.Column("balance", Exact, nullable=False),
    sa.Column("equity", Exact, nullable=False),
    sa.Column("margin_used", Exact, nullable=False),
    sa.Column("available", Exact, nullable=False),
    sa.Column("time", _Big, nullable=False),
)

equity = sa.Table(  # a point a minute at most, for curves
    "equity",
    metadata,
    sa.Column("account", Words, primary_key=True),
    sa.Column("minute", _Big, primary_key=True),
    sa.Column("equity", Exact, nullable=False),
    sa.Column("balance", Exact, nullable=False),
)

quotes = sa.Table(
    "quotes",
    metadata,
    sa.Column("symbol", Words, primary_key=True),
    sa.Column("price", Exact, nullable=False),
    sa.Column("time", _Big, nullable=False),
    sa.Column("source", Words, nullable=False),
    sa.Column("bid", Exact),
    sa.Column("ask", Exact),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", _Serial, primary_key=True),
    sa.Column("at", _Big, nullable=False),
    sa.Column("by", Words, nullable=False),
    sa.Column("action", Words, nullable=False),
    _text("scope"),
    _text("note"),
    _json("data"),
    sa.Index("ix_audit_at", "at"),
)

# --- the paper account's own book: what a broker would keep ---------------------------

paper_orders = sa.Table(
    "paper_orders",
    metadata,
    sa.Column("account", Words, primary_key=True),
    sa.Column("client_id", Words, primary_key=True),
    sa.Column("venue_id", Words, nullable=False),
    sa.Column("symbol", Words, nullable=False),
    sa.Column("status", Words, nullable=False),
    sa.Column("final", sa.Boolean, nullable=False),
    _json("data"),
    sa.Column("updated", _Big, nullable=False),
    sa.Index("ix_paper_orders_open", "account", sqlite_where=sa.text("final = 0"),
             postgresql_where=sa.text("NOT final")),
)  # fmt: skip

paper_fills = sa.Table(
    "paper_fills",
    metadata,
    sa.Column("account", Words, primary_key=True),
    sa.Column("number", _Big, primary_key=True),  # counts up: a report's cursor
    sa.Column("client_id", Words, nullable=False),
    _json("data"),
    sa.Column("time", _Big, nullable=False),
    sa.Index("ix_paper_fills_client_id", "account", "client_id"),
)

paper_accounts = sa.Table(
    "paper_accounts",
    metadata,
    sa.Column("account", Words, primary_key=True),
    sa.Column("cash", Exact, nullable=False),
    sa.Column("next_number", _Big, nullable=False),
    _json("positions"),  # symbol -> {"quantity", "average_price"}
    sa.Column("seen", _Big, nullable=False, server_default="0"),  # market time up to which prices have been met
)

# --- people ---------------------------------------------------------------------------

users = sa.Table(
    "users",
    metadata,
    sa.Column("name", Words, primary_key=True),
    sa.Column("password", Words, nullable=False),  # argon2id
    sa.Column("role", Words, nullable=False),  # viewer, trader, admin
    sa.Column("created", _Big, nullable=False),
    sa.Column("disabled", sa.Boolean, nullable=False, default=False, server_default=sa.false()),
    sa.Column("failures", sa.Integer, nullable=False, default=0, server_default="0"),
    sa.Column("locked_until", _Big),
)

logins = sa.Table(  # browser sessions; only hashes of their tokens
    "logins",
    metadata,
    sa.Column("hash", Words, primary_key=True),
    sa.Column("user", Words, nullable=False),
    sa.Column("csrf", Words, nullable=False),
    sa.Column("created", _Big, nullable=False),
    sa.Column("expires", _Big, nullable=False),
    sa.Column("seen", _Big, nullable=False),
    _text("remote"),
)

tokens = sa.Table(  # for programs; only hashes
    "tokens",
    metadata,
    sa.Column("hash", Words, primary_key=True),
    sa.Column("name", Words, nullable=False),
    sa.Column("role", Words, nullable=False),
    sa.Column("created", _Big, nullable=False),
    sa.Column("expires", _Big),
    sa.Column("used", _Big),
    _text("by"),
)

one_time_logins = sa.Table(  # only hashes; a row goes when it is used
    "one_time_logins",
    metadata,
    sa.Column("hash", Words, primary_key=True),
    sa.Column("user", Words, nullable=False),
    sa.Column("created", _Big, nullable=False),
    sa.Column("expires", _Big, nullable=False),
)

# --- charts ---------------------------------------------------------------------------

charts = sa.Table(
    "charts",
    metadata,
    sa.Column("deployment", Words, primary_key=True),
    sa.Column("state", Words, nullable=False),
    sa.Column("updated", _Big, nullable=False),
    _text("script"),
    _text("sha256"),
    _text("symbol"),
    _text("timeframe"),
    _text("feed"),
    _text("error"),
    sa.Column("bars", _Big, nullable=False, default=0, server_default="0"),
    sa.Column("last_bar", _Big),
    sa.Column("market_now", _Big),
    sa.Column("price", sa.Float),
    sa.Column("price_at", _Big),
    sa.Column("missing", _Big, nullable=False, default=0, server_default="0"),
    sa.Column("late", _Big, nullable=False, default=0, server_default="0"),
    _text("owner"),
)

chart_alerts = sa.Table(  # every alert that fired or should have; none fires twice
    "chart_alerts",
    metadata,
    sa.Column("deployment", Words, primary_key=True),
    sa.Column("key", Words, primary_key=True),
    sa.Column("kind", Words, nullable=False),
    sa.Column("bar_time", _Big, nullable=False),
    sa.Column("at", _Big, nullable=False),
    _text("title"),
    _text("message"),
    sa.Column("outcome", Words, nullable=False),
    sa.Index("ix_chart_alerts_deployment_at", "deployment", "at"),
)

feed_anchors = sa.Table(  # when each replayed market began, so that it goes on where it is after a restart
    "feed_anchors",
    metadata,
    sa.Column("feed", Words, primary_key=True),
    sa.Column("began", _Big, nullable=False),
    _json("data"),
)

promotions = sa.Table(  # decisions about stages, refused ones too, with what they rest on
    "promotions",
    metadata,
    sa.Column("id", _Serial, primary_key=True),
    sa.Column("deployment", Words, nullable=False),
    sa.Column("before", Words, nullable=False),
    sa.Column("after", Words, nullable=False),
    sa.Column("at", _Big, nullable=False),
    sa.Column("by", Words, nullable=False),
    sa.Column("granted", sa.Boolean, nullable=False),
    _text("note"),
    _json("evidence"),
    sa.Index("ix_promotions_deployment", "deployment", "at"),
)

# --- figures of the system itself -----------------------------------------------------

heartbeats = sa.Table(  # a row per component and month
    "heartbeats",
    metadata,
    sa.Column("component", Words, primary_key=True),
    sa.Column("month", Words, primary_key=True),  # "2026-11"
    sa.Column("last", _Big, nullable=False),
    sa.Column("up_ms", _Big, nullable=False),
    sa.Column("known_ms", _Big, nullable=False),
)

measurements = sa.Table(  # histograms that processes add to: a row per name, label and bucket
    "measurements",
    metadata,
    sa.Column("name", Words, primary_key=True),
    sa.Column("label", Words, primary_key=True),
    sa.Column("le", Words, primary_key=True),  # upper bound in seconds, "+Inf", or "sum"
    sa.Column("count", sa.Float, nullable=False),
)
