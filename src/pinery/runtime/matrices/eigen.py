"""Eigenvalues and eigenvectors of real square matrices.

Symmetric matrices: Householder reduction and implicit QL, eigenvalues from the largest to the
smallest, vectors of length 1. Others: reduction to Hessenberg form and shifted QR, eigenvalues in
the order in which they stand in the triangular form; of a complex pair the real part is given.
The methods are those of EISPACK's imtql2, orthes and hqr2.
"""

from __future__ import annotations

import math
import sys

from pinery.core.errors import PineRuntimeError
from pinery.core.values import NAN
from pinery.runtime.arrays import Array
from pinery.runtime.matrices.algebra import Rows, check_work, finite, square
from pinery.runtime.matrices.matrix import Matrix
from pinery.runtime.matrices.schur import triangular, vectors

_EPSILON = sys.float_info.epsilon
_WORK = 80  # multiplications, times the cube of the size
_ROUNDS = 60  # per eigenvalue; a few suffice unless something is wrong


def eigenvalues(id: Matrix) -> Array:
    """All na when an element is na."""
    rows = square(id, "matrix.eigenvalues")
    if not finite(rows):
        return Array([NAN] * len(rows))
    check_work(_WORK * len(rows) ** 3, "matrix.eigenvalues")
    return Array(_solve(rows)[0])


def eigenvectors(id: Matrix) -> Matrix:
    """One vector in each column, in the order of ``eigenvalues``."""
    rows = square(id, "matrix.eigenvectors")
    if not finite(rows):
        return Matrix([[NAN] * id.width for _ in rows], id.width)
    check_work(_WORK * len(rows) ** 3, "matrix.eigenvectors")
    return Matrix(_solve(rows)[1], id.width)


def _solve(rows: Rows) -> tuple[list[float], Rows]:
    size = len(rows)
    a = [[float(x) for x in r] for r in rows]
    limit = 10 * size * size * _EPSILON
    if all(abs(a[i][j] - a[j][i]) <= limit * max(abs(a[i][j]), abs(a[j][i])) for i in range(size) for j in range(i)):
        return symmetric(a)
    values, schur, basis = triangular(a)
    return values, vectors(values, schur, basis)


def symmetric(a: Rows) -> tuple[list[float], Rows]:
    """(eigenvalues from the largest down, vectors as columns) of a symmetric matrix, which is used up."""
    diagonal, beside, basis = _tridiagonal(a)
    _implicit_ql(diagonal, beside, basis)
    order = sorted(range(len(diagonal)), key=lambda i: -diagonal[i])
    return [diagonal[i] for i in order], [[r[i] for i in order] for r in basis]


def _tridiagonal(a: Rows) -> tuple[list[float], list[float], Rows]:
    """(main diagonal, the one beside it, the basis) by Householder reflections from the top left."""
    size = len(a)
    basis = [[1.0 if i == j else 0.0 for j in range(size)] for i in range(size)]
    beside = [0.0] * size
    for k in range(size - 1):
        length = math.sqrt(sum(a[k][j] * a[k][j] for j in range(k + 1, size)))
        target = -length if a[k][k + 1] > 0 else length
        beside[k] = target
        if target == 0.0:
            continue
        v = [0.0] * size
        for j in range(k + 1, size):
            v[j] = a[k][j]
        v[k + 1] -= target
        scale = -1.0 / (target * v[k + 1])  # the reflection is I - scale v v'
        p = [scale * sum(a[i][j] * v[j] for j in range(k + 1, size)) for i in range(size)]
        half = 0.5 * scale * sum(p[j] * v[j] for j in range(k + 1, size))
        q = [p[i] - half * v[i] for i in range(size)]
        for i in range(k + 1, size):
            for j in range(k + 1, size):
                a[i][j] -= v[i] * q[j] + q[i] * v[j]
        for r in basis:
            share = scale * sum(r[j] * v[j] for j in range(k + 1, size))
            for j in range(k + 1, size):
                r[j] -= share * v[j]
    return [a[i][i] for i in range(size)], beside, basis


def _implicit_ql(d: list[float], e: list[float], z: Rows) -> None:
    """Turns the diagonal ``d`` into eigenvalues, and the columns of ``z`` into their vectors."""
    size = len(d)
    for low in range(size):
        for _ in range(_ROUNDS):
            split = low
            while split < size - 1 and abs(e[split]) > _EPSILON * (abs(d[split]) + abs(d[split + 1])):
                split += 1
            if split == low:
                break
            _ql_step(d, e, z, low, split)
        else:
            raise PineRuntimeError("The eigenvalues of the matrix cannot be computed.")


def _ql_step(d: list[float], e: list[float], z: Rows, low: int, split: int) -> None:
    g = (d[low + 1] - d[low]) / (2.0 * e[low])
    r = math.hypot(g, 1.0)
    g = d[split] - d[low] + e[low] / (g + math.copysign(r, g))
    s = c = 1.0
    p = 0.0
    for i in reversed(range(low, split)):
        f, b = s * e[i], c * e[i]
        r = math.copysign(math.hypot(f, g), f if abs(f) >= abs(g) else g)  # decides the signs of the vectors
        e[i + 1] = r
        if r == 0.0:  # the problem falls apart here
            d[i + 1] -= p
            e[split] = 0.0
            return
        s, c = f / r, g / r
        g = d[i + 1] - p
        r = (d[i] - g) * s + 2.0 * c * b
        p = s * r
        d[i + 1] = g + p
        g = c * r - b
        for row in z:
            upper, lower = row[i], row[i + 1]
            row[i + 1] = s * upper + c * lower
            row[i] = c * upper - s * lower
    d[low] -= p
    e[low] = g
    e[split] = 0.0
