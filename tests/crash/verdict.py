"""What is in the store after a storm, next to what should be."""

from __future__ import annotations

import time
from collections import defaultdict
from decimal import Decimal

import sqlalchemy as sa

from pinery.adapters.store import tables as t
from pinery.adapters.store.database import SqlStore
from tests.crash.ledger import expect
from tests.crash.storm import Storm


def wait_until_done(store: SqlStore, seconds: float = 90) -> None:
    """Until every alert is decided and every order has come to an end."""
    waiting = sa.select(sa.func.count()).select_from(t.inbox).where(t.inbox.c.status == "new")
    working = sa.select(sa.func.count()).select_from(t.orders)
    working = working.where(~t.orders.c.final, t.orders.c.role.in_(["entry", "exit"]))
    end = time.monotonic() + seconds
    left: tuple[int, int] = (-1, -1)
    while time.monotonic() < end:
        left = store.read(
            lambda tx: (tx.connection.execute(waiting).scalar_one(), tx.connection.execute(working).scalar_one())
        )
        if left == (0, 0):
            return
        time.sleep(0.2)
    raise AssertionError(f"after {seconds} s {left[0]} alerts wait and {left[1]} orders work")


def check(store: SqlStore, storm: Storm) -> dict[str, int]:
    """Raises AssertionError for an alert that was lost or doubled. Returns how much there was of everything."""
    counts: dict[str, int] = defaultdict(int)
    by_account: dict[str, Decimal] = defaultdict(Decimal)
    held = {(p.account, p.deployment): p.quantity for a in ("one", "two") for p in store.read(_positions(a))}
    assert not storm.refused, f"answers that no sender should get: {storm.refused[:3]}"
    for number, name in enumerate(storm.place.tokens):
        account = "one" if number % 2 else "two"
        rows = store.read(
            lambda tx, name=name: tx.connection.execute(
                sa.select(t.inbox).where(t.inbox.c.deployment == name).order_by(t.inbox.c.received_us, t.inbox.c.id)
            ).all()
        )
        bodies = [row.body for row in rows]
        lost = storm.acknowledged[name] - set(bodies)
        assert not lost, f"{name}: {len(lost)} alerts were acknowledged and are not there: {sorted(lost)[:2]}"
        statuses = {row.status for row in rows}
        assert statuses <= {"done", "duplicate"}, f"{name}: {statuses}"
        expected = expect(bodies)
        signals, denied, moves = store.read(lambda tx, name=name: _signals(tx.connection, name))
        assert signals == len(set(bodies)), f"{name}: {len(set(bodies))} alerts became {signals} signals"
        assert denied == [], f"{name}: denied for {denied}"
        assert moves == expected.moves, f"{name}: the executed orders are not those that were asked for"
        assert held.get((account, name), Decimal(0)) == expected.position
        by_account[account] += expected.position
        counts["alerts"] += len(set(bodies))
        counts["sendings"] += len(bodies)
        counts["acknowledged"] += len(storm.acknowledged[name])
        counts["orders"] += expected.orders
    for account, position in by_account.items():
        at_venue = store.read(lambda tx, account=account: _venue(tx.connection, account))
        assert at_venue == position, f"account {account} holds {at_venue} at the broker, not {position}"
    return dict(counts)


def _positions(account: str):  # type: ignore[no-untyped-def]
    return lambda tx: tx.positions.of(account)


def _signals(connection: sa.Connection, name: str) -> tuple[int, list[str], list[Decimal]]:
    """How many signals, codes of the denied ones, and the signed quantity of each executed order in their order."""
    s, f, o = t.signals, t.fills, t.orders
    count = connection.execute(sa.select(sa.func.count()).select_from(s).where(s.c.deployment == name)).scalar_one()
    denied = connection.execute(sa.select(s.c.code).where(s.c.deployment == name, s.c.outcome == "denied")).scalars()
    filled = connection.execute(
        sa.select(f.c.client_id, f.c.side, f.c.quantity)
        .join(o, o.c.client_id == f.c.client_id)
        .where(f.c.deployment == name)
        .order_by(f.c.id)
    ).all()
    moves: dict[str, Decimal] = defaultdict(Decimal)
    for client_id, side, quantity in filled:
        moves[client_id] += quantity if side == "buy" else -quantity
    return count, list(denied), list(moves.values())


def _venue(connection: sa.Connection, account: str) -> Decimal:
    """What the paper venue's own book says, by its own fills."""
    f = t.paper_fills
    data = connection.execute(sa.select(f.c.data).where(f.c.account == account)).scalars().all()
    return sum((Decimal(d["quantity"]) * (1 if d["side"] == "buy" else -1) for d in data), Decimal(0))
