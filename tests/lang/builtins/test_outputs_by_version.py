"""Plots and inputs take their arguments in the order of the script's Pine version."""

from __future__ import annotations

import pytest

from pinery.lang.check import check
from pinery.lang.source import Source

V4 = """//@version=4
study("s", "s", true, format.price, 2, resolution="")
p = plot(close, "A", color.red, 2, plot.style_line, false, 50)
q = plot(open, transp=20)
fill(p, q, color.red, 80, "F")
plotshape(close > open, "up", shape.triangleup, location.belowbar, color.green, 0, 1, "B", color.white)
plotchar(close, "c", "x", location.top, color.red, 0)
bgcolor(close > open ? color.red : na, 90)
length = input(14, "Length", input.integer, 1, 100)
factor = input(title="Factor", type=input.float, defval=2, minval=0.5, step=0.5)
kind = input("A", "Kind", input.string, false, ["A", "B"])
source = input(close, "Source", input.source)
plot(sma(source, length) * factor)
"""
V6 = """//@version=6
indicator("s", "s", true, format.price, 2, timeframe = "")
p = plot(close, "A", color.red, 2, plot.style_line, false, 50, -1, display = display.all - display.status_line)
q = plot(open, linestyle = plot.linestyle_dashed, force_overlay = true)
fill(p, q, color.red, "F")
fill(p, q, 10.0, 5.0, color.red, color.blue)
fill(hline(1), hline(2), color = color.new(color.gray, 90))
plotshape(close > open, "up", shape.triangleup, location.belowbar, color.green, 1, "B", color.white)
plotshape(close > open ? low : na, location = location.absolute)
length = input.int(14, "Length", 1, 100, 1, "How long", group = "G")
choice = input.int(7, "Choice", options = [7, 14])
source = input(close, "Source")
plot(ta.sma(source, length) + choice)
"""


def errors(text: str) -> list[str]:
    return [d.message for d in check(Source(text, "script.pine")).diagnostics if d.severity.name == "ERROR"]


@pytest.mark.parametrize("text", [V4, V6], ids=["v4", "v6"])
def test_each_version_s_own_order_is_accepted(text: str) -> None:
    assert errors(text) == []


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("plot(close, transp = 50)", "no parameter `transp`"),
        ('plotshape("text")', "plotshape"),
        ("hline(close)", "price"),
        ('x = input(14, "x", type = "integer")', "type"),
        ("if close > open\n    plot(close)", "local block"),
    ],
)
def test_what_version_6_refuses(line: str, complaint: str) -> None:
    (message,) = errors(f'//@version=6\nindicator("s")\n{line}\n')
    assert complaint in message


def test_version_5_still_takes_transp_by_name() -> None:
    assert errors('//@version=5\nindicator("s")\nplot(close, transp = 50)\nbgcolor(color.red, transp = 90)\n') == []
