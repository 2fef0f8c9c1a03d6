"""A desk that trades at Binance: what Binance leaves to it, it does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pinery.trading.broker import Environment
from pinery.trading.deployments import Bracket, Deployment, Distance, Sizing, SizingKind, Unit
from pinery.trading.desk.desk import Pace
from pinery.trading.mapping import contract_of
from pinery.trading.orders.model import Role
from tests.adapters.binance.harness import ACCOUNT, BinanceHarness
from tests.trading.desk.harness import BTC, TABLE, Clock, Trading, demo, trading

pytestmark = pytest.mark.anyio

D = Decimal
_POINTS = Unit.POINTS
BRACKET = Bracket(Distance(_POINTS, D(20)), Distance(_POINTS, D(40)))


@dataclass
class Trader:
    here: Trading
    venue: BinanceHarness

    @property
    def held(self) -> Decimal:
        name = self.venue.symbol.removeprefix("BINANCE:").removesuffix(".P")
        return self.venue.venue.exchange.ledger.position("test", name, "BOTH").amount

    def resting(self) -> list[tuple[str, Decimal, Decimal]]:
        """Role, price and quantity of what works at the venue."""
        ledger = self.venue.venue.exchange.ledger
        found = [(algo.type, algo.trigger, algo.quantity) for algo in ledger.algos_of("test")]
        return sorted(found + [(order.type, order.price, order.quantity) for order in ledger.orders_of("test")])

    async def until(self, wanted: Callable[[], bool]) -> None:
        end = time.monotonic() + 60
        while not wanted():
            assert time.monotonic() < end, (self.held, self.resting(), self.here.log.lines[-5:])
            assert self.here.desk is not None
            self.here.desk.wake()
            await asyncio.sleep(0.01)

    async def moves(self, price: float) -> None:
        await self.venue.move(D(str(price)))

    async def sees(self, price: float) -> None:
        """Until the desk counts with that price."""

        def seen() -> bool:
            assert self.here.desk is not None and self.here.desk._ledger is not None
            quote = self.here.desk._ledger.quotes.get(self.venue.symbol)
            return quote is not None and quote.price == D(str(price))

        await self.until(seen)


@asynccontextmanager
async def at_binance(folder: Path, deployment: Deployment, most: int = 2000, **more: Any) -> AsyncIterator[Trader]:
    """``most``: of one market order at the venue; ``more``: settings of the account."""
    account = replace(ACCOUNT, name="paper", environment=Environment.DEMO, currency="USDT")
    venue = BinanceHarness(contract=contract_of(deployment.symbol, table=TABLE), account=account, **more)
    exchange = venue.venue.exchange
    for facts in list(exchange.symbols.values()):
        exchange.change(replace(facts, max_market_quantity=D(most)))
    await venue.serve()

    def broker(*_: Any) -> Any:
        return venue.make()

    clock = Clock(start=time.time_ns() // 1_000_000)
    try:
        async with trading(folder, deployment, account=account, start=False, clock=clock, kind=broker) as here:  # type: ignore[arg-type]
            here.pace = Pace(watch=0.02, reconcile=3600.0, resolve=0.05, retry=0.05)
            here.start()
            yield Trader(here, venue)
    finally:
        await venue.stop()


async def test_protection_follows_the_fill_and_its_sibling_goes(tmp_path: Path) -> None:
    async with at_binance(tmp_path, demo(bracket=BRACKET)) as trader:
        trader.here.post({"signal": "IN", "price": 2000})
        await trader.until(lambda: len(trader.resting()) == 2)
        assert trader.resting() == [("LIMIT", D(2040), D(1)), ("STOP_MARKET", D(1980), D(1))]
        await trader.moves(2040)
        await trader.until(lambda: not trader.resting())
        assert trader.held == 0


async def test_a_reversal_takes_its_protection_along(tmp_path: Path) -> None:
    async with at_binance(tmp_path, demo(bracket=BRACKET)) as trader:
        trader.here.post({"signal": "IN", "price": 2000})
        await trader.until(lambda: len(trader.resting()) == 2)
        trader.here.post({"signal": "PUT", "price": 2000})
        wanted = [("LIMIT", D(1960), D(1)), ("STOP_MARKET", D(2020), D(1))]
        await trader.until(lambda: trader.resting() == wanted)
        assert trader.held == -1


@pytest.mark.parametrize("fault", ["would_trigger", "margin"])
async def test_a_position_whose_stop_is_refused_is_closed_at_once(tmp_path: Path, fault: str) -> None:
    async with at_binance(tmp_path, demo(bracket=BRACKET)) as trader:
        trader.venue.arm(fault, "POST /fapi/v1/algoOrder", times=None)
        trader.here.post({"signal": "IN", "price": 2000})
        await trader.until(lambda: bool(trader.here.orders(Role.EXIT)) and trader.held == 0)
        await trader.until(lambda: not trader.resting())
        assert trader.here.events("position.unprotected")


async def test_a_stop_that_fails_when_it_triggers_closes_the_position(tmp_path: Path) -> None:
    async with at_binance(tmp_path, demo(bracket=BRACKET)) as trader:
        trader.here.post({"signal": "IN", "price": 2000})
        await trader.until(lambda: len(trader.resting()) == 2)
        trader.venue.arm("rejected_at_trigger")
        await trader.moves(1980)
        await trader.until(lambda: trader.held == 0)


async def test_the_desk_trails(tmp_path: Path) -> None:
    deployment = demo(bracket=Bracket(trail=Distance(_POINTS, D(10))))
    async with at_binance(tmp_path, deployment) as trader:
        trader.here.post({"signal": "IN", "price": 2000})
        await trader.until(lambda: trader.resting() == [("STOP_MARKET", D(1990), D(1))])
        for price in (2007, 2003, 2015):
            await trader.moves(price)
            best = max(price, 2007)
            await trader.until(lambda best=best: trader.resting() == [("STOP_MARKET", D(best - 10), D(1))])  # type: ignore[misc]
        await trader.moves(2005)
        await trader.until(lambda: trader.held == 0 and not trader.resting())


async def test_a_stream_that_breaks_between_entry_and_stop(tmp_path: Path) -> None:
    """The fill's report is lost with the connection: the comparison finds the fill, and the stop is placed."""
    async with at_binance(tmp_path, demo(bracket=BRACKET)) as trader:
        await trader.until(lambda: trader.here.desk is not None and trader.here.desk._recovery.done)
        trader.venue.arm("cut", "stream *")
        trader.here.post({"signal": "IN", "price": 2000})
        await trader.until(lambda: len(trader.resting()) == 2)
        assert trader.held == 1


# --- Binance's own steps are coarser than those of charts -----------------------------------


def of_equity(percent: str) -> Deployment:
    """BTCUSDT.P, which charts size in steps of 0.000001 and Binance in steps of 0.001; the account has 100,000."""
    return demo(symbol=BTC, sizing=Sizing(SizingKind.PERCENT_OF_EQUITY, D(percent)), bracket=BRACKET)


async def test_a_share_of_the_equity_is_sized_in_binances_steps(tmp_path: Path) -> None:
    async with at_binance(tmp_path, of_equity("10")) as trader:
        await trader.moves(30_000)
        trader.here.post({"signal": "IN", "price": 30_000})
        await trader.until(lambda: len(trader.resting()) == 2)
        assert trader.held == D("0.333"), "10,000 at 30,000 each"
        assert trader.resting() == [("LIMIT", D(30_040), D("0.333")), ("STOP_MARKET", D(29_980), D("0.333"))]
        trader.here.post({"signal": "PUT", "price": 30_000})
        await trader.until(lambda: trader.held == D("-0.333") and len(trader.resting()) == 2)


@pytest.mark.parametrize(
    ("percent", "words"),
    [("0.01", "less than the smallest order of 0.001"), ("0.09", "worth 90: the venue takes 100 or more")],
)
async def test_what_binance_would_find_too_small_is_denied(tmp_path: Path, percent: str, words: str) -> None:
    async with at_binance(tmp_path, of_equity(percent)) as trader:
        await trader.moves(30_000)
        trader.here.post({"signal": "IN", "price": 30_000})
        await trader.until(lambda: bool(trader.here.signals()))
        (decision,) = trader.here.signals()
        assert decision.code == "SIZE"
        assert words in decision.reason
        assert not trader.here.orders()


async def test_a_part_of_a_position_is_closed_in_binances_steps(tmp_path: Path) -> None:
    deployment = replace(of_equity("10"), sizing=Sizing(SizingKind.FIXED, D(1)), bracket=Bracket())
    async with at_binance(tmp_path, deployment) as trader:
        await trader.moves(30_000)
        trader.here.post({"signal": "IN", "quantity": "0.333", "price": 30_000})
        await trader.until(lambda: trader.held == D("0.333"))
        trader.here.post({"signal": "OUT", "quantity": "0.1666", "price": 30_000})
        await trader.until(lambda: trader.held == D("0.167"))
        trader.here.post({"signal": "OUT", "quantity": "0.0004", "price": 30_000})
        await trader.until(lambda: len(trader.here.signals()) == 3)
        assert trader.here.signals()[-1].code == "SIZE"
        trader.here.post({"signal": "OUT", "price": 30_000})
        await trader.until(lambda: trader.held == 0)


# --- what Binance does by itself -----------------------------------------------------------


async def test_a_stop_that_triggers_and_sends_no_order_is_replaced_by_an_exit(tmp_path: Path) -> None:
    async with at_binance(tmp_path, demo(bracket=BRACKET), trigger_patience=0.2) as trader:
        trader.here.post({"signal": "IN", "price": 2000})
        await trader.until(lambda: len(trader.resting()) == 2)
        trader.venue.arm("stuck_triggering")
        await trader.moves(1975)
        await trader.until(lambda: trader.held == 0 and not trader.resting())


async def test_a_liquidation_is_told_loudly_and_leaves_nothing_behind(tmp_path: Path) -> None:
    deployment = demo(bracket=Bracket(target=Distance(_POINTS, D(40))))
    async with at_binance(tmp_path, deployment) as trader:
        trader.here.post({"signal": "IN", "quantity": "500", "price": 2000})
        await trader.until(lambda: len(trader.resting()) == 1)
        await trader.moves(1750)
        await trader.until(lambda: bool(trader.here.events("account.alarm")))
        assert trader.held == 0
        await trader.until(lambda: trader.here.position() == 0)
        assert not trader.resting()


async def test_an_entry_whose_stop_the_market_has_passed_is_not_sent(tmp_path: Path) -> None:
    async with at_binance(tmp_path, demo(bracket=BRACKET)) as trader:
        trader.here.post({"signal": "IN", "price": 2000})
        await trader.until(lambda: len(trader.resting()) == 2)
        trader.here.post({"signal": "OUT", "price": 2000})
        await trader.until(lambda: trader.held == 0 and not trader.resting())
        seen = len(trader.here.orders())
        await trader.moves(1950)
        await trader.sees(1950)
        late = await trader.here.alert(signal="IN", price=2000)
        assert (late.outcome, late.code) == ("denied", "BRACKET")
        assert "1950" in late.reason and "beyond the stop at 1980" in late.reason
        assert len(trader.here.orders()) == seen


async def test_a_reversal_whose_stop_the_market_has_passed_only_closes(tmp_path: Path) -> None:
    async with at_binance(tmp_path, demo(bracket=BRACKET)) as trader:
        trader.here.post({"signal": "IN", "price": 2000})
        await trader.until(lambda: len(trader.resting()) == 2)
        await trader.moves(2030)
        await trader.sees(2030)
        trader.here.post({"signal": "PUT", "price": 2000})
        await trader.until(lambda: trader.held == 0 and not trader.resting())
        assert [order.quantity for order in trader.here.orders(Role.ENTRY)] == [D(1)]


# --- more than one order may close ---------------------------------------------------------


@asynccontextmanager
async def of_twenty_five(folder: Path) -> AsyncIterator[Trader]:
    """Held in three entries, where one market order may be of 10."""
    async with at_binance(folder, demo(bracket=BRACKET, max_entries=9), most=10) as trader:
        for held in (10, 20, 25):
            trader.here.post({"signal": "IN", "quantity": str(min(10, held)) if held < 25 else "5", "price": 2000})
            await trader.until(lambda held=held: trader.held == held and len(trader.resting()) == 2 * -(-held // 10))  # type: ignore[misc]
        yield trader


async def test_an_exit_above_the_most_of_one_order(tmp_path: Path) -> None:
    async with of_twenty_five(tmp_path) as trader:
        trader.here.post({"signal": "OUT", "price": 2000})
        await trader.until(lambda: trader.held == 0 and not trader.resting())
        assert sorted(order.quantity for order in trader.here.orders(Role.EXIT)) == [5, 10, 10]
        assert trader.here.position() == 0


async def test_a_reversal_above_the_most_of_one_order(tmp_path: Path) -> None:
    async with of_twenty_five(tmp_path) as trader:
        trader.here.post({"signal": "PUT", "quantity": "8", "price": 2000})
        wanted = [("LIMIT", D(1960), D(8)), ("STOP_MARKET", D(2020), D(8))]
        await trader.until(lambda: trader.held == -8 and trader.resting() == wanted)
        assert trader.here.position() == -8


async def test_an_emergency_exit_above_the_most_of_one_order(tmp_path: Path) -> None:
    async with of_twenty_five(tmp_path) as trader:
        trader.venue.arm("would_trigger", "POST /fapi/v1/algoOrder", times=None)
        trader.here.post({"signal": "IN", "quantity": "9", "price": 2000})
        await trader.until(lambda: trader.held == 0 and not trader.resting())
        assert trader.here.events("position.unprotected")
        assert sorted(order.quantity for order in trader.here.orders(Role.EXIT)) == [4, 10, 10, 10]
