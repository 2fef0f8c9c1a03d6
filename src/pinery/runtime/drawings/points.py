"""``chart.point.*``."""

from __future__ import annotations

from pinery.runtime.context import Runtime
from pinery.runtime.drawings.objects import Point
from pinery.runtime.values import NAN


def x_of(point: Point | None, xloc: str | None) -> tuple[float, float]:
    """The (x, price) that a drawing with this ``xloc`` takes from a point."""
    if point is None:
        return NAN, NAN
    return (point.time if xloc == "bar_time" else point.index), point.price


def new(time: float, index: float, price: float) -> Point:
    return Point(time, index, price)


def from_index(index: float, price: float) -> Point:
    return Point(NAN, index, price)


def from_time(time: float, price: float) -> Point:
    return Point(time, NAN, price)


def now(rt: Runtime, price: float) -> Point:
    return Point(rt.time, rt.bar_index, price)


def copy(id: Point | None) -> Point | None:
    return None if id is None else Point(id.time, id.index, id.price)
