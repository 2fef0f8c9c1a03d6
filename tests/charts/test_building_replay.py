"""Bars built from a replay's prices are the stored bars, in every timeframe."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pinery.adapters.feeds.history import history_of
from pinery.adapters.feeds.loops import Track
from pinery.adapters.feeds.synthetic import synthetic_bars
from pinery.charts.building import BarBuilder
from pinery.charts.feed import FeedEvent, History, Price
from pinery.core.bars import BarSeries
from pinery.market.resample import resample
from pinery.market.symbols import lookup
from pinery.runtime.timeframes import Timeframe
from tests.charts.markets import built, rows, rows_of, told

MINUTE = Timeframe(1, "")
ES, ETH, STOCK = "CME_MINI:ES1!", "BINANCE:ETHUSDT.P", "NASDAQ:AAPL"
LENGTH = {ES: 9_000, ETH: 5_000, STOCK: 1_600}


def with_holes(bars: BarSeries, seed: int) -> BarSeries:
    """Some minutes and some stretches without trades; volumes with decimals."""
    rng = np.random.default_rng(seed)
    kept = rng.random(len(bars)) > 0.03
    for at in rng.integers(0, len(bars), 4).tolist():
        kept[at : at + int(rng.integers(2, 90))] = False
    volume = np.round(bars.volume * rng.random(len(bars)), 3)
    return BarSeries(*(column[kept] for column in (bars.time, bars.open, bars.high, bars.low, bars.close, volume)))


@cache
def market(symbol: str, first: int = 3_117, length: int = 0) -> tuple[BarSeries, tuple[FeedEvent, ...]]:
    """From an hour that is on no border on, with holes."""
    bars = with_holes(synthetic_bars(symbol).slice(first, first + (length or LENGTH[symbol])), 5)
    return bars, tuple(told({symbol: bars}, symbol, start=int(bars.time[0]) - 1))


@pytest.mark.parametrize("timeframe", ["1", "3", "5", "15", "45", "60", "240", "D", "W"])
@pytest.mark.parametrize("symbol", [ES, ETH, STOCK])
def test_bars_equal_the_resampled_ones(symbol: str, timeframe: str) -> None:
    bars, events = market(symbol)
    expected = resample(bars, lookup(symbol), MINUTE, Timeframe.parse(timeframe)).bars
    updates = built(symbol, timeframe, events)
    got, want = rows(updates), rows_of(expected)
    assert got == want[: len(got)]
    assert len(want) - len(got) <= 1  # the last one may not be over when the prices end
    assert [u.time for u in updates if u.is_first] == [row[0] for row in want]
    times = [u.now for u in updates]
    assert times == sorted(times)


@pytest.mark.parametrize("symbol", [ES, ETH, STOCK])
def test_nothing_is_late_and_what_is_missing_is_counted(symbol: str) -> None:
    bars, events = market(symbol)
    builder = BarBuilder(lookup(symbol), MINUTE, History(bars.slice(0, 0)), symbol=symbol)
    for event in events:
        builder.take(event)
    full = synthetic_bars(symbol).between(int(bars.time[0]), int(bars.time[-1]))
    assert (builder.late, builder.repeated) == (0, 0)
    assert builder.missing == len(full) - len(bars)
    assert sum(gap.missing for gap in builder.gaps) <= builder.missing


@cache
def over_a_weekend() -> tuple[BarSeries, tuple[FeedEvent, ...], Track]:
    bars, events = market(ES, 6_400, 1_300)
    return bars, events, Track(ES, bars, MINUTE, lookup(ES), None, 1)


@cache
def whole(timeframe: str) -> list[tuple[float, ...]]:
    return rows(built(ES, timeframe, over_a_weekend()[1]))


@pytest.mark.parametrize("timeframe", ["1", "5", "60", "D"])
@settings(max_examples=25, deadline=None)
@given(cut=st.floats(0.01, 0.99), overlap=st.integers(0, 40))
def test_history_and_what_follows_fit_together(timeframe: str, cut: float, overlap: int) -> None:
    """Wherever the history ends, and whatever of it the feed tells again."""
    _, events, track = over_a_weekend()
    at = int(len(events) * cut)
    event = events[at]
    now = event.time if isinstance(event, Price) else event.now
    history = history_of(track, ES, Timeframe.parse(timeframe), 100_000, now)
    builder = BarBuilder(lookup(ES), Timeframe.parse(timeframe), history, symbol=ES)
    updates = builder.begin()
    for event in events[max(at - overlap, 0) :]:
        updates += builder.take(event)
    assert rows_of(history.bars) + rows(updates) == whole(timeframe)
    assert (builder.late, builder.repeated) == (0, 0)
    firsts = [u.time for u in updates if u.is_first]
    assert len(firsts) == len(set(firsts))
