"""One symbol's stored bars as a market that goes round: after the last bar the first one comes again, weeks later.

Times are shifted by whole weeks of the exchange's own calendar, so that sessions stay at their hours when clocks are
put forward or back.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np

from pinery.adapters.feeds.walking import Moment, Walker
from pinery.core.bars import BarSeries, FloatArray, IntArray
from pinery.core.instrument import Instrument
from pinery.runtime.sessions import trading_calendar
from pinery.runtime.timeframes import Buckets, Timeframe
from pinery.runtime.zones import zone

WEEK_MS = 7 * 86_400_000
QUIET_MS = 10 * 60_000  # without bars for longer: the market is taken to be closed

_HOUR_MS = 3_600_000
_SUNDAY = 6
_KEPT = 4  # loops whose times stay in memory


class Track:
    """``period``: whole weeks (ms) after which the bars come again; None: never.

    Loop 0 is at the bars' own times; there are loops before it too, as history.
    """

    def __init__(
        self, symbol: str, bars: BarSeries, timeframe: Timeframe, instrument: Instrument, period: int | None, seed: int
    ) -> None:
        self.symbol = symbol
        self.timeframe = timeframe
        self.instrument = instrument
        self._bars = bars
        self._period = period
        self._walker = Walker(seed, symbol)
        self._grid = Buckets(timeframe, trading_calendar(instrument))
        self._columns = [getattr(bars, name) for name in ("open", "high", "low", "close", "volume")]
        self._times: OrderedDict[int, IntArray] = OrderedDict()
        steps = np.diff(bars.time)
        quiet = max(QUIET_MS, timeframe.seconds * 1000)
        edges = np.flatnonzero(steps > quiet + timeframe.seconds * 1000 - 1) + 1
        self._starts = np.concatenate([[0], edges]).astype(np.int64)  # index of each block's first bar
        self._block = np.repeat(np.arange(len(self._starts)), np.diff(np.append(self._starts, len(bars))))
        self._zone = zone(instrument.timezone) if self._keeps_hours(instrument) else None
        self.first = int(bars.time[0])
        self.end = self._end(int(bars.time[-1]), None)

    def _keeps_hours(self, instrument: Instrument) -> bool:
        """Whether every change of the clocks, early on a Sunday, falls between two blocks wherever they are moved."""
        if instrument.session == "24x7" or self._period is None or not self.timeframe.isintraday:
            return False
        local = zone(instrument.timezone)
        last = np.append(self._starts[1:], len(self._bars)) - 1
        for a, b in zip(self._bars.time[self._starts].tolist(), self._bars.time[last].tolist(), strict=True):
            opens, closes = (datetime.fromtimestamp(t / 1000, local) for t in (a, b))
            if opens.weekday() == _SUNDAY and opens.hour < 4:
                return False
            if (closes.date() - opens.date()).days >= ((_SUNDAY - opens.weekday()) % 7 or 7):
                return False
        return True

    @property
    def endless(self) -> bool:
        return self._period is not None

    # --- times ------------------------------------------------------------------------

    def times(self, loop: int) -> IntArray:
        """Opening times of all bars in a loop."""
        found = self._times.get(loop)
        if found is None:
            found = self._times[loop] = self._shifted(loop)
            if len(self._times) > _KEPT:
                self._times.popitem(last=False)
        else:
            self._times.move_to_end(loop)
        return found

    def _shifted(self, loop: int) -> IntArray:
        if not loop or self._period is None:
            return self._bars.time
        shifts = self._shifts(loop)
        return self._bars.time + (shifts[self._block] if self._zone else shifts[0])

    def _shifts(self, loop: int) -> IntArray:
        """Of each block."""
        whole = loop * (self._period or 0)
        if self._zone is None:
            return np.full(len(self._starts), whole, np.int64)
        shifts = []
        for opens in self._bars.time[self._starts].tolist():
            local = datetime.fromtimestamp(opens / 1000, self._zone)
            there = datetime.fromtimestamp((opens + whole) / 1000, UTC).astimezone(self._zone)
            shifts.append(whole + _offset(local) - _offset(there))
        return np.array(shifts, np.int64)

    def _loops(self, since: int) -> Iterator[int]:
        """From the one that holds a moment on, or one before it."""
        if self._period is None:
            yield 0
            return
        loop = (since - self.first) // self._period - 1
        while True:
            yield loop
            loop += 1

    def _end(self, opens: int, following: int | None) -> int:
        """When a bar that opens then is over."""
        end = self._grid.close_of(opens)
        if end <= opens:
            end = opens + self.timeframe.seconds * 1000
        return end if following is None else min(end, following)

    # --- what there is ----------------------------------------------------------------

    def bars(self, first: int, last: int) -> BarSeries:
        """Whole bars whose opening times are in ``first`` (included) .. ``last`` (excluded)."""
        times: list[IntArray] = []
        columns: list[list[FloatArray]] = [[] for _ in self._columns]
        for loop in self._loops(first):
            there = self.times(loop)
            a, b = (int(i) for i in np.searchsorted(there, [first, last]))
            if a < b:
                times.append(there[a:b])
                for column, whole in zip(columns, self._columns, strict=True):
                    column.append(whole[a:b])
            if there[0] >= last:
                break
        if not times:
            return self._bars.slice(0, 0)
        return BarSeries(np.concatenate(times), *(np.concatenate(column) for column in columns))

    def at(self, now: int) -> tuple[int, int, list[Moment]] | None:
        """Opening time, end and prices of the last bar that opened at or before ``now``."""
        found = None
        for loop in self._loops(now):
            there = self.times(loop)
            i = int(np.searchsorted(there, now, side="right")) - 1
            if i >= 0:
                found = loop, i
            if there[-1] >= now:
                break
        if found is None:
            return None
        loop, i = found
        opens, end = self._bounds(loop, i)
        return opens, end, self._moments(opens, end, i)

    def walk(self, after: int) -> Iterator[Moment]:
        """Prices later than ``after``, in order; for ever if the bars go round."""
        for loop in self._loops(after):
            there = self.times(loop)
            first = max(int(np.searchsorted(there, after, side="right")) - 1, 0)
            for i in range(first, len(there)):
                opens, end = self._bounds(loop, i)
                for moment in self._moments(opens, end, i):
                    if moment[0] > after:
                        yield moment

    def _bounds(self, loop: int, i: int) -> tuple[int, int]:
        there = self.times(loop)
        opens = int(there[i])
        return opens, self._end(opens, int(there[i + 1]) if i + 1 < len(there) else None)

    def _moments(self, opens: int, end: int, i: int) -> list[Moment]:
        opened, high, low, close, volume = (float(column[i]) for column in self._columns)
        return self._walker.moments(opens, end, opened, high, low, close, volume)

    def spans(self, first: int, last: int) -> list[tuple[int, int]]:
        """When there are bars between two moments, in order; cut off at the two."""
        found = []
        ends = np.append(self._starts[1:], len(self._bars)) - 1
        for loop in self._loops(first):
            there = self.times(loop)
            for a, b in zip(self._starts.tolist(), ends.tolist(), strict=True):
                if there[b] + WEEK_MS < first or there[a] >= last:
                    continue
                opens, closes = max(int(there[a]), first), min(self._bounds(loop, b)[1], last)
                if opens < closes:
                    found.append((opens, closes))
            if there[0] >= last:
                break
        return found


def _offset(local: datetime) -> int:
    """From UTC, ms."""
    found = local.utcoffset()
    return 0 if found is None else round(found.total_seconds()) * 1000


def period_of(series: list[BarSeries]) -> int:
    """Whole weeks (ms) that hold the longest of them."""
    longest = max(int(bars.time[-1] - bars.time[0]) + _HOUR_MS // 60 for bars in series)
    return -(-longest // WEEK_MS) * WEEK_MS
