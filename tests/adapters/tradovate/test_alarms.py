"""What Tradovate does to an account by itself, and what others do in it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pinery.adapters.common.last_look import always
from pinery.adapters.tradovate.limits import Urgency
from pinery.trading.broker import Report, ReportKind
from pinery.trading.orders.model import Ticket
from tests.adapters.conformance.harness import Maker, Reader
from tests.adapters.tradovate.harness import TradovateHarness

pytestmark = pytest.mark.anyio


async def _alarm(reader: Reader, words: str) -> Report:
    return await reader.wait(lambda r: r.kind is ReportKind.ALARM and words in r.reason, words)


def _alarms(reader: Reader) -> int:
    return sum(report.kind is ReportKind.ALARM for report in reader.seen)


async def test_what_the_account_may_not_do_is_told_once_and_when_it_is_over(
    harness: TradovateHarness, reader: Reader
) -> None:
    ledger, account = harness.simulator.state.ledger, harness.simulator.state.all_accounts[0]
    ledger.update("accountRiskStatus", account, adminAction="LiquidateOnlyModeImmediately")
    await _alarm(reader, "has set the account to LiquidateOnlyModeImmediately")
    ledger.update("accountRiskStatus", account, adminTimestamp="2026-11-23T17:00:00Z")
    ledger.update("account", account, restricted=True)
    await _alarm(reader, "restricted")
    ledger.update("accountRiskStatus", account, adminAction="Normal")
    ledger.update("account", account, restricted=False)
    await _alarm(reader, "trade again")
    assert _alarms(reader) == 4


async def test_a_locked_account_is_told_when_connecting(harness: TradovateHarness) -> None:
    ledger, account = harness.simulator.state.ledger, harness.simulator.state.all_accounts[0]
    ledger.update("accountRiskStatus", account, adminAction="LockTradingImmediately")
    await harness.restart()
    reader = Reader(harness.broker)
    await _alarm(reader, "LockTradingImmediately")
    await reader.close()


async def test_a_corrected_trade(harness: TradovateHarness, reader: Reader, make: Maker) -> None:
    order = make.buy()
    await harness.broker.submit(Ticket(order))
    await reader.filled(order)
    (fill,) = reader.fills(order)
    harness.simulator.take_back(int(fill.trade_id), fill.price + 1)
    told = await _alarm(reader, "corrected a trade")
    assert f"{fill.price + 1}" in told.reason and order.symbol in told.reason
    assert len(reader.fills(order)) == 1


async def test_trades_by_hand_in_what_is_traded_here(harness: TradovateHarness, reader: Reader, make: Maker) -> None:
    """Ours is never taken for another's, also where the command that names it comes late."""
    order = make.buy()
    harness.arm("late", "props command", times=1, seconds=0.03)
    await harness.broker.submit(Ticket(order))
    await reader.filled(order)
    session = harness.broker.inner._session
    assert session is not None
    body = {"accountSpec": "DEMO1", "accountId": harness.simulator.state.all_accounts[0], "action": "Sell"}
    body |= {"symbol": "ESZ6", "orderQty": 1, "orderType": "Market", "isAutomated": True}
    await session.rest.place(body, Urgency.OPENING, always)
    await _alarm(reader, "which is not Pinery's, was filled: Sell")
    assert _alarms(reader) == 1


async def test_an_earlier_alarm_is_not_told_again_after_a_break(
    harness: TradovateHarness, reader: Reader, make: Maker
) -> None:
    order = make.buy()
    await harness.broker.submit(Ticket(order))
    await reader.filled(order)
    harness.simulator.liquidate(harness.simulator.state.all_accounts[0])
    await _alarm(reader, "Tradovate's own")
    harness.simulator.hub.drop()
    await reader.wait(lambda r: r.kind is ReportKind.DISCONNECTED)
    await reader.wait(lambda _: sum(r.kind is ReportKind.CONNECTED for r in reader.seen) >= 2)
    await harness.move(harness.price + Decimal(1))
    assert _alarms(reader) == 1
