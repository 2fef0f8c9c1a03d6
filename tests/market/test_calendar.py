"""Holidays and sessions against the exchanges' published calendars."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from pinery.market.calendar import (
    cme_index_closures,
    cme_index_early_closes,
    cme_index_sessions,
    easter,
    is_nyse_day,
    nth_weekday,
    nyse_early_closes,
    nyse_holidays,
)


def days(texts: str, year: int) -> list[date]:
    return [date.fromisoformat(f"{year}-{t}") for t in texts.split()]


# As the NYSE published them.
@pytest.mark.parametrize(
    ("year", "holidays", "early"),
    [
        (2015, "01-01 01-19 02-16 04-03 05-25 07-03 09-07 11-26 12-25", "11-27 12-24"),
        (2019, "01-01 01-21 02-18 04-19 05-27 07-04 09-02 11-28 12-25", "07-03 11-29 12-24"),
        (2021, "01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24", "11-26"),
        (2022, "01-17 02-21 04-15 05-30 06-20 07-04 09-05 11-24 12-26", "11-25"),
        (2023, "01-02 01-16 02-20 04-07 05-29 06-19 07-04 09-04 11-23 12-25", "07-03 11-24"),
        (2024, "01-01 01-15 02-19 03-29 05-27 06-19 07-04 09-02 11-28 12-25", "07-03 11-29 12-24"),
        (2025, "01-01 01-09 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25", "07-03 11-28 12-24"),
        (2026, "01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25", "11-27 12-24"),
    ],
)
def test_nyse_calendar(year: int, holidays: str, early: str) -> None:
    assert list(nyse_holidays(year)) == days(holidays, year)
    assert list(nyse_early_closes(year)) == days(early, year)


def test_easter() -> None:
    assert [easter(y) for y in (2000, 2008, 2011, 2024, 2038)] == [
        date(2000, 4, 23),
        date(2008, 3, 23),
        date(2011, 4, 24),
        date(2024, 3, 31),
        date(2038, 4, 25),
    ]


def test_weekdays_of_a_month() -> None:
    assert nth_weekday(2024, 5, 0, -1) == date(2024, 5, 27)
    assert nth_weekday(2024, 12, 1, -1) == date(2024, 12, 31)
    assert nth_weekday(2024, 9, 0, 1) == date(2024, 9, 2)


def test_closed_days() -> None:
    assert not is_nyse_day(date(2024, 3, 29)) and not is_nyse_day(date(2024, 3, 30))
    assert is_nyse_day(date(2024, 4, 1))


def test_index_futures_are_closed_on_three_holidays_only() -> None:
    assert list(cme_index_closures(2024)) == days("01-01 03-29 12-25", 2024)
    # Good Friday with an employment report: open until 8:15.
    assert list(cme_index_closures(2023)) == days("01-02 12-25", 2023)
    assert cme_index_early_closes(2023)[date(2023, 4, 7)][0] == time(8, 15)
    assert cme_index_early_closes(2024)[date(2024, 11, 28)][0] == time(12, 0)
    assert cme_index_early_closes(2024)[date(2024, 12, 24)][0] == time(12, 15)


def test_sessions_begin_on_the_evening_before_and_follow_summer_time() -> None:
    sessions = {s.day: s for s in cme_index_sessions(date(2024, 3, 7), date(2024, 3, 12))}
    assert list(sessions) == days("03-07 03-08 03-11 03-12", 2024)

    def utc(ms: int) -> str:
        return datetime.fromtimestamp(ms / 1000, UTC).strftime("%a %H:%M")

    assert (utc(sessions[date(2024, 3, 8)].start), utc(sessions[date(2024, 3, 8)].end)) == ("Thu 23:00", "Fri 22:00")
    assert (utc(sessions[date(2024, 3, 11)].start), utc(sessions[date(2024, 3, 11)].end)) == ("Sun 22:00", "Mon 21:00")
