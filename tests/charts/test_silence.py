"""A feed that tells nothing while its market is open."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pinery.charts.silence import Watch
from pinery.market.symbols import lookup

MINUTE = 60_000


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def test_silent_after_the_limit_and_not_before() -> None:
    at = ms("2026-01-07 10:00")
    watch = Watch(lookup("BINANCE:ETHUSDT.P"), 2 * MINUTE, at)
    assert not watch.silent(at + 2 * MINUTE)
    assert watch.silent_for(at + 3 * MINUTE) == 3 * MINUTE
    watch.seen(at + 3 * MINUTE)
    assert not watch.silent(at + 4 * MINUTE)


@pytest.mark.parametrize(
    ("now", "silent"),
    [
        ("2026-01-09 21:59", True),  # Friday, before the close at 16:00 in Chicago
        ("2026-01-09 22:00", False),
        ("2026-01-10 12:00", False),  # Saturday
        ("2026-01-11 23:01", False),  # Sunday evening: the limit counts from the opening
        ("2026-01-11 23:03", True),
        ("2026-01-13 22:30", False),  # the daily break
        ("2026-01-19 17:30", True),  # a holiday with an early close
        ("2026-01-19 18:30", False),
        ("2026-04-03 17:30", False),  # Good Friday: the employment report's day closes in the morning
        ("2025-12-25 15:00", False),  # Christmas
    ],
)
def test_no_alarm_while_the_market_is_closed(now: str, silent: bool) -> None:
    watch = Watch(lookup("CME_MINI:ES1!"), 2 * MINUTE, ms("2025-12-01 15:00"))
    assert watch.silent(ms(now)) is silent


def test_stocks_keep_their_holidays() -> None:
    watch = Watch(lookup("NASDAQ:AAPL"), 2 * MINUTE, ms("2025-11-03 15:00"))
    assert watch.silent(ms("2025-11-26 16:00"))
    assert not watch.silent(ms("2025-11-27 16:00"))  # Thanksgiving
    assert watch.silent(ms("2025-11-28 17:30"))
    assert not watch.silent(ms("2025-11-28 18:30"))  # half a day


def test_off_is_never() -> None:
    watch = Watch(lookup("BINANCE:ETHUSDT.P"), None, 0)
    assert not watch.silent(ms("2026-01-07 10:00"))
