"""Oscillators and momentum."""

from __future__ import annotations

from math import sqrt

from pinery.runtime.kernels.averages import Smoothed, ema, past, rma, rolling_sum
from pinery.runtime.kernels.primitives import (
    NAN,
    Window,
    absolute_deviations,
    dot,
    fit,
    ordered,
    over_zero,
    place_after,
    place_before,
    total,
    trim,
)
from pinery.runtime.kernels.ranges import Extreme, highest, lowest
from pinery.runtime.kernels.state import State


class Strength(State):
    __slots__ = ("down", "previous", "up")

    def __init__(self) -> None:
        self.previous: float = NAN
        self.up = Smoothed()
        self.down = Smoothed()


def rsi(state: Strength, source: float, length: int) -> float:
    move = source - state.previous
    state.previous = source
    rise = move
    fall = move
    if move > 0:
        fall = 0.0
    elif move <= 0:
        rise = 0.0
        fall = -move
    rises = state.up
    falls = state.down
    if rises.running and falls.running:  # as rma does it
        up = rises.alpha * rise + rises.rest * rises.value
        if up == up:
            rises.value = up
        down = falls.alpha * fall + falls.rest * falls.value
        if down == down:
            falls.value = down
    else:
        up = rma(rises, rise, length)
        down = rma(falls, fall, length)
    if down == 0.0:
        return 100.0
    return 100.0 - 100.0 / (1.0 + up / down)


class Nothing(State):
    __slots__ = ()


def rsi_of_two(state: Nothing, x: float, y: float) -> float:
    """Version 4's ``rsi`` of two series: the strength of ``x`` against ``y``."""
    if y == 0.0:
        return 100.0
    ratio = 1.0 + x / y
    if ratio == 0.0:
        return NAN
    return 100.0 - 100.0 / ratio


class Convergence(State):
    __slots__ = ("fast", "signal", "slow")

    def __init__(self) -> None:
        self.fast = Smoothed()
        self.slow = Smoothed()
        self.signal = Smoothed()


def macd(state: Convergence, source: float, fastlen: int, slowlen: int, siglen: int) -> tuple[float, float, float]:
    line = ema(state.fast, source, fastlen) - ema(state.slow, source, slowlen)
    signal = ema(state.signal, line, siglen)
    return line, signal, line - signal


class HighLow(State):
    __slots__ = ("high", "low")

    def __init__(self, dynamic: bool = False) -> None:
        self.high = Extreme(dynamic)
        self.low = Extreme(dynamic)


def stoch(state: HighLow, source: float, high: float, low: float, length: int) -> float:
    top = highest(state.high, high, length)
    bottom = lowest(state.low, low, length)
    if top == bottom:
        return over_zero(source - bottom)
    return 100.0 * (source - bottom) / (top - bottom)


def wpr(state: HighLow, high: float, low: float, close: float, length: int) -> float:
    top = highest(state.high, high, length)
    bottom = lowest(state.low, low, length)
    if top == bottom:
        return NAN
    return 100.0 * (close - top) / (top - bottom)


def cci(state: Window, source: float, length: int) -> float:
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
    mean = total(values, size) / size
    away = 0.015 * (absolute_deviations(values, size, mean) / size)
    if away == 0.0:
        return over_zero(source - mean)
    return (source - mean) / away


class Flows(State):
    __slots__ = ("down", "previous", "up")

    def __init__(self, dynamic: bool = False) -> None:
        self.previous: float = NAN
        self.up = Window(dynamic)
        self.down = Window(dynamic)


def cmo(state: Flows, series: float, length: int) -> float:
    move = series - state.previous
    state.previous = series
    rise = 0.0
    fall = 0.0
    if move >= 0:
        rise = move
    else:
        fall = -move  # na: skipped by the sum of falls, zero in the sum of rises
    gains = rolling_sum(state.up, rise, length)
    losses = rolling_sum(state.down, fall, length)
    if gains + losses == 0.0:
        return NAN
    return 100.0 * (gains - losses) / (gains + losses)


def mfi(state: Flows, volume: float, series: float, length: int) -> float:
    """Without a previous price (the first bar) the flow counts on both sides."""
    move = series - state.previous
    state.previous = series
    upward = series
    downward = series
    if move <= 0:
        upward = 0.0
    if move >= 0:
        downward = 0.0
    gains = rolling_sum(state.up, volume * upward, length)
    losses = rolling_sum(state.down, volume * downward, length)
    if losses == 0.0:
        if gains == 0.0:
            return NAN
        return 100.0
    ratio = 1.0 + gains / losses
    if ratio == 0.0:
        return NAN
    return 100.0 - 100.0 / ratio


class Gravity(Window):
    __slots__ = ("weights",)

    def __init__(self, dynamic: bool = False) -> None:
        super().__init__(dynamic)
        self.weights: list[float] = []


def cog(state: Gravity, source: float, length: int) -> float:
    if length != state.length:
        fit(state, length)
        weights = state.weights
        weights.clear()
        for i in range(state.size):
            weights.append(float(state.size - i))
    values = state.values
    if source == source:
        values.append(source)
        if len(values) > state.limit:
            trim(state)
    size = state.size
    if size == 0 or len(values) < size:
        return NAN
    plain = total(values, size)
    weighted = -dot(values, size, state.weights)
    if plain == 0.0:
        return over_zero(weighted)
    return weighted / plain


def mom(state: Window, source: float, length: int) -> float:
    return source - past(state, source, length)


def roc(state: Window, source: float, length: int) -> float:
    before = past(state, source, length)
    if before == 0.0:
        return over_zero(source)
    return 100.0 * (source - before) / before


class Twice(State):
    __slots__ = ("absolute_first", "absolute_second", "first", "previous", "second")

    def __init__(self) -> None:
        self.previous: float = NAN
        self.first = Smoothed()
        self.second = Smoothed()
        self.absolute_first = Smoothed()
        self.absolute_second = Smoothed()


def tsi(state: Twice, source: float, short_length: int, long_length: int) -> float:
    move = source - state.previous
    state.previous = source
    moves = ema(state.second, ema(state.first, move, long_length), short_length)
    sizes = ema(state.absolute_second, ema(state.absolute_first, abs(move), long_length), short_length)
    if sizes == 0.0:
        return NAN
    return moves / sizes


def rci(state: Window, source: float, length: int) -> float:
    """Pearson's correlation of the bars' order with the values' ranks, equal values sharing their mean rank."""
    if length != state.length:
        fit(state, length)
    values = state.values
    if source == source:
        values.append(source)
        if len(values) > state.limit:
            trim(state)
    size = state.size
    if size < 2 or len(values) < size:
        return NAN
    ranked = ordered(values, size)
    middle = (size - 1) / 2.0
    start = len(values) - size
    products = 0.0
    rank_squares = 0.0
    time_squares = 0.0
    for i in range(size):
        value = values[start + i]
        rank = (place_before(ranked, value) + place_after(ranked, value) - 1) / 2.0 - middle
        time = i - middle
        products += rank * time
        rank_squares += rank * rank
        time_squares += time * time
    if rank_squares == 0.0:
        return NAN
    return 100.0 * products / sqrt(rank_squares * time_squares)
