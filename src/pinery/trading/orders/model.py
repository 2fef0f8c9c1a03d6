"""An order, its protection, and what is handed to a broker."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum


class Side(StrEnum):
    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> Side:
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(StrEnum):
    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"  # a market order once the price gets to ``stop_price``
    TRAILING_STOP = "trailing_stop"  # a stop that follows the best price at ``trail_offset``


class TimeInForce(StrEnum):
    DAY = "day"
    GTC = "gtc"
    IOC = "ioc"


class Role(StrEnum):
    """Why an order exists."""

    ENTRY = "entry"  # opens, adds, or reverses (then ``closes`` > 0)
    EXIT = "exit"
    STOP = "stop"  # protection: rests at the broker
    TARGET = "target"

    @property
    def protects(self) -> bool:
        return self in (Role.STOP, Role.TARGET)


class Status(StrEnum):
    PENDING = "pending"  # on disk, not sent yet
    SUBMITTED = "submitted"  # on disk that it is being sent: after a crash, ask the broker
    WORKING = "working"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELED = "canceled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    DENIED = "denied"  # by risk, never sent
    UNKNOWN = "unknown"  # sent, outcome not known

    @property
    def is_final(self) -> bool:
        return self in _FINAL

    @property
    def is_open(self) -> bool:
        """It rests at the broker, as far as known."""
        return self in (Status.WORKING, Status.PARTIALLY_FILLED)


_FINAL = frozenset({Status.FILLED, Status.CANCELED, Status.REJECTED, Status.EXPIRED, Status.DENIED})

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Order:
    """One order of a deployment. Changed by ``states.advance`` and ``dataclasses.replace`` only."""

    client_id: str  # client_order_id(): deterministic, at most 36 characters, [a-z0-9-]
    signal_id: str
    deployment: str
    account: str
    symbol: str  # the contract as EXCHANGE:TICKER: "BINANCE:ETHUSDT.P", "CME_MINI:ESZ2026"
    side: Side
    type: OrderType
    role: Role
    quantity: Decimal  # above 0
    status: Status = Status.PENDING
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_offset: Decimal | None = None  # in price
    time_in_force: TimeInForce = TimeInForce.GTC
    reduce_only: bool = False
    closes: Decimal = ZERO  # an entry that reverses: how much of it closes the position held
    parent: str = ""  # protection: the entry's client id; it becomes active with the entry's fills
    waits_for: tuple[str, ...] = ()  # sent only once these orders are final (cancel before exit)
    cancel_requested: bool = False
    revision: int = 0  # how many times prices or quantity were amended
    filled: Decimal = ZERO
    average_price: Decimal | None = None
    fees: Decimal = ZERO
    # Part of ``filled`` that is known from the venue's total only: fills up to it that come later are counted already.
    presumed: Decimal = ZERO
    venue_id: str = ""
    code: str = ""  # of DENIALS, when refused
    reason: str = ""
    reference_price: Decimal | None = None  # the price known at the decision: slippage is measured from it
    created: int = 0  # Unix ms
    submitted: int | None = None
    acknowledged: int | None = None
    first_filled: int | None = None
    updated: int = 0

    @property
    def remaining(self) -> Decimal:
        return self.quantity - self.filled

    @property
    def may_lack_fills(self) -> bool:
        """It has ended, and the report of a fill may have got lost before: not where the venue never took it."""
        if not self.status.is_final or self.submitted is None or self.remaining <= 0:
            return False
        return self.status is not Status.REJECTED or self.acknowledged is not None


def client_order_id(signal_id: str, role: Role, number: int = 0) -> str:
    """``pn-<signal>-e0``: the same for the same intent after any crash."""
    return f"pn-{signal_id}-{_LETTERS[role]}{number}"


_LETTERS = {Role.ENTRY: "e", Role.EXIT: "x", Role.STOP: "s", Role.TARGET: "t"}


def is_ours(client_id: str) -> bool:
    return client_id.startswith("pn-")


@dataclass(frozen=True, slots=True)
class Ticket:
    """What goes to the broker at once: an order and the protection that rests from its first fill on."""

    order: Order
    protection: tuple[Order, ...] = ()  # at most a stop and a target: one cancels the other


@dataclass(frozen=True, slots=True)
class Amendment:
    """New prices or quantity of a working order; None leaves a value as it is."""

    client_id: str
    revision: int  # counts up from 1: the same revision sent twice is one amendment
    quantity: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Fill:
    """Some of an order was executed. ``trade_id`` is the venue's: a fill with a known id is a repetition."""

    client_id: str
    trade_id: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    time: int  # Unix ms, the venue's
    fee: Decimal = ZERO
    fee_currency: str = ""
    price_source: str = ""  # paper: "feed" or "alert"


def denied(order: Order, code: str, reason: str, now: int) -> Order:
    return replace(order, status=Status.DENIED, code=code, reason=reason, updated=now)


@dataclass(frozen=True, slots=True)
class OrderChange:
    """A line of an order's history."""

    client_id: str
    at: int
    before: Status
    after: Status
    event: str
    reason: str = ""
    data: dict[str, str] = field(default_factory=dict)
