"""The data that requests see in an audit's runs: as it stood at some moment, or with other prices afterwards."""

from __future__ import annotations

import numpy as np

from pinery.core.bars import BarSeries
from pinery.core.instrument import Instrument
from pinery.runtime.requests import DataPort
from pinery.runtime.timeframes import Timeframe, buckets

VOLUME_FACTOR = 1.7


def another_future(bars: BarSeries, count: int) -> BarSeries:
    """The same bars, with those from ``count`` on mirrored at the price before them: what rose falls."""
    if not 0 < count < len(bars):
        return bars
    pivot = float(bars.close[count - 1])
    columns = {name: getattr(bars, name).copy() for name in ("open", "high", "low", "close", "volume")}
    later = slice(count, len(bars))
    above_zero = pivot > 0 and not bool(np.any(bars.low[later] <= 0))
    for name, source in (("open", "open"), ("high", "low"), ("low", "high"), ("close", "close")):
        prices = getattr(bars, source)[later]
        columns[name][later] = pivot * pivot / prices if above_zero else 2 * pivot - prices
    columns["volume"][later] *= VOLUME_FACTOR
    return BarSeries(bars.time, **columns)


class _Data:
    """Everything from another port."""

    def __init__(self, data: DataPort, time: int) -> None:
        self._data = data
        self._time = time
        self.instrument = data.instrument
        self.financial = data.financial
        self.economic = data.economic
        self.dividends = data.dividends
        self.splits = data.splits
        self.earnings = data.earnings
        self.currency_rate = data.currency_rate
        self.seed = data.seed

    def count(self, bars: BarSeries) -> int:
        """How many of the bars have opened before the moment."""
        return int(np.searchsorted(bars.time, self._time, side="left"))


class UpTo(_Data):
    """Data at a moment: without the bars that open then or later."""

    def bars(self, tickerid: str, timeframe: Timeframe) -> BarSeries | None:
        found = self._data.bars(tickerid, timeframe)
        count = 0 if found is None else self.count(found)
        return None if found is None or not count else found.slice(0, count)


class AnotherFuture(_Data):
    """Data with other prices from a moment on. ``original`` is the same without."""

    def __init__(self, data: DataPort, time: int, original: DataPort) -> None:
        super().__init__(data, time)
        self._original = original

    def bars(self, tickerid: str, timeframe: Timeframe) -> BarSeries | None:
        found, original = self._data.bars(tickerid, timeframe), self._original.bars(tickerid, timeframe)
        if found is None or original is None or not np.array_equal(found.close, original.close, equal_nan=True):
            return found  # made of the chart's bars, which are other ones already
        count = self.count(found)
        if count and self._unfinished(found, count - 1, tickerid, timeframe):
            changed = another_future(found, count - 1)
            changed.open[count - 1] = found.open[count - 1]  # that much was known
            return changed
        return another_future(found, count)

    def _unfinished(self, bars: BarSeries, i: int, tickerid: str, timeframe: Timeframe) -> bool:
        instrument: Instrument | None = self.instrument(tickerid)
        return instrument is not None and buckets(timeframe, instrument).close_of(int(bars.time[i])) > self._time
