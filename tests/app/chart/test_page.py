"""The page in a real browser: it starts, draws without errors, and puts marks where they belong."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import pinery

SCRIPT = """//@version=6
indicator("Everything", overlay = true)
a = plot(ta.ema(close, 5), "Fast", close > open ? color.teal : color.red, 2)
b = plot(ta.ema(close, 20), "Slow", style = plot.style_stepline)
fill(a, b, color.new(color.blue, 80))
fill(a, b, high, low, color.new(color.red, 80), color.new(color.blue, 80))
plot(close % 2 == 0 ? close : na, "Breaks", style = plot.style_linebr)
plot(close, "Circles", style = plot.style_circles, force_overlay = true)
plot(close, "Area", style = plot.style_area, histbase = 3900)
bgcolor(bar_index % 20 < 5 ? color.new(color.blue, 90) : na)
barcolor(volume > 3000 ? color.yellow : na)
plotshape(ta.crossover(close, open), text = "Up", style = shape.labelup, location = location.belowbar)
plotchar(bar_index % 30 == 0, char = "B")
plotarrow(close - open)
hline(4000)
plotcandle(open, high, low, close, color = na, bordercolor = color.gray)
if barstate.islast
    line.new(bar_index - 50, low, bar_index - 10, high, extend = extend.both, style = line.style_arrow_right)
    l1 = line.new(bar_index - 50, low, bar_index, low)
    l2 = line.new(bar_index - 50, high, bar_index, high)
    linefill.new(l1, l2, color.new(color.green, 80))
    box.new(bar_index - 40, high, bar_index - 20, low, text = "box", text_wrap = text.wrap_auto)
    polyline.new(array.from(chart.point.from_index(bar_index - 30, low), chart.point.from_index(bar_index, high)))
    label.new(bar_index, high, "label", tooltip = "tip")
    t = table.new(position.middle_center, 2, 2)
    table.cell(t, 0, 0, "TABLE TEXT")
    table.merge_cells(t, 0, 0, 1, 0)
if bar_index % 50 == 0
    alert("ALERT " + str.tostring(bar_index))
"""


@pytest.fixture(scope="module")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    return found


def dump(chromium: str, page: Path) -> tuple[str, str]:
    """The page's HTML after it has started, and what it wrote to the console."""
    command = [
        chromium,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={page.parent / 'profile'}",
        "--enable-logging=stderr",
        "--virtual-time-budget=4000",
        "--window-size=1200,800",
        "--dump-dom",
        page.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    return done.stdout, "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)


@pytest.mark.parametrize("timeframe", ["5", "1D"])
def test_page_starts_without_errors(chromium: str, tmp_path: Path, timeframe: str) -> None:
    path = tmp_path / "chart.html"
    pinery.run(SCRIPT, bars="synthetic:600", timeframe=timeframe).write_chart(path)
    html, console = dump(chromium, path)
    assert 'data-ready="yes"' in html
    assert console == ""
    for text in ("TABLE TEXT", "Fast", "Slow", "Alerts <small>12</small>"):
        assert text in html
    assert html.count("<canvas") >= 4


def test_own_pane(chromium: str, tmp_path: Path) -> None:
    path = tmp_path / "chart.html"
    script = '//@version=6\nindicator("Own")\nplot(ta.rsi(close, 14), "RSI")\nhline(70)\n'
    script += 'plot(volume, "V", style = plot.style_columns)'
    pinery.run(script, bars="synthetic:300", timeframe="60").write_chart(path)
    html, console = dump(chromium, path)
    assert 'data-ready="yes"' in html and console == ""
    assert html.count("pane-layer") >= 2


def test_empty_values(chromium: str, tmp_path: Path) -> None:
    path = tmp_path / "chart.html"
    script = (
        '//@version=6\nindicator("Nothing")\nplot(float(na))\nbgcolor(na)\nfill(plot(na), plot(na))\nplotshape(false)'
    )
    pinery.run(script, bars="synthetic:1", timeframe="60").write_chart(path)
    html, console = dump(chromium, path)
    assert 'data-ready="yes"' in html and console == ""
