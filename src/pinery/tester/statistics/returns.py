"""Profit, and what it was made with."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from pinery.tester.statistics.curves import Curves
from pinery.tester.statistics.facts import DAY_MS, NAN, Side, share
from pinery.tester.statistics.metric import Metric
from pinery.tester.statistics.periods import sharpe, sortino


def _net(side: Side) -> float:
    return _gross_profit(side) - _gross_loss(side)


def _gross_profit(side: Side) -> float:
    return float(side.wins.sum())


def _gross_loss(side: Side) -> float:
    return -float(side.losses.sum())


def _open_profit(side: Side) -> float:
    return math.fsum(t.profit for t in side.open)


def _percent_of_capital(amount: float, side: Side) -> float:
    return share(amount, side.capital) * 100


def _last_rate(side: Side, at: int) -> float:
    rates = side.facts.rates
    return 1.0 if rates is None else float(rates[at])


def _buy_and_hold(side: Side) -> float:
    """All of the capital in the symbol from the first entry on."""
    if not side.trades or not len(side.facts.bars):
        return NAN
    first = min(side.trades, key=lambda t: (t.entry_bar, t.number))
    paid = first.entry_price * _last_rate(side, first.entry_bar)
    return side.capital * (float(side.facts.bars.close[-1]) * _last_rate(side, -1) / paid - 1) if paid > 0 else NAN


def _years(side: Side) -> float:
    bars = side.facts.bars
    return (side.facts.end - int(bars.time[0])) / (365.25 * DAY_MS) if len(bars) else 0.0


def _cagr(side: Side) -> float:
    years, start = _years(side), side.capital
    if years * 365.25 < 1 or start <= 0:
        return NAN
    end = float(side.curves.close[-1])
    if end <= 0:
        return -100.0
    power = math.log(end / start) / years
    return math.expm1(power) * 100 if power < 700 else NAN


def _intrabar(name: str, made: Callable[[Curves], float]) -> Callable[[Side], float]:
    """The broker's own figure for all trades, where it is known; else from trades and bars."""

    def of(side: Side) -> float:
        known = side.facts.intrabar
        return float(getattr(known, name)) if known is not None and side.direction == 0 else made(side.curves)

    return of


_drawdown = _intrabar("max_drawdown", lambda c: c.intrabar_drawdown().amount)
_drawdown_percent = _intrabar("max_drawdown_percent", lambda c: c.intrabar_drawdown().percent)
_runup = _intrabar("max_runup", lambda c: c.intrabar_runup().amount)
_runup_percent = _intrabar("max_runup_percent", lambda c: c.intrabar_runup().percent)


def _longest_drawdown(side: Side) -> float:
    """From a peak of closing equity to the next close at or above it, or to the end."""
    times = side.facts.bars.time
    if not len(times):
        return NAN
    below = side.curves.drawdowns > 0
    at_peak = np.maximum.accumulate(np.where(below, 0, np.arange(len(times))))
    before = np.concatenate(([0], at_peak[:-1]))
    waited = times - times[before]  # since the last peak before each bar
    recovering = below | np.concatenate(([False], below[:-1]))
    return float(waited[recovering].max()) / DAY_MS if recovering.any() else 0.0


RETURNS = [
    Metric(
        "net_profit", "Net profit", "money", "gross profit − gross loss; closed trades, commission included", _net, True
    ),
    Metric(
        "net_profit_percent",
        "Net profit %",
        "percent",
        "net profit / initial capital",
        lambda s: _percent_of_capital(_net(s), s),
        True,
    ),
    Metric("gross_profit", "Gross profit", "money", "sum of the profits of winning trades", _gross_profit, True),
    Metric(
        "gross_profit_percent",
        "Gross profit %",
        "percent",
        "gross profit / initial capital",
        lambda s: _percent_of_capital(_gross_profit(s), s),
    ),
    Metric(
        "gross_loss",
        "Gross loss",
        "money",
        "sum of the losses of losing trades, as a positive amount",
        _gross_loss,
        True,
    ),
    Metric(
        "gross_loss_percent",
        "Gross loss %",
        "percent",
        "gross loss / initial capital",
        lambda s: _percent_of_capital(_gross_loss(s), s),
    ),
    Metric(
        "open_profit",
        "Open P&L",
        "money",
        "unrealised profit of the trades open at the end, at the last close",
        _open_profit,
        True,
    ),
    Metric(
        "open_profit_percent",
        "Open P&L %",
        "percent",
        "open P&L / initial capital",
        lambda s: _percent_of_capital(_open_profit(s), s),
    ),
    Metric(
        "commission",
        "Commission paid",
        "money",
        "sum of the commissions of all trades, open ones included",
        lambda s: math.fsum(t.commission for t in s.trades),
        True,
    ),
    Metric(
        "slippage_cost",
        "Slippage cost",
        "money",
        "sum over fills of what slippage made the price worse × quantity",
        lambda s: math.fsum(t.slippage_cost for t in s.trades),
    ),
    Metric(
        "buy_and_hold",
        "Buy & hold return",
        "money",
        "initial capital × (last close / price of the first entry − 1), both in account currency",
        _buy_and_hold,
        True,
        sides=False,
    ),
    Metric(
        "buy_and_hold_percent",
        "Buy & hold return %",
        "percent",
        "buy & hold return / initial capital",
        lambda s: _percent_of_capital(_buy_and_hold(s), s),
        True,
        sides=False,
    ),
    Metric(
        "cagr_percent",
        "Annual return (CAGR)",
        "percent",
        "(equity at the end / initial capital)^(1 / years) − 1; a year has 365.25 days; na below one day",
        _cagr,
        True,
    ),
]

RISK = [
    Metric(
        "max_drawdown",
        "Max drawdown (intrabar)",
        "money",
        "largest fall from the highest realised equity before to the lowest equity inside a bar, open trades "
        "included: strategy.max_drawdown",
        _drawdown,
        True,
    ),
    Metric(
        "max_drawdown_percent",
        "Max drawdown % (intrabar)",
        "percent",
        "largest such fall in percent of the equity it fell from",
        _drawdown_percent,
        True,
    ),
    Metric(
        "max_drawdown_close",
        "Max drawdown (close to close)",
        "money",
        "largest fall of equity at bar closes, open trades included, from its highest close before",
        lambda s: s.curves.drawdown().amount,
    ),
    Metric(
        "max_drawdown_close_percent",
        "Max drawdown % (close to close)",
        "percent",
        "largest such fall in percent of the equity it fell from",
        lambda s: s.curves.drawdown().percent,
    ),
    Metric(
        "longest_drawdown_days",
        "Longest drawdown",
        "days",
        "longest time from a peak of closing equity until it is reached again, or until the end",
        _longest_drawdown,
    ),
    Metric(
        "max_runup",
        "Max run-up (intrabar)",
        "money",
        "largest rise from the lowest realised equity before to the highest equity inside a bar, open trades "
        "included: strategy.max_runup",
        _runup,
    ),
    Metric(
        "max_runup_percent",
        "Max run-up % (intrabar)",
        "percent",
        "largest such rise in percent of the equity it rose from",
        _runup_percent,
    ),
    Metric(
        "max_runup_close",
        "Max run-up (close to close)",
        "money",
        "largest rise of equity at bar closes, open trades included, from its lowest close before",
        lambda s: s.curves.runup().amount,
    ),
    Metric(
        "max_runup_close_percent",
        "Max run-up % (close to close)",
        "percent",
        "largest such rise in percent of the equity it rose from",
        lambda s: s.curves.runup().percent,
    ),
    Metric(
        "sharpe_ratio",
        "Sharpe ratio",
        "ratio",
        "(mean of the period returns − risk-free rate of a period) / their population standard deviation; a "
        "period's return is the profit closed in it / realised equity at its start; periods are months (rate / 12), "
        "days (rate / 365) in runs of less than three months; not annualised",
        sharpe,
        True,
    ),
    Metric(
        "sortino_ratio",
        "Sortino ratio",
        "ratio",
        "(mean of the period returns − risk-free rate of a period) / √(Σ min(0, return − rate)² / periods); "
        "periods as for the Sharpe ratio",
        sortino,
        True,
    ),
    Metric(
        "profit_factor",
        "Profit factor",
        "ratio",
        "gross profit / gross loss",
        lambda s: share(_gross_profit(s), _gross_loss(s)),
        True,
    ),
    Metric(
        "recovery_factor",
        "Recovery factor",
        "ratio",
        "net profit / max drawdown (intrabar)",
        lambda s: share(_net(s), _drawdown(s)),
    ),
    Metric(
        "calmar_ratio",
        "Calmar ratio",
        "ratio",
        "annual return / max drawdown % (intrabar)",
        lambda s: share(_cagr(s), _drawdown_percent(s)),
    ),
]
