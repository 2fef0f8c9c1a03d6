"""Alerts that should have fired while a chart was down."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pinery.charts.bars import Firing


@dataclass(frozen=True, slots=True)
class Overdue:
    """``age``: seconds of the clock since it should have fired."""

    firing: Firing
    age: float


def overdue(
    past: Sequence[Firing], last_bar: int | None, recorded: Collection[str], now: int, speed: float
) -> list[Overdue]:
    """Those of bars after the last one that was seen live, in order. ``now`` is the market's time.

    None at all for a chart that has never been live (``last_bar`` None).
    """
    if last_bar is None:
        return []
    pace = speed * 1000 if speed > 0 else 1000
    return [
        Overdue(firing, max(0, now - firing.now) / pace)
        for firing in past
        if firing.bar_time > last_bar and firing.key not in recorded
    ]
