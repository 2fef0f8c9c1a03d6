"""Indicators with a timeframe of their own: their bars are made of the chart's, their outputs shown on the chart's."""

from __future__ import annotations

from dataclasses import replace

from pinery.charts.bars import BarUpdate, Firing
from pinery.core.bars import BarSeries
from pinery.core.errors import DataError
from pinery.core.instrument import Instrument
from pinery.engine.instance import columns_of
from pinery.engine.run import RunResult, shown_on
from pinery.engine.updates import Row, append_bar, joined, put_bar, row_of
from pinery.runtime.requests import DataPort
from pinery.runtime.timeframes import Timeframe, buckets


class OwnTimeframe:
    """Between a chart and an indicator that runs on longer bars. ``history``: complete bars of the indicator."""

    def __init__(
        self, bars: BarSeries, instrument: Instrument, chart: Timeframe, own: Timeframe, data: DataPort, gaps: bool
    ) -> None:
        found = data.bars(instrument.tickerid, own) if own.seconds > chart.seconds else None
        if found is None or not len(found):
            raise DataError(f"the indicator runs on {own} bars and there are none", "use a chart of that timeframe")
        self.columns = columns_of(bars, instrument, chart)
        self._chart = chart
        self._gaps = gaps
        self._calendar = buckets(chart, instrument)
        self._own = buckets(own, instrument)
        loaded = self.columns.time_close[-1]
        closes = columns_of(found, instrument, own).time_close
        self.history = found.slice(0, sum(close <= loaded for close in closes))
        if not len(self.history):
            raise DataError(f"the chart has no complete {own} bar", "give the chart a longer history")
        self._start = self._own.start_of(self.columns.time[-1])  # of the indicator's bar at hand
        self._base: Row | None = None  # that bar, as far as complete bars of the chart make it up
        for i in range(len(bars)):
            if self._own.start_of(self.columns.time[i]) == self._start:
                self._base = joined(self._base, row_of(self.columns, i))
        self._is_open = False

    def follow(self, bar: BarUpdate) -> BarUpdate | None:
        """The indicator's bar as an update of the chart's shows it; None for one of a bar that is complete."""
        columns = self.columns
        row = Row(bar.open, bar.high, bar.low, bar.close, bar.volume)
        newest = columns.time[-1]
        if bar.time < newest or (bar.time == newest and not self._is_open):
            return None
        if bar.time > newest:
            if self._is_open:  # never got its last update
                self._complete(row_of(columns, len(columns.time) - 1), newest)
            append_bar(columns, bar.time, self._calendar.close_of(bar.time), row)
        else:
            put_bar(columns, len(columns.time) - 1, row)
        self._is_open = not bar.is_last
        start = self._own.start_of(bar.time)
        begins = start != self._start or self._base is None
        whole = joined(None if begins else self._base, row)
        ends = bar.is_last and self._own.close_of(bar.time) <= columns.time_close[-1]
        if bar.is_last:
            self._complete(row, bar.time)
        return BarUpdate(start, *whole, bar.now, begins and bar.is_first, ends, bar.jumps)

    def _complete(self, row: Row, time: int) -> None:
        start = self._own.start_of(time)
        self._base = joined(self._base if start == self._start else None, row)
        self._start = start

    def placed(self, firing: Firing) -> Firing:
        """An alert of history, on the chart's bar that closes with the indicator's."""
        closes = self.columns.time_close
        k = next((k for k, close in enumerate(closes) if close >= firing.now), len(closes) - 1)
        return replace(firing, bar_time=self.columns.time[k])

    def shown(self, result: RunResult, complete: int, bars: BarSeries) -> RunResult:
        """The outputs on the chart's bars; on the open one those of the indicator's bar as far as it has come.

        ``complete``: how many bars of the indicator are.
        """
        columns, outputs = self.columns, result.outputs
        found = shown_on(
            outputs, result.runtime.columns.time_close[:complete], columns.time_close, columns.time, self._gaps
        )
        if self._is_open and not self._gaps:
            for own, lists in zip(found.values, outputs.values, strict=True):
                for name, values in lists.items():
                    own[name][-1] = values[-1]
        return replace(result, outputs=found, bars=bars, timeframe=self._chart)
