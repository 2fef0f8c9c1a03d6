"""Tables and their cells."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from pinery.core.errors import PineRuntimeError
from pinery.runtime.context import Runtime
from pinery.runtime.drawings import tables
from pinery.runtime.drawings.objects import Table

Make = Callable[..., Runtime]


def table(rt: Runtime, columns: float = 2, rows: float = 3, position: str = "top_right") -> Table:
    made = tables.new(rt, position, columns, rows, None, None, 0, None, 0, False)
    assert made is not None
    return made


def cell(of: Table | None, column: float, row: float, text: str = "x") -> None:
    tables.cell(of, column, row, text, 0.0, 0.0, 0xFF, "center", "center", "normal", None, "", "default", 0)


def test_a_cell_written_twice_forgets_the_first(chart: Make) -> None:
    rt = chart()
    t = table(rt)
    cell(t, 0, 0, "old")
    tables.cell_set_bgcolor(t, 0, 0, 0xFF0000FF)
    cell(t, 0, 0, "new")
    (shown,) = rt.drawings.as_data()[0]["cells"]
    assert (shown["text"], shown["bgcolor"]) == ("new", None)


def test_a_setter_changes_one_property(chart: Make) -> None:
    rt = chart()
    t = table(rt)
    cell(t, 1, 2, "kept")
    tables.cell_set_text_color(t, 1, 2, 0xFF0000FF)
    tables.cell_set_text_size(t, 1, 2, 22)
    (shown,) = rt.drawings.as_data()[0]["cells"]
    assert (shown["column"], shown["row"], shown["text"]) == (1, 2, "kept")
    assert (shown["text_color"], shown["text_size"]) == ("#FF0000FF", 22)


@pytest.mark.parametrize(
    ("column", "row", "message"),
    [
        (2, 0, "Column 2 is out of table bounds, number of columns is 2"),
        (0, 3, "Row 3 is out of table bounds, number of rows is 3"),
        (-1, 0, "Column -1 is out of table bounds, number of columns is 2"),
        (math.nan, 0, "Column NaN is out of table bounds"),
    ],
)
def test_a_place_outside_the_table_is_an_error(chart: Make, column: float, row: float, message: str) -> None:
    t = table(chart())
    with pytest.raises(PineRuntimeError, match=message):
        cell(t, column, row)
    with pytest.raises(PineRuntimeError, match=message):
        tables.cell_set_text(t, column, row, "x")


def test_a_table_without_rows_holds_nothing(chart: Make) -> None:
    with pytest.raises(PineRuntimeError, match="number of rows is 0"):
        cell(table(chart(), rows=math.nan), 0, 0)


def test_clearing_takes_a_rectangle_or_one_cell(chart: Make) -> None:
    t = table(chart(), 3, 3)
    for c in range(3):
        for r in range(3):
            cell(t, c, r)
    tables.clear(t, 0, 0, 1, 1)
    assert sorted(t.cells) == [(0, 2), (1, 2), (2, 0), (2, 1), (2, 2)]
    tables.clear(t, 2, 2, None, None)
    assert (2, 2) not in t.cells and len(t.cells) == 4


def test_merged_cells_cannot_be_merged_again_until_cleared(chart: Make) -> None:
    rt = chart()
    t = table(rt, 3, 3)
    tables.merge_cells(t, 0, 0, 2, 0)
    with pytest.raises(PineRuntimeError, match="already merged"):
        tables.merge_cells(t, 1, 0, 1, 1)
    tables.merge_cells(t, 0, 1, 2, 1)
    assert rt.drawings.as_data()[0]["merged"] == [[0, 0, 2, 0], [0, 1, 2, 1]]
    tables.clear(t, 0, 0, None, None)
    tables.merge_cells(t, 0, 0, 1, 0)


def test_one_place_shows_the_last_table_made_for_it(chart: Make) -> None:
    rt = chart()
    first, second, elsewhere = table(rt), table(rt), table(rt, position="bottom_left")
    cell(first, 0, 0)
    assert tables.all_drawn(rt).items == [second, elsewhere]
    assert first.deleted


def test_na_and_deleted_tables_are_left_alone(chart: Make) -> None:
    rt = chart()
    cell(None, 99, 99)
    tables.merge_cells(None, 0, 0, 9, 9)
    gone = table(rt)
    tables.delete(rt, gone)
    cell(gone, 99, 99)
    assert rt.drawings.as_data() == []


def test_no_table_inside_a_request(chart: Make) -> None:
    rt = chart()
    rt.is_request = True
    assert tables.new(rt, "top_left", 1, 1, None, None, 0, None, 0, False) is None
