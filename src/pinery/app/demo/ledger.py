"""Whether what the demo did hangs together, by what is in the store."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import sqlalchemy as sa

from pinery.adapters.store.database import SqlStore
from pinery.adapters.store.tables import fills, inbox, orders, positions, trades
from pinery.adapters.store.views.connection import connection
from pinery.trading.orders.model import Role, Side, Status
from pinery.trading.store import MessageStatus, Tx

_RESTING = (Status.SUBMITTED.value, Status.WORKING.value, Status.PARTIALLY_FILLED.value)


def protected(store: SqlStore) -> bool:
    """There is a position, and each one has a stop and a target that rest at the broker."""

    def work(tx: Tx) -> bool:
        held = connection(tx).execute(sa.select(positions).where(positions.c.side != 0)).all()
        working = connection(tx).execute(
            sa.select(orders.c.deployment, orders.c.symbol, orders.c.role).where(
                orders.c.status.in_(_RESTING), orders.c.reduce_only
            )
        )
        found = {(row.deployment, row.symbol, row.role) for row in working}
        return bool(held) and all(
            (row.deployment, row.symbol, role) in found for row in held for role in (Role.STOP, Role.TARGET)
        )

    return store.read(work)


def repeated_alike(store: SqlStore, deployment: str) -> bool | None:
    """Whether messages that came more than once led to one signal each; None: none did yet."""
    query = (
        sa.select(sa.func.count(sa.distinct(sa.func.nullif(inbox.c.signal_id, ""))).label("signals"))
        .where(inbox.c.deployment == deployment, inbox.c.status.not_in([MessageStatus.NEW, MessageStatus.UNPARSED]))
        .group_by(inbox.c.body)
        .having(sa.func.count() > 1)
    )
    counts = store.read(lambda tx: [row.signals for row in connection(tx).execute(query)])
    return all(count == 1 for count in counts) if counts else None


def faults(store: SqlStore) -> list[str]:
    """Sentences on what does not fit."""
    return store.read(_faults)


def _faults(tx: Tx) -> list[str]:
    found = []
    held: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    by_order: dict[str, Decimal] = defaultdict(Decimal)
    for fill in connection(tx).execute(sa.select(fills)):
        sign = 1 if fill.side == Side.BUY else -1
        held[fill.deployment, fill.symbol] += sign * fill.quantity
        by_order[fill.client_id] += fill.quantity
    for row in connection(tx).execute(sa.select(positions)):
        quantity = held.pop((row.deployment, row.symbol), Decimal(0))
        if quantity != row.quantity:
            found.append(f"{row.deployment} holds {row.quantity} {row.symbol}, by its fills it is {quantity}")
    found += [f"{name} has fills of {symbol} and no position" for (name, symbol), left in held.items() if left]
    for order in connection(tx).execute(sa.select(orders.c.client_id, orders.c.filled)):
        if by_order.pop(order.client_id, Decimal(0)) != order.filled:
            found.append(f"order {order.client_id} says that {order.filled} were filled, its fills say otherwise")
    found += [f"fills of {name}, which is no order" for name in by_order]
    for trade in connection(tx).execute(sa.select(trades)):
        if trade.exit_time < trade.entry_time or trade.quantity <= 0:
            found.append(f"trade {trade.id} ends before it begins, or is empty")
    return found
