"""The Binance adapter under the conformance suite, on the simulated venue in the same event loop."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

from pinery.adapters.binance.broker import BinanceBroker
from pinery.adapters.binance.mapping import ORDER_STATUS
from pinery.adapters.binance.settings import BinanceSettings
from pinery.core.instrument import Instrument
from pinery.simulators.binance.exchange import Rules
from pinery.simulators.binance.records import Access
from pinery.simulators.binance.venue import BinanceSimulator
from pinery.simulators.common.faults import Armed
from pinery.simulators.common.market import Market
from pinery.simulators.common.serving import Server
from pinery.trading.broker import Environment
from pinery.trading.contracts import Contract
from pinery.trading.deployments import Account
from pinery.trading.orders.model import ZERO, Fill, Side, Status
from tests.adapters.conformance.harness import Fault, VenueTruth

ETH = Contract(
    "BINANCE:ETHUSDT.P",
    Instrument("BINANCE", "ETHUSDT.P", pricescale=100, qty_step=0.001, mincontract=0.001, currency="USDT"),
)
ACCOUNT = Account("test", "binance", Environment.DEMO, "USDT", leverage=Decimal(20))
KEY, SECRET = "theApiKey" * 7 + "0", "theApiSecret" * 5 + "0123"

#: Short enough for tests, long enough for a machine with other work.
QUICK: dict[str, Any] = {
    "patience": 0.06,
    "asks": 3,
    "read_attempts": 1,
    "backoff": (0.01, 0.05),
    "balance_every": 0.02,
    "quote_every": 0.02,
    "stream_overlap": 0.05,
}

_POINTS = {
    "submit": "POST /fapi/v1/*rder",
    "cancel": "DELETE /fapi/v1/*rder",
    "amend": "PUT /fapi/v1/order",
    "query": "GET /fapi/v1/[ao]*rder*",
    "reports": "stream ORDER_TRADE_UPDATE",
}
_KINDS: dict[Fault, tuple[str, ...]] = {
    Fault.REFUSED: ("refused",),
    Fault.NOT_SENT: ("unavailable", "internal"),
    Fault.LOST: ("unknown_unexecuted", "lost"),
    Fault.UNANSWERED: ("unknown_executed", "timeout_executed", "unanswered"),
    Fault.FAILED: ("unavailable", "unknown_unexecuted", "lost"),
    Fault.DROPPED: ("dropped",),
    Fault.REPEATED: ("repeated",),
    Fault.SHUFFLED: ("shuffled",),
}


class SystemClock:
    def now(self) -> int:
        return time.time_ns() // 1_000_000

    def now_us(self) -> int:
        return time.time_ns() // 1_000

    def monotonic(self) -> float:
        return time.monotonic()


class BinanceHarness:
    """``more``: settings other than those of quick tests. Fees are 0, as sums in tests are exact without."""

    def __init__(
        self,
        seed: int = 1,
        rules: Rules | None = None,
        contract: Contract = ETH,
        account: Account = ACCOUNT,
        **more: Any,
    ) -> None:
        self.account = account
        self.symbol = contract.symbol
        self.price = Decimal("2000.00")
        self.tick = contract.tick
        self.quantity = Decimal("0.3")
        self.clock = SystemClock()
        self.market = Market()
        self.venue = BinanceSimulator(
            self.market,
            [contract],
            accounts=[Access("test", KEY, SECRET, balance=Decimal(100_000))],
            clock=self.clock,
            seed=seed,
            rules=rules or Rules(maker=ZERO, taker=ZERO),
        )
        self._random = Random(seed)
        self._server = Server(self.venue.app)
        self._more = QUICK | more

    @property
    def settings(self) -> BinanceSettings:
        return BinanceSettings(
            Environment.DEMO, KEY, SECRET, rest_url=self._server.url, stream_url=self._server.ws_url, **self._more
        )

    def make(self, **more: Any) -> BinanceBroker:
        return BinanceBroker(self.account, replace(self.settings, **more), self.clock)

    async def serve(self) -> None:
        """The venue alone."""
        self.market.move(self.symbol, self.price, self.clock.now())
        await self._server.start()

    async def start(self) -> None:
        await self.serve()
        self.broker = self.make()
        await self.broker.connect()

    async def stop(self) -> None:
        if hasattr(self, "broker"):
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
        plan, point = self.venue.faults, _POINTS[what]
        plan.armed = [armed for armed in plan.armed if armed.where != point]
        if times:
            plan.arm(Armed(self._random.choice(_KINDS[fault]), point, times))

    def arm(self, fault: str, where: str = "*", times: int | None = 1, **options: Any) -> None:
        """One of the venue's own faults."""
        self.venue.faults.arm(Armed(fault, where, times, options=options))

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
                status[name] = ORDER_STATUS[order.status]
                fills += [
                    Fill(
                        name,
                        f"{trade.symbol}-{trade.id}",
                        self.symbol,
                        Side(trade.side.lower()),
                        trade.quantity,
                        trade.price,
                        trade.time,
                    )
                    for trade in ledger.trades
                    if trade.order_id == order.id
                ]
            elif algo is not None:
                status[name] = ORDER_STATUS[algo.status]
        return VenueTruth(status, tuple(fills), ledger.position("test", "ETHUSDT", "BOTH").amount)
