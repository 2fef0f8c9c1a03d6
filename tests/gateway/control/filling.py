"""A store with a morning's trading in it, and the configuration that it belongs to."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from pinery.charts.settings import ChartSettings, FeedSettings
from pinery.market.symbols import SymbolTable, built_in
from pinery.trading.broker import Balance, Environment, Quote
from pinery.trading.channels import Route
from pinery.trading.deployments import Account, Deployment
from pinery.trading.events import Event
from pinery.trading.orders.model import Fill, Order, OrderChange, OrderType, Role, Side, Status
from pinery.trading.positions.model import Lot, Position, Trade
from pinery.trading.signals import Action, Signal, Source
from pinery.trading.store import Day, Decision, Message, MessageStatus, Outcome, Store, Tx

ETH = "BINANCE:ETHUSDT.P"
ES = "CME_MINI:ESZ2026"
NOW = 1_795_000_000_000  # 2026-11-18, Unix ms
D = Decimal


@dataclass(slots=True)
class TestClock:
    __test__ = False
    ms: int = NOW

    def now(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass(frozen=True, slots=True)
class TestConfiguration:
    __test__ = False
    accounts: Mapping[str, Account] = field(
        default_factory=lambda: {
            "paper": Account("paper", "paper", Environment.PAPER, options={"key_secret": "name-of-a-secret"}),
            "spare": Account("spare", "paper", Environment.PAPER),
        }
    )
    deployments: Mapping[str, Deployment] = field(
        default_factory=lambda: {
            "demo": Deployment("demo", "paper", ETH),
            "mini": Deployment("mini", "paper", "CME_MINI:ES1!", words={"moon": Action.ENTER_LONG}),
            "other": Deployment("other", "spare", ETH),
        }
    )
    routes: tuple[Route, ...] = (Route("console"),)
    channels: Mapping[str, Any] = field(default_factory=lambda: {"console": None})
    feeds: Mapping[str, FeedSettings] = field(
        default_factory=lambda: {
            "market": FeedSettings("market", "replay", {"bars": {ETH: "eth.csv"}, "speed": 60}),
            "file": FeedSettings("file", "tail", {"bars": {ETH: "eth.csv"}}),
        }
    )
    charts: Mapping[str, ChartSettings] = field(
        default_factory=lambda: {
            "demo": ChartSettings("demo", Path("strategies/trend.pine"), "market", ETH, "5"),
            "mini": ChartSettings("mini", Path("strategies/turn.pine"), "file", "CME_MINI:ES1!", "15"),
        }
    )
    symbol_table: SymbolTable = field(default_factory=built_in)


def order(client_id: str, status: Status, **more: object) -> Order:
    values: dict[str, object] = {
        "signal_id": "sig1",
        "deployment": "demo",
        "account": "paper",
        "symbol": ETH,
        "side": Side.BUY,
        "type": OrderType.MARKET,
        "role": Role.ENTRY,
        "quantity": D("1.5"),
        "created": NOW - 60_000,
        "updated": NOW - 59_000,
    }
    return Order(client_id, status=status, **(values | more))  # type: ignore[arg-type]


def position(deployment: str, symbol: str, side: int, quantity: str, price: str) -> Position:
    lots = (Lot(D(quantity), D(price), NOW - 59_000, D("0.6"), "pn-sig1-e0", "sig1"),) if side else ()
    return Position(deployment, "paper", symbol, side, lots, D("12.50"), D("0.6"), NOW - 59_000, updated=NOW - 59_000)


def fill(store: Store) -> None:
    """Signals sig1 (bought 1.5 ETH, stop working) and sig2 (denied), an unparsed message, a position, two trades."""
    store.write(_fill)


def _fill(tx: Tx) -> None:
    at_us = (NOW - 60_000) * 1000
    body = '{"signal":"IN","instrument":"ETHUSDT.P"}'
    ids = tx.inbox.add(
        [
            Message("demo", Source.WEBHOOK, body, at_us, content_type="application/json", remote="52.89.214.238"),
            Message("demo", Source.WEBHOOK, "what is this", at_us + 5_000_000, remote="52.89.214.238"),
            Message("demo", Source.WEBHOOK, '{"signal":"PUT"}', at_us + 9_000_000),
        ]
    )
    tx.inbox.finish(ids[0], MessageStatus.DONE, "sig1")
    tx.inbox.finish(ids[1], MessageStatus.UNPARSED, note="no signal word")
    tx.inbox.finish(ids[2], MessageStatus.DONE, "sig2")
    first = Signal("sig1", "demo", "k1", Action.ENTER_LONG, "IN", Source.WEBHOOK, NOW - 60_000, ETH, message_id=ids[0])
    steps = (("read", "pass", "IN ETHUSDT.P"), ("size", "pass", "1.5 contracts"))
    tx.signals.add(first, Decision(Outcome.ACCEPTED, steps=steps), "paper", at_us + 1_250)
    tx.signals.stamp("sig1", sent_us=at_us + 4_000, filled_us=at_us + 10_500)
    second = Signal("sig2", "demo", "k2", Action.ENTER_SHORT, "PUT", Source.WEBHOOK, NOW - 51_000, message_id=ids[2])
    tx.signals.add(second, Decision(Outcome.DENIED, "SESSION", "outside [06:30-12:30]"), "paper", at_us + 9_001_000)
    entry = order(
        "pn-sig1-e0",
        Status.FILLED,
        filled=D("1.5"),
        average_price=D("3500.10"),
        reference_price=D("3500"),
        venue_id="v1",
        fees=D("0.6"),
    )
    stop = order(
        "pn-sig1-s0",
        Status.WORKING,
        type=OrderType.STOP,
        role=Role.STOP,
        side=Side.SELL,
        stop_price=D("3400"),
        reduce_only=True,
        parent="pn-sig1-e0",
    )
    tx.orders.put([entry, stop])
    tx.orders.note([OrderChange("pn-sig1-e0", NOW - 59_990, Status.SUBMITTED, Status.FILLED, "complete")])
    tx.journal.add("paper", "fill", NOW - 59_990, {"price": "3500.10"}, "pn-sig1-e0")
    tx.fills.add(
        Fill("pn-sig1-e0", "t1", ETH, Side.BUY, D("1.5"), D("3500.10"), NOW - 59_990, D("0.6"), "USDT", "alert"), entry
    )
    tx.positions.put(position("demo", ETH, 1, "1.5", "3500.10"))
    tx.positions.put(position("mini", ES, -1, "2", "6000"))
    tx.positions.put(position("other", ETH, 0, "0", "0"))
    tx.standings.put_quote(Quote(ETH, D("3510.10"), NOW - 1_000, "feed"))
    tx.standings.put_quote(Quote(ES, D("5999.50"), NOW - 1_000, "feed"))
    tx.standings.put_balance("paper", Balance("USD", D("100000"), D("100065"), D("500"), D("99565"), NOW - 1_000))
    tx.standings.put_day(Day("account:paper", "2026-11-18", D("100050"), D("-3"), 1, 2))
    tx.trades.add([_trade("a", "25.40", NOW - 3_600_000), _trade("b", "-12.9", NOW - 1_800_000)])
    events = [
        Event("order.filled", NOW - 59_990, "bought 1.5", "demo", "paper", "sig1"),
        Event("signal.denied", NOW - 51_000, "PUT denied", "demo", "paper", "sig2"),
    ]
    tx.outbox.add(events, lambda event: ())


def _trade(name: str, profit: str, closed: int) -> Trade:
    return Trade(
        name, "demo", "paper", ETH, 1, D("1"), D("3400"), D("3426"), closed - 60_000, closed, D(profit), D("0.6"),
        "sig0", "sig0", "exit",
    )  # fmt: skip
