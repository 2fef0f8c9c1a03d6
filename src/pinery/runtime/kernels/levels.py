"""Pivot point levels from the open, high, low and close of a period."""

from __future__ import annotations

from pinery.runtime.kernels.primitives import NAN
from pinery.runtime.kernels.state import State

TRADITIONAL, FIBONACCI, WOODIE, CLASSIC, DM, CAMARILLA = range(6)


class Periods(State):
    """The period under way and the ``levels`` [P, R1, S1 ... R5, S5] of the last one that ended."""

    __slots__ = ("close", "high", "kind", "levels", "low", "open", "started")

    def __init__(self) -> None:
        self.started: bool = False
        self.open: float = NAN
        self.high: float = NAN
        self.low: float = NAN
        self.close: float = NAN
        self.kind: int = -1
        self.levels: list[float] = [NAN] * 11


def follow(state: Periods, open_: float, high: float, low: float, close: float, kind: int, anchor: bool) -> None:
    """Take one bar. At an anchor the period that ended with the bar before gives its levels."""
    if anchor and state.started:
        compute(state.levels, kind, state.open, state.high, state.low, state.close, open_)
    if anchor or not state.started:
        state.started = True
        state.open = open_
        state.high = high
        state.low = low
    else:
        if high > state.high:
            state.high = high
        if low < state.low:
            state.low = low
    state.close = close


def compute(
    levels: list[float], kind: int, open_: float, high: float, low: float, close: float, next_open: float
) -> None:
    """Fill ``levels``; formulas as on TradingView's help page on standard pivot points.

    ``open_`` .. ``close`` are those of the period, ``next_open`` is the open of the one after it.
    """
    for i in range(11):
        levels[i] = NAN
    span = high - low
    pivot = (high + low + close) / 3.0
    if kind == TRADITIONAL:
        levels[1] = pivot * 2.0 - low
        levels[2] = pivot * 2.0 - high
        levels[3] = pivot + span
        levels[4] = pivot - span
        levels[5] = pivot * 2.0 + (high - 2.0 * low)
        levels[6] = pivot * 2.0 - (2.0 * high - low)
        levels[7] = pivot * 3.0 + (high - 3.0 * low)
        levels[8] = pivot * 3.0 - (3.0 * high - low)
        levels[9] = pivot * 4.0 + (high - 4.0 * low)
        levels[10] = pivot * 4.0 - (4.0 * high - low)
    elif kind == FIBONACCI:
        levels[1] = pivot + 0.382 * span
        levels[2] = pivot - 0.382 * span
        levels[3] = pivot + 0.618 * span
        levels[4] = pivot - 0.618 * span
        levels[5] = pivot + span
        levels[6] = pivot - span
    elif kind == WOODIE:
        pivot = (high + low + 2.0 * next_open) / 4.0
        levels[1] = 2.0 * pivot - low
        levels[2] = 2.0 * pivot - high
        levels[3] = pivot + span
        levels[4] = pivot - span
        levels[5] = high + 2.0 * (pivot - low)
        levels[6] = low - 2.0 * (high - pivot)
        levels[7] = levels[5] + span
        levels[8] = levels[6] - span
    elif kind == CLASSIC:
        levels[1] = 2.0 * pivot - low
        levels[2] = 2.0 * pivot - high
        levels[3] = pivot + span
        levels[4] = pivot - span
        levels[5] = pivot + 2.0 * span
        levels[6] = pivot - 2.0 * span
        levels[7] = pivot + 3.0 * span
        levels[8] = pivot - 3.0 * span
    elif kind == DM:
        sum_ = high + 2.0 * low + close
        if open_ == close:
            sum_ = high + low + 2.0 * close
        elif close > open_:
            sum_ = 2.0 * high + low + close
        pivot = sum_ / 4.0
        levels[1] = sum_ / 2.0 - low
        levels[2] = sum_ / 2.0 - high
    elif kind == CAMARILLA:
        levels[1] = close + span * 1.1 / 12.0
        levels[2] = close - span * 1.1 / 12.0
        levels[3] = close + span * 1.1 / 6.0
        levels[4] = close - span * 1.1 / 6.0
        levels[5] = close + span * 1.1 / 4.0
        levels[6] = close - span * 1.1 / 4.0
        levels[7] = close + span * 1.1 / 2.0
        levels[8] = close - span * 1.1 / 2.0
        levels[9] = high / low * close if low != 0.0 else NAN
        levels[10] = close - (levels[9] - close)
    else:
        return
    levels[0] = pivot
