"""Statistics of the numbers in an array or a matrix. Every function takes the numbers without na, in order.

Sums run from left to right without compensation, so that a result does not depend on the Python version.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from functools import reduce
from operator import add

from pinery.core.values import NAN


def _in_order(values: Sequence[float]) -> float:
    if sys.version_info >= (3, 12):  # from there on the builtin compensates
        return reduce(add, values)
    return sum(values[1:], values[0])


def numbers(items: Iterable[float]) -> list[float]:
    """The elements that are not na."""
    return [x for x in items if x == x and x is not None]


def total(values: Sequence[float]) -> float:
    return _in_order(values) if values else NAN


def mean(values: Sequence[float]) -> float:
    return _whole(_in_order(values) / len(values), values) if values else NAN


def _whole(result: float, values: Sequence[float]) -> float:
    """An int where ints give a whole number, so that it can be an index."""
    if type(values[0]) is int and all(type(x) is int for x in values) and result == math.floor(result):
        return int(result)
    return result


def median(values: Sequence[float]) -> float:
    if not values:
        return NAN
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return _whole((ordered[middle - 1] + ordered[middle]) / 2, values)


def mode(values: Sequence[float]) -> float:
    """The most frequent number; the smallest one of several."""
    counts: dict[float, int] = {}
    for x in values:
        counts[x] = counts.get(x, 0) + 1
    if not counts:
        return NAN
    most = max(counts.values())
    return min(x for x, n in counts.items() if n == most)


def variance(values: Sequence[float], biased: bool) -> float:
    """Of the population when ``biased``, else of a sample (na for a single number)."""
    n = len(values)
    if n == 0 or (n == 1 and not biased):
        return NAN
    center = reduce(add, values) / n
    squares = 0.0
    for x in values:
        squares += (x - center) * (x - center)
    return squares / (n if biased else n - 1)


def covariance(pairs: Sequence[tuple[float, float]], biased: bool) -> float:
    n = len(pairs)
    if n == 0 or (n == 1 and not biased):
        return NAN
    center_x = reduce(add, [x for x, _ in pairs]) / n
    center_y = reduce(add, [y for _, y in pairs]) / n
    products = 0.0
    for x, y in pairs:
        products += (x - center_x) * (y - center_y)
    return products / (n if biased else n - 1)


def nearest_rank(values: Sequence[float], percentage: float) -> float:
    """The smallest number such that ``percentage`` percent of all are less than or equal to it."""
    if not values or percentage != percentage:
        return NAN
    ordered = sorted(values)
    rank = math.ceil(min(max(percentage, 0.0), 100.0) / 100.0 * len(ordered))
    return ordered[min(max(rank - 1, 0), len(ordered) - 1)]


def interpolated(values: Sequence[float], percentage: float) -> float:
    """Linear between ranks, where the k-th of n numbers is the percentile 100 * (k - 1/2) / n."""
    if not values or percentage != percentage:
        return NAN
    ordered = sorted(values)
    place = min(max(percentage, 0.0), 100.0) / 100.0 * len(ordered) - 0.5
    if place <= 0:
        return ordered[0]
    if place >= len(ordered) - 1:
        return ordered[-1]
    below = math.floor(place)
    return ordered[below] + (place - below) * (ordered[below + 1] - ordered[below])


def rank_of(values: Sequence[float], reference: float) -> float:
    """The percentage of numbers that are less than or equal to ``reference``."""
    if not values or reference != reference:
        return NAN
    return 100.0 * sum(x <= reference for x in values) / len(values)
