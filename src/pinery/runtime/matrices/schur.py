"""The triangular form of a real matrix by shifted QR, and eigenvectors from it (EISPACK's orthes and hqr2)."""

from __future__ import annotations

import math
import sys

from pinery.core.errors import PineRuntimeError

Rows = list[list[float]]

_EPSILON = sys.float_info.epsilon
_ROUNDS = 60  # per eigenvalue


def triangular(a: Rows) -> tuple[list[float], Rows, Rows]:
    """(real parts of the eigenvalues, the form, its basis); ``a`` is used up. Complex pairs keep a 2x2 block."""
    size = len(a)
    basis = [[1.0 if i == j else 0.0 for j in range(size)] for i in range(size)]
    _hessenberg(a, basis)
    norm = sum(abs(a[i][j]) for i in range(size) for j in range(max(i - 1, 0), size))
    values = [0.0] * size
    high = size - 1
    rounds = 0
    while high >= 0:
        low = high
        while low > 0:
            near = abs(a[low - 1][low - 1]) + abs(a[low][low])
            if abs(a[low][low - 1]) < _EPSILON * (near or norm):
                a[low][low - 1] = 0.0
                break
            low -= 1
        if low == high:
            values[high] = a[high][high]
            high, rounds = high - 1, 0
        elif low == high - 1:
            values[high - 1], values[high] = _pair(a, basis, high)
            high, rounds = high - 2, 0
        else:
            rounds += 1
            if rounds > _ROUNDS:
                raise PineRuntimeError("The eigenvalues of the matrix cannot be computed.")
            _step(a, basis, low, high, exceptional=rounds % 10 == 0)
    return values, a, basis


def _reflect(a: Rows, basis: Rows, v: list[float], at: int) -> None:
    """Applies the reflection that maps ``v`` (at rows ``at`` and on) to a multiple of its first axis."""
    length = math.sqrt(sum(x * x for x in v))
    if length == 0.0 or all(x == 0.0 for x in v[1:]):
        return
    v = v.copy()
    v[0] += math.copysign(length, v[0])
    scale = 2.0 / sum(x * x for x in v)
    size = len(a)
    for j in range(size):
        share = scale * sum(x * a[at + i][j] for i, x in enumerate(v))
        for i, x in enumerate(v):
            a[at + i][j] -= share * x
    for rows in (a, basis):
        for r in rows:
            share = scale * sum(x * r[at + i] for i, x in enumerate(v))
            for i, x in enumerate(v):
                r[at + i] -= share * x


def _hessenberg(a: Rows, basis: Rows) -> None:
    size = len(a)
    for k in range(size - 2):
        _reflect(a, basis, [a[i][k] for i in range(k + 1, size)], k + 1)
        for i in range(k + 2, size):
            a[i][k] = 0.0


def _step(a: Rows, basis: Rows, low: int, high: int, exceptional: bool) -> None:
    """One implicit double-shift QR step on the block from ``low`` to ``high``."""
    if exceptional:  # an unusual shift gets a cycle going
        s = abs(a[high][high - 1]) + abs(a[high - 1][high - 2])
        trace, det = 1.5 * s, s * s
    else:
        trace = a[high - 1][high - 1] + a[high][high]
        det = a[high - 1][high - 1] * a[high][high] - a[high - 1][high] * a[high][high - 1]
    x = a[low][low] * (a[low][low] - trace) + a[low][low + 1] * a[low + 1][low] + det
    y = a[low + 1][low] * (a[low][low] + a[low + 1][low + 1] - trace)
    z = a[low + 1][low] * a[low + 2][low + 1]
    for k in range(low, high):
        count = min(3, high - k + 1)
        _reflect(a, basis, [x, y, z][:count], k)
        if k > low:
            for i in range(k + 1, k + count):
                a[i][k - 1] = 0.0
        if k + 1 <= high:
            x = a[k + 1][k]
            y = a[k + 2][k] if k + 2 <= high else 0.0
            z = a[k + 3][k] if k + 3 <= high else 0.0


def _pair(a: Rows, basis: Rows, high: int) -> tuple[float, float]:
    """The two eigenvalues of the last 2x2 block; a real pair makes the block triangular."""
    low = high - 1
    p = (a[low][low] - a[high][high]) / 2.0
    q = p * p + a[high][low] * a[low][high]
    if q < 0.0:
        return a[high][high] + p, a[high][high] + p
    z = p + math.copysign(math.sqrt(q), p)
    first = a[high][high] + z
    second = a[high][high] - a[high][low] * a[low][high] / z if z else first
    x = a[high][low]
    r = math.hypot(x, z)
    if r:
        sin, cos = x / r, z / r
        for j in range(len(a)):
            upper, lower = a[low][j], a[high][j]
            a[low][j], a[high][j] = cos * upper + sin * lower, cos * lower - sin * upper
        for rows in (a, basis):
            for row in rows:
                left, right = row[low], row[high]
                row[low], row[high] = cos * left + sin * right, cos * right - sin * left
        a[high][low] = 0.0
    return first, second


def vectors(values: list[float], form: Rows, basis: Rows) -> Rows:
    """Eigenvectors as columns. The two columns of a complex pair are the real and the imaginary part."""
    size = len(values)
    norm = sum(abs(form[i][j]) for i in range(size) for j in range(max(i - 1, 0), size))
    least = _EPSILON * norm or _EPSILON
    columns: list[list[float]] = [[] for _ in values]
    at = size - 1
    while at >= 0:
        if at > 0 and form[at][at - 1] != 0.0:
            p = (form[at - 1][at - 1] - form[at][at]) / 2.0
            imaginary = math.sqrt(-(p * p + form[at][at - 1] * form[at - 1][at]))
            x = _substitute(form, at, complex(values[at], imaginary), least)
            columns[at - 1], columns[at] = [c.real for c in x], [c.imag for c in x]
            at -= 2
        else:
            columns[at] = [c.real for c in _substitute(form, at, complex(values[at]), least)]
            at -= 1
    return [[_dot(r, c) for c in columns] for r in basis]


def _dot(a: list[float], b: list[float]) -> float:
    total = 0.0
    for x, y in zip(a, b, strict=True):
        total += x * y
    return total


def _substitute(form: Rows, at: int, value: complex, least: float) -> list[complex]:
    """Solves (form - value) x = 0 upwards from row ``at``."""
    x = [0j] * len(form)
    x[at] = 1 + 0j
    top = at - 1
    if value.imag:  # the 2x2 block of the pair itself
        x[at - 1] = (value - form[at][at]) / form[at][at - 1]
        top = at - 2
    i = top
    while i >= 0:
        right = -sum((form[i][j] * x[j] for j in range(i + 1, at + 1)), 0j)
        pivot = form[i][i] - value
        if i > 0 and form[i][i - 1] != 0.0:
            above = -sum((form[i - 1][j] * x[j] for j in range(i + 1, at + 1)), 0j)
            corner = form[i - 1][i - 1] - value
            det = corner * pivot - form[i - 1][i] * form[i][i - 1] or complex(least)
            x[i - 1] = (above * pivot - form[i - 1][i] * right) / det
            x[i] = (corner * right - form[i][i - 1] * above) / det
            i -= 2
        else:
            x[i] = right / (pivot or complex(least))
            i -= 1
    return x
