from __future__ import annotations

import math
from pathlib import Path

import pytest

from pinery.app.config.configuration import Configuration
from pinery.app.config.reading import load_configuration

TREND = """//@version=6
strategy("Trend", overlay = true, initial_capital = 10000)
length = input.int(20, "Length", minval = 2, maxval = 100, step = 2, group = "Averages", tooltip = "Bars", inline = "a")
if ta.crossover(close, ta.sma(close, length))
    strategy.entry("L", strategy.long)
if ta.crossunder(close, ta.sma(close, length))
    strategy.close("L")
"""

CONFIGURATION = """
[feeds.market]
kind = "replay"
bars = { "BINANCE:ETHUSDT.P" = "eth.csv", "CME_MINI:ES1!" = "synthetic" }
[accounts.paper]
broker = "paper"
[deployments.trend]
account = "paper"
symbol = "BINANCE:ETHUSDT.P"
timeframe = "15"
[deployments.trend.chart]
script = "scripts/trend.pine"
feed = "market"
[deployments.other]
account = "paper"
symbol = "BINANCE:ETHUSDT.P"
timeframe = "15"
[deployments.other.chart]
script = "strategies/other.pine"
feed = "market"
"""


def bars_csv(count: int) -> str:
    """Bars of one minute that go up and down."""
    lines = ["time,open,high,low,close,volume"]
    price = 3000.0
    for i in range(count):
        close = round(3000 + 200 * math.sin(i / 40) + (i % 7), 2)
        high, low = max(price, close) + 1, min(price, close) - 1
        lines.append(f"{1_767_225_600_000 + i * 60_000},{price},{high},{low},{close},{10 + i % 5}")
        price = close
    return "\n".join(lines) + "\n"


def install(folder: Path) -> Configuration:
    """With bars, two deployments, and the scripts that their charts run."""
    for name in ("scripts", "strategies"):
        (folder / name).mkdir()
    (folder / "scripts" / "trend.pine").write_text(TREND)
    (folder / "strategies" / "other.pine").write_text(TREND.replace('"Trend"', '"Other"'))
    (folder / "eth.csv").write_text(bars_csv(2_000))
    (folder / "pinery.toml").write_text(CONFIGURATION)
    return load_configuration(folder)


@pytest.fixture
def installation(tmp_path: Path) -> Configuration:
    return install(tmp_path)
