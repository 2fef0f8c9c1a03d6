"""Returns by month and by year, and the ratios made from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import numpy as np

from pinery.core.bars import FloatArray, IntArray
from pinery.tester.statistics.facts import NAN, Facts, Side

FEWEST = 3  # periods that a ratio needs


@dataclass(frozen=True, slots=True)
class Period:
    """A calendar month (``month`` 1..12) or a year (``month`` 0), in the exchange's time zone.

    ``profit`` is what the trades closed in it made; ``return_percent`` the change of equity at closes, open
    positions included, in percent of the equity it began with (nan where that was not above zero).
    """

    year: int
    month: int
    profit: float
    return_percent: float
    trades: int


def months(facts: Facts, side: Side) -> list[Period]:
    """Every month from the first bar's to the last one's."""
    return _periods(facts, side, monthly=True)


def years(facts: Facts, side: Side) -> list[Period]:
    return _periods(facts, side, monthly=False)


def zone_of(name: str) -> tzinfo:
    return UTC if name in ("", "UTC", "Etc/UTC") else ZoneInfo(name)


def month_numbers(times: IntArray, zone: tzinfo) -> IntArray:
    """Months since year 0 of each time (Unix ms)."""
    return _numbers(times, zone, lambda d: d.year * 12 + d.month - 1)


def day_numbers(times: IntArray, zone: tzinfo) -> IntArray:
    return _numbers(times, zone, lambda d: d.toordinal())


def _numbers(times: IntArray, zone: tzinfo, number: Callable[[datetime], int]) -> IntArray:
    # a calendar day begins and ends on a quarter of an hour in every zone
    quarters, back = np.unique(times // 900_000, return_inverse=True)
    made = np.array([number(datetime.fromtimestamp(int(q) * 900, zone)) for q in quarters], dtype=np.int64)
    return made[back]


def _periods(facts: Facts, side: Side, *, monthly: bool) -> list[Period]:
    if not len(facts.bars):
        return []
    zone = zone_of(facts.timezone)
    scale = 1 if monthly else 12
    of_bar = month_numbers(facts.bars.time, zone) // scale
    of_exit = month_numbers(side.exit_times, zone) // scale
    equity = side.curves.close
    found: list[Period] = []
    before = side.capital
    for number in range(int(of_bar[0]), int(of_bar[-1]) + 1):
        last = int(np.searchsorted(of_bar, number, side="right")) - 1
        after = float(equity[last]) if last >= 0 else before
        mine = side.profit[of_exit == number]
        year, month = divmod(number, 12) if monthly else (number, -1)
        change = (after / before - 1) * 100 if before > 0 else NAN
        found.append(Period(year, month + 1, float(mine.sum()), change, len(mine)))
        before = after
    return found


# --- Sharpe and Sortino ---------------------------------------------------------------


def realised_returns(side: Side) -> tuple[FloatArray, float]:
    """Returns by period and the risk-free return of one: months, or days where there are fewer than three months.

    A period's return is the profit of the trades closed in it over the realised equity it began with; fewer than
    three days give no returns.
    """
    facts = side.facts
    none = np.zeros(0)
    if not len(facts.bars):
        return none, 0.0
    zone = zone_of(facts.timezone)
    annual = facts.risk_free_rate / 100
    for numbers_of, free in ((month_numbers, annual / 12), (day_numbers, annual / 365)):
        ends = numbers_of(facts.bars.time[[0, -1]], zone)
        count = int(ends[1] - ends[0]) + 1
        if count < FEWEST:
            continue
        at = np.clip(numbers_of(side.exit_times, zone) - ends[0], 0, count - 1)
        profits = np.bincount(at, weights=side.profit, minlength=count)
        begun = side.capital + np.concatenate(([0.0], np.cumsum(profits)[:-1]))
        if (begun <= 0).any():
            return none, free
        return profits / begun, free
    return none, 0.0


def sharpe(side: Side) -> float:
    returns, free = realised_returns(side)
    if not len(returns) or not len(side.closed):
        return NAN
    deviation = float(returns.std())
    return float(returns.mean() - free) / deviation if deviation > 1e-15 else NAN


def sortino(side: Side) -> float:
    returns, free = realised_returns(side)
    if not len(returns) or not len(side.closed):
        return NAN
    below = np.minimum(returns - free, 0.0)
    deviation = float(np.sqrt((below * below).mean()))
    return float(returns.mean() - free) / deviation if deviation > 1e-15 else NAN
