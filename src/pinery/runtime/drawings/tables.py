"""``table.*``. A table that is na or deleted is left alone; a place outside a table is an error."""

from __future__ import annotations

from pinery.core.errors import PineRuntimeError
from pinery.runtime.arrays import Array
from pinery.runtime.context import Runtime
from pinery.runtime.drawings.objects import Cell, Table

_BLACK = 0x000000FF


def new(
    rt: Runtime,
    position: str | None,
    columns: float,
    rows: float,
    bgcolor: int | None,
    frame_color: int | None,
    frame_width: float,
    border_color: int | None,
    border_width: float,
    force_overlay: bool,
) -> Table | None:
    if rt.is_request:
        return None
    table = Table(
        rt.drawings.new_id(),
        rt.bar_index,
        rt.time,
        position,
        _count(columns),
        _count(rows),
        bgcolor,
        frame_color,
        frame_width,
        border_color,
        border_width,
        force_overlay,
    )
    rt.drawings.add_table(table)
    return table


def _count(n: float) -> int:
    return int(n) if n > 0 else 0


def _shown(n: float) -> str:
    return str(n) if n == n else "NaN"


def _place(table: Table, column: float, row: float) -> tuple[int, int]:
    if not 0 <= column < table.columns:
        raise PineRuntimeError(
            f"Column {_shown(column)} is out of table bounds, number of columns is {table.columns}",
            f"Columns count from 0 to {table.columns - 1}." if table.columns else None,
        )
    if not 0 <= row < table.rows:
        raise PineRuntimeError(
            f"Row {_shown(row)} is out of table bounds, number of rows is {table.rows}",
            f"Rows count from 0 to {table.rows - 1}." if table.rows else None,
        )
    return int(column), int(row)


def delete(rt: Runtime, table_id: Table | None) -> None:
    if table_id is not None and not table_id.deleted:
        rt.drawings.delete_table(table_id)


def all_drawn(rt: Runtime) -> Array:
    return Array(list(rt.drawings.tables.values()))


def cell(
    table_id: Table | None,
    column: float,
    row: float,
    text: str | None,
    width: float,
    height: float,
    text_color: int | None,
    text_halign: str | None,
    text_valign: str | None,
    text_size: str | int | None,
    bgcolor: int | None,
    tooltip: str | None,
    text_font_family: str | None,
    text_formatting: int,
) -> None:
    if table_id is not None and not table_id.deleted:
        table_id.cells[_place(table_id, column, row)] = Cell(
            text,
            width,
            height,
            text_color,
            text_halign,
            text_valign,
            text_size,
            bgcolor,
            tooltip,
            text_font_family,
            text_formatting,
        )


def _cell(table: Table | None, column: float, row: float) -> Cell | None:
    """The cell to change; one not defined yet begins with the defaults of ``table.cell``."""
    if table is None or table.deleted:
        return None
    place = _place(table, column, row)
    found = table.cells.get(place)
    if found is None:
        found = Cell("", 0.0, 0.0, _BLACK, "center", "center", "normal", None, "", "default", 0)
        table.cells[place] = found
    return found


def cell_set_bgcolor(table_id: Table | None, column: float, row: float, bgcolor: int | None) -> None:
    if found := _cell(table_id, column, row):
        found.bgcolor = bgcolor


def cell_set_height(table_id: Table | None, column: float, row: float, height: float) -> None:
    if found := _cell(table_id, column, row):
        found.height = height


def cell_set_width(table_id: Table | None, column: float, row: float, width: float) -> None:
    if found := _cell(table_id, column, row):
        found.width = width


def cell_set_text(table_id: Table | None, column: float, row: float, text: str | None) -> None:
    if found := _cell(table_id, column, row):
        found.text = text


def cell_set_text_color(table_id: Table | None, column: float, row: float, text_color: int | None) -> None:
    if found := _cell(table_id, column, row):
        found.text_color = text_color


def cell_set_text_font_family(table_id: Table | None, column: float, row: float, text_font_family: str | None) -> None:
    if found := _cell(table_id, column, row):
        found.text_font_family = text_font_family


def cell_set_text_formatting(table_id: Table | None, column: float, row: float, text_formatting: int) -> None:
    if found := _cell(table_id, column, row):
        found.text_formatting = text_formatting


def cell_set_text_halign(table_id: Table | None, column: float, row: float, text_halign: str | None) -> None:
    if found := _cell(table_id, column, row):
        found.text_halign = text_halign


def cell_set_text_size(table_id: Table | None, column: float, row: float, text_size: str | int | None) -> None:
    if found := _cell(table_id, column, row):
        found.text_size = text_size


def cell_set_text_valign(table_id: Table | None, column: float, row: float, text_valign: str | None) -> None:
    if found := _cell(table_id, column, row):
        found.text_valign = text_valign


def cell_set_tooltip(table_id: Table | None, column: float, row: float, tooltip: str | None) -> None:
    if found := _cell(table_id, column, row):
        found.tooltip = tooltip


def _rectangle(
    table: Table, start_column: float, start_row: float, end_column: float, end_row: float
) -> tuple[int, int, int, int]:
    first = _place(table, start_column, start_row)
    last = _place(table, end_column, end_row)
    if last[0] < first[0] or last[1] < first[1]:
        raise PineRuntimeError(
            f"A range of cells must end at or after its start: column {first[0]}, row {first[1]} "
            f"to column {last[0]}, row {last[1]}"
        )
    return *first, *last


def _overlap(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> bool:
    return a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3]


def clear(
    table_id: Table | None, start_column: float, start_row: float, end_column: float | None, end_row: float | None
) -> None:
    """Without an end, one cell. Merged cells that the rectangle touches come apart."""
    if table_id is None or table_id.deleted:
        return
    area = _rectangle(
        table_id,
        start_column,
        start_row,
        start_column if end_column is None else end_column,
        start_row if end_row is None else end_row,
    )
    table_id.cells = {
        (c, r): kept
        for (c, r), kept in table_id.cells.items()
        if not (area[0] <= c <= area[2] and area[1] <= r <= area[3])
    }
    table_id.merged = [m for m in table_id.merged if not _overlap(m, area)]


def merge_cells(
    table_id: Table | None, start_column: float, start_row: float, end_column: float, end_row: float
) -> None:
    if table_id is None or table_id.deleted:
        return
    area = _rectangle(table_id, start_column, start_row, end_column, end_row)
    if any(_overlap(area, m) for m in table_id.merged):
        raise PineRuntimeError(
            f"Cells from column {area[0]}, row {area[1]} to column {area[2]}, row {area[3]} are already merged",
            "Merge cells once, for example in `if barstate.isfirst`, or clear them first.",
        )
    table_id.merged.append(area)


def set_bgcolor(table_id: Table | None, bgcolor: int | None) -> None:
    if table_id is not None:
        table_id.bgcolor = bgcolor


def set_border_color(table_id: Table | None, border_color: int | None) -> None:
    if table_id is not None:
        table_id.border_color = border_color


def set_border_width(table_id: Table | None, border_width: float) -> None:
    if table_id is not None:
        table_id.border_width = border_width


def set_frame_color(table_id: Table | None, frame_color: int | None) -> None:
    if table_id is not None:
        table_id.frame_color = frame_color


def set_frame_width(table_id: Table | None, frame_width: float) -> None:
    if table_id is not None:
        table_id.frame_width = frame_width


def set_position(table_id: Table | None, position: str | None) -> None:
    if table_id is not None:
        table_id.position = position
