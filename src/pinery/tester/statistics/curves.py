"""Equity bar by bar, from trades and bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pinery.core.bars import BarSeries, FloatArray, IntArray
from pinery.emulator.trades import TradeRecord


class Swing(NamedTuple):
    """The largest fall or rise: as an amount, and as percent of where it began (its own largest). Both at least 0."""

    amount: float
    percent: float


@dataclass(frozen=True, slots=True)
class Curves:
    """Equity at each bar's close, its highest and lowest value inside the bar, and that of closed trades alone."""

    start: float
    close: FloatArray
    realised: FloatArray
    high: FloatArray
    low: FloatArray

    @property
    def peaks(self) -> FloatArray:
        """The highest closing equity so far, the start included."""
        return np.maximum(np.maximum.accumulate(self.close), self.start) if len(self.close) else self.close

    @property
    def drawdowns(self) -> FloatArray:
        """How far the closing equity is below its peak, as positive amounts."""
        return self.peaks - self.close

    def drawdown(self) -> Swing:
        """Close to close."""
        return _swing(self.peaks, self.peaks - self.close)

    def runup(self) -> Swing:
        lows = np.minimum(np.minimum.accumulate(self.close), self.start) if len(self.close) else self.close
        return _swing(lows, self.close - lows)

    def intrabar_drawdown(self) -> Swing:
        """From the highest realised equity before a bar to the lowest value inside it."""
        peaks = np.maximum.accumulate(self._realised_before())
        return _swing(peaks, peaks - self.low)

    def intrabar_runup(self) -> Swing:
        lows = np.minimum.accumulate(self._realised_before())
        return _swing(lows, self.high - lows)

    def _realised_before(self) -> FloatArray:
        return np.concatenate(([self.start], self.realised[:-1])) if len(self.realised) else self.realised


def _swing(base: FloatArray, amounts: FloatArray) -> Swing:
    if not len(amounts):
        return Swing(0.0, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        percents = np.where(base > 0, amounts / base * 100, np.nan)
    known = percents[~np.isnan(percents)]
    return Swing(max(0.0, float(amounts.max())), max(0.0, float(known.max())) if len(known) else float("nan"))


def curves(
    bars: BarSeries,
    trades: Sequence[TradeRecord],
    capital: float,
    pointvalue: float = 1.0,
    rates: FloatArray | None = None,
) -> Curves:
    """Equity with these trades alone. Profits count from the bar of their exit; what is held is valued at the close.

    Inside a bar the worst price for a long is the low, for a short the high; in the bars of entry and of exit a
    trade's own recorded excursion limits it, as part of the bar lies outside the trade.
    """
    n = len(bars)
    worth = np.full(n, float(pointvalue)) if rates is None else rates * pointvalue
    if not trades:
        flat = np.full(n, float(capital))
        return Curves(capital, flat, flat, flat, flat)
    way = np.array([t.direction for t in trades], dtype=np.float64)
    qty = np.array([t.qty for t in trades], dtype=np.float64)
    price = np.array([t.entry_price for t in trades], dtype=np.float64)
    first = np.array([t.entry_bar for t in trades], dtype=np.int64)
    is_open = np.array([t.is_open for t in trades])
    last = np.where(is_open, n, np.array([t.exit_bar for t in trades], dtype=np.int64))
    profit = np.where(is_open, 0.0, np.array([t.profit for t in trades], dtype=np.float64))

    realised = np.cumsum(_sums(last, profit, n))
    close = capital + realised + _valued(bars.close, way, qty, price, first, last, n) * worth

    before = np.concatenate(([0.0], realised[:-1]))
    swings: list[FloatArray] = []
    for for_long, for_short, limit_of, worst in (
        (bars.high, bars.low, "max_runup", False),
        (bars.low, bars.high, "max_drawdown", True),
    ):
        limit = np.array([getattr(t, limit_of) for t in trades], dtype=np.float64)
        total = np.zeros(n)
        for sign, reached in ((1.0, for_long), (-1.0, for_short)):
            own = way == sign
            if own.any():
                total += _valued(reached, way[own], qty[own], price[own], first[own] + 1, last[own], n) * worth
        # the bar of entry, and the bar of exit where it is another
        for at, mine in ((first, np.ones(len(trades), dtype=bool)), (last, (last < n) & (last > first))):
            spots = at[mine]
            reached = np.where(way[mine] > 0, for_long[spots], for_short[spots])
            amount = way[mine] * (reached - price[mine]) * qty[mine] * worth[spots]
            bound = limit[mine]
            total += _sums(spots, np.maximum(amount, -bound) if worst else np.minimum(amount, bound), n)
        swings.append(capital + before + total)
    return Curves(capital, close, capital + realised, np.maximum(swings[0], close), np.minimum(swings[1], close))


def _sums(at: IntArray, amounts: FloatArray, n: int) -> FloatArray:
    """Amounts added up by bar; what lies beyond the last bar is left out."""
    inside = at < n
    return np.asarray(np.bincount(at[inside], weights=amounts[inside], minlength=n), dtype=np.float64)


def _valued(
    prices: FloatArray, way: FloatArray, qty: FloatArray, cost: FloatArray, first: IntArray, last: IntArray, n: int
) -> FloatArray:
    """Unrealised profit at ``prices``, in quote currency, of lots held from bar ``first`` to before bar ``last``."""
    some = first < last
    way, qty, cost, first, last = way[some], qty[some], cost[some], first[some], last[some]
    size, paid = way * qty, way * qty * cost
    held = np.cumsum(_sums(first, size, n) - _sums(last, size, n))
    outlay = np.cumsum(_sums(first, paid, n) - _sums(last, paid, n))
    lots = np.cumsum(_sums(first, np.ones(len(first)), n) - _sums(last, np.ones(len(last)), n))
    # what is left of sums after the last lot is gone is rounding
    return np.where(lots > 0.5, held * prices - outlay, 0.0)
