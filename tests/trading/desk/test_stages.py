"""Stages at the desk: real money waits for a promotion, and what is held may always be closed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from pinery.adapters.store.views.stages import measure
from pinery.trading.broker import Capabilities, Environment
from pinery.trading.deployments import Stage
from pinery.trading.orders.model import Status
from pinery.trading.stages.gates import StageGate
from pinery.trading.stages.records import Promotion
from tests.trading.desk.harness import Trading, demo, run, trading

D = Decimal


def live(capabilities: Capabilities) -> Capabilities:
    return replace(capabilities, environment=Environment.LIVE)


def decide(here: Trading, after: Stage, *, granted: bool = True) -> None:
    row = Promotion("demo", Stage.PAPER, after, here.clock.now(), "ann", granted)
    here.store.write(lambda tx: tx.promotions.add(row))


def test_real_money_waits_for_a_promotion_on_record(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(stage=Stage.SMALL), less=live) as here:
            denied = await here.alert(signal="IN", price=2000)
            assert denied.code == "PROMOTION" and "pinery promote demo" in denied.reason
            decide(here, Stage.SMALL, granted=False)
            assert (await here.alert(signal="IN", price=2000)).code == "PROMOTION"
            decide(here, Stage.SMALL)
            assert (await here.alert(signal="IN", price=2000)).outcome == "accepted"
            assert here.position() == 1
            here.configure(stage=Stage.PRODUCTION)
            assert (await here.alert(signal="SHORT", price=2000)).code == "PROMOTION"
            assert (await here.alert(signal="OUT", price=2000)).outcome == "accepted"
            assert here.position() == 0
            decide(here, Stage.PAPER)
            here.configure(stage=Stage.SMALL)
            assert (await here.alert(signal="IN", price=2000)).code == "PROMOTION"

    run(scenario())


def test_paper_accounts_need_none(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(stage=Stage.PRODUCTION)) as here:
            assert (await here.alert(signal="IN", price=2000)).outcome == "accepted"

    run(scenario())


def test_what_is_held_may_be_closed_after_a_demotion_to_backtest(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path) as here:
            await here.alert(signal="IN", price=2000)
            here.configure(stage=Stage.BACKTEST)
            assert (await here.alert(signal="SHORT", price=2000)).code == "STAGE"
            assert here.position() == 1
            assert (await here.alert(signal="OUT", price=2000)).outcome == "accepted"
            assert here.position() == 0
            assert (await here.alert(signal="OUT", price=2000)).code == "STAGE"

    run(scenario())


def test_a_week_of_trading_as_it_is_measured(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path) as here:
            await here.alert(signal="IN", price=2000)
            await here.alert(signal="OUT", price=2500)  # before the stage began: does not count
            since = here.clock.now()
            here.clock.advance(60)
            for entry, leave in ((2000, 2010), (2010, 1990), (1990, 2020), (2020, 2015)):
                await here.alert(signal="IN", price=entry)
                await here.alert(signal="OUT", price=leave)
            await here.alert("not understood")
            await here.alert({"signal": "IN", "price": "1", "unique_id": "n2"})  # a repetition
            here.clock.advance(7 * 86_400)
            until = here.clock.now()
            found = here.store.read(lambda tx: measure(tx, demo(), since, until, ["paper"]))
            assert (found.alerts, found.delivered) == (9, 8)
            assert (found.trades, found.wins) == (4, 2)
            assert (found.gross_profit, found.gross_loss, found.max_drawdown) == (D(40), D(-25), D(20))
            assert found.capital is not None and abs(found.capital - 10_000_000) <= 500
            assert len(found.latencies) == 8 and found.latencies == tuple(sorted(found.latencies))
            assert found.latencies[-1] < 10
            assert (found.unknown_orders, found.mismatches, found.unprotected) == (0, 0, 0)
            checks = {check.name: check for check in StageGate().judge(found)}
            assert not checks["delivery_rate"].passed and not checks["trades"].passed
            assert checks["days"].passed and checks["profit_factor"].passed and checks["max_drawdown_percent"].passed

    run(scenario())


def test_an_order_of_unknown_outcome_is_counted_while_it_is_one(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path) as here:
            here.faults.plan("submit", "lost")
            here.faults.plan("query", *["failed"] * 1000)
            here.post({"signal": "IN", "price": 2000})
            await here.settle(until=lambda: any(order.status is Status.UNKNOWN for order in here.orders()))
            now = here.clock.now()
            assert here.store.read(lambda tx: measure(tx, demo(), 0, now, ["paper"])).unknown_orders == 1
            here.faults.planned.clear()

    run(scenario())
