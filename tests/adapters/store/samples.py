"""Records as they come up in trading."""

from __future__ import annotations

from decimal import Decimal

from pinery.trading.orders.model import Fill, Order, OrderType, Role, Side, Status
from pinery.trading.positions.model import Lot, Position, Trade
from pinery.trading.signals import Action, Signal, Source
from pinery.trading.store import Message

HOUR = 3_600_000
DAY = 24 * HOUR


def message(number: int = 1, deployment: str = "demo", body: str = "IN") -> Message:
    return Message(deployment, Source.WEBHOOK, body, received_us=number * 1000)


def signal(name: str = "s1", received: int = 1, key: str = "id:1") -> Signal:
    return Signal(name, "demo", key, Action.ENTER_LONG, "IN", Source.WEBHOOK, received, price=Decimal("4100.250"))


def order(name: str = "pn-s1-e0", *, status: Status = Status.SUBMITTED, created: int = 1, signal: str = "s1") -> Order:
    return Order(
        name, signal, "demo", "paper", "BINANCE:ETHUSDT.P", Side.BUY, OrderType.LIMIT, Role.ENTRY, Decimal("1.50"),
        status=status, limit_price=Decimal("0.1"), waits_for=("pn-s0-t0",), created=created, updated=created,
    )  # fmt: skip


def fill(trade_id: str = "t1", client_id: str = "pn-s1-e0", time: int = 5) -> Fill:
    return Fill(client_id, trade_id, "BINANCE:ETHUSDT.P", Side.BUY, Decimal("0.75"), Decimal("4100.25"), time)


def position(*, client_id: str = "pn-s1-e0", signal: str = "s1") -> Position:
    lot = Lot(Decimal("0.75"), Decimal("4100.25"), 5, Decimal("0.000100"), client_id, signal)
    return Position("demo", "paper", "BINANCE:ETHUSDT.P", 1, (lot,), opened=5, updated=5)


def trade(name: str = "t1/0", exit_time: int = 9) -> Trade:
    return Trade(
        name, "demo", "paper", "BINANCE:ETHUSDT.P", 1, Decimal(1), Decimal(10), Decimal("12.5"), 5, exit_time,
        Decimal("2.5"), Decimal(0), "s1", "s2", "exit",
    )  # fmt: skip
