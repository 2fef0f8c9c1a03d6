"""Holidays and trading sessions of US exchanges, by rule.

NYSE rules after its published calendar (Rule 7.2): a holiday on Saturday is kept on Friday, one on Sunday on Monday,
except that New Year's Day is not kept on a Friday of the old year. CME index futures trade from 17:00 to 16:00
Chicago time; on most holidays they stop at noon.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

CHICAGO = ZoneInfo("America/Chicago")
NEW_YORK = ZoneInfo("America/New_York")

_DAY = timedelta(days=1)
_MON, _THU, _FRI, _SAT, _SUN = 0, 3, 4, 5, 6

# Days off that no rule gives: storms and mourning.
_NYSE_SPECIAL = {
    date(2001, 9, 11): "September 11 attacks",
    date(2001, 9, 12): "September 11 attacks",
    date(2001, 9, 13): "September 11 attacks",
    date(2001, 9, 14): "September 11 attacks",
    date(2004, 6, 11): "Mourning for President Reagan",
    date(2007, 1, 2): "Mourning for President Ford",
    date(2012, 10, 29): "Hurricane Sandy",
    date(2012, 10, 30): "Hurricane Sandy",
    date(2018, 12, 5): "Mourning for President G. H. W. Bush",
    date(2025, 1, 9): "Mourning for President Carter",
}


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus/Jones/Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def good_friday(year: int) -> date:
    return easter(year) - 2 * _DAY


def nth_weekday(year: int, month: int, weekday: int, n: int) -> date:
    """The ``n``-th given weekday (0 = Monday) of a month; ``n`` = -1 is the last."""
    if n > 0:
        first = date(year, month, 1)
        return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))
    after = date(year + month // 12, month % 12 + 1, 1)
    return after - timedelta(days=(after.weekday() - 1 - weekday) % 7 + 1)


def _observed(day: date) -> date:
    return day + {_SAT: -1, _SUN: 1}.get(day.weekday(), 0) * _DAY


@cache
def nyse_holidays(year: int) -> dict[date, str]:
    """Weekdays of a year on which the NYSE is closed, in order."""
    found = {}
    new_year = date(year, 1, 1)
    if new_year.weekday() != _SAT:
        found[_observed(new_year)] = "New Year's Day"
    if year >= 1998:
        found[nth_weekday(year, 1, _MON, 3)] = "Martin Luther King Jr. Day"
    found[nth_weekday(year, 2, _MON, 3)] = "Washington's Birthday"
    found[good_friday(year)] = "Good Friday"
    found[nth_weekday(year, 5, _MON, -1)] = "Memorial Day"
    if year >= 2022:
        found[_observed(date(year, 6, 19))] = "Juneteenth"
    found[_observed(date(year, 7, 4))] = "Independence Day"
    found[nth_weekday(year, 9, _MON, 1)] = "Labor Day"
    found[nth_weekday(year, 11, _THU, 4)] = "Thanksgiving Day"
    found[_observed(date(year, 12, 25))] = "Christmas Day"
    found.update({day: name for day, name in _NYSE_SPECIAL.items() if day.year == year})
    return dict(sorted(found.items()))


@cache
def nyse_early_closes(year: int) -> dict[date, str]:
    """Days on which the NYSE closes at 13:00 New York time, in order."""
    holidays = nyse_holidays(year)
    days = {
        date(year, 7, 3): "Day before Independence Day",
        nth_weekday(year, 11, _THU, 4) + _DAY: "Day after Thanksgiving",
        date(year, 12, 24): "Christmas Eve",
    }
    return {day: name for day, name in sorted(days.items()) if day.weekday() < _SAT and day not in holidays}


def is_nyse_day(day: date) -> bool:
    """True on days on which the NYSE opens."""
    return day.weekday() < _SAT and day not in nyse_holidays(day.year)


@cache
def cme_index_closures(year: int) -> dict[date, str]:
    """Weekdays on which CME's US index futures have no session, in order."""
    closed = {}
    for day, name in nyse_holidays(year).items():
        if name in ("New Year's Day", "Christmas Day") or (name == "Good Friday" and not _is_jobs_day(day)):
            closed[day] = name
    return closed


@cache
def cme_index_early_closes(year: int) -> dict[date, tuple[time, str]]:
    """Chicago closing times of CME's US index futures where they are not 16:00, in order of days."""
    closes = {}
    for day, name in nyse_holidays(year).items():
        if name == "Good Friday" and _is_jobs_day(day):
            closes[day] = (time(8, 15), name)
        elif name in ("Hurricane Sandy", "Mourning for President Carter"):
            closes[day] = (time(8, 15) if "Sandy" in name else time(8, 30), name)
        elif day not in cme_index_closures(year) and day not in _NYSE_SPECIAL:
            closes[day] = (time(12, 0), name)
    for day, name in nyse_early_closes(year).items():
        closes[day] = (time(12, 15), name)
    return dict(sorted(closes.items()))


def _is_jobs_day(day: date) -> bool:
    """The first Friday of a month, on which the employment report keeps futures open in the morning."""
    return day.weekday() == _FRI and day.day <= 7


@dataclass(frozen=True, slots=True)
class Session:
    """One trading day's session: ``start`` included, ``end`` excluded (Unix ms)."""

    day: date  # the trading day: that of the session's end
    start: int
    end: int


def unix_ms(day: date, clock: time, zone: ZoneInfo) -> int:
    """Unix ms of a local time."""
    return int(datetime.combine(day, clock, zone).timestamp()) * 1000


def cme_index_sessions(first: date, last: date | None = None) -> Iterator[Session]:
    """Sessions of CME's US index futures whose trading day is in ``first`` .. ``last``; without ``last``, for ever.

    A session begins at 17:00 on the evening before its day (Sunday evening for Monday) and ends at 16:00, earlier
    before and on holidays. After a day without a session trading resumes at 17:00 of that day.
    """
    day = first
    while last is None or day <= last:
        if day.weekday() < _SAT and day not in cme_index_closures(day.year):
            clock, _ = cme_index_early_closes(day.year).get(day, (time(16, 0), ""))
            yield Session(day, unix_ms(day - _DAY, time(17, 0), CHICAGO), unix_ms(day, clock, CHICAGO))
        day += _DAY
