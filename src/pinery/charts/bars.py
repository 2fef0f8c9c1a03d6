"""A bar in the making, as scripts get to see it, and what they say about it."""

from __future__ import annotations

from dataclasses import dataclass

from pinery.engine.updates import BarUpdate

__all__ = ["BarUpdate", "Firing"]


@dataclass(frozen=True, slots=True)
class Firing:
    """An alert of a script. ``key`` is the same whenever the same bars give the same alert again.

    ``kind``: "alert" (a call of ``alert()``), "alertcondition", or "order" (an order's fill).
    """

    key: str
    kind: str
    bar_time: int
    now: int  # the market's time when it fired; on history the bar's close
    title: str
    message: str
