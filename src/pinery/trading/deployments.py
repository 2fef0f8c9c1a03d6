"""What a trader configured: accounts, deployments and their rules, as facts; ``app/config`` reads and checks them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pinery.trading.broker import Environment
from pinery.trading.signals import Action, EntryType


class Stage(StrEnum):
    """The way of a strategy to real money; promotion is a recorded decision."""

    BACKTEST = "backtest"  # signals are recorded, nothing is traded
    PAPER = "paper"
    SMALL = "small"
    PRODUCTION = "production"


class Unit(StrEnum):
    PERCENT = "percent"
    POINTS = "points"
    TICKS = "ticks"
    PRICE = "price"  # an absolute price
    SIGNAL = "signal"  # the price that the signal states


@dataclass(frozen=True, slots=True)
class Distance:
    """How far from the entry price; ``distances.parse`` reads "1%", "20 ticks", "5 points", "4100.25", "signal"."""

    unit: Unit
    value: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Bracket:
    """Protection of a position. Everything may be absent, together."""

    stop: Distance | None = None
    target: Distance | None = None
    trail: Distance | None = None  # a trailing stop at this distance; with ``stop``, the closer one holds
    from_signal: bool = True  # a stop or target that the signal states comes first
    max_bars: int | None = None  # of the deployment's (or the signal's) timeframe
    max_minutes: int | None = None
    flat_at_session_end: bool = False


class SizingKind(StrEnum):
    FIXED = "fixed"  # ``value`` contracts
    CASH = "cash"  # ``value`` in the account's currency, notional
    PERCENT_OF_EQUITY = "percent_of_equity"  # notional
    RISK = "risk"  # ``value`` money lost if the stop is hit


@dataclass(frozen=True, slots=True)
class Sizing:
    kind: SizingKind = SizingKind.FIXED
    value: Decimal = Decimal(1)
    quantity_from_alert: bool = True  # a quantity that the signal states comes first
    multiplier: Decimal = Decimal(1)  # of the quantity that the signal states


class Direction(StrEnum):
    BOTH = "both"
    LONG = "long"
    SHORT = "short"


class OnOpposite(StrEnum):
    """What an entry against the position held does."""

    REVERSE = "reverse"
    CLOSE = "close"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class Window:
    """Trading hours: local times in ``zone`` (IANA name or "UTC-8"), ISO weekdays (1 Monday .. 7 Sunday).

    ``end`` before ``start``: through midnight, on the evening's weekday. ``end`` is excluded.
    """

    start: time
    end: time
    zone: str
    days: frozenset[int] = frozenset({1, 2, 3, 4, 5})


@dataclass(frozen=True, slots=True)
class Limits:
    """Risk limits of a deployment, or of an account over all its deployments. None: not limited. Money in account
    currency, times in seconds."""

    max_position: Decimal | None = None  # contracts, absolute, per symbol
    max_order_size: Decimal | None = None
    max_orders_per_day: int | None = None  # entries
    max_daily_loss: Decimal | None = None  # realized and open
    max_drawdown: Decimal | None = None  # from the highest equity
    cool_down: int | None = None  # after a trade was closed
    price_collar: Decimal | None = None  # percent between the order's price and the last one known
    max_data_age: int | None = None
    min_balance: Decimal | None = None
    margin_check: bool = True
    max_signal_age: int | None = 300  # entries only; exits are never too old
    windows: tuple[Window, ...] | None = None  # None: as the symbol's rules say; (): always
    allowed_symbols: frozenset[str] | None = None  # tickers ("ES") or EXCHANGE:TICKER


@dataclass(frozen=True, slots=True)
class Account:
    """``options`` are the adapter's own; secrets are ``secrets`` names, resolved by ``app``, never printed."""

    name: str
    broker: str  # "paper", "tradovate", "binance"
    environment: Environment
    currency: str = "USD"
    leverage: Decimal = Decimal(1)  # for instruments without a margin per contract
    leverages: Mapping[str, Decimal] = field(default_factory=dict)  # EXCHANGE:TICKER -> its own
    limits: Limits = field(default_factory=lambda: Limits(max_signal_age=None))
    options: Mapping[str, Any] = field(default_factory=dict)
    day_starts: time = time(17, 0)  # when the trading day of limits begins
    day_zone: str = "America/Chicago"

    def leverage_of(self, symbol: str) -> Decimal:
        return self.leverages.get(symbol, self.leverage)


def live_accounts(accounts: Mapping[str, Account]) -> frozenset[str]:
    """Names of those with real money."""
    return frozenset(name for name, account in accounts.items() if account.environment is Environment.LIVE)


@dataclass(frozen=True, slots=True)
class Deployment:
    """A named strategy at work."""

    name: str
    account: str
    symbol: str  # EXCHANGE:TICKER, continuous futures allowed: what signals without a symbol mean
    timeframe: str = ""  # TradingView's notation; for holding times in bars
    stage: Stage = Stage.PAPER
    symbols: Mapping[str, str] = field(default_factory=dict)  # sender's name -> EXCHANGE:TICKER, besides ``symbol``
    contracts: Mapping[str, str] = field(default_factory=dict)  # "CME_MINI:ES1!" -> "CME_MINI:ESZ2026": by hand
    words: Mapping[str, Action] = field(default_factory=dict)  # custom signal names, casefolded
    template: str | None = None  # of the message, for formats of one's own
    preset: str | None = None  # name of a known sender's format; None: found out
    sizing: Sizing = field(default_factory=Sizing)
    bracket: Bracket = field(default_factory=Bracket)
    limits: Limits = field(default_factory=Limits)
    direction: Direction = Direction.BOTH
    on_opposite: OnOpposite = OnOpposite.REVERSE
    max_entries: int = 1  # entries in one direction before ALREADY_IN_POSITION
    entry: EntryType = EntryType.MARKET
    limit_offset: Distance | None = None  # of limit entries, from the signal's price, to the better side
    entry_timeout: int | None = 300  # seconds until an unfilled limit entry is canceled
    retry_window: int = 30  # seconds in which the same body is the same alert
    paused: bool = False
    max_contracts: Decimal | None = None  # the stage's cap
