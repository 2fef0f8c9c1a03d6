"""Matrices answer as TradingView's reference and its page on matrices say."""

import math

import pytest

from pinery.core.errors import PineRuntimeError
from pinery.runtime.arrays import Array
from pinery.runtime.matrices import Matrix, algebra, eigen, matrix, statistics, tests

NAN = math.nan


def of(*rows: list[float]) -> Matrix:
    m = matrix.new()
    for r in rows:
        matrix.add_row(m, None, Array(list(r)))
    return m


def close_to(found: Matrix, rows: list[list[float]]) -> bool:
    return len(found.items) == len(rows) and all(
        a == pytest.approx(b, abs=1e-12) for a, b in zip(found.items, rows, strict=True)
    )


def test_determinant_of_the_reference() -> None:
    assert algebra.det(of([3, 7], [1, -4])) == pytest.approx(-19)


def test_cramers_rule_of_the_manual() -> None:
    m = of([3.0, 4.0, -1.0, 8.0], [5.0, -2.0, 1.0, 4.0], [2.0, -2.0, 1.0, 1.0])
    coefficients = matrix.submatrix(m, from_column=0, to_column=3)
    solutions = []
    for column in range(3):
        changed = matrix.copy(coefficients)
        matrix.add_col(changed, column, matrix.col(m, 3))
        matrix.remove_col(changed, column + 1)
        solutions.append(algebra.det(changed) / algebra.det(coefficients))
    assert solutions == pytest.approx([1, 2, 3])


def test_inverse_and_pseudoinverse() -> None:
    assert close_to(algebra.inv(of([4.0, 3.0], [2.0, 1.0])), [[-0.5, 1.5], [1.0, -2.0]])
    assert close_to(algebra.pinv(of([1, 2], [3, 4])), [[-2, 1], [1.5, -0.5]])
    assert close_to(algebra.pinv(of([1.0, 2.0], [2.0, 4.0])), [[0.04, 0.08], [0.08, 0.16]])
    assert close_to(algebra.pinv(of([1.0], [2.0])), [[0.2, 0.4]])
    singular = of([1, 2, 3], [4, 5, 6], [7, 8, 9])
    assert algebra.det(singular) == 0
    assert math.isnan(algebra.inv(singular).items[0][0])


def test_rank_of_the_manual() -> None:
    assert algebra.rank(of([3, 2, 3], [4, 6, 6], [7, 4, 9])) == 3
    assert algebra.rank(of([1, 2, 3], [2, 4, 6], [3, 6, 9])) == 1
    assert algebra.rank(of([0, 0], [0, 0])) == 0


def test_the_first_eigenvalue_of_a_symmetric_matrix_is_the_largest() -> None:
    assert eigen.eigenvalues(of([2.0, 1.0], [1.0, 2.0])).items == pytest.approx([3.0, 1.0])
    vectors = eigen.eigenvectors(of([2.0, 1.0], [1.0, 2.0])).items
    assert abs(vectors[0][0]) == pytest.approx(math.sqrt(0.5))
    assert vectors[0][0] == pytest.approx(vectors[1][0])
    assert vectors[0][1] == pytest.approx(-vectors[1][1])


def test_eigenvalues_of_the_reference() -> None:
    m = of([2, 4], [6, 8])
    values = eigen.eigenvalues(m).items
    assert sorted(values) == pytest.approx([5 - math.sqrt(33), 5 + math.sqrt(33)])
    vectors = eigen.eigenvectors(m)
    product = algebra.mult(m, vectors)
    assert isinstance(product, Matrix)
    for i in range(2):
        for j in range(2):
            assert product.items[i][j] == pytest.approx(vectors.items[i][j] * values[j])


def test_products() -> None:
    a = of([1, 2, 3], [4, 5, 6])
    b = of([4.5, 5.0, 5.5, 6.0], [0.5, 1.0, 1.5, 2.0], [2.5, 3.0, 3.5, 4.0])
    product = algebra.mult(a, b)
    assert isinstance(product, Matrix)
    assert close_to(product, [[13.0, 16.0, 19.0, 22.0], [35.5, 43.0, 50.5, 58.0]])
    vector = algebra.mult(matrix.new(2, 3, 4), Array([1, 1, 1]))
    assert isinstance(vector, Array)
    assert vector.items == [12, 12]
    assert close_to(algebra.pow(matrix.new(2, 2, 2), 3), [[32, 32], [32, 32]])
    assert close_to(algebra.pow(of([2, 1], [0, 3]), 0), [[1, 0], [0, 1]])
    assert close_to(algebra.kron(of([1, 2]), of([1], [3])), [[1, 2], [3, 6]])
    assert algebra.trace(of([1, 2], [3, 4])) == 5
    with pytest.raises(PineRuntimeError, match="number of columns in the 'id1' matrix must equal"):
        algebra.mult(b, a)


def test_a_huge_power_ends() -> None:
    assert algebra.pow(of([7, 3], [1, 9]), 10**6).items[0][0] == math.inf


def test_sum_and_difference() -> None:
    m = of([0.5, 1.0, 1.5], [2.0, 2.5, 3.0], [3.5, 4.0, 4.5])
    t = matrix.transpose(m)
    assert tests.is_symmetric(algebra.sum(m, t))
    assert tests.is_antisymmetric(algebra.diff(m, t))
    assert close_to(algebra.diff(matrix.new(1, 2, 4.0), 1), [[3.0, 3.0]])
    with pytest.raises(PineRuntimeError, match="must have an equal number of rows and columns"):
        algebra.sum(m, matrix.new(3, 4, 2.0))


def test_identity_of_the_manual() -> None:
    m = of([1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1])
    for holds in (
        tests.is_square,
        tests.is_binary,
        tests.is_triangular,
        tests.is_diagonal,
        tests.is_symmetric,
        tests.is_identity,
        tests.is_stochastic,
    ):
        assert holds(m)
    for fails in (tests.is_zero, tests.is_antidiagonal, tests.is_antisymmetric):
        assert not fails(m)
    assert tests.is_antidiagonal(of([0, 1], [2, 0]))
    assert not tests.is_diagonal(matrix.new(2, 3, 0))


def test_shapes() -> None:
    m = of([1, 2, 3], [4, 5, 6])
    copy = matrix.copy(m)
    matrix.reshape(copy, 3, 2)
    assert copy.items == [[1, 2], [3, 4], [5, 6]]
    matrix.reverse(copy)
    assert copy.items == [[6, 5], [4, 3], [2, 1]]
    matrix.sort(copy)
    assert copy.items == [[2, 1], [4, 3], [6, 5]]
    matrix.swap_rows(copy, 0, 2)
    matrix.swap_columns(copy, 0, 1)
    assert copy.items == [[5, 6], [3, 4], [1, 2]]
    assert matrix.remove_row(copy, 1).items == [3, 4]
    assert matrix.remove_col(copy).items == [6, 2]
    assert matrix.submatrix(m, 0, 2, 1, 3).items == [[2, 3], [5, 6]]
    matrix.concat(m, of([7, 8, 9]))
    assert (matrix.rows(m), matrix.columns(m), matrix.elements_count(m)) == (3, 3, 9)
    with pytest.raises(PineRuntimeError, match="reshape"):
        matrix.reshape(m, 2, 2)


def test_rows_and_columns_without_values_are_na() -> None:
    numbers = matrix.new(2, 3, 0)
    matrix.add_col(numbers)
    matrix.add_row(numbers)
    assert matrix.columns(numbers) == 4
    assert all(math.isnan(x) for x in matrix.row(numbers, 2).items + matrix.col(numbers, 3).items)
    texts = matrix.new(1, 1, "x")
    matrix.add_col(texts)
    assert texts.items == [["x", None]]


def test_errors_of_the_manual() -> None:
    m = matrix.new(2, 3, 0.0)
    with pytest.raises(PineRuntimeError, match=r"The row index \(2\) is out of bounds, row size is \(2\)"):
        matrix.set(m, 2, 0, 1.0)
    with pytest.raises(PineRuntimeError, match=r"The column index \(4\) is out of bounds, column size is \(3\)"):
        matrix.submatrix(m, from_column=1, to_column=4)
    with pytest.raises(PineRuntimeError, match="must be 0 <= from_row < to_row"):
        matrix.submatrix(m, from_row=2, to_row=2)
    with pytest.raises(PineRuntimeError, match=r"array size \(3\) does not match the number of rows \(2\)"):
        matrix.add_col(m, 1, Array([1, 2, 3]))
    with pytest.raises(PineRuntimeError, match="Maximum size of the matrix is 100,000 elements"):
        matrix.new(1000, 101, 0.0)
    with pytest.raises(PineRuntimeError, match="ID of matrix is 'na'"):
        matrix.copy(None)  # type: ignore[arg-type]
    with pytest.raises(PineRuntimeError, match="square"):
        algebra.det(m)


def test_statistics_leave_na_out() -> None:
    m = of([1, NAN], [3, 4])
    assert statistics.max(m) == 4
    assert statistics.min(m) == 1
    assert statistics.median(m) == 3
    assert statistics.avg(m) == pytest.approx(8 / 3)
    assert statistics.mode(of([0, 0], [1, 1])) == 0
