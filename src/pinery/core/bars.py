"""Bars as columns: what feeds, files and resampling hand to the engine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pinery.core.errors import DataError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class BarSeries:
    """Bars of one symbol and timeframe, oldest first.

    ``time`` is the bar's opening time in Unix ms; the other columns are float64 of the
    same length. ``volume`` may hold NaN where the source has none.
    """

    time: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray

    def __post_init__(self) -> None:
        n = len(self.time)
        for name in ("open", "high", "low", "close", "volume"):
            if len(getattr(self, name)) != n:
                raise DataError(f"column {name!r} has {len(getattr(self, name))} rows, time has {n}")

    def __len__(self) -> int:
        return len(self.time)

    def slice(self, start: int, stop: int) -> BarSeries:
        """Rows ``start`` (included) to ``stop`` (excluded), without copying."""
        return BarSeries(
            self.time[start:stop],
            self.open[start:stop],
            self.high[start:stop],
            self.low[start:stop],
            self.close[start:stop],
            self.volume[start:stop],
        )

    def between(self, first: int | None, last: int | None) -> BarSeries:
        """Bars whose opening time (Unix ms) is in ``first`` .. ``last``, both included."""
        start = 0 if first is None else int(np.searchsorted(self.time, first, side="left"))
        stop = len(self.time) if last is None else int(np.searchsorted(self.time, last, side="right"))
        return self.slice(start, max(start, stop))
