"""What the other markets that a script reads do while its chart's bars are shown as in realtime."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from pinery.engine.instance import columns_of
from pinery.engine.live import Live
from pinery.engine.updates import BarUpdate, Row, joined, row_of
from pinery.runtime.context import Columns
from pinery.runtime.requests import DataPort
from pinery.runtime.timeframes import Timeframe


class Others:
    """Feeds a live chart from ``data``, which knows all bars.

    A market's bar is as far as its bars of the chart's timeframe have come; what it does inside the chart's bar at
    hand is known when that closes. Without such bars a bar is known when it is complete.
    """

    def __init__(self, live: Live, data: DataPort) -> None:
        self._live = live
        self._data = data
        self._bars: dict[tuple[str, Timeframe], Columns | None] = {}

    def go_on(self, update: BarUpdate) -> None:
        """Before the chart's ``update``: what the others have done by then."""
        for symbol, timeframe in self._live.needs():
            longer = self._columns(symbol, timeframe)
            if longer is None:
                continue
            chart = self._live.chart.rt.timeframe
            parts = self._columns(symbol, chart) if timeframe.seconds >= chart.seconds else None
            if parts is None:
                self._complete(symbol, timeframe, longer, update)
            else:
                self._moving(symbol, timeframe, longer, parts, update)

    def _complete(self, symbol: str, timeframe: Timeframe, bars: Columns, update: BarUpdate) -> None:
        i = bisect_left(bars.time, update.time)
        while i < len(bars.time) and bars.time_close[i] <= update.now:
            self._tell(symbol, timeframe, bars.time[i], row_of(bars, i), update.now, True)
            i += 1

    def _moving(self, symbol: str, timeframe: Timeframe, bars: Columns, parts: Columns, update: BarUpdate) -> None:
        i = bisect_right(bars.time, update.time) - 1
        if i < 0 or bars.time_close[i] <= update.time:
            return
        first = bisect_left(parts.time, bars.time[i])
        after = bisect_right(parts.time, update.time) if update.is_last else bisect_left(parts.time, update.time)
        row: Row | None = None
        for k in range(first, after):
            row = joined(row, row_of(parts, k))
        if row is not None:
            self._tell(symbol, timeframe, bars.time[i], row, update.now, bars.time_close[i] <= update.now)

    def _tell(self, symbol: str, timeframe: Timeframe, time: int, row: Row, now: int, is_last: bool) -> None:
        self._live.update_other(symbol, timeframe, BarUpdate(time, *row, now, is_last=is_last))

    def _columns(self, symbol: str, timeframe: Timeframe) -> Columns | None:
        key = (symbol, timeframe)
        if key not in self._bars:
            instrument, bars = self._data.instrument(symbol), self._data.bars(symbol, timeframe)
            self._bars[key] = None if instrument is None or bars is None else columns_of(bars, instrument, timeframe)
        return self._bars[key]
