"""An installation with a strategy, seven months of bars that it wins on, and the command line."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pinery.adapters.store.database import SqlStore, open_store
from pinery.app.cli import main
from pinery.app.stages.desk import StageDesk
from pinery.trading.control import Person
from tests.app.conftest import Ended
from tests.stores import new_sqlite

ETH = "BINANCE:ETHUSDT.P"

CONFIG = """\
# my settings
[feeds.market]                # a market
kind = "replay"
bars = { "BINANCE:ETHUSDT.P" = "eth.csv" }

[accounts.paper]              # no money at risk
broker = "paper"

[deployments.demo]            # alerts from TradingView
account = "paper"
symbol = "BINANCE:ETHUSDT.P"
timeframe = "60"
stage = "paper"               # paper, then small
# words = { GO = "enter_long" }

[deployments.demo.limits]     # not too much
max_position = 10
# cool_down = "5m"

# --- notifications -----

[notify.console]              # what I want to know
type = "console"
"""

#: Buys in the valley and sells at the peak of a daily wave; each fifth time the other way round.
WINNING = """\
//@version=6
strategy("Waves", initial_capital = 10000, default_qty_value = 1)
size = input.int(1, "Size")
odd = math.floor(bar_index / 24) % 5 == 0
if bar_index % 24 == (odd ? 5 : 17)
    strategy.entry("in", strategy.long, size)
if bar_index % 24 == (odd ? 11 : 5)
    strategy.close("in")
"""
DAYS = 215


@pytest.fixture
def folder(home: Path) -> Path:
    folder = home / "trading"
    folder.mkdir()
    (folder / "pinery.toml").write_text(CONFIG, encoding="utf-8")
    (folder / "waves.pine").write_text(WINNING, encoding="utf-8")
    _write_bars(folder / "eth.csv", DAYS)
    new_sqlite(folder / "pinery.db")
    return folder


def _write_bars(path: Path, days: int) -> None:
    rows = ["time,open,high,low,close,volume"]
    before = 1000.0
    for hour in range(days * 24):
        close = round(1000 + 10 * math.sin(2 * math.pi * hour / 24), 2)
        rows.append(f"{1_735_689_600 + 3600 * hour},{before},{max(before, close)},{min(before, close)},{close},1")
        before = close
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


@pytest.fixture
def pinery(folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Runs the command line in the installation's folder."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: str) -> Ended:
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return Ended(int(end.value.code or 0), out, err)

    return call


@pytest.fixture
def store(folder: Path) -> Iterator[SqlStore]:
    opened = open_store(f"sqlite:///{folder / 'pinery.db'}")
    yield opened
    opened.close()


@pytest.fixture
def desk(folder: Path, store: SqlStore) -> StageDesk:
    return StageDesk(folder, store, lambda: time.time_ns() // 1_000_000)


def ada(note: str = "") -> Person:
    return Person("ada", time.time_ns() // 1000, "test", note)
