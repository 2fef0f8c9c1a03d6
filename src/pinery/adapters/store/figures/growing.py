"""What is counted over tables that grow: messages, signals, fills, ends of orders, events."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from pinery.adapters.store import tables as t
from pinery.adapters.store.figures.counting import Running
from pinery.trading.figures import SLIPPAGE, Histogram
from pinery.trading.orders.model import Role, Side, Status
from pinery.trading.store import MessageStatus, Outcome

Pairs = Counter[tuple[str, str]]


def messages() -> Running[Pairs]:
    i = t.inbox.c
    select = sa.select(i.id, i.id.label("position"), (i.received_us // 1000).label("at"), i.deployment, i.status)

    def count(total: Pairs, row: Any) -> None:
        total[row.deployment, row.status] += 1

    return Running(select, i.id, i.id, Counter, count, lambda row: row.status != MessageStatus.NEW)


@dataclass(slots=True)
class Signals:
    outcomes: Pairs = field(default_factory=Counter)
    denials: Pairs = field(default_factory=Counter)
    decided: Histogram = field(default_factory=Histogram)
    sent: Histogram = field(default_factory=Histogram)
    filled: Histogram = field(default_factory=Histogram)


def signals() -> Running[Signals]:
    s = t.signals.c
    select = sa.select(
        s.id,
        s.decided_us.label("position"),
        (s.decided_us // 1000).label("at"),
        s.deployment,
        s.outcome,
        s.code,
        s.received,
        s.decided_us,
        s.sent_us,
        s.filled_us,
    )

    def count(total: Signals, row: Any) -> None:
        total.outcomes[row.deployment, row.outcome] += 1
        if row.outcome == Outcome.DENIED:
            total.denials[row.deployment, row.code] += 1
        for histogram, moment in (
            (total.decided, row.decided_us),
            (total.sent, row.sent_us),
            (total.filled, row.filled_us),
        ):
            if moment is not None:
                histogram.observe(max(0.0, moment / 1e6 - row.received / 1e3))

    def complete(row: Any) -> bool:
        return row.outcome != Outcome.ACCEPTED or (row.sent_us is not None and row.filled_us is not None)

    return Running(select, s.id, s.decided_us, Signals, count, complete)


@dataclass(slots=True)
class Fills:
    fills: Pairs = field(default_factory=Counter)  # deployment, side
    orders: Counter[tuple[str]] = field(default_factory=Counter)  # deployment
    partly: Counter[tuple[str]] = field(default_factory=Counter)
    order_fill: dict[tuple[str], Histogram] = field(default_factory=dict)
    slippage: dict[tuple[str], Histogram] = field(default_factory=dict)
    slippage_price: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)


def fills() -> Running[Fills]:
    f, o, earlier = t.fills.c, t.orders.c, t.fills.alias()
    before = (
        sa.select(sa.func.count())
        .select_from(earlier)
        .where(earlier.c.client_id == f.client_id, earlier.c.id < f.id)
        .scalar_subquery()
    )
    select = sa.select(
        f.id,
        f.id.label("position"),
        f.time.label("at"),
        f.deployment,
        f.symbol,
        f.side,
        f.price,
        f.reference_price,
        o.type,
        o.role,
        o.submitted,
        o.first_filled,
        before.label("before"),
    ).select_from(t.fills.outerjoin(t.orders, o.client_id == f.client_id))

    return Running(select, f.id, f.id, Fills, _count_fill)


def _count_fill(total: Fills, row: Any) -> None:
    total.fills[row.deployment, row.side] += 1
    if row.before == 0:
        total.orders[(row.deployment,)] += 1
        # Protection rests until its price comes: how long says nothing.
        waited_for_price = row.role is None or Role(row.role).protects
        if not waited_for_price and row.submitted is not None and row.first_filled is not None:
            histogram = total.order_fill.setdefault((row.type,), Histogram())
            histogram.observe(max(0, row.first_filled - row.submitted) / 1000)
    elif row.before == 1:
        total.partly[(row.deployment,)] += 1
    expected: Decimal | None = row.reference_price
    if expected:
        worse = float((row.price - expected) * Side(row.side).sign)
        total.slippage.setdefault((row.side,), Histogram(SLIPPAGE)).observe(worse / float(abs(expected)))
        number, sum_ = total.slippage_price.get((row.symbol, row.side), (0.0, 0.0))
        total.slippage_price[row.symbol, row.side] = number + 1, sum_ + worse


def order_ends() -> Running[Pairs]:
    c, o = t.order_changes.c, t.orders.c
    ends = [status.value for status in Status if status.is_final]
    select = (
        sa.select(c.id, c.id.label("position"), c.at, o.deployment, c.after)
        .select_from(t.order_changes.join(t.orders, o.client_id == c.client_id))
        .where(c.after.in_(ends), c.before != c.after)
    )

    def count(total: Pairs, row: Any) -> None:
        total[row.deployment, row.after] += 1

    return Running(select, c.id, c.id, Counter, count)


def events() -> Running[Pairs]:
    e = t.events.c
    select = sa.select(e.id, e.id.label("position"), e.at, e.kind, e.severity)

    def count(total: Pairs, row: Any) -> None:
        total[row.kind, row.severity] += 1

    return Running(select, e.id, e.id, Counter, count)
