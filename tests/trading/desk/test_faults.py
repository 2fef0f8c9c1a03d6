"""Brokers that refuse, do not answer, or tell nothing, double or in the wrong order; stores that fail."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from pinery.adapters.paper.broker import PaperBroker
from pinery.adapters.store import tables
from pinery.adapters.store.views.status import status
from pinery.trading.broker import Capabilities, Quote, Report, ReportKind, Snapshot, VenueOrder
from pinery.trading.deployments import Bracket, Distance, Limits, Unit
from pinery.trading.errors import BrokerError, QueryFailed
from pinery.trading.orders.model import Order, Role, Status
from pinery.trading.signals import EntryType, Source
from tests.trading.desk.brokers import SlowBrackets, SlowReduceOnly
from tests.trading.desk.harness import ETH, D, Trading, demo, run, trading

STOP = Bracket(Distance(Unit.POINTS, D(20)), Distance(Unit.POINTS, D(40)))


def without_protection(capabilities: Capabilities) -> Capabilities:
    return replace(capabilities, protection_with_entry=False)


async def waiting(here: Trading, requests: int) -> None:
    """Until that many orders were handed to the broker, and the last one could not be sent."""

    def unsent() -> bool:
        sent = [request for request in here.faults.requests if request[0] == "submit"]
        last = [order for order in here.orders(Role.ENTRY, Role.EXIT) if order.status is Status.PENDING]
        return len(sent) == requests and len(last) == 1

    await here.settle(until=unsent)


def test_a_refused_entry_takes_its_bracket_along(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=STOP)) as here:
            here.faults.plan("submit", "refused")
            await here.alert(signal="IN", price=2000)
            assert [order.status for order in here.orders(Role.ENTRY)] == [Status.REJECTED]
            assert here.open_orders() == []
            (event,) = here.events("order.rejected")
            assert "the venue says no" in event.text
            assert (await here.alert(signal="IN", price=2000)).outcome == "accepted"
            here.check_books()

    run(scenario())


def test_an_entry_that_could_not_be_sent_is_sent_again_while_it_is_fresh(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=STOP)) as here:
            here.faults.plan("submit", *["not_sent"] * 4)  # the first repetition is at once, others wait
            here.post({"signal": "IN", "price": 2000})
            await waiting(here, 2)
            for tries in (3, 4):
                here.clock.advance(2.1)
                await waiting(here, tries)
            here.clock.advance(2.1)
            await here.settle()
            assert here.position() == 1
            assert len(here.open_orders(Role.STOP)) == 1
            here.check_books()

    run(scenario())


def test_an_entry_that_could_not_be_sent_is_given_up_when_it_is_stale(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=STOP, limits=Limits(max_signal_age=60))) as here:
            here.faults.plan("submit", "not_sent", "not_sent")
            here.post({"signal": "IN", "price": 2000})
            await waiting(here, 2)
            here.clock.advance(61)
            await here.settle()
            (entry,) = here.orders(Role.ENTRY)
            assert (entry.status, entry.code) == (Status.EXPIRED, "BROKER_UNREACHABLE")
            assert here.open_orders() == []
            assert here.position() == 0
            here.check_books()

    run(scenario())


def test_an_exit_is_sent_until_it_gets_there(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=STOP, limits=Limits(max_signal_age=60))) as here:
            await here.alert(signal="IN", price=2000)
            here.faults.plan("submit", *["not_sent"] * 4)
            here.post({"signal": "OUT", "price": 2001})
            await waiting(here, 3)
            for tries in (4, 5):
                here.clock.advance(600)
                await waiting(here, tries)
            here.clock.advance(600)
            await here.settle()
            assert here.position() == 0
            here.check_books()

    run(scenario())


def test_a_reversal_that_is_given_up_still_closes(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=STOP, limits=Limits(max_signal_age=60))) as here:
            await here.alert(signal="IN", price=2000)
            here.faults.plan("submit", "not_sent", "not_sent")
            here.post({"signal": "PUT", "price": 2001})
            await waiting(here, 3)
            here.clock.advance(61)
            await here.settle()
            assert here.position() == 0
            here.check_books()

    run(scenario())


def test_a_reversal_sent_again_closes_no_more_than_is_held(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=STOP)) as here:
            await here.alert(signal="IN", price=2000)
            here.faults.plan("submit", "not_sent", "not_sent")
            here.post({"signal": "PUT", "price": 2001})
            await waiting(here, 3)
            assert here.broker is not None
            await here.broker.price_seen(Quote("BINANCE:ETHUSDT.P", D(1970), here.clock.now(), "alert"))
            await here.settle(until=lambda: here.position() == 0)
            here.clock.advance(3)
            await here.settle()
            assert here.position() == -1
            here.check_books()

    run(scenario())


@pytest.mark.parametrize("fault", ["lost", "unanswered"])
@pytest.mark.parametrize("what", ["entry", "exit", "reversal"])
def test_an_unknown_outcome_is_found_out_and_nothing_is_doubled(tmp_path: Path, fault: str, what: str) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=STOP)) as here:
            if what != "entry":
                await here.alert(signal="IN", price=2000)
            here.faults.plan("submit", fault)
            here.faults.plan("query", "failed", "failed")
            here.post({"signal": {"entry": "IN", "exit": "OUT", "reversal": "PUT"}[what], "price": 2001})
            await here.settle()
            assert here.position() == {"entry": 1, "exit": 0, "reversal": -1}[what]
            assert len([r for r in here.faults.requests if r[0] == "submit"]) <= (2 if what == "entry" else 3)
            here.check_books()

    run(scenario())


@pytest.mark.parametrize("fault", ["lost", "unanswered", "refused", "not_sent"])
def test_a_cancel_that_went_wrong(tmp_path: Path, fault: str) -> None:
    """The next signal waits until it is known what the order is that it replaces."""

    async def scenario() -> None:
        async with trading(tmp_path, demo(entry=EntryType.LIMIT, entry_timeout=None)) as here:
            await here.alert(signal="IN", price=2000, limit_price=1990)
            here.faults.plan("cancel", fault)
            await here.alert(signal="PUT", price=2000, type="market")
            assert here.position() == -1
            assert here.open_orders() == []
            here.check_books()

    run(scenario())


@pytest.mark.parametrize("fault", ["lost", "unanswered", "refused", "not_sent"])
def test_an_amendment_that_went_wrong(tmp_path: Path, fault: str) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(max_entries=3, bracket=STOP)) as here:
            await here.alert(signal="IN", price=2000, quantity=2)
            here.faults.plan("amend", fault)
            await here.alert(signal="OUT", quantity=1, price=2001)
            assert here.position() == 1
            await here.price(1970)
            assert here.position() == 0
            here.check_books()

    run(scenario())


def test_a_position_whose_stop_is_refused_is_closed_at_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=Bracket(STOP.stop)), less=without_protection) as here:
            here.faults.plan("submit", "fine", "refused")
            await here.alert(signal="IN", price=2000)
            assert here.position() == 0
            assert here.events("position.unprotected")
            (last,) = here.signals(Source.PINERY)
            assert last.word == "unprotected"
            assert here.open_orders() == []
            here.check_books()

    run(scenario())


@pytest.mark.parametrize("fault", ["dropped", "repeated", "reversed", "fills_dropped"])
def test_reports_that_get_lost_doubled_or_mixed_up(tmp_path: Path, fault: str) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=STOP)) as here:
            here.faults.in_parts = 3
            here.faults.plan("reports", *[fault] * 30)
            for word in ("IN", "PUT", "OUT", "CALL"):
                here.post({"signal": word, "price": 2000})
                for _ in range(5):
                    await here.settle(until=lambda: True)
            here.faults.planned.clear()
            here.desk._recovery.again()  # type: ignore[union-attr]
            here.clock.advance(10)
            await here.settle()
            here.desk._recovery.again()  # type: ignore[union-attr]
            await here.settle()
            assert here.position() == 1
            here.check_books()

    run(scenario())


def test_a_lost_fill_before_a_cancel_is_found(tmp_path: Path) -> None:
    """The order's end was heard, its fill was not."""

    async def scenario() -> None:
        async with trading(tmp_path, demo(entry=EntryType.LIMIT)) as here:
            here.faults.in_parts = 2
            await here.alert(signal="IN", price=2000, limit_price=1990, quantity=2)
            (order,) = here.open_orders()
            here.faults.plan("reports", "dropped")
            assert here.broker is not None and here.desk is not None
            await here.price(1989)
            here.desk._recovery.again()
            await here.settle()
            assert here.position() == 2
            assert here.order(order.client_id).status is Status.FILLED
            here.check_books()

    run(scenario())


@pytest.mark.parametrize(("told", "killed"), [(True, False), (True, True), (False, True)])
def test_a_lost_part_of_an_order_that_ended_is_found(tmp_path: Path, told: bool, killed: bool) -> None:
    """Its end may tell of more than was heard; the process may die before the order is compared with the broker's."""

    async def scenario() -> None:
        deployment = demo(entry=EntryType.LIMIT, entry_timeout=60)
        async with trading(tmp_path, deployment, kind=SlowReduceOnly) as here:
            here.faults.in_parts = 2
            await here.alert(signal="IN", price=2000, limit_price=1990, quantity=2)
            (order,) = here.open_orders()
            here.faults.plan("reports", "dropped", *([] if told else ["total_untold"]))
            await here.price(1989)
            assert (here.position(), here.venue()) == (0, {ETH: 1})
            if killed:
                here.faults.plan("query", *["failed"] * 1000)
            here.clock.advance(61)
            ended = (order.client_id, "canceled")
            await here.settle(until=lambda: ended in [(row.client_id, row.kind) for row in here.rows(tables.journal)])
            if killed:
                assert here.position() == 0
                assert here.order(order.client_id).status.is_final == (not told)
                here.faults.planned.clear()
                await here.restart()
            await here.settle()
            assert (here.order(order.client_id).status, here.position()) == (Status.CANCELED, 1)
            here.check_books()

    run(scenario())


def test_of_a_position_nothing_is_said_while_the_broker_does_not_answer_about_an_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the account holds differs by the very fill that the order, which has ended, would tell of."""

    async def scenario() -> None:
        deployment = demo(entry=EntryType.LIMIT, entry_timeout=60)
        silent, asked, find = True, 0, PaperBroker.find

        async def found(broker: PaperBroker, order: Order) -> VenueOrder | None:
            nonlocal asked
            asked += 1
            if silent:
                raise QueryFailed("no answer")
            return await find(broker, order)

        monkeypatch.setattr(PaperBroker, "find", found)
        async with trading(tmp_path, deployment, kind=SlowReduceOnly) as here:
            here.faults.in_parts = 2
            await here.alert(signal="IN", price=2000, limit_price=1990, quantity=2)
            (order,) = here.open_orders()
            here.faults.plan("reports", "dropped", "total_untold")
            await here.price(1989)
            here.clock.advance(61)
            await here.settle(until=lambda: here.order(order.client_id).status.is_final)
            here.desk._recovery.again()  # type: ignore[union-attr]
            await here.settle(until=lambda: asked >= 6 or bool(here.events("position.mismatch")))
            assert (here.order(order.client_id).status, here.position()) == (Status.CANCELED, 0)
            assert not here.events("position.mismatch")
            silent = False
            await here.settle()
            assert (here.order(order.client_id).status, here.position()) == (Status.CANCELED, 1)
            here.check_books()

    run(scenario())


def test_what_was_asked_before_a_connection_was_lost_decides_nothing_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stop was hit unheard between the two: there is nothing to close any more."""

    async def scenario() -> None:
        holding, asked, answered, snapshot = False, asyncio.Event(), asyncio.Event(), PaperBroker.snapshot

        async def read(broker: PaperBroker) -> Snapshot:
            found = await snapshot(broker)
            if holding:
                asked.set()
                await answered.wait()
            return found

        monkeypatch.setattr(PaperBroker, "snapshot", read)
        async with trading(tmp_path, demo(bracket=STOP), kind=SlowBrackets) as here:
            await here.alert(signal="IN", price=2000)
            assert here.position() == 1 and here.desk is not None
            holding = True
            here.desk._recovery.again()
            await asked.wait()
            holding = False
            here.faults.plan("reports", "dropped")
            assert here.broker is not None
            await here.broker.price_seen(Quote(ETH, D(1980), here.clock.now(), "alert"))
            assert (here.position(), here.venue()) == (1, {})
            here.desk._reports.append(Report(ReportKind.CONNECTED, here.clock.now()))
            await here.settle(until=lambda: not here.desk._recovery.done)  # type: ignore[union-attr]
            message = here.post({"signal": "OUT", "price": 1981})  # not before: a pass under way would still decide
            answered.set()
            await here.settle()
            assert here.signal_of(message).outcome != "accepted"
            assert here.orders(Role.EXIT) == []
            assert here.position() == 0
            here.check_books()

    run(scenario())


@pytest.mark.parametrize("kind", [SlowReduceOnly, SlowBrackets])
def test_an_entry_whose_only_fill_got_lost_keeps_its_protection(tmp_path: Path, kind: type[PaperBroker]) -> None:
    async def scenario() -> None:
        deployment = demo(entry=EntryType.LIMIT, entry_timeout=60, bracket=STOP)
        async with trading(tmp_path, deployment, kind=kind) as here:
            here.faults.in_parts = 2
            await here.alert(signal="IN", price=2000, limit_price=1990, quantity=2)
            here.faults.plan("reports", "dropped")
            await here.price(1989)
            assert (here.position(), here.venue()) == (0, {ETH: 1})
            here.clock.advance(61)
            await here.settle()
            for _ in range(3):  # what waits a moment for its turn
                here.clock.advance(1)
                await here.settle()
            assert here.position() == 1
            brackets = here.orders(Role.STOP, Role.TARGET)
            assert sorted((o.role, o.remaining, o.status.is_open) for o in brackets) == [
                (Role.STOP, 1, True),
                (Role.TARGET, 1, True),
            ]
            here.check_books()

    run(scenario())


@pytest.mark.parametrize("fault", ["before", "inside", "after"])
@pytest.mark.parametrize("number", range(6))
def test_a_store_that_fails_loses_and_doubles_nothing(tmp_path: Path, fault: str, number: int) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=STOP)) as here:
            await here.alert(signal="IN", price=2000)
            assert here.gate is not None
            here.gate.fails = [""] * number + [fault]
            here.clock.advance(3)
            here.post({"signal": "PUT", "price": 2001})
            await here.settle(until=lambda: not here.gate.fails)  # type: ignore[union-attr]
            here.clock.advance(3)
            await here.settle()
            here.clock.advance(3)
            await here.settle()
            assert here.position() == -1
            here.log.lines = [line for line in here.log.lines if line[1] != "store_failed"]
            here.check_books()

    run(scenario())


def test_a_broker_that_cannot_be_reached_is_told_once_and_shown_until_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=STOP), start=False) as here:
            down, tried, connect = True, 0, PaperBroker.connect

            async def connecting(broker: PaperBroker) -> None:
                nonlocal tried
                tried += 1
                if down:
                    raise BrokerError("maintenance")
                await connect(broker)

            def problems() -> list[str]:
                accounts = {here.account.name: here.account}
                found = here.store.read(lambda tx: status(tx, accounts, {}, lambda _: D(1), here.clock.now()))
                return [problem for problem in found.problems if "broker" in problem]

            monkeypatch.setattr(PaperBroker, "connect", connecting)
            here.start()
            while tried < 4 or not here.events("account.disconnected"):
                await asyncio.sleep(0.001)
            (event,) = here.events("account.disconnected")
            assert event.text == f"{here.account.name}: no connection to the broker: maintenance"
            (problem,) = problems()
            assert problem.startswith(event.text) and "nothing is traded there until it is back" in problem
            down = False
            await here.settle(until=lambda: bool(here.events("account.connected")))
            assert problems() == []
            assert (await here.alert(signal="IN", price=2000)).outcome == "accepted"
            here.check_books()

    run(scenario())


def test_a_broker_that_answers_no_questions_is_told_once_and_shown_until_it_does(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=STOP), start=False) as here:

            def asked() -> int:
                return sum(name == "broker_not_answering" for _, name, _ in here.log.lines)

            async def until(times: int) -> None:
                while asked() < times:
                    await asyncio.sleep(0.001)

            here.faults.plan("query", *["failed"] * 1000)
            here.start()
            message = here.post({"signal": "IN", "price": 2000})
            await until(3)
            assert not here.events("account.disconnected")
            here.clock.advance(30)
            await until(5)
            (event,) = here.events("account.disconnected")
            assert event.text == f"{here.account.name}: the broker does not answer: QueryFailed: no answer"
            here.desk._ledger = None  # type: ignore[union-attr]  # as after a failed transaction: read anew
            here.faults.planned.clear()
            here.clock.advance(10)
            await here.settle(until=lambda: here.position() == 1)
            assert here.signal_of(message).outcome == "accepted"
            assert [event.text for event in here.events("account.connected")][-1].endswith("the broker answers again")
            here.check_books()

    run(scenario())


def test_a_broker_that_answers_no_questions_is_asked_ever_more_rarely(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(), start=False) as here:
            here.faults.plan("query", *["failed"] * 1000)
            here.start()
            began = here.clock.monotonic()
            while here.clock.monotonic() - began < 60:
                here.clock.advance(0.05)
                await asyncio.sleep(0.001)
            asked = sum(name == "broker_not_answering" for _, name, _ in here.log.lines)
            assert 10 <= asked <= 22  # six quick ones, then every five seconds
            here.faults.planned.clear()

    run(scenario())
