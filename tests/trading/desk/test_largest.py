"""Positions that are larger than the largest order of the venue: they are closed, turned round and protected."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pinery.trading.broker import Quote
from pinery.trading.contracts import Terms
from pinery.trading.deployments import Bracket, Distance, Unit
from pinery.trading.mapping import contract_of
from pinery.trading.orders.model import Order, Role, Status
from pinery.trading.sizing import in_orders
from pinery.trading.store import CommandKind
from tests.trading.desk.brokers import Brackets, ReduceOnly
from tests.trading.desk.harness import ETH, TABLE, D, Trading, demo, run, trading

STOP = Bracket(Distance(Unit.POINTS, D(20)), Distance(Unit.POINTS, D(40)))
MANY = demo(bracket=STOP, max_entries=9)


class SmallReduceOnly(ReduceOnly):
    most = D(10)


class SmallBrackets(Brackets):
    most = D(10)


KINDS = [SmallReduceOnly, SmallBrackets]


@pytest.mark.parametrize(
    ("quantity", "parts"),
    [
        ("9.5", ["9.5"]),
        ("10", ["10"]),
        ("10.5", ["10", "0.5"]),
        ("30", ["10", "10", "10"]),
        ("20.2", ["10", "9.7", "0.5"]),
    ],
)
def test_no_part_is_too_large_or_too_small(quantity: str, parts: list[str]) -> None:
    terms = Terms(step=D("0.1"), least=D("0.5"), most=D("10.05"))
    assert in_orders(replace(contract_of(ETH, table=TABLE), terms=terms), D(quantity)) == [D(part) for part in parts]


def test_a_venue_that_tells_no_most_takes_all_at_once() -> None:
    assert in_orders(contract_of(ETH, table=TABLE), D(10**9)) == [D(10**9)]


async def build(here: Trading) -> None:
    """25, of which one order takes 10."""
    for quantity in (10, 10, 5):
        assert (await here.alert(signal="IN", quantity=quantity, price=2000)).outcome == "accepted"
    assert here.position() == 25


def sizes(orders: list[Order]) -> list[str]:
    return sorted((f"{order.quantity.normalize():f}" for order in orders), key=D, reverse=True)


@pytest.mark.parametrize("kind", KINDS)
def test_an_exit_goes_in_several_orders(tmp_path: Path, kind: type[ReduceOnly]) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, MANY, kind=kind) as here:
            await build(here)
            out = await here.alert(signal="OUT", price=2000)
            assert out.outcome == "accepted"
            assert (here.position(), here.open_orders(), here.venue()) == (0, [], {})
            exits = here.orders(Role.EXIT)
            assert sizes(exits) == ["10", "10", "5"]
            assert {order.signal_id for order in exits} == {out.id}
            assert all(order.status is Status.FILLED for order in exits)
            here.check_books()

    run(scenario())


@pytest.mark.parametrize("kind", KINDS)
def test_a_part_that_is_too_large_for_one_order(tmp_path: Path, kind: type[ReduceOnly]) -> None:
    """What is left keeps its stops and its targets."""

    async def scenario() -> None:
        async with trading(tmp_path, MANY, kind=kind) as here:
            await build(here)
            await here.alert(signal="OUT", quantity=18, price=2000)
            assert here.position() == 7
            assert sizes(here.orders(Role.EXIT)) == ["10", "8"]
            for role in (Role.STOP, Role.TARGET):
                assert sum(order.remaining for order in here.open_orders(role)) == 7, role
            await here.price(1980)
            assert (here.position(), here.open_orders()) == (0, [])
            here.check_books()

    run(scenario())


@pytest.mark.parametrize("waits", ["fine", "held"])
def test_targets_rest_again_once_all_exits_have_ended(tmp_path: Path, waits: str) -> None:
    """Both in one pass, or one of them later: never more than is left, and once."""

    async def scenario() -> None:
        async with trading(tmp_path, MANY, kind=SmallBrackets) as here:
            await build(here)
            here.faults.plan("submit", "fine", waits)
            here.post({"signal": "OUT", "quantity": 18, "price": 2000})
            if waits == "held":
                await here.settle(until=lambda: bool(here.faults.holding) and here.position() in (15, 17))
                assert here.open_orders(Role.TARGET) == []
                here.faults.released.set()
            await here.settle()
            assert (here.position(), sizes(here.orders(Role.TARGET))) == (7, ["10", "10", "7", "5"])
            here.check_books()

    run(scenario())


@pytest.mark.parametrize("kind", KINDS)
def test_flatten_closes_it(tmp_path: Path, kind: type[ReduceOnly]) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, MANY, kind=kind) as here:
            await build(here)
            assert "flat" in await here.command(CommandKind.FLATTEN)
            assert (here.position(), here.venue()) == (0, {})
            assert len(here.orders(Role.EXIT)) == 3
            here.check_books()

    run(scenario())


@pytest.mark.parametrize("kind", KINDS)
def test_a_reversal_closes_first(tmp_path: Path, kind: type[ReduceOnly]) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, MANY, kind=kind) as here:
            await build(here)
            put = await here.alert(signal="PUT", quantity=8, price=2000)
            assert put.outcome == "accepted"
            assert here.position() == -8
            assert sizes(here.orders(Role.EXIT)) == ["10", "10", "5"]
            entry = here.orders(Role.ENTRY)[-1]
            assert (entry.quantity, entry.closes, entry.signal_id) == (8, 0, put.id)
            assert [(order.role, order.quantity) for order in here.open_orders()] == [(Role.STOP, 8), (Role.TARGET, 8)]
            here.check_books()

    run(scenario())


def test_a_reversal_that_one_order_takes_is_one_order(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, MANY, kind=SmallReduceOnly) as here:
            await here.alert(signal="IN", quantity=6, price=2000)
            await here.alert(signal="PUT", quantity=4, price=2000)
            assert here.position() == -4
            assert sizes(here.orders(Role.ENTRY)) == ["10", "6"]
            assert here.orders(Role.EXIT) == []

    run(scenario())


def test_a_reversal_enters_only_once_all_of_it_is_closed(tmp_path: Path) -> None:
    """One of the exits is refused: there is no entry, and what is left keeps its stop."""

    async def scenario() -> None:
        async with trading(tmp_path, MANY, kind=SmallReduceOnly) as here:
            await build(here)
            here.faults.plan("submit", "fine", "refused")
            await here.alert(signal="PUT", quantity=8, price=2000)
            assert here.position() == 10
            entry = here.orders(Role.ENTRY)[-1]
            assert (entry.status, entry.filled) == (Status.DENIED, 0)
            assert sum(order.remaining for order in here.open_orders(Role.STOP)) == 10
            here.check_books()

    run(scenario())


def test_exits_that_wait_close_no_more_than_is_left(tmp_path: Path) -> None:
    """None of them could be sent, and meanwhile a target closes a part of the position."""

    async def scenario() -> None:
        async with trading(tmp_path, MANY, kind=SmallReduceOnly) as here:
            for quantity, price in ((10, 2000), (10, 2000), (5, 1990)):
                await here.alert(signal="IN", quantity=quantity, price=price)
            here.faults.plan("submit", *["not_sent"] * 1000)
            here.post({"signal": "OUT", "price": 2000})
            await here.settle(until=lambda: bool(here.orders(Role.EXIT)))
            assert here.broker is not None
            await here.broker.price_seen(Quote(ETH, D(2030), here.clock.now(), "alert"))
            await here.settle(until=lambda: here.position() == 20)
            here.faults.planned.clear()
            here.clock.advance(1)
            await here.settle()
            assert (here.position(), here.venue()) == (0, {})
            assert [(order.filled, order.status) for order in here.orders(Role.EXIT)] == [
                (10, Status.FILLED),
                (10, Status.FILLED),
                (0, Status.CANCELED),
            ]
            here.check_books()

    run(scenario())


def test_a_refused_stop_closes_all_of_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, replace(MANY, bracket=Bracket()), kind=SmallReduceOnly) as here:
            await build(here)
            here.configure(bracket=STOP)
            here.faults.plan("submit", "refused", "refused", "refused")
            await here.settle(until=lambda: here.position() == 0)
            await here.settle()
            assert here.events("position.unprotected")
            assert sizes(here.orders(Role.EXIT)) == ["10", "10", "5"]
            assert here.open_orders() == []
            here.check_books()

    run(scenario())


def test_a_stop_for_it_is_several(tmp_path: Path) -> None:
    """None came with the entries; later one entry's alone is there, and grows to the most before others come."""

    async def scenario() -> None:
        async with trading(tmp_path, replace(MANY, bracket=Bracket()), kind=SmallReduceOnly) as here:
            await build(here)
            here.configure(bracket=STOP)
            await here.settle()
            assert sizes(here.open_orders(Role.STOP)) == ["10", "10", "5"]
            assert {order.stop_price for order in here.open_orders(Role.STOP)} == {D(1980)}
            await here.price(1980)
            assert (here.position(), here.open_orders(), here.venue()) == (0, [], {})
            here.check_books()

    run(scenario())


def test_a_stop_grows_to_the_most_and_no_further(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, replace(MANY, bracket=Bracket()), kind=SmallReduceOnly) as here:
            await here.alert(signal="IN", quantity=6, price=2000)
            here.configure(bracket=STOP)
            await here.settle()
            here.configure(bracket=Bracket())
            for quantity in (10, 7):
                await here.alert(signal="IN", quantity=quantity, price=2000)
            assert sizes(here.open_orders(Role.STOP)) == ["10", "10", "3"]
            assert not here.log.errors()

    run(scenario())


def test_where_a_further_stop_is_refused_the_position_is_closed(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, replace(MANY, bracket=Bracket()), kind=SmallReduceOnly) as here:
            await here.alert(signal="IN", quantity=10, price=2000)
            here.configure(bracket=STOP)
            await here.settle()
            assert sizes(here.open_orders(Role.STOP)) == ["10"]
            here.configure(bracket=Bracket())
            here.faults.plan("submit", "fine", "refused")
            await here.alert(signal="IN", quantity=4, price=2000)
            assert (here.position(), here.open_orders()) == (0, [])
            assert here.events("position.unprotected")
            assert len([order for order in here.orders(Role.STOP) if order.status is Status.REJECTED]) == 1
            here.check_books()

    run(scenario())
