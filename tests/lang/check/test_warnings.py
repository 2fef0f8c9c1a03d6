"""Warnings: given where TradingView or a careful reader would, and nowhere else."""

from __future__ import annotations

import pytest

from pinery.lang.check import check
from pinery.lang.diagnostics import Severity
from pinery.lang.source import Source


def warnings(text: str, version: int = 6) -> list[str]:
    found = check(Source(f'//@version={version}\nindicator("t")\n{text}\n')).diagnostics
    assert not [d for d in found if d.severity is Severity.ERROR], found
    return [d.code for d in found]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("x = 0.0\nif close > open\n    x := ta.sma(close, 3)", ["W201"]),
        ("x = close > open ? ta.ema(close, 3) : 0", ["W201"]),
        ("x = close > open and ta.crossover(close, open)", ["W201"]),
        ("f() => ta.sma(close, 3)\nx = close > open ? f() : 0", ["W201"]),
        ("f(s) => s[1]\nx = close > open ? f(close) : 0", ["W201"]),
        ("x = 0.0\nfor i = 1 to 3\n    x += ta.sma(close, 3)", ["W201"]),
        # The same branch on every bar, no state, or run on every bar: nothing to say.
        ("x = input.bool(true) ? ta.sma(close, 3) : ta.ema(close, 3)", []),
        ("x = 0.0\nif timeframe.isdaily\n    x := ta.sma(close, 3)", []),
        ("x = close > open ? math.max(close, 3) : close[1]", []),
        ("f() =>\n    ta.sma(close, 3)\nx = f()", []),
        ("x = ta.crossover(close, open) and close > open", []),
        # shadowing
        ("x = 1\nif close > open\n    x = 2\n    x := 3", ["W202"]),
        ("f(x) =>\n    y = x\n    y\ny = f(1)", []),
        # requests
        ("request.security('A', 'D', close)", ["W203", "W302"]),
        ("x = request.security('A', 'D', close, lookahead = barmerge.lookahead_on)", ["W301"]),
        ("x = request.security('A', 'D', close[1], lookahead = barmerge.lookahead_on)", []),
        ("p = close[1]\nx = request.security('A', 'D', p, lookahead = barmerge.lookahead_on)", []),
        ("f() => close[1]\nx = request.security('A', 'D', f(), lookahead = barmerge.lookahead_on)", []),
        ("x = request.security('A', 'D', open, lookahead = barmerge.lookahead_on)", []),
        ("x = request.security('A', 'D', ta.atr(3))", ["W302"]),
        ("x = request.security('A', timeframe.period, close)", []),
        # live bars
        ("x = timenow", ["W304"]),
        ("varip x = 1", ["W303"]),
        ("plot(close, offset = -3)", ["W305"]),
        ("plot(close, offset = 3)", []),
        ("x = close == na", ["W210"]),
    ],
)
def test_warnings(text: str, codes: list[str]) -> None:
    assert warnings(text) == codes


def test_and_is_eager_before_v6() -> None:
    assert warnings("x = close > open and ta.crossover(close, open)", version=5) == []


def test_strategies_that_calculate_on_ticks() -> None:
    found = check(Source("//@version=5\nstrategy('t', calc_on_every_tick = true)\n")).diagnostics
    assert [d.code for d in found] == ["W306"]
