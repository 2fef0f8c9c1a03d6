"""Linear algebra: sums, products, inverses, determinants, rank.

Everything is computed in a fixed order with plain floats, so that results repeat exactly.
"""

from __future__ import annotations

import math
import sys

from pinery.core.errors import PineRuntimeError
from pinery.core.values import NAN
from pinery.runtime.arrays import Array, items_of
from pinery.runtime.matrices.matrix import Matrix, check_size, rows_of
from pinery.runtime.matrices.tests import is_square

Rows = list[list[float]]

_INT_END = 2**63


def square(id: Matrix, function: str) -> Rows:
    rows = rows_of(id)
    if not is_square(id):
        raise PineRuntimeError(f"{function} needs a square matrix, this one is {len(rows)}x{id.width}.")
    return rows


SINGULAR_WORK = 70  # times the cube of the size
MOST_WORK = 500_000_000  # multiplications of one call, some ten seconds


def check_work(multiplications: float, function: str) -> None:
    """Raises PineRuntimeError for a call that would keep the script waiting for minutes."""
    if multiplications > MOST_WORK:
        raise PineRuntimeError(f"{function} takes too long for a matrix of this size.", "Use a smaller matrix.")


# --- sums and products ------------------------------------------------------------------


def sum(id1: Matrix, id2: Matrix | float) -> Matrix:
    return _combine(id1, id2, 1)


def diff(id1: Matrix, id2: Matrix | float) -> Matrix:
    return _combine(id1, id2, -1)


def _combine(id1: Matrix, id2: Matrix | float, sign: int) -> Matrix:
    left = rows_of(id1)
    if isinstance(id2, (int, float)):
        shift = sign * id2
        return Matrix([[x + shift for x in r] for r in left], id1.width)
    right = rows_of(id2)
    if len(left) != len(right) or id1.width != id2.width:
        done = "added" if sign > 0 else "subtracted"
        raise PineRuntimeError(
            f"Matrices 'id1' and 'id2' must have an equal number of rows and columns to be {done}, "
            f"they are {len(left)}x{id1.width} and {len(right)}x{id2.width}."
        )
    return Matrix(
        [[x + sign * y for x, y in zip(a, b, strict=True)] for a, b in zip(left, right, strict=True)], id1.width
    )


def mult(id1: Matrix, id2: Matrix | Array | float) -> Matrix | Array:
    """A matrix for a matrix or a number, an array for an array (taken as a column)."""
    left = rows_of(id1)
    if isinstance(id2, (int, float)):
        return Matrix([[x * id2 for x in r] for r in left], id1.width)
    if isinstance(id2, Matrix):
        right = rows_of(id2)
        _fits(id1.width, len(right))
        check_size(len(left), id2.width)
        return Matrix(_product(left, right, id2.width), id2.width)
    vector = list(items_of(id2))
    _fits(id1.width, len(vector))
    return Array([_dot(r, vector) for r in left])


def _fits(columns: int, rows: int) -> None:
    if columns != rows:
        raise PineRuntimeError(
            "The number of columns in the 'id1' matrix must equal the number of rows in the matrix "
            f"(or the number of elements in the array) 'id2', they are {columns} and {rows}."
        )


def _dot(a: list[float], b: list[float]) -> float:
    total: float = 0
    for x, y in zip(a, b, strict=True):
        total += x * y
    if isinstance(total, int) and not -_INT_END <= total < _INT_END:
        return float(total)  # beyond Pine's ints; powers would grow without end
    return total


def _product(left: Rows, right: Rows, width: int) -> Rows:
    columns = [[r[j] for r in right] for j in range(width)]
    return [[_dot(r, c) for c in columns] for r in left]


def pow(id: Matrix, power: float) -> Matrix:
    rows = square(id, "matrix.pow")
    if not 0 <= power < math.inf:
        raise PineRuntimeError(f"The power of a matrix must be 0 or more, it is {power}.")
    size = id.width
    result: Rows = [[int(i == j) for j in range(size)] for i in range(size)]
    base, left = rows, int(power)
    check_work(float(size) ** 3 * (left.bit_length() + left.bit_count()), "matrix.pow")
    while left:
        if left & 1:
            result = _product(result, base, size)
        left >>= 1
        if left:
            base = _product(base, base, size)
    return Matrix(result, size)


def kron(id1: Matrix, id2: Matrix) -> Matrix:
    left, right = rows_of(id1), rows_of(id2)
    check_size(len(left) * len(right), id1.width * id2.width)
    return Matrix([[x * y for x in a for y in b] for a in left for b in right], id1.width * id2.width)


def trace(id: Matrix) -> float:
    total: float = 0
    for i, r in enumerate(square(id, "matrix.trace")):
        total += r[i]
    return total


# --- elimination ------------------------------------------------------------------------


def _decompose(rows: Rows) -> tuple[Rows, list[int], int]:
    """LU with the largest pivot of each column: (L and U in one, the order of rows, the sign of that order)."""
    lu = [[float(x) for x in r] for r in rows]
    size = len(lu)
    order = list(range(size))
    sign = 1
    for k in range(size):
        pivot = max(range(k, size), key=lambda i: abs(lu[i][k]))
        if lu[pivot][k] == 0.0:
            continue
        if pivot != k:
            lu[k], lu[pivot] = lu[pivot], lu[k]
            order[k], order[pivot] = order[pivot], order[k]
            sign = -sign
        for i in range(k + 1, size):
            factor = lu[i][k] = lu[i][k] / lu[k][k]
            if factor:
                for j in range(k + 1, size):
                    lu[i][j] -= factor * lu[k][j]
    return lu, order, sign


def finite(rows: Rows) -> bool:
    """Whether all elements are numbers that a float can hold."""
    try:
        return all(math.isfinite(x) for r in rows for x in r)
    except OverflowError:
        return False


def _is_singular(lu: Rows, rows: Rows) -> bool:
    """Whether a pivot is nothing but rounding: below 1e-11, or 1e-11 of the largest element where that is small."""
    limit = 1e-11 * min(1.0, max((abs(x) for r in rows for x in r), default=0.0))
    return any(abs(r[i]) <= limit for i, r in enumerate(lu))


def det(id: Matrix) -> float:
    rows = square(id, "matrix.det")
    if not rows or not finite(rows):
        return NAN
    lu, _, sign = _decompose(rows)
    if _is_singular(lu, rows):
        return 0.0
    result = float(sign)
    for i, r in enumerate(lu):
        result *= r[i]
    return result


def inv(id: Matrix) -> Matrix:
    """All elements are na when the matrix has no inverse."""
    rows = square(id, "matrix.inv")
    inverse = _inverse(rows) if finite(rows) else None
    return Matrix(inverse or [[NAN] * id.width for _ in rows], id.width)


def _inverse(rows: Rows) -> Rows | None:
    size = len(rows)
    lu, order, _ = _decompose(rows)
    if _is_singular(lu, rows):
        return None
    columns: Rows = []
    for column in range(size):
        x = [1.0 if order[i] == column else 0.0 for i in range(size)]
        for i in range(size):
            for j in range(i):
                x[i] -= lu[i][j] * x[j]
        for i in reversed(range(size)):
            for j in range(i + 1, size):
                x[i] -= lu[i][j] * x[j]
            x[i] /= lu[i][i]
        columns.append(x)
    return [[c[i] for c in columns] for i in range(size)]


# --- singular values --------------------------------------------------------------------


def _singular(rows: Rows, width: int, function: str) -> tuple[Rows, list[float], Rows]:
    """One-sided Jacobi: (columns u, singular values, columns v) with A = sum of s * u * v'; some s may be 0."""
    check_work(SINGULAR_WORK * len(rows) * width * width, function)
    columns = [[float(r[j]) for r in rows] for j in range(width)]
    v = [[1.0 if i == j else 0.0 for i in range(width)] for j in range(width)]
    for _ in range(60):
        rotated = False
        for p in range(width):
            for q in range(p + 1, width):
                a, b, c = _dot(columns[p], columns[p]), _dot(columns[q], columns[q]), _dot(columns[p], columns[q])
                if abs(c) <= 1e-15 * math.sqrt(a * b) or c == 0.0:
                    continue
                rotated = True
                zeta = (b - a) / (2.0 * c)
                t = math.copysign(1.0, zeta) / (abs(zeta) + math.hypot(1.0, zeta))
                cos = 1.0 / math.hypot(1.0, t)
                sin = cos * t
                for pair in (columns, v):
                    x, y = pair[p], pair[q]
                    pair[p] = [cos * i - sin * j for i, j in zip(x, y, strict=True)]
                    pair[q] = [sin * i + cos * j for i, j in zip(x, y, strict=True)]
        if not rotated:
            break
    values = [math.sqrt(_dot(c, c)) for c in columns]
    units = [[x / s for x in c] if s else c for c, s in zip(columns, values, strict=True)]
    return units, values, v


def _threshold(values: list[float], height: int, width: int) -> float:
    """Singular values up to this are taken for zero."""
    return max(values, default=0.0) * max(height, width) * sys.float_info.epsilon


def pinv(id: Matrix) -> Matrix:
    """The inverse, for square matrices that have one; na when an element is na."""
    rows = rows_of(id)
    height, width = len(rows), id.width
    if not finite(rows):
        return Matrix([[NAN] * height for _ in range(width)], height)
    inverse = _inverse(rows) if height == width else None
    if inverse is not None:
        return Matrix(inverse, height)
    result = [[0.0] * height for _ in range(width)]
    units, values, v = _singular(rows, width, "matrix.pinv")
    limit = _threshold(values, height, width)
    for unit, value, vector in zip(units, values, v, strict=True):
        if value > limit:
            for i in range(width):
                for j in range(height):
                    result[i][j] += vector[i] * unit[j] / value
    return Matrix(result, height)


def rank(id: Matrix) -> int:
    """As TradingView documents it, a matrix of several elements that are all the same has rank 0."""
    rows = rows_of(id)
    flat = [x for r in rows for x in r]
    if not flat or not finite(rows) or (len(flat) > 1 and all(x == flat[0] for x in flat)):
        return 0
    _, values, _ = _singular(rows, id.width, "matrix.rank")
    limit = _threshold(values, len(rows), id.width)
    return len([x for x in values if x > limit])
