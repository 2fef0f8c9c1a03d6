"""Drawings of a run as the chart page reads them: x as bar indices, also beyond the last bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pinery.app.chart.columns import Json, color_text, number
from pinery.core.bars import IntArray
from pinery.runtime.drawings.objects import Box, Cell, Label, Line, Linefill, Point, Polyline, Table
from pinery.runtime.drawings.store import Drawings

_FONTS = {1: "bold", 2: "italic", 3: "italic bold"}


class Places:
    """Where moments stand on the time axis. ``times`` are the bars' opening times (Unix ms)."""

    def __init__(self, times: IntArray | Sequence[int]) -> None:
        self.times: IntArray = np.asarray(times, dtype=np.int64)
        steps = np.diff(self.times)
        middle = len(steps) // 2
        self.step = int(np.partition(steps, middle)[middle]) if len(steps) else 86_400_000

    def of_time(self, time: float) -> float:
        """The bar that holds a moment; beyond both ends bars of the usual length are assumed."""
        if not len(self.times):
            return 0.0
        first, final = int(self.times[0]), int(self.times[-1])
        if time < first:
            return (time - first) / self.step
        if time > final:
            return len(self.times) - 1 + (time - final) / self.step
        return float(np.searchsorted(self.times, time, side="right") - 1)

    def x(self, value: float, xloc: str | None) -> float | None:
        if value != value:
            return None
        return number(self.of_time(value) if xloc == "bar_time" else value)


def drawing_layers(drawings: Drawings, places: Places, panes: int, script_pane: int) -> list[Json]:
    """One set of drawings per pane: the script's own, and on the bars what is forced there."""
    layers: list[Json] = [
        {"lines": [], "linefills": [], "boxes": [], "polylines": [], "labels": [], "tables": []} for _ in range(panes)
    ]

    def put(kind: str, item: Json | None, forced: bool) -> None:
        if item is not None:
            layers[0 if forced else script_pane][kind].append(item)

    for line in drawings.lines.values():
        put("lines", _line(line, places), line.force_overlay)
    for fill in drawings.linefills.values():
        put("linefills", _linefill(fill, places), fill.line1.force_overlay)
    for box in drawings.boxes.values():
        put("boxes", _box(box, places), box.force_overlay)
    for polyline in drawings.polylines.values():
        put("polylines", _polyline(polyline, places), polyline.force_overlay)
    for label in drawings.labels.values():
        put("labels", _label(label, places), label.force_overlay)
    for table in drawings.tables.values():
        put("tables", _table(table), table.force_overlay)
    return layers


def _line(line: Line, places: Places) -> Json | None:
    item: Json = {
        "x1": places.x(line.x1, line.xloc),
        "y1": number(line.y1),
        "x2": places.x(line.x2, line.xloc),
        "y2": number(line.y2),
    }
    if any(value is None for value in item.values()):
        return None
    return item | {
        "extend": line.extend or "none",
        "color": color_text(line.color),
        "style": line.style or "solid",
        "width": _width(line.width),
    }


def _linefill(fill: Linefill, places: Places) -> Json | None:
    first, second = _line(fill.line1, places), _line(fill.line2, places)
    if first is None or second is None:
        return None
    return {"line1": first, "line2": second, "color": color_text(fill.color)}


def _box(box: Box, places: Places) -> Json | None:
    item: Json = {
        "left": places.x(box.left, box.xloc),
        "top": number(box.top),
        "right": places.x(box.right, box.xloc),
        "bottom": number(box.bottom),
    }
    if any(value is None for value in item.values()):
        return None
    return item | {
        "border": color_text(box.border_color),
        "width": _width(box.border_width, least=0),
        "style": box.border_style or "solid",
        "extend": box.extend or "none",
        "bgcolor": color_text(box.bgcolor),
        "text": box.text or "",
        "size": box.text_size or "auto",
        "textcolor": color_text(box.text_color),
        "halign": box.text_halign or "center",
        "valign": box.text_valign or "center",
        "wrap": box.text_wrap == "auto",
        "format": _FONTS.get(box.text_formatting, ""),
    }


def _polyline(polyline: Polyline, places: Places) -> Json | None:
    points = [_point(point, polyline.xloc, places) for point in polyline.points]
    if any(x is None or y is None for x, y in points):
        return None
    return {
        "points": points,
        "curved": bool(polyline.curved),
        "closed": bool(polyline.closed),
        "color": color_text(polyline.line_color),
        "fill": color_text(polyline.fill_color),
        "style": polyline.line_style or "solid",
        "width": _width(polyline.line_width),
    }


def _point(point: Point, xloc: str | None, places: Places) -> tuple[float | None, float | None]:
    x = point.time if xloc == "bar_time" else point.index
    return places.x(x, xloc), number(point.price)


def _label(label: Label, places: Places) -> Json | None:
    x = places.x(label.x, label.xloc)
    y = number(label.y)
    if x is None or (y is None and label.yloc in (None, "price")):
        return None
    return {
        "x": x,
        "y": y,
        "yloc": label.yloc or "price",
        "text": label.text or "",
        "color": color_text(label.color),
        "style": label.style or "label_down",
        "textcolor": color_text(label.textcolor),
        "size": label.size or "normal",
        "align": label.textalign or "center",
        "tooltip": label.tooltip or "",
        "mono": label.text_font_family == "monospace",
        "format": _FONTS.get(label.text_formatting, ""),
    }


def _table(table: Table) -> Json:
    return {
        "position": table.position or "top_right",
        "columns": table.columns,
        "bgcolor": color_text(table.bgcolor),
        "framecolor": color_text(table.frame_color),
        "framewidth": _width(table.frame_width, least=0),
        "bordercolor": color_text(table.border_color),
        "borderwidth": _width(table.border_width, least=0),
        "merged": [list(rectangle) for rectangle in table.merged],
        "cells": [_cell(column, row, cell) for (column, row), cell in table.cells.items()],
    }


def _cell(column: int, row: int, cell: Cell) -> Json:
    return {
        "column": column,
        "row": row,
        "text": cell.text or "",
        "width": number(cell.width) or 0,
        "height": number(cell.height) or 0,
        "color": color_text(cell.text_color),
        "halign": cell.text_halign or "center",
        "valign": cell.text_valign or "center",
        "size": cell.text_size or "normal",
        "bgcolor": color_text(cell.bgcolor),
        "tooltip": cell.tooltip or "",
        "mono": cell.text_font_family == "monospace",
        "format": _FONTS.get(cell.text_formatting, ""),
    }


def _width(value: Any, least: int = 1) -> float:
    width = number(value)
    return max(least, least if width is None else width)
