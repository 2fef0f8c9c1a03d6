"""Timeframes: their texts, their lengths, and which bar of a timeframe a moment belongs to.

How TradingView aligns bars, as its exports show: intraday bars count from the start of each trading
session and the last one is cut short by its end; days are trading days; several days count trading
days from the first of January, holidays included; several weeks count from the year's first Monday;
several months count from January.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from pinery.core.errors import PineRuntimeError
from pinery.lang.versions import for_version
from pinery.runtime.sessions import SessionCalendar, trading_calendar
from pinery.runtime.values import NAN

if TYPE_CHECKING:
    from pinery.core.instrument import Instrument
    from pinery.runtime.context import Runtime

_TEXT = re.compile(r"(\d*)([TSDWM]?)")
_SECONDS = {"S": 1, "": 60, "D": 86_400, "W": 7 * 86_400, "M": 2_628_003}
_LIMITS = {"T": 1000, "S": 86_400, "": 1440, "D": 366, "W": 53, "M": 120}
_VALID_SECONDS = (1, 5, 10, 15, 30, 45)


@dataclass(frozen=True, slots=True)
class Timeframe:
    """``multiplier`` units; ``unit`` is "T" ticks, "S" seconds, "" minutes, "D", "W" or "M"."""

    multiplier: int
    unit: str

    @staticmethod
    def parse(text: str, default: Timeframe | None = None) -> Timeframe:
        """``"15"``, ``"240"``, ``"D"``, ``"1W"``, ``"30S"``; empty text is ``default``.

        Raises PineRuntimeError for other texts.
        """
        if default is not None and not text.strip():
            return default
        return _parse(text)

    def text(self, version: int = 6) -> str:
        """As ``timeframe.period`` shows it: ``60``, ``1D``; before version 6 ``D`` without the one."""
        if self.multiplier == 1 and self.isdwm and not for_version(version).timeframe_with_multiplier:
            return self.unit
        return f"{self.multiplier}{self.unit}"

    def __str__(self) -> str:
        return self.text()

    @property
    def seconds(self) -> int:
        """Nominal length; a month counts 2628003 seconds, ticks have none (0)."""
        return self.multiplier * _SECONDS.get(self.unit, 0)

    @property
    def isdwm(self) -> bool:
        return self.unit in ("D", "W", "M")

    @property
    def isintraday(self) -> bool:
        return not self.isdwm

    def bucket_start(self, time: int, instrument: Instrument) -> int:
        """Opening time of the bar that holds ``time`` (Unix ms)."""
        return buckets(self, instrument).start_of(time)

    def bucket_close(self, time: int, instrument: Instrument) -> int:
        """Closing time of the bar that holds ``time`` (Unix ms)."""
        return buckets(self, instrument).close_of(time)


@lru_cache(maxsize=512)
def _parse(text: str) -> Timeframe:
    match = _TEXT.fullmatch(text.strip())
    if match is None or not (match[1] or match[2]):
        raise _invalid(text)
    multiplier = int(match[1][:9]) if match[1] else 1
    unit = match[2]
    if unit == "" and multiplier > 1440 and multiplier % 1440 == 0:  # days, written in minutes
        multiplier, unit = multiplier // 1440, "D"
    if not 1 <= multiplier <= _LIMITS[unit]:
        raise _invalid(text)
    return Timeframe(multiplier, unit)


def _invalid(text: str) -> PineRuntimeError:
    return PineRuntimeError(f"Invalid timeframe {text!r}", 'write minutes as "60", others like "30S", "1D", "2W", "3M"')


class Buckets:
    """The bars of one timeframe on one trading calendar.

    The bar at hand stays loaded, so that reading it for each bar of a lower timeframe is two
    comparisons. ``first`` .. ``last`` are the moments that belong to the loaded bar.
    """

    __slots__ = ("_days", "_n", "_step", "_unit", "close", "first", "last", "start")

    def __init__(self, timeframe: Timeframe, days: SessionCalendar) -> None:
        self._days = days
        self._unit = timeframe.unit
        self._n = timeframe.multiplier
        # Ticks have no grid: each moment is a bar of its own.
        self._step = 0 if timeframe.isdwm else max(timeframe.seconds * 1000, 1)
        self.first = self.last = self.start = self.close = 0

    def start_of(self, time: int) -> int:
        if not self.first <= time < self.last:
            self.load(time)
        return self.start

    def close_of(self, time: int) -> int:
        if not self.first <= time < self.last:
            self.load(time)
        return self.close

    def closes_of(self, times: list[int]) -> list[int]:
        """``close_of`` each, quickly."""
        step = self._step
        if not step:
            return [self.close_of(time) for time in times]
        since = grid = until = 0
        closes: list[int] = []
        for time in times:
            if not since <= time < until:
                since, grid, until = self._days.day(time).segment(time)
            start = grid + (time - grid) // step * step
            end, limit = start + step, grid if start < grid else until
            closes.append(end if end < limit else limit)
        return closes

    def load(self, time: int) -> None:
        """Makes the bar at hand the one that holds ``time``, or the next one if ``time`` is between sessions."""
        if self._step:
            self._load_intraday(time)
        else:
            self._load_days(time)

    def _load_intraday(self, time: int) -> None:
        since, grid, close = self._days.day(time).segment(time)
        step = self._step
        start = grid + (time - grid) // step * step
        self.start = self.first = max(start, since)
        self.close = self.last = min(start + step, grid if start < grid else close)

    def _load_days(self, time: int) -> None:
        days = self._days
        first, last = self._dates(days.day(time).ordinal)
        opening = days.on(days.next_trading(first))
        closing = days.on(days.previous_trading(last))
        self.start = opening.core_open
        self.first = opening.since
        self.close = closing.core_close
        self.last = closing.close

    def _dates(self, ordinal: int) -> tuple[int, int]:
        """First date of the bar that a trading date belongs to, and first date after it."""
        n = self._n
        if self._unit == "D":
            return (ordinal, ordinal + 1) if n == 1 else self._days_of_year(ordinal)
        if self._unit == "W":
            return self._weeks_of_year(ordinal)
        at = date.fromordinal(ordinal)
        months = (at.year * 12 + at.month - 1) if n > 12 else at.month - 1
        first = (at.year if n <= 12 else 0) * 12 + months // n * n
        last = min(first + n, at.year * 12 + 12) if n <= 12 else first + n
        return _month(first), _month(last)

    def _days_of_year(self, ordinal: int) -> tuple[int, int]:
        days, n = self._days, self._n
        year = date.fromordinal(ordinal).year
        first = ordinal
        for _ in range(days.count(date(year, 1, 1).toordinal(), ordinal) % n):
            first = days.previous_trading(first)
        last = first
        for _ in range(n):
            last = days.next_trading(last) + 1
        return first, min(last, date(year + 1, 1, 1).toordinal())

    def _weeks_of_year(self, ordinal: int) -> tuple[int, int]:
        trading = self._days.trading
        starts_on_sunday = trading[6] and not trading[5]
        monday = ordinal - (ordinal if starts_on_sunday else ordinal - 1) % 7
        if self._n == 1:
            return monday, monday + 7
        year = date.fromordinal(monday).year
        first = _first_week(year, monday)
        first += (monday - first) // (7 * self._n) * 7 * self._n
        return first, min(first + 7 * self._n, _first_week(year + 1, monday))


def _month(months: int) -> int:
    """The first of a month, counted from the year 0."""
    return date(months // 12, months % 12 + 1, 1).toordinal()


def _first_week(year: int, monday: int) -> int:
    """The year's first day of the same weekday as ``monday``."""
    first = date(year, 1, 1).toordinal()
    return first + (monday - first) % 7


def buckets(timeframe: Timeframe, instrument: Instrument) -> Buckets:
    """The bars of a timeframe for an instrument, to be kept by who asks: they remember the bar at hand."""
    return Buckets(timeframe, trading_calendar(instrument))


def infer_timeframe(times: Sequence[int]) -> Timeframe:
    """The timeframe of bars by their most common step between opening times (Unix ms).

    Steps of 27 to 32 days are months. One bar or none is a daily chart.
    """
    steps: dict[int, int] = {}
    for earlier, later in pairwise(times):
        step = int(later) - int(earlier)
        if step > 0:
            steps[step] = steps.get(step, 0) + 1
    if not steps:
        return Timeframe(1, "D")
    step = max(steps, key=lambda s: (steps[s], -s))
    seconds, rest = divmod(step, 1000)
    if rest or not seconds:
        return Timeframe(1, "T")
    days = seconds / 86_400
    if days >= 27:
        months = max(1, round(days / 30.4167))
        return Timeframe(min(months, 12), "M")
    # Daylight saving moves a day's opening by an hour; the most common step is not such a day.
    if seconds % 604_800 == 0:
        return Timeframe(seconds // 604_800, "W")
    if seconds % 86_400 == 0:
        return Timeframe(seconds // 86_400, "D")
    if seconds % 60 == 0 and seconds < 86_400:
        return Timeframe(seconds // 60, "")
    if seconds < 86_400:
        return Timeframe(seconds, "S")
    return Timeframe(max(1, round(days)), "D")


# --- timeframe.* ------------------------------------------------------------------------


def period(rt: Runtime) -> str:
    return rt.timeframe.text(rt.version)


def main_period(rt: Runtime) -> str:
    return rt.main_timeframe.text(rt.version)


def multiplier(rt: Runtime) -> int:
    return rt.timeframe.multiplier


def isintraday(rt: Runtime) -> bool:
    return rt.timeframe.isintraday


def isminutes(rt: Runtime) -> bool:
    return rt.timeframe.unit == ""


def isseconds(rt: Runtime) -> bool:
    return rt.timeframe.unit == "S"


def isticks(rt: Runtime) -> bool:
    return rt.timeframe.unit == "T"


def isdaily(rt: Runtime) -> bool:
    return rt.timeframe.unit == "D"


def isweekly(rt: Runtime) -> bool:
    return rt.timeframe.unit == "W"


def ismonthly(rt: Runtime) -> bool:
    return rt.timeframe.unit == "M"


def isdwm(rt: Runtime) -> bool:
    return rt.timeframe.isdwm


def change(rt: Runtime, timeframe: str | None) -> bool:
    """False on the first bar."""
    index = rt.bar_index
    if index <= 0:
        return False
    frame = rt.timeframe if timeframe is None else Timeframe.parse(timeframe, rt.timeframe)
    key = f"timeframe.change {frame}"
    bars = rt.cache.get(key)
    if bars is None:
        bars = rt.cache[key] = buckets(frame, rt.instrument)
    return bool(bars.start_of(rt.columns.time[index - 1]) != bars.start_of(rt.time))


def in_seconds(rt: Runtime, timeframe: str | None = None) -> int | float:
    frame = rt.main_timeframe if timeframe is None else Timeframe.parse(timeframe, rt.main_timeframe)
    return frame.seconds or NAN


def from_seconds(rt: Runtime, seconds: float) -> str | None:
    """The shortest valid timeframe of at least ``seconds``; the largest unit where several have that length."""
    if seconds != seconds:
        return None
    for n in _VALID_SECONDS:
        if seconds <= n:
            return f"{n}S"
    whole = -int(-seconds // 1)
    minutes = -(-whole // 60)
    if minutes < 1440:
        return str(minutes)
    months, rest = divmod(whole, _SECONDS["M"])
    if not rest and months <= 12:
        return f"{months}M"
    days = -(-whole // 86_400)
    if whole == days * 86_400 and days % 7 == 0 and days <= 52 * 7:
        return f"{days // 7}W"
    if days <= 365:
        return f"{days}D"
    return "12M" if whole <= 12 * _SECONDS["M"] or days > 366 else "366D"
