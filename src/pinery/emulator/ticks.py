"""``calc_on_every_history_tick``: what a script sees of a historical bar at each point of its path."""

from __future__ import annotations

from collections.abc import Sequence

from pinery.runtime.context import Columns


class PartialBar:
    """One bar of the columns as it looks before its close; ``restore`` brings the whole bar back.

    High and low are those so far, the close is the price at hand, and the volume grows evenly with the
    points of the path (guide, calc_on_every_history_tick).
    """

    __slots__ = ("_columns", "_i", "_whole")

    NAMES = ("high", "low", "close", "volume", "hl2", "hlc3", "ohlc4", "hlcc4")

    def __init__(self, columns: Columns, i: int) -> None:
        self._columns = columns
        self._i = i
        self._whole = [getattr(columns, name)[i] for name in self.NAMES]

    def show(self, prices: Sequence[float], at: int) -> None:
        """Let the bar look as at point ``at`` of the path ``prices``."""
        seen = prices[: at + 1]
        o = self._columns.open[self._i]
        h, low, c = max(seen), min(seen), seen[-1]
        volume = self._whole[3] * (at + 1) / len(prices)
        values = (h, low, c, volume, (h + low) / 2, (h + low + c) / 3, (o + h + low + c) / 4, (h + low + c + c) / 4)
        self._put(values)

    def restore(self) -> None:
        self._put(self._whole)

    def _put(self, values: Sequence[float]) -> None:
        for name, value in zip(self.NAMES, values, strict=True):
            getattr(self._columns, name)[self._i] = value
