"""What a column of bar times tells: the timeframe, and where bars are missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pinery.core.bars import IntArray
from pinery.core.errors import DataError
from pinery.core.instrument import Instrument
from pinery.runtime.sessions import SessionCalendar, calendar_of
from pinery.runtime.timeframes import Buckets, Timeframe, infer_timeframe

_STEPS_LOOKED_AT = 20_000
_STEPS_WALKED = 20_000


def detect_timeframe(time: IntArray) -> Timeframe:
    """The timeframe of bars from the commonest step between their times (Unix ms, ascending).

    Raises DataError where there are fewer than two bars or the step is no timeframe.
    """
    if len(time) < 2:
        raise DataError("one bar does not show its timeframe", "say it with --timeframe")
    found = infer_timeframe(time[:_STEPS_LOOKED_AT].tolist())
    if found.unit == "T":
        raise DataError("the bars are not whole seconds apart", "say their timeframe with --timeframe")
    return found


@dataclass(frozen=True, slots=True)
class Gap:
    """Bars missing between two that are there. ``after`` and ``before`` are the two's opening times (Unix ms)."""

    after: int
    before: int
    missing: int  # bars that the trading hours would have had, as far as they were counted


def find_gaps(time: IntArray, timeframe: Timeframe, instrument: Instrument) -> list[Gap]:
    """Gaps inside the instrument's trading hours, oldest first. Holidays count as gaps: hours do not know them."""
    step = timeframe.seconds * 1000
    if len(time) < 2 or step == 0:
        return []
    days = calendar_of(instrument)
    grid = Buckets(timeframe, days)
    gaps = []
    for i in np.flatnonzero(np.diff(time) > step):
        after, before = int(time[i]), int(time[i + 1])
        at, missing = after, 0
        while missing < _STEPS_WALKED:
            following = grid.start_of(_trading(days, grid.close_of(at)))
            if following >= before or following <= at:
                break
            at = following
            missing += 1
        # A bar may be stamped inside its period: then the last step found that bar itself.
        if missing and grid.start_of(before) == at:
            missing -= 1
        if missing:
            gaps.append(Gap(after, before, missing))
    return gaps


def _trading(days: SessionCalendar, time: int) -> int:
    """``time`` itself inside trading hours, else the next opening."""
    for first, last in days.day(time).segments:
        if time < last:
            return max(time, first)
    return time
