"""Statistics of all elements of a matrix, na left out."""

from __future__ import annotations

from pinery.core.values import NAN
from pinery.runtime import statistics
from pinery.runtime.matrices.matrix import Matrix, rows_of

# Pine's names, which the functions below take.
_max, _min = max, min


def _numbers(id: Matrix) -> list[float]:
    return statistics.numbers(x for r in rows_of(id) for x in r)


def avg(id: Matrix) -> float:
    return statistics.mean(_numbers(id))


def max(id: Matrix) -> float:
    values = _numbers(id)
    return _max(values) if values else NAN


def min(id: Matrix) -> float:
    values = _numbers(id)
    return _min(values) if values else NAN


def median(id: Matrix) -> float:
    return statistics.median(_numbers(id))


def mode(id: Matrix) -> float:
    return statistics.mode(_numbers(id))
