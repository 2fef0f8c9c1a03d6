"""Dates and times as text: ``str.format_time`` and the date and time placeholders of ``str.format``.

The letters are those of Java's SimpleDateFormat, in English, with weeks that start on Sunday.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from pinery.core.errors import PineRuntimeError
from pinery.runtime.context import Runtime
from pinery.runtime.zones import moment, zone

DEFAULT = "yyyy-MM-dd'T'HH:mm:ssZ"

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

Field = str | tuple[str, int]  # literal text, or a letter and how often it stands


@lru_cache(maxsize=256)
def parse(pattern: str) -> tuple[Field, ...]:
    """Raises ``PineRuntimeError`` for a letter that means nothing."""
    fields: list[Field] = []
    at = 0
    while at < len(pattern):
        c = pattern[at]
        if c == "'":
            text, at = _quoted(pattern, at)
            fields.append(text)
        elif c.isascii() and c.isalpha():
            end = at
            while end < len(pattern) and pattern[end] == c:
                end += 1
            if c not in _LETTERS:
                raise PineRuntimeError(
                    f'The letter "{c}" of the date format "{pattern}" has no meaning.',
                    "Put text in single quotes: \"dd 'of' MMMM\".",
                )
            fields.append((c, end - at))
            at = end
        else:
            fields.append(c)
            at += 1
    return tuple(fields)


def _quoted(pattern: str, at: int) -> tuple[str, int]:
    """The text in quotes that begins at ``at``, and where it ends; two quotes are one."""
    if pattern[at + 1 : at + 2] == "'":
        return "'", at + 2
    out: list[str] = []
    at += 1
    while at < len(pattern):
        if pattern[at] == "'":
            if pattern[at + 1 : at + 2] != "'":
                return "".join(out), at + 1
            at += 1
        out.append(pattern[at])
        at += 1
    return "".join(out), at


def write(when: datetime, pattern: str) -> str:
    """A zoned date and time by a pattern."""
    return "".join(f if isinstance(f, str) else _LETTERS[f[0]](when, f[1]) for f in parse(pattern))


def format_time(rt: Runtime, time: float, format: str | None = None, timezone: str | None = None) -> str:
    """``time`` in Unix ms; ``timezone`` is the exchange's by default. A time that is na is ``NaN``."""
    if time != time:
        return "NaN"
    return write(moment(time, zone(timezone or rt.timezone)), DEFAULT if format is None else format)


def _year(when: datetime, n: int) -> str:
    return f"{when.year % 100:02d}" if n == 2 else f"{when.year:0{n}d}"


def _named(names: list[str], index: int, n: int) -> str:
    return names[index] if n > 3 else names[index][:3]


def _offset(when: datetime) -> tuple[str, int, int]:
    minutes = int((when.utcoffset() or timedelta()).total_seconds()) // 60
    return ("-" if minutes < 0 else "+"), abs(minutes) // 60, abs(minutes) % 60


def _iso_offset(when: datetime, n: int) -> str:
    sign, hours, minutes = _offset(when)
    if not hours and not minutes:
        return "Z"
    if n == 1:
        return f"{sign}{hours:02d}"
    return f"{sign}{hours:02d}{':' if n > 2 else ''}{minutes:02d}"


def _zone_name(when: datetime, n: int) -> str:
    name = when.tzname() or "UTC"
    if isinstance(when.tzinfo, ZoneInfo) and name[:1].isalpha():
        return name
    if name == "UTC":
        return "Coordinated Universal Time" if n > 3 else "UTC"
    sign, hours, minutes = _offset(when)
    return f"GMT{sign}{hours:02d}:{minutes:02d}"


def _week(when: datetime, first: datetime) -> int:
    """The number of the week that began with the Sunday on or before ``first``."""
    return ((when.date() - first.date()).days + (first.weekday() + 1) % 7) // 7 + 1


def _week_of_year(when: datetime) -> tuple[int, int]:
    """(week, the year that it belongs to): a week that reaches into January is the first of the new year."""
    saturday = when.date() + timedelta(days=(5 - when.weekday()) % 7) if when.year < 9999 else when.date()
    if saturday.year > when.year:
        return 1, saturday.year
    return _week(when, when.replace(month=1, day=1)), when.year


_LETTERS: dict[str, Callable[[datetime, int], str]] = {
    "G": lambda t, n: "AD",
    "y": _year,
    "u": lambda t, n: f"{t.isoweekday():0{n}d}",
    "Y": lambda t, n: f"{_week_of_year(t)[1]:0{n}d}" if n != 2 else f"{_week_of_year(t)[1] % 100:02d}",
    "Q": lambda t, n: f"{(t.month + 2) // 3:0{n}d}",
    "M": lambda t, n: f"{t.month:0{n}d}" if n < 3 else _named(_MONTHS, t.month - 1, n),
    "L": lambda t, n: f"{t.month:0{n}d}" if n < 3 else _named(_MONTHS, t.month - 1, n),
    "w": lambda t, n: f"{_week_of_year(t)[0]:0{n}d}",
    "W": lambda t, n: f"{_week(t, t.replace(day=1)):0{n}d}",
    "D": lambda t, n: f"{t.timetuple().tm_yday:0{n}d}",
    "d": lambda t, n: f"{t.day:0{n}d}",
    "F": lambda t, n: f"{(t.day - 1) // 7 + 1:0{n}d}",
    "E": lambda t, n: _named(_DAYS, t.weekday(), n),
    "a": lambda t, n: "AM" if t.hour < 12 else "PM",
    "H": lambda t, n: f"{t.hour:0{n}d}",
    "k": lambda t, n: f"{t.hour or 24:0{n}d}",
    "K": lambda t, n: f"{t.hour % 12:0{n}d}",
    "h": lambda t, n: f"{t.hour % 12 or 12:0{n}d}",
    "m": lambda t, n: f"{t.minute:0{n}d}",
    "s": lambda t, n: f"{t.second:0{n}d}",
    "S": lambda t, n: f"{t.microsecond // 1000:0{n}d}",
    "z": _zone_name,
    "Z": lambda t, n: "{}{:02d}{:02d}".format(*_offset(t)),
    "X": _iso_offset,
    "x": lambda t, n: _iso_offset(t, n) if _iso_offset(t, n) != "Z" else "+00:00"[: 3 if n == 1 else 6],
}
