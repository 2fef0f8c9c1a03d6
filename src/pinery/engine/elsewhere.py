"""A request's program on its own bars, which grow while the asking chart is live.

Bars of the asking chart's symbol are made of the chart's bars (``follow``), those of other markets and of
shorter timeframes come from outside (``feed``). What nobody feeds keeps the bars it was opened with.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import Any

from pinery.engine.instance import Instance
from pinery.engine.snapshot import Snapshot, Snapshots
from pinery.engine.updates import BarUpdate, Row, append_bar, heikinashi, joined, put_bar, row_of
from pinery.runtime.context import BarState, Columns, Runtime
from pinery.runtime.timeframes import buckets

Rate = Callable[[int], float]


class Elsewhere:
    """One site's program on one symbol and timeframe. Bars are evaluated as far as they are asked for."""

    __slots__ = (
        "_base",
        "_buckets",
        "_part",
        "_snapshots",
        "_start",
        "before",
        "closes",
        "complete",
        "cursor",
        "done",
        "fed_from",
        "instance",
        "is_heikinashi",
        "is_own",
        "rate",
        "stale",
        "times",
        "values",
    )

    def __init__(self, instance: Instance, is_own: bool, is_heikinashi: bool, rate: Rate | None) -> None:
        rt = instance.rt
        self.instance = instance
        self.is_heikinashi = is_heikinashi
        self.is_own = is_own  # made of the asking chart's bars
        self.rate = rate  # into the currency asked for, of a moment; None: prices stay as they are
        self.times = instance.columns.time
        self.closes = instance.columns.time_close
        self.values: list[Any] = []
        self.done = 0
        self.cursor = 0
        self.before: Snapshot | None = None  # the state before bar ``done``, once that bar was shown incomplete
        self.stale = False  # the state is that of an incomplete bar
        self.complete = len(self.times)  # bars before this one do not change any more
        if rt.loaded is not None:
            instance.columns.bar_index = range(1 << 62)
            if self.closes and self.closes[-1] > rt.loaded:
                self.complete -= 1
        self._snapshots = Snapshots(instance)
        self.fed_from: int | None = None  # the first bar that came by ``feed``
        self._buckets = buckets(rt.timeframe, rt.instrument)
        self._start = 0  # of the last bar, by the calendar
        self._part = -1  # the asking chart's next bar to join; -1: none has been
        self._base: Row | None = None  # the last bar as far as complete bars of the chart make it up

    # --- values -----------------------------------------------------------------------

    def value(self, index: int) -> Any:
        """The expression's value on bar ``index``, which is complete."""
        if self.done <= index and self.before is not None:
            if self.stale:
                self._snapshots.restore(self.before)
            self.before, self.stale = None, False
        while self.done <= index:
            rt = self.instance.rt
            rt.barstate = BarState()
            self.instance.step(self.done)
            self.values.append(rt.captured)
            self.done += 1
        return self.values[index]

    def moving(self, index: int, now: int, is_first: bool = False, is_last: bool = False) -> Any:
        """The expression's value on bar ``index`` as far as it has come. ``is_last``: it is complete with this."""
        if index:
            self.value(index - 1)
        if self.done > index:  # already complete
            return self.values[index]
        if self.before is None:
            self.before = self._snapshots.take()
        elif self.stale:
            self._snapshots.restore(self.before)
        self.stale = True
        rt = self.instance.rt
        rt.barstate = BarState(isconfirmed=is_last, ishistory=False, isrealtime=True, isnew=is_first)
        rt.last_bar_index, rt.last_bar_time, rt.timenow = index, self.times[index], now
        self.instance.step(index)
        if is_last:
            self.values.append(rt.captured)
            self.done += 1
            self.before, self.stale = None, False
        return rt.captured

    # --- places -----------------------------------------------------------------------

    def last_closed(self, time_close: int) -> int:
        """Index of the last bar that closed by then, -1 if none."""
        i, closes = self.cursor, self.closes
        if i > 0 and closes[i - 1] > time_close:
            i = 0
        while i < len(closes) and closes[i] <= time_close:
            i += 1
        self.cursor = i
        return i - 1

    def last_opened(self, time: int) -> int:
        """Index of the last bar that had opened by then, -1 if none."""
        i, times = self.cursor, self.times
        if i > 0 and times[i - 1] > time:
            i = 0
        while i < len(times) and times[i] <= time:
            i += 1
        self.cursor = i
        return i - 1

    # --- growing ----------------------------------------------------------------------

    def follow(self, parts: Columns, n: int) -> bool:
        """Take in the asking chart's bars up to ``n``, the one at hand. True: the last bar begins with that."""
        if self._part < 0:
            self._join(parts)
        calendar, columns = self._buckets, self.instance.columns
        for j in range(self._part, n + 1):
            start = calendar.start_of(parts.time[j])
            row = self._converted(row_of(parts, j), parts.time[j])
            if start > self._start:
                self._start, self._base = start, None
                append_bar(columns, start, calendar.close_of(parts.time[j]), self._as_charted(row, len(self.times)))
                self.complete = len(self.times) - 1
            else:
                row = joined(self._base, row)
                put_bar(columns, len(self.times) - 1, self._as_charted(row, len(self.times) - 1))
            if j < n:
                self._base, self._part = row, j + 1
        return self._base is None

    def _join(self, parts: Columns) -> None:
        """Find where the chart's bars go on with the bars at hand."""
        calendar, loaded = self._buckets, self.instance.rt.loaded or 0
        calendar.load(self.times[-1])
        self._start = calendar.start
        first, after = bisect_left(parts.time, calendar.first), bisect_left(parts.time, calendar.last)
        if self.complete == len(self.times):
            self._base, self._part = row_of(self.instance.columns, self.complete - 1), after
        elif first > 0 or (parts.time and parts.time[0] <= calendar.first):
            self._base, self._part = None, first
        else:  # the chart's bars do not reach back to its beginning
            self._base = None if self.is_heikinashi else row_of(self.instance.columns, self.complete)
            self._part = bisect_left(parts.time, loaded)

    def feed(self, bar: BarUpdate) -> None:
        """Take in an update of this market. Bars that are older than the last one stay as they are."""
        last = len(self.times) - 1
        row = self._converted(Row(bar.open, bar.high, bar.low, bar.close, bar.volume), bar.time)
        if last < 0 or bar.time > self.times[last]:
            last += 1
            close = self._buckets.close_of(bar.time)
            append_bar(self.instance.columns, bar.time, close, self._as_charted(row, last))
        elif bar.time < self.times[last] or last < self.done:
            return
        else:
            put_bar(self.instance.columns, last, self._as_charted(row, last))
        if self.fed_from is None:
            self.fed_from = last
        self.complete = last + bar.is_last

    def is_fed(self, index: int) -> bool:
        return self.fed_from is not None and index >= self.fed_from

    def shown(self, index: int, rt: Runtime) -> Any:
        """The value on a bar that may be incomplete, at the moment of ``rt``."""
        return self.value(index) if index < self.complete else self.moving(index, rt.timenow)

    def _as_charted(self, row: Row, index: int) -> Row:
        if not self.is_heikinashi:
            return row
        return heikinashi(row_of(self.instance.columns, index - 1) if index else None, row)

    def _converted(self, row: Row, time: int) -> Row:
        if self.rate is None:
            return row
        rate = self.rate(time)
        return Row(row.open * rate, row.high * rate, row.low * rate, row.close * rate, row.volume)
