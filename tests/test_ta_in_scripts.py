"""ta and math built-ins inside scripts: against the same thing written out in Pine, and in every version's manner."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pinery.core.bars import BarSeries
from pinery.core.instrument import Instrument
from pinery.engine import compile_script, run
from pinery.lang.source import Source
from pinery.market.providers import FileData
from pinery.runtime.no_broker import NoBroker
from pinery.runtime.timeframes import Timeframe

INSTRUMENT = Instrument("BINANCE", "ETHUSDT.P", pricescale=100, currency="USDT", basecurrency="ETH")
HOUR = Timeframe.parse("60")


def random_bars(count: int = 400) -> BarSeries:
    chance = np.random.default_rng(5)
    close = 100 + np.cumsum(chance.normal(0, 1, count)).round(2)
    open_ = np.concatenate([[100.0], close[:-1]])
    high = np.maximum(open_, close) + chance.random(count).round(2)
    low = np.minimum(open_, close) - chance.random(count).round(2)
    start = 1_704_067_200_000
    return BarSeries(
        start + np.arange(count) * 3_600_000, open_, high, low, close, chance.integers(1, 99, count).astype(float)
    )


def plots_of(text: str) -> dict[str, list[float]]:
    bars = random_bars()
    data = FileData(bars, INSTRUMENT, HOUR)
    result = run(compile_script(Source(text, "script")), bars, INSTRUMENT, HOUR, strategy=NoBroker(), data=data)
    return dict(result.outputs.plot_columns())


# name, built-in, the same in Pine (`r` is its result), bars until it has a value
WRITTEN_OUT = [
    ("mfi", "ta.mfi(hlc3, 14)", """
g = math.sum(volume * (ta.change(hlc3) <= 0 ? 0 : hlc3), 14)
l = math.sum(volume * (ta.change(hlc3) >= 0 ? 0 : hlc3), 14)
r = 100 - 100 / (1 + g / l)""", 13),
    ("rsi", "ta.rsi(close, 14)", """
u = ta.rma(math.max(close - close[1], 0), 14)
d = ta.rma(math.max(close[1] - close, 0), 14)
r = 100 - 100 / (1 + u / d)""", 14),
    ("cmo", "ta.cmo(close, 9)", """
m = ta.change(close)
p = math.sum(m >= 0 ? m : 0, 9)
q = math.sum(m >= 0 ? 0 : -m, 9)
r = 100 * (p - q) / (p + q)""", 9),
    ("stoch", "ta.stoch(close, high, low, 14)", """
r = 100 * (close - ta.lowest(low, 14)) / (ta.highest(high, 14) - ta.lowest(low, 14))""", 13),
    ("wpr", "ta.wpr(14)", "r = 100 * (close - ta.highest(14)) / (ta.highest(14) - ta.lowest(14))", 13),
    ("tsi", "ta.tsi(close, 13, 25)", """
m = ta.change(close)
r = ta.ema(ta.ema(m, 25), 13) / ta.ema(ta.ema(math.abs(m), 25), 13)""", 37),
    ("cog", "ta.cog(close, 10)", """
n = 0.0
for i = 0 to 9
    n += close[i] * (i + 1)
r = -n / math.sum(close, 10)""", 9),
    ("hma", "ta.hma(close, 9)", "r = ta.wma(2 * ta.wma(close, 4) - ta.wma(close, 9), 3)", 10),
    ("wma", "ta.wma(close, 9 / 2)", """
r = (close * 4 + close[1] * 3 + close[2] * 2 + close[3]) / 10""", 3),
    ("vwma", "ta.vwma(close, 20)", "r = ta.sma(close * volume, 20) / ta.sma(volume, 20)", 19),
    ("alma", "ta.alma(close, 9, 0.85, 6, true)", """
m = math.floor(0.85 * 8)
n = 0.0
w = 0.0
for i = 0 to 8
    k = math.exp(-1 * math.pow(i - m, 2) / (2 * math.pow(9 / 6.0, 2)))
    w += k
    n += close[8 - i] * k
r = n / w""", 8),
    ("stdev", "ta.stdev(close, 20)", """
s = 0.0
a = ta.sma(close, 20)
for i = 0 to 19
    s += math.pow(close[i] - a, 2)
r = math.sqrt(s / 20)""", 19),
    ("kcw", "ta.kcw(close, 20, 1.5)", "r = 2 * 1.5 * ta.ema(ta.tr, 20) / ta.ema(close, 20)", 20),
    ("bbw", "ta.bbw(close, 20, 2)", "r = 4 * ta.stdev(close, 20) / ta.sma(close, 20) * 100", 19),
    ("obv", "ta.obv", """
var t = 0.0
t += nz(math.sign(ta.change(close)) * volume)
r = na(close[1]) ? na : t""", 1),
    ("accdist", "ta.accdist", """
var t = 0.0
t += high == low ? 0 : (2 * close - low - high) / (high - low) * volume
r = t""", 0),
    ("pvt", "ta.pvt", """
var t = 0.0
t += nz(ta.change(close) / close[1] * volume)
r = na(close[1]) ? na : t""", 1),
    ("wad", "ta.wad", """
m = ta.change(close)
g = m > 0 ? close - math.min(low, close[1]) : m < 0 ? close - math.max(high, close[1]) : 0
var t = 0.0
t += g
r = t""", 0),
    ("nvi", "ta.nvi", """
var r = 1.0
r := volume < nz(volume[1]) ? r * close / close[1] : r""", 0),
    ("pvi", "ta.pvi", """
var r = 1.0
r := bar_index > 0 and volume > nz(volume[1]) ? r * close / close[1] : r""", 0),
    ("wvad", "ta.wvad", "r = (close - open) / (high - low) * volume", 0),
    ("iii", "ta.iii", "r = (2 * close - high - low) / ((high - low) * volume)", 0),
    ("vwap", "ta.vwap", """
var p = 0.0
var v = 0.0
p := timeframe.change("1D") ? hlc3 * volume : p + hlc3 * volume
v := timeframe.change("1D") ? volume : v + volume
r = p / v""", 0),
    ("pivots", 'ta.pivot_point_levels("Camarilla", timeframe.change("1D")).get(1)', """
[h, l, c] = request.security(syminfo.tickerid, "1D", [high[1], low[1], close[1]], lookahead = barmerge.lookahead_on)
r = c + 1.1 * (h - l) / 12""", 24),
]  # fmt: skip


@pytest.mark.parametrize(("name", "builtin", "pine", "start"), WRITTEN_OUT, ids=[w[0] for w in WRITTEN_OUT])
def test_built_in_is_what_its_formula_gives(name: str, builtin: str, pine: str, start: int) -> None:
    plots = plots_of(f'//@version=6\nindicator("x")\n{pine}\nplot({builtin}, "built-in")\nplot(r, "formula")\n')
    got, wanted = plots["built-in"], plots["formula"]
    assert all(x != x for x in got[:start]), got[:start]
    for bar in range(start, len(got)):
        assert math.isclose(got[bar], wanted[bar], rel_tol=1e-9, abs_tol=1e-9), f"bar {bar}"


def test_lengths_that_change_in_a_loop_do_not_disturb_each_other() -> None:
    plots = plots_of("""//@version=6
indicator("x")
a = 0.0
b = 0.0
for i = 1 to 20
    a += ta.sma(close, i) + ta.highest(close, i) + ta.wma(close, i) + ta.percentrank(close, i)
    s = 0.0
    w = 0.0
    h = close
    c = 0
    for j = 0 to i - 1
        s += close[j] / i
        w += close[j] * (i - j) / (i * (i + 1) / 2)
        h := math.max(h, close[j])
        c += close[j + 1] <= close ? 1 : 0
    b += s + h + w + 100.0 * c / i
plot(a, "a")
plot(b, "b")
""")
    assert all(x != x for x in plots["a"][:20])
    for a, b in zip(plots["a"][20:], plots["b"][20:], strict=True):
        assert math.isclose(a, b, rel_tol=1e-9)


def test_version_4_takes_its_own_forms() -> None:
    plots = plots_of("""//@version=4
study("x")
length = input(9)
up = rma(max(change(close), 0), 14)
down = rma(-min(change(close), 0), 14)
plot(rsi(up, down), "rsi of two")
plot(rsi(close, 14), "rsi")
plot(wma(2 * wma(close, length / 2) - wma(close, length), round(sqrt(length))), "hull")
plot(hma(close, length), "hma")
plot(sum(volume, 5), "sum")
plot(sma(volume, 5) * 5, "five")
plot(vwap(hlc3), "vwap call")
plot(vwap, "vwap")
plot(tr(true), "tr")
plot(max(high - low, abs(high - close[1]), abs(low - close[1])), "range")
""")
    pairs = [("rsi of two", "rsi"), ("hull", "hma"), ("sum", "five"), ("vwap call", "vwap"), ("range", "tr")]
    for one, other in pairs:
        values = list(zip(plots[one], plots[other], strict=True))[20:]
        assert all(math.isclose(a, b, rel_tol=1e-9) for a, b in values), (one, other)


def test_every_function_runs_with_named_arguments() -> None:
    plots = plots_of("""//@version=6
indicator("x")
[middle, upper, lower] = ta.bb(series = close, length = 20, mult = 2)
[m2, u2, l2] = ta.kc(series = close, length = 20, mult = 2, useTrueRange = false)
[plus, minus, adx] = ta.dmi(diLength = 14, adxSmoothing = 14)
[line, signal, hist] = ta.macd(source = close, fastlen = 12, slowlen = 26, siglen = 9)
[trend, direction] = ta.supertrend(factor = 3, atrPeriod = 10)
[v, vu, vl] = ta.vwap(source = hlc3, anchor = timeframe.change("1D"), stdev_mult = 1)
a = middle + u2 + plus + hist + trend + vu + ta.correlation(source1 = close, source2 = open, length = 9)
a += ta.sar(start = 0.02, inc = 0.02, max = 0.2) + ta.linreg(source = close, length = 9, offset = 1)
a += ta.percentile_nearest_rank(source = close, length = 9, percentage = 50) + ta.tr(handle_na = true)
a += ta.valuewhen(condition = close > open, source = close, occurrence = 1) + ta.change(source = close, length = 2)
a += ta.stdev(source = close, length = 9, biased = false) + ta.variance(source = close, length = 9)
a += nz(ta.pivothigh(source = close, leftbars = 2, rightbars = 2)) + nz(ta.pivotlow(leftbars = 2, rightbars = 2))
a += math.round(number = close, precision = 1) + math.pow(base = 2, exponent = 3) + math.sum(source = close, length = 3)
a += math.random(min = 1, max = 2, seed = 3) + math.random(seed = 4) + math.random()
plot(a, "a")
""")
    assert all(x == x for x in plots["a"][60:])
