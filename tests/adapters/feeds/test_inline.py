"""Stored bars as live prices."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pinery.adapters.feeds.inline import ReplayFeed
from pinery.adapters.feeds.settings import ReplaySettings, open_feed
from pinery.core.bars import BarSeries
from pinery.core.errors import DataError
from pinery.market.store import BarStore
from pinery.runtime.timeframes import Timeframe
from pinery.trading.errors import ConfigError
from pinery.trading.prices import Tick
from tests.adapters.feeds.clocks import SteppingClock

MINUTE = 60_000
START = 1_700_000_040_000  # on a minute
ETH = "BINANCE:ETHUSDT.P"


def series(*rows: tuple[float, float, float, float], start: int = START, step: int = MINUTE) -> BarSeries:
    columns = np.array(rows, dtype=np.float64).T
    times = start + step * np.arange(len(rows), dtype=np.int64)
    return BarSeries(times, *columns, np.full(len(rows), 1.0))


TWO = series((2000.0, 2010.0, 1995.0, 2005.0), (2006.5, 2007.0, 1990.0, 1991.0))


def ticks(feed: ReplayFeed, count: int) -> list[Tick]:
    async def read() -> list[Tick]:
        found = []
        stream = feed.ticks()
        async for tick in stream:
            found.append(tick)
            if len(found) == count:
                break
        await stream.aclose()  # type: ignore[attr-defined]
        return found

    return asyncio.run(read())


def feed(bars: dict[str, Any], clock: SteppingClock | None = None, **more: Any) -> ReplayFeed:
    clock = clock or SteppingClock()
    return ReplayFeed(bars, clock, sleep=clock.sleep, **more)


def test_bars_are_walked_along_the_path() -> None:
    found = ticks(feed({ETH: TWO}, loop=False), 100)
    assert [(str(tick.price), tick.jumps) for tick in found] == [
        ("2000.0", True), ("1995.0", False), ("2010.0", False), ("2005.0", False),
        ("2006.5", True), ("2007.0", False), ("1990.0", False), ("1991.0", False),
    ]  # fmt: skip


def test_speed_and_times_are_the_clocks() -> None:
    clock = SteppingClock()
    found = ticks(feed({ETH: TWO}, clock, speed=60.0, loop=False), 100)
    assert found[0].time == 5_000_000
    assert found[4].time - found[0].time == pytest.approx(1000, abs=2)  # a minute in a second
    assert all(nap >= 0 for nap in clock.naps)


def test_hours_without_bars_are_skipped() -> None:
    apart = BarSeries(*(np.concatenate([getattr(TWO, n), getattr(TWO, n)]) for n in TWO.__slots__))
    late = apart.time.copy()
    late[2:] += 50 * 3_600_000
    clock = SteppingClock()
    bars = BarSeries(late, apart.open, apart.high, apart.low, apart.close, apart.volume)
    ticks(feed({ETH: bars}, clock, speed=1.0, loop=False), 100)
    assert clock.seconds - 5000 < 5 * 60


def test_the_same_seed_gives_the_same_moments() -> None:
    def moments(seed: int) -> list[int]:
        return [tick.time for tick in ticks(feed({ETH: TWO}, seed=seed, loop=False), 100)]

    assert moments(1) == moments(1) != moments(2)


def test_it_starts_where_it_is_told_and_begins_again_at_the_end() -> None:
    found = ticks(feed({ETH: TWO}, start=START + MINUTE, speed=0.0), 6)
    assert [str(tick.price) for tick in found] == ["2006.5", "2007.0", "1990.0", "1991.0", "2006.5", "2007.0"]


def test_several_symbols_in_the_order_of_their_times() -> None:
    other = series((10.0, 11.0, 9.0, 10.0), start=START + MINUTE)
    found = ticks(feed({ETH: TWO, "X:Y": other}, loop=False), 100)
    assert [tick.symbol for tick in found[:4]] == [ETH] * 4
    assert {tick.symbol for tick in found[4:]} == {ETH, "X:Y"} and len(found) == 12


def test_no_bars_from_the_start_on_is_an_error() -> None:
    with pytest.raises(DataError, match="no bars of BINANCE:ETHUSDT"):
        ticks(feed({ETH: TWO}, start=START + 10 * MINUTE), 1)


def test_from_a_file_by_its_description(tmp_path: Path) -> None:
    (tmp_path / "eth.csv").write_text("time,open,high,low,close,volume\n1700000040,2000,2010,1995,2005.25,1\n")
    clock = SteppingClock()
    opened = open_feed({"kind": "replay", "bars": {ETH: "eth.csv"}, "speed": 0, "loop": False}, clock, tmp_path)
    assert isinstance(opened, ReplayFeed)
    assert opened.covers(ETH) and not opened.covers("CME_MINI:ESZ2026")
    assert [tick.price for tick in ticks(opened, 10)][-1] == Decimal("2005.25")


def test_from_stored_bars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PINERY_HOME", str(tmp_path))
    BarStore.default().put(ETH, Timeframe.parse("1"), TWO)
    opened = open_feed({"bars": {ETH: "1"}, "speed": 0}, SteppingClock(), tmp_path)
    assert isinstance(opened, ReplayFeed)
    assert len(ticks(opened, 8)) == 8


def test_a_date_without_a_zone_is_utc(tmp_path: Path) -> None:
    (tmp_path / "eth.csv").write_text("")
    options = {"bars": {ETH: "eth.csv"}, "start": "2026-01-05", "seed": 4}
    settings = ReplaySettings.from_options(options, tmp_path)
    assert (settings.start, settings.seed) == (1_767_571_200_000, 4)


@pytest.mark.parametrize(
    ("options", "finding"),
    [
        ({"kind": "magic"}, "'magic' is no kind of price feed"),
        ({}, "a replay feed needs bars"),
        ({"bars": {"ETH": "x.csv"}}, 'bars of the replay feed is a table of "EXCHANGE:TICKER"'),
        ({"bars": {ETH: "gone.csv"}}, "which is not there"),
        ({"bars": {ETH: "sometimes"}}, "neither a file of bars, nor a timeframe"),
        ({"bars": {ETH: "7"}}, "no such bars are stored"),
        ({"sped": 2, "bars": {}}, "did you mean 'speed'?"),
        ({"speed": -1, "bars": {}}, "speed of the replay feed is a number of 0 (without waiting) or more"),
        ({"start": "yesterday", "bars": {}}, "start of the replay feed is a date"),
        ({"loop": 1, "bars": {}}, "loop of the replay feed is true or false"),
    ],
)
def test_wrong_descriptions(
    options: dict[str, Any], finding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINERY_HOME", str(tmp_path))
    with pytest.raises(ConfigError) as error:
        open_feed(options, SteppingClock(), tmp_path)
    assert any(finding in each for each in error.value.findings)
