"""Synthetic bars: repeatable, valid, and shaped like index futures."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from pinery.core.bars import BarSeries
from pinery.core.errors import UsageError
from pinery.market.calendar import cme_index_sessions
from pinery.market.generator import generate


@pytest.fixture(scope="module")
def year() -> BarSeries:
    return generate(first=date(2023, 1, 3), last=date(2023, 12, 29))


def test_the_same_seed_gives_the_same_bars_and_more_only_adds() -> None:
    short, long = generate(3000, seed=7), generate(5000, seed=7)
    for name in ("time", "open", "high", "low", "close", "volume"):
        assert np.array_equal(getattr(short, name), getattr(long, name)[:3000])
    assert not np.array_equal(short.close, generate(3000, seed=8).close)


def test_known_bars_of_seed_one() -> None:
    """A change of the generator changes every published figure made from it: it must be on purpose."""
    bars = generate(300_000)
    assert (bars.time[0], bars.time[-1]) == (1672700400000, 1699039740000)
    assert (bars.open[0], bars.close[-1]) == (4000.0, 4783.0)


def test_bars_are_valid_and_on_the_tick(year: BarSeries) -> None:
    assert (np.diff(year.time) >= 60_000).all()
    for prices in (year.open, year.high, year.low, year.close):
        assert np.array_equal(prices * 4, np.rint(prices * 4))
    assert (year.high >= np.maximum(year.open, year.close)).all()
    assert (year.low <= np.minimum(year.open, year.close)).all()
    assert (year.low > 0).all() and (year.volume >= 1).all()


def test_bars_lie_in_sessions_and_holidays_are_free(year: BarSeries) -> None:
    minutes = sum((s.end - s.start) // 60_000 for s in cme_index_sessions(date(2023, 1, 3), date(2023, 12, 29)))
    assert len(year) == minutes
    christmas = np.datetime64("2023-12-25T12:00").astype("datetime64[ms]").astype(np.int64)
    assert not ((year.time > christmas - 3_600_000) & (year.time < christmas + 3_600_000)).any()


def test_returns_look_like_a_market(year: BarSeries) -> None:
    steps = np.diff(np.log(year.close))
    inside = np.diff(year.time) == 60_000
    size = np.abs(steps[inside])
    assert np.mean(size**4) / np.mean(size**2) ** 2 > 6  # fat tails; a normal has 3
    assert np.corrcoef(size[:-1], size[1:])[0, 1] > 0.15  # volatility comes in clusters
    assert abs(np.corrcoef(steps[inside][:-1], steps[inside][1:])[0, 1]) < 0.02  # direction does not
    daily = np.diff(np.log(year.close[np.flatnonzero(~inside)]))
    assert 0.005 < daily.std() < 0.02


def test_volume_and_range_follow_the_day(year: BarSeries) -> None:
    winter = year.slice(0, 60_000)  # to the beginning of March: Chicago is six hours behind UTC
    chicago = (winter.time // 60_000 - 6 * 60) % 1440 // 60
    volume = {hour: winter.volume[chicago == hour].mean() for hour in (9, 11, 14, 20)}
    ranges = {hour: (winter.high - winter.low)[chicago == hour].mean() for hour in (9, 20)}
    assert volume[9] > 1.2 * volume[11] and volume[14] > 1.2 * volume[11]  # open and close against noon
    assert volume[9] > 8 * volume[20] and ranges[9] > 2 * ranges[20]  # day against night


def test_other_futures_have_their_own_tick() -> None:
    bars = generate(500, symbol="SYNTH:RTY1!")
    assert np.array_equal(bars.close, np.round(bars.close, 1))


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"count": 0},
        {"first": date(2024, 2, 2), "last": date(2024, 2, 1)},
        {"first": date(2024, 3, 30), "last": date(2024, 3, 31)},
        {"count": 5, "first": date(1900, 1, 1)},
    ],
)
def test_senseless_wishes_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        generate(**arguments)  # type: ignore[arg-type]
