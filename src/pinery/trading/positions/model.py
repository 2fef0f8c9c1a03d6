"""A position of one deployment in one contract, and the trades that it leaves."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from pinery.trading.orders.model import ZERO


@dataclass(frozen=True, slots=True)
class Lot:
    """What one entry fill added and is still held. ``quantity`` above 0; the position has the side."""

    quantity: Decimal
    price: Decimal
    time: int  # Unix ms
    fee: Decimal  # of what is still held, in account currency
    client_id: str
    signal_id: str


@dataclass(frozen=True, slots=True)
class Position:
    """Lots are oldest first; all are on one side. Money in the contract's currency."""

    deployment: str
    account: str
    symbol: str  # the contract held
    side: int = 0  # 1 long, -1 short, 0 flat
    lots: tuple[Lot, ...] = ()
    realized: Decimal = ZERO  # of all closed trades in this contract, net of fees
    fees: Decimal = ZERO
    opened: int | None = None  # when it last left flat
    best: Decimal | None = None  # most favourable and most adverse price seen since then
    worst: Decimal | None = None
    timeframe: str = ""  # of the signal that opened it
    updated: int = 0

    @property
    def size(self) -> Decimal:
        """Unsigned."""
        return sum((lot.quantity for lot in self.lots), ZERO)

    @property
    def quantity(self) -> Decimal:
        """Signed."""
        return self.side * self.size

    @property
    def average_price(self) -> Decimal | None:
        size = self.size
        return sum((lot.quantity * lot.price for lot in self.lots), ZERO) / size if size else None

    def open_profit(self, price: Decimal, point_value: Decimal) -> Decimal:
        """Before fees."""
        return sum((self.side * (price - lot.price) * lot.quantity for lot in self.lots), ZERO) * point_value


@dataclass(frozen=True, slots=True)
class Trade:
    """A round trip: part of one entry closed by part of one exit, first in first out."""

    id: str  # deterministic: exit fill and lot
    deployment: str
    account: str
    symbol: str
    side: int
    quantity: Decimal
    entry_price: Decimal
    exit_price: Decimal
    entry_time: int
    exit_time: int
    profit: Decimal  # net of fees
    fees: Decimal
    entry_signal: str
    exit_signal: str
    exit_role: str  # Role of the order that closed it: "exit", "stop", "target", "entry" (reversal)
    best: Decimal | None = None  # prices seen while it was open: MFE and MAE follow
    worst: Decimal | None = None

    @property
    def won(self) -> bool:
        return self.profit > 0
