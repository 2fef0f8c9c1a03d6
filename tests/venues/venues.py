"""The simulated venues as storms meet them: their faults by chance, and their own truth afterwards."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, Protocol

from pinery.adapters.binance.broker import BinanceBroker
from pinery.adapters.binance.settings import BinanceSettings
from pinery.adapters.tradovate.broker import TradovateBroker
from pinery.adapters.tradovate.settings import TradovateSettings, Waits
from pinery.simulators.binance.exchange import Rules
from pinery.simulators.binance.limits import Limits
from pinery.simulators.binance.records import Access
from pinery.simulators.binance.venue import BinanceSimulator
from pinery.simulators.common.faults import Armed, FaultPlan
from pinery.simulators.common.market import Market
from pinery.simulators.common.serving import Server
from pinery.simulators.tradovate.settings import SimAccount, SimSettings, SimUser
from pinery.simulators.tradovate.venue import TradovateSimulator
from pinery.trading.broker import Broker, Environment
from pinery.trading.clock import Clock
from pinery.trading.deployments import Account
from pinery.trading.deployments import Limits as RiskLimits
from pinery.trading.mapping import contract_of

ZERO = Decimal(0)

ETH = contract_of("BINANCE:ETHUSDT.P")
ES = "CME_MINI:ESZ2026"
_KEY, _SECRET = "theApiKey" * 7 + "0", "theApiSecret" * 5 + "0123"
_PASSWORD, _SEC = "s3cret-Passw0rd", "app-sec-0815"

#: Waits of the adapters that are short enough for tests, and long enough for a machine with other work.
_BINANCE_QUICK: dict[str, Any] = {
    "patience": 0.5,  # of the clock's seconds: longer than a delayed request needs to arrive
    "asks": 5,
    "read_attempts": 1,
    "backoff": (0.01, 0.05),
    "balance_every": 5.0,
    "quote_every": 0.2,
    "stream_overlap": 0.05,
    "silence": 1.0,
}
_UNLIMITED = SimSettings(
    heartbeat=0.5,  # well within the silence that the client takes for a lost stream
    automation_check=True,
    device_check=True,
    limit_second=10**6,
    limit_minute=10**6,
    limit_hour=10**6,
    logins_minute=1000,
)
_TRADOVATE_QUICK = Waits(
    patience=0.1,
    looks=3,
    connecting=10.0,
    heartbeat=0.5,
    silence=1.5,
    backoff=0.01,
    longest_backoff=0.05,
    evicted=0.05,
    renewal_again=0.02,
    login=0.0,
    penalty=2.0,
    throttled=0.004,
    longest_throttled=0.004,
    pending=0.2,
    fee=0.1,
    balance=0.5,
    retry=0.002,
    contract=0.0,
)


@dataclass
class Truth:
    """What the venue holds and did. Quantities are signed; ``orders``: how often each client id became an order."""

    position: Decimal = ZERO
    stops: Decimal = ZERO  # that rest, what they would close
    open: set[str] = field(default_factory=set)  # client ids
    filled: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))  # by client id
    orders: Counter[str] = field(default_factory=Counter)


class Venue(Protocol):
    """``faults``: those that leave intents as they are, with where they happen and their options; ``refusals``: those
    that end an order which was wanted; ``rough_faults`` and ``rough_refusals``: rarer ones of both."""

    name: str
    symbol: str
    tick: Decimal
    price: Decimal
    account: Account
    plan: FaultPlan
    faults: Sequence[tuple[str, str, dict[str, Any]]]
    refusals: Sequence[tuple[str, str, dict[str, Any]]]
    rough_faults: Sequence[tuple[str, str, dict[str, Any]]]
    rough_refusals: Sequence[tuple[str, str, dict[str, Any]]]

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def make(self) -> Broker: ...

    def move(self, price: Decimal) -> None: ...

    def in_parts(self, parts: int) -> None: ...

    def truth(self) -> Truth: ...


def arm(venue: Venue, rng: Random, kinds: Sequence[tuple[str, str, dict[str, Any]]]) -> None:
    """One fault, at the next point that fits or one of the next few."""
    fault, where, options = rng.choice(kinds)
    venue.plan.arm(Armed(fault, where, rng.choice((1, 1, 2)), after=rng.randrange(4), options=options))


def burst(venue: Venue, rng: Random, kinds: Sequence[tuple[str, str, dict[str, Any]]]) -> None:
    """One fault at many points in a row, or at a share of all for a while."""
    fault, where, options = rng.choice(kinds)
    share = rng.choice((1.0, 0.5, 0.2))
    venue.plan.arm(Armed(fault, where, rng.randrange(4, 13), share, options=options))


_ORDERS = "* /fapi/v1/*rder"

_BINANCE_FAULTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    *((name, "*", {}) for name in ("unavailable", "unknown_unexecuted", "unknown_executed", "timeout_executed")),
    *((name, _ORDERS, {}) for name in ("unavailable", "unknown_unexecuted", "unknown_executed", "timeout_executed")),
    *((name, "*", {}) for name in ("internal", "overloaded", "clock", "lost", "unanswered")),
    *((name, _ORDERS, {}) for name in ("lost", "unanswered", "duplicate_executed")),
    ("too_many", "*", {"seconds": 0}),
    ("answered_late", "*", {"seconds": 0.02}),
    ("delayed", _ORDERS, {"seconds": 0.01}),
    ("not_found", "*", {}),
    *((name, "*", {}) for name in ("listen_key_expired", "cut", "closed", "dropped", "repeated", "shuffled")),
    *((name, "*", {}) for name in ("dropped", "repeated", "shuffled", "fill_first")),
    ("late", "*", {"seconds": 0.03}),
)
_BINANCE_REFUSALS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("would_trigger", "POST /fapi/v1/algoOrder", {}),
    ("reduce_only", "POST /fapi/v1/algoOrder", {}),
    ("refused", "POST /fapi/v1/*rder", {}),
    ("margin", "POST /fapi/v1/order", {}),
    ("firewall", "* /fapi/v1/*rder", {}),
    ("expired_in_part", "*", {}),
    ("rejected_at_trigger", "*", {}),
)


_BINANCE_ROUGH: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("banned", "*", {"seconds": 0}),
    ("listen_key_expired", "*", {"silent": True}),
    ("silent", "*", {}),
    ("delayed", "*", {"seconds": 0.05}),
    ("answered_late", _ORDERS, {"seconds": 0.1}),
    ("late", "*", {"seconds": 0.2}),
    *((name, "GET *", {}) for name in ("lost", "unavailable", "not_found")),
    *((name, "stream *", {}) for name in ("dropped", "dropped", "shuffled", "repeated")),
)
_BINANCE_ROUGH_REFUSALS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("cooling_off", "POST /fapi/v1/order", {}),
    ("min_notional", "POST /fapi/v1/order", {}),
    ("refused", "DELETE /fapi/v1/*rder", {}),
    ("margin", "PUT /fapi/v1/order", {}),
    ("wrong_endpoint", "POST /fapi/v1/algoOrder", {}),
)


class BinanceVenue:
    """Ether against dollars; everything at one port of this machine."""

    name = "binance"
    faults = _BINANCE_FAULTS
    refusals = _BINANCE_REFUSALS
    rough_faults = _BINANCE_ROUGH
    rough_refusals = _BINANCE_ROUGH_REFUSALS

    def __init__(self, folder: Path, clock: Clock, seed: int) -> None:
        self.symbol, self.tick, self.price = ETH.symbol, ETH.tick, Decimal("2000.00")
        self.account = Account(
            "paper", "binance", Environment.DEMO, "USDT", leverage=Decimal(20), limits=RiskLimits(max_signal_age=None)
        )
        self._clock = clock
        self._market = Market()
        self._sim = BinanceSimulator(
            self._market,
            [ETH],
            accounts=[Access("test", _KEY, _SECRET, balance=Decimal(1_000_000))],
            clock=clock,
            seed=seed,
            rules=Rules(),
            limits=Limits(10**9, 10**9, 10**9),
        )
        self._server = Server(self._sim.app)

    @property
    def plan(self) -> FaultPlan:
        return self._sim.faults

    async def start(self) -> None:
        self.move(self.price)
        await self._server.start()

    async def stop(self) -> None:
        await self._server.stop()
        self._sim.close()

    def make(self) -> Broker:
        settings = BinanceSettings(
            Environment.DEMO,
            _KEY,
            _SECRET,
            rest_url=self._server.url,
            stream_url=self._server.ws_url,
            **_BINANCE_QUICK,
        )
        return BinanceBroker(self.account, settings, self._clock)

    def move(self, price: Decimal) -> None:
        self.price = price
        self._market.move(self.symbol, price, self._clock.now())

    def in_parts(self, parts: int) -> None:
        self._sim.exchange.rules.parts = parts

    def truth(self) -> Truth:
        ledger, found = self._sim.exchange.ledger, Truth()
        found.position = ledger.position("test", "ETHUSDT", "BOTH").amount
        for order in ledger.orders.values():
            found.orders[order.client_id] += 1
            found.filled[order.client_id] += order.sign * order.executed
        for algo in ledger.algos_of("test"):
            found.open.add(algo.client_id)
            if algo.type in ("STOP_MARKET", "TRAILING_STOP_MARKET"):
                found.stops += algo.sign * algo.quantity
        found.open |= {order.client_id for order in ledger.orders_of("test")}
        return found


_PLACE = "order/place*"

_TRADOVATE_FAULTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    *(("ticket", where, {"seconds": 0.01}) for where in ("order/*", "auth/*")),
    *(("rate_limit", where, {}) for where in ("*", "order/*")),
    *((name, "order/*", {}) for name in ("lost", "unanswered", "failed_after", "garbled", "status", "locked")),
    *((name, "*", {}) for name in ("lost", "unanswered", "failed_after", "garbled", "status")),
    ("held", "order/*", {"seconds": 0.02}),
    ("delay", "order/*", {"seconds": 0.01}),
    ("command_pending", "*", {}),
    ("missing_oso_ids", "*", {}),
    ("evicted", "*", {}),
    ("stale_token", "*", {}),
    ("drop_sockets", "*", {}),
    ("partial_fill", "*", {"quantity": 1}),
    *((name, "*", {}) for name in ("dropped", "repeated", "shuffled") * 2),
    ("late", "*", {"seconds": 0.03}),
    *((name, "*", {}) for name in ("shutdown", "silent", "cut", "closed")),
)
_TRADOVATE_REFUSALS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("refused", _PLACE, {"reason": "MaxPosLimitReached", "text": "planned"}),
    ("risk_rejected", "*", {"text": "planned"}),
    ("risk_rejected", "risk Stop", {"text": "planned"}),
    ("exchange_rejected", "risk Stop", {"reason": "InvalidPrice", "text": "planned"}),
    ("refused", "order/modifyorder", {"reason": "InvalidPrice", "text": "planned"}),
)


_TRADOVATE_ROUGH: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("ticket", "order/*", {"seconds": 0.1}),
    ("held", "*", {"seconds": 0.1}),
    ("late", "*", {"seconds": 0.2}),
    ("partial_fill", "*", {"quantity": 1}),
    ("command_rejected", "command *", {"reason": "UnknownReason", "text": "planned"}),
    *((name, "*/*", {}) for name in ("lost", "status", "rate_limit")),
    *((name, "props *", {}) for name in ("dropped", "dropped", "shuffled", "repeated")),
    *((name, "socket *", {}) for name in ("shutdown", "silent", "cut")),
)
_TRADOVATE_ROUGH_REFUSALS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("error_text", _PLACE, {"text": "planned"}),
    ("violations", "order/modifyorder", {}),
    ("refused", "order/cancelorder", {"reason": "TooLate", "text": "planned"}),
    ("risk_rejected", "risk Limit", {"text": "planned"}),
)


class TradovateVenue:
    """The E-mini S&P 500 of December; everything at one port of this machine."""

    name = "tradovate"
    faults = _TRADOVATE_FAULTS
    refusals = _TRADOVATE_REFUSALS
    rough_faults = _TRADOVATE_ROUGH
    rough_refusals = _TRADOVATE_ROUGH_REFUSALS

    def __init__(self, folder: Path, clock: Clock, seed: int) -> None:
        self.symbol, self.tick, self.price = ES, Decimal("0.25"), Decimal("6000.00")
        self.account = Account("paper", "tradovate", Environment.DEMO, "USD", limits=RiskLimits(max_signal_age=None))
        self._clock = clock
        self._folder = folder
        self._market = Market()
        user = SimUser("trader", _PASSWORD, (SimAccount("DEMO1", Decimal(10**9)),), "77", _SEC)
        self._sim = TradovateSimulator(self._market, [user], clock, settings=_UNLIMITED, seed=seed)
        self._server = Server(self._sim.app)

    @property
    def plan(self) -> FaultPlan:
        return self._sim.faults

    async def start(self) -> None:
        await self._server.start()
        self.move(self.price)

    async def stop(self) -> None:
        await self._server.stop()
        self._sim.close()

    def make(self) -> Broker:
        settings = TradovateSettings(
            environment=Environment.DEMO,
            username="trader",
            password=_PASSWORD,
            account="DEMO1",
            cid="77",
            sec=_SEC,
            token_file=self._folder / "token.json",
            rest_url=f"{self._server.url}/v1",
            stream_url=f"{self._server.ws_url}/v1/websocket",
            md_url=f"{self._server.ws_url}/md/v1/websocket",
            actions_per_second=10_000.0,
            burst=1_000,
            actions_per_hour=10**6,
            waits=_TRADOVATE_QUICK,
        )
        return TradovateBroker(self.account, settings, self._clock, contract_of)

    def move(self, price: Decimal) -> None:
        self.price = price
        self._market.move(self.symbol, price, self._clock.now())

    def in_parts(self, parts: int) -> None:
        self._sim.set_parts(parts)

    def truth(self) -> Truth:
        state, found = self._sim.state, Truth()
        account = state.all_accounts[0]
        named: dict[int, str] = {}
        for command in state.ledger.of("command", (account,)):
            if command["commandType"] == "New" and command.get("clOrdId"):
                named[command["orderId"]] = command["clOrdId"]
                found.orders[command["clOrdId"]] += 1
        for order in state.orders.values():
            name = named.get(order.id, f"venue {order.id}")
            found.filled[name] += order.sign * order.filled
            if order.alive:
                found.open.add(name)
                if order.terms.type.startswith(("Stop", "Trailing")) and order.status != "Suspended":
                    found.stops += order.sign * order.left
        found.position = sum((Decimal(p.net) for p in state.positions.values() if p.account == account), ZERO)
        return found


VENUES: dict[str, Any] = {"binance": BinanceVenue, "tradovate": TradovateVenue}
