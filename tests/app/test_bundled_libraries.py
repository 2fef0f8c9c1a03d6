"""Pinery's own TradingView/ta: each function against its definition, and when it stands in for the library."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import pinery
from pinery.app import libraries

COUNT = 300
TAIL = 100  # values are compared on the last bars: averages that start differently have met by then
LIBRARY = Path(libraries.__file__).parent / libraries.BUNDLED / "TradingView" / "ta.pine"
Values = list[float]


@cache
def columns() -> dict[str, Values]:
    chance = np.random.default_rng(11)
    close = 500 + np.cumsum(chance.normal(0, 1, COUNT)).round(2)
    open_ = np.concatenate([[500.0], close[:-1]])
    return {
        "time": [1704067200 + 3600 * i for i in range(COUNT)],
        "open": open_.tolist(),
        "high": (np.maximum(open_, close) + chance.random(COUNT).round(2)).tolist(),
        "low": (np.minimum(open_, close) - chance.random(COUNT).round(2)).tolist(),
        "close": close.tolist(),
        "volume": chance.integers(1, 99, COUNT).astype(float).tolist(),
    }


O, H, L, C, V = (columns()[name] for name in ("open", "high", "low", "close", "volume"))  # noqa: E741
N = range(COUNT)
HL2 = [(h + low) / 2 for h, low in zip(H, L, strict=True)]


def run(body: str, version: int = 6, line: str = "import TradingView/ta/7 as tv") -> dict[str, Values]:
    text = f'//@version={version}\nindicator("Test")\n{line}\n{body}\n'
    return pinery.run(text, bars=columns(), symbol="AAA:BBB").plots


def each(values: Values, length: int, give: Callable[[Values], float]) -> Values:
    """``give`` of each window of ``length`` bars, nan before the first."""
    return [give(values[i - length + 1 : i + 1]) if i >= length - 1 else math.nan for i in N]


def mean(values: Values, length: int) -> Values:
    return each(values, length, lambda w: math.fsum(w) / length)


def total(values: Values, length: int) -> Values:
    return each(values, length, math.fsum)


def top(values: Values, length: int) -> Values:
    return each(values, length, max)


def bottom(values: Values, length: int) -> Values:
    return each(values, length, min)


def decayed(values: Values, alpha: float) -> Values:
    """The exponential average written as a sum over all bars before, which is normalised where these end."""
    seen = [v if v == v else 0.0 for v in values]
    weights = [alpha * (1 - alpha) ** i for i in N]
    return [
        math.fsum(weights[i - k] * seen[k] for k in range(i + 1))
        / math.fsum(weights[i - k] for k in range(i + 1) if values[k] == values[k])
        if any(v == v for v in values[: i + 1])
        else math.nan
        for i in N
    ]


def ema(values: Values, length: int) -> Values:
    return decayed(values, 2 / (length + 1))


def moved(values: Values, bars: int = 1) -> Values:
    return [values[i] - values[i - bars] if i >= bars else math.nan for i in N]


def zip_(give: Callable[..., float], *series: Values) -> Values:
    return [give(*values) for values in zip(*series, strict=True)]


def sign(change: float) -> float:
    return math.copysign(1, change) if change else -1.0


CHANGE = moved(C)
TR = [H[i] - L[i] if i == 0 else max(H[i] - L[i], abs(H[i] - C[i - 1]), abs(L[i] - C[i - 1])) for i in N]


def times(values: Values, length: int, count: int) -> Values:
    for _ in range(count):
        values = ema(values, length)
    return values


def t3(length: int, v: float) -> Values:
    def gd(values: Values) -> Values:  # Tillson's generalized DEMA
        return zip_(lambda a, b: a * (1 + v) - b * v, ema(values, length), times(values, length, 2))

    return gd(gd(gd(C)))


def stoch(values: Values, high: Values, low: Values, length: int) -> Values:
    return zip_(
        lambda v, h, lo: 100 * (v - lo) / (h - lo) if h > lo else math.nan,
        values,
        top(high, length),
        bottom(low, length),
    )


def rsi(length: int) -> Values:
    up = decayed([max(c, 0.0) if c == c else math.nan for c in CHANGE], 1 / length)
    down = decayed([max(-c, 0.0) if c == c else math.nan for c in CHANGE], 1 / length)
    return zip_(lambda u, d: 100 * u / (u + d), up, down)


def roc(bars: int) -> Values:
    return [100 * (C[i] / C[i - bars] - 1) if i >= bars else math.nan for i in N]


def fisher(length: int) -> Values:
    place, out, found = 0.0, 0.0, []
    for c, h, lo in zip(C, top(C, length), bottom(C, length), strict=True):
        now = 2 * ((c - lo) / (h - lo) - 0.5) if h > lo else 0.0
        place = 0.33 * now + 0.67 * place
        place = math.copysign(0.999, place) if abs(place) > 0.99 else place
        out = math.atanh(place) + out / 2
        found.append(out)
    return found


def dimension_average(length: int) -> Values:
    """Ehlers' FRAMA: alpha from the fractal dimension of the highs and lows."""
    half, average, found = length // 2, math.nan, []
    for i in N:
        if i >= length - 1:
            late, early = range(i - half + 1, i + 1), range(i - length + 1, i - half + 1)
            n1, n2 = ((max(H[k] for k in w) - min(L[k] for k in w)) / half for w in (late, early))
            n3 = (max(H[i - length + 1 : i + 1]) - min(L[i - length + 1 : i + 1])) / length
            dimension = (math.log(n1 + n2) - math.log(n3)) / math.log(2)
            alpha = min(1.0, max(0.01, math.exp(-4.6 * (dimension - 1))))
            average = C[i] if math.isnan(average) else alpha * C[i] + (1 - alpha) * average
        found.append(average)
    return found


def stop(length: int, factor: float, exact: bool) -> tuple[Values, Values]:
    """The volatility stop: ATR × factor away from the trend's best close; never moved against the trend."""
    distances = [factor * v for v in decayed(TR, 1 / length)] if exact else []
    up, level, run_of, stops, trends = True, math.nan, [], [], []
    for i in N:
        run_of.append(C[i])
        far = max(run_of) - distances[i] if up else min(run_of) + distances[i]
        level = far if math.isnan(level) else max(level, far) if up else min(level, far)
        if (C[i] >= level) != up:
            up, run_of = not up, [C[i]]
            level = C[i] - distances[i] if up else C[i] + distances[i]
        stops.append(level)
        trends.append(float(up))
    return stops, trends


def wilder(values: Values, length: int) -> Values:
    average = math.nan
    return [average := v if math.isnan(average) else average + (v - average) / length for v in values]


def running_ema(values: Values, length: int) -> Values:
    average = math.nan
    return [average := v if math.isnan(average) else average + 2 / (length + 1) * (v - average) for v in values]


def peaks(values: Values, n: int) -> Values:
    return [
        float(
            i >= 2 * n
            and max(values[i - n + 1 : i + 1]) < values[i - n]
            and max(values[i - 2 * n : i - n]) < values[i - n]
        )
        for i in N
    ]


def stc(fast: int, slow: int, cycle: int, d1: int, d2: int) -> Values:
    macd = zip_(lambda a, b: a - b, ema(C, fast), ema(C, slow))
    once = ema(stoch(macd, macd, macd, cycle), d1)
    return [min(100.0, max(0.0, v)) for v in ema(stoch(once, once, once, cycle), d2)]


def ultimate() -> Values:
    floor = [L[0], *(min(L[i], C[i - 1]) for i in N[1:])]
    ceiling = [H[0], *(max(H[i], C[i - 1]) for i in N[1:])]
    bought, spread = zip_(lambda c, f: c - f, C, floor), zip_(lambda a, b: a - b, ceiling, floor)
    averages = [zip_(lambda b, s: b / s, total(bought, n), total(spread, n)) for n in (7, 14, 28)]
    return zip_(lambda a, b, c: 100 * (4 * a + 2 * b + c) / 7, *averages)


def zone(values: Values, length: int) -> Values:
    signed = zip_(lambda v, c: v * sign(c), values, CHANGE)
    return zip_(lambda a, b: 100 * a / b, ema(signed, length), ema(values, length))


def vortex(length: int) -> list[Values]:
    plus = [math.nan, *(abs(H[i] - L[i - 1]) for i in N[1:])]
    minus = [math.nan, *(abs(L[i] - H[i - 1]) for i in N[1:])]
    return [zip_(lambda a, b: a / b, total(v, length), total(TR, length)) for v in (plus, minus)]


def middle(length: int) -> Values:
    return zip_(lambda a, b: (a + b) / 2, top(H, length), bottom(L, length))


def weighted(values: Values, length: int) -> Values:
    return each(values, length, lambda w: sum((i + 1) * v for i, v in enumerate(w)) / (length * (length + 1) / 2))


def since(give: Callable[[Values], float], values: Values, every: int) -> Values:
    return [give(values[i - i % every : i + 1]) for i in N]


def klinger() -> list[Values]:
    typical = [(h + lo + c) / 3 for h, lo, c in zip(H, L, C, strict=True)]
    force = zip_(lambda v, c: 100 * v * (math.copysign(1, c) if c else 0), V, moved(typical))
    value = zip_(lambda a, b: a - b, ema(force, 5), ema(force, 9))
    return [value, ema(value, 4)]


def trix() -> list[Values]:
    value = [10000 * c for c in moved(times([math.log(c) for c in C], 7, 3))]
    signal = ema(value, 5)
    return [value, signal, zip_(lambda a, b: a - b, value, signal)]


def demarker(length: int) -> Values:
    up, down = mean([max(c, 0.0) for c in moved(H)], length), mean([max(-c, 0.0) for c in moved(L)], length)
    return zip_(lambda u, d: u / (u + d), up, down)


def tema_(values: Values, length: int) -> Values:
    return zip_(lambda a, b, c: 3 * a - 3 * b + c, *(times(values, length, n) for n in (1, 2, 3)))


def ease(length: int) -> Values:
    return mean(zip_(lambda c, h, lo, v: 10000 * c * (h - lo) / v, moved(HL2), H, L, V), length)


# A call and its result; for a tuple, its results.
DEFINITIONS: dict[str, Callable[[], Values | list[Values]]] = {
    "ema2(close, 9)": lambda: ema(C, 9),
    "rma2(close, 9)": lambda: decayed(C, 1 / 9),
    "atr2(9)": lambda: decayed(TR, 1 / 9),
    "dema(close, 9)": lambda: zip_(lambda a, b: 2 * a - b, ema(C, 9), times(C, 9, 2)),
    "dema2(close, 9)": lambda: zip_(lambda a, b: 2 * a - b, ema(C, 9), times(C, 9, 2)),
    "tema(close, 9)": lambda: tema_(C, 9),
    "tema2(close, 9)": lambda: tema_(C, 9),
    "trima(close, 5)": lambda: each(C, 5, lambda w: (w[0] + 2 * w[1] + 3 * w[2] + 2 * w[3] + w[4]) / 9),
    "trima(close, 4)": lambda: each(C, 4, lambda w: (w[0] + 2 * w[1] + 2 * w[2] + w[3]) / 6),
    "trima2(close, 5)": lambda: each(C, 5, lambda w: (w[0] + 2 * w[1] + 3 * w[2] + 2 * w[3] + w[4]) / 9),
    "t3(close, 5)": lambda: t3(5, 0.7),
    "t3(close, 5, 0.5)": lambda: t3(5, 0.5),
    "t3Alt(close, 5)": lambda: t3(5, 0.7),
    "frama(close, 16)": lambda: dimension_average(16),
    "rms(close, 9)": lambda: each(C, 9, lambda w: math.sqrt(sum(v * v for v in w) / 9)),
    "allTimeHigh()": lambda: [max(H[: i + 1]) for i in N],
    "allTimeLow(close)": lambda: [min(C[: i + 1]) for i in N],
    "highestSince(bar_index % 7 == 0)": lambda: since(max, H, 7),
    "lowestSince(cond = bar_index % 7 == 0, source = close)": lambda: since(min, C, 7),
    "changePercent(close, open)": lambda: [100 * (c / o - 1) for c, o in zip(C, O, strict=True)],
    "cagr(time[48], close[48], time, close)": lambda: [
        100 * ((C[i] / C[i - 48]) ** (365 / 2) - 1) if i >= 48 else math.nan for i in N
    ],
    "aroon(10)": lambda: [
        each(H, 11, lambda w: 10.0 * max(i for i, v in enumerate(w) if v == max(w))),
        each(L, 11, lambda w: 10.0 * max(i for i, v in enumerate(w) if v == min(w))),
    ],
    "donchian(9)": lambda: [top(H, 9), bottom(L, 9), middle(9)],
    "ichimoku()": lambda: [
        middle(9),
        middle(26),
        zip_(lambda a, b: (a + b) / 2, middle(9), middle(26)),
        middle(52),
        C,
    ],
    "vStop(close, 10, 2)": lambda: list(stop(10, 2.0, True)),
    "vStop2(close, 10, 2)": lambda: list(stop(10, 2.0, True)),
    "vi(9)": lambda: vortex(9),
    "vhf(close, 9)": lambda: zip_(
        lambda h, lo, s: (h - lo) / s, top(C, 9), bottom(C, 9), total([abs(c) for c in CHANGE], 9)
    ),
    "rwi(9)": lambda: [
        [(H[i] - L[i - 9]) / (a * 3) if i >= 9 else math.nan for i, a in enumerate(decayed(TR, 1 / 9))],
        [(H[i - 9] - L[i]) / (a * 3) if i >= 9 else math.nan for i, a in enumerate(decayed(TR, 1 / 9))],
    ],
    "williamsFractal(2)": lambda: [peaks(H, 2), peaks([-v for v in L], 2)],
    "ao()": lambda: zip_(lambda a, b: a - b, mean(HL2, 5), mean(HL2, 34)),
    "ao(close, 3, 9)": lambda: zip_(lambda a, b: a - b, mean(C, 3), mean(C, 9)),
    "coppock(close, 14, 11, 10)": lambda: weighted(zip_(lambda a, b: a + b, roc(14), roc(11)), 10),
    "dm(9)": lambda: demarker(9),
    "ft(close, 9)": lambda: fisher(9),
    "ift(close - open)": lambda: [math.tanh(c - o) for c, o in zip(C, O, strict=True)],
    "ht(close)": lambda: [
        0.0962 * C[i] + 0.5769 * C[i - 2] - 0.5769 * C[i - 4] - 0.0962 * C[i - 6] if i >= 6 else math.nan for i in N
    ],
    "stochFull(9, 3, 4)": lambda: [mean(stoch(C, H, L, 9), 3), mean(mean(stoch(C, H, L, 9), 3), 4)],
    "stochRsi(5, 6, 3, 4, close)": lambda: [
        mean(stoch(rsi(5), rsi(5), rsi(5), 6), 3),
        mean(mean(stoch(rsi(5), rsi(5), rsi(5), 6), 3), 4),
    ],
    "stc(close, 5, 9, 6, 3, 3)": lambda: stc(5, 9, 6, 3, 3),
    "trix(close, 7, 5)": trix,
    "uo(7, 14, 28)": ultimate,
    "wpo(9)": lambda: ema(zip_(lambda c, h, m: sign(m) * 2 * math.pi / math.asin(c / h), C, top(H, 9), CHANGE), 9),
    "pzo(9)": lambda: zone(C, 9),
    "vzo(9)": lambda: zone(V, 9),
    "szo(close, 9)": lambda: [100 / 9 * v for v in tema_([sign(c) for c in CHANGE], 9)],
    "eom(9)": lambda: ease(9),
    "kvo(5, 9, 4)": klinger,
}
ELSEWHERE = {"supertrend", "supertrend2", "relativeVolume", "requestUpAndDownVolume", "requestVolumeDelta"}


def same(found: Values, wanted: Values, tail: int = TAIL) -> None:
    assert len(found) == len(wanted)
    assert found[-tail:] == pytest.approx(wanted[-tail:], rel=1e-6, abs=1e-6, nan_ok=True)
    assert not any(math.isnan(v) for v in found[-tail:])


@pytest.mark.parametrize("call", DEFINITIONS)
def test_functions_follow_their_definitions(call: str) -> None:
    wanted = DEFINITIONS[call]()
    if isinstance(wanted[0], list):
        names = [f"v{i}" for i in range(len(wanted))]
        number = call.startswith(("vStop", "williams"))
        body = f"[{', '.join(names)}] = tv.{call}\n"
        for i, name in enumerate(names):
            flag = number and (call.startswith("williams") or i == 1)
            body += f'plot({name}{" ? 1 : 0" if flag else ""}, "{name}")\n'
        plots = run(body)
        for name, values in zip(names, wanted, strict=True):
            same(plots[name], values)  # type: ignore[arg-type]
    else:
        same(run(f'plot(tv.{call}, "v")')["v"], wanted)  # type: ignore[arg-type]


def test_every_exported_function_is_tested() -> None:
    exported = set(re.findall(r"^export (\w+)\(", LIBRARY.read_text(encoding="utf-8"), re.MULTILINE))
    tested = {call.partition("(")[0] for call in DEFINITIONS} | ELSEWHERE
    assert exported == tested
    listed = (Path(__file__).resolve().parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
    assert exported <= set(re.findall(r"`(\w+)`", listed))


def test_supertrend_is_the_built_in_one_and_wicks_reverse_it() -> None:
    plots = run(
        "[line, trend] = tv.supertrend(2, 10)\n[own, way] = ta.supertrend(2, 10)\n"
        "[dear, wicked] = tv.supertrend(2, 10, true)\n[line2, trend2] = tv.supertrend2(2, 10)\n"
        'plot(line, "a"), plot(own, "b"), plot(trend, "c"), plot(way, "d"), plot(dear, "e"), plot(wicked, "f")\n'
        'plot(line2, "g"), plot(trend2, "h")'
    )
    assert plots["a"] == pytest.approx(plots["b"], nan_ok=True)
    assert plots["c"] == plots["d"]
    turned = [i for i in N[20:] if plots["f"][i] != plots["f"][i - 1]]
    assert any(C[i] < plots["e"][i - 1] < H[i] or L[i] < plots["e"][i - 1] < C[i] for i in turned)
    # A low below the line in an uptrend ends it; so every low of an uptrend lies above the line.
    assert all(L[i] >= plots["e"][i] for i in N[20:] if plots["f"][i] == -1)
    assert all(H[i] <= plots["e"][i] for i in N[20:] if plots["f"][i] == 1)
    assert plots["g"][-TAIL:] == pytest.approx(plots["a"][-TAIL:], rel=1e-6)
    assert plots["h"][-TAIL:] == plots["c"][-TAIL:]


def test_trix_can_average_simply() -> None:
    plots = run('[value, signal, rest] = tv.trix(close, 3, 5, false)\nplot(value, "v"), plot(signal, "s")')
    logs = [math.log(c) for c in C]
    value = [10000 * c for c in moved(mean(mean(mean(logs, 3), 3), 3))]
    same(plots["v"], value)
    same(plots["s"], mean(value, 5))


def test_growth_is_na_until_a_day_has_passed() -> None:
    plots = run(
        'plot(tv.cagr(time[23], close[23], time, close), "short")\nplot(tv.cagr(time, 1, time + 86400000, 2), "ahead")'
    )
    assert all(math.isnan(v) for v in [*plots["short"], *plots["ahead"]])


def test_equal_bars_before_a_fractal_do_not_hide_it() -> None:
    body = '[up, down] = tv.williamsFractal(2)\nplot(up ? 1 : 0, "up")'
    bars = columns() | {"high": [2000.0 if k in (10, 11, 12) else h for k, h in enumerate(H)]}
    text = f'//@version=6\nindicator("Test")\nimport TradingView/ta/7 as tv\n{body}\n'
    up = pinery.run(text, bars=bars, symbol="AAA:BBB").plots["up"]
    assert up[10:15] == [0, 0, 0, 0, 1]  # two bars after the last of the three


def test_relative_volume_compares_the_same_time_of_past_days() -> None:
    plots = run(
        '[a, b, c] = tv.relativeVolume(3, "1D")\n[d, e, f] = tv.relativeVolume(3, "1D", false)\n'
        '[g, h, i] = tv.relativeVolume(4, "")\n[j, k, l] = tv.relativeVolume(4, "", false, true)\n'
        'plot(a, "a"), plot(b, "b"), plot(c, "c"), plot(e, "e"), plot(f, "f"), plot(g, "g"), plot(h, "h")\n'
        'plot(i, "i"), plot(l, "l")'
    )
    day = [math.fsum(V[i - i % 24 : i + 1]) for i in N]
    past = [math.fsum(day[i - 24 * k] for k in (1, 2, 3)) / 3 if i >= 96 else math.nan for i in N]
    same(plots["a"], day)
    same(plots["b"], past)
    same(plots["c"], zip_(lambda a, b: a / b, day, past))
    bar = [math.fsum(V[i - 24 * k] for k in (1, 2, 3)) / 3 if i >= 96 else math.nan for i in N]
    same(plots["e"], bar)
    same(plots["f"], zip_(lambda a, b: a / b, V, bar))
    # A period no longer than a bar: the bars before.
    last = [math.fsum(V[i - 4 : i]) / 4 if i >= 5 else math.nan for i in N]
    same(plots["g"], V)
    same(plots["h"], last)
    same(plots["i"], zip_(lambda a, b: a / b, V, last))
    assert plots["l"] == pytest.approx(plots["i"], nan_ok=True)  # every bar of history is finished


def quarters(home: Path) -> Path:
    """Bars of a quarter of an hour: four rising, falling, flat but higher, and wholly flat ones each hour."""
    close, rows = 100.0, []
    for i in range(4 * 48):
        kind, volume = i % 4, 10.0 + i
        open_ = close + (1.0 if kind == 2 else 0.0)
        close = open_ + (2.0 if kind == 0 else -1.0 if kind == 1 else 0.0)
        rows.append(f"{1704067200 + 900 * i},{open_},{max(open_, close)},{min(open_, close)},{close},{volume}")
    path = home / "quarters.csv"
    path.write_text("time,open,high,low,close,volume\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_lower_bars_split_the_volume(home: Path) -> None:
    text = """//@version=6
indicator("Delta")
import TradingView/ta/10
[up, down, delta] = ta.requestUpAndDownVolume("15")
[o, h, l, c] = ta.requestVolumeDelta("15")
[o2, h2, l2, c2] = ta.requestVolumeDelta("15", "1D")
plot(up, "up"), plot(down, "down"), plot(delta, "delta")
plot(o, "o"), plot(h, "h"), plot(l, "l"), plot(c, "c"), plot(o2, "o2"), plot(h2, "h2"), plot(l2, "l2"), plot(c2, "c2")
"""
    finer = quarters(home)
    found = pinery.run(text, bars=finer, timeframe="60", symbol="AAA:BBB", feeds={"AAA:BBB@15": finer})
    running = 0.0
    assert len(found.bars) == 48
    for i in range(48):
        first = 10.0 + 4 * i
        steps = [first, -(first + 1), first + 2, first + 3]  # up, down, higher than before, and as before
        up, down = first + first + 2 + first + 3, -(first + 1)
        inside = [0.0, *(math.fsum(steps[: n + 1]) for n in range(4))]
        running = 0.0 if i % 24 == 0 else running
        values = {name: column[i] for name, column in found.plots.items()}
        assert (values["up"], values["down"], values["delta"]) == (up, down, up + down)
        assert (values["o"], values["h"], values["l"], values["c"]) == (0, max(inside), min(inside), inside[-1])
        assert (values["o2"], values["c2"]) == (running, running + inside[-1])
        assert (values["h2"], values["l2"]) == (running + max(inside), running + min(inside))
        running += inside[-1]


@pytest.mark.parametrize("number", [1, 5, 7, 10])
@pytest.mark.parametrize("alias", ["", " as ta", " as tv"])
def test_every_version_is_there_with_and_without_alias(pinery: Callable, home: Path, number: int, alias: str) -> None:
    name = alias[4:] or "ta"
    path = home / "script.pine"
    path.write_text(
        f'//@version={5 if number < 8 else 6}\nindicator("Test")\nimport TradingView/ta/{number}{alias}\n'
        f'plot({name}.dema(ta.ema(close, 3), 5), "D")\nplot({name}.highestSince(close > open), "H")\n',
        encoding="utf-8",
    )
    checked = pinery("check", path)
    assert checked.code == 0 and "W205" in checked.out and "1 warning" in checked.out
    ended = pinery("run", path, "--data", "synthetic:300", "--json")
    assert ended.code == 0
    said = json.loads(ended.out)["warnings"]
    stand_in = (
        f"Pinery's own implementation of `TradingView/ta` stands in for `TradingView/ta/{number}`: values may differ"
    )
    assert stand_in in said


def test_a_file_of_the_user_comes_first(home: Path) -> None:
    own = home / "libraries" / "TradingView" / "ta"
    own.mkdir(parents=True)
    (own / "7.pine").write_text('//@version=6\nlibrary("ta")\nexport dema(float s, int n) => 7.0\n', encoding="utf-8")
    script = home / "script.pine"
    text = '//@version=6\nindicator("Test")\nimport TradingView/ta/{}\nplot(ta.dema(close, 3), "D")\n'
    script.write_text(text.format(7), encoding="utf-8")
    assert [f for f in pinery.check(script) if f.code == "W205"] == []
    assert set(pinery.run(script, bars=columns()).plots["D"]) == {7.0}
    script.write_text(text.format(8), encoding="utf-8")
    assert [f.code for f in pinery.check(script)] == ["W205"]


def test_other_libraries_are_still_missing(home: Path) -> None:
    for name in ("TradingView/none/1", "tradingview/ta/1", "Someone/ta/7"):
        found = pinery.check(f'//@version=6\nindicator("Test")\nimport {name} as x\nplot(x.dema(close, 3))\n')
        assert [f.code for f in found] == ["E170"]


def test_an_unknown_function_is_named() -> None:
    (found,) = [
        f
        for f in pinery.check('//@version=6\nindicator("Test")\nimport TradingView/ta/7\nplot(ta.demma(close, 3))\n')
        if f.code != "W205"
    ]
    assert found.code.startswith("E") and "demma" in found.message
