"""Bands around an average, and their widths."""

from __future__ import annotations

from math import sqrt

from pinery.runtime.kernels.averages import Smoothed, ema
from pinery.runtime.kernels.primitives import NAN, Window, fit, squared_deviations, total, trim
from pinery.runtime.kernels.ranges import PreviousClose, tr
from pinery.runtime.kernels.state import State


def bb(state: Window, series: float, length: int, mult: float) -> tuple[float, float, float]:
    if length != state.length:
        fit(state, length)
    values = state.values
    if series == series:
        values.append(series)
        if len(values) > state.limit:
            trim(state)
    size = state.size
    if size == 0 or len(values) < size:
        return NAN, NAN, NAN
    middle = total(values, size) / size
    width = mult * sqrt(squared_deviations(values, size, middle) / size)
    return middle, middle + width, middle - width


def bbw(state: Window, series: float, length: int, mult: float) -> float:
    middle, upper, lower = bb(state, series, length, mult)
    if middle == 0.0:
        return NAN
    return (upper - lower) / middle * 100.0


class Keltner(State):
    __slots__ = ("middle", "previous", "width")

    def __init__(self) -> None:
        self.middle = Smoothed()
        self.width = Smoothed()
        self.previous = PreviousClose()


def kc(
    state: Keltner,
    high: float,
    low: float,
    close: float,
    series: float,
    length: int,
    mult: float,
    use_true_range: bool,
) -> tuple[float, float, float]:
    middle = ema(state.middle, series, length)
    span = tr(state.previous, high, low, close, False)
    if not use_true_range:
        span = high - low
    width = ema(state.width, span, length) * mult
    return middle, middle + width, middle - width


def kcw(
    state: Keltner,
    high: float,
    low: float,
    close: float,
    series: float,
    length: int,
    mult: float,
    use_true_range: bool,
) -> float:
    middle, upper, lower = kc(state, high, low, close, series, length, mult, use_true_range)
    if middle == 0.0:
        return NAN
    return (upper - lower) / middle
