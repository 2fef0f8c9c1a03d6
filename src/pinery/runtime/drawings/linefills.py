"""``linefill.*``. A fill that is na or deleted is left alone; it dies with either of its lines."""

from __future__ import annotations

from pinery.runtime.arrays import Array
from pinery.runtime.context import Runtime
from pinery.runtime.drawings.objects import Line, Linefill


def new(rt: Runtime, line1: Line | None, line2: Line | None, color: int | None) -> Linefill | None:
    """na when either line is na or deleted."""
    if rt.is_request or line1 is None or line2 is None or line1.deleted or line2.deleted:
        return None
    fill = Linefill(rt.drawings.new_id(), rt.bar_index, rt.time, line1, line2, color)
    rt.drawings.add_linefill(fill)
    return fill


def delete(rt: Runtime, id: Linefill | None) -> None:
    if id is not None and not id.deleted:
        rt.drawings.delete_linefill(id)


def all_drawn(rt: Runtime) -> Array:
    return Array(list(rt.drawings.linefills.values()))


def get_line1(id: Linefill | None) -> Line | None:
    return None if id is None else id.line1


def get_line2(id: Linefill | None) -> Line | None:
    return None if id is None else id.line2


def set_color(id: Linefill | None, color: int | None) -> None:
    if id is not None:
        id.color = color
