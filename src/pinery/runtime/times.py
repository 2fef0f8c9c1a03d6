"""Calendar fields of bars and times, ``time()``, ``time_close()`` and ``timestamp()``."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from pinery.core.errors import PineRuntimeError
from pinery.runtime.calendars import DAY, EPOCH_ORDINAL, FIRST_MS, HOUR, LAST_MS, MINUTE, Clock, unix_time
from pinery.runtime.sessions import SessionCalendar, session_calendar
from pinery.runtime.timeframes import Buckets, Timeframe, buckets
from pinery.runtime.values import NAN
from pinery.runtime.zones import zone

if TYPE_CHECKING:
    from pinery.runtime.context import Runtime

# --- of the bar -------------------------------------------------------------------------


def _clock(rt: Runtime, zone_name: str, use: str) -> Clock:
    """The run's own clock of a zone, one for each use: it remembers the day at hand, and runs share nothing."""
    key = f"clock {use} {zone_name}"
    found: Clock | None = rt.cache.get(key)
    if found is None:
        found = rt.cache[key] = Clock(zone(zone_name))
    return found


def _bar(rt: Runtime) -> Clock:
    found = _clock(rt, rt.instrument.timezone, "of the bar")
    found.load(rt.time)
    return found


def year(rt: Runtime) -> int:
    return _bar(rt).year


def month(rt: Runtime) -> int:
    return _bar(rt).month


def weekofyear(rt: Runtime) -> int:
    return _bar(rt).weekofyear


def dayofmonth(rt: Runtime) -> int:
    return _bar(rt).dayofmonth


def dayofweek(rt: Runtime) -> int:
    return _bar(rt).dayofweek


def hour(rt: Runtime) -> int:
    return (rt.time - _bar(rt).midnight) // HOUR


def minute(rt: Runtime) -> int:
    return (rt.time - _bar(rt).midnight) // MINUTE % 60


def second(rt: Runtime) -> int:
    return (rt.time - _bar(rt).midnight) // 1000 % 60


# --- of a time --------------------------------------------------------------------------


def _at(rt: Runtime, time: float, timezone: str | None) -> Clock | None:
    """The calendar of a time; None for na and times outside the calendar."""
    if not FIRST_MS <= time <= LAST_MS:
        return None
    found = _clock(rt, timezone or rt.instrument.timezone, "of a time")
    found.load(int(time))
    return found


def year_of(rt: Runtime, time: float, timezone: str | None = None) -> int | float:
    at = _at(rt, time, timezone)
    return at.year if at else NAN


def month_of(rt: Runtime, time: float, timezone: str | None = None) -> int | float:
    at = _at(rt, time, timezone)
    return at.month if at else NAN


def weekofyear_of(rt: Runtime, time: float, timezone: str | None = None) -> int | float:
    at = _at(rt, time, timezone)
    return at.weekofyear if at else NAN


def dayofmonth_of(rt: Runtime, time: float, timezone: str | None = None) -> int | float:
    at = _at(rt, time, timezone)
    return at.dayofmonth if at else NAN


def dayofweek_of(rt: Runtime, time: float, timezone: str | None = None) -> int | float:
    at = _at(rt, time, timezone)
    return at.dayofweek if at else NAN


def hour_of(rt: Runtime, time: float, timezone: str | None = None) -> int | float:
    at = _at(rt, time, timezone)
    return (int(time) - at.midnight) // HOUR if at else NAN


def minute_of(rt: Runtime, time: float, timezone: str | None = None) -> int | float:
    at = _at(rt, time, timezone)
    return (int(time) - at.midnight) // MINUTE % 60 if at else NAN


def second_of(rt: Runtime, time: float, timezone: str | None = None) -> int | float:
    at = _at(rt, time, timezone)
    return (int(time) - at.midnight) // 1000 % 60 if at else NAN


# --- time() and time_close() --------------------------------------------------------------


class _Frame:
    """The bars that one combination of timeframe, session and zone means."""

    __slots__ = ("bars", "chart", "own", "session")

    def __init__(self, rt: Runtime, timeframe: str | None, session: str | None, zone: str | None) -> None:
        frame = Timeframe.parse(timeframe or "", rt.timeframe)
        self.session: SessionCalendar | None = session_calendar(rt, session, zone)
        self.own = frame == rt.timeframe
        self.chart = buckets(rt.timeframe, rt.instrument)
        # A session of its own aligns the bars to its start.
        self.bars = Buckets(frame, self.session) if self.session else buckets(frame, rt.instrument)


_FARTHEST = 500  # bars into the future


def _time(
    rt: Runtime,
    timeframe: str | None,
    session: str | None,
    zone: str | None,
    bars_back: float,
    frame_back: float,
    close: bool,
) -> int | float:
    frames: dict[tuple[str | None, str | None, str | None], _Frame] | None = rt.cache.get("time()")
    if frames is None:
        frames = rt.cache["time()"] = {}
    frame = frames.get((timeframe, session, zone))
    if frame is None:
        frame = frames[timeframe, session, zone] = _Frame(rt, timeframe, session, zone)
    if bars_back != bars_back or frame_back != frame_back:
        bars_back = frame_back = 0
    if bars_back < -_FARTHEST or frame_back < -_FARTHEST:
        raise PineRuntimeError(f"time() looks at most {_FARTHEST} bars ahead", "use bars_back = -500 or more")
    at, until = rt.time, rt.time_close
    if frame.own and bars_back >= 0 and frame_back > 0:  # the chart's own bars are known
        bars_back, frame_back = bars_back + frame_back, 0
    if bars_back > 0:
        index = rt.bar_index - int(bars_back)
        if index < 0:
            return NAN
        at, until = rt.columns.time[index], rt.columns.time_close[index]
    elif bars_back < 0:
        at, until = _step(frame.chart, at, -int(bars_back))
    if frame.session is not None and not frame.session.holds(at):
        return NAN
    if not frame.own or frame_back:
        at, until = _step(frame.bars, at, -int(frame_back))
    return until if close else at


def _step(bars: Buckets, time: int, ahead: int) -> tuple[int, int]:
    """(open, close) of the bar ``ahead`` bars after that of ``time``; before it for a negative number."""
    bars.start_of(time)
    for _ in range(ahead):
        bars.load(bars.last)
    for _ in range(-ahead):
        bars.load(bars.first - 1)
    return bars.start, bars.close


def time_of(
    rt: Runtime, timeframe: str | None, session: str | None = None, bars_back: float = 0, frame_back: float = 0
) -> int | float:
    return _time(rt, timeframe, session, None, bars_back, frame_back, False)


def time_of_zone(
    rt: Runtime,
    timeframe: str | None,
    session: str | None,
    timezone: str | None,
    bars_back: float = 0,
    frame_back: float = 0,
) -> int | float:
    return _time(rt, timeframe, session, timezone, bars_back, frame_back, False)


def time_close_of(
    rt: Runtime, timeframe: str | None, session: str | None = None, bars_back: float = 0, frame_back: float = 0
) -> int | float:
    return _time(rt, timeframe, session, None, bars_back, frame_back, True)


def time_close_of_zone(
    rt: Runtime,
    timeframe: str | None,
    session: str | None,
    timezone: str | None,
    bars_back: float = 0,
    frame_back: float = 0,
) -> int | float:
    return _time(rt, timeframe, session, timezone, bars_back, frame_back, True)


# --- timestamp() ------------------------------------------------------------------------


def timestamp(
    rt: Runtime, year: float, month: float, day: float, hour: float = 0, minute: float = 0, second: float = 0
) -> int | float:
    """In the exchange's zone; parts past their range carry over (day 0 is the last of the month before)."""
    return _timestamp(rt.instrument.timezone, year, month, day, hour, minute, second)


def timestamp_zone(
    rt: Runtime,
    timezone: str | None,
    year: float,
    month: float,
    day: float,
    hour: float = 0,
    minute: float = 0,
    second: float = 0,
) -> int | float:
    return _timestamp(timezone or rt.instrument.timezone, year, month, day, hour, minute, second)


def _timestamp(zone: str, *parts: float) -> int | float:
    total = sum(parts)
    if total != total or abs(total) > 1e15:
        return NAN
    year, month, day, hour, minute, second = map(int, parts)
    return unix_time(zone, year, month, day, hour, minute, second)


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ZONES = {"z": 0, "utc": 0, "gmt": 0, "ut": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6,
          "pst": -8, "pdt": -7}  # fmt: skip
_CLOCK = re.compile(r"(?<!\d)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([ap]m)?")
_SHIFT = re.compile(r"(?:utc|gmt|\s|:\d{2}|[.,]\d+|(?<=\d))([+-])(\d{1,2}):?(\d{2})?\s*$")
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?(?!\d)")
_AMERICAN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")


@lru_cache(maxsize=1024)
def timestamp_text(dateString: str) -> int:
    """Unix ms of a date in ISO 8601 or in the form of mails (``20 Feb 2020 15:30 GMT+2``); UTC without a zone."""
    text = dateString.strip().lower()
    clock_match = _CLOCK.search(text)
    minutes = shift = seconds = 0
    if clock_match:
        shift_match = _SHIFT.search(text[clock_match.end() - 1 :])
        if shift_match:
            shift = int(shift_match[2]) * 60 + int(shift_match[3] or 0)
            shift = -shift if shift_match[1] == "-" else shift
        hours = int(clock_match[1])
        if clock_match[4]:
            hours = hours % 12 + (12 if clock_match[4] == "pm" else 0)
        minutes = hours * 60 + int(clock_match[2])
        seconds = int(clock_match[3] or 0)
        rest = text[clock_match.end() :]
        text = text[: clock_match.start()]
        if not shift_match:
            names = re.findall(r"[a-z]+", rest)
            if names and names[0] in _ZONES:
                shift = _ZONES[names[0]] * 60
                rest = ""
        else:
            rest = rest[: max(0, shift_match.start() - 1)]
        text += " " + rest
    try:
        day = _date(text)
    except ValueError:
        day = None
    if day is None or minutes >= 25 * 60 or seconds > 60:
        raise PineRuntimeError(
            f"Invalid date {dateString!r}", 'write it like "2020-02-20T15:30" or "20 Feb 2020 15:30"'
        )
    return (day.toordinal() - EPOCH_ORDINAL) * DAY + (minutes - shift) * MINUTE + seconds * 1000


def _date(text: str) -> date | None:
    match = _ISO.search(text)
    if match:
        return date(int(match[1]), int(match[2]), int(match[3] or 1))
    match = _AMERICAN.search(text)
    if match:
        return date(int(match[3]), int(match[1]), int(match[2]))
    month = next((_MONTHS.index(w[:3]) + 1 for w in re.findall(r"[a-z]+", text) if w[:3] in _MONTHS), None)
    numbers = re.findall(r"\d+", text)
    if month is None:
        return date(int(numbers[0]), 1, 1) if len(numbers) == 1 and len(numbers[0]) == 4 else None
    years = [n for n in numbers if len(n) == 4]
    days = [n for n in numbers if len(n) <= 2]
    if len(years) != 1 or len(days) > 1:
        return None
    return date(int(years[0]), month, int(days[0]) if days else 1)
