"""The matrix itself, its elements, rows and columns.

Indices count from 0; areas do not include their end indices.
"""

from __future__ import annotations

from typing import Any, NoReturn

from pinery.core.errors import PineRuntimeError
from pinery.core.values import NAN
from pinery.runtime.arrays import Array, items_of, sorted_places

MAX_ELEMENTS = 100_000


class Matrix:
    """``items`` is a list of rows, all of one length; ``width`` is that length, also when there are no rows.

    ``na`` is the na of the elements' type, for rows and columns added without values.
    """

    __slots__ = ("items", "na", "width")

    def __init__(self, items: list[list[Any]], width: int, na: Any = NAN) -> None:
        self.items = items
        self.width = width
        self.na = na


def new(rows: float = 0, columns: float = 0, initial: Any = NAN) -> Matrix:
    """``initial`` is the typed na when the script gives none."""
    if rows < 0 or columns < 0:
        raise PineRuntimeError("Cannot create a matrix with a negative number of rows or columns.")
    check_size(rows, columns)
    height = 0 if rows != rows else int(rows)
    width = 0 if columns != columns else int(columns)
    numeric = isinstance(initial, (int, float)) and not isinstance(initial, bool)
    na: Any = NAN if numeric else False if isinstance(initial, bool) else None
    return Matrix([[initial] * width for _ in range(height)], width, na)


# --- errors -----------------------------------------------------------------------------


def rows_of(id: Matrix | None) -> list[list[Any]]:
    """The rows; raises ``PineRuntimeError`` when there is no matrix."""
    if id is None:
        _no_matrix()
    return id.items


def _no_matrix() -> NoReturn:
    raise PineRuntimeError(
        "Cannot call matrix methods when the ID of matrix is 'na'.",
        "Create the matrix first, with matrix.new<type>().",
    )


def check_size(height: float, width: float) -> None:
    if height * width > MAX_ELEMENTS or height > MAX_ELEMENTS or width > MAX_ELEMENTS:
        raise PineRuntimeError("Matrix is too large. Maximum size of the matrix is 100,000 elements.")


def _place(what: str, index: float | None, size: int) -> int:
    """A checked index of a row or column; None stands for ``size``."""
    if index is None or not 0 <= index < size:
        shown = "na" if index is None or index != index else index
        raise PineRuntimeError(f"The {what} index ({shown}) is out of bounds, {what} size is ({size}).")
    return int(index)


def _area(id: Matrix, from_row: float, to_row: float | None, from_column: float, to_column: float | None) -> list[int]:
    checked: list[int] = []
    for what, start, stop, size in (
        ("row", from_row, to_row, len(id.items)),
        ("column", from_column, to_column, id.width),
    ):
        begin = 0 if start != start else start
        end = size if stop is None or stop != stop else stop
        if not 0 <= begin < end:
            raise PineRuntimeError(f"The {what} index must be 0 <= from_{what} < to_{what}.")
        if end > size:
            raise PineRuntimeError(f"The {what} index ({end}) is out of bounds, {what} size is ({size}).")
        checked += [int(begin), int(end)]
    return checked


# --- elements ---------------------------------------------------------------------------


def get(id: Matrix, row: int, column: int) -> Any:
    items = rows_of(id)
    return items[_place("row", row, len(items))][_place("column", column, id.width)]


def set(id: Matrix, row: int, column: int, value: Any) -> None:
    items = rows_of(id)
    items[_place("row", row, len(items))][_place("column", column, id.width)] = value


def rows(id: Matrix) -> int:
    return len(rows_of(id))


def columns(id: Matrix) -> int:
    rows_of(id)
    return id.width


def elements_count(id: Matrix) -> int:
    return len(rows_of(id)) * id.width


def row(id: Matrix, row: float) -> Array:
    items = rows_of(id)
    return Array(items[_place("row", row, len(items))].copy())


def col(id: Matrix, column: float) -> Array:
    items = rows_of(id)
    at = _place("column", column, id.width)
    return Array([r[at] for r in items])


def fill(
    id: Matrix,
    value: Any,
    from_row: float = 0,
    to_row: float | None = None,
    from_column: float = 0,
    to_column: float | None = None,
) -> None:
    items = rows_of(id)
    if not items or not id.width:
        return
    top, bottom, left, right = _area(id, from_row, to_row, from_column, to_column)
    for r in items[top:bottom]:
        r[left:right] = [value] * (right - left)


# --- shape ------------------------------------------------------------------------------


def _insertion(what: str, index: float | None, size: int) -> int:
    return size if index is None or index != index else _place(what, index, size + 1)


def _mismatch(values: list[Any], size: int, what: str) -> None:
    if len(values) != size:
        raise PineRuntimeError(
            f"The array size ({len(values)}) does not match the number of {what}s ({size}) in the matrix."
        )


def add_row(id: Matrix, row: float | None = None, array_id: Array | None = None) -> None:
    items = rows_of(id)
    at = _insertion("row", row, len(items))
    values = [id.na] * id.width if array_id is None else list(items_of(array_id))
    if items or (id.width and array_id is None):
        _mismatch(values, id.width, "column")
    check_size(len(items) + 1, len(values))
    id.width = len(values)
    items.insert(at, values)


def add_col(id: Matrix, column: float | None = None, array_id: Array | None = None) -> None:
    items = rows_of(id)
    at = _insertion("column", column, id.width)
    values = [id.na] * len(items) if array_id is None else list(items_of(array_id))
    if not items:
        id.items = [[] for _ in values]
        id.width = 0
        at = 0
    elif id.width or array_id is None:
        _mismatch(values, len(items), "row")
    elif len(values) != len(items):  # rows without elements: the array says how many there are
        id.items = [[] for _ in values]
    check_size(len(values), id.width + 1)
    for r, value in zip(id.items, values, strict=True):
        r.insert(at, value)
    id.width += 1


def remove_row(id: Matrix, row: float | None = None) -> Array:
    items = rows_of(id)
    return Array(items.pop(_place("row", len(items) - 1 if row is None or row != row else row, len(items))))


def remove_col(id: Matrix, column: float | None = None) -> Array:
    items = rows_of(id)
    at = _place("column", id.width - 1 if column is None or column != column else column, id.width)
    id.width -= 1
    return Array([r.pop(at) for r in items])


def swap_rows(id: Matrix, row1: float, row2: float) -> None:
    items = rows_of(id)
    a, b = _place("row", row1, len(items)), _place("row", row2, len(items))
    items[a], items[b] = items[b], items[a]


def swap_columns(id: Matrix, column1: float, column2: float) -> None:
    items = rows_of(id)
    a, b = _place("column", column1, id.width), _place("column", column2, id.width)
    for r in items:
        r[a], r[b] = r[b], r[a]


def reshape(id: Matrix, rows: float, columns: float) -> None:
    items = rows_of(id)
    check_size(rows, columns)
    if not (rows >= 0 and columns >= 0) or int(rows) * int(columns) != len(items) * id.width:
        raise PineRuntimeError(
            f"Cannot reshape a matrix of {len(items) * id.width} elements to {rows} rows and {columns} columns."
        )
    flat = [x for r in items for x in r]
    width = int(columns)
    id.items = [flat[i * width : (i + 1) * width] for i in range(int(rows))]
    id.width = width


def reverse(id: Matrix) -> None:
    items = rows_of(id)
    items.reverse()
    for r in items:
        r.reverse()


def sort(id: Matrix, column: float = 0, order: str = "ascending", sort_field: str | None = None) -> None:
    items = rows_of(id)
    if not items:
        return
    at = _place("column", column, id.width)
    id.items = [items[i] for i in sorted_places([r[at] for r in items], order, sort_field)]


def concat(id1: Matrix, id2: Matrix) -> Matrix:
    items, added = rows_of(id1), rows_of(id2)
    if items and added and id1.width != id2.width:
        raise PineRuntimeError(
            f"The number of columns in both matrices must be identical, they are {id1.width} and {id2.width}."
        )
    if not items:
        id1.width = id2.width
    check_size(len(items) + len(added), id1.width)
    items.extend([r.copy() for r in added])
    return id1


def copy(id: Matrix) -> Matrix:
    return Matrix([r.copy() for r in rows_of(id)], id.width, id.na)


def submatrix(
    id: Matrix, from_row: float = 0, to_row: float | None = None, from_column: float = 0, to_column: float | None = None
) -> Matrix:
    items = rows_of(id)
    top, bottom, left, right = _area(id, from_row, to_row, from_column, to_column)
    return Matrix([r[left:right] for r in items[top:bottom]], right - left, id.na)


def transpose(id: Matrix) -> Matrix:
    items = rows_of(id)
    return Matrix([[r[i] for r in items] for i in range(id.width)], len(items), id.na)
