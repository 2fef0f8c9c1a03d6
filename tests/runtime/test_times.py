"""Calendar reads, sessions, ``time()`` and ``timestamp()``."""

from __future__ import annotations

import csv
import math
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pinery.core.errors import PineRuntimeError
from pinery.core.instrument import Instrument
from pinery.runtime import bars, sessions, times
from pinery.runtime.context import Columns
from pinery.runtime.timeframes import Timeframe, buckets, change
from pinery.runtime.zones import zone as time_zone

EXPORTS = Path(__file__).parents[3] / "shared" / "conformance" / "ta"
FOREX = Instrument("CAPITALCOM", "EURUSD", type="forex", timezone="America/New_York", session="1705-1700")
CRYPTO = Instrument("BINANCE", "ETHUSDT")
NEW_YORK_STOCK = Instrument(
    "NASDAQ", "AAPL", timezone="America/New_York", session="0930-1600", session_extended="0400-2000"
)


def ms(text: str, zone: str = "UTC") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def chart(instrument: Instrument, timeframe: str, opens: list[int], version: int = 6) -> Any:
    """A run's surroundings, standing before its first bar."""
    frame = Timeframe.parse(timeframe)
    closes = [buckets(frame, instrument).close_of(t) for t in opens]
    return SimpleNamespace(
        version=version, instrument=instrument, timeframe=frame, main_timeframe=frame,
        columns=Columns(time=opens, time_close=closes), bar_index=-1, time=0, time_close=0, cache={},
    )  # fmt: skip


def go(rt: Any, index: int) -> Any:
    rt.bar_index, rt.time, rt.time_close = index, rt.columns.time[index], rt.columns.time_close[index]
    return rt


def test_session_states_match_the_export() -> None:
    path = EXPORTS / "session" / "expected.csv"
    if not path.exists():
        pytest.skip(f"no exports at {EXPORTS}")
    with path.open(newline="") as file:
        table = list(csv.DictReader(file))
    assert len(table) == 465
    opens = [int(datetime.fromisoformat(r["time"]).timestamp() * 1000) for r in table]
    rt = chart(FOREX, "60", opens)
    for i, row in enumerate(table):
        go(rt, i)
        for name in ("isfirstbar", "isfirstbar_regular", "islastbar", "islastbar_regular", "ismarket"):
            assert getattr(sessions, name)(rt) == (float(row[name]) != 0), (row["time"], name)


def new_york(text: str) -> int:
    return ms(text, "America/New_York")


def test_pre_and_post_market() -> None:
    """Half hours from 04:00 to 20:00 on two days."""
    opens = [new_york(f"2024-07-0{d}T04:00") + i * 1_800_000 for d in (1, 2) for i in range(32)]
    rt = chart(NEW_YORK_STOCK, "30", opens)
    names = ("ispremarket", "ismarket", "ispostmarket", "isfirstbar", "islastbar", "isfirstbar_regular",
             "islastbar_regular")  # fmt: skip
    found = {n: [i for i in range(64) if getattr(sessions, n)(go(rt, i))] for n in names}
    assert found["ispremarket"] == [*range(11), *range(32, 43)]
    assert found["ismarket"] == [*range(11, 24), *range(43, 56)]
    assert found["ispostmarket"] == [*range(24, 32), *range(56, 64)]
    assert found["isfirstbar"] == [0, 32]
    assert found["islastbar"] == [31, 63]
    assert found["isfirstbar_regular"] == [11, 43]
    assert found["islastbar_regular"] == [23, 55]
    assert bars.time_tradingday(go(rt, 31)) == ms("2024-07-01")


def test_a_chart_of_the_regular_session_ends_with_it() -> None:
    opens = [new_york(f"2024-07-0{d}T09:30") + i * 1_800_000 for d in (1, 2) for i in range(13)]
    rt = chart(NEW_YORK_STOCK, "30", opens)
    assert [i for i in range(26) if sessions.isfirstbar(go(rt, i))] == [0, 13]
    assert [i for i in range(26) if sessions.islastbar(go(rt, i))] == [12, 25]
    assert times.time_of(go(rt, 5), "D") == new_york("2024-07-01T09:30")
    assert times.time_close_of(go(rt, 5), "D") == new_york("2024-07-01T16:00")


def test_hours_outside_the_market_have_bars_of_their_own() -> None:
    hour = buckets(Timeframe.parse("60"), NEW_YORK_STOCK)
    for at, start, close in (("08:10", "08:00", "09:00"), ("09:10", "09:00", "09:30"), ("09:40", "09:30", "10:30"),
                             ("15:40", "15:30", "16:00"), ("16:10", "16:00", "17:00")):  # fmt: skip
        day = "2024-07-01T"
        assert (hour.start_of(new_york(day + at)), hour.close_of(new_york(day + at))) == (
            new_york(day + start),
            new_york(day + close),
        )


@pytest.mark.parametrize(
    ("session", "inside", "outside"),
    [
        ("0930-1600", ["2024-07-01T09:30", "2024-07-06T12:00"], ["2024-07-01T16:00", "2024-07-01T09:29"]),
        ("0930-1600:23456", ["2024-07-01T09:30"], ["2024-07-06T12:00", "2024-07-07T12:00"]),
        ("1000-1100,1400-1500:23456", ["2024-07-01T10:30", "2024-07-01T14:00"], ["2024-07-01T12:00"]),
        ("1700-1600:23456", ["2024-06-30T17:00", "2024-07-05T15:59"], ["2024-07-05T17:00", "2024-07-01T16:30"]),
        ("0000-0000", ["2024-07-01T00:00", "2024-07-06T23:59"], []),
        ("0000-0000:23456", ["2024-07-01T00:00", "2024-07-05T23:59"], ["2024-07-06T00:00", "2024-06-30T23:59"]),
        ("24x7", ["2024-07-06T12:00"], []),
        ("2000-0200", ["2024-07-01T20:00", "2024-07-02T01:59"], ["2024-07-02T02:00", "2024-07-02T19:59"]),
        ("1600-0000", ["2024-07-01T16:00", "2024-07-01T23:59"], ["2024-07-02T00:00"]),
        ("0900-1630|0900-1400:2", ["2024-07-02T15:00", "2024-07-01T13:00"], ["2024-07-01T15:00"]),
        ("09:30-16:00", ["2024-07-01T09:30"], ["2024-07-01T09:29"]),
    ],
)
def test_session_texts(session: str, inside: list[str], outside: list[str]) -> None:
    days = sessions.calendar(session, "America/New_York", "1234567")
    for text in inside:
        assert days.holds(ms(text, "America/New_York")), text
    for text in outside:
        assert not days.holds(ms(text, "America/New_York")), text


@pytest.mark.parametrize("session", ["abc", "0930", "0930-2500", "0930-1600:8", ":", "9-10"])
def test_a_wrong_session_text_is_an_error(session: str) -> None:
    with pytest.raises(PineRuntimeError, match="Invalid session"):
        sessions.calendar(session, "UTC", "1234567")


def test_a_session_without_days_leaves_out_the_weekend_before_version_5() -> None:
    saturday = [ms("2024-07-06T10:00")]
    assert math.isnan(times.time_of(go(chart(CRYPTO, "60", saturday, 4), 0), "60", "0900-1700"))
    assert times.time_of(go(chart(CRYPTO, "60", saturday, 5), 0), "60", "0900-1700") == saturday[0]


def test_sessions_follow_daylight_saving() -> None:
    """09:30 in New York is 14:30 UTC before 10 March 2024 and 13:30 after."""
    opens = [ms(t) for t in ("2024-03-08T13:30", "2024-03-08T14:30", "2024-03-11T13:30", "2024-03-11T12:30")]
    rt = chart(CRYPTO, "30", opens)
    found = [
        not math.isnan(times.time_of_zone(go(rt, i), "30", "0930-1000", "America/New_York")) for i in range(len(opens))
    ]
    assert found == [False, True, True, False]


def test_time_of_a_longer_timeframe() -> None:
    opens = [ms("2024-07-03T00:00") + i * 900_000 for i in range(200)]
    rt = go(chart(CRYPTO, "15", opens), 30)  # 07:30
    assert times.time_of(rt, "60") == ms("2024-07-03T07:00")
    assert times.time_close_of(rt, "60") == ms("2024-07-03T08:00")
    assert times.time_of(rt, "D") == ms("2024-07-03")
    assert times.time_of(rt, "W") == ms("2024-07-01")
    assert times.time_close_of(rt, "1M") == ms("2024-08-01")
    assert times.time_of(rt, "") == times.time_of(rt, "15") == opens[30]
    assert times.time_of(rt, "15", None, 10) == opens[20]
    assert times.time_of(rt, "15", None, -2) == opens[32]
    assert math.isnan(times.time_of(rt, "15", None, 31))
    # one bar back on the chart, then one month back
    assert times.time_of(rt, "1M", None, 1, 1) == ms("2024-06-01")
    assert times.time_of(rt, "D", None, 0, -1) == ms("2024-07-04")
    assert times.time_of(rt, "D", "0600-1200") == ms("2024-07-03T06:00")
    with pytest.raises(PineRuntimeError):
        times.time_of(rt, "15", None, -501)


def test_a_change_of_timeframe_needs_a_bar_before() -> None:
    opens = [ms("2024-07-03T23:45") + i * 900_000 for i in range(3)]
    rt = chart(CRYPTO, "15", opens)
    assert [change(go(rt, i), "1D") for i in range(3)] == [False, True, False]


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/London", "Asia/Kolkata", "Australia/Lord_Howe", "UTC+3"])
def test_calendar_reads_agree_with_the_zone_data(zone: str) -> None:
    instrument = Instrument("X", "Y", timezone=zone)
    start = ms("2024-03-08")
    opens = [start + i * 1_380_000 for i in range(3000)]  # 23 minutes, over daylight saving and months
    rt = chart(instrument, "23", opens)
    for i, time in enumerate(opens):
        go(rt, i)
        want = datetime.fromtimestamp(time / 1000, time_zone(zone))
        assert (times.year(rt), times.month(rt), times.dayofmonth(rt)) == (want.year, want.month, want.day)
        assert (times.hour(rt), times.minute(rt), times.second(rt)) == (want.hour, want.minute, want.second)
        assert times.dayofweek(rt) == want.isoweekday() % 7 + 1
        assert times.weekofyear(rt) == want.isocalendar().week
        assert times.hour_of(rt, time, "Asia/Tokyo") == datetime.fromtimestamp(time / 1000, ZoneInfo("Asia/Tokyo")).hour


def test_fields_of_na_are_na() -> None:
    rt = go(chart(CRYPTO, "60", [0]), 0)
    assert math.isnan(times.hour_of(rt, math.nan))
    assert math.isnan(times.year_of(rt, 1e300))
    assert times.year_of(rt, 0) == 1970


def test_timestamp_of_parts() -> None:
    rt = go(chart(NEW_YORK_STOCK, "60", [ms("2024-07-01T14:00")]), 0)
    assert times.timestamp(rt, 2016, 1, 19, 9, 30) == ms("2016-01-19T09:30", "America/New_York")
    assert times.timestamp_zone(rt, "GMT+6", 2016, 1, 19, 9, 30) == ms("2016-01-19T03:30")
    assert times.timestamp_zone(rt, "UTC", 2024, 14, 1) == ms("2025-02-01")  # parts carry over
    assert times.timestamp_zone(rt, "UTC", 2024, 3, 0) == ms("2024-02-29")
    assert times.timestamp_zone(rt, "UTC", 2024, 1, 1, -1) == ms("2023-12-31T23:00")
    assert math.isnan(times.timestamp(rt, 2024, math.nan, 1))
    assert math.isnan(times.timestamp(rt, 10**9, 1, 1))
    with pytest.raises(PineRuntimeError, match="time zone"):
        times.timestamp_zone(rt, "Mars/Olympus", 2024, 1, 1)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("Feb 01 2020 22:10:05", "2020-02-01T22:10:05"),
        ("2011-10-10T14:48:00", "2011-10-10T14:48:00"),
        ("04 Dec 1995 00:12:00 GMT+5", "1995-12-03T19:12:00"),
        ("01 Jan 2018 13:30 +0000", "2018-01-01T13:30"),
        ("20 Feb 2020 15:30 GMT+02:00", "2020-02-20T13:30"),
        ("2020-02-20T20:00+04:00", "2020-02-20T16:00"),
        ("2020-02-20T20:00:00.000Z", "2020-02-20T20:00"),
        ("20 Feb 2020 15:30 -0500", "2020-02-20T20:30"),
        ("2021-01-01", "2021-01-01"),
        ("2021-01", "2021-01-01"),
        ("1 January 2021", "2021-01-01"),
        ("January 1, 2021", "2021-01-01"),
        ("Wed, 01 Jan 2020 00:00 EST", "2020-01-01T05:00"),
        ("2021/12/31 23:59", "2021-12-31T23:59"),
        ("01 Jan 2099 00:00", "2099-01-01"),
        ("2024-01-01 9:30 PM", "2024-01-01T21:30"),
    ],
)
def test_timestamp_of_text(text: str, utc: str) -> None:
    assert times.timestamp_text(text) == ms(utc)


@pytest.mark.parametrize("text", ["", "yesterday", "31 Feb 2020", "2020-13-01", "12", "01 Jan 2018 99:99"])
def test_a_wrong_date_text_is_an_error(text: str) -> None:
    with pytest.raises(PineRuntimeError, match="Invalid date"):
        times.timestamp_text(text)


def test_the_trading_day_of_an_overnight_bar_is_that_of_its_end() -> None:
    rt = go(chart(FOREX, "60", [ms("2024-06-30T18:00", "America/New_York")]), 0)  # Sunday evening
    assert bars.time_tradingday(rt) == ms("2024-07-01")
