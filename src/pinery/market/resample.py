"""Bars of a longer timeframe made from bars of a shorter one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pinery.core.bars import BarSeries, IntArray
from pinery.core.errors import DataError
from pinery.core.instrument import Instrument
from pinery.runtime.sessions import trading_calendar
from pinery.runtime.timeframes import Buckets, Timeframe


@dataclass(frozen=True, slots=True)
class Resampled:
    """Bars of the target timeframe.

    ``time_close`` is each bar's closing time by the trading calendar (Unix ms). ``first`` is the
    index of each bar's first source bar; its last is the one before the next bar's first.
    """

    bars: BarSeries
    time_close: IntArray
    first: IntArray


def resample(bars: BarSeries, instrument: Instrument, source: Timeframe, target: Timeframe) -> Resampled:
    """The bars of ``target`` that ``bars`` of ``source`` make up.

    The first bar begins with the data, wherever in its period that is, and has the period's nominal
    opening time. Volume is na only where every source bar's is. Raises DataError for a target that
    is shorter than the source.
    """
    if target.seconds < source.seconds:
        raise DataError(
            f"Cannot make {target} bars from {source} bars", "a longer timeframe can be made, not a shorter"
        )
    time = bars.time
    if len(time) == 0:
        empty = np.zeros(0, dtype=np.int64)
        return Resampled(bars, empty, empty)
    starts, closes, first = _bounds(time, instrument, target)
    if target == source:  # keep the times of the data, which may differ from the calendar's
        index = np.arange(len(time), dtype=np.int64)
        return Resampled(bars, closing_times(time, instrument, target), index)
    last = np.append(first[1:], len(time)) - 1
    has_volume = ~np.isnan(bars.volume)
    volume = np.add.reduceat(np.where(has_volume, bars.volume, 0.0), first)
    volume[~np.logical_or.reduceat(has_volume, first)] = np.nan
    made = BarSeries(
        starts,
        bars.open[first],
        np.fmax.reduceat(bars.high, first),
        np.fmin.reduceat(bars.low, first),
        bars.close[last],
        volume,
    )
    return Resampled(made, closes, first)


def closing_times(time: IntArray, instrument: Instrument, timeframe: Timeframe) -> IntArray:
    """Closing time of the bar of ``timeframe`` that opens at each of ``time`` (Unix ms, ascending)."""
    if len(time) == 0:
        return np.zeros(0, dtype=np.int64)
    _, closes, first = _bounds(time, instrument, timeframe)
    return np.repeat(closes, np.diff(np.append(first, len(time))))


def _bounds(time: IntArray, instrument: Instrument, timeframe: Timeframe) -> tuple[IntArray, IntArray, IntArray]:
    """Opening time, closing time and index of the first source bar, of each bar that ``time`` touches."""
    bars = Buckets(timeframe, trading_calendar(instrument))  # its own: histories are made in threads too
    starts: list[int] = []
    closes: list[int] = []
    first: list[int] = []
    at, n = 0, len(time)
    previous = None
    while at < n:
        now = int(time[at])
        if previous is not None and now < previous:
            raise DataError("Bars are not in order of time", "sort them by their opening time")
        bars.load(now)
        starts.append(bars.start)
        closes.append(bars.close)
        first.append(at)
        previous = now
        # Most bars are short: look nearby before searching the rest.
        near = min(at + 64, n)
        end = bars.last
        if time[near - 1] >= end:
            at += int(np.searchsorted(time[at:near], end))
        else:
            at = near + int(np.searchsorted(time[near:], end))
    return np.array(starts, np.int64), np.array(closes, np.int64), np.array(first, np.int64)
