"""``matrix.is_*``. An element that is na is equal to nothing, so it fails every test of values."""

from __future__ import annotations

from collections.abc import Callable

from pinery.runtime.matrices.matrix import Matrix, rows_of


def is_square(id: Matrix) -> bool:
    return len(rows_of(id)) == id.width


def _each(id: Matrix, holds: Callable[[float, int, int], bool]) -> bool:
    return all(holds(x, i, j) for i, r in enumerate(rows_of(id)) for j, x in enumerate(r))


def is_zero(id: Matrix) -> bool:
    return _each(id, lambda x, i, j: x == 0)


def is_binary(id: Matrix) -> bool:
    return _each(id, lambda x, i, j: x in (0, 1))


def is_identity(id: Matrix) -> bool:
    return is_square(id) and _each(id, lambda x, i, j: x == (i == j))


def is_diagonal(id: Matrix) -> bool:
    return is_square(id) and _each(id, lambda x, i, j: i == j or x == 0)


def is_antidiagonal(id: Matrix) -> bool:
    return is_square(id) and _each(id, lambda x, i, j: i + j == id.width - 1 or x == 0)


def is_symmetric(id: Matrix) -> bool:
    return is_square(id) and _each(id, lambda x, i, j: x == id.items[j][i])


def is_antisymmetric(id: Matrix) -> bool:
    return is_square(id) and _each(id, lambda x, i, j: x == -id.items[j][i])


def is_triangular(id: Matrix) -> bool:
    return is_square(id) and (
        _each(id, lambda x, i, j: i >= j or x == 0) or _each(id, lambda x, i, j: i <= j or x == 0)
    )


def is_stochastic(id: Matrix) -> bool:
    """No negative element, and each row sums up to 1 (within 1e-10: shares rarely add up exactly)."""
    return all(all(x >= 0 for x in r) and abs(sum(r) - 1.0) < 1e-10 for r in rows_of(id))
