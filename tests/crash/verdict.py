"""What is in the store after a storm, next to what should be."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

import sqlalchemy as sa

from pinery.adapters.store import tables as t
from pinery.adapters.store.database import SqlStore
from tests.crash.ledger import expect
from tests.crash.storm import Storm


def wait_until_done(store: SqlStore, seconds: float = 240) -> None:
    """Until every alert is decided and every order has come to an end. ``seconds``: without any alert decided."""
    waiting = sa.select(sa.func.count()).select_from(t.inbox).where(t.inbox.c.status == "new")
    working = sa.select(sa.func.count()).select_from(t.orders)
    working = working.where(~t.orders.c.final, t.orders.c.role.in_(["entry", "exit"]))
    end = time.monotonic() + seconds
    left, least = (-1, -1), float("inf")
    while time.monotonic() < end:
        left = store.read(
            lambda tx: (tx.connection.execute(waiting).scalar_one(), tx.connection.execute(working).scalar_one())
        )
        if left == (0, 0):
            return
        if left[0] < least:
            least, end = left[0], time.monotonic() + seconds
        time.sleep(0.2)
    raise AssertionError(f"after {seconds} s without any news {left[0]} alerts wait and {left[1]} orders work")


@dataclass
class GivenUp:
    """Alerts, by deployment, that opened nothing since they had become too old, which the test has to expect."""

    denied: set[tuple[str, str]] = field(default_factory=set)  # at once
    unsent: set[tuple[str, str]] = field(default_factory=set)  # when their entry was to be sent
    unsent_reversals: set[tuple[str, str]] = field(default_factory=set)  # the same, and what was held is closed

    def __len__(self) -> int:
        return len(self.denied) + len(self.unsent) + len(self.unsent_reversals)

    def left_of(self, name: str, bodies: list[str]) -> list[str]:
        """What the alerts of a deployment come to."""
        gone = self.denied | self.unsent
        close = json.dumps({"signal": "OUT"})
        kept = (body for body in bodies if (name, body) not in gone)
        # Closing is no repetition of an earlier closing.
        return [f"{close}{' ' * i}" if (name, body) in self.unsent_reversals else body for i, body in enumerate(kept)]


def given_up(store: SqlStore) -> GivenUp:
    s, o, i = t.signals, t.orders, t.inbox
    denied = sa.select(i.c.deployment, i.c.body).join(s, s.c.message_id == i.c.id).where(s.c.code == "STALE")
    unsent = sa.select(i.c.deployment, i.c.body, o.c.closes).join(s, s.c.message_id == i.c.id)
    unsent = unsent.join(o, o.c.signal_id == s.c.id).where(o.c.role == "entry", o.c.status == "expired")
    found = GivenUp()
    found.denied = {tuple(row) for row in store.read(lambda tx: tx.connection.execute(denied).all())}
    for name, body, closes in store.read(lambda tx: tx.connection.execute(unsent).all()):
        (found.unsent_reversals if Decimal(closes) else found.unsent).add((name, body))
    for _, body in found.denied | found.unsent | found.unsent_reversals:
        fields = json.loads(body)
        assert fields.get("signal") != "OUT" and fields.get("market_position") != "flat", (
            f"an exit was given up: {body}"
        )
    return found


def check(store: SqlStore, storm: Storm, given_up: GivenUp | None = None) -> dict[str, int]:
    """Raises AssertionError for an alert that was lost or doubled. Returns how much there was of everything."""
    given_up = given_up or GivenUp()
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
        expected = expect(given_up.left_of(name, bodies))
        signals, denied, moves = store.read(lambda tx, name=name: _signals(tx.connection, name))
        assert signals == len(set(bodies)), f"{name}: {len(set(bodies))} alerts became {signals} signals"
        too_old = ["STALE"] * sum(owner == name for owner, _ in given_up.denied)
        assert denied == too_old, f"{name}: denied for {denied}"
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
    count = connection.execute(
        sa.select(sa.func.count()).select_from(s).where(s.c.deployment == name, s.c.message_id.is_not(None))
    ).scalar_one()
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
