"""What is old goes: details after three months, what was decided and traded after a year, what is unfinished never.

Rows go in small batches, each a transaction of its own, so that nothing else waits for long.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from pinery.adapters.store import tables as t
from pinery.adapters.store.database import SqlStore
from pinery.adapters.store.transaction import SqlTx

_DAY_MS = 86_400_000
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class _Needed:
    """What a position held or an unfinished order still refers to."""

    orders: Sequence[str]  # client ids
    signals: Sequence[str]


def apply(
    store: SqlStore, now: int, detail_days: int = 92, summary_days: int = 365, batch: int = 500
) -> dict[str, int]:
    """Deletes what is older than that; returns how many rows of each table went. ``now`` in Unix ms."""
    detail = now - detail_days * _DAY_MS
    summary = now - max(summary_days, detail_days) * _DAY_MS
    needed = store.read(_needed)
    counts: dict[str, int] = {}
    for table, is_old in _rules(detail, summary, now, needed):
        counts[table.name] = _delete(store, table, is_old, batch)
    return counts


def _rules(detail: int, summary: int, now: int, needed: _Needed) -> Iterator[tuple[sa.Table, sa.ColumnElement[bool]]]:
    """Which rows of which table go. Details of an order that is still needed stay with it."""
    yield t.journal, (t.journal.c.at < detail) & t.journal.c.client_id.not_in(needed.orders)
    yield t.order_changes, (t.order_changes.c.at < detail) & t.order_changes.c.client_id.not_in(needed.orders)
    yield (
        t.inbox,
        (t.inbox.c.received_us < detail * 1000)
        & (t.inbox.c.status != "new")
        & t.inbox.c.signal_id.not_in(needed.signals),
    )
    yield t.outbox, (t.outbox.c.created < detail) & (t.outbox.c.status != "due")
    yield t.events, t.events.c.at < detail
    yield t.commands, (t.commands.c.at < detail) & t.commands.c.finished.is_not(None)
    yield t.logins, t.logins.c.expires < now
    yield t.equity, _all_but_last_of_hour(detail)
    yield t.equity, t.equity.c.minute < summary
    yield t.signals, (t.signals.c.received < summary) & t.signals.c.id.not_in(needed.signals)
    yield t.fills, (t.fills.c.time < summary) & t.fills.c.client_id.not_in(needed.orders)
    yield (
        t.orders,
        t.orders.c.final
        & (t.orders.c.created < summary)
        & (t.orders.c.updated < summary)
        & t.orders.c.client_id.not_in(needed.orders),
    )
    yield t.trades, t.trades.c.exit_time < summary
    yield t.chart_alerts, (t.chart_alerts.c.at < summary) & t.chart_alerts.c.outcome.not_in(("due", "catching_up"))
    yield t.days, t.days.c.day < datetime.fromtimestamp(summary / 1000, UTC).date().isoformat()
    yield t.audit, t.audit.c.at < summary
    yield t.paper_fills, (t.paper_fills.c.time < summary) & t.paper_fills.c.client_id.not_in(needed.orders)
    yield (
        t.paper_orders,
        t.paper_orders.c.final
        & (t.paper_orders.c.updated < summary)
        & t.paper_orders.c.client_id.not_in(needed.orders),
    )


def _all_but_last_of_hour(before: int) -> sa.ColumnElement[bool]:
    """A curve of more than three months ago needs no minutes."""
    later = t.equity.alias()
    hour_ends = t.equity.c.minute - t.equity.c.minute % _HOUR_MS + _HOUR_MS
    return (t.equity.c.minute < before) & sa.exists().where(
        later.c.account == t.equity.c.account, later.c.minute > t.equity.c.minute, later.c.minute < hour_ends
    )


def _needed(tx: SqlTx) -> _Needed:
    orders: set[str] = set()
    signals: set[str] = set()
    for row in tx.connection.execute(
        sa.select(t.orders.c.client_id, t.orders.c.parent, t.orders.c.signal_id).where(~t.orders.c.final)
    ):
        orders.update(name for name in (row.client_id, row.parent) if name)
        signals.add(row.signal_id)
    for lots in tx.connection.execute(sa.select(t.positions.c.lots).where(t.positions.c.side != 0)).scalars():
        orders.update(lot["client_id"] for lot in lots)
        signals.update(lot["signal_id"] for lot in lots)
    open_at_paper = sa.select(t.paper_orders.c.client_id).where(~t.paper_orders.c.final)
    orders.update(tx.connection.execute(open_at_paper).scalars())
    return _Needed(sorted(orders), sorted(signals))


def _delete(store: SqlStore, table: sa.Table, is_old: sa.ColumnElement[bool], batch: int) -> int:
    keys = list(table.primary_key)
    if keys[0].name == "id" and isinstance(keys[0].type, sa.BigInteger):
        # SQLite gives out the number after the highest in the table: that one stays, so that none is given twice.
        is_old = is_old & (keys[0] < sa.select(sa.func.max(keys[0])).scalar_subquery())
    old = sa.select(*keys).where(is_old).limit(batch)
    statement = sa.delete(table).where(sa.tuple_(*keys).in_(old) if len(keys) > 1 else keys[0].in_(old))

    def one_batch(tx: SqlTx) -> int:
        deleted: sa.CursorResult[Any] = tx.connection.execute(statement)
        return deleted.rowcount

    total = 0
    while True:
        count = store.write(one_batch)
        total += count
        if count < batch:
            return total
