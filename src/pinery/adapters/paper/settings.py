"""Settings of a paper account: the options of an account whose broker is "paper"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from pinery.adapters.common.options import Reader, read_options
from pinery.charts.settings import FeedSettings
from pinery.trading.errors import ConfigError


@dataclass(frozen=True, slots=True)
class PaperSettings:
    """Shares are 0 .. 1. Money is in the account's currency, which instruments are taken to be quoted in."""

    balance: Decimal = Decimal(100_000)  # that the account starts with
    latency_ms: int = 0  # from the desk to the venue
    slippage_ticks: Decimal = Decimal(0)  # against the trader, for all but limit orders
    partial_fill_share: float = 0.0  # of orders that fill in two or three parts
    reject_share: float = 0.0  # of orders that are refused, PAPER_REJECT
    unreachable_share: float = 0.0  # of requests that never arrive
    timeout_share: float = 0.0  # of requests whose answer is lost; half of them have been executed
    commission_per_contract: Decimal = Decimal(0)
    commission_percent: Decimal = Decimal(0)  # of the value traded
    seed: int = 1  # which orders are rejected or filled in parts: the same ones for the same seed
    feed: Mapping[str, Any] | FeedSettings | None = None  # of prices (adapters/feeds); None: fills at those of alerts

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> PaperSettings:
        """Raises ConfigError with a finding for every option that is wrong."""
        found, findings = read_options(options, _OPTIONS, "a paper account")
        if findings:
            raise ConfigError("options of the paper account: " + "; ".join(findings), tuple(findings))
        return cls(**found)


def _number(value: Any, what: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValueError(what)
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise ValueError(what) from None
    if not number.is_finite():
        raise ValueError(what)
    return number


def _amount(value: Any) -> Decimal:
    what = "is a number of 0 or more"
    number = _number(value, what)
    if number < 0:
        raise ValueError(what)
    return number


def _balance(value: Any) -> Decimal:
    what = "is an amount of money above 0"
    number = _number(value, what)
    if number <= 0:
        raise ValueError(what)
    return number


def _share(value: Any) -> float:
    what = "is a share from 0 to 1"
    number = _number(value, what)
    if not 0 <= number <= 1:
        raise ValueError(what)
    return float(number)


def _milliseconds(value: Any) -> int:
    what = "is a whole number of milliseconds from 0 to 60000"
    number = _number(value, what)
    if number != int(number) or not 0 <= number <= 60_000:
        raise ValueError(what)
    return int(number)


def _seed(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("is a whole number")
    return value


def _feed(value: Any) -> Mapping[str, Any] | FeedSettings:
    if isinstance(value, FeedSettings):
        return value
    if not isinstance(value, Mapping):
        raise ValueError("is a table that describes a price feed")
    return value


_OPTIONS: dict[str, Reader] = {
    "balance": _balance,
    "latency_ms": _milliseconds,
    "slippage_ticks": _amount,
    "partial_fill_share": _share,
    "reject_share": _share,
    "unreachable_share": _share,
    "timeout_share": _share,
    "commission_per_contract": _amount,
    "commission_percent": _amount,
    "seed": _seed,
    "feed": _feed,
}
