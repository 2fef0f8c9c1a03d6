"""What is written is read again, by another transaction, the same on both databases."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import pytest
import sqlalchemy as sa

from pinery.adapters.store import tables
from pinery.adapters.store.database import SqlStore
from pinery.core.errors import InternalError
from pinery.trading.broker import Balance, Quote
from pinery.trading.errors import LeaseLost
from pinery.trading.events import Event
from pinery.trading.orders.model import Order, OrderChange, Status
from pinery.trading.store import (
    Command,
    CommandKind,
    Day,
    Decision,
    MessageStatus,
    Outcome,
    Standing,
    StateRow,
    TradingState,
)
from tests.adapters.store.samples import fill, message, order, position, signal, trade


def test_inbox_gives_what_waits_in_the_order_of_receipt(store: SqlStore) -> None:
    late, early, other, future = message(3), message(1), message(2, "other"), message(9)
    ids = store.write(lambda tx: tx.inbox.add([late, early, other, future]))
    assert sorted(set(ids)) == ids
    found = store.read(lambda tx: tx.inbox.pending(["demo", "absent"], 10, 9000))
    assert found == [replace(early, id=ids[1]), replace(late, id=ids[0])]
    assert store.read(lambda tx: tx.inbox.pending(["demo", "other"], 2, 9000)) == [
        replace(early, id=ids[1]),
        replace(other, id=ids[2]),
    ]
    assert store.read(lambda tx: tx.inbox.pending([], 10, 9000)) == []

    store.write(lambda tx: tx.inbox.finish(ids[1], MessageStatus.DUPLICATE, "s1", "of s1"))
    assert store.read(lambda tx: tx.inbox.pending(["demo"], 10, 9000)) == [replace(late, id=ids[0])]
    done = store.read(lambda tx: tx.inbox.get(ids[1]))
    assert done is not None
    assert (done.status, done.signal_id, done.note, done.body) == (MessageStatus.DUPLICATE, "s1", "of s1", "IN")
    assert store.read(lambda tx: tx.inbox.get(10**9)) is None


def test_what_waits_is_given_up_and_what_is_decided_is_not(store: SqlStore) -> None:
    late, early, other, done = message(3), message(1), message(2, "other"), message(4)
    ids = store.write(lambda tx: tx.inbox.add([late, early, other, done]))

    def work(tx):
        tx.inbox.finish(ids[3], MessageStatus.DONE, "s1")
        return tx.inbox.give_up(["demo", "absent"], "gone")

    ended = store.write(work)
    gone = {"status": MessageStatus.UNCLAIMED, "note": "gone"}
    assert ended == [replace(early, id=ids[1], **gone), replace(late, id=ids[0], **gone)]
    assert store.read(lambda tx: tx.inbox.get(ids[0])) == ended[1]
    assert store.read(lambda tx: tx.inbox.waiting()) == {"other"}
    kept = store.read(lambda tx: tx.inbox.get(ids[3]))
    assert kept is not None and kept.status is MessageStatus.DONE
    assert store.write(lambda tx: tx.inbox.give_up(["demo"], "again")) == []
    assert store.write(lambda tx: tx.inbox.give_up([], "nobody")) == []


@pytest.mark.parametrize("body", ["", "a\0b", "half \ud83d pair", "\U0001f600 \u0430\r\n", "x" * 150_000])
def test_any_text_is_kept(store: SqlStore, body: str) -> None:
    (number,) = store.write(lambda tx: tx.inbox.add([message(body=body)]))
    kept = store.read(lambda tx: tx.inbox.get(number))
    assert kept is not None
    assert kept.body == body.replace("\0", "\ufffd").replace("\ud83d", "\ufffd")
    said = replace(signal(), word=body, comment=body)
    store.write(lambda tx: tx.signals.add(said, Decision(Outcome.NOTHING, reason=body), "paper", 1))
    again = store.read(lambda tx: tx.signals.get("s1"))
    assert again == said


def test_signals_are_found_by_key_within_a_time(store: SqlStore) -> None:
    steps = (("risk", "passed", "margin 5%"), ("size", "1", ""))
    decision = Decision(Outcome.DENIED, "STALE", "301 s old", steps)
    for name, received in (("s1", 1000), ("s2", 2000)):
        store.write(lambda tx, n=name, r=received: tx.signals.add(signal(n, r, "body:x"), decision, "paper", r * 1000))
    assert store.read(lambda tx: tx.signals.find("demo", "body:x", 0)) == "s2"
    assert store.read(lambda tx: tx.signals.find("demo", "body:x", 1999)) == "s2"
    assert store.read(lambda tx: tx.signals.find("demo", "body:x", 2000)) is None
    assert store.read(lambda tx: tx.signals.find("other", "body:x", 0)) is None
    assert store.read(lambda tx: tx.signals.get("s1")) == signal("s1", 1000, "body:x")
    assert store.read(lambda tx: tx.signals.get("s3")) is None


def test_stamps_keep_the_first_time(store: SqlStore) -> None:
    store.write(lambda tx: tx.signals.add(signal(), Decision(Outcome.ACCEPTED), "paper", 1))
    store.write(lambda tx: tx.signals.stamp("s1", sent_us=10))
    store.write(lambda tx: tx.signals.stamp("s1", sent_us=11, filled_us=20))
    columns = sa.select(tables.signals.c.sent_us, tables.signals.c.filled_us)
    assert store.read(lambda tx: tx.connection.execute(columns).one()) == (10, 20)


def test_orders_are_replaced_and_leave_the_unfinished_when_final(store: SqlStore) -> None:
    first, second = order("pn-s1-e0", created=2), order("pn-s1-s0", created=1)
    store.write(lambda tx: tx.orders.put([first, second]))
    assert store.read(lambda tx: tx.orders.unfinished("paper")) == [second, first]
    assert store.read(lambda tx: tx.orders.unfinished("other")) == []
    filled = replace(first, status=Status.FILLED, filled=Decimal("1.50"), average_price=Decimal("4100.123456789012345"))
    store.write(lambda tx: tx.orders.put([filled]))
    assert store.read(lambda tx: tx.orders.unfinished("paper")) == [second]
    again = store.read(lambda tx: tx.orders.get("pn-s1-e0"))
    assert again == filled
    assert str(again.average_price) == "4100.123456789012345"
    assert store.read(lambda tx: tx.orders.get("pn-nobody")) is None
    store.write(lambda tx: tx.orders.put([]))


def test_orders_that_ended_not_wholly_filled_are_found_the_latest_first(store: SqlStore) -> None:
    def ended(name: str, status: Status, updated: int, filled: str = "0", submitted: int | None = 1) -> Order:
        change = {"filled": Decimal(filled), "updated": updated, "submitted": submitted}
        return replace(order(name, status=status), **change)

    old, part = ended("pn-1-s0", Status.CANCELED, 5), ended("pn-2-e0", Status.EXPIRED, 9, "0.5")
    others = [
        ended("pn-3-e0", Status.FILLED, 10, "1.5"),  # the same number as "1.50"
        ended("pn-4-e0", Status.SUBMITTED, 11),
        ended("pn-5-e0", Status.DENIED, 12, submitted=None),
        ended("pn-6-e0", Status.REJECTED, 13),
    ]
    store.write(lambda tx: tx.orders.put([old, part, *others]))
    assert store.read(lambda tx: tx.orders.unfilled("paper")) == [part, old]
    assert store.read(lambda tx: tx.orders.unfilled("other")) == []


def test_history_of_orders_keeps_every_step(store: SqlStore) -> None:
    changes = [
        OrderChange("pn-s1-e0", 1, Status.PENDING, Status.SUBMITTED, "submit"),
        OrderChange("pn-s1-e0", 2, Status.SUBMITTED, Status.REJECTED, "reject", "no money", {"code": "-2019"}),
    ]
    store.write(lambda tx: tx.orders.note(changes))
    rows = store.read(lambda tx: tx.connection.execute(sa.select(tables.order_changes)).all())
    assert [(row.at, row.after, row.event, row.data) for row in rows] == [
        (1, "submitted", "submit", {}),
        (2, "rejected", "reject", {"code": "-2019"}),
    ]


def test_a_fill_counts_once_per_account(store: SqlStore) -> None:
    assert store.write(lambda tx: tx.fills.add(fill(), order()))
    assert not store.write(lambda tx: tx.fills.add(fill(), order()))
    assert store.write(lambda tx: tx.fills.add(fill(), replace(order(), account="other")))


def test_positions_and_trades(store: SqlStore) -> None:
    held = position()
    store.write(lambda tx: tx.positions.put(held))
    assert store.read(lambda tx: tx.positions.of("paper")) == [held]
    flat = replace(held, side=0, lots=(), realized=Decimal("-0.10"), opened=None, best=Decimal("1E+3"))
    store.write(lambda tx: tx.positions.put(flat))
    assert store.read(lambda tx: tx.positions.of("paper")) == [flat]
    assert store.read(lambda tx: tx.positions.of("other")) == []
    store.write(lambda tx: tx.trades.add([trade(), trade("t1/1")]))
    store.write(lambda tx: tx.trades.add([trade()]))
    assert store.read(lambda tx: tx.connection.execute(sa.select(sa.func.count(tables.trades.c.id))).scalar()) == 2


def test_journal_keeps_what_venues_said(store: SqlStore) -> None:
    data = {"price": Decimal("1.10"), "legs": [1, None, True], "text": "\0"}
    store.write(lambda tx: tx.journal.add("paper", "report", 7, data, "pn-s1-e0"))
    row = store.read(lambda tx: tx.connection.execute(sa.select(tables.journal)).one())
    assert row.data == {"price": "1.10", "legs": [1, None, True], "text": "\0"}
    assert (row.account, row.kind, row.at, row.client_id) == ("paper", "report", 7, "pn-s1-e0")


def test_events_are_kept_and_delivered_once_per_channel(store: SqlStore) -> None:
    event = Event("order.filled", 10, "bought 1", "demo", "paper", "s1", {"price": "4100.25"})
    quiet = Event("test", 11, "nobody wants this")
    store.write(lambda tx: tx.outbox.add([event, quiet], lambda e: ("log", "mail") if e is event else ()))
    kinds = sa.select(tables.events.c.kind, tables.events.c.severity).order_by(tables.events.c.id)
    assert store.read(lambda tx: tx.connection.execute(kinds).all()) == [("order.filled", "info"), ("test", "info")]

    def claim(now: int, owner: str = "me", channels: tuple[str, ...] = ("log", "mail"), limit: int = 10):
        return store.write(lambda tx: tx.outbox.claim(owner, now, 1000, limit, channels))

    assert claim(9) == []
    assert claim(10, channels=()) == []
    (log,) = claim(10, channels=("log",))
    assert (log.channel, log.event, log.attempts) == ("log", event, 1)
    (mail,) = claim(11, "other")
    assert mail.channel == "mail"
    store.write(lambda tx: tx.outbox.sent(log.id, 12))
    store.write(lambda tx: tx.outbox.retry(mail.id, 500, "no answer"))
    assert claim(499) == []
    (again,) = claim(500)
    assert (again.id, again.attempts) == (mail.id, 2)
    # The process that claimed it dies: another gets it when the lease ends.
    assert claim(1499) == []
    (third,) = claim(1500)
    assert third.attempts == 3
    store.write(lambda tx: tx.outbox.give_up(third.id, 1600, "no such address"))
    assert claim(10**9) == []


def test_states_and_commands(store: SqlStore) -> None:
    row = StateRow("account:paper", TradingState.HALTED, "by hand", "ann", 1)
    store.write(lambda tx: tx.states.set(row))
    later = replace(row, state=TradingState.ACTIVE, reason="")
    store.write(lambda tx: tx.states.set(later))
    assert store.read(lambda tx: tx.states.all()) == {"account:paper": later}

    first = Command(CommandKind.FLATTEN, "paper", "ann", 1, note="now")
    second = Command(CommandKind.CANCEL, "paper", "ann", 2, data={"client_id": "pn-s1-e0"})
    one, two = (store.write(lambda tx, c=c: tx.commands.add(c)) for c in (first, second))
    assert store.read(lambda tx: tx.commands.pending("paper")) == [replace(first, id=one), replace(second, id=two)]
    store.write(lambda tx: tx.commands.finish(one, 5, "flat"))
    assert store.read(lambda tx: tx.commands.pending("paper")) == [replace(second, id=two)]
    assert store.read(lambda tx: tx.commands.pending("other")) == []


def test_standings(store: SqlStore) -> None:
    def write_all(profit: Decimal) -> None:
        def work(tx):
            tx.standings.put_day(Day("account:paper", "2026-11-22", Decimal(100), profit, 2, 1))
            tx.standings.put_standing(Standing("account:paper", Decimal(120), profit, 5, 6))
            tx.standings.put_balance("paper", Balance("USD", Decimal(1), profit, Decimal(3), Decimal(4), 60_001))
            tx.standings.put_quote(Quote("CME_MINI:ESZ2026", profit, 7, "feed", bid=Decimal("4100.00")))

        store.write(work)

    assert store.read(lambda tx: tx.standings.day("x", "2026-11-22")) == Day("x", "2026-11-22")
    assert store.read(lambda tx: tx.standings.standing("x")) == Standing("x")
    assert store.read(lambda tx: tx.standings.balance("x")) is None
    for profit in (Decimal("-1.5"), Decimal("2.25")):
        write_all(profit)
        assert store.read(lambda tx: tx.standings.day("account:paper", "2026-11-22")).realized == profit
        assert store.read(lambda tx: tx.standings.standing("account:paper")).realized == profit
        assert store.read(lambda tx: tx.standings.balance("paper")).equity == profit
        assert store.read(lambda tx: tx.standings.quotes())["CME_MINI:ESZ2026"].price == profit
    curve = store.read(lambda tx: tx.connection.execute(sa.select(tables.equity)).all())
    assert curve == [("paper", 60_000, Decimal("2.25"), Decimal(1))]


def test_audit(store: SqlStore) -> None:
    store.write(lambda tx: tx.audit.add(1, "ann", "halt", "all", "storm", {"before": "active"}))
    assert store.read(lambda tx: tx.connection.execute(sa.select(tables.audit)).one())[1:] == (
        1, "ann", "halt", "all", "storm", {"before": "active"},
    )  # fmt: skip


def test_a_lease_has_one_owner_and_epochs_rise(store: SqlStore) -> None:
    def acquire(owner: str, now: int):
        return store.write(lambda tx: tx.leases.acquire("account:paper", owner, now, 1000))

    first = acquire("h/b/1/1", 0)
    assert (first.epoch, first.expires) == (1, 1000)
    assert acquire("h/b/2/1", 999) is None
    assert acquire("h/b/1/1", 500).epoch == 1
    renewed = store.write(lambda tx: tx.leases.renew(first, 900, 1000))
    assert renewed.expires == 1900
    store.write(lambda tx: tx.leases.check(first))
    second = acquire("h/b/2/1", 1900)
    assert second.epoch == 2
    for work in (lambda tx: tx.leases.check(first), lambda tx: tx.leases.renew(first, 1901, 1000)):
        with pytest.raises(LeaseLost):
            store.write(work)
    store.write(lambda tx: tx.leases.release(first))  # not its own any more: nothing happens
    store.write(lambda tx: tx.leases.check(second))
    store.write(lambda tx: tx.leases.release(second))
    assert acquire("h/b/1/1", 1902).epoch == 3


def test_who_has_a_lease_waits_while_it_is_held_off(store: SqlStore) -> None:
    lease = store.write(lambda tx: tx.leases.acquire("account:paper", "h/b/1/1", 0, 1000))
    held, order = threading.Event(), []

    def other(tx) -> None:
        tx.leases.hold_off("account:paper")
        held.set()
        time.sleep(0.2)
        order.append("held off")

    def desk(tx) -> None:
        tx.leases.check(lease)
        order.append("checked")

    with ThreadPoolExecutor() as pool:
        first = pool.submit(store.write, other)
        assert held.wait(20)
        pool.submit(store.write, desk).result(20)
        first.result(20)
    assert order == ["held off", "checked"]
    store.write(lambda tx: tx.leases.hold_off("account:nobody"))  # nobody has it


def test_a_write_that_raises_leaves_nothing(store: SqlStore) -> None:
    def work(tx) -> None:
        tx.inbox.add([message()])
        raise KeyError("x")

    with pytest.raises(KeyError):
        store.write(work)
    assert store.read(lambda tx: tx.inbox.pending(["demo"], 10, 10**9)) == []


def test_a_read_sees_one_moment(store: SqlStore) -> None:
    def work(tx) -> tuple[int, int]:
        before = len(tx.inbox.pending(["demo"], 10, 10**9))
        store.write(lambda other: other.inbox.add([message()]))
        return before, len(tx.inbox.pending(["demo"], 10, 10**9))

    assert store.read(work) == (0, 0)
    assert store.read(work)[0] == 1


def test_a_wrong_use_is_told_from_a_broken_store(store: SqlStore) -> None:
    store.write(lambda tx: tx.signals.add(signal(), Decision(Outcome.ACCEPTED), "paper", 1))
    with pytest.raises(InternalError):
        store.write(lambda tx: tx.signals.add(signal(), Decision(Outcome.ACCEPTED), "paper", 1))
    store.write(lambda tx: tx.inbox.add([message()]))
