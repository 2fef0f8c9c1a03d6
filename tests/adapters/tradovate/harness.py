"""The Tradovate adapter under the conformance suite, on the simulated venue in the same event loop."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from pinery.adapters.tradovate.broker import TradovateBroker
from pinery.adapters.tradovate.settings import TradovateSettings, Waits
from pinery.simulators.common.faults import Armed
from pinery.simulators.common.market import Market
from pinery.simulators.common.serving import Server
from pinery.simulators.tradovate.settings import SimAccount, SimSettings, SimUser
from pinery.simulators.tradovate.venue import TradovateSimulator
from pinery.trading.broker import Capabilities, Environment, Quote, Report, Snapshot, VenueOrder
from pinery.trading.contracts import Contract, Terms
from pinery.trading.deployments import Account
from pinery.trading.mapping import contract_of
from pinery.trading.orders.model import ZERO, Amendment, Fill, Order, Side, Status, Ticket
from tests.adapters.conformance.harness import Fault, VenueTruth

SYMBOL = "CME_MINI:ESZ2026"
PASSWORD, SEC = "s3cret-Passw0rd", "app-sec-0815"
ACCOUNT = Account("test", "tradovate", Environment.DEMO, "USD")
FEE = Decimal("0.79")

#: Short enough for tests, long enough for a machine with other work.
QUICK = Waits(
    patience=0.06,
    looks=3,
    lock=0.1,
    connecting=10.0,
    heartbeat=0.5,
    silence=10.0,
    backoff=0.01,
    longest_backoff=0.05,
    evicted=0.05,
    renewal_again=0.02,
    login=0.0,
    penalty=2.0,
    throttled=0.004,
    longest_throttled=0.004,
    pending=3.0,
    fee=1.0,
    balance=0.05,
    retry=0.002,
    contract=0.0,
)

_SUBMIT, _READS = "order/place*", ("*/list", "*/item", "*/ldeps")
_POINTS = {"submit": _SUBMIT, "cancel": "order/cancelorder", "amend": "order/modifyorder", "reports": "props *"}
_FAULTS: dict[Fault, tuple[str, dict[str, Any]]] = {
    Fault.REFUSED: ("refused", {"reason": "MaxPosLimitReached", "text": "planned"}),
    Fault.NOT_SENT: ("rate_limit", {}),
    Fault.LOST: ("lost", {}),
    Fault.UNANSWERED: ("unanswered", {}),
    Fault.DROPPED: ("dropped", {}),
    Fault.REPEATED: ("repeated", {}),
    Fault.SHUFFLED: ("shuffled", {"seconds": 0.01}),
}
_EVENTS = 8  # that a planned fault of reports is about: one piece of news is several


#: Clocks of tests stop short of the contract's last days, in ns.
_TOO_LATE = max(0, time.time_ns() - 1_796_040_000 * 10**9)  # since Monday 30 November 2026


class SystemClock:
    def now(self) -> int:
        return self.now_us() // 1_000

    def now_us(self) -> int:
        return (time.time_ns() - _TOO_LATE) // 1_000

    def monotonic(self) -> float:
        return time.monotonic()


def contract(symbol: str) -> Contract:
    return contract_of(symbol)


def sim_settings(**more: Any) -> SimSettings:
    plenty = {"limit_second": 10**6, "limit_minute": 10**6, "limit_hour": 10**6, "logins_minute": 1000}
    return SimSettings(commission=FEE, automation_check=True, device_check=True, **plenty, **more)


class Asked:
    """The broker; questions fail while the harness wants them to, by the venue's answers."""

    def __init__(self, broker: TradovateBroker, harness: TradovateHarness) -> None:
        self.inner = broker
        self._harness = harness

    @property
    def capabilities(self) -> Capabilities:
        return self.inner.capabilities

    async def connect(self) -> None:
        await self.inner.connect()

    async def close(self) -> None:
        await self.inner.close()

    def terms(self, symbol: str) -> Terms | None:
        return self.inner.terms(symbol)

    async def learn_terms(self) -> None:
        await self.inner.learn_terms()

    def reports(self) -> AsyncIterator[Report]:
        return self.inner.reports()

    async def submit(self, ticket: Ticket) -> str:
        return await self.inner.submit(ticket)

    async def amend(self, order: Order, amendment: Amendment) -> None:
        await self.inner.amend(order, amendment)

    async def cancel(self, order: Order) -> None:
        await self.inner.cancel(order)

    async def find(self, order: Order) -> VenueOrder | None:
        with self._harness.failing_reads():
            return await self.inner.find(order)

    async def snapshot(self) -> Snapshot:
        with self._harness.failing_reads():
            return await self.inner.snapshot()

    async def price_seen(self, quote: Quote) -> None:
        await self.inner.price_seen(quote)


class _Failing:
    def __init__(self, harness: TradovateHarness) -> None:
        self._harness = harness
        self._armed: list[Armed] = []

    def __enter__(self) -> None:
        if self._harness.failing:
            self._harness.failing -= 1
            self._armed = [Armed("status", where=where, times=None) for where in _READS]
            for armed in self._armed:
                self._harness.simulator.faults.arm(armed)

    def __exit__(self, *_: object) -> None:
        faults = self._harness.simulator.faults
        faults.armed = [armed for armed in faults.armed if not any(armed is mine for mine in self._armed)]


class TradovateHarness:
    """``waits`` and ``sim`` for tests that want others; ``folder`` keeps the token."""

    def __init__(
        self, folder: Path, *, waits: Waits = QUICK, sim: SimSettings | None = None, seed: int = 1, **settings: Any
    ) -> None:
        self.symbol = SYMBOL
        self.price = Decimal("6000.00")
        self.tick = Decimal("0.25")
        self.quantity = Decimal(3)
        self.failing = 0
        self.market = Market()
        user = SimUser("trader", PASSWORD, (SimAccount("DEMO1", Decimal(10**9)), SimAccount("DEMO2")), "77", SEC)
        self.clock = SystemClock()
        self.simulator = TradovateSimulator(self.market, [user], self.clock, settings=sim or sim_settings(), seed=seed)
        self.server = Server(self.simulator.app)
        self._folder = folder
        self._waits = waits
        self._more = settings
        self._parts = 1

    def settings(self, **more: Any) -> TradovateSettings:
        values: dict[str, Any] = {
            "environment": Environment.DEMO,
            "username": "trader",
            "password": PASSWORD,
            "account": "DEMO1",
            "cid": "77",
            "sec": SEC,
            "token_file": self._folder / "token.json",
            "rest_url": f"{self.server.url}/v1",
            "stream_url": f"{self.server.ws_url}/v1/websocket",
            "md_url": f"{self.server.ws_url}/md/v1/websocket",
            "trailing_stop": True,
            "actions_per_second": 10_000.0,
            "burst": 1_000,
            "actions_per_hour": 10**6,
            "waits": self._waits,
        }
        return TradovateSettings(**values | self._more | more)

    def make(self, of: Account = ACCOUNT, /, **more: Any) -> TradovateBroker:
        return TradovateBroker(of, self.settings(**more), self.clock, contract)

    async def serve(self) -> None:
        """The venue without a broker at it."""
        await self.server.start()
        await self.move(self.price)

    async def start(self) -> None:
        await self.serve()
        self.broker = Asked(self.make(), self)
        await self.broker.connect()

    async def stop(self) -> None:
        await self.broker.close()
        await self.shut()

    async def shut(self) -> None:
        await self.server.stop()
        self.simulator.close()

    async def restart(self) -> None:
        await self.broker.close()
        self.broker = Asked(self.make(), self)
        await self.broker.connect()

    async def move(self, price: Decimal) -> None:
        self.price = price
        self.market.move(self.symbol, price, self.clock.now())

    def failing_reads(self) -> _Failing:
        return _Failing(self)

    def fault(self, what: str, fault: Fault, times: int = 1) -> None:
        if what == "query":
            self.failing = times
            return
        where, faults = _POINTS[what], self.simulator.faults
        faults.armed = [armed for armed in faults.armed if armed.where != where]
        if times:
            name, options = _FAULTS[fault]
            times *= _EVENTS if what == "reports" else 1
            self.arm(name, where, times, **options)

    def arm(self, fault: str, where: str = "*", times: int | None = 1, **options: Any) -> None:
        self.simulator.faults.arm(Armed(fault, where=where, times=times, options=options))

    def in_parts(self, parts: int) -> bool:
        self.simulator.set_parts(parts)
        return True

    async def truth(self, client_ids: Iterable[str]) -> VenueTruth:
        state = self.simulator.state
        account = state.all_accounts[0]
        named: dict[str, int] = {}
        for command in state.ledger.of("command", (account,)):
            if command["commandType"] == "New" and command.get("clOrdId"):
                assert command["clOrdId"] not in named, "one client id is one order"
                named[command["clOrdId"]] = command["orderId"]
        ids = {name: named[name] for name in client_ids if name in named}
        by_order = {order_id: name for name, order_id in ids.items()}
        fills = tuple(
            Fill(
                by_order[fill["orderId"]],
                str(fill["id"]),
                self.symbol,
                Side.BUY if fill["action"] == "Buy" else Side.SELL,
                Decimal(fill["qty"]),
                Decimal(fill["price"]),
                0,
            )
            for fill in state.ledger.of("fill", (account,))
            if fill["orderId"] in by_order
        )
        held = sum((Decimal(p.net) for p in state.positions.values() if p.account == account), ZERO)
        return VenueTruth({name: _status(state.orders[order_id]) for name, order_id in ids.items()}, fills, held)


def _status(order: Any) -> Status:
    if order.alive:
        return Status.PARTIALLY_FILLED if order.filled else Status.WORKING
    return Status(order.status.lower())


def quick(**more: Any) -> Waits:
    return replace(QUICK, **more)
