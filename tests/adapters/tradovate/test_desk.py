"""A desk that trades at Tradovate: entries with brackets, exits that cancel protection first, and what goes wrong."""

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

from pinery.trading.deployments import Bracket, Deployment, Distance, Unit
from pinery.trading.desk.desk import Pace
from pinery.trading.orders.model import Role, Status
from pinery.trading.store import CommandKind
from tests.adapters.tradovate.harness import ACCOUNT, SYMBOL, SystemClock, TradovateHarness
from tests.trading.desk.harness import Clock, Trading, demo, trading

pytestmark = pytest.mark.anyio

D = Decimal
BRACKET = Bracket(Distance(Unit.POINTS, D(20)), Distance(Unit.POINTS, D(40)))


@dataclass
class Trader:
    here: Trading
    venue: TradovateHarness

    @property
    def held(self) -> int:
        positions = self.venue.simulator.state.positions.values()
        return sum(position.net for position in positions)

    def resting(self) -> list[tuple[str, Decimal, int]]:
        """Type, price and quantity of what is alive at the venue."""
        found = self.venue.simulator.state.living()
        return sorted((o.terms.type, o.terms.stop or o.terms.price or D(0), o.terms.quantity) for o in found)

    def sent(self) -> int:
        """Orders that the venue ever had."""
        return len(self.venue.simulator.state.orders)

    async def until(self, wanted: Callable[[], bool]) -> None:
        end = time.monotonic() + 60
        while not wanted():
            assert time.monotonic() < end, (self.held, self.resting(), self.here.log.lines[-5:])
            assert self.here.desk is not None
            self.here.desk.wake()
            await asyncio.sleep(0.01)

    async def quiet(self) -> None:
        """Nothing is under way, and the desk and the venue agree."""
        await self.until(lambda: self.here.held().get(SYMBOL, D(0)) == self.held and not self.here.under_way())
        assert not self.here.log.errors() and not self.here.events("position.mismatch")

    async def moves(self, price: float) -> None:
        await self.venue.move(D(str(price)))

    async def enter(self, word: str = "long") -> None:
        self.here.post({"signal": word, "price": str(self.venue.price)})


@asynccontextmanager
async def at_tradovate(folder: Path, deployment: Deployment | None = None, **more: Any) -> AsyncIterator[Trader]:
    """``more``: settings of the account."""
    account = replace(ACCOUNT, name="paper")
    venue = TradovateHarness(folder, **{"trailing_stop": False} | more)
    await venue.serve()

    def broker(*_: Any) -> Any:
        return venue.make(account)

    clock = Clock(start=SystemClock().now())
    plan = deployment or demo(bracket=BRACKET)
    try:
        async with trading(
            folder,
            replace(plan, symbol=SYMBOL, limits=replace(plan.limits, windows=())),  # the clock is the wall's
            account=account,
            start=False,
            clock=clock,
            kind=broker,  # type: ignore[arg-type]
        ) as here:
            here.pace = Pace(watch=0.02, reconcile=3600.0, resolve=0.05, retry=0.05)
            here.start()
            yield Trader(here, venue)
    finally:
        await venue.shut()


LONG = [("Limit", D(6040), 1), ("Stop", D(5980), 1)]
SHORT = [("Limit", D(5960), 1), ("Stop", D(6020), 1)]


async def test_an_entry_takes_its_brackets_along_and_the_target_takes_the_stop(tmp_path: Path) -> None:
    async with at_tradovate(tmp_path) as trader:
        await trader.enter()
        await trader.until(lambda: trader.resting() == LONG)
        assert trader.sent() == 3
        resting = trader.venue.simulator.state.living()
        assert {order.terms.tif for order in resting} == {"GTC"}  # no session's end takes them away
        await trader.moves(6040)
        await trader.until(lambda: not trader.resting() and trader.held == 0)
        await trader.quiet()
        (trade,) = trader.here.trades()
        assert D(trade.profit) > 1900  # 40 points of 50 dollars, less fees


async def test_an_exit_cancels_protection_before_it_is_sent(tmp_path: Path) -> None:
    async with at_tradovate(tmp_path) as trader:
        await trader.enter()
        await trader.until(lambda: trader.resting() == LONG)
        await trader.quiet()
        await trader.enter("flat")
        await trader.until(lambda: trader.held == 0 and not trader.resting())
        await trader.quiet()
        await trader.moves(5900)
        await trader.moves(6100)
        assert trader.held == 0


async def test_a_reversal_closes_first_and_has_one_pair_of_brackets(tmp_path: Path) -> None:
    async with at_tradovate(tmp_path) as trader:
        await trader.enter()
        await trader.until(lambda: trader.resting() == LONG)
        await trader.quiet()
        await trader.enter("short")
        await trader.until(lambda: trader.held == -1 and trader.resting() == SHORT)
        await trader.quiet()


@pytest.mark.parametrize("fault", ["unanswered", "garbled", "failed_after", "missing_oso_ids"])
async def test_an_answer_that_tells_too_little(tmp_path: Path, fault: str) -> None:
    async with at_tradovate(tmp_path) as trader:
        await trader.until(lambda: trader.here.desk is not None and trader.here.desk._recovery.done)
        trader.venue.arm(fault, "order/placeoso")
        await trader.enter()
        await trader.until(lambda: trader.resting() == LONG)
        await trader.quiet()
        assert (trader.sent(), trader.held) == (3, 1)
        assert all(order.status is Status.WORKING for order in trader.here.orders(Role.STOP, Role.TARGET))


async def test_an_order_that_never_arrived_is_sent_once_more(tmp_path: Path) -> None:
    async with at_tradovate(tmp_path) as trader:
        await trader.until(lambda: trader.here.desk is not None and trader.here.desk._recovery.done)
        trader.venue.arm("lost", "order/placeoso")
        await trader.enter()
        await trader.until(lambda: trader.resting() == LONG)
        await trader.quiet()
        assert (trader.sent(), trader.held) == (3, 1)


async def test_a_process_that_dies_while_an_entry_is_sent(tmp_path: Path) -> None:
    async with at_tradovate(tmp_path) as trader:
        await trader.until(lambda: trader.here.desk is not None and trader.here.desk._recovery.done)
        trader.venue.arm("held", "order/placeoso", seconds=0.3)
        await trader.enter()
        await trader.until(lambda: trader.sent() == 3)
        await trader.here.restart()
        await trader.quiet()
        assert (trader.sent(), trader.held) == (3, 1)
        assert trader.resting() == LONG


async def test_an_entry_that_risk_rejects_leaves_nothing(tmp_path: Path) -> None:
    async with at_tradovate(tmp_path) as trader:
        trader.venue.arm("risk_rejected", "risk Market", text="Insufficient margin")
        await trader.enter()
        await trader.until(lambda: any(o.status is Status.REJECTED for o in trader.here.orders(Role.ENTRY)))
        await trader.quiet()
        assert not trader.resting() and trader.held == 0
        (entry,) = trader.here.orders(Role.ENTRY)
        assert entry.code == "MARGIN" and "Insufficient margin" in entry.reason
        await trader.enter()
        await trader.until(lambda: trader.resting() == LONG)


async def test_a_stream_that_breaks_with_the_entry(tmp_path: Path) -> None:
    async with at_tradovate(tmp_path) as trader:
        await trader.until(lambda: trader.here.desk is not None and trader.here.desk._recovery.done)
        trader.venue.arm("dropped", "props *", times=None)
        await trader.enter()
        await trader.until(lambda: trader.held == 1)
        trader.venue.simulator.faults.clear()
        trader.venue.simulator.hub.drop()
        await trader.until(lambda: trader.here.held().get(SYMBOL) == 1)
        await trader.quiet()
        assert trader.resting() == LONG


async def test_flatten(tmp_path: Path) -> None:
    async with at_tradovate(tmp_path) as trader:
        await trader.enter()
        await trader.until(lambda: trader.resting() == LONG)
        await trader.quiet()
        trader.here.order_command(CommandKind.FLATTEN)
        await trader.until(lambda: trader.held == 0 and not trader.resting())
        await trader.quiet()


async def test_a_stop_that_hits_while_the_exit_is_on_its_way(tmp_path: Path) -> None:
    """The cancel comes too late, and the exit finds nothing left to close."""
    async with at_tradovate(tmp_path) as trader:
        await trader.enter()
        await trader.until(lambda: trader.resting() == LONG)
        await trader.quiet()
        trader.venue.arm("delay", "order/cancelorder", times=2, seconds=0.15)
        await trader.enter("flat")
        await asyncio.sleep(0.05)
        await trader.moves(5980)
        await trader.until(lambda: trader.held == 0 and not trader.resting())
        await trader.quiet()
        assert trader.held == 0


async def test_the_desk_trails(tmp_path: Path) -> None:
    deployment = demo(bracket=Bracket(trail=Distance(Unit.POINTS, D(10))))
    async with at_tradovate(tmp_path, deployment, market_data=True) as trader:
        await trader.enter()
        await trader.until(lambda: trader.resting() == [("Stop", D(5990), 1)])
        for price in (6007, 6003, 6015):
            await trader.moves(price)
            best = max(price, 6007)
            await trader.until(lambda best=best: trader.resting() == [("Stop", D(best - 10), 1)])  # type: ignore[misc]
        await trader.moves(6005)
        await trader.until(lambda: trader.held == 0 and not trader.resting())
        await trader.quiet()


async def test_the_venue_trails(tmp_path: Path) -> None:
    deployment = demo(bracket=Bracket(trail=Distance(Unit.POINTS, D(10))))
    async with at_tradovate(tmp_path, deployment, trailing_stop=True) as trader:
        await trader.enter()
        await trader.until(lambda: [kind for kind, *_ in trader.resting()] == ["TrailingStop"])
        await trader.quiet()
        for price in (6007, 6003, 6015):
            await trader.moves(price)
            assert trader.held == 1
        await trader.moves(6005)
        await trader.until(lambda: trader.held == 0 and not trader.resting())
        await trader.quiet()


async def test_protection_of_its_own_follows_the_fills(tmp_path: Path) -> None:
    """Without brackets: stop and target are orders of their own, and the desk ends one when the other fills."""
    async with at_tradovate(tmp_path, brackets=False) as trader:
        await trader.enter()
        await trader.until(lambda: trader.resting() == LONG)
        await trader.quiet()
        await trader.moves(6040)
        await trader.until(lambda: not trader.resting() and trader.held == 0)
        await trader.quiet()
        await trader.enter("short")
        await trader.until(lambda: trader.held == -1 and [kind for kind, *_ in trader.resting()] == ["Limit", "Stop"])
        await trader.enter("flat")
        await trader.until(lambda: trader.held == 0 and not trader.resting())
        await trader.quiet()


async def test_a_position_that_tradovate_liquidates_is_told_of_and_counts_as_closed(tmp_path: Path) -> None:
    async with at_tradovate(tmp_path) as trader:
        await trader.enter()
        await trader.until(lambda: trader.resting() == LONG)
        await trader.quiet()
        trader.venue.simulator.liquidate(trader.venue.simulator.state.all_accounts[0])
        await trader.until(lambda: not trader.here.held().get(SYMBOL))
        assert any("Tradovate's own" in event.text for event in trader.here.events("account.alarm"))
        assert not trader.resting() and trader.held == 0 and trader.sent() == 4


async def test_a_trade_that_is_taken_back_is_told_of_and_its_position_ends(tmp_path: Path) -> None:
    async with at_tradovate(tmp_path) as trader:
        await trader.enter()
        await trader.until(lambda: trader.resting() == LONG)
        await trader.quiet()
        simulator = trader.venue.simulator
        (fill,) = simulator.state.ledger.of("fill", simulator.state.all_accounts)
        simulator.take_back(fill["id"], None)
        await trader.until(lambda: not trader.here.held().get(SYMBOL) and not trader.resting())
        assert any("took a trade back" in event.text for event in trader.here.events("account.alarm"))
        assert trader.held == 0
