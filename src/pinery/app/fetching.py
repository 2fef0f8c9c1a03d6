"""Downloads of bars into the store: what is missing there, page by page, and what is missing in the end.

A download that was stopped, by whatever, goes on where it was: pages are on disk as they come (``market.partial``).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from pinery.charts.hours import TradingHours
from pinery.core.bars import BarSeries
from pinery.core.errors import DataError
from pinery.core.instrument import Instrument
from pinery.market.partial import PartialBars
from pinery.market.spacing import Gap, find_gaps
from pinery.market.store import BarStore
from pinery.runtime.sessions import trading_calendar
from pinery.runtime.timeframes import Buckets, Timeframe

_SHORT = 240  # bars that may be missing inside trading hours because nothing was traded

Told = Callable[[int, int], None]  # (bars that are done, bars in all)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Bars that open from ``first`` to ``last`` (Unix ms, both included)."""

    instrument: Instrument
    timeframe: Timeframe
    first: int
    last: int


class Source(Protocol):
    """Where bars come from. ``always``: it has a bar for each moment of the grid, traded or not."""

    @property
    def always(self) -> bool: ...
    async def first(self, wanted: Wanted) -> int | None:
        """Opening time of the first bar that it has in the range. Raises DataError."""
        ...

    def pages(self, wanted: Wanted) -> AsyncGenerator[BarSeries, None]:
        """Complete bars of the range, page by page, in any order; empty pages, too. Raises DataError."""
        ...


@dataclass(slots=True)
class Fetched:
    """``gaps``: bars that trading hours would have had and the source does not have; ``left``: ranges that were not
    downloaded, opening times of the first bar and the last."""

    wanted: Wanted
    downloaded: int = 0
    recovered: int = 0  # bars of a download that had been stopped
    stored: int = 0
    first: int = 0
    last: int = 0
    gaps: list[Gap] = field(default_factory=list)
    left: list[tuple[int, int]] = field(default_factory=list)


async def fetch(source: Source, store: BarStore, wanted: Wanted, tell: Told, found: Fetched) -> None:
    """Raises DataError; what had come by then is stored, and ``found`` says what."""
    name, timeframe = wanted.instrument.tickerid, wanted.timeframe
    with PartialBars(store.path(name, timeframe)) as partial:
        found.recovered = _keep(partial, store, name, timeframe)
        starts = await source.first(wanted)
        if starts is None or starts > wanted.last:
            _count(store, found)
            return
        have = store.get(name, timeframe)
        holes = _holes(have, source.always, Wanted(wanted.instrument, timeframe, starts, wanted.last))
        found.left = list(holes)
        total = sum(_bars(hole, timeframe) for hole in holes)
        done = 0
        try:
            for hole in holes:
                part, came = Wanted(wanted.instrument, timeframe, *hole), 0
                async with aclosing(source.pages(part)) as pages:
                    async for page in pages:
                        _check(page, part)
                        partial.add(page)
                        found.downloaded += len(page)
                        came += len(page)
                        tell(min(done + came, total), total)
                done += _bars(hole, timeframe)
                tell(done, total)
                found.left.remove(hole)
        finally:
            _keep(partial, store, name, timeframe)
            have = store.get(name, timeframe)
            parts = [Wanted(wanted.instrument, timeframe, *hole) for hole in found.left]
            found.left = [hole for part in parts for hole in _holes(have, source.always, part)]
            _count(store, found)


def _keep(partial: PartialBars, store: BarStore, name: str, timeframe: Timeframe) -> int:
    """Put the pages into the store."""
    bars = partial.bars()
    if len(bars):
        store.put(name, timeframe, bars)
        partial.clear()
    return len(bars)


def _count(store: BarStore, found: Fetched) -> None:
    """What is stored of the range, and what is missing there."""
    wanted = found.wanted
    bars = store.get(wanted.instrument.tickerid, wanted.timeframe)
    inside = bars.between(wanted.first, wanted.last) if bars is not None else None
    if inside is None or not len(inside):
        return
    found.stored, found.first, found.last = len(inside), int(inside.time[0]), int(inside.time[-1])
    hours = TradingHours(wanted.instrument)
    for gap in find_gaps(inside.time, wanted.timeframe, wanted.instrument):
        missing = hours.missing(gap.after, gap.before, wanted.timeframe)  # it knows holidays
        unasked = any(first < gap.before and gap.after < last for first, last in found.left)
        if missing and not unasked:
            found.gaps.append(Gap(gap.after, gap.before, missing))


def _check(page: BarSeries, part: Wanted) -> None:
    """Raises DataError for bars that nobody asked for, or that are not where bars of the timeframe are."""
    if not len(page):
        return
    time, timeframe = page.time, part.timeframe
    name = part.instrument.tickerid
    if np.any(np.diff(time) <= 0) or time[0] < part.first or time[-1] > part.last:
        raise DataError(f"bars of {name} came out of order, twice, or from a time that was not asked for")
    grid = Buckets(timeframe, trading_calendar(part.instrument))
    if timeframe.isintraday and any(grid.start_of(at) != at for at in time.tolist()):
        raise DataError(f"bars of {name} came that are no {timeframe} bars")


# --- what is missing ------------------------------------------------------------------


def _holes(have: BarSeries | None, always: bool, wanted: Wanted) -> list[tuple[int, int]]:
    """Ranges to ask for: opening times of the first and the last bar of each."""
    first, last, timeframe = wanted.first, wanted.last, wanted.timeframe
    if have is None or timeframe.unit == "M":
        return [(first, last)]
    time = have.between(first, last).time
    if not len(time):
        return [(first, last)]
    step = _step(timeframe)
    holes = []
    if time[0] > first:
        holes.append((first, int(time[0]) - step))
    if always:
        inner = np.flatnonzero(np.diff(time) > step)
        holes += [(int(time[i]) + step, int(time[i + 1]) - step) for i in inner]
    else:
        gaps = find_gaps(time, timeframe, wanted.instrument)
        holes += [(gap.after + step, gap.before - step) for gap in gaps if gap.missing > _SHORT]
    if time[-1] + step <= last:
        holes.append((int(time[-1]) + step, last))
    return [hole for hole in holes if hole[0] <= hole[1]]


def _bars(hole: tuple[int, int], timeframe: Timeframe) -> int:
    return (hole[1] - hole[0]) // _step(timeframe) + 1


def _step(timeframe: Timeframe) -> int:
    return timeframe.seconds * 1000
