"""What the chart page is given, from real runs of small scripts."""

from __future__ import annotations

import base64
import gzip
import json
import re
from typing import Any

import numpy as np
import pytest

from pinery.app.bars import arrange
from pinery.app.chart.columns import colors, decimals, deltas, numbers, zone_changes
from pinery.app.chart.html import render
from pinery.app.chart.payload import build
from pinery.app.results import chart_subject
from pinery.app.session import Job, execute
from pinery.core.bars import BarSeries
from pinery.lang.source import Source

HOUR = 3_600_000
START = 1_704_067_200_000  # 2024-01-01 00:00 UTC


def bars(count: int = 10, step: int = HOUR) -> BarSeries:
    closes = 101.0 + np.arange(count)
    return BarSeries(START + step * np.arange(count), closes - 1, closes + 1, closes - 2, closes, np.full(count, 10.0))


def payload(body: str, declaration: str = 'indicator("T", overlay = true)', version: int = 6) -> dict[str, Any]:
    source = Source(f"//@version={version}\n{declaration}\n{body}\n", "t.pine")
    finished = execute(Job(source, arrange(bars(), "BINANCE:ETHUSDT.P", None, None)))
    made = build(chart_subject(finished))
    json.dumps(made, allow_nan=False)  # what the page reads must be JSON
    return made


def test_bars_and_times() -> None:
    made = payload("plot(close)")
    assert made["time"] == [START // 1000] + [3600] * 9
    assert made["bars"]["c"] == list(range(101, 111))
    assert made["meta"]["symbol"] == "BINANCE:ETHUSDT.P"
    assert made["meta"]["intraday"] is True
    assert made["zone"] == [[0, 0]]


def test_plot_styles_values_and_colours_by_bar() -> None:
    made = payload('plot(close > 105 ? close : na, "P", close > 108 ? color.red : color.lime, 3, plot.style_linebr)')
    (plot,) = made["items"]
    assert (plot["type"], plot["style"], plot["width"], plot["pane"]) == ("plot", "linebr", 3, 0)
    assert plot["values"] == [None] * 5 + [106, 107, 108, 109, 110]
    assert plot["colors"] == {"palette": ["#00e676ff", "#f23645ff"], "runs": [8, 0, 2, 1]}


def test_own_pane_and_forced_overlay() -> None:
    made = payload('plot(1.5, "Own")\nplot(close, "Bars", force_overlay = true)', 'indicator("T")')
    assert [item["pane"] for item in made["items"]] == [1, 0]
    assert len(made["panes"]) == 2


def test_script_without_plots_in_a_pane_of_its_own_draws_on_the_bars() -> None:
    made = payload("if barstate.islast\n    label.new(bar_index, close, 'x')\n", 'indicator("T")')
    assert len(made["panes"]) == 1
    assert [label["text"] for label in made["panes"][0]["drawings"]["labels"]] == ["x"]


def test_display_and_show_last() -> None:
    made = payload("plot(close, show_last = 2)\nplot(close, display = display.data_window)")
    first, second = made["items"]
    assert first["values"] == [None] * 8 + [109, 110]
    assert (second["pane_shown"], second["legend_shown"], second["scale_shown"]) == (False, True, False)


def test_fill_names_its_plots_by_place() -> None:
    made = payload(
        "bgcolor(color.red)\na = plot(close)\nh = plot(open)\n"
        "fill(a, h, color.new(color.blue, 50))\nbarcolor(color.red)"
    )
    kinds = [item["type"] for item in made["items"]]
    assert kinds == ["bg", "plot", "plot", "fill"]
    fill = made["items"][3]
    assert (fill["a"], fill["b"], fill["colors"]) == (1, 2, {"one": "#2962ff80"})
    assert made["bars"]["colors"] == {"one": "#f23645ff"}


def test_gradient_fill() -> None:
    made = payload("a = plot(close)\nb = plot(open)\nfill(a, b, high, low, color.red, color.blue)")
    fill = made["items"][2]
    assert fill["gradient"] is True
    assert fill["topvalue"] == list(range(102, 112)) and fill["bottomvalue"] == list(range(99, 109))


def test_hlines_and_fills_between_them() -> None:
    made = payload("a = hline(70)\nb = hline(30, linestyle = hline.style_dotted)\nfill(a, b)", 'indicator("T")')
    first, second, fill = made["items"]
    assert (first["price"], second["price"], second["dash"]) == (70, 30, "dotted")
    assert (fill["a"], fill["b"], fill["pane"]) == (0, 1, 1)


def test_shapes_where_true_and_absolute_where_not_na() -> None:
    made = payload(
        'plotshape(bar_index == 4, style = shape.flag, text = "F")\n'
        "plotshape(bar_index > 8 ? 105.5 : na, location = location.absolute)\n"
        'plotchar(bar_index == 2, char = "é")\nplotarrow(close - open)'
    )
    flag, absolute, char, arrow = made["items"]
    assert flag["at"] == [[4, None]] and flag["shape"] == "flag" and flag["text"] == "F"
    assert absolute["at"] == [[9, 105.5]]
    assert char["char"] == "é" and char["at"] == [[2, None]]
    assert arrow["values"] == [1] * 10


def test_candles() -> None:
    made = payload("plotcandle(open, high, low, close, color = color.red, wickcolor = color.blue)")
    (candle,) = made["items"]
    assert candle["c"] == list(range(101, 111))
    assert (candle["colors"], candle["wick"], candle["border"]) == (
        {"one": "#f23645ff"},
        {"one": "#2962ffff"},
        {"one": "#f23645ff"},
    )


def test_old_versions_fill_and_background_are_faint() -> None:
    made = payload("bgcolor(color.red)", 'study("T", overlay=true)', version=4)
    assert made["items"][0]["colors"] == {"one": "#ff52521a"}
    given = payload("bgcolor(color.red, transp=50)", 'study("T", overlay=true)', version=4)
    assert given["items"][0]["colors"] == {"one": "#ff525280"}


def test_drawings_stand_at_bars_also_by_time_and_beyond_the_end() -> None:
    made = payload(
        "if barstate.islast\n"
        "    line.new(bar_index - 3, low, bar_index + 5, high, extend = extend.right, style = line.style_dashed)\n"
        "    line.new(time[2], low, time + 2 * 3600000, high, xloc = xloc.bar_time)\n"
        '    box.new(2, 110, 6, 100, text = "range")\n'
        "    t = table.new(position.top_left, 1, 1)\n"
        '    table.cell(t, 0, 0, "cell", bgcolor = color.red)'
    )
    drawn = made["panes"][0]["drawings"]
    by_index, by_time = drawn["lines"]
    assert (by_index["x1"], by_index["x2"], by_index["extend"], by_index["style"]) == (6, 14, "right", "dashed")
    assert (by_time["x1"], by_time["x2"]) == (7, 11)
    assert drawn["boxes"][0]["text"] == "range"
    (table,) = drawn["tables"]
    assert table["position"] == "top_left" and table["cells"][0]["text"] == "cell"
    assert table["cells"][0]["bgcolor"] == "#f23645ff"


def test_alerts_and_logs() -> None:
    made = payload('if bar_index == 3\n    alert("now")\n    log.error("bad")\nplot(close)')
    assert made["alerts"] == [[3, "now", ""]]
    assert made["logs"] == [[3, "bad", "error"]]


def test_columns() -> None:
    assert numbers([1.0, float("nan"), 0.1 + 0.2, float("inf"), None]) == [1, None, 0.3, None, None]
    assert deltas([10, 11, 14]) == [10, 1, 3]
    assert colors([]) == {"one": None}
    assert colors([0xFF000000] * 3) == {"one": None}  # invisible
    assert [decimals(step) for step in (0.25, 1, 0.01, 0.03125, 1e-8)] == [2, 0, 2, 5, 8]


def test_zone_changes_follow_summer_time() -> None:
    # 2024-03-10 08:00 UTC is when Chicago's clocks go forward.
    seconds = [1_710_057_600 + 1800 * i - 3600 for i in range(4)]
    assert zone_changes(seconds, "America/Chicago") == [[0, -21600], [2, -18000]]
    assert zone_changes(seconds, "No/Where") == []


def test_page_holds_everything_and_no_address_to_fetch_from() -> None:
    made = payload('plot(close, "<script>alert(1)</script>")', 'indicator("A </script> & <b>", overlay = true)')
    try:
        page = render(made)
    except Exception as error:  # the library is fetched by make setup
        pytest.skip(str(error))
    assert "A </script>" not in page.replace("</script>\n", "")
    assert not re.search(r'(?:src|href)="(?!https://www\.tradingview\.com/")', page)
    assert "TradingView" in page and "attributionLogo: true" in page
    data = re.search(r'id="pinery-data">([^<]*)<', page)
    assert data is not None
    assert json.loads(gzip.decompress(base64.b64decode(data[1]))) == made
    assert page == render(made)  # the same run, the same file
