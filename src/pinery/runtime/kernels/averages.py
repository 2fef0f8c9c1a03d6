"""Moving averages.

Sums, sma, wma, vwma and hma skip na: they hold the last ``length`` values that were not na, and a bar
whose source is na repeats the result. The recursive ones return na on such a bar and go on after it.
With na among their bars alma, swma and linreg are na.
"""

from __future__ import annotations

from math import exp, floor, sqrt

from pinery.runtime.kernels.primitives import NAN, Window, dot, fit, over_zero, reserve, total, trim, whole
from pinery.runtime.kernels.state import State


def rolling_sum(state: Window, source: float, length: int) -> float:
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
    return total(values, size)


def sma(state: Window, source: float, length: int) -> float:
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
    return total(values, size) / size


class Smoothed(State):
    """A recursive average: ``value`` once ``running``, before that the sum of ``count`` values."""

    __slots__ = ("alpha", "count", "rest", "running", "value")

    def __init__(self) -> None:
        self.running: bool = False
        self.value: float = 0.0
        self.alpha: float = 0.0
        self.rest: float = 0.0
        self.count: int = 0


def ema(state: Smoothed, source: float, length: int) -> float:
    if state.running:
        value = state.alpha * source + state.rest * state.value
        if value == value:
            state.value = value
        return value
    size = whole(length)
    if size == 0:
        return NAN
    return _begin(state, source, size, 2.0 / (size + 1))


def rma(state: Smoothed, source: float, length: int) -> float:
    if state.running:
        value = state.alpha * source + state.rest * state.value
        if value == value:
            state.value = value
        return value
    size = whole(length)
    if size == 0:
        return NAN
    return _begin(state, source, size, 1.0 / size)


def _begin(state: Smoothed, source: float, size: int, alpha: float) -> float:
    """Collect the first full window; its plain mean is the first value."""
    if source != source:
        return NAN
    state.value += source
    state.count += 1
    if state.count < size:
        return NAN
    state.value /= size
    state.alpha = alpha
    state.rest = 1.0 - alpha
    state.running = True
    return state.value


class Weighted(Window):
    """A window with a weight for each of its values, oldest first."""

    __slots__ = ("norm", "weights")

    def __init__(self, dynamic: bool = False) -> None:
        super().__init__(dynamic)
        self.weights: list[float] = []
        self.norm: float = 0.0


def wma(state: Weighted, source: float, length: int) -> float:
    if length != state.length:
        fit(state, length)
        weights = state.weights
        weights.clear()
        for i in range(state.size):
            weights.append(i + 1.0)
        state.norm = state.size * (state.size + 1) / 2.0
    values = state.values
    if source == source:
        values.append(source)
        if len(values) > state.limit:
            trim(state)
    size = state.size
    if size == 0 or len(values) < size:
        return NAN
    return dot(values, size, state.weights) / state.norm


def alma(state: Weighted, series: float, length: int, offset: float, sigma: float) -> float:
    return _alma(state, series, length, offset, sigma, False)


def alma_floor(state: Weighted, series: float, length: int, offset: float, sigma: float, floor_: bool) -> float:
    return _alma(state, series, length, offset, sigma, floor_)


def _alma(state: Weighted, series: float, length: int, offset: float, sigma: float, floor_: bool) -> float:
    if length != state.length:
        fit(state, length)
        _gaussian(state, offset, sigma, floor_)
    values = state.values
    values.append(series)
    if len(values) > state.limit:
        trim(state)
    size = state.size
    if size == 0 or len(values) < size or state.norm == 0.0:
        return NAN
    return dot(values, size, state.weights) / state.norm


def _gaussian(state: Weighted, offset: float, sigma: float, floor_: bool) -> None:
    """Weights exp(-(i - m)^2 / (2 s^2)) with m = offset * (size - 1) and s = size / sigma."""
    size = state.size
    weights = state.weights
    weights.clear()
    state.norm = 0.0
    if size == 0 or sigma == 0 or not -1e9 < sigma < 1e9 or not -1e9 < offset < 1e9:
        return
    middle = offset * (size - 1)
    if floor_:
        middle = float(floor(middle))
    width = size / sigma
    norm = 0.0
    for i in range(size):
        weight = exp(-1.0 * (i - middle) * (i - middle) / (2.0 * width * width))
        weights.append(weight)
        norm += weight
    state.norm = norm


class Two(State):
    """Two windows side by side."""

    __slots__ = ("first", "second")

    def __init__(self, dynamic: bool = False) -> None:
        self.first = Window(dynamic)
        self.second = Window(dynamic)


def vwma(state: Two, volume: float, source: float, length: int) -> float:
    weighted = sma(state.first, source * volume, length)
    plain = sma(state.second, volume, length)
    if plain == 0.0:
        return over_zero(weighted)
    return weighted / plain


class LastThree(State):
    __slots__ = ("one", "three", "two")

    def __init__(self) -> None:
        self.one: float = NAN
        self.two: float = NAN
        self.three: float = NAN


def swma(state: LastThree, source: float) -> float:
    """x[3] / 6 + x[2] * 2 / 6 + x[1] * 2 / 6 + x / 6; na if one of the four is."""
    result = state.three * 1 / 6 + state.two * 2 / 6 + state.one * 2 / 6 + source * 1 / 6
    state.three = state.two
    state.two = state.one
    state.one = source
    return result


class Hull(State):
    __slots__ = ("half", "outer", "whole")

    def __init__(self) -> None:
        self.half = Weighted()
        self.whole = Weighted()
        self.outer = Weighted()


def hma(state: Hull, source: float, length: int) -> float:
    size = whole(length)
    if size == 0:
        return NAN
    half = size // 2
    if half == 0:
        half = 1
    fast = wma(state.half, source, half)
    slow = wma(state.whole, source, size)
    return wma(state.outer, 2.0 * fast - slow, floor(sqrt(size)))


def linreg(state: Weighted, source: float, length: int, offset: int) -> float:
    """The weights are the distances of the bars from the window's middle; ``norm`` their squares' sum."""
    if length != state.length:
        fit(state, length)
        size = state.size
        weights = state.weights
        weights.clear()
        norm = 0.0
        for i in range(size):
            away = i - (size - 1) / 2.0
            weights.append(away)
            norm += away * away
        state.norm = norm
    values = state.values
    values.append(source)
    if len(values) > state.limit:
        trim(state)
    size = state.size
    if size == 0 or len(values) < size or state.norm == 0.0:
        return NAN
    slope = dot(values, size, state.weights) / state.norm
    return total(values, size) / size + slope * ((size - 1) / 2.0 - offset)


def past(state: Window, source: float, length: int) -> float:
    """``source[length]``: the value so many bars ago, na before there is one; 0 is this bar."""
    if length != state.length:
        fit(state, length)
        reserve(state, state.size + 1)
    values = state.values
    values.append(source)
    if len(values) > state.limit:
        trim(state)
    if length == 0:
        return source
    size = state.size
    if size == 0 or len(values) <= size:
        return NAN
    return values[-1 - size]
