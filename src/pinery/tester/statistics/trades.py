"""Counts, averages and extremes of single trades."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

import numpy as np

from pinery.core.bars import FloatArray
from pinery.tester.statistics.facts import MARGIN_CALL, NAN, Side, mean, share
from pinery.tester.statistics.metric import Metric

Mask = Callable[[Side], "np.ndarray[tuple[int], np.dtype[np.bool_]]"]


def _won(side: Side) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return side.profit > 0


def _lost(side: Side) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return side.profit < 0


def _most(values: FloatArray) -> float:
    return float(values.max()) if len(values) else NAN


def _streak(side: Side, sign: int) -> float:
    return max((len(list(run)) for key, run in groupby(np.sign(side.profit)) if key == sign), default=0)


def _margin_calls(side: Side) -> float:
    """Liquidations; one may close several trades."""
    if side.facts.margin_calls is not None and side.direction == 0:
        return side.facts.margin_calls
    return len({(t.exit_bar, t.exit_price) for t in side.trades if t.exit_signal == MARGIN_CALL})


def _max_contracts(side: Side) -> float:
    known = side.facts.max_contracts
    if known is not None:
        return max(known) if side.direction == 0 else known[0 if side.direction > 0 else 1]
    events = sorted(
        [(t.entry_bar, 1, t.qty) for t in side.trades] + [(t.exit_bar, 0, -t.qty) for t in side.trades if not t.is_open]
    )
    held = most = 0.0
    for _, _, change in events:  # exits of a bar before its entries
        held += change
        most = max(most, held)
    return float(f"{most:.10g}")


def _exposure(side: Side) -> float:
    """Share of bars between an entry and its exit, both included."""
    n = len(side.facts.bars)
    if not n:
        return NAN
    change = np.zeros(n + 1, dtype=np.int64)
    np.add.at(change, [t.entry_bar for t in side.trades], 1)
    np.add.at(change, [t.exit_bar + 1 for t in side.trades], -1)
    return float((np.cumsum(change)[:n] > 0).mean()) * 100


def _average(column: str, of: Mask) -> Callable[[Side], float]:
    return lambda side: mean(getattr(side, column)[of(side)])


def _average_loss(side: Side) -> float:
    return -mean(side.losses)


TRADES = [
    Metric("closed_trades", "Closed trades", "count", "number of closed trades", lambda s: len(s.closed), True),
    Metric("open_trades", "Open trades", "count", "number of trades open at the end", lambda s: len(s.open), True),
    Metric("winning_trades", "Winning trades", "count", "closed trades with a profit", lambda s: len(s.wins), True),
    Metric("losing_trades", "Losing trades", "count", "closed trades with a loss", lambda s: len(s.losses), True),
    Metric(
        "even_trades",
        "Even trades",
        "count",
        "closed trades with neither",
        lambda s: len(s.closed) - len(s.wins) - len(s.losses),
    ),
    Metric(
        "percent_profitable",
        "Percent profitable",
        "percent",
        "winning trades / closed trades",
        lambda s: share(len(s.wins), len(s.closed)) * 100,
        True,
    ),
    Metric("average_trade", "Avg trade", "money", "net profit / closed trades", lambda s: mean(s.profit), True),
    Metric(
        "average_trade_percent",
        "Avg trade %",
        "percent",
        "mean of the trades' profits, each in percent of its entry's value",
        lambda s: mean(s.percent),
        True,
    ),
    Metric("average_win", "Avg winning trade", "money", "gross profit / winning trades", lambda s: mean(s.wins), True),
    Metric(
        "average_win_percent",
        "Avg winning trade %",
        "percent",
        "mean of the winning trades' percent profits",
        _average("percent", _won),
    ),
    Metric("average_loss", "Avg losing trade", "money", "gross loss / losing trades", _average_loss, True),
    Metric(
        "average_loss_percent",
        "Avg losing trade %",
        "percent",
        "mean of the losing trades' percent losses, as a positive number",
        lambda s: -_average("percent", _lost)(s),
    ),
    Metric(
        "win_loss_ratio",
        "Ratio avg win / avg loss",
        "ratio",
        "avg winning trade / avg losing trade",
        lambda s: share(mean(s.wins), _average_loss(s)),
        True,
    ),
    Metric("largest_win", "Largest winning trade", "money", "largest profit", lambda s: _most(s.wins), True),
    Metric(
        "largest_win_percent",
        "Largest winning trade %",
        "percent",
        "largest percent profit of a winning trade",
        lambda s: _most(s.percent[_won(s)]),
    ),
    Metric(
        "largest_loss",
        "Largest losing trade",
        "money",
        "largest loss, as a positive amount",
        lambda s: _most(-s.losses),
        True,
    ),
    Metric(
        "largest_loss_percent",
        "Largest losing trade %",
        "percent",
        "largest percent loss of a losing trade, as a positive number",
        lambda s: _most(-s.percent[_lost(s)]),
    ),
    Metric(
        "expectancy",
        "Expectancy",
        "ratio",
        "avg trade / avg losing trade: what a trade brings for each unit that a loss costs",
        lambda s: share(mean(s.profit), _average_loss(s)),
    ),
    Metric(
        "average_bars",
        "Avg bars in trades",
        "bars",
        "mean over closed trades of exit bar − entry bar + 1",
        lambda s: mean(s.held_bars),
        True,
    ),
    Metric(
        "average_bars_winning",
        "Avg bars in winning trades",
        "bars",
        "the same over winning trades",
        _average("held_bars", _won),
    ),
    Metric(
        "average_bars_losing",
        "Avg bars in losing trades",
        "bars",
        "the same over losing trades",
        _average("held_bars", _lost),
    ),
    Metric(
        "average_hold_hours",
        "Avg hold time",
        "hours",
        "mean over closed trades of the time from the entry's bar to the exit's",
        lambda s: mean(s.held_hours),
    ),
    Metric(
        "longest_hold_hours",
        "Longest hold time",
        "hours",
        "largest time from the entry's bar to the exit's",
        lambda s: _most(s.held_hours),
    ),
    Metric(
        "exposure_percent",
        "Time in the market",
        "percent",
        "bars from an entry's to its exit's, both included, without counting one twice / all bars",
        _exposure,
    ),
    Metric(
        "max_consecutive_wins",
        "Longest winning streak",
        "count",
        "most winning trades in a row, in order of exit",
        lambda s: _streak(s, 1),
    ),
    Metric(
        "max_consecutive_losses",
        "Longest losing streak",
        "count",
        "most losing trades in a row, in order of exit",
        lambda s: _streak(s, -1),
        True,
    ),
    Metric(
        "average_runup",
        "Avg favourable excursion (MFE)",
        "money",
        "mean over closed trades of the largest unrealised profit while held",
        lambda s: mean(s.column(lambda t: t.max_runup)),
    ),
    Metric(
        "average_drawdown",
        "Avg adverse excursion (MAE)",
        "money",
        "mean over closed trades of the largest unrealised loss while held, as a positive amount",
        lambda s: mean(s.column(lambda t: t.max_drawdown)),
    ),
    Metric("margin_calls", "Margin calls", "count", "forced liquidations", _margin_calls, True),
    Metric(
        "max_contracts",
        "Max contracts held",
        "quantity",
        "largest position held at any time",
        _max_contracts,
        True,
    ),
]
