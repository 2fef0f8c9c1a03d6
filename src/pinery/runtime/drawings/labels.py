"""``label.*``. A label that is na or deleted is left alone."""

from __future__ import annotations

from pinery.runtime.arrays import Array
from pinery.runtime.context import Runtime
from pinery.runtime.drawings.objects import Label, Point
from pinery.runtime.drawings.points import x_of
from pinery.runtime.values import NAN


def new(
    rt: Runtime,
    x: float,
    y: float,
    text: str | None,
    xloc: str | None,
    yloc: str | None,
    color: int | None,
    style: str | None,
    textcolor: int | None,
    size: str | int | None,
    textalign: str | None,
    tooltip: str | None,
    text_font_family: str | None,
    force_overlay: bool,
    text_formatting: int,
) -> Label | None:
    if rt.is_request:
        return None
    label = Label(
        rt.drawings.new_id(),
        rt.bar_index,
        rt.time,
        x,
        y,
        text,
        xloc,
        yloc,
        color,
        style,
        textcolor,
        size,
        textalign,
        tooltip,
        text_font_family,
        force_overlay,
        text_formatting,
    )
    rt.drawings.add_label(label)
    return label


def new_at_point(
    rt: Runtime,
    point: Point | None,
    text: str | None,
    xloc: str | None,
    yloc: str | None,
    color: int | None,
    style: str | None,
    textcolor: int | None,
    size: str | int | None,
    textalign: str | None,
    tooltip: str | None,
    text_font_family: str | None,
    force_overlay: bool,
    text_formatting: int,
) -> Label | None:
    x, y = x_of(point, xloc)
    return new(
        rt,
        x,
        y,
        text,
        xloc,
        yloc,
        color,
        style,
        textcolor,
        size,
        textalign,
        tooltip,
        text_font_family,
        force_overlay,
        text_formatting,
    )


def copy(rt: Runtime, id: Label | None) -> Label | None:
    if id is None or id.deleted:
        return None
    return new(
        rt,
        id.x,
        id.y,
        id.text,
        id.xloc,
        id.yloc,
        id.color,
        id.style,
        id.textcolor,
        id.size,
        id.textalign,
        id.tooltip,
        id.text_font_family,
        id.force_overlay,
        id.text_formatting,
    )


def delete(rt: Runtime, id: Label | None) -> None:
    if id is not None and not id.deleted:
        rt.drawings.delete_label(id)


def all_drawn(rt: Runtime) -> Array:
    return Array(list(rt.drawings.labels.values()))


def get_x(id: Label | None) -> float:
    return NAN if id is None or id.deleted else id.x


def get_y(id: Label | None) -> float:
    return NAN if id is None or id.deleted else id.y


def get_text(id: Label | None) -> str | None:
    return None if id is None or id.deleted else id.text


def set_x(id: Label | None, x: float) -> None:
    if id is not None:
        id.x = x


def set_y(id: Label | None, y: float) -> None:
    if id is not None:
        id.y = y


def set_xy(id: Label | None, x: float, y: float) -> None:
    if id is not None:
        id.x = x
        id.y = y


def set_point(id: Label | None, point: Point | None) -> None:
    if id is not None:
        id.x, id.y = x_of(point, id.xloc)


def set_xloc(id: Label | None, x: float, xloc: str | None) -> None:
    if id is not None:
        id.x = x
        id.xloc = xloc


def set_yloc(id: Label | None, yloc: str | None) -> None:
    if id is not None:
        id.yloc = yloc


def set_color(id: Label | None, color: int | None) -> None:
    if id is not None:
        id.color = color


def set_style(id: Label | None, style: str | None) -> None:
    if id is not None:
        id.style = style


def set_text(id: Label | None, text: str | None) -> None:
    if id is not None:
        id.text = text


def set_textcolor(id: Label | None, textcolor: int | None) -> None:
    if id is not None:
        id.textcolor = textcolor


def set_textalign(id: Label | None, textalign: str | None) -> None:
    if id is not None:
        id.textalign = textalign


def set_size(id: Label | None, size: str | int | None) -> None:
    if id is not None:
        id.size = size


def set_tooltip(id: Label | None, tooltip: str | None) -> None:
    if id is not None:
        id.tooltip = tooltip


def set_text_font_family(id: Label | None, text_font_family: str | None) -> None:
    if id is not None:
        id.text_font_family = text_font_family


def set_text_formatting(id: Label | None, text_formatting: int) -> None:
    if id is not None:
        id.text_formatting = text_formatting
