"""Drawings as data for JSON."""

from __future__ import annotations

import math
from dataclasses import fields
from functools import cache
from typing import Any

from pinery.runtime.drawings.objects import Cell, Drawing, Line, Point

_COLORS = frozenset(
    {"color", "textcolor", "border_color", "bgcolor", "text_color", "line_color", "fill_color", "frame_color"}
)
_BOOKKEEPING = frozenset({"id", "bar", "time", "deleted", "fills"})
_FORMATTING = {0: "none", 1: "bold", 2: "italic", 3: "bold italic"}


def color_text(color: int | None) -> str | None:
    """``0x2196F3FF`` → ``"#2196F3FF"``; na is None."""
    return None if color is None else f"#{color:08X}"


@cache
def _names(cls: type) -> tuple[str, ...]:
    return tuple(f.name for f in fields(cls) if f.name not in _BOOKKEEPING)


def as_data(kind: str, drawing: Drawing) -> dict[str, Any]:
    data: dict[str, Any] = {
        "type": kind,
        "id": drawing.id,
        "created_bar": drawing.bar,
        "created_time": drawing.time,
    }
    data.update(_properties(drawing))
    return data


def _properties(owner: Drawing | Cell) -> dict[str, Any]:
    cls: type = type(owner)
    return {name: _value(name, getattr(owner, name)) for name in _names(cls)}


def _value(name: str, value: Any) -> Any:
    if name in _COLORS:
        return color_text(value)
    if name == "text_formatting":
        return _FORMATTING.get(value, "none")
    if name == "cells":
        return [{"column": c, "row": r, **_properties(cell)} for (c, r), cell in _by_row(value)]
    if name == "points":
        return [_point(p) for p in value]
    if name == "merged":
        return [list(rectangle) for rectangle in value]
    if isinstance(value, Line):
        return value.id
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _by_row(cells: dict[tuple[int, int], Cell]) -> list[tuple[tuple[int, int], Cell]]:
    return sorted(cells.items(), key=lambda item: (item[0][1], item[0][0]))


def _point(point: Point) -> dict[str, Any]:
    return {name: _value(name, getattr(point, name)) for name in ("time", "index", "price")}
