"""The few operations on windows that kernels build on, at C speed under CPython.

Kernels stay inside a small subset of Python; this module may use more, because a native back end
supplies its own versions. Sums run from the oldest value to the newest, one rounding per addition,
so that every back end and every Python version gives the same bits.
"""

from __future__ import annotations

import math
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from functools import reduce
from operator import add, mul
from typing import Any

from pinery.runtime.kernels.state import State

NAN = math.nan
INF = math.inf
MAX_LOOKBACK = 10_000  # bars a window keeps when its length may change from bar to bar
_LONGEST = 1_000_000  # lengths above this are nonsense, as are those below 1
_EPSILON = 1e-10  # deviations up to this count as zero: the reference manual's ta.stdev
_NOISE = 1e-12  # mean squares from here on do not change visibly by that rule


def _in_order(values: Iterable[float]) -> float:
    return reduce(add, values, 0)


# The builtin adds left to right with one rounding per addition too, three times as fast, but
# compensates for the rounding since Python 3.12, which changes the bits.
_sum: Callable[[Iterable[float]], float] = sum if sys.version_info < (3, 12) else _in_order


class Window(State):
    """The newest values of a series, oldest first.

    ``length`` is as the script gave it, ``size`` the whole number of values it means (0: invalid).
    With ``dynamic`` the window may grow later and keeps ``MAX_LOOKBACK`` values for that.
    Values are only ever added, and ``dropped`` of them cut off at the old end, so that a mark is short.
    Lists in classes built on this one depend on ``length`` alone: another length makes them anew.
    """

    __slots__ = ("dropped", "keep", "length", "limit", "size", "values")

    def __init__(self, dynamic: bool = False) -> None:
        self.values: list[float] = []
        self.dropped: int = 0
        self.length: float = 0.0
        self.size: int = 0
        self.keep: int = MAX_LOOKBACK if dynamic else 1
        self.limit: int = 2 * self.keep + 64

    def save(self) -> tuple[Any, ...]:
        more = [getattr(self, name) for name in self._fields[_WINDOW_FIELDS:]]
        return self.dropped + len(self.values), self.length, *(None if type(x) is list else x for x in more)

    def restore(self, saved: tuple[Any, ...]) -> None:
        del self.values[max(saved[0] - self.dropped, 0) :]
        if self.length != saved[1]:
            self.length = NAN  # no length equals this: the next call fits the window again
        for name, value in zip(self._fields[_WINDOW_FIELDS:], saved[2:], strict=True):
            if value is not None:
                setattr(self, name, value)


_WINDOW_FIELDS = len(Window._fields)


def whole(length: float) -> int:
    """A length as a number of bars: cut to an integer; 0 if na or out of range."""
    return int(length) if 1 <= length <= _LONGEST else 0


def fit(window: Window, length: float) -> None:
    """Take a new length; called when it differs from ``window.length`` (always, if it is na)."""
    window.length = length
    window.size = whole(length)
    reserve(window, window.size)


def reserve(window: Window, count: int) -> None:
    """Keep at least ``count`` values from now on."""
    if count > window.keep:
        window.keep = count
        window.limit = 2 * count + 64


def trim(window: Window) -> None:
    """Drop values that no length can reach; called when ``len(values)`` passes ``limit``."""
    values = window.values
    gone = len(values) - window.keep
    del values[:gone]
    window.dropped += gone


def over_zero(number: float) -> float:
    """``number / 0`` as scripts have it: infinite with the number's sign, na for 0 / 0."""
    if number > 0:
        return INF
    return -INF if number < 0 else NAN


def total(values: list[float], size: int) -> float:
    """Sum of the newest ``size`` values (``size`` > 0), oldest first."""
    return _sum(values[-size:])


def dot(values: list[float], size: int, weights: list[float]) -> float:
    """Sum of the newest ``size`` values, each times its weight, oldest first."""
    return _sum(map(mul, values[-size:], weights))


def squared_deviations(values: list[float], size: int, mean: float) -> float:
    """Sum of squared distances from ``mean``; distances within rounding noise count as zero."""
    squares = 0.0
    for x in values[-size:]:
        away = x - mean
        squares += away * away
    if squares < size * _NOISE:
        squares = 0.0
        for x in values[-size:]:
            away = x - mean
            if away > _EPSILON or away < -_EPSILON:
                squares += away * away
    return squares


def absolute_deviations(values: list[float], size: int, mean: float) -> float:
    """Sum of absolute distances from ``mean``."""
    result = 0.0
    for x in values[-size:]:
        away = x - mean
        result += away if away > 0 else -away
    return result


def deviation_products(
    xs: list[float], ys: list[float], size: int, mean_x: float, mean_y: float
) -> tuple[float, float, float]:
    """Of the distances of ``xs`` and ``ys`` from their means: sums of squares, of each, and of products."""
    xx = yy = xy = 0.0
    for x, y in zip(xs[-size:], ys[-size:], strict=False):
        a = x - mean_x
        b = y - mean_y
        xx += a * a
        yy += b * b
        xy += a * b
    return xx, yy, xy


def largest(values: list[float], size: int) -> float:
    return max(values[-size:])


def smallest(values: list[float], size: int) -> float:
    return min(values[-size:])


def age_of(values: list[float], size: int, value: float) -> int:
    """How many bars ago ``value`` first came among the newest ``size``, where it is."""
    tail = values[-size:]
    return len(tail) - 1 - tail.index(value)


def ordered(values: list[float], size: int) -> list[float]:
    """The newest ``size`` values, ascending."""
    return sorted(values[-size:])


def count_up_to(values: list[float], size: int, bound: float) -> int:
    """How many of the newest ``size`` values are at most ``bound``."""
    return len([x for x in values[-size:] if x <= bound])


def place_before(ranked: list[float], value: float) -> int:
    """How many of the ascending values are below ``value``."""
    return bisect_left(ranked, value)


def place_after(ranked: list[float], value: float) -> int:
    """How many of the ascending values are at most ``value``."""
    return bisect_right(ranked, value)
