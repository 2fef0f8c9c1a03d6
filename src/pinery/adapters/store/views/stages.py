"""What is measured of a deployment at its stage: evidence for the next one."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

import sqlalchemy as sa

from pinery.adapters.store import tables as t
from pinery.adapters.store.figures.trades import closed
from pinery.adapters.store.views.connection import connection as sql
from pinery.trading.deployments import Deployment
from pinery.trading.figures import performance
from pinery.trading.orders.model import Status
from pinery.trading.signals import Source
from pinery.trading.stages.measures import DAY_MS, Measured
from pinery.trading.store import MessageStatus, Tx

#: What a person or a rule of Pinery gives is no alert.
_SENT_IN = (Source.WEBHOOK.value, Source.CHART.value)
_PATIENCE_US = 2_000_000  # a message that has waited for less may still be decided in time


def measure(tx: Tx, deployment: Deployment, since: int, now: int, accounts: Collection[str]) -> Measured:
    """What happened at the stage that ``deployment`` reached at ``since``; times in Unix ms.

    ``accounts``: names of those whose trades count. Trades at a simulator say nothing, nor do those in an account of
    which nobody knows any more what it was.
    """
    connection = sql(tx)
    alerts, delivered = _alerts(connection, deployment.name, since, now)
    alerts += _missed(connection, deployment.name, since)
    trades = [
        trade
        for trade in closed(connection, deployment.name, since)
        if trade.entry_time >= since and trade.account in accounts
    ]
    figures = performance(deployment.name, trades)
    return Measured(
        since=since,
        until=now,
        alerts=alerts,
        delivered=delivered,
        latencies=_latencies(connection, deployment.name, since),
        unknown_orders=_unknown(connection, deployment.name),
        mismatches=_told(connection, "position.mismatch", t.events.c.account == deployment.account,
                         max(since, now - DAY_MS)),
        unprotected=_told(connection, "position.unprotected", t.events.c.deployment == deployment.name, since),
        trades=figures.trades,
        wins=figures.wins,
        gross_profit=figures.gross_profit,
        gross_loss=figures.gross_loss,
        max_drawdown=figures.max_drawdown,
        capital=_capital(connection, deployment.account, since),
    )  # fmt: skip


def _alerts(connection: sa.Connection, deployment: str, since: int, now: int) -> tuple[int, int]:
    """How many came, without repetitions, and how many of them became a decision."""
    i = t.inbox.c
    query = sa.select(i.status, sa.func.count().label("number")).where(
        i.deployment == deployment,
        i.source.in_(_SENT_IN),
        i.received_us >= since * 1000,
        i.status != MessageStatus.DUPLICATE.value,
        sa.or_(i.status != MessageStatus.NEW.value, i.received_us < now * 1000 - _PATIENCE_US),
    )
    counts = {row.status: row.number for row in connection.execute(query.group_by(i.status))}
    return sum(counts.values()), counts.get(MessageStatus.DONE.value, 0)


def _missed(connection: sa.Connection, deployment: str, since: int) -> int:
    """Alerts of the deployment's chart that fired for nobody."""
    a = t.chart_alerts.c
    query = sa.select(sa.func.count()).where(a.deployment == deployment, a.outcome == "missed", a.at >= since)
    return int(connection.execute(query).scalar_one())


def _latencies(connection: sa.Connection, deployment: str, since: int) -> tuple[float, ...]:
    s, i = t.signals.c, t.inbox.c
    received = sa.func.coalesce(i.received_us, s.received * 1000)
    query = (
        sa.select((s.sent_us - received).label("took"))
        .select_from(t.signals.outerjoin(t.inbox, i.id == s.message_id))
        .where(s.deployment == deployment, s.source.in_(_SENT_IN), s.received >= since, s.sent_us.is_not(None))
    )
    return tuple(sorted(max(0, int(took)) / 1e6 for took in connection.execute(query).scalars()))


def _unknown(connection: sa.Connection, deployment: str) -> int:
    o = t.orders.c
    query = sa.select(sa.func.count()).where(o.deployment == deployment, o.status == Status.UNKNOWN.value)
    return int(connection.execute(query).scalar_one())


def _told(connection: sa.Connection, kind: str, whose: sa.ColumnElement[bool], since: int) -> int:
    e = t.events.c
    query = sa.select(sa.func.count()).where(e.kind == kind, whose, e.at >= since)
    return int(connection.execute(query).scalar_one())


def _capital(connection: sa.Connection, account: str, since: int) -> Decimal | None:
    """The account's equity at ``since``: the last point before it, else the first one after."""
    e = t.equity.c
    mine = sa.select(e.equity).where(e.account == account).limit(1)
    before = mine.where(e.minute <= since).order_by(e.minute.desc())
    after = mine.where(e.minute > since).order_by(e.minute)
    for query in (before, after):
        found: Decimal | None = connection.execute(query).scalar()
        if found is not None:
            return found
    return None
