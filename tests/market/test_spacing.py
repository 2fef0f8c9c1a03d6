"""Timeframes and gaps read off bar times."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from pinery.core.errors import DataError
from pinery.core.instrument import Instrument
from pinery.market.generator import generate
from pinery.market.spacing import detect_timeframe, find_gaps
from pinery.market.symbols import lookup
from pinery.runtime.timeframes import Timeframe

MINUTE = 60_000
COIN = Instrument("X", "COIN")


@pytest.mark.parametrize(
    ("step", "text"),
    [(1000, "1S"), (MINUTE, "1"), (15 * MINUTE, "15"), (1440 * MINUTE, "1D"), (7 * 1440 * MINUTE, "1W")],
)
def test_timeframe_of_even_steps(step: int, text: str) -> None:
    assert str(detect_timeframe(np.arange(20, dtype=np.int64) * step)) == text


def test_timeframe_of_months_and_of_bars_with_gaps() -> None:
    months = np.arange("2020-01", "2022-01", dtype="datetime64[M]").astype("datetime64[ms]").astype(np.int64)
    assert str(detect_timeframe(months)) == "1M"
    hours = np.arange(200, dtype=np.int64) * 60 * MINUTE
    assert str(detect_timeframe(hours[hours // (60 * MINUTE) % 24 < 7])) == "60"


def test_one_bar_has_no_timeframe() -> None:
    with pytest.raises(DataError, match="one bar"):
        detect_timeframe(np.array([0]))
    with pytest.raises(DataError, match="not whole seconds"):
        detect_timeframe(np.array([0, 1, 2]))


def test_missing_bars_around_the_clock() -> None:
    time = np.delete(np.arange(100, dtype=np.int64) * 5 * MINUTE, [10, 11, 50])
    gaps = find_gaps(time, Timeframe(5, ""), COIN)
    assert [(g.after, g.before, g.missing) for g in gaps] == [
        (9 * 5 * MINUTE, 12 * 5 * MINUTE, 2),
        (49 * 5 * MINUTE, 51 * 5 * MINUTE, 1),
    ]


def test_nights_and_weekends_are_no_gaps_but_holidays_are() -> None:
    es = lookup("SYNTH:ES1!")
    january = generate(first=date(2023, 1, 9), last=date(2023, 1, 20))
    gaps = find_gaps(january.time, Timeframe(1, ""), es)
    assert [g.missing for g in gaps] == [240]  # Martin Luther King Jr. Day: from noon to 16:00


def test_daily_bars_of_a_stock_over_a_weekend() -> None:
    stock = lookup("NASDAQ:AAPL")
    opens = [f"2024-01-{day:02d}T14:30" for day in (2, 3, 4, 5, 8, 9, 11)]
    time = np.array(opens, dtype="datetime64[ms]").astype(np.int64)
    assert [g.missing for g in find_gaps(time, Timeframe(1, "D"), stock)] == [1]  # the tenth
