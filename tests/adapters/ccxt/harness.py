"""The generic adapter under the conformance suite: ``ccxt.binanceusdm`` at the simulated venue, in one event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

from pinery.adapters.ccxt.broker import CcxtBroker
from pinery.adapters.ccxt.settings import CcxtSettings
from pinery.app.up.clock import SystemClock
from pinery.core.instrument import Instrument
from pinery.simulators.binance.exchange import Rules
from pinery.simulators.binance.records import Access
from pinery.simulators.binance.venue import BinanceSimulator
from pinery.simulators.common.faults import Armed
from pinery.simulators.common.market import Market
from pinery.simulators.common.serving import Server
from pinery.trading.broker import Environment, Report, ReportKind
from pinery.trading.contracts import Contract
from pinery.trading.deployments import Account
from pinery.trading.orders.model import ZERO, Fill, Side, Status
from tests.adapters.conformance.harness import Fault, VenueTruth

ETH = Contract(
    "BINANCE:ETHUSDT.P",
    Instrument("BINANCE", "ETHUSDT.P", pricescale=100, qty_step=0.001, mincontract=0.001, currency="USDT"),
)
ACCOUNT = Account("test", "ccxt", Environment.DEMO, "USDT", leverage=Decimal(20))
KEY, SECRET = "theApiKey", "theApiSecret"

_POINTS = {
    "submit": "POST /fapi/v1/*rder",
    "cancel": "DELETE /fapi/v1/*rder",
    "query": "GET /fapi/v1/[ao]*rder*",
}
_KINDS: dict[Fault, tuple[str, ...]] = {
    Fault.REFUSED: ("refused",),
    Fault.NOT_SENT: ("too_many", "clock"),
    Fault.LOST: ("unknown_unexecuted", "unavailable", "lost"),
    Fault.UNANSWERED: ("unknown_executed", "timeout_executed", "unanswered"),
    Fault.FAILED: ("unavailable", "unknown_unexecuted", "lost"),
}
_STATUSES = {
    "NEW": Status.WORKING,
    "PARTIALLY_FILLED": Status.PARTIALLY_FILLED,
    "FILLED": Status.FILLED,
    "CANCELED": Status.CANCELED,
    "EXPIRED": Status.EXPIRED,
    "REJECTED": Status.REJECTED,
}


class HeardThrough(CcxtBroker):
    """There is no stream whose events could be lost on their way: a reader that hears badly stands in for it."""

    planned: list[Fault]

    async def reports(self) -> AsyncIterator[Report]:  # type: ignore[override]
        random = Random(1)
        held: list[Report] = []
        async for report in super().reports():
            if not report.client_id or report.kind is ReportKind.ACCEPTED or not self.planned:
                yield report
                continue
            fault = self.planned.pop(0)
            if fault is Fault.DROPPED:
                continue
            held.append(report)
            if fault is Fault.REPEATED:
                held.append(report)
            random.shuffle(held)
            for one in held:
                yield one
            held = []


class CcxtHarness:
    def __init__(self, seed: int = 1, **more: Any) -> None:
        self.symbol = ETH.symbol
        self.price = Decimal("2000.00")
        self.tick = ETH.tick
        self.quantity = Decimal("0.3")
        self.clock = SystemClock()
        self.market = Market()
        self.venue = BinanceSimulator(
            self.market,
            [ETH],
            accounts=[Access("test", KEY, SECRET, balance=Decimal(100_000))],
            clock=self.clock,
            seed=seed,
            rules=Rules(maker=ZERO, taker=ZERO),
        )
        self._random = Random(seed)
        self._server = Server(self.venue.app)
        self._more = more

    def make(self, **more: Any) -> HeardThrough:
        settings = CcxtSettings(
            "binanceusdm",
            Environment.DEMO,
            KEY,
            SECRET,
            poll=0.02,
            patience=0.1,
            rest_url=self._server.url,
            throttle=False,
        )
        made = HeardThrough(ACCOUNT, replace(settings, **self._more, **more), self.clock)
        made.planned = []
        return made

    async def start(self) -> None:
        self.market.move(self.symbol, self.price, self.clock.now())
        await self._server.start()
        self.broker = self.make()
        await self.broker.connect()

    async def stop(self) -> None:
        await self.broker.close()
        await self._server.stop()

    async def restart(self) -> None:
        await self.broker.close()
        self.broker = self.make()
        await self.broker.connect()

    async def move(self, price: Decimal) -> None:
        self.price = price
        self.market.move(self.symbol, price, self.clock.now())

    def fault(self, what: str, fault: Fault, times: int = 1) -> None:
        if what == "reports":
            self.broker.planned = [fault] * times
            return
        plan, point = self.venue.faults, _POINTS[what]
        plan.armed = [armed for armed in plan.armed if armed.where != point]
        if times:
            plan.arm(Armed(self._random.choice(_KINDS[fault]), point, times))

    def in_parts(self, parts: int) -> bool:
        self.venue.exchange.rules.parts = parts
        return True

    async def truth(self, client_ids: Iterable[str]) -> VenueTruth:
        ledger = self.venue.exchange.ledger
        status: dict[str, Status] = {}
        fills: list[Fill] = []
        for name in client_ids:
            order = ledger.find_order("test", "ETHUSDT", None, name)
            algo = ledger.find_algo("test", None, name)
            if order is not None:
                status[name] = _STATUSES[order.status]
                fills += [
                    Fill(
                        name, str(trade.id), self.symbol, Side(trade.side.lower()),
                        trade.quantity, trade.price, trade.time,
                    )
                    for trade in ledger.trades
                    if trade.order_id == order.id
                ]  # fmt: skip
            elif algo is not None:
                status[name] = _STATUSES[algo.status]
        return VenueTruth(status, tuple(fills), ledger.position("test", "ETHUSDT", "BOTH").amount)
