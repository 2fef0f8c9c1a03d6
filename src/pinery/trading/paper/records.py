"""What the paper venue keeps: orders, positions, the account. Records turn to JSON and back without losing a digit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import Enum
from typing import Any

from pinery.trading.broker import VenueOrder
from pinery.trading.orders.model import ZERO, Fill, OrderType, Side, Status, TimeInForce


@dataclass(slots=True)
class PaperOrder:
    """An order as the venue knows it. ``number`` counts all that the account ever did: venue id and priority."""

    client_id: str
    number: int
    symbol: str
    deployment: str
    side: Side
    type: OrderType
    quantity: Decimal
    status: Status = Status.WORKING
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_offset: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    reduce_only: bool = False
    closes: Decimal = ZERO  # of an entry that reverses: this much of it opens nothing
    parent: str = ""  # protection: the entry's client id
    filled: Decimal = ZERO
    cost: Decimal = ZERO  # sum of quantity times price
    closed: Decimal = ZERO  # of an entry: what its protection has closed of it
    best: Decimal | None = None  # trailing stop: the best price since it became active
    triggered: bool = False  # its stop was met: what is left of it is a market order
    parts: int = 1  # in how many fills it is served, and
    served: int = 0  # how many of them it has had
    revision: int = 0
    expires: int | None = None
    code: str = ""
    reason: str = ""
    created: int = 0
    updated: int = 0

    @property
    def venue_id(self) -> str:
        return f"P{self.number}"

    @property
    def remaining(self) -> Decimal:
        return self.quantity - self.filled

    @property
    def opened(self) -> Decimal:
        """Of an entry: how much position it has made so far."""
        return max(ZERO, self.filled - self.closes)

    @property
    def at_market(self) -> bool:
        return self.type is OrderType.MARKET or self.triggered

    def seen(self, fills: tuple[Fill, ...] = ()) -> VenueOrder:
        return VenueOrder(
            client_id=self.client_id,
            venue_id=self.venue_id,
            symbol=self.symbol,
            status=self.status,
            quantity=self.quantity,
            filled=self.filled,
            average_price=self.cost / self.filled if self.filled else None,
            reason=self.reason,
            fills=fills,
            stop_price=self.stop_price,
            limit_price=self.limit_price,
        )


_DIGITS = 12  # after the point


@dataclass(slots=True)
class Holding:
    """The account's position in one contract, and whose it is.

    ``cost`` is signed quantity times price: kept whole, so that cash is exact again whenever the position is flat.
    """

    quantity: Decimal = ZERO  # signed
    cost: Decimal = ZERO
    price: Decimal | None = None  # the last one known
    held: dict[str, Decimal] = field(default_factory=dict)  # deployment -> signed quantity, none of them 0

    @property
    def average_price(self) -> Decimal | None:
        return self.cost / self.quantity if self.quantity else None

    def open_profit(self, point_value: Decimal) -> Decimal:
        return ZERO if self.price is None else (self.quantity * self.price - self.cost) * point_value

    def trade(self, deployment: str, change: Decimal, price: Decimal) -> Decimal:
        """Take a fill of ``change`` (signed). Returns the profit of what it closed, in points times quantity."""
        closing = min(abs(change), abs(self.quantity)) if change * self.quantity < 0 else ZERO
        profit = ZERO
        if closing:
            # Rounded where sums still hold every digit, so that the rest makes up for it when it is closed.
            whole = closing == abs(self.quantity)
            share = self.cost if whole else round(self.cost * closing / abs(self.quantity), _DIGITS)
            signed = closing if self.quantity > 0 else -closing
            profit = signed * price - share
            self.cost -= share
            self.quantity -= signed
            change_left = change + signed
        else:
            change_left = change
        self.quantity += change_left
        self.cost += change_left * price
        mine = self.held.pop(deployment, ZERO) + change
        if mine:
            self.held[deployment] = mine
        return profit


@dataclass(slots=True)
class PaperAccount:
    """``number`` counts up with everything that happens: ids come from it, and it tells stale writers."""

    cash: Decimal
    number: int = 0
    holdings: dict[str, Holding] = field(default_factory=dict)  # by symbol
    seen: int = 0  # the market's time up to which its prices have been met, Unix ms; 0: not known


_ENUMS: dict[str, type[Enum]] = {"side": Side, "type": OrderType, "status": Status, "time_in_force": TimeInForce}


def to_json(record: PaperOrder | Fill) -> dict[str, Any]:
    """Without what is None."""
    found = ((each.name, getattr(record, each.name)) for each in fields(record))
    return {name: _plain(value) for name, value in found if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.value if isinstance(value, Enum) else value


def order_of(data: Mapping[str, Any]) -> PaperOrder:
    return PaperOrder(**_read(PaperOrder, data))


def fill_of(data: Mapping[str, Any]) -> Fill:
    return Fill(**_read(Fill, data))


def _read(record: type[PaperOrder] | type[Fill], data: Mapping[str, Any]) -> dict[str, Any]:
    """Values by field. Names that this version does not know are passed over."""
    values = {}
    for each in fields(record):
        if each.name in data:
            value = data[each.name]
            if each.name in _ENUMS:
                value = _ENUMS[each.name](value)
            elif str(each.type).startswith("Decimal"):
                value = Decimal(value)
            values[each.name] = value
    return values


def holdings_json(holdings: dict[str, Holding]) -> dict[str, Any]:
    return {
        symbol: {
            "quantity": format(holding.quantity, "f"),
            "cost": format(holding.cost, "f"),
            "price": None if holding.price is None else format(holding.price, "f"),
            "held": {name: format(quantity, "f") for name, quantity in holding.held.items()},
        }
        for symbol, holding in holdings.items()
        if holding.quantity or holding.held
    }


def holdings_of(data: dict[str, Any]) -> dict[str, Holding]:
    return {
        symbol: Holding(
            Decimal(each["quantity"]),
            Decimal(each["cost"]),
            None if each["price"] is None else Decimal(each["price"]),
            {name: Decimal(quantity) for name, quantity in each["held"].items()},
        )
        for symbol, each in data.items()
    }
