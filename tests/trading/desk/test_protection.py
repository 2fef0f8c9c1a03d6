"""How long a position may be without its stop, at brokers that leave its protection to the desk.

Bounds are of the test's own clock, which stands still while anything is under way: what is asserted is how long the
desk waits by itself, from the moment that it was told. The time that requests take comes on top:

- stop and target leave with the pass that hears of the fill, their sizes follow with the pass that hears of the next;
- a refused stop, or one that ended at the venue: a new one, or the exit, leaves with the pass that hears of it;
- a stop that could not be sent is tried again every half second; after ten the position is closed;
- a stop of unknown outcome is asked for at once and every second; after thirty it counts as none;
- what nobody told of is found by the next comparison: every two minutes, and after each reconnection.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pinery.adapters.paper.broker import PaperBroker
from pinery.trading.broker import Quote, Report, VenueOrder
from pinery.trading.deployments import Bracket, Distance, Unit
from pinery.trading.desk.desk import Pace
from pinery.trading.errors import QueryFailed
from pinery.trading.orders.model import Order, OrderType, Role, Side, Status
from pinery.trading.signals import EntryType, Source
from pinery.trading.store import CommandKind
from tests.trading.desk.brokers import Brackets, ReduceOnly, SlowBrackets, SlowReduceOnly
from tests.trading.desk.harness import ETH, Clock, D, Planned, Trading, demo, run, trading

STOP = Bracket(Distance(Unit.POINTS, D(20)), Distance(Unit.POINTS, D(40)))
KINDS = [ReduceOnly, Brackets]


class Skewed(ReduceOnly):
    """Fills carry the venue's time, which is not ours."""

    skew = 0  # ms

    async def reports(self) -> AsyncIterator[Report]:
        async for report in super().reports():
            fill = report.fill
            yield report if fill is None else replace(report, fill=replace(fill, time=fill.time + self.skew))


class Behind(Skewed):
    skew = -60_000


class Ahead(Skewed):
    skew = 60_000


class Choosy(Planned):
    """Faults for what is asked about certain orders only: by the last letters of their client ids."""

    def __init__(self, *letters: str) -> None:
        super().__init__()
        self.letters = letters

    async def before(self, what: str, client_id: str) -> None:
        if client_id.rpartition("-")[2][0] in self.letters:
            await super().before(what, client_id)

    async def after(self, what: str, client_id: str) -> None:
        if client_id.rpartition("-")[2][0] in self.letters:
            await super().after(what, client_id)


class Bare:
    """How long the venue held a position with less of a stop than its size, by the test's clock."""

    def __init__(self, here: Trading) -> None:
        self.here = here
        self.since: int | None = None
        self.longest = 0

    def look(self) -> None:
        held = sum(self.here.venue().values(), D(0))
        stops = [o for o in self.here.venue_orders().values() if o.type is OrderType.STOP]
        covered = sum((o.remaining for o in stops if o.side.sign * held < 0), D(0))
        now = self.here.clock.now()
        if abs(held) <= covered:
            self.since = None
            return
        self.since = now if self.since is None else self.since
        self.longest = max(self.longest, now - self.since)


async def passes(here: Trading) -> None:
    """Until everything that can be done without waiting is done."""
    quiet, tried = 0, 0
    while quiet < 3:
        tried += 1
        assert tried < 300, here.under_way()
        await here.settle(until=lambda: True)
        desk = here.desk
        assert desk is not None
        under_way = desk._reports or desk._out - here.faults.holding or desk._recovery._task or desk._recovery._answers
        quiet = 0 if under_way else quiet + 1


async def wait(here: Trading, bare: Bare, seconds: float) -> None:
    await passes(here)
    bare.look()
    for _ in range(int(seconds * 10)):
        here.clock.advance(0.1)
        await passes(here)
        bare.look()


@asynccontextmanager
async def at(
    folder: Path, kind: type[PaperBroker], faults: Planned | None = None, **changes: Any
) -> AsyncIterator[Any]:
    deployment = replace(demo(bracket=STOP), **changes)
    async with trading(folder, deployment, start=False, clock=Clock(speed=0), kind=kind) as here:
        here.pace = Pace(retry=0.01)
        if faults is not None:
            here.faults = faults
        here.start()
        bare = Bare(here)
        await wait(here, bare, 0.2)
        yield here, bare


async def release(here: Trading) -> None:
    """What is held goes on."""
    here.faults.released.set()
    while here.faults.holding:
        await asyncio.sleep(0.001)


def resting(here: Trading, role: Role) -> list[Any]:
    wanted = OrderType.STOP if role is Role.STOP else OrderType.LIMIT
    return [order for order in here.venue_orders().values() if order.type is wanted]


async def market(here: Trading, price: int) -> None:
    """The price moves; nothing is told of it but what it fills."""
    assert here.broker is not None
    await here.broker.price_seen(Quote(ETH, D(price), here.clock.now(), "alert"))


@pytest.mark.parametrize("kind", KINDS)
def test_stop_and_target_rest_with_the_fill(tmp_path: Path, kind: type[PaperBroker]) -> None:
    async def scenario() -> None:
        async with at(tmp_path, kind) as (here, bare):
            here.post({"signal": "IN", "price": 2000})
            await wait(here, bare, 0.5)
            assert bare.longest == 0
            assert [o.quantity for o in resting(here, Role.STOP)] == [1]
            assert [o.quantity for o in resting(here, Role.TARGET)] == [1]

    run(scenario())


@pytest.mark.parametrize("kind", [SlowReduceOnly, SlowBrackets])
def test_protection_follows_later_fills_and_a_canceled_rest(tmp_path: Path, kind: type[PaperBroker]) -> None:
    async def scenario() -> None:
        async with at(tmp_path, kind, entry=EntryType.LIMIT, entry_timeout=60) as (here, bare):
            here.faults.in_parts = 3
            await market(here, 2000)
            here.post({"signal": "IN", "price": 2000, "limit_price": 1995, "quantity": 3})
            await wait(here, bare, 0.2)
            for price, held in ((1994, 1), (1993, 2)):
                await market(here, price)
                await wait(here, bare, 0.2)
                assert here.position() == held
                assert bare.longest == 0
            await wait(here, bare, 61)
            (stop,), (target,) = resting(here, Role.STOP), resting(here, Role.TARGET)
            assert (here.position(), stop.remaining, target.remaining) == (2, 2, 2)
            assert bare.longest == 0

    run(scenario())


def test_a_fill_heard_while_the_stop_is_being_amended_is_covered_right_after(tmp_path: Path) -> None:
    """Also where the regular look at positions falls into that moment."""

    async def scenario() -> None:
        async with at(tmp_path, SlowReduceOnly, entry=EntryType.LIMIT) as (here, bare):
            here.faults.in_parts = 3
            await market(here, 2000)
            here.post({"signal": "IN", "price": 2000, "limit_price": 1995, "quantity": 3})
            await wait(here, bare, 0.2)
            await market(here, 1994)
            await wait(here, bare, 0.2)
            here.faults.plan("amend", "held")
            await market(here, 1993)
            await passes(here)
            here.clock.advance(here.pace.watch)
            await market(here, 1992)
            await passes(here)
            assert [(o.remaining, here.position()) for o in resting(here, Role.STOP)] == [(1, 3)]
            await release(here)
            await passes(here)
            assert [o.remaining for o in resting(here, Role.STOP)] == [3]

    run(scenario())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("price", [1979, 2041])
def test_one_fills_and_its_sibling_goes(tmp_path: Path, kind: type[PaperBroker], price: int) -> None:
    async def scenario() -> None:
        async with at(tmp_path, kind) as (here, bare):
            here.post({"signal": "IN", "price": 2000})
            await wait(here, bare, 0.2)
            await market(here, price)
            await wait(here, bare, 0.1)
            assert here.venue() == {}
            assert here.venue_orders() == {}
            here.check_books()

    run(scenario())


@pytest.mark.parametrize("kind", KINDS)
def test_both_siblings_are_met_before_one_can_be_canceled(tmp_path: Path, kind: type[PaperBroker]) -> None:
    """With unlinked orders that may open: what the second one opens is closed at once."""

    async def scenario() -> None:
        async with at(tmp_path, kind, Choosy("s", "t")) as (here, bare):
            here.post({"signal": "IN", "price": 2000})
            await wait(here, bare, 0.2)
            for order in here.open_orders(Role.STOP):  # lost there; the new one is nobody's sibling
                await here.broker.cancel(order)
            await wait(here, bare, 0.2)
            here.faults.plan("cancel", "held", "held")
            await market(here, 2041)
            await market(here, 1979)
            await wait(here, bare, 0.1)
            await release(here)
            await wait(here, bare, 1.5)
            assert here.venue() == {}
            assert here.venue_orders() == {}
            assert here.position() == 0
            here.check_books()

    run(scenario())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("word", ["OUT", "PUT"])
def test_a_refused_exit_leaves_the_position_protected(tmp_path: Path, kind: type[PaperBroker], word: str) -> None:
    async def scenario() -> None:
        async with at(tmp_path, kind, Choosy("x", "e")) as (here, bare):
            here.post({"signal": "IN", "price": 2000})
            await wait(here, bare, 0.2)
            here.faults.plan("submit", "refused")
            here.post({"signal": word, "price": 2001})
            await wait(here, bare, 0.5)
            assert here.position() == 1
            assert bare.longest == 0
            assert [o.remaining for o in resting(here, Role.STOP)] == [1]
            assert [(o.remaining, o.limit_price) for o in resting(here, Role.TARGET)] == [(1, 2040)]
            here.check_books()

    run(scenario())


@pytest.mark.parametrize("kind", KINDS)
def test_part_of_a_position_is_closed(tmp_path: Path, kind: type[PaperBroker]) -> None:
    async def scenario() -> None:
        async with at(tmp_path, kind) as (here, bare):
            here.post({"signal": "IN", "price": 2000, "quantity": 3})
            await wait(here, bare, 0.2)
            here.post({"signal": "OUT", "price": 2001, "quantity": 1})
            await wait(here, bare, 0.5)
            assert bare.longest == 0
            (stop,), (target,) = resting(here, Role.STOP), resting(here, Role.TARGET)
            assert (here.position(), stop.remaining, target.remaining) == (2, 2, 2)
            here.check_books()

    run(scenario())


@pytest.mark.parametrize("kind", KINDS)
def test_a_reversal_is_protected_from_its_first_moment(tmp_path: Path, kind: type[PaperBroker]) -> None:
    async def scenario() -> None:
        async with at(tmp_path, kind) as (here, bare):
            here.post({"signal": "IN", "price": 2000})
            await wait(here, bare, 0.2)
            here.post({"signal": "PUT", "price": 2001})
            await wait(here, bare, 0.3)
            assert bare.longest == 0
            (stop,) = resting(here, Role.STOP)
            assert (here.position(), stop.side, stop.remaining) == (-1, Side.BUY, 1)
            assert len(here.venue_orders()) == 2
            here.check_books()

    run(scenario())


@pytest.mark.parametrize("kind", KINDS)
def test_a_stop_that_is_hit_while_the_reversal_is_on_its_way(tmp_path: Path, kind: type[PaperBroker]) -> None:
    """The reversal was to close what the stop has closed: the position is not left larger than asked for."""

    async def scenario() -> None:
        async with at(tmp_path, kind, Choosy("e", "x")) as (here, bare):
            here.post({"signal": "IN", "price": 2000})
            await wait(here, bare, 0.2)
            here.faults.plan("submit", "held")
            here.post({"signal": "PUT", "price": 2001})
            await here.settle(until=lambda: bool(here.faults.holding))
            await market(here, 1979)
            await wait(here, bare, 0.1)
            await release(here)
            await wait(here, bare, 1.5)
            assert here.position() == -1
            assert [o.remaining for o in resting(here, Role.STOP)] == [1]
            assert bare.longest <= 100  # an exit that is not reduce-only has its protection canceled first
            here.check_books()

    run(scenario())


@pytest.mark.parametrize("kind", KINDS)
def test_a_refused_stop_closes_the_position_at_once(tmp_path: Path, kind: type[PaperBroker]) -> None:
    async def scenario() -> None:
        async with at(tmp_path, kind, Choosy("s", "x")) as (here, bare):
            here.post({"signal": "IN", "price": 2000})
            if kind is Brackets:  # its stop is lost, and the new one is refused
                await wait(here, bare, 0.2)
                here.faults.plan("submit", "refused", "fine")
                for order in here.open_orders(Role.STOP):
                    await here.broker.cancel(order)
            else:
                here.faults.plan("submit", "refused", "fine")
            await wait(here, bare, 2.2)
            assert here.position() == 0
            assert bare.longest <= (0 if kind is ReduceOnly else 2_000)  # asked first whether it is still there
            (event,) = here.events("position.unprotected")
            assert "has no stop: it is closed" in event.text
            (signal,) = here.signals(Source.PINERY)
            assert signal.word == "unprotected"
            await wait(here, bare, 1.5)
            assert here.venue_orders() == {}
            here.check_books()

    run(scenario())


def test_the_refused_stop_does_not_wait_for_its_target(tmp_path: Path) -> None:
    """Nobody knows what became of the target: the position is closed all the same, for an exit cannot turn it."""

    async def scenario() -> None:
        async with at(tmp_path, ReduceOnly, Choosy("s", "t")) as (here, bare):
            here.faults.plan("submit", "refused", "lost")
            here.faults.plan("query", *["failed"] * 3)
            here.post({"signal": "IN", "price": 2000})
            await wait(here, bare, 0.2)
            assert here.venue() == {}
            assert bare.longest == 0
            await wait(here, bare, 5)
            assert here.venue_orders() == {}
            here.check_books()

    run(scenario())


@pytest.mark.parametrize("fault", ["lost", "unanswered"])
def test_a_stop_of_unknown_outcome(tmp_path: Path, fault: str) -> None:
    """Found out by asking; sent again where it never arrived."""

    async def scenario() -> None:
        async with at(tmp_path, ReduceOnly, Choosy("s")) as (here, bare):
            here.faults.plan("submit", fault)
            here.post({"signal": "IN", "price": 2000})
            await wait(here, bare, 4)
            assert [o.remaining for o in resting(here, Role.STOP)] == [1]
            assert bare.longest <= 1600
            here.check_books()

    run(scenario())


def test_a_stop_of_which_nobody_can_say_anything(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with at(tmp_path, ReduceOnly, Choosy("s")) as (here, bare):
            here.faults.plan("submit", "lost")
            here.faults.plan("query", *["failed"] * 100)
            here.post({"signal": "IN", "price": 2000})
            await wait(here, bare, 32)
            assert here.venue() == {}
            assert bare.longest <= 31_100
            assert here.events("position.unprotected")

    run(scenario())


@pytest.mark.parametrize("kind", [ReduceOnly, Behind, Ahead])
def test_a_stop_that_cannot_be_sent(tmp_path: Path, kind: type[PaperBroker]) -> None:
    async def scenario() -> None:
        async with at(tmp_path, kind, Choosy("s")) as (here, bare):
            here.faults.plan("submit", *["not_sent"] * 3)
            here.post({"signal": "IN", "price": 2000})
            await wait(here, bare, 3)
            assert [o.remaining for o in resting(here, Role.STOP)] == [1]
            assert bare.longest <= 2000
            here.faults.plan("submit", *["not_sent"] * 100)
            for order in here.open_orders(Role.STOP):
                await here.broker.cancel(order)
            await wait(here, bare, 12)
            assert here.venue() == {}
            assert bare.longest <= 11_100

    run(scenario())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("told", [True, False])
def test_a_stop_that_ends_at_the_venue(tmp_path: Path, kind: type[PaperBroker], told: bool) -> None:
    async def scenario() -> None:
        async with at(tmp_path, kind) as (here, bare):
            here.post({"signal": "IN", "price": 2000})
            await wait(here, bare, 0.2)
            (stop,) = here.open_orders(Role.STOP)
            if not told:
                here.faults.plan("reports", "dropped")
            await here.broker.cancel(stop)
            await wait(here, bare, 3 if told else 121)
            assert [o.remaining for o in resting(here, Role.STOP)] == [1]
            # Without reduce-only orders the broker is asked first whether the position is still there.
            assert bare.longest <= (121_000 if not told else 0 if kind is ReduceOnly else 2_000)
            assert here.order(stop.client_id).status is Status.CANCELED

    run(scenario())


@pytest.mark.parametrize("kind", KINDS)
def test_a_fill_that_nobody_told_of(tmp_path: Path, kind: type[PaperBroker]) -> None:
    async def scenario() -> None:
        async with at(tmp_path, kind, entry=EntryType.LIMIT, entry_timeout=None) as (here, bare):
            await market(here, 2000)
            here.post({"signal": "IN", "price": 2000, "limit_price": 1995})
            await wait(here, bare, 0.2)
            here.faults.plan("reports", "dropped")
            await market(here, 1994)
            await wait(here, bare, 121)
            assert here.position() == 1
            assert [o.remaining for o in resting(here, Role.STOP)] == [1]
            assert bare.longest <= 121_000
            here.check_books()

    run(scenario())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("orders_too", [True, False])
def test_a_position_that_somebody_closes_at_the_broker(
    tmp_path: Path, kind: type[PaperBroker], orders_too: bool
) -> None:
    """By hand, or by a firm's rules: it counts as closed, and no order of ours opens another one in its place."""

    async def scenario() -> None:
        async with at(tmp_path, kind) as (here, bare):
            here.post({"signal": "IN", "price": 2000, "quantity": 2})
            await wait(here, bare, 0.2)
            here.broker._venue._account.holdings[ETH].trade("demo", D(-2), D(2000))
            if orders_too:
                for order in here.open_orders():
                    await here.broker.cancel(order)
            await wait(here, bare, 0.2)
            if kind is Brackets:
                assert here.venue_orders() == {} or not orders_too
            here.order_command(CommandKind.RECONCILE)
            await wait(here, bare, 5)
            assert here.position() == 0
            assert here.venue_orders() == {}
            assert here.venue() == {}
            assert len(here.events("position.mismatch")) == 1
            if kind is Brackets:
                assert here.signals(Source.PINERY) == []
            here.post({"signal": "PUT", "price": 2000})
            await wait(here, bare, 0.5)
            assert here.position() == -1
            assert sum(here.venue().values()) == -1

    run(scenario())


def test_no_stop_for_a_position_that_may_be_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody closes it by hand, and of the stop that ended with it the broker says nothing for a while."""

    async def scenario() -> None:
        silent, find = True, PaperBroker.find

        async def found(broker: PaperBroker, order: Order) -> VenueOrder | None:
            if silent:
                raise QueryFailed("no answer")
            return await find(broker, order)

        monkeypatch.setattr(PaperBroker, "find", found)
        async with at(tmp_path, Brackets) as (here, bare):
            here.post({"signal": "IN", "price": 2000, "quantity": 2})
            await wait(here, bare, 0.2)
            (stop,) = here.orders(Role.STOP)
            assert here.broker is not None
            here.broker._venue._account.holdings[ETH].trade("demo", D(-2), D(2000))
            for order in here.open_orders():
                await here.broker.cancel(order)
            await wait(here, bare, 10)
            assert [order.client_id for order in here.orders(Role.STOP)] == [stop.client_id]
            silent = False
            await wait(here, bare, 5)
            assert (here.position(), here.venue(), here.venue_orders()) == (0, {}, {})
            assert [order.client_id for order in here.orders(Role.STOP)] == [stop.client_id]

    run(scenario())


@pytest.mark.parametrize("kind", KINDS)
def test_flatten_cancels_reduces_and_reads_again(tmp_path: Path, kind: type[PaperBroker]) -> None:
    async def scenario() -> None:
        async with at(tmp_path, kind, max_entries=2) as (here, bare):
            here.post({"signal": "IN", "price": 2000})
            await wait(here, bare, 0.2)
            here.post({"signal": "IN", "price": 2001, "type": "limit", "limit_price": 1990})
            await wait(here, bare, 0.2)
            here.faults.plan("cancel", "lost")
            here.order_command(CommandKind.FLATTEN)
            await wait(here, bare, 5)
            (command,) = here.commands()
            assert command.result == "flat: no position is held and no order works"
            assert here.venue() == {}
            assert here.venue_orders() == {}
            here.check_books()

    run(scenario())
