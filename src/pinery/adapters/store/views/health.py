"""What a look for faults asks: who holds what, how alerts came, what could not be delivered."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from pinery.adapters.store.owner import is_dead
from pinery.adapters.store.tables import inbox, leases, outbox, signals
from pinery.adapters.store.views.connection import connection
from pinery.trading.signals import Source
from pinery.trading.store import MessageStatus, Tx


@dataclass(frozen=True, slots=True)
class LeaseView:
    """``held``: its owner lives, as far as known, and its time has not run out."""

    name: str
    owner: str
    expires: int  # Unix ms
    held: bool


def all_leases(tx: Tx, now: int) -> dict[str, LeaseView]:
    """By name."""
    rows = connection(tx).execute(sa.select(leases.c.name, leases.c.owner, leases.c.expires))
    return {
        row.name: LeaseView(
            row.name, row.owner, row.expires, bool(row.owner) and row.expires > now and not is_dead(row.owner)
        )
        for row in rows
    }


def alert_times(tx: Tx, deployment: str, since: int, limit: int) -> list[int]:
    """When alerts came through the webhook (Unix ms), oldest first, without repetitions; at most the last ``limit``."""
    query = (
        sa.select(inbox.c.received_us)
        .where(
            inbox.c.deployment == deployment,
            inbox.c.source == Source.WEBHOOK.value,
            inbox.c.status != MessageStatus.DUPLICATE.value,
            inbox.c.received_us >= since * 1000,
        )
        .order_by(inbox.c.received_us.desc())
        .limit(limit)
    )
    return sorted(received // 1000 for received in connection(tx).execute(query).scalars())


def first_alert(tx: Tx, deployment: str) -> int | None:
    """When the oldest alert that is kept came (Unix ms)."""
    query = sa.select(sa.func.min(inbox.c.received_us)).where(
        inbox.c.deployment == deployment, inbox.c.source == Source.WEBHOOK.value
    )
    oldest = connection(tx).execute(query).scalar()
    return None if oldest is None else int(oldest) // 1000


def travel_times(tx: Tx, since: int, limit: int) -> list[int]:
    """ms from sending, by the sender's clock, to receipt, by ours: of the last alerts that say when they were sent."""
    query = (
        sa.select(signals.c.signal, signals.c.received)
        .where(signals.c.source == Source.WEBHOOK.value, signals.c.received >= since)
        .order_by(signals.c.received.desc())
        .limit(limit)
    )
    rows = connection(tx).execute(query).all()
    return [row.received - row.signal["sent"] for row in rows if row.signal.get("sent") is not None]


def failed_deliveries(tx: Tx, since: int) -> dict[str, tuple[int, str]]:
    """channel -> (how many notifications were given up, the last error)."""
    query = sa.select(outbox.c.channel, outbox.c.error).where(outbox.c.status == "failed", outbox.c.created >= since)
    found: dict[str, tuple[int, str]] = {}
    for row in connection(tx).execute(query.order_by(outbox.c.id)):
        found[row.channel] = (found.get(row.channel, (0, ""))[0] + 1, row.error)
    return found
