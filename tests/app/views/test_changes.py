"""Updates applied to an early snapshot give what a snapshot of the same moment shows."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pinery.app.chart
from pinery.app.chart.payload import Subject
from pinery.app.results import subject_of
from pinery.app.views.changes import Shown, splice
from pinery.charts.bars import BarUpdate
from pinery.charts.live import LiveChart
from pinery.core.bars import BarSeries
from pinery.engine import compile_script
from pinery.lang.source import Source
from pinery.market.symbols import lookup
from pinery.runtime.timeframes import Timeframe
from tests.app.views.conftest import SYMBOL, TREND

PAGES = Path(pinery.app.chart.__file__).parent / "page"
MINUTE = 60_000
START = 1_767_571_200_000

EVERYTHING = """//@version=6
indicator("Everything", max_labels_count = 5, max_lines_count = 5)
a = plot(ta.sma(close, 3), "A", bar_index % 7 == 0 ? color.red : color.new(color.blue, bar_index % 90))
b = plot(ta.ema(close, 9), "B", style = plot.style_histogram, histbase = 2990)
fill(a, b, close > open ? color.new(color.green, 80) : na)
fill(a, b, high, low, color.new(color.red, 80), color.new(color.blue, 80))
plot(close, "Shifted", offset = -3, show_last = 7)
plot(bar_index % 3 == 0 ? na : low, "Gaps", style = plot.style_linebr, force_overlay = true)
plotshape(close > open, location = location.absolute, show_last = 4)
plotchar(bar_index % 4 == 0 ? close : na, location = location.absolute)
plotarrow(close - open)
plotcandle(open, high, low, close, color = close > open ? color.lime : color.maroon)
bgcolor(bar_index % 5 == 0 ? color.new(color.gray, 80) : na, offset = 1, show_last = 12)
barcolor(volume > 100 ? color.yellow : na)
hline(3000)
varip ticks = 0
ticks += 1
if bar_index % 2 == 0
    label.new(bar_index, high, str.tostring(bar_index))
var moving = line.new(na, na, na, na)
moving.set_xy1(bar_index - 5, low)
moving.set_xy2(bar_index, close)
if bar_index % 6 == 0
    line.new(time, low, time + 600000, high, xloc = xloc.bar_time)
    box.new(bar_index - 2, high, bar_index, low)
if barstate.islast
    t = table.new(position.top_right, 1, 2)
    table.cell(t, 0, 0, str.tostring(close))
    table.cell(t, 0, 1, str.tostring(ticks))
if close > high[1]
    alert("higher " + str.tostring(close), alert.freq_all)
    log.info("{0}", close)
"""


def market(count: int) -> BarSeries:
    noise = np.random.default_rng(3)
    close = np.round(3000 * np.exp(np.cumsum(noise.normal(0, 0.002, count))), 2)
    opening = np.concatenate([[3000.0], close[:-1]])
    high, low = np.maximum(opening, close) + 1.0, np.minimum(opening, close) - 1.0
    times = START + MINUTE * np.arange(count)
    return BarSeries(times, opening, high, low, close, noise.integers(10, 200, count).astype(float))


def ticks(bars: BarSeries, first: int, choose: random.Random) -> Iterator[BarUpdate]:
    """Each bar in a few updates; some bars are left out, some close with the next one's opening only."""
    for i in range(first, len(bars)):
        if choose.random() < 0.1:
            continue
        o, h, low, c = (float(column[i]) for column in (bars.open, bars.high, bars.low, bars.close))
        steps = [o, *choose.sample([h, low], 2), c]
        closes = choose.random() < 0.8
        for k, price in enumerate(steps):
            seen = steps[: k + 1]
            yield BarUpdate(
                int(bars.time[i]), o, max(seen), min(seen), price, float(k + 1), int(bars.time[i]) + 10_000 * k,
                k == 0, closes and k == len(steps) - 1,
            )  # fmt: skip


def differences(folder: Path, given: dict[str, Any]) -> list[str]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js on this machine (Debian: apt-get install nodejs)")
    (folder / "package.json").write_text('{"type": "module"}')
    shutil.copytree(PAGES, folder / "page", dirs_exist_ok=True)
    script = shutil.copy(Path(__file__).parent / "applied.js", folder)
    path = folder / "given.json"
    path.write_text(json.dumps({**given, "pages": str(folder / "page")}))
    done = subprocess.run([node, script, str(path)], capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("text", [TREND, EVERYTHING], ids=["trend", "everything"])
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_updates_lead_to_the_snapshot(tmp_path: Path, text: str, seed: int, zone: str | None) -> None:
    choose = random.Random(seed)
    bars = market(160)
    history = choose.choice([2, 40, 120])
    script = compile_script(Source(text, "script"))
    timeframe = Timeframe.parse("1")
    chart = LiveChart(script, bars.slice(0, history), lookup(SYMBOL), timeframe)
    for _ in chart.load():
        pass

    def subject() -> Subject:
        return subject_of(chart.result(), "script", script.program.version)

    shown = Shown()
    first = shown.whole(subject(), chart.broker)
    first = json.loads(json.dumps(first))
    updates = []
    for tick in ticks(bars, history, choose):
        chart.update(tick)
        if choose.random() < 0.4:
            updates.append(json.loads(json.dumps(shown.change(subject(), chart.broker))))
    updates.append(json.loads(json.dumps(shown.change(subject(), chart.broker))))
    last = Shown().whole(subject(), chart.broker)
    assert len(last["time"]) > history
    given = {"first": first, "updates": updates, "last": last, "zone": zone}
    assert differences(tmp_path, given) == []


def test_an_update_is_small() -> None:
    bars = market(3_000)
    script = compile_script(Source(TREND, "script"))
    chart = LiveChart(script, bars.slice(0, 2_990), lookup(SYMBOL), Timeframe.parse("1"))
    for _ in chart.load():
        pass
    shown = Shown()
    whole = len(json.dumps(shown.whole(subject_of(chart.result(), "script", 6), chart.broker)))
    sizes = []
    for tick in ticks(bars, 2_990, random.Random(1)):
        chart.update(tick)
        sizes.append(len(json.dumps(shown.change(subject_of(chart.result(), "script", 6), chart.broker))))
    assert max(sizes) * 20 < whole


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        ([1, 2], [1, 2], None),
        ([], [1], [0, 0, [1]]),
        ([1, 2], [1, 2, 3], [0, 2, [3]]),
        ([1, 2, 3], [2, 3, 4], [1, 2, [4]]),
        ([1, 2, 3], [1, 5, 3], [0, 1, [5, 3]]),
        ([1, 2], [], [0, 0, []]),
        ([1, 2], [8, 9], [2, 0, [8, 9]]),
    ],
)
def test_splices(old: list[int], new: list[int], change: list[Any] | None) -> None:
    assert splice(old, new) == change
    if change is not None:
        drop, keep, rows = change
        assert old[drop : drop + keep] + rows == new
