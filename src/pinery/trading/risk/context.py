"""What a risk check may look at: facts gathered before, so that every check is a pure function."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from pinery.trading.broker import Balance, Environment, Quote
from pinery.trading.contracts import Contract
from pinery.trading.deployments import Account, Deployment, Limits, Stage, Window
from pinery.trading.signals import Signal
from pinery.trading.store import Day, Standing, TradingState

_Limit = TypeVar("_Limit", int, Decimal)


@dataclass(frozen=True, slots=True)
class Scope:
    """One side of a check: the deployment's own limits and figures, or the account's over all its deployments."""

    name: str  # "deployment demo", "account paper"
    limits: Limits
    position: Decimal  # signed, in the order's contract, with what is working towards it
    day: Day
    standing: Standing
    realized_today: Decimal
    open_profit: Decimal  # of positions held, at the last prices
    equity: Decimal | None  # None: not known


@dataclass(frozen=True, slots=True)
class RiskContext:
    """Quantities are signed where a side matters. ``change`` is what the orders would do to the position."""

    signal: Signal
    deployment: Deployment
    account: Account
    environment: Environment  # of the broker
    contract: Contract
    change: Decimal  # signed
    order_quantity: Decimal  # of the largest order, above 0
    price: Decimal | None  # at which the order would trade, as far as known
    stop_price: Decimal | None
    quote: Quote | None  # the last price known in the contract before this signal
    balance: Balance | None
    state: TradingState  # the strictest of all, account and deployment
    state_reason: str
    scopes: tuple[Scope, ...]  # deployment, then account
    margin_held: Mapping[str, Decimal]  # symbol -> initial margin of what the account holds and has working
    now: int
    windows: Mapping[str, tuple[Window, ...]] = field(default_factory=dict)  # symbols' trading hours as configured
    promoted: Stage | None = None  # the stage on record; None: none is, or it was not asked for (no real money)

    @property
    def reduces(self) -> bool:
        """True if the deployment's position only gets smaller: such orders pass all checks but the kill switch."""
        held = self.scopes[0].position
        return held != 0 and held * self.change < 0 and abs(self.change) <= abs(held)


def lowest(limits: Iterable[_Limit | None]) -> _Limit | None:
    """The strictest of upper limits; None where nobody sets one."""
    return min((limit for limit in limits if limit is not None), default=None)


def highest(limits: Iterable[_Limit | None]) -> _Limit | None:
    """The strictest of lower limits; None where nobody sets one."""
    return max((limit for limit in limits if limit is not None), default=None)


def number(value: Decimal) -> str:
    """For people: as short as it is exact."""
    return f"{value.normalize():f}"


def money(value: Decimal) -> str:
    return f"{value:,.2f}"
