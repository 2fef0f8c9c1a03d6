"""Tables: cells of text at a fixed place of the pane."""

from __future__ import annotations

from pinery.lang.builtins.schema import FunctionRow, VariableRow, fn, host, pure, variable

_CELL = "table_id: series table, column: series int, row: series int"
_RANGE = "table_id: series table, start_column: series int, start_row: series int"


def _at(name: str) -> str:
    return f"drawings.tables:{name}"


def _set(name: str, param: str, doc: str) -> FunctionRow:
    return fn(f"table.{name}", f"(table_id: series table, {param}) -> void", pure(_at(name)), doc)


def _cell(name: str, param: str, doc: str) -> FunctionRow:
    return fn(f"table.{name}", f"({_CELL}, {param}) -> void", pure(_at(name)), doc)


ROWS: list[FunctionRow | VariableRow] = [
    fn(
        "table.new",
        "(position: series string, columns: series int, rows: series int, bgcolor: series color = na, "
        "frame_color: series color = na, frame_width: series int = 0, border_color: series color = na, "
        "border_width: series int = 0, force_overlay: const bool = false) -> series table",
        host(_at("new")),
        "Makes a table; it shows once it has cells.",
    ),
    fn(
        "table.cell",
        f'({_CELL}, text: series string = "", width: series float = 0.0, height: series float = 0.0, '
        "text_color: series color = color.black, text_halign: series string = text.align_center, "
        "text_valign: series string = text.align_center, text_size: series any = size.normal, "
        'bgcolor: series color = na, tooltip: series string = "", '
        "text_font_family: series string = font.family_default, text_formatting: series int = text.format_none) "
        "-> void",
        pure(_at("cell")),
        "Defines a cell; what is not given returns to its default.",
    ),
    _cell("cell_set_bgcolor", "bgcolor: series color", "Sets a cell's background colour."),
    _cell("cell_set_height", "height: series float", "Sets a cell's height in percent of the pane; 0 fits the text."),
    _cell("cell_set_width", "width: series float", "Sets a cell's width in percent of the pane; 0 fits the text."),
    _cell("cell_set_text", "text: series string", "Sets a cell's text."),
    _cell("cell_set_text_color", "text_color: series color", "Sets the colour of a cell's text."),
    _cell("cell_set_text_font_family", "text_font_family: series string", "Sets the font of a cell's text."),
    _cell("cell_set_text_formatting", "text_formatting: series int", "Sets bold and italic of a cell's text."),
    _cell("cell_set_text_halign", "text_halign: series string", "Sets the horizontal alignment of a cell's text."),
    _cell("cell_set_text_size", "text_size: series any", "Sets the size of a cell's text, by name or in points."),
    _cell("cell_set_text_valign", "text_valign: series string", "Sets the vertical alignment of a cell's text."),
    _cell("cell_set_tooltip", "tooltip: series string", "Sets a cell's tooltip."),
    fn(
        "table.clear",
        f"({_RANGE}, end_column: series int = ?, end_row: series int = ?) -> void",
        pure(_at("clear")),
        "Removes a rectangle of cells.",
    ),
    fn(
        "table.merge_cells",
        f"({_RANGE}, end_column: series int, end_row: series int) -> void",
        pure(_at("merge_cells")),
        "Makes one cell of a rectangle of cells.",
    ),
    fn("table.delete", "(table_id: series table) -> void", host(_at("delete")), "Deletes the table."),
    variable("table.all", "series array<table>", host(_at("all_drawn")), "Every table drawn, oldest first."),
    _set("set_bgcolor", "bgcolor: series color", "Sets the background colour."),
    _set("set_border_color", "border_color: series color", "Sets the colour of the lines between cells."),
    _set("set_border_width", "border_width: series int", "Sets the width of the lines between cells in pixels."),
    _set("set_frame_color", "frame_color: series color", "Sets the colour of the outer frame."),
    _set("set_frame_width", "frame_width: series int", "Sets the width of the outer frame in pixels."),
    _set("set_position", "position: series string", "Moves the table to another place."),
]
