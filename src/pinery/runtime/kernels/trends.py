"""Trend followers: directional movement, parabolic SAR, Supertrend, rising and falling."""

from __future__ import annotations

from pinery.runtime.kernels.averages import Smoothed, rma
from pinery.runtime.kernels.primitives import NAN, Window, fit, reserve, trim
from pinery.runtime.kernels.ranges import AverageRange, PreviousClose, atr, tr
from pinery.runtime.kernels.state import State


class Directional(State):
    __slots__ = ("adx", "high", "low", "minus", "minus_di", "plus", "plus_di", "previous", "width")

    def __init__(self) -> None:
        self.high: float = NAN
        self.low: float = NAN
        self.previous = PreviousClose()
        self.width = Smoothed()
        self.plus = Smoothed()
        self.minus = Smoothed()
        self.adx = Smoothed()
        self.plus_di: float = NAN
        self.minus_di: float = NAN


def dmi(
    state: Directional, high: float, low: float, close: float, di_length: int, adx_smoothing: int
) -> tuple[float, float, float]:
    up = high - state.high
    down = state.low - low
    state.high = high
    state.low = low
    plus = NAN
    minus = NAN
    if up == up and down == down:  # na without a bar before
        plus = 0.0
        minus = 0.0
        if up > down and up > 0:
            plus = up
        elif down > up and down > 0:
            minus = down
    width = rma(state.width, tr(state.previous, high, low, close, False), di_length)
    plus = rma(state.plus, plus, di_length)
    minus = rma(state.minus, minus, di_length)
    if width != 0.0:
        plus = 100.0 * plus / width
        minus = 100.0 * minus / width
        if plus == plus:
            state.plus_di = plus
        if minus == minus:
            state.minus_di = minus
    plus = state.plus_di
    minus = state.minus_di
    both = plus + minus
    if both == 0.0:
        both = 1.0
    return plus, minus, 100.0 * rma(state.adx, abs(plus - minus) / both, adx_smoothing)


class Parabolic(State):
    __slots__ = ("bar", "below", "close", "high", "high2", "low", "low2", "peak", "result", "speed")

    def __init__(self) -> None:
        self.bar: int = 0
        self.result: float = NAN
        self.peak: float = NAN
        self.speed: float = 0.0
        self.below: bool = False
        self.close: float = NAN
        self.high: float = NAN
        self.high2: float = NAN
        self.low: float = NAN
        self.low2: float = NAN


def sar(state: Parabolic, high: float, low: float, close: float, start: float, inc: float, most: float) -> float:
    result = NAN
    if state.bar > 0:
        result = _next_sar(state, high, low, close, start, inc, most)
    state.result = result
    state.bar += 1
    state.close = close
    state.high2 = state.high
    state.high = high
    state.low2 = state.low
    state.low = low
    return result


def _next_sar(state: Parabolic, high: float, low: float, close: float, start: float, inc: float, most: float) -> float:
    result = state.result
    turned = False
    if state.bar == 1:
        if close > state.close:
            state.below = True
            state.peak = high
            result = state.low
        else:
            state.below = False
            state.peak = low
            result = state.high
        turned = True
        state.speed = start
    result = result + state.speed * (state.peak - result)
    if state.below:
        if result > low:
            turned = True
            state.below = False
            result = max(high, state.peak)
            state.peak = low
            state.speed = start
    elif result < high:
        turned = True
        state.below = True
        result = min(low, state.peak)
        state.peak = high
        state.speed = start
    if not turned:
        if state.below:
            if high > state.peak:
                state.peak = high
                state.speed = min(state.speed + inc, most)
        elif low < state.peak:
            state.peak = low
            state.speed = min(state.speed + inc, most)
    if state.below:
        result = min(result, state.low)
        if state.bar > 1:
            result = min(result, state.low2)
    else:
        result = max(result, state.high)
        if state.bar > 1:
            result = max(result, state.high2)
    return result


class Supertrend(State):
    __slots__ = ("average", "close", "line", "lower", "ranges", "upper")

    def __init__(self) -> None:
        self.ranges = AverageRange()
        self.average: float = NAN
        self.close: float = NAN
        self.upper: float = NAN
        self.lower: float = NAN
        self.line: float = NAN


def supertrend(
    state: Supertrend, high: float, low: float, close: float, factor: float, atr_period: int
) -> tuple[float, int]:
    """The reference manual's formula to the letter: while the average range is na, the bands start at 0."""
    average = atr(state.ranges, high, low, close, atr_period)
    middle = (high + low) / 2.0
    upper = middle + factor * average
    lower = middle - factor * average
    previous_upper = state.upper
    if previous_upper != previous_upper:
        previous_upper = 0.0
    previous_lower = state.lower
    if previous_lower != previous_lower:
        previous_lower = 0.0
    if not (lower > previous_lower or state.close < previous_lower):
        lower = previous_lower
    if not (upper < previous_upper or state.close > previous_upper):
        upper = previous_upper
    direction = 1
    if state.average == state.average:
        if state.line == previous_upper:
            if close > upper:
                direction = -1
        elif not close < lower:
            direction = -1
    line = upper
    if direction == -1:
        line = lower
    state.average = average
    state.close = close
    state.upper = upper
    state.lower = lower
    state.line = line
    return line, direction


def rising(state: Window, source: float, length: int) -> bool:
    """Above each of the ``length`` values before; na among them are passed over."""
    if not _remember(state, source, length):
        return False
    values = state.values
    last = len(values) - 1
    for i in range(last - state.size, last):
        if values[i] >= source:
            return False
    return source == source


def falling(state: Window, source: float, length: int) -> bool:
    """Below each of the ``length`` values before; na among them are passed over."""
    if not _remember(state, source, length):
        return False
    values = state.values
    last = len(values) - 1
    for i in range(last - state.size, last):
        if values[i] <= source:
            return False
    return source == source


def _remember(state: Window, source: float, length: float) -> bool:
    """Take one value; true if ``length`` others came before it."""
    if length != state.length:
        fit(state, length)
        reserve(state, state.size + 1)
    values = state.values
    values.append(source)
    if len(values) > state.limit:
        trim(state)
    return state.size > 0 and len(values) > state.size
