"""A folder with a market that goes on quickly, and a deployment with a chart on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

TREND = """//@version=6
strategy("Trend", overlay = true, default_qty_value = 2)
fast = ta.ema(close, 5)
slow = ta.ema(close, 20)
plot(fast, "Fast", close > open ? color.teal : color.red, 2)
plot(slow, "Slow")
plot(close, "Recent", show_last = 20, color = color.orange)
hline(3000, "Round")
plotshape(ta.crossover(fast, slow), "Up", location = location.belowbar, show_last = 300)
bgcolor(bar_index % 20 < 3 ? color.new(color.blue, 90) : na)
barcolor(volume > 150 ? color.yellow : na)
if ta.crossover(fast, slow)
    strategy.entry("Long", strategy.long)
    label.new(bar_index, high, "L" + str.tostring(bar_index), tooltip = "long")
    alert("crossed up " + str.tostring(close), alert.freq_once_per_bar_close)
if ta.crossunder(fast, slow)
    strategy.entry("Short", strategy.short)
strategy.exit("Out", stop = strategy.position_avg_price * 0.99, limit = strategy.position_avg_price * 1.02)
var line moving = na
if barstate.islast
    line.delete(moving)
    moving := line.new(bar_index - 10, low, bar_index, close)
    t = table.new(position.top_right, 1, 1)
    table.cell(t, 0, 0, str.tostring(close))
if bar_index % 50 == 0
    log.info("bar " + str.tostring(bar_index))
"""
FAILING = '//@version=6\nindicator("Fails")\nif bar_index == 30\n    runtime.error("not on this bar")\nplot(close)\n'
BROKEN = '//@version=6\nindicator("Broken")\nplot(clos)\n'
SYMBOL = "BINANCE:ETHUSDT.P"
START = 1_767_643_200  # Unix seconds of 2026-01-05T20:00, where the market goes on


def run_alone(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """In an event loop of its own: a browser of other tests may have left one running in this thread."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(work())).result()


def write_bars(path: Path, count: int, step: int = 60, start: int = 1_767_571_200) -> None:
    random = np.random.default_rng(7)
    close = 3000 * np.exp(np.cumsum(random.normal(0, 0.001, count)))
    opening = np.concatenate([[3000.0], close[:-1]])
    high = np.maximum(opening, close) * (1 + random.random(count) * 0.0008)
    low = np.minimum(opening, close) * (1 - random.random(count) * 0.0008)
    volume = random.integers(10, 200, count)
    rows = ["time,open,high,low,close,volume"]
    for i in range(count):
        o, top, bottom, c = (round(float(v[i]), 2) for v in (opening, high, low, close))
        rows.append(f"{start + i * step},{o},{max(o, top, c)},{min(o, bottom, c)},{c},{volume[i]}")
    path.write_text("\n".join(rows) + "\n")


def write_folder(folder: Path, bars: int = 6_000, speed: int = 240, start: str = "2026-01-05T20:00") -> Path:
    """A market that is ``bars`` minutes long, begins on 2026-01-05 and goes on at ``start``."""
    write_bars(folder / "eth.csv", bars)
    (folder / "trend.pine").write_text(TREND)
    (folder / "failing.pine").write_text(FAILING)
    (folder / "broken.pine").write_text(BROKEN)
    (folder / "pinery.toml").write_text(
        f"""\
[feeds.market]
kind = "replay"
bars = {{ "{SYMBOL}" = "eth.csv" }}
speed = {speed}
start = "{start}"
[accounts.paper]
broker = "paper"
feed = "market"
[deployments.trend]
account = "paper"
symbol = "{SYMBOL}"
timeframe = "1"
[deployments.trend.chart]
script = "trend.pine"
feed = "market"
history = 600
[deployments.hook]
account = "paper"
symbol = "{SYMBOL}"
"""
    )
    return folder


def check_bars(chart: dict[str, Any], history: int, minutes: int = 1) -> None:
    """So many bars of the past, and those that came since: the market goes on while a chart is loaded."""
    step = minutes * 60
    first, *steps = chart["time"]
    last = first + sum(steps)
    assert set(steps) == {step}
    assert len(steps) + 1 >= history and first >= START - history * step
    assert START - step <= last <= chart["live"]["market"] // 1000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path)
