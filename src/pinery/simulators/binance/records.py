"""What the venue keeps of its accounts: orders, conditional orders, trades, positions, and how they are written down.

Times are Unix ms. Prices and quantities are exact; quantities of orders have no sign.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, TypeVar

ZERO = Decimal(0)

OPEN = ("NEW", "PARTIALLY_FILLED")
ALGO_OPEN = ("NEW", "TRIGGERING")


@dataclass(frozen=True, slots=True)
class Access:
    """An account that may log in. ``public_key``: PEM of an Ed25519 or RSA key, instead of ``secret``."""

    name: str
    api_key: str
    secret: str = ""
    public_key: str = ""
    balance: Decimal = Decimal(10000)

    def __repr__(self) -> str:
        return f"Access({self.name!r})"


@dataclass(slots=True)
class Account:
    """``wallet`` is all USDT that it has, isolated margin included; without unrealised profit."""

    name: str
    wallet: Decimal
    hedge: bool = False
    multi_assets: bool = False
    fee_burn: bool = False
    listen_key: str = ""
    listen_until: int = 0


@dataclass(slots=True)
class Setting:
    """Of one account and symbol."""

    account: str
    symbol: str
    leverage: int = 20
    margin_type: str = "CROSSED"


@dataclass(slots=True)
class Position:
    """``amount`` is signed: below zero is short. ``side`` is BOTH in one-way mode, LONG or SHORT in hedge mode."""

    account: str
    symbol: str
    side: str
    amount: Decimal = ZERO
    entry: Decimal = ZERO
    isolated: Decimal = ZERO
    realized: Decimal = ZERO
    fees: Decimal = ZERO
    updated: int = 0


@dataclass(slots=True)
class Order:
    id: int
    account: str
    symbol: str
    client_id: str
    side: str
    type: str
    quantity: Decimal
    price: Decimal = ZERO
    position_side: str = "BOTH"
    tif: str = "GTC"
    reduce_only: bool = False
    close_position: bool = False
    stop_price: Decimal = ZERO
    working_type: str = "CONTRACT_PRICE"
    price_protect: bool = False
    price_match: str = "NONE"
    stp: str = "EXPIRE_MAKER"
    good_till: int = 0
    orig_type: str = ""
    status: str = "NEW"
    executed: Decimal = ZERO
    quote: Decimal = ZERO
    created: int = 0
    updated: int = 0
    algo_id: int = 0
    rank: int = 0  # place in the queue, shared with conditional orders: a change of price or quantity loses it
    modified: int = 0
    expiry: str = "0"  # why it expired, as the stream's field er says it
    parts: int = 0  # parts still to fill, 0: not begun
    filled_on: int = 0  # number of the market's move at which a part was filled last

    @property
    def left(self) -> Decimal:
        return self.quantity - self.executed

    @property
    def average(self) -> Decimal:
        return self.quote / self.executed if self.executed else ZERO

    @property
    def sign(self) -> int:
        return 1 if self.side == "BUY" else -1


@dataclass(slots=True)
class Algo:
    """A conditional order. ``best`` is the extreme that a trailing stop follows once it is active."""

    id: int
    account: str
    symbol: str
    client_id: str
    side: str
    type: str
    quantity: Decimal
    price: Decimal = ZERO
    trigger: Decimal = ZERO
    position_side: str = "BOTH"
    tif: str = "GTC"
    working_type: str = "CONTRACT_PRICE"
    reduce_only: bool = False
    close_position: bool = False
    price_protect: bool = False
    price_match: str = "NONE"
    stp: str = "EXPIRE_MAKER"
    good_till: int = 0
    activate: Decimal | None = None
    callback: Decimal | None = None
    best: Decimal | None = None
    status: str = "NEW"
    created: int = 0
    updated: int = 0
    triggered: int = 0
    order_id: int = 0
    reason: str = ""
    rank: int = 0

    @property
    def sign(self) -> int:
        return 1 if self.side == "BUY" else -1


@dataclass(slots=True)
class Trade:
    id: int
    account: str
    order_id: int
    symbol: str
    side: str
    position_side: str
    price: Decimal
    quantity: Decimal
    commission: Decimal
    realized: Decimal
    maker: bool
    time: int


@dataclass(slots=True)
class Income:
    id: int
    account: str
    symbol: str
    kind: str
    amount: Decimal
    time: int
    trade_id: int = 0


@dataclass(slots=True)
class Amendment:
    """A change of an order's price and quantity."""

    id: int
    account: str
    order_id: int
    price_before: Decimal
    price: Decimal
    quantity_before: Decimal
    quantity: Decimal
    time: int


@dataclass(slots=True)
class MarginChange:
    """What was put to an isolated position's margin, or taken from it (below zero)."""

    id: int
    account: str
    symbol: str
    side: str
    amount: Decimal
    time: int


Record = Account | MarginChange | Amendment | Setting | Position | Order | Algo | Trade | Income
T = TypeVar("T", bound=Record)


def stored(record: Record) -> dict[str, Any]:
    """As JSON: exact numbers are texts."""
    values = ((field.name, getattr(record, field.name)) for field in fields(record))
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in values}


def restored(kind: type[T], value: dict[str, Any]) -> T:
    exact = {field.name for field in fields(kind) if str(field.type).startswith("Decimal")}
    values: dict[str, Any] = {
        name: Decimal(it) if name in exact and it is not None else it for name, it in value.items()
    }
    return kind(**values)


def plain(number: Decimal) -> str:
    """Without an exponent and without zeros at its end."""
    text = format(number, "f")
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def money(number: Decimal) -> str:
    """With eight decimals, as the venue prints amounts."""
    text = format(number.quantize(Decimal("0.00000001")), "f")
    return "0.00000000" if text == "-0.00000000" else text
