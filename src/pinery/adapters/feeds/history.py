"""The bars of any timeframe that a replayed market has had by now."""

from __future__ import annotations

import numpy as np

from pinery.adapters.feeds.loops import Track
from pinery.charts.feed import History
from pinery.charts.histories import check_makes, history
from pinery.core.bars import BarSeries
from pinery.runtime.sessions import trading_calendar
from pinery.runtime.timeframes import Buckets, Timeframe

_COLUMNS = ("open", "high", "low", "close", "volume")
_MOST_BARS = 1_500_000  # that are looked at for one history


def history_of(track: Track, symbol: str, timeframe: Timeframe, count: int, now: int) -> History:
    """The newest ``count`` complete bars at ``now``, fewer where there are no more, and the open one so far."""
    base = track.timeframe
    check_makes(symbol, base, timeframe)
    wanted = max(count, 0) + 1
    length = timeframe.seconds * 1000
    span = min(wanted * length * 3 // 2, _MOST_BARS * base.seconds * 1000) + 4 * 86_400_000
    while True:
        first = _opening(now - span, timeframe, track)
        source, end = _up_to(track, first, now)
        made = history(source, track.instrument, base, timeframe, symbol, now, end)
        if len(made.bars) >= count or len(source) >= _MOST_BARS or not _goes_on(track, first):
            break
        span *= 2
    n = len(made.bars)
    return History(made.bars.slice(max(n - count, 0), n), made.open)


def _opening(time: int, timeframe: Timeframe, track: Track) -> int:
    """When the bar of a timeframe that holds a moment begins, with all that belongs to it."""
    if timeframe == track.timeframe:
        return time
    grid = Buckets(timeframe, trading_calendar(track.instrument))
    grid.load(time)
    return min(grid.first, grid.start)


def _goes_on(track: Track, first: int) -> bool:
    """Whether there are bars before."""
    return track.endless or first > track.first


def _up_to(track: Track, first: int, now: int) -> tuple[BarSeries, int]:
    """Bars from ``first`` on, the last one as far as it had come, and when that one is over."""
    last = track.at(now)
    if last is None or last[0] < first:
        return track.bars(first, first), first
    opens, end, moments = last
    whole = track.bars(first, opens)
    met = [moment for moment in moments if moment[0] <= now or end <= now]
    prices = [moment[1] for moment in met]
    columns = (prices[0], max(prices), min(prices), prices[-1], sum(moment[2] for moment in met))
    return BarSeries(
        np.append(whole.time, opens),
        *(np.append(getattr(whole, name), value) for name, value in zip(_COLUMNS, columns, strict=True)),
    ), end
