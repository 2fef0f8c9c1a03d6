"""``matrix.*``."""

from __future__ import annotations

from pinery.lang.builtins.schema import V5, FunctionRow, Impl, VariableRow, fn, pure, special


def _any(name: str, signature: str, impl: Impl, doc: str) -> FunctionRow:
    return fn(f"matrix.{name}", signature, impl, doc, versions=V5)


def _numeric(name: str, extra: str, returns: str, module: str, doc: str) -> FunctionRow:
    """A function over an int or a float matrix; ``N`` in ``returns`` is the element's type."""
    signatures = [f"(id: matrix<{kind}>{extra}) -> series {returns.replace('N', kind)}" for kind in ("int", "float")]
    return fn(f"matrix.{name}", signatures, pure(f"matrices.{module}:{name}"), doc, versions=V5)


def _pair(name: str, module: str, doc: str) -> FunctionRow:
    """Two matrices; the result is int only if both are."""
    signatures = [
        f"(id1: matrix<{a}>, id2: matrix<{b}>) -> series matrix<{'int' if a == b == 'int' else 'float'}>"
        for a in ("int", "float")
        for b in ("int", "float")
    ]
    return fn(f"matrix.{name}", signatures, pure(f"matrices.{module}:{name}"), doc, versions=V5)


def _pair_or_scalar(name: str, doc: str, *, vectors: bool = False) -> FunctionRow:
    """A matrix with a matrix or a number, and with an array where ``vectors`` says so."""
    signatures = []
    for a in ("int", "float"):
        for b in ("int", "float"):
            result = "int" if a == b == "int" else "float"
            if vectors:
                signatures.append(f"(id1: matrix<{a}>, id2: array<{b}>) -> series array<{result}>")
            signatures.append(f"(id1: matrix<{a}>, id2: matrix<{b}>) -> series matrix<{result}>")
            signatures.append(f"(id1: matrix<{a}>, id2: {b}) -> series matrix<{result}>")
    return fn(f"matrix.{name}", signatures, pure(f"matrices.algebra:{name}"), doc, versions=V5)


def _test(name: str, doc: str) -> FunctionRow:
    return _numeric(name, "", "bool", "tests", doc)


_AREA = "from_row: int = 0, to_row: int = ?, from_column: int = 0, to_column: int = ?"

ROWS: list[FunctionRow | VariableRow] = [
    fn(
        "matrix.new",
        "(rows: int = 0, columns: int = 0, initial_value: T = na) -> series matrix<T>",
        special("matrix.new"),
        "A new matrix whose elements are all `initial_value`.",
        versions=V5,
        type_params=1,
    ),
    _any(
        "add_col",
        "(id: matrix<T>, column: int = ?, array_id: array<T> = ?) -> void",
        pure("matrices.matrix:add_col"),
        "Inserts a column, at the right by default, of na by default.",
    ),
    _any(
        "add_row",
        "(id: matrix<T>, row: int = ?, array_id: array<T> = ?) -> void",
        pure("matrices.matrix:add_row"),
        "Inserts a row, at the bottom by default, of na by default.",
    ),
    _numeric("avg", "", "N", "statistics", "The mean of all elements."),
    _any(
        "col",
        "(id: matrix<T>, column: int) -> series array<T>",
        pure("matrices.matrix:col"),
        "A new array of the elements of a column.",
    ),
    _any("columns", "(id: matrix<T>) -> series int", pure("matrices.matrix:columns"), "The number of columns."),
    _any(
        "concat",
        "(id1: matrix<T>, id2: matrix<T>) -> series matrix<T>",
        pure("matrices.matrix:concat"),
        "Appends the rows of `id2` to `id1`, and returns `id1`.",
    ),
    _any(
        "copy",
        "(id: matrix<T>) -> series matrix<T>",
        pure("matrices.matrix:copy"),
        "A new matrix with the same elements.",
    ),
    _numeric("det", "", "N", "algebra", "The determinant of a square matrix."),
    _pair_or_scalar("diff", "`id1` minus a matrix or a number."),
    _numeric("eigenvalues", "", "array<N>", "eigen", "The eigenvalues of a square matrix."),
    _numeric("eigenvectors", "", "matrix<N>", "eigen", "The eigenvectors of a square matrix, one in each column."),
    _any(
        "elements_count",
        "(id: matrix<T>) -> series int",
        pure("matrices.matrix:elements_count"),
        "The number of elements.",
    ),
    _any(
        "fill",
        f"(id: matrix<T>, value: T, {_AREA}) -> void",
        pure("matrices.matrix:fill"),
        "Sets the elements of an area; the end indices are not part of it.",
    ),
    _any(
        "get",
        "(id: matrix<T>, row: int, column: int) -> series T",
        pure("matrices.matrix:get"),
        "The element at a row and column.",
    ),
    _numeric("inv", "", "matrix<N>", "algebra", "The inverse of a square matrix."),
    _test("is_antidiagonal", "Whether all elements off the secondary diagonal are zero."),
    _test("is_antisymmetric", "Whether the transpose is the negative of the matrix."),
    _test("is_binary", "Whether all elements are 0 or 1."),
    _test("is_diagonal", "Whether all elements off the main diagonal are zero."),
    _test("is_identity", "Whether the matrix is an identity matrix."),
    _any("is_square", "(id: matrix<T>) -> series bool", pure("matrices.tests:is_square"), "As many rows as columns."),
    _test("is_stochastic", "Whether no element is negative and each row sums up to 1."),
    _test("is_symmetric", "Whether the transpose is the matrix itself."),
    _test("is_triangular", "Whether all elements above or below the main diagonal are zero."),
    _test("is_zero", "Whether all elements are zero."),
    _pair("kron", "algebra", "The Kronecker product of two matrices."),
    _numeric("max", "", "N", "statistics", "The greatest element."),
    _numeric("median", "", "N", "statistics", "The median of all elements."),
    _numeric("min", "", "N", "statistics", "The smallest element."),
    _numeric("mode", "", "N", "statistics", "The most frequent element; the smallest one of several."),
    _pair_or_scalar("mult", "The product of a matrix with a matrix, a number or an array.", vectors=True),
    _numeric("pinv", "", "matrix<N>", "algebra", "The pseudoinverse of a matrix."),
    _numeric("pow", ", power: int", "matrix<N>", "algebra", "The matrix multiplied by itself `power` times."),
    _numeric("rank", "", "int", "algebra", "The rank of a matrix."),
    _any(
        "remove_col",
        "(id: matrix<T>, column: int = ?) -> series array<T>",
        pure("matrices.matrix:remove_col"),
        "Removes a column, the last one by default, and returns its elements.",
    ),
    _any(
        "remove_row",
        "(id: matrix<T>, row: int = ?) -> series array<T>",
        pure("matrices.matrix:remove_row"),
        "Removes a row, the last one by default, and returns its elements.",
    ),
    _any(
        "reshape",
        "(id: matrix<T>, rows: int, columns: int) -> void",
        pure("matrices.matrix:reshape"),
        "Arranges the elements, read row by row, in new dimensions.",
    ),
    _any(
        "reverse",
        "(id: matrix<T>) -> void",
        pure("matrices.matrix:reverse"),
        "Reverses the order of rows and of columns.",
    ),
    _any(
        "row",
        "(id: matrix<T>, row: int) -> series array<T>",
        pure("matrices.matrix:row"),
        "A new array of the elements of a row.",
    ),
    _any("rows", "(id: matrix<T>) -> series int", pure("matrices.matrix:rows"), "The number of rows."),
    _any(
        "set",
        "(id: matrix<T>, row: int, column: int, value: T) -> void",
        pure("matrices.matrix:set"),
        "Replaces the element at a row and column.",
    ),
    _any(
        "sort",
        "(id: matrix<T>, column: int = 0, order: string = order.ascending, sort_field: string = ?) -> void",
        pure("matrices.matrix:sort"),
        "Orders the rows by their elements in a column.",
    ),
    _any(
        "submatrix",
        f"(id: matrix<T>, {_AREA}) -> series matrix<T>",
        pure("matrices.matrix:submatrix"),
        "A new matrix of the elements of an area; the end indices are not part of it.",
    ),
    _pair_or_scalar("sum", "The sum of a matrix with a matrix or a number."),
    _any(
        "swap_columns",
        "(id: matrix<T>, column1: int, column2: int) -> void",
        pure("matrices.matrix:swap_columns"),
        "Exchanges two columns.",
    ),
    _any(
        "swap_rows",
        "(id: matrix<T>, row1: int, row2: int) -> void",
        pure("matrices.matrix:swap_rows"),
        "Exchanges two rows.",
    ),
    _numeric("trace", "", "N", "algebra", "The sum of the elements on the main diagonal."),
    _any(
        "transpose",
        "(id: matrix<T>) -> series matrix<T>",
        pure("matrices.matrix:transpose"),
        "A new matrix with rows and columns exchanged.",
    ),
]
