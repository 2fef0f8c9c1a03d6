"""``array.*`` for numbers. Elements that are na are left out."""

from __future__ import annotations

import math
from collections.abc import Callable

from pinery.core.values import NAN
from pinery.runtime import statistics
from pinery.runtime.arrays import Array, index_in, items_of

# Pine's names, which the functions below take.
_abs, _max, _min = abs, max, min


def _numbers(id: Array) -> list[float]:
    return statistics.numbers(items_of(id))


def _nth(values: list[float], nth: float, best: Callable[..., float], descending: bool) -> float:
    if not values or not 0 <= nth < len(values):
        return NAN
    return best(values) if nth == 0 else sorted(values, reverse=descending)[int(nth)]


def max(id: Array, nth: float = 0) -> float:
    return _nth(_numbers(id), nth, _max, True)


def min(id: Array, nth: float = 0) -> float:
    return _nth(_numbers(id), nth, _min, False)


def range(id: Array) -> float:
    values = _numbers(id)
    return _max(values) - _min(values) if values else NAN


def sum(id: Array) -> float:
    return statistics.total(_numbers(id))


def avg(id: Array) -> float:
    return statistics.mean(_numbers(id))


def median(id: Array) -> float:
    return statistics.median(_numbers(id))


def mode(id: Array) -> float:
    return statistics.mode(_numbers(id))


def variance(id: Array, biased: bool = True) -> float:
    return statistics.variance(_numbers(id), biased)


def stdev(id: Array, biased: bool = True) -> float:
    spread = statistics.variance(_numbers(id), biased)
    return math.sqrt(spread) if spread == spread else NAN


def covariance(id1: Array, id2: Array, biased: bool = True) -> float:
    """na for arrays of different sizes; a pair with na in it is left out."""
    xs, ys = items_of(id1), items_of(id2)
    if len(xs) != len(ys):
        return NAN
    return statistics.covariance([(x, y) for x, y in zip(xs, ys, strict=True) if x == x and y == y], biased)


def standardize(id: Array) -> Array:
    """Distances from the mean in standard deviations; na elements are left out."""
    values = _numbers(id)
    if not values:
        return Array([])
    center = statistics.mean(values)
    deviation = math.sqrt(statistics.variance(values, True))
    return Array([(x - center) / deviation if deviation else NAN for x in values])


def abs(id: Array) -> Array:
    return Array([_abs(x) for x in items_of(id)])


def percentile_nearest_rank(id: Array, percentage: float) -> float:
    return statistics.nearest_rank(_numbers(id), percentage)


def percentile_linear_interpolation(id: Array, percentage: float) -> float:
    return statistics.interpolated(_numbers(id), percentage)


def percentrank(id: Array, index: float) -> float:
    items = items_of(id)
    if not items:
        return NAN
    return statistics.rank_of(_numbers(id), items[index_in(index, len(items))])
