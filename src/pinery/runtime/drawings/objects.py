"""What scripts draw, as plain data.

x values are bar indices or Unix ms, as ``xloc`` says; na is ``nan``. Colours are 0xRRGGBBAA
or None; sizes are names (``"small"``) or points.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Point:
    """``chart.point``: a place by time, by bar index or by both."""

    time: float
    index: float
    price: float


@dataclass(slots=True, eq=False)
class Drawing:
    """``id`` counts all drawings of a run; ``bar`` and ``time`` are those of the creating bar."""

    id: int
    bar: int
    time: int
    deleted: bool = field(default=False, init=False)


@dataclass(slots=True, eq=False)
class Line(Drawing):
    x1: float
    y1: float
    x2: float
    y2: float
    xloc: str | None
    extend: str | None
    color: int | None
    style: str | None
    width: float
    force_overlay: bool
    fills: list[int] = field(default_factory=list, init=False)  # ids of the fills that end with this line


@dataclass(slots=True, eq=False)
class Label(Drawing):
    x: float
    y: float
    text: str | None
    xloc: str | None
    yloc: str | None
    color: int | None
    style: str | None
    textcolor: int | None
    size: str | int | None
    textalign: str | None
    tooltip: str | None
    text_font_family: str | None
    force_overlay: bool
    text_formatting: int


@dataclass(slots=True, eq=False)
class Box(Drawing):
    left: float
    top: float
    right: float
    bottom: float
    border_color: int | None
    border_width: float
    border_style: str | None
    extend: str | None
    xloc: str | None
    bgcolor: int | None
    text: str | None
    text_size: str | int | None
    text_color: int | None
    text_halign: str | None
    text_valign: str | None
    text_wrap: str | None
    text_font_family: str | None
    force_overlay: bool
    text_formatting: int


@dataclass(slots=True, eq=False)
class Linefill(Drawing):
    line1: Line
    line2: Line
    color: int | None


@dataclass(slots=True, eq=False)
class Polyline(Drawing):
    """``points`` are copies: what a script does to its own points later has no effect."""

    points: list[Point]
    curved: bool
    closed: bool
    xloc: str | None
    line_color: int | None
    fill_color: int | None
    line_style: str | None
    line_width: float
    force_overlay: bool


@dataclass(slots=True, eq=False)
class Cell:
    text: str | None
    width: float
    height: float
    text_color: int | None
    text_halign: str | None
    text_valign: str | None
    text_size: str | int | None
    bgcolor: int | None
    tooltip: str | None
    text_font_family: str | None
    text_formatting: int


@dataclass(slots=True, eq=False)
class Table(Drawing):
    """``cells`` by (column, row); ``merged`` holds (first column, first row, last column, last row)."""

    position: str | None
    columns: int
    rows: int
    bgcolor: int | None
    frame_color: int | None
    frame_width: float
    border_color: int | None
    border_width: float
    force_overlay: bool
    cells: dict[tuple[int, int], Cell] = field(default_factory=dict, init=False)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list, init=False)
