"""Histograms that processes add to, and heartbeats that become uptime."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from pinery.adapters.store.tables import heartbeats, measurements
from pinery.trading.figures import LATENCY, Histogram, Uptime

#: A longer silence between two heartbeats was a failure.
SILENCE_MS = 15_000

SUM = "sum"


def add(connection: sa.Connection, rows: Iterable[tuple[str, str, str, float]]) -> None:
    """Adds counts: ``(name, label, le, count)``, with le an upper bound in seconds, "+Inf" or "sum"."""
    # Sorted: processes that add to the same rows in one order cannot block each other.
    values = [{"name": name, "label": label, "le": le, "count": n} for name, label, le, n in sorted(rows)]
    if not values:
        return
    insert = _insert(connection, measurements)
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["name", "label", "le"], set_={"count": measurements.c["count"] + insert.excluded["count"]}
        ),
        values,
    )


def measured(connection: sa.Connection) -> Mapping[tuple[str, str], Histogram]:
    """Bounds are those that the rows have: they may change from version to version."""
    rows: dict[tuple[str, str], dict[str, float]] = {}
    m = measurements.c
    for row in connection.execute(sa.select(m.name, m.label, m.le, m["count"].label("number"))):
        rows.setdefault((row.name, row.label), {})[row.le] = row.number
    return {key: _histogram(buckets) for key, buckets in sorted(rows.items())}


def _histogram(counts: Mapping[str, float]) -> Histogram:
    known = {float(le): count for le, count in counts.items() if le not in (SUM, "+Inf")}
    bounds = tuple(sorted({*known, *LATENCY}))
    return Histogram(bounds, [*(known.get(b, 0.0) for b in bounds), counts.get("+Inf", 0.0)], counts.get(SUM, 0.0))


def beat(connection: sa.Connection, component: str, now: int) -> None:
    """Counts the time since the component's last beat: as up, or, after a silence, as down. Split at months' ends."""
    h = heartbeats.c
    month = _month(now)
    insert = _insert(connection, heartbeats)
    nothing = {"component": component, "month": month, "last": 0, "up_ms": 0, "known_ms": 0}
    connection.execute(insert.on_conflict_do_nothing(), nothing)
    # The row of this month is the lock of the component.
    connection.execute(sa.select(h.last).where(h.component == component, h.month == month).with_for_update())
    last = connection.execute(sa.select(sa.func.max(h.last)).where(h.component == component)).scalar_one()
    if last >= now:  # another process of the component was faster, or the clock went back
        return
    if last:
        up = now - last <= SILENCE_MS
        for name, share in _by_month(last, now):
            row = {"component": component, "month": name, "last": 0, "up_ms": 0, "known_ms": 0}
            connection.execute(_insert(connection, heartbeats).on_conflict_do_nothing(), row)
            connection.execute(
                sa.update(heartbeats)
                .where(h.component == component, h.month == name)
                .values(known_ms=h.known_ms + share, up_ms=h.up_ms + (share if up else 0))
            )
    connection.execute(sa.update(heartbeats).where(h.component == component, h.month == month).values(last=now))


def uptimes(connection: sa.Connection, now: int, month: str | None = None) -> Sequence[Uptime]:
    """By component and month, all months by default. A silence that lasts counts already."""
    h = heartbeats.c
    statement = sa.select(heartbeats).order_by(h.component, h.month)
    if month is not None:
        statement = statement.where(h.month == month)
    result = []
    for row in connection.execute(statement):
        silent = now - row.last if row.month == _month(now) and row.last and now - row.last > SILENCE_MS else 0
        result.append(Uptime(row.component, row.month, row.up_ms, row.known_ms + silent, row.last))
    return result


def _by_month(start: int, end: int) -> Iterable[tuple[str, int]]:
    """How many ms of the time from ``start`` to ``end`` are in which month."""
    while start < end:
        moment = datetime.fromtimestamp(start / 1000, UTC)
        year, number = (moment.year + 1, 1) if moment.month == 12 else (moment.year, moment.month + 1)
        until = min(end, int(datetime(year, number, 1, tzinfo=UTC).timestamp()) * 1000)
        yield _month(start), until - start
        start = until


def _month(at: int) -> str:
    return f"{datetime.fromtimestamp(at // 1000, UTC):%Y-%m}"


def _insert(connection: sa.Connection, table: sa.Table) -> Any:
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)
