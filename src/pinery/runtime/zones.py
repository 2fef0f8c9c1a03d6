"""Time zones by the names that scripts use."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from pinery.core.errors import PineRuntimeError

_OFFSET = re.compile(r"(?:UTC|GMT|Etc/UTC)?\s*([+-])(\d{1,2})(?::?(\d{2}))?(?::?\d{2})?", re.IGNORECASE)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UTC_NAMES = {"", "UTC", "GMT", "Z", "ETC/UTC", "ETC/GMT", "UCT", "ZULU"}


@lru_cache(maxsize=256)
def zone(name: str) -> tzinfo:
    """The zone of ``"UTC"``, ``"UTC+5"``, ``"UTC-03:30"``, ``"GMT-7"``, ``"GMT+0530"`` or an IANA name.

    Raises PineRuntimeError for any other text.
    """
    text = name.strip()
    if text.upper() in _UTC_NAMES:
        return UTC
    match = _OFFSET.fullmatch(text)
    if match:
        minutes = int(match[2]) * 60 + int(match[3] or 0)
        if minutes < 24 * 60:
            return timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes))
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise PineRuntimeError(
            f"Unknown time zone {name!r}", "use an IANA name like America/New_York, or UTC+5, GMT-03:30"
        ) from None


def moment(time: float, zone: tzinfo) -> datetime:
    """Unix ms ``time`` on the clock of ``zone``. Raises PineRuntimeError outside years 2 to 9998."""
    try:
        found = (_EPOCH + timedelta(milliseconds=time)).astimezone(zone)
    except (OverflowError, ValueError):
        found = None
    if found is None or not 2 <= found.year <= 9998:
        raise PineRuntimeError(f"The time {time:.0f} is outside the calendar", "times are milliseconds since 1970")
    return found
