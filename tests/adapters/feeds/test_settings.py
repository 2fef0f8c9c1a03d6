"""From descriptions of markets to markets, or to what is wrong with them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from pinery.app.up.markets import check_market, open_market
from pinery.charts.feed import ChartFeed
from pinery.charts.settings import FeedSettings
from pinery.core.errors import DataError
from pinery.runtime.timeframes import Timeframe
from pinery.trading.errors import ConfigError
from tests.adapters.feeds.clocks import SteppingClock

ES, ETH = "CME_MINI:ES1!", "BINANCE:ETHUSDT.P"
CSV = "time,open,high,low,close,volume\n1767780000,10,11,9,10,1\n1767780060,10,12,9,11,1\n"


def opened(folder: Path, kind: str, **options: Any) -> ChartFeed:
    return open_market(FeedSettings("demo", kind, options), SteppingClock(), folder, lambda name, at: at)


def test_a_replay_of_files_and_of_made_up_bars(tmp_path: Path) -> None:
    (tmp_path / "eth.csv").write_text(CSV)
    made = opened(tmp_path, "replay", bars={ETH: "eth.csv", ES: "synthetic"}, speed=60, start="2026-01-07T10:01:30")
    assert (made.name, made.speed, list(made.symbols())) == ("demo", 60.0, [ETH, ES])
    assert made.now() == 1_767_780_090_000
    history = asyncio.run(made.history(ETH, Timeframe(1, ""), 5))
    assert history.bars.close[-1] == 10 and history.open is not None


def test_when_it_began_may_be_stated(tmp_path: Path) -> None:
    options = {"bars": {ES: "synthetic"}, "speed": 10, "start": "2025-09-10", "began": "1970-01-01T01:00:00"}
    assert opened(tmp_path, "replay", **options).now() == 1_757_462_400_000 + (5_000 - 3_600) * 10_000


def test_a_file_that_grows(tmp_path: Path) -> None:
    (tmp_path / "eth.csv").write_text(CSV)
    made = opened(tmp_path, "tail", bars={ETH: "eth.csv"}, live=False)
    assert len(asyncio.run(made.history(ETH, Timeframe(1, ""), 5)).bars) == 2
    assert opened(tmp_path, "tail", bars={ETH: "later.csv"}, timeframe="5").covers(ETH)


def test_what_is_wrong_with_bars_is_told_when_they_are_read(tmp_path: Path) -> None:
    (tmp_path / "eth.csv").write_text("nothing of use\n")
    with pytest.raises(DataError):
        opened(tmp_path, "replay", bars={ETH: "eth.csv"}).now()


@pytest.mark.parametrize(
    ("kind", "options", "finding"),
    [
        ("kraken", {}, "'kraken' is no kind of feed; known are 'replay', 'tail', 'binance'"),
        (
            "binance",
            {"rest_url": "http://example.org", "stream_url": "ws://localhost:1"},
            "only a simulator on this machine",
        ),
        ("binance", {"rest_url": "http://127.0.0.1:1"}, "stream_url is missing"),
        ("binance", {"rest": "http://127.0.0.1:1"}, "did you mean 'rest_url'?"),
        ("replay", {}, "a replay feed needs bars"),
        ("replay", {"bars": {ETH: "gone.csv"}}, "which is not there"),
        ("replay", {"bars": {ETH: "sintetic"}}, "neither a file of bars, nor a timeframe, nor 'synthetic'"),
        ("replay", {"bars": {}, "skip_close": True}, "did you mean 'skip_closed'?"),
        ("replay", {"bars": {}, "began": "soon"}, "began of the replay feed is a date"),
        ("replay", {"bars": {ES: "synthetic"}, "speed": 1e6}, "speed of a replay feed is at most 100000"),
        ("replay", {"bars": {ES: "synthetic"}, "skip_closed": "yes"}, "is true or false"),
        ("tail", {}, "a feed of files that grow needs bars"),
        ("tail", {"bars": {"ETH": "x.csv"}}, 'is a table of "EXCHANGE:TICKER"'),
        ("tail", {"bars": {ETH: "nowhere/x.csv"}}, "there is no folder"),
        ("tail", {"bars": {ETH: "."}}, "name its files"),
        ("tail", {"bars": {ETH: "x.csv"}, "timeframe": "often"}, "is a timeframe such as"),
        ("tail", {"bars": {ETH: "x.csv"}, "every": 0}, "is a number of seconds"),
        ("tail", {"bars": {ETH: "x.csv"}, "evry": 1}, "did you mean 'every'?"),
    ],
)
def test_wrong_descriptions(kind: str, options: dict[str, Any], finding: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        opened(tmp_path, kind, **options)
    assert any(finding in each for each in error.value.findings), error.value.findings
    assert "demo" in error.value.message
    with pytest.raises(ConfigError) as again:
        check_market(FeedSettings("demo", kind, options), tmp_path)
    assert again.value.findings == error.value.findings
