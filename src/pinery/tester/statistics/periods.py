"""Returns by month and by year, and the ratios made from them."""

from __future__ import annotations

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


def month_starts(first: int, last: int, zone: tzinfo) -> list[datetime]:
    """The first moments of all months from that of ``first`` to that of ``last`` (Unix ms)."""
    begin, end = (datetime.fromtimestamp(ms / 1000, zone) for ms in (first, last))
    numbers = range(begin.year * 12 + begin.month - 1, end.year * 12 + end.month)
    return [datetime(number // 12, number % 12 + 1, 1, tzinfo=zone) for number in numbers]


def day_starts(first: int, last: int, zone: tzinfo) -> list[datetime]:
    begin, end = (datetime.fromtimestamp(ms / 1000, zone).toordinal() for ms in (first, last))
    return [datetime.fromordinal(number).replace(tzinfo=zone) for number in range(begin, end + 1)]


def _milliseconds(moments: list[datetime]) -> IntArray:
    return np.array([int(moment.timestamp()) * 1000 for moment in moments], dtype=np.int64)


def _periods(facts: Facts, side: Side, *, monthly: bool) -> list[Period]:
    times = facts.bars.time
    if not len(times):
        return []
    starts = month_starts(int(times[0]), int(times[-1]), zone_of(facts.timezone))
    if not monthly:
        starts = [start for i, start in enumerate(starts) if i == 0 or start.month == 1]
    edges = _milliseconds(starts)
    first_bars = np.searchsorted(times, edges[1:], side="left")  # of the next period
    of_exit = np.searchsorted(edges, side.exit_times, side="right") - 1
    equity = side.curves.close
    found: list[Period] = []
    before = side.capital
    for k, start in enumerate(starts):
        end = int(first_bars[k]) if k < len(first_bars) else len(times)
        after = float(equity[end - 1]) if end else before
        mine = side.profit[of_exit == k]
        change = (after / before - 1) * 100 if before > 0 else NAN
        found.append(Period(start.year, start.month if monthly else 0, float(mine.sum()), change, len(mine)))
        before = after
    return found


# --- Sharpe and Sortino ---------------------------------------------------------------


def realised_returns(side: Side) -> tuple[FloatArray, float]:
    """Returns by period and the risk-free return of one: months, or days where there are fewer than three months.

    A period's return is the profit of the trades closed in it over the realised equity it began with; fewer than
    three days give no returns.
    """
    facts = side.facts
    times, none = facts.bars.time, np.zeros(0)
    if not len(times):
        return none, 0.0
    annual = facts.risk_free_rate / 100
    for starts_of, free in ((month_starts, annual / 12), (day_starts, annual / 365)):
        edges = _milliseconds(starts_of(int(times[0]), int(times[-1]), zone_of(facts.timezone)))
        if len(edges) < FEWEST:
            continue
        at = np.clip(np.searchsorted(edges, side.exit_times, side="right") - 1, 0, len(edges) - 1)
        profits = np.bincount(at, weights=side.profit, minlength=len(edges))
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
