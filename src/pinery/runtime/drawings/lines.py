"""``line.*``. A line that is na or deleted is left alone."""

from __future__ import annotations

from pinery.core.errors import PineRuntimeError
from pinery.runtime.arrays import Array
from pinery.runtime.context import Runtime
from pinery.runtime.drawings.objects import Line, Point
from pinery.runtime.drawings.points import x_of
from pinery.runtime.values import NAN


def new(
    rt: Runtime,
    x1: float,
    y1: float,
    x2: float,
    y2: float,
    xloc: str | None,
    extend: str | None,
    color: int | None,
    style: str | None,
    width: float,
    force_overlay: bool,
) -> Line | None:
    if rt.is_request:
        return None
    kept = rt.drawings
    line = Line(kept.new_id(), rt.bar_index, rt.time, x1, y1, x2, y2, xloc, extend, color, style, width, force_overlay)
    kept.add_line(line)
    return line


def new_at_points(
    rt: Runtime,
    first_point: Point | None,
    second_point: Point | None,
    xloc: str | None,
    extend: str | None,
    color: int | None,
    style: str | None,
    width: float,
    force_overlay: bool,
) -> Line | None:
    x1, y1 = x_of(first_point, xloc)
    x2, y2 = x_of(second_point, xloc)
    return new(rt, x1, y1, x2, y2, xloc, extend, color, style, width, force_overlay)


def copy(rt: Runtime, id: Line | None) -> Line | None:
    if id is None or id.deleted:
        return None
    return new(rt, id.x1, id.y1, id.x2, id.y2, id.xloc, id.extend, id.color, id.style, id.width, id.force_overlay)


def delete(rt: Runtime, id: Line | None) -> None:
    if id is not None and not id.deleted:
        rt.drawings.delete_line(id)


def all_drawn(rt: Runtime) -> Array:
    return Array(list(rt.drawings.lines.values()))


def get_x1(id: Line | None) -> float:
    return NAN if id is None or id.deleted else id.x1


def get_x2(id: Line | None) -> float:
    return NAN if id is None or id.deleted else id.x2


def get_y1(id: Line | None) -> float:
    return NAN if id is None or id.deleted else id.y1


def get_y2(id: Line | None) -> float:
    return NAN if id is None or id.deleted else id.y2


def get_price(id: Line | None, x: float) -> float:
    """The price at bar index ``x`` of the line extended both ways; na for a vertical line."""
    if id is None or id.deleted:
        return NAN
    if id.xloc == "bar_time":
        raise PineRuntimeError(
            "line.get_price() works only on lines with xloc.bar_index; this one has xloc.bar_time.",
            "Create the line with bar indices, or compute the price from its two points.",
        )
    run = id.x2 - id.x1
    if run == 0:
        return NAN
    return id.y1 + (x - id.x1) * (id.y2 - id.y1) / run


def set_x1(id: Line | None, x: float) -> None:
    if id is not None:
        id.x1 = x


def set_x2(id: Line | None, x: float) -> None:
    if id is not None:
        id.x2 = x


def set_y1(id: Line | None, y: float) -> None:
    if id is not None:
        id.y1 = y


def set_y2(id: Line | None, y: float) -> None:
    if id is not None:
        id.y2 = y


def set_xy1(id: Line | None, x: float, y: float) -> None:
    if id is not None:
        id.x1 = x
        id.y1 = y


def set_xy2(id: Line | None, x: float, y: float) -> None:
    if id is not None:
        id.x2 = x
        id.y2 = y


def set_first_point(id: Line | None, point: Point | None) -> None:
    if id is not None:
        id.x1, id.y1 = x_of(point, id.xloc)


def set_second_point(id: Line | None, point: Point | None) -> None:
    if id is not None:
        id.x2, id.y2 = x_of(point, id.xloc)


def set_xloc(id: Line | None, x1: float, x2: float, xloc: str | None) -> None:
    if id is not None:
        id.x1 = x1
        id.x2 = x2
        id.xloc = xloc


def set_extend(id: Line | None, extend: str | None) -> None:
    if id is not None:
        id.extend = extend


def set_color(id: Line | None, color: int | None) -> None:
    if id is not None:
        id.color = color


def set_style(id: Line | None, style: str | None) -> None:
    if id is not None:
        id.style = style


def set_width(id: Line | None, width: float) -> None:
    if id is not None:
        id.width = width
