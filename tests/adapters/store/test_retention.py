from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from pinery.adapters.store import tables as t
from pinery.adapters.store.database import SqlStore
from pinery.adapters.store.retention import apply
from pinery.trading.broker import Balance
from pinery.trading.events import Event
from pinery.trading.orders.model import OrderChange, Status
from pinery.trading.store import Command, CommandKind, Decision, MessageStatus, Outcome
from tests.adapters.store.samples import DAY, fill, message, order, position, signal, trade

NOW = 1000 * DAY
MONTH_AGO, HALF_YEAR_AGO, TWO_YEARS_AGO = NOW - 30 * DAY, NOW - 180 * DAY, NOW - 730 * DAY


def fill_store(store: SqlStore, at: int, name: str, *, final: bool = True) -> None:
    """All that a signal leaves, at one time."""

    def work(tx) -> None:
        (number,) = tx.inbox.add([replace(message(), received_us=at * 1000)])
        tx.inbox.finish(number, MessageStatus.DONE, name)
        tx.signals.add(signal(name, at, f"id:{name}"), Decision(Outcome.ACCEPTED), "paper", at * 1000)
        client_id = f"pn-{name}-e0"
        status = Status.FILLED if final else Status.WORKING
        tx.orders.put([order(client_id, status=status, created=at, signal=name)])
        tx.orders.note([OrderChange(client_id, at, Status.PENDING, Status.SUBMITTED, "submit")])
        tx.fills.add(fill(f"t-{name}", client_id, at), order(client_id, signal=name))
        tx.trades.add([trade(f"t-{name}/0", at)])
        tx.journal.add("paper", "report", at, {}, client_id)
        tx.outbox.add([Event("test", at, name)], lambda event: ("log",))
        tx.commands.finish(tx.commands.add(Command(CommandKind.RECONCILE, "paper", "ann", at)), at, "done")
        tx.audit.add(at, "ann", "halt", "all", "", {})

    store.write(work)


def left(store: SqlStore, column: sa.Column) -> list[object]:
    return list(store.read(lambda tx: tx.connection.execute(sa.select(column).order_by(column)).scalars()))


def test_details_go_first_and_what_is_needed_stays(store: SqlStore) -> None:
    fill_store(store, TWO_YEARS_AGO, "held")
    fill_store(store, TWO_YEARS_AGO, "working", final=False)
    fill_store(store, TWO_YEARS_AGO, "old")
    fill_store(store, HALF_YEAR_AGO, "half")
    fill_store(store, MONTH_AGO, "new")
    held = position(client_id="pn-held-e0", signal="held")
    waiting = replace(message(), received_us=TWO_YEARS_AGO * 1000)
    store.write(lambda tx: (tx.positions.put(held), tx.inbox.add([waiting])))

    counts = apply(store, NOW, batch=2)

    assert left(store, t.signals.c.id) == ["half", "held", "new", "working"]
    assert left(store, t.orders.c.client_id) == ["pn-half-e0", "pn-held-e0", "pn-new-e0", "pn-working-e0"]
    assert left(store, t.fills.c.trade_id) == ["t-half", "t-held", "t-new", "t-working"]
    assert left(store, t.trades.c.id) == ["t-half/0", "t-new/0"]
    assert left(store, t.order_changes.c.client_id) == ["pn-held-e0", "pn-new-e0", "pn-working-e0"]
    assert left(store, t.journal.c.client_id) == ["pn-held-e0", "pn-new-e0", "pn-working-e0"]
    assert left(store, t.events.c.at) == [MONTH_AGO]
    assert left(store, t.audit.c.at) == [HALF_YEAR_AGO, MONTH_AGO]
    assert left(store, t.commands.c.at) == [MONTH_AGO]
    assert left(store, t.inbox.c.signal_id) == ["", "held", "new", "working"]
    assert len(left(store, t.outbox.c.id)) == 5  # none of them is sent yet
    assert store.read(lambda tx: tx.positions.of("paper")) == [held]
    assert counts["signals"] == 1
    assert counts["journal"] == 2
    assert sum(apply(store, NOW).values()) == 0


def test_deliveries_that_ended_go(store: SqlStore) -> None:
    store.write(lambda tx: tx.outbox.add([Event("test", TWO_YEARS_AGO, "x")] * 3, lambda event: ("log",)))
    claimed = store.write(lambda tx: tx.outbox.claim("me", NOW, 1, 10, ["log"]))
    store.write(lambda tx: (tx.outbox.sent(claimed[0].id, NOW), tx.outbox.give_up(claimed[1].id, NOW, "x")))
    assert apply(store, NOW)["outbox"] == 2
    assert left(store, t.outbox.c.id) == [claimed[2].id]


def test_numbers_are_not_given_twice(store: SqlStore) -> None:
    add = replace(message(), received_us=TWO_YEARS_AGO * 1000)
    ids = store.write(lambda tx: tx.inbox.add([add] * 3))
    store.write(lambda tx: [tx.inbox.finish(number, MessageStatus.UNPARSED) for number in ids])
    assert apply(store, NOW)["inbox"] == 2
    assert store.write(lambda tx: tx.inbox.add([add])) > ids[-1:]


def test_curves_of_long_ago_keep_a_point_per_hour(store: SqlStore) -> None:
    from decimal import Decimal

    start = HALF_YEAR_AGO // (DAY // 24) * (DAY // 24)
    for minute in (0, 1, 59, 60, 61):
        point = Balance("USD", Decimal(minute), Decimal(1), Decimal(1), Decimal(1), start + minute * 60_000)
        store.write(lambda tx, p=point: tx.standings.put_balance("paper", p))
    apply(store, NOW)
    assert left(store, t.equity.c.minute) == [start + 59 * 60_000, start + 61 * 60_000]
