"""Local calendar fields of moments, cached so that reading them on each bar costs no datetime work."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache

from pinery.runtime.values import NAN
from pinery.runtime.zones import zone

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_QUARTER = 15 * MINUTE
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_EPOCH = datetime(1970, 1, 1)

# Moments outside these cannot be expressed in every zone (years 2 to 9998).
FIRST_MS = (date(2, 1, 1).toordinal() - EPOCH_ORDINAL) * DAY
LAST_MS = (date(9998, 12, 31).toordinal() - EPOCH_ORDINAL) * DAY


class Clock:
    """The calendar of one zone. Fields stay loaded for a local day with one offset from UTC.

    Days on which the offset changes are cut into quarters of an hour, on which all changes since 1970 fall.
    """

    __slots__ = (
        "_first",
        "_last",
        "dayofmonth",
        "dayofweek",
        "midnight",
        "month",
        "ordinal",
        "weekofyear",
        "year",
        "zone",
    )

    def __init__(self, zone: tzinfo) -> None:
        self.zone = zone
        self._first = 0
        self._last = 0  # nothing loaded
        self.midnight = 0  # Unix ms at which the loaded day began, had it had this offset throughout
        self.ordinal = 0  # proleptic Gregorian, as date.toordinal
        self.year = self.month = self.dayofmonth = 0
        self.dayofweek = 0  # 1 = Sunday
        self.weekofyear = 0  # ISO

    def offset(self, time: int) -> int:
        """Local time minus UTC, ms, at Unix ms ``time``."""
        moment = (_EPOCH + timedelta(milliseconds=time)).replace(tzinfo=UTC).astimezone(self.zone)
        found = moment.utcoffset()
        return 0 if found is None else round(found.total_seconds()) * 1000

    def load(self, time: int) -> None:
        """Makes the fields those of ``time`` (Unix ms, between FIRST_MS and LAST_MS)."""
        if self._first <= time < self._last:
            return
        offset = self.offset(time)
        day = (time + offset) // DAY
        first = self.midnight = day * DAY - offset
        last = first + DAY
        if self.offset(first) != offset or self.offset(last - 1) != offset:
            first = time // _QUARTER * _QUARTER
            last = first + _QUARTER
        self._first, self._last = first, last
        self.ordinal = day + EPOCH_ORDINAL
        local = date.fromordinal(self.ordinal)
        self.year, self.month, self.dayofmonth = local.year, local.month, local.day
        self.dayofweek = local.isoweekday() % 7 + 1
        self.weekofyear = local.isocalendar().week

    def unix(self, local: int) -> int:
        """Unix ms of a local time given as ms since 1970-01-01T00:00 on the wall clock.

        A time that the clock skips counts from before the skip; one that it shows twice is the first.
        """
        moment = (_EPOCH + timedelta(milliseconds=local)).replace(tzinfo=self.zone)
        found = moment.utcoffset()
        return local - (0 if found is None else round(found.total_seconds()) * 1000)


@lru_cache(maxsize=256)
def clock(name: str) -> Clock:
    """The shared clock of a zone name (see ``zones.zone``), for what remembers no day: ``offset`` and ``unix``."""
    return Clock(zone(name))


@lru_cache(maxsize=8192)
def unix_time(zone_name: str, year: int, month: int, day: int, hour: int, minute: int, second: int) -> int | float:
    """Unix ms of a date and time in a zone; parts past their range carry over. na outside years 2 to 9998."""
    year += (month - 1) // 12
    month = (month - 1) % 12 + 1
    if not 2 <= year <= 9998:
        return NAN
    days = date(year, month, 1).toordinal() - EPOCH_ORDINAL + day - 1
    local = days * DAY + hour * HOUR + minute * MINUTE + second * 1000
    if not FIRST_MS <= local <= LAST_MS:
        return NAN
    return clock(zone_name).unix(local)
