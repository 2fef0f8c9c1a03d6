"""``box.*``. A box that is na or deleted is left alone."""

from __future__ import annotations

from pinery.runtime.arrays import Array
from pinery.runtime.context import Runtime
from pinery.runtime.drawings.objects import Box, Point
from pinery.runtime.drawings.points import x_of
from pinery.runtime.values import NAN


def new(
    rt: Runtime,
    left: float,
    top: float,
    right: float,
    bottom: float,
    border_color: int | None,
    border_width: float,
    border_style: str | None,
    extend: str | None,
    xloc: str | None,
    bgcolor: int | None,
    text: str | None,
    text_size: str | int | None,
    text_color: int | None,
    text_halign: str | None,
    text_valign: str | None,
    text_wrap: str | None,
    text_font_family: str | None,
    force_overlay: bool,
    text_formatting: int,
) -> Box | None:
    if rt.is_request:
        return None
    box = Box(
        rt.drawings.new_id(),
        rt.bar_index,
        rt.time,
        left,
        top,
        right,
        bottom,
        border_color,
        border_width,
        border_style,
        extend,
        xloc,
        bgcolor,
        text,
        text_size,
        text_color,
        text_halign,
        text_valign,
        text_wrap,
        text_font_family,
        force_overlay,
        text_formatting,
    )
    rt.drawings.add_box(box)
    return box


def new_at_points(
    rt: Runtime,
    top_left: Point | None,
    bottom_right: Point | None,
    border_color: int | None,
    border_width: float,
    border_style: str | None,
    extend: str | None,
    xloc: str | None,
    bgcolor: int | None,
    text: str | None,
    text_size: str | int | None,
    text_color: int | None,
    text_halign: str | None,
    text_valign: str | None,
    text_wrap: str | None,
    text_font_family: str | None,
    force_overlay: bool,
    text_formatting: int,
) -> Box | None:
    left, top = x_of(top_left, xloc)
    right, bottom = x_of(bottom_right, xloc)
    return new(
        rt,
        left,
        top,
        right,
        bottom,
        border_color,
        border_width,
        border_style,
        extend,
        xloc,
        bgcolor,
        text,
        text_size,
        text_color,
        text_halign,
        text_valign,
        text_wrap,
        text_font_family,
        force_overlay,
        text_formatting,
    )


def copy(rt: Runtime, id: Box | None) -> Box | None:
    if id is None or id.deleted:
        return None
    return new(
        rt,
        id.left,
        id.top,
        id.right,
        id.bottom,
        id.border_color,
        id.border_width,
        id.border_style,
        id.extend,
        id.xloc,
        id.bgcolor,
        id.text,
        id.text_size,
        id.text_color,
        id.text_halign,
        id.text_valign,
        id.text_wrap,
        id.text_font_family,
        id.force_overlay,
        id.text_formatting,
    )


def delete(rt: Runtime, id: Box | None) -> None:
    if id is not None and not id.deleted:
        rt.drawings.delete_box(id)


def all_drawn(rt: Runtime) -> Array:
    return Array(list(rt.drawings.boxes.values()))


def get_left(id: Box | None) -> float:
    return NAN if id is None or id.deleted else id.left


def get_right(id: Box | None) -> float:
    return NAN if id is None or id.deleted else id.right


def get_top(id: Box | None) -> float:
    return NAN if id is None or id.deleted else id.top


def get_bottom(id: Box | None) -> float:
    return NAN if id is None or id.deleted else id.bottom


def set_left(id: Box | None, left: float) -> None:
    if id is not None:
        id.left = left


def set_right(id: Box | None, right: float) -> None:
    if id is not None:
        id.right = right


def set_top(id: Box | None, top: float) -> None:
    if id is not None:
        id.top = top


def set_bottom(id: Box | None, bottom: float) -> None:
    if id is not None:
        id.bottom = bottom


def set_lefttop(id: Box | None, left: float, top: float) -> None:
    if id is not None:
        id.left = left
        id.top = top


def set_rightbottom(id: Box | None, right: float, bottom: float) -> None:
    if id is not None:
        id.right = right
        id.bottom = bottom


def set_top_left_point(id: Box | None, point: Point | None) -> None:
    if id is not None:
        id.left, id.top = x_of(point, id.xloc)


def set_bottom_right_point(id: Box | None, point: Point | None) -> None:
    if id is not None:
        id.right, id.bottom = x_of(point, id.xloc)


def set_xloc(id: Box | None, left: float, right: float, xloc: str | None) -> None:
    if id is not None:
        id.left = left
        id.right = right
        id.xloc = xloc


def set_border_color(id: Box | None, color: int | None) -> None:
    if id is not None:
        id.border_color = color


def set_border_width(id: Box | None, width: float) -> None:
    if id is not None:
        id.border_width = width


def set_border_style(id: Box | None, style: str | None) -> None:
    if id is not None:
        id.border_style = style


def set_bgcolor(id: Box | None, color: int | None) -> None:
    if id is not None:
        id.bgcolor = color


def set_extend(id: Box | None, extend: str | None) -> None:
    if id is not None:
        id.extend = extend


def set_text(id: Box | None, text: str | None) -> None:
    if id is not None:
        id.text = text


def set_text_size(id: Box | None, text_size: str | int | None) -> None:
    if id is not None:
        id.text_size = text_size


def set_text_color(id: Box | None, text_color: int | None) -> None:
    if id is not None:
        id.text_color = text_color


def set_text_halign(id: Box | None, text_halign: str | None) -> None:
    if id is not None:
        id.text_halign = text_halign


def set_text_valign(id: Box | None, text_valign: str | None) -> None:
    if id is not None:
        id.text_valign = text_valign


def set_text_wrap(id: Box | None, text_wrap: str | None) -> None:
    if id is not None:
        id.text_wrap = text_wrap


def set_text_font_family(id: Box | None, text_font_family: str | None) -> None:
    if id is not None:
        id.text_font_family = text_font_family


def set_text_formatting(id: Box | None, text_formatting: int) -> None:
    if id is not None:
        id.text_formatting = text_formatting
