"""Kernels against their definitions, written out bar by bar over the whole history.

The histories are random walks, some with holes (na) and with repeated values.
"""

from __future__ import annotations

import math
import random
import statistics
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from pinery.runtime.kernels import averages, crosses, oscillators, ranges, trends, volume
from pinery.runtime.kernels import statistics as windows
from pinery.runtime.kernels.primitives import Window

NAN = math.nan
History = list[float]


def walk(seed: int, holes: bool = False, coarse: bool = False, count: int = 160) -> History:
    chance = random.Random(seed)
    price, values = 100.0, []
    for _ in range(count):
        price += chance.choice([-1, 0, 1]) if coarse else chance.gauss(0, 1)
        values.append(NAN if holes and chance.random() < 0.15 else price)
    return values


HISTORIES = [walk(1), walk(2, coarse=True), walk(3, holes=True), walk(4, holes=True, coarse=True), [NAN] * 9 + walk(5)]


def present(history: History, length: int) -> History | None:
    """The last ``length`` values that are not na."""
    values = [x for x in history if x == x]
    return values[-length:] if len(values) >= length else None


def bars(history: History, length: int) -> History | None:
    """The last ``length`` bars, if none of them is na."""
    values = history[-length:]
    return values if len(values) == length and all(x == x for x in values) else None


def agrees(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9) or (a != a and b != b)


def of_window(window: Callable[[History, int], History | None], formula: Callable[..., float]) -> Callable[..., float]:
    def reference(history: History, length: int, *settings: Any) -> float:
        values = window(history, length)
        return NAN if values is None else formula(values, *settings)

    return reference


def mode_of(values: History) -> float:
    counts = Counter(values)
    return min(x for x in counts if counts[x] == max(counts.values()))


def nearest_rank(values: History, percentage: float) -> float:
    return sorted(values)[max(math.ceil(percentage / 100 * len(values)), 1) - 1]


def interpolated(values: History, percentage: float) -> float:
    """Straight lines through the points (100 / n * (i - 1 / 2), value i)."""
    ranked = sorted(values)
    points = [(100 / len(ranked) * (i + 0.5), x) for i, x in enumerate(ranked)]
    if percentage <= points[0][0]:
        return ranked[0]
    for (p, x), (q, y) in pairwise(points):
        if percentage <= q:
            return x + (percentage - p) / (q - p) * (y - x)
    return ranked[-1]


def line_end(values: History, offset: int) -> float:
    if len(values) < 2:
        return NAN
    slope, intercept = statistics.linear_regression(range(len(values)), values)
    return intercept + slope * (len(values) - 1 - offset)


def gaussian(values: History, offset: float, sigma: float) -> float:
    size = len(values)
    weights = [math.exp(-((i - offset * (size - 1)) ** 2) / (2 * (size / sigma) ** 2)) for i in range(size)]
    return sum(w * x for w, x in zip(weights, values, strict=True)) / sum(weights)


def weighted(values: History) -> float:
    return sum((i + 1) * x for i, x in enumerate(values)) / sum(range(1, len(values) + 1))


def gravity(values: History) -> float:
    return -sum((i + 1) * x for i, x in enumerate(reversed(values))) / sum(values)


def channel_index(history: History, length: int) -> float:
    """Na where the source is: there is nothing to compare with the mean."""
    values = present(history, length)
    if values is None or history[-1] != history[-1]:
        return NAN
    mean = statistics.fmean(values)
    away = statistics.fmean(abs(x - mean) for x in values)
    return (values[-1] - mean) / (0.015 * away) if away > 1e-9 else NAN


def ranks(values: History) -> History:
    """Mean rank of equal values."""
    ranked = sorted(values)
    return [ranked.index(x) + (ranked.count(x) - 1) / 2 for x in values]


def rank_correlation(values: History) -> float:
    if len(set(values)) == 1:
        return NAN
    return 100 * statistics.correlation(ranks(values), range(len(values)))


def percent_rank(history: History, length: int) -> float:
    values = bars(history, length + 1)
    if values is None:
        return NAN
    return 100 * sum(x <= values[-1] for x in values[:-1]) / length


def extreme(choose: Callable[[History], float]) -> Callable[[History, int], float]:
    def reference(history: History, length: int) -> float:
        started = [i for i, x in enumerate(history) if x == x]
        if not started or len(history) - started[0] < length:
            return NAN
        values = [x for x in history[-length:] if x == x]
        return choose(values) if values else NAN

    return reference


def offset_of(choose: Callable[[History], float]) -> Callable[[History, int], float]:
    value_of = extreme(choose)

    def reference(history: History, length: int) -> float:
        value = value_of(history, length)
        return NAN if value != value else history[-length:].index(value) - length + 1

    return reference


def before(history: History, length: int) -> float:
    return history[-1 - length] if len(history) > length else NAN


def recursive(alpha: Callable[[int], float]) -> Callable[[History, int], float]:
    def reference(history: History, length: int) -> float:
        if history[-1] != history[-1]:
            return NAN
        values = [x for x in history if x == x]
        if len(values) < length:
            return NAN
        result = statistics.fmean(values[:length])
        for x in values[length:]:
            result += alpha(length) * (x - result)
        return result

    return reference


def all_above(history: History, length: int) -> float:
    if len(history) <= length:
        return False
    return history[-1] == history[-1] and not any(x >= history[-1] for x in history[-1 - length : -1])


def all_below(history: History, length: int) -> float:
    return all_above([-x for x in history], length)


KERNELS: list[tuple[Any, Any, Callable[..., float], tuple[Any, ...]]] = [
    (averages.rolling_sum, Window, of_window(present, sum), (7,)),
    (averages.sma, Window, of_window(present, statistics.fmean), (7,)),
    (averages.sma, Window, of_window(present, statistics.fmean), (1,)),
    (averages.ema, averages.Smoothed, recursive(lambda n: 2 / (n + 1)), (9,)),
    (averages.rma, averages.Smoothed, recursive(lambda n: 1 / n), (9,)),
    (averages.wma, averages.Weighted, of_window(present, weighted), (6,)),
    (averages.alma, averages.Weighted, of_window(bars, gaussian), (9, 0.85, 6)),
    (averages.linreg, averages.Weighted, of_window(bars, line_end), (10, 0)),
    (averages.linreg, averages.Weighted, of_window(bars, line_end), (10, 3)),
    (oscillators.cci, Window, channel_index, (8,)),
    (oscillators.cog, oscillators.Gravity, of_window(present, gravity), (8,)),
    (oscillators.rci, Window, of_window(present, rank_correlation), (8,)),
    (oscillators.mom, Window, lambda h, n: h[-1] - before(h, n), (4,)),
    (oscillators.roc, Window, lambda h, n: 100 * (h[-1] / before(h, n) - 1), (4,)),
    (crosses.change, Window, lambda h, n: h[-1] - before(h, n), (1,)),
    (windows.stdev, Window, of_window(present, lambda v, b: statistics.pstdev(v)), (9, True)),
    (windows.stdev, Window, of_window(present, lambda v, b: statistics.stdev(v) if len(v) > 1 else NAN), (9, False)),
    (windows.variance, Window, of_window(present, lambda v, b: statistics.pvariance(v)), (9, True)),
    (
        windows.dev,
        Window,
        of_window(present, lambda v: statistics.fmean(abs(x - statistics.fmean(v)) for x in v)),
        (9,),
    ),
    (windows.median, Window, of_window(present, statistics.median), (7,)),
    (windows.median, Window, of_window(present, statistics.median), (8,)),
    (windows.mode, Window, of_window(present, mode_of), (9,)),
    (windows.percentile_nearest_rank, Window, of_window(present, nearest_rank), (9, 35.0)),
    (windows.percentile_nearest_rank, Window, of_window(present, nearest_rank), (9, 0.0)),
    (windows.percentile_nearest_rank, Window, of_window(present, nearest_rank), (9, 100.0)),
    (windows.percentile_linear_interpolation, windows.Unbroken, of_window(bars, interpolated), (9, 35.0)),
    (windows.percentile_linear_interpolation, windows.Unbroken, of_window(bars, interpolated), (9, 99.0)),
    (windows.percentrank, windows.Unbroken, percent_rank, (9,)),
    (ranges.highest, ranges.Extreme, extreme(max), (6,)),
    (ranges.lowest, ranges.Extreme, extreme(min), (6,)),
    (ranges.highestbars, ranges.Extreme, offset_of(max), (6,)),
    (ranges.lowestbars, ranges.Extreme, offset_of(min), (6,)),
    (ranges.value_range, Window, of_window(present, lambda v: max(v) - min(v)), (6,)),
    (ranges.all_time_max, ranges.AllTime, lambda h: max((x for x in h if x == x), default=NAN), ()),
    (ranges.all_time_min, ranges.AllTime, lambda h: min((x for x in h if x == x), default=NAN), ()),
    (crosses.cum, crosses.Total, lambda h: sum(x for x in h if x == x) if any(x == x for x in h) else NAN, ()),
    (trends.rising, Window, all_above, (2,)),
    (trends.falling, Window, all_below, (2,)),
]


@pytest.mark.parametrize("history", HISTORIES, ids=["walk", "coarse", "holes", "coarse holes", "late start"])
@pytest.mark.parametrize(
    ("kernel", "state", "reference", "settings"), KERNELS, ids=[f"{k[0].__name__}{k[3]}" for k in KERNELS]
)
def test_definition(
    kernel: Any, state: Any, reference: Callable[..., float], settings: tuple[Any, ...], history: History
) -> None:
    memory = state()
    for bar in range(len(history)):
        got, wanted = kernel(memory, history[bar], *settings), reference(history[: bar + 1], *settings)
        assert agrees(got, wanted), f"bar {bar}: {got}, by definition {wanted}"


CHANGING = [k for k in KERNELS if k[3] and k[0] not in (averages.ema, averages.rma, averages.alma, oscillators.rci)]


@pytest.mark.parametrize(
    ("kernel", "state", "reference", "settings"), CHANGING, ids=[f"{k[0].__name__}{k[3]}" for k in CHANGING]
)
def test_length_that_changes_from_bar_to_bar_sees_the_past(
    kernel: Any, state: Any, reference: Callable[..., float], settings: tuple[Any, ...]
) -> None:
    history = walk(6, holes=True, coarse=True, count=400)
    lengths = random.Random(7)
    memory = state(dynamic=True)
    for bar in range(len(history)):
        length = lengths.choice([1, 2, 3, 5, 40, 300])
        got = kernel(memory, history[bar], length, *settings[1:])
        wanted = reference(history[: bar + 1], length, *settings[1:])
        assert agrees(got, wanted), f"bar {bar}, length {length}: {got}, by definition {wanted}"


def test_relative_strength() -> None:
    history = walk(8)
    memory = oscillators.Strength()
    rises, falls, length = NAN, NAN, 14
    moves: list[tuple[float, float]] = []
    for bar, price in enumerate(history):
        if bar:
            move = price - history[bar - 1]
            moves.append((max(move, 0), max(-move, 0)))
        if len(moves) == length:
            rises, falls = (statistics.fmean(side) for side in zip(*moves, strict=True))
        elif len(moves) > length:
            rises += (moves[-1][0] - rises) / length
            falls += (moves[-1][1] - falls) / length
        wanted = 100 * rises / (rises + falls)
        assert agrees(oscillators.rsi(memory, price, length), wanted)


def test_relative_strength_without_falls_is_100() -> None:
    memory = oscillators.Strength()
    assert [oscillators.rsi(memory, float(x), 3) for x in range(6)][3:] == [100.0] * 3


def test_momentum_oscillators_are_na_without_any_movement() -> None:
    cmo, tsi, cog = oscillators.Flows(), oscillators.Twice(), oscillators.Gravity()
    for _ in range(40):
        last = (
            oscillators.cmo(cmo, 5.0, 9),
            oscillators.tsi(tsi, 5.0, 3, 5),
            oscillators.cog(cog, 0.0, 4),
        )
    assert all(x != x for x in last)


def test_chande_momentum() -> None:
    history = walk(9)
    memory = oscillators.Flows()
    for bar, price in enumerate(history):
        moves = [b - a for a, b in pairwise(history[: bar + 1])][-9:]
        wanted = 100 * sum(moves) / sum(map(abs, moves)) if len(moves) == 9 else NAN
        assert agrees(oscillators.cmo(memory, price, 9), wanted)


def test_correlation_counts_bars_where_both_are_present() -> None:
    xs, ys = walk(10, holes=True), walk(11, holes=True)
    memory = windows.Pair()
    for bar in range(len(xs)):
        pairs = [(x, y) for x, y in zip(xs[: bar + 1], ys[: bar + 1], strict=True) if x == x and y == y][-12:]
        wanted = statistics.correlation(*zip(*pairs, strict=True)) if len(pairs) == 12 else NAN
        assert agrees(windows.correlation(memory, xs[bar], ys[bar], 12), wanted)


def test_averages_of_the_same_prices_are_the_same_to_the_bit() -> None:
    """Strategies compare averages for equality, so a window must not remember how it came about."""
    rough = [0.1, 1e9, 0.3, 1e-7, 123.456]
    one, two = Window(), Window()
    for price in rough:
        averages.sma(one, price, 4)
    flat = [7.31, 7.31, 7.32, 7.31]
    assert [averages.sma(one, x, 4) for x in flat][-1] == [averages.sma(two, x, 4) for x in flat][-1]


@pytest.mark.parametrize("length", [0, -3, NAN, math.inf])
def test_a_length_that_is_no_length_gives_na(length: float) -> None:
    for kernel, state, _, settings in KERNELS:
        if settings and kernel not in (
            oscillators.mom,
            oscillators.roc,
            crosses.change,
            trends.rising,
            trends.falling,
        ):
            memory = state()
            assert all(kernel(memory, x, length, *settings[1:]) != 0 for x in walk(12)[:5])


def test_division_by_zero_is_as_in_scripts() -> None:
    """x / 0 is infinite and 0 / 0 is na, the same as where a script writes the formula out."""
    growth = [oscillators.roc(memory, x, 1) for memory in (Window(),) for x in (0.0, 2.0, 0.0, 0.0, -1.0)]
    assert growth[0] != growth[0] and growth[1:3] == [math.inf, -100.0] and growth[3] != growth[3]
    assert growth[4] == -math.inf
    flat = oscillators.HighLow()
    assert all(x != x for x in [oscillators.stoch(flat, 5.0, 5.0, 5.0, 3) for _ in range(6)])


def test_numbers_near_the_smallest_float_stop_nothing() -> None:
    tiny = 5e-324
    window = Window()
    for x in (0.0, tiny, 0.0, tiny):
        oscillators.cci(window, x, 2)
    assert volume.iii(volume.Plain(), tiny, 0.0, 0.0, tiny) == -math.inf
