"""Deviation, correlation, ranks and percentiles over a window.

Those that skip na hold the last ``length`` values that were not na; ``percentrank`` and
``percentile_linear_interpolation`` count bars, and an na among them makes the result na.
"""

from __future__ import annotations

from math import ceil, floor, sqrt

from pinery.runtime.kernels.primitives import (
    INF,
    NAN,
    Window,
    absolute_deviations,
    count_up_to,
    deviation_products,
    fit,
    ordered,
    reserve,
    squared_deviations,
    total,
    trim,
)
from pinery.runtime.kernels.state import State


def _take(state: Window, source: float, length: float) -> bool:
    """Add a value unless it is na; true if the window is full."""
    if length != state.length:
        fit(state, length)
    values = state.values
    if source == source:
        values.append(source)
        if len(values) > state.limit:
            trim(state)
    return state.size > 0 and len(values) >= state.size


def variance(state: Window, source: float, length: int, biased: bool) -> float:
    if length != state.length:
        fit(state, length)
    values = state.values
    if source == source:
        values.append(source)
        if len(values) > state.limit:
            trim(state)
    size = state.size
    if size == 0 or len(values) < size:
        return NAN
    squares = squared_deviations(values, size, total(values, size) / size)
    if biased:
        return squares / size
    if size == 1:
        return NAN
    return squares / (size - 1)


def stdev(state: Window, source: float, length: int, biased: bool) -> float:
    return sqrt(variance(state, source, length, biased))


def dev(state: Window, source: float, length: int) -> float:
    if not _take(state, source, length):
        return NAN
    values = state.values
    size = state.size
    return absolute_deviations(values, size, total(values, size) / size) / size


class Pair(State):
    __slots__ = ("x", "y")

    def __init__(self, dynamic: bool = False) -> None:
        self.x = Window(dynamic)
        self.y = Window(dynamic)


def correlation(state: Pair, source1: float, source2: float, length: int) -> float:
    if source1 != source1 or source2 != source2:  # a bar enters both windows or neither
        source1 = NAN
        source2 = NAN
    full = _take(state.x, source1, length)
    if not (_take(state.y, source2, length) and full):
        return NAN
    size = state.x.size
    xs = state.x.values
    ys = state.y.values
    xx, yy, xy = deviation_products(xs, ys, size, total(xs, size) / size, total(ys, size) / size)
    spread = xx * yy
    if spread == 0.0:
        return NAN
    return xy / sqrt(spread)


def median(state: Window, source: float, length: int) -> float:
    if not _take(state, source, length):
        return NAN
    size = state.size
    values = ordered(state.values, size)
    middle = size // 2
    if size % 2 == 1:
        return values[middle]
    return (values[middle - 1] + values[middle]) / 2.0


def median_int(state: Window, source: float, length: int) -> float:
    """The median of whole numbers is whole: the mean of the two middle ones is cut."""
    result = median(state, source, length)
    if not -INF < result < INF:
        return NAN
    return int(result)


def mode(state: Window, source: float, length: int) -> float:
    if not _take(state, source, length):
        return NAN
    values = ordered(state.values, state.size)
    best = values[0]
    most = 0
    run = 0
    for i in range(state.size):
        if i > 0 and values[i] == values[i - 1]:
            run += 1
        else:
            run = 1
        if run > most:  # ascending, so the smallest wins a tie
            most = run
            best = values[i]
    return best


def percentile_nearest_rank(state: Window, source: float, length: int, percentage: float) -> float:
    if not _take(state, source, length) or not 0 <= percentage <= 100:
        return NAN
    rank = ceil(percentage / 100.0 * state.size)
    if rank < 1:
        rank = 1
    return ordered(state.values, state.size)[rank - 1]


class Unbroken(Window):
    """A window of bars that knows how many values came since the last na."""

    __slots__ = ("since_na",)

    def __init__(self, dynamic: bool = False) -> None:
        super().__init__(dynamic)
        self.since_na: int = 0


def percentile_linear_interpolation(state: Unbroken, source: float, length: int, percentage: float) -> float:
    """The i-th of n ordered values stands at the 100 / n * (i - 0.5) percentile; between them, straight lines."""
    if length != state.length:
        fit(state, length)
    values = state.values
    if source == source:
        state.since_na += 1
        values.append(source)
        if len(values) > state.limit:
            trim(state)
    else:
        state.since_na = 0
    size = state.size
    if size == 0 or state.since_na < size or not 0 <= percentage <= 100:
        return NAN
    ranked = ordered(values, size)
    place = percentage / 100.0 * size - 0.5
    if place <= 0.0:
        return ranked[0]
    if place >= size - 1:
        return ranked[size - 1]
    below = floor(place)
    return ranked[below] + (place - below) * (ranked[below + 1] - ranked[below])


def percentrank(state: Unbroken, source: float, length: int) -> float:
    if length != state.length:
        fit(state, length)
        reserve(state, state.size + 1)
    values = state.values
    if source != source:
        state.since_na = 0
        return NAN
    state.since_na += 1
    values.append(source)
    if len(values) > state.limit:
        trim(state)
    size = state.size
    if size == 0 or state.since_na <= size:
        return NAN
    # The current value is at most itself: counted with the window, then taken off.
    return 100.0 * (count_up_to(values, size + 1, source) - 1) / size
