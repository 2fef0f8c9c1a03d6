"""What is so now: backlogs, states, positions, money, open orders. All of it is short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from pinery.adapters.store import tables as t
from pinery.trading.figures import Backlog, Held, Money

# Conditions as text: with a parameter in it, the databases could not see that a partial index holds all of this.
_INBOX = (
    sa.select(t.inbox.c.deployment, sa.func.count(), sa.func.min(t.inbox.c.received_us))
    .where(sa.text("status = 'new'"))
    .group_by(t.inbox.c.deployment)
)
_OUTBOX = (
    sa.select(t.outbox.c.channel, sa.func.count(), sa.func.min(t.outbox.c.created))
    .where(sa.text("status = 'due'"))
    .group_by(t.outbox.c.channel)
)


def inbox(connection: sa.Connection, now: int) -> Mapping[str, Backlog]:
    rows = connection.execute(_INBOX)
    return {name: Backlog(count, max(0.0, now / 1e3 - oldest / 1e6)) for name, count, oldest in rows}


def outbox(connection: sa.Connection, now: int) -> Mapping[str, Backlog]:
    rows = connection.execute(_OUTBOX)
    return {name: Backlog(count, max(0.0, (now - oldest) / 1e3)) for name, count, oldest in rows}


def open_orders(connection: sa.Connection) -> Mapping[tuple[str, str], float]:
    o = t.orders.c
    unfinished = sa.text("final = 0" if connection.dialect.name == "sqlite" else "NOT final")
    statement = sa.select(o.account, o.status, sa.func.count()).where(unfinished).group_by(o.account, o.status)
    return {(account, status): count for account, status, count in connection.execute(statement)}


def states(connection: sa.Connection) -> Mapping[str, str]:
    return {row.scope: row.state for row in connection.execute(sa.select(t.states.c.scope, t.states.c.state))}


def positions(connection: sa.Connection) -> Sequence[Held]:
    p = t.positions.c
    statement = sa.select(p.deployment, p.account, p.symbol, p.quantity, p.realized)
    return [
        Held(row.deployment, row.account, row.symbol, float(row.quantity), float(row.realized))
        for row in connection.execute(statement)
    ]


def accounts(connection: sa.Connection) -> Sequence[Money]:
    b = t.balances.c
    statement = sa.select(b.account, b.currency, b.balance, b.equity, b.margin_used)
    return [
        Money(row.account, row.currency, float(row.balance), float(row.equity), float(row.margin_used))
        for row in connection.execute(statement)
    ]
