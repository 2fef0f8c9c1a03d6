"""Trading windows over changes of the clocks, and the sessions of exchanges with their holidays."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinery.trading.contracts import Contract
from pinery.trading.deployments import Limits, Window
from pinery.trading.mapping import contract_of
from pinery.trading.windows import (
    end_of_window,
    exchange_day,
    exchange_open,
    format_window,
    is_open,
    next_open,
    parse_window,
    session_end,
    tradable,
    trading_end,
    windows_for,
)

ES, MNQ, CL = contract_of("CME_MINI:ESZ2026"), contract_of("CME_MINI:MNQZ2026"), contract_of("NYMEX:CLF2027")
ZC, AAPL, ETH = contract_of("CBOT:ZCZ2026"), contract_of("NASDAQ:AAPL"), contract_of("BINANCE:ETHUSDT.P")
TIMES = st.datetimes(datetime(2020, 1, 1), datetime(2032, 1, 1)).map(
    lambda t: int(t.replace(tzinfo=UTC).timestamp()) * 1000
)


def at(text: str, zone: str = "UTC") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("06:30-12:30 UTC-8 Mon-Fri", Window(time(6, 30), time(12, 30), "UTC-8")),
        ("9:30 - 16:00 America/New_York", Window(time(9, 30), time(16), "America/New_York")),
        ("18:00-02:00 UTC+5:30 Sun-Thu", Window(time(18), time(2), "UTC+5:30", frozenset({7, 1, 2, 3, 4}))),
        ("00:00-24:00 UTC daily", Window(time(0), time(0), "UTC", frozenset(range(1, 8)))),
        ("08:00-10:00 Europe/Berlin Monday, wed", Window(time(8), time(10), "Europe/Berlin", frozenset({1, 3}))),
        ("08:00-10:00 UTC Sat-Mon", Window(time(8), time(10), "UTC", frozenset({6, 7, 1}))),
    ],
)
def test_windows_are_read_and_written(text: str, window: Window) -> None:
    assert parse_window(text) == window
    assert parse_window(format_window(window)) == window


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no trading window"),
        ("06:30-12:30", "is no trading window"),
        ("06:30-12:30 Mars/Base", "unknown time zone 'Mars/Base'"),
        ("06:30-12:30 UTC-15", "no offset from UTC"),
        ("25:00-12:30 UTC", "25:00 in '25:00-12:30 UTC' is no time of day"),
        ("24:00-12:30 UTC", "is no time of day"),
        ("06:30-12:30 UTC Mon-Xyz", "names no weekdays"),
    ],
)
def test_what_is_no_window(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words.replace("(", r"\(")):
        parse_window(text)


def test_hours_of_the_e_mini_are_those_of_the_pacific_winter_all_year() -> None:
    window = windows_for(ES, Limits())
    assert window is not None
    for day in ("2026-01-14", "2026-07-15"):
        assert not is_open(window, at(f"{day} 14:29"))
        assert is_open(window, at(f"{day} 14:30"))
        assert is_open(window, at(f"{day} 20:29"))
        assert not is_open(window, at(f"{day} 20:30"))
    assert not is_open(window, at("2026-01-17 16:00"))  # a Saturday


@pytest.mark.parametrize(
    ("now", "opened"),
    [
        # New York goes forward on 2026-03-08 and back on 2026-11-01: 09:30 moves by an hour in UTC.
        ("2026-03-06 14:30", True),
        ("2026-03-06 14:29", False),
        ("2026-03-09 13:30", True),
        ("2026-03-09 13:29", False),
        ("2026-10-30 13:30", True),
        ("2026-11-02 13:30", False),
        ("2026-11-02 14:30", True),
    ],
)
def test_local_windows_follow_the_clocks(now: str, opened: bool) -> None:
    assert is_open([parse_window("09:30-16:00 America/New_York")], at(now)) is opened


def test_windows_in_the_hour_that_is_skipped_or_comes_twice() -> None:
    night = [parse_window("01:30-02:30 America/New_York daily")]
    # Forward: 02:30 does not exist, the window ends at 03:30 summer time, an hour after it began.
    assert end_of_window(night, at("2026-03-08 06:45")) == at("2026-03-08 07:30")
    # Back: 01:30 comes twice, the window begins at the first one and holds both.
    assert is_open(night, at("2026-11-01 05:30"))
    assert end_of_window(night, at("2026-11-01 05:30")) == at("2026-11-01 07:30")


def test_windows_through_midnight_belong_to_their_evening() -> None:
    window = [parse_window("22:00-02:00 UTC Fri")]
    assert is_open(window, at("2026-11-20 23:00"))
    assert is_open(window, at("2026-11-21 01:59"))  # Saturday morning
    assert not is_open(window, at("2026-11-20 01:00"))
    assert end_of_window(window, at("2026-11-20 23:00")) == at("2026-11-21 02:00")
    assert next_open(window, at("2026-11-21 03:00")) == at("2026-11-27 22:00")


def test_windows_that_touch_are_one() -> None:
    windows = [
        parse_window("09:00-12:00 UTC Mon"),
        parse_window("12:00-15:00 UTC Mon"),
        parse_window("14:00-16:00 UTC Mon"),
    ]
    assert end_of_window(windows, at("2026-11-23 10:00")) == at("2026-11-23 16:00")
    assert end_of_window(windows, at("2026-11-23 16:00")) is None
    assert end_of_window([parse_window("00:00-24:00 UTC daily")], at("2026-11-23 10:00")) is None
    assert end_of_window([parse_window("00:00-24:00 UTC Mon-Fri")], at("2026-11-23 10:00")) == at("2026-11-28 00:00")
    assert is_open([], at("2026-11-22 03:00"))


@given(
    now=TIMES,
    start=st.times(max_value=time(23, 59)).map(lambda t: t.replace(second=0, microsecond=0)),
    end=st.times(max_value=time(23, 59)).map(lambda t: t.replace(second=0, microsecond=0)),
    zone=st.sampled_from(["America/New_York", "Europe/London", "Australia/Lord_Howe", "UTC-8", "Asia/Kathmandu"]),
    days=st.sets(st.integers(1, 7), min_size=1).map(frozenset),
)
def test_a_window_is_open_until_its_end(now: int, start: time, end: time, zone: str, days: frozenset[int]) -> None:
    windows = [Window(start, end, zone, days)]
    until = end_of_window(windows, now)
    if until is None:
        assert not is_open(windows, now) or len(days) == 7
        return
    assert is_open(windows, now)
    assert now < until
    assert is_open(windows, until - 1)
    assert not is_open(windows, until)


# --- exchanges ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("contract", "now", "end"),
    [
        (ES, "2026-11-23 10:00", "2026-11-23 16:00"),
        (ES, "2026-11-23 18:00", "2026-11-24 16:00"),  # the evening belongs to the next day
        (ES, "2026-11-22 17:00", "2026-11-23 16:00"),  # Sunday
        (ES, "2026-11-22 16:59", None),
        (ES, "2026-11-23 16:30", None),  # the daily pause
        (ES, "2026-11-27 18:00", None),  # Friday evening
        (ES, "2026-11-26 09:00", "2026-11-26 12:00"),  # Thanksgiving
        (ES, "2026-11-26 13:00", None),
        (ES, "2026-12-25 09:00", None),
        (CL, "2026-11-26 09:00", "2026-11-26 16:00"),  # only index futures' early closes are known
        (ZC, "2026-11-23 20:00", "2026-11-24 13:20"),  # the pause in the morning is no end
        (ZC, "2026-11-24 08:00", None),
        (AAPL, "2026-11-23 10:00", "2026-11-23 15:00"),
        (AAPL, "2026-11-23 16:00", "2026-11-23 19:00"),  # after hours
        (AAPL, "2026-11-27 10:00", "2026-11-27 12:00"),  # the day after Thanksgiving
        (AAPL, "2026-11-26 10:00", None),
        (ETH, "2026-11-22 10:00", None),
    ],
)
def test_session_end(contract: Contract, now: str, end: str | None) -> None:
    """Times are Chicago's."""
    expected = at(end, "America/Chicago") if end else None
    assert session_end(contract, at(now, "America/Chicago")) == expected


def test_sessions_over_a_change_of_the_clocks() -> None:
    # Sunday 2026-03-08: the session opens at 17:00 summer time and ends on Monday at 16:00 summer time.
    assert exchange_open(ES.instrument, at("2026-03-08 22:00"))
    assert not exchange_open(ES.instrument, at("2026-03-08 21:59"))
    assert session_end(ES, at("2026-03-09 12:00")) == at("2026-03-09 21:00")
    assert session_end(ES, at("2026-03-06 12:00")) == at("2026-03-06 22:00")


def test_the_trading_day_begins_in_the_evening() -> None:
    assert exchange_day(ES.instrument, at("2026-12-13 16:59", "America/Chicago")).isoformat() == "2026-12-13"
    assert exchange_day(ES.instrument, at("2026-12-13 17:00", "America/Chicago")).isoformat() == "2026-12-14"
    assert exchange_day(ES.instrument, at("2026-12-14 12:00", "America/Chicago")).isoformat() == "2026-12-14"
    assert exchange_day(ETH.instrument, at("2026-12-14 23:59")).isoformat() == "2026-12-14"
    assert exchange_day(AAPL.instrument, at("2026-12-14 23:59")).isoformat() == "2026-12-14"


def test_which_windows_hold() -> None:
    morning, evening = (parse_window("08:00-09:00 UTC"),), (parse_window("18:00-19:00 UTC"),)
    assert windows_for(ES, Limits(windows=morning), {"ES": evening}) == morning
    assert windows_for(ES, Limits(windows=()), {"ES": evening}) == ()
    for name in ("ES", "es", "CME_MINI:ES", "ESZ2026", "CME_MINI:ESZ2026"):
        assert windows_for(ES, Limits(), {name: evening}) == evening
    assert windows_for(ES, Limits()) == (parse_window("06:30-12:30 UTC-8 Mon-Fri"),)
    assert windows_for(MNQ, Limits()) is None
    assert windows_for(ETH, Limits(), {"ETHUSDT.P": evening}) == evening


def test_tradable() -> None:
    chicago = "America/Chicago"
    assert tradable(MNQ, None, at("2026-11-23 03:00", chicago))
    assert not tradable(MNQ, None, at("2026-11-23 16:30", chicago))
    assert tradable(MNQ, (), at("2026-12-25 09:00", chicago))
    always = (parse_window("00:00-24:00 UTC daily"),)
    assert not tradable(MNQ, always, at("2026-12-25 09:00", chicago))  # a window does not open the exchange
    assert tradable(AAPL, always, at("2026-11-23 07:00", chicago))  # but it reaches into extended hours
    assert not tradable(AAPL, None, at("2026-11-23 07:00", chicago))
    assert tradable(ETH, None, at("2026-12-25 09:00", chicago))


def test_trading_end() -> None:
    window = windows_for(ES, Limits())
    assert trading_end(ES, window, at("2026-11-23 16:00")) == at("2026-11-23 20:30")
    assert trading_end(ES, window, at("2026-11-26 16:00")) == at("2026-11-26 18:00")  # Thanksgiving: noon in Chicago
    assert trading_end(ES, None, at("2026-11-23 16:00")) == at("2026-11-23 22:00")
    assert trading_end(ETH, None, at("2026-11-23 16:00")) is None
