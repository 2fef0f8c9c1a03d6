"""``polyline.*``."""

from __future__ import annotations

from pinery.runtime.arrays import Array
from pinery.runtime.context import Runtime
from pinery.runtime.drawings.objects import Point, Polyline


def new(
    rt: Runtime,
    points: Array | None,
    curved: bool | None,
    closed: bool | None,
    xloc: str | None,
    line_color: int | None,
    fill_color: int | None,
    line_style: str | None,
    line_width: float,
    force_overlay: bool,
) -> Polyline | None:
    """The points are copied; those that are na are left out."""
    if rt.is_request or points is None:
        return None
    polyline = Polyline(
        rt.drawings.new_id(),
        rt.bar_index,
        rt.time,
        [Point(p.time, p.index, p.price) for p in points.items if p is not None],
        bool(curved),
        bool(closed),
        xloc,
        line_color,
        fill_color,
        line_style,
        line_width,
        force_overlay,
    )
    rt.drawings.add_polyline(polyline)
    return polyline


def delete(rt: Runtime, id: Polyline | None) -> None:
    if id is not None and not id.deleted:
        rt.drawings.delete_polyline(id)


def all_drawn(rt: Runtime) -> Array:
    return Array(list(rt.drawings.polylines.values()))
