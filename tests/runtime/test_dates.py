"""Dates as text, in any zone."""

import math
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pytest

from pinery.core.errors import PineRuntimeError
from pinery.runtime import dates
from pinery.runtime.context import Runtime
from pinery.runtime.zones import moment

# 2024-02-29 13:05:09.007 UTC, a Thursday
TIME = 1709211909007


def runtime() -> Runtime:
    return cast(Runtime, SimpleNamespace(timezone="America/New_York"))


@pytest.mark.parametrize(
    ("pattern", "shown"),
    [
        ("yyyy-MM-dd HH:mm", "2024-02-29 13:05"),
        ("yy M MMM MMMM", "24 2 Feb February"),
        ("d dd E EEE EEEE", "29 29 Thu Thu Thursday"),
        ("H HH h hh k K", "13 13 1 01 13 1"),
        ("m mm s ss S SSS a", "5 05 9 09 7 007 PM"),
        ("HH:mm:ss 'on' MMM d, yyyy", "13:05:09 on Feb 29, 2024"),
        ("h 'o''clock'", "1 o'clock"),
        ("D w u", "60 9 4"),
        ("z Z X XXX", "UTC +0000 Z Z"),
    ],
)
def test_letters(pattern: str, shown: str) -> None:
    assert dates.format_time(runtime(), TIME, pattern, "UTC") == shown


def test_zones() -> None:
    rt = runtime()
    assert dates.format_time(rt, TIME) == "2024-02-29T08:05:09-0500"
    assert dates.format_time(rt, TIME, "HH:mm z") == "08:05 EST"
    assert dates.format_time(rt, 1720000000000, "HH:mm Z", "America/New_York") == "05:46 -0400"
    assert dates.format_time(rt, TIME, "HH:mm XXX", "GMT+5:30") == "18:35 +05:30"
    assert dates.format_time(rt, TIME, "HH:mm", "GMT+0530") == "18:35"
    assert dates.format_time(rt, TIME, "HH:mm z", "UTC-8") == "05:05 GMT-08:00"


def test_na_and_nonsense() -> None:
    assert dates.format_time(runtime(), math.nan) == "NaN"
    with pytest.raises(PineRuntimeError, match="outside the calendar"):
        dates.format_time(runtime(), 1e18)
    with pytest.raises(PineRuntimeError, match='letter "c"'):
        dates.format_time(runtime(), TIME, "c")
    for name in ("Mars/Base", "UTC+99", "../etc/passwd", "America"):
        with pytest.raises(PineRuntimeError, match="time zone"):
            dates.format_time(runtime(), TIME, "HH", name)


def test_a_week_that_reaches_into_january_is_the_first() -> None:
    assert dates.write(datetime(2024, 12, 31, tzinfo=UTC), "w YYYY") == "1 2025"
    assert dates.write(moment(0, UTC), "yyyy w") == "1970 1"
