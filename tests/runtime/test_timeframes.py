"""Timeframes against TradingView's exports and its documented rules."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pinery.core.errors import PineRuntimeError
from pinery.core.instrument import Instrument
from pinery.runtime.timeframes import Timeframe, buckets, from_seconds, infer_timeframe

EXPORTS = Path(__file__).parents[3] / "shared" / "conformance" / "ta"
NEW_YORK = ZoneInfo("America/New_York")
CHICAGO = ZoneInfo("America/Chicago")

FOREX = Instrument("CAPITALCOM", "EURUSD", type="forex", timezone="America/New_York", session="1705-1700")
CRYPTO = Instrument("BINANCE", "ETHUSDT")
FUTURES = Instrument("CME_MINI", "ES1!", type="futures", timezone="America/Chicago", session="1700-1600")
STOCK = Instrument("NASDAQ", "AAPL", type="stock", timezone="America/New_York", session="0930-1600")
TOKYO = Instrument("TSE", "7203", type="stock", timezone="Asia/Tokyo", session="0900-1130,1230-1530")


def ms(text: str, zone: str = "UTC") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def rows(case: str) -> list[dict[str, str]]:
    path = EXPORTS / case / "expected.csv"
    if not path.exists():
        pytest.skip(f"no exports at {EXPORTS}")
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("timeframe", ["15", "240", "D", "2D", "W", "3W", "M"])
def test_changes_of_timeframe_match_the_export(timeframe: str) -> None:
    table = rows("timeframe")
    assert len(table) == 20_017
    bars = buckets(Timeframe.parse(timeframe), FOREX)
    starts = [bars.start_of(int(datetime.fromisoformat(r["time"]).timestamp() * 1000)) for r in table]
    wrong = [
        r["time"]
        for r, before, now in zip(table, [starts[0], *starts], starts, strict=False)
        if (now != before) != (float(r[f"tf_change_{timeframe}"]) != 0)
    ]
    assert wrong == []


@pytest.mark.parametrize(("timeframe", "hours"), [("240", {17, 21, 1, 5, 9, 13}), ("360", {17, 23, 5, 11})])
def test_vwap_anchors_fall_where_the_export_resets(timeframe: str, hours: set[int]) -> None:
    """On an anchor bar the average is that bar's own price."""
    column = next(c for c in rows("vwap")[0] if f'timeframe.change("{timeframe}")' in c)
    bars = buckets(Timeframe.parse(timeframe), FOREX)
    previous = None
    anchors = set()
    for row in rows("vwap"):
        start = bars.start_of(int(row["time"]) * 1000)
        if previous is not None and start != previous:
            assert float(row[column]) == pytest.approx(float(row["close"]), abs=1e-12)
            anchors.add(datetime.fromtimestamp(int(row["time"]), NEW_YORK).hour)
        elif previous is not None and row[column] != "NaN":
            assert float(row[column]) != float(row["close"])
        previous = start
    assert anchors == hours


@pytest.mark.parametrize(
    ("timeframe", "at", "start", "close"),
    [
        ("60", "2024-07-01T15:59", "2024-07-01T15:30", "2024-07-01T16:00"),  # the last bar is cut short
        ("60", "2024-07-01T09:30", "2024-07-01T09:30", "2024-07-01T10:30"),
        ("13", "2024-07-01T09:45", "2024-07-01T09:43", "2024-07-01T09:56"),
        ("11", "2024-07-01T15:59", "2024-07-01T15:55", "2024-07-01T16:00"),
        ("30S", "2024-07-01T09:30:45", "2024-07-01T09:30:30", "2024-07-01T09:31:00"),
        ("D", "2024-07-01T12:00", "2024-07-01T09:30", "2024-07-01T16:00"),
        ("W", "2024-07-03T12:00", "2024-07-01T09:30", "2024-07-05T16:00"),
        ("M", "2024-06-28T12:00", "2024-06-03T09:30", "2024-06-28T16:00"),  # June 2024 began on a Saturday
        ("1440", "2024-07-01T12:00", "2024-07-01T09:30", "2024-07-01T16:00"),
    ],
)
def test_bars_of_a_day_session(timeframe: str, at: str, start: str, close: str) -> None:
    bars = buckets(Timeframe.parse(timeframe), STOCK)
    zone = "America/New_York"
    assert (bars.start_of(ms(at, zone)), bars.close_of(ms(at, zone))) == (ms(start, zone), ms(close, zone))


@pytest.mark.parametrize(
    ("timeframe", "at", "start", "close"),
    [
        ("60", "2024-07-01T15:59", "2024-07-01T15:00", "2024-07-01T16:00"),
        ("240", "2024-07-01T15:59", "2024-07-01T13:00", "2024-07-01T16:00"),
        ("8", "2024-06-30T17:09", "2024-06-30T17:08", "2024-06-30T17:16"),
        ("18", "2024-07-01T15:50", "2024-07-01T15:48", "2024-07-01T16:00"),
        ("D", "2024-06-30T17:00", "2024-06-30T17:00", "2024-07-01T16:00"),  # Sunday evening is Monday
        ("D", "2024-07-01T15:59", "2024-06-30T17:00", "2024-07-01T16:00"),
        ("W", "2024-07-05T15:59", "2024-06-30T17:00", "2024-07-05T16:00"),
        ("M", "2024-06-30T17:00", "2024-06-30T17:00", "2024-07-31T16:00"),  # July begins on a June evening
        ("M", "2024-06-28T15:59", "2024-06-02T17:00", "2024-06-28T16:00"),
        ("3M", "2024-09-30T15:59", "2024-06-30T17:00", "2024-09-30T16:00"),
        ("12M", "2024-12-31T15:59", "2023-12-31T17:00", "2024-12-31T16:00"),
        ("D", "2024-03-10T17:00", "2024-03-10T17:00", "2024-03-11T16:00"),  # the clock went forward that morning
        ("60", "2024-11-03T17:30", "2024-11-03T17:00", "2024-11-03T18:00"),
    ],
)
def test_bars_of_an_overnight_session(timeframe: str, at: str, start: str, close: str) -> None:
    bars = buckets(Timeframe.parse(timeframe), FUTURES)
    zone = "America/Chicago"
    assert (bars.start_of(ms(at, zone)), bars.close_of(ms(at, zone))) == (ms(start, zone), ms(close, zone))


def test_bars_begin_anew_after_a_lunch_break() -> None:
    bars = buckets(Timeframe.parse("60"), TOKYO)
    zone = "Asia/Tokyo"
    assert bars.start_of(ms("2024-07-01T11:15", zone)) == ms("2024-07-01T11:00", zone)
    assert bars.close_of(ms("2024-07-01T11:15", zone)) == ms("2024-07-01T11:30", zone)
    assert bars.start_of(ms("2024-07-01T13:29", zone)) == ms("2024-07-01T12:30", zone)


@pytest.mark.parametrize(
    ("timeframe", "at", "start", "close"),
    [
        ("240", "2024-07-06T23:59", "2024-07-06T20:00", "2024-07-07T00:00"),
        ("7", "2024-07-06T23:59", "2024-07-06T23:55", "2024-07-07T00:00"),
        ("D", "2024-07-06T23:59", "2024-07-06T00:00", "2024-07-07T00:00"),
        ("W", "2024-07-07T23:59", "2024-07-01T00:00", "2024-07-08T00:00"),
        ("M", "2024-02-29T12:00", "2024-02-01T00:00", "2024-03-01T00:00"),
        ("3D", "2024-01-04T00:00", "2024-01-04T00:00", "2024-01-07T00:00"),
        ("3D", "2023-12-31T00:00", "2023-12-30T00:00", "2024-01-01T00:00"),  # the year cuts the count
        ("12M", "2024-12-31T23:59", "2024-01-01T00:00", "2025-01-01T00:00"),
    ],
)
def test_bars_around_the_clock(timeframe: str, at: str, start: str, close: str) -> None:
    bars = buckets(Timeframe.parse(timeframe), CRYPTO)
    assert (bars.start_of(ms(at)), bars.close_of(ms(at))) == (ms(start), ms(close))


@pytest.mark.parametrize("session", ["0930-1600", "1700-1600", "24x7", "0900-1130,1230-1530", "1705-1700"])
@pytest.mark.parametrize("timeframe", ["1", "8", "13", "60", "240", "D", "2D", "5D", "W", "3W", "M", "5M"])
def test_bars_follow_one_another_without_holes(session: str, timeframe: str) -> None:
    """Each moment belongs to one bar, through daylight saving and the turn of the year."""
    instrument = Instrument("X", "Y", timezone="America/New_York", session=session)
    bars = buckets(Timeframe.parse(timeframe), instrument)
    time = ms("2023-10-30")
    for _ in range(400):
        bars.load(time)
        assert bars.first <= time < bars.last
        assert bars.first <= bars.start < bars.close <= bars.last
        before = bars.last
        bars.load(before)
        assert bars.first == before
        time = before


def test_texts_of_timeframes() -> None:
    assert Timeframe.parse("60").text() == "60"
    assert Timeframe.parse("D").text(6) == "1D"
    assert Timeframe.parse("1D").text(5) == "D"
    assert Timeframe.parse("3M").text(4) == "3M"
    assert Timeframe.parse("", Timeframe(5, "")) == Timeframe(5, "")
    assert Timeframe.parse("M").seconds == 2_628_003
    for bad in ("", "1H", "0", "x", "-5", "1500", "5d"):
        with pytest.raises(PineRuntimeError):
            Timeframe.parse(bad)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1, "1S"), (2, "5S"), (5, "5S"), (46, "1"), (60, "1"), (61, "2"), (3600, "60"), (86_399, "1D"), (86_400, "1D"),
        (604_799, "7D"), (604_800, "1W"), (2_628_003, "1M"), (31_622_401, "12M"), (31_536_036, "12M"),
    ],
)  # fmt: skip
def test_seconds_become_the_documented_timeframe(seconds: int, text: str) -> None:
    assert from_seconds(None, seconds) == text  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("step", "text"),
    [(60_000, "1"), (900_000, "15"), (30_000, "30S"), (86_400_000, "1D"), (604_800_000, "1W"), (2_678_400_000, "1M")],
)
def test_the_timeframe_of_bars_is_their_most_common_step(step: int, text: str) -> None:
    times = [i * step + (3 * step if i > 5 else 0) for i in range(20)]
    assert str(infer_timeframe(times)) == text
