"""True range, highest and lowest values.

``highest`` and its kin look at the last ``length`` bars and pass over na among them; bars before
the first value that is not na do not count, so that a chain of indicators warms up link by link.
"""

from __future__ import annotations

from pinery.runtime.kernels.averages import Smoothed, rma
from pinery.runtime.kernels.primitives import INF, NAN, Window, age_of, fit, largest, smallest, trim
from pinery.runtime.kernels.state import State


class PreviousClose(State):
    __slots__ = ("close",)

    def __init__(self) -> None:
        self.close: float = NAN


def tr(state: PreviousClose, high: float, low: float, close: float, handle_na: bool) -> float:
    previous = state.close
    state.close = close
    if previous != previous:
        return high - low if handle_na else NAN
    span = high - low
    up = abs(high - previous)
    down = abs(low - previous)
    if up > span:
        span = up
    if down > span:
        span = down
    return span


def tr_na(state: PreviousClose, high: float, low: float, close: float) -> float:
    return tr(state, high, low, close, False)


class AverageRange(State):
    __slots__ = ("average", "previous")

    def __init__(self) -> None:
        self.previous = PreviousClose()
        self.average = Smoothed()


def atr(state: AverageRange, high: float, low: float, close: float, length: int) -> float:
    return rma(state.average, tr(state.previous, high, low, close, True), length)


class Extreme(Window):
    """A window that remembers its best value and how many bars ago it was; of equals the oldest counts."""

    __slots__ = ("age", "best")

    def __init__(self, dynamic: bool = False) -> None:
        super().__init__(dynamic)
        self.best: float = NAN
        self.age: int = 0


def highest(state: Extreme, source: float, length: int) -> float:
    values = state.values
    if source != source:
        if len(values) == 0:
            return NAN
        source = -INF  # never the highest, so na is passed over
    values.append(source)
    if len(values) > state.limit:
        trim(state)
    if length != state.length:
        fit(state, length)
        state.age = state.size
    elif source > state.best:
        state.best = source
        state.age = 0
        if len(values) >= state.size:
            return source
        return NAN
    else:
        state.age += 1
    size = state.size
    if size == 0:
        return NAN
    if state.age >= size:
        state.best = largest(values, size)
        state.age = age_of(values, size, state.best)
    if len(values) >= size and state.best > -INF:
        return state.best
    return NAN


def lowest(state: Extreme, source: float, length: int) -> float:
    values = state.values
    if source != source:
        if len(values) == 0:
            return NAN
        source = INF  # never the lowest, so na is passed over
    values.append(source)
    if len(values) > state.limit:
        trim(state)
    if length != state.length:
        fit(state, length)
        state.age = state.size
    elif source < state.best:
        state.best = source
        state.age = 0
        if len(values) >= state.size:
            return source
        return NAN
    else:
        state.age += 1
    size = state.size
    if size == 0:
        return NAN
    if state.age >= size:
        state.best = smallest(values, size)
        state.age = age_of(values, size, state.best)
    if len(values) >= size and state.best < INF:
        return state.best
    return NAN


def highestbars(state: Extreme, source: float, length: int) -> float:
    best = highest(state, source, length)
    if best == best:
        return -state.age
    return NAN


def lowestbars(state: Extreme, source: float, length: int) -> float:
    best = lowest(state, source, length)
    if best == best:
        return -state.age
    return NAN


def value_range(state: Window, source: float, length: int) -> float:
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
    return largest(values, size) - smallest(values, size)


class AllTime(State):
    __slots__ = ("best",)

    def __init__(self) -> None:
        self.best: float = NAN


def all_time_max(state: AllTime, source: float) -> float:
    best = state.best
    if source > best or best != best:
        state.best = source
        return source
    return best


def all_time_min(state: AllTime, source: float) -> float:
    best = state.best
    if source < best or best != best:
        state.best = source
        return source
    return best
