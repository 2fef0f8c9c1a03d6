"""A Pinery to build strategies in: hours of a market whose waves a script can ride, and deployments at every stage."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.web import instance
from tests.web.instance import Instance

SYMBOL = "BINANCE:ETHUSDT.P"
BARS = 5_000  # hours: more than the six months that the gate asks for; the last of them are left to play

WAVES = """//@version=6
strategy("Waves", overlay = true)
int length = input.int(8, "Length", minval = 2, maxval = 50, tooltip = "Bars of the average", group = "Average")
string kind = input.string("SMA", "Kind", options = ["SMA", "EMA"], group = "Average")
bool shorts = input.bool(false, "Sell too", group = "Sides", inline = "sides")
float share = input.float(1.5, "Share", minval = 0.5, maxval = 3, step = 0.5, group = "Sides", inline = "sides")
float average = kind == "SMA" ? ta.sma(close, length) : ta.ema(close, length)
if ta.crossover(close, average)
    strategy.entry("Long", strategy.long)
if ta.crossunder(close, average)
    strategy.close("Long")
    if shorts
        strategy.entry("Short", strategy.short)
plot(average, "Average")
"""
LOSING = """//@version=6
strategy("Against the waves", overlay = true)
float average = ta.sma(close, 8)
if ta.crossunder(close, average)
    strategy.entry("Long", strategy.long)
if ta.crossover(close, average)
    strategy.close("Long")
"""

SETTINGS = f"""
[feeds.market]
kind = "replay"
bars = {{ "{SYMBOL}" = "waves.csv" }}
speed = 600                   # six hours of play
start = "2025-03-01T00:00"

[deployments.waves]
account = "paper"
symbol = "{SYMBOL}"
timeframe = "60"
[deployments.waves.chart]
script = "scripts/waves.pine"
feed = "market"
history = 600

[deployments.outside]
account = "paper"
symbol = "{SYMBOL}"
timeframe = "60"
bracket = {{ stop = "1%", target = "2%" }}
"""


TRADER_PASSWORD = "trading all the day"


@contextmanager
def running(folder: Path) -> Iterator[Instance]:
    """Besides the admin there are a viewer and a trader."""
    _write(folder)
    with instance.running(folder, SETTINGS, ("waves", "outside")) as made:
        with made.client() as client:
            trader = {"name": "trader", "password": TRADER_PASSWORD, "role": "trader"}
            assert client.post("/users", json=trader).status_code == 201
        yield made


def _write(folder: Path) -> None:
    (folder / "scripts").mkdir(parents=True)
    (folder / "scripts" / "waves.pine").write_text(WAVES)
    (folder / "scripts" / "losing.pine").write_text(LOSING)
    chance = random.Random(7)
    rows, last = ["time,open,high,low,close,volume"], 3000.0
    for i in range(BARS):
        close = round(3000 + 150 * math.sin(2 * math.pi * i / 48) + chance.gauss(0, 4), 2)
        top, bottom = round(max(last, close) + chance.random() * 3, 2), round(min(last, close) - chance.random() * 3, 2)
        rows.append(f"{1_735_689_600 + i * 3600},{last},{top},{bottom},{close},{chance.randint(10, 200)}")
        last = close
    (folder / "waves.csv").write_text("\n".join(rows) + "\n")
