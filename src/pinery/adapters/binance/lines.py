"""Klines in order as the candles of the timeframe that somebody wants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pinery.adapters.binance.history import INTERVALS, Klines, grid_of
from pinery.charts.feed import Candle
from pinery.charts.histories import VOLUME_DIGITS
from pinery.core.instrument import Instrument
from pinery.runtime.timeframes import Timeframe

Prices = tuple[float, float, float, float, float]  # open, high, low, close, volume


@dataclass(frozen=True, slots=True)
class Row:
    """A kline as far as it had come at ``now``: from ``time`` to ``end`` (excluded), Unix ms."""

    time: int
    end: int
    prices: Prices
    now: int
    complete: bool


def row_of(data: dict[str, Any]) -> Row:
    """Of a kline event. Raises KeyError, ValueError or TypeError for what is none."""
    kline = data["k"]
    opened, high, low, close, volume = (float(kline[name]) for name in ("o", "h", "l", "c", "v"))
    time, end, is_closed = int(kline["t"]), int(kline["T"]) + 1, kline["x"] is True
    now = end if is_closed else min(int(data["E"]), end - 1)
    return Row(time, end, (opened, high, low, close, volume), now, is_closed)


def rows_of(klines: Klines, settled: int) -> list[Row]:
    """Of an answer: what ended before ``settled`` is complete."""
    bars = klines.bars
    found = []
    for i in range(len(klines)):
        time, end = int(bars.time[i]), int(klines.ends[i])
        prices = (
            float(bars.open[i]), float(bars.high[i]), float(bars.low[i]), float(bars.close[i]), float(bars.volume[i]),
        )  # fmt: skip
        complete = end <= settled
        found.append(Row(time, end, prices, end if complete else max(time, min(settled, end - 1)), complete))
    return found


class Line:
    """What one reader is told of one symbol in one timeframe. Each kline is told complete once, in order."""

    def __init__(
        self, symbol: str, venue: str, timeframe: Timeframe, base: Timeframe, instrument: Instrument, since: int
    ) -> None:
        """``since``: a moment (Unix ms) from which nothing may be missing."""
        self.symbol = symbol
        self.venue = venue
        self.timeframe = timeframe
        self.base = base
        self.stream = f"{venue.lower()}@kline_{INTERVALS[base]}"
        self.ask_at = 0  # Unix ms: not to be asked for before
        self.heard = -1  # opening time of the last kline that the stream told of
        self._grid = grid_of(timeframe, instrument)
        self._base_grid = grid_of(base, instrument)
        self._grid.load(since)
        self.next = min(self._grid.first, self._grid.start)  # opening time of the first kline that is not complete
        self._told = 0  # moment up to which that one has been told of
        self._done: Prices | None = None  # complete klines of the bar at hand
        self._bar = -1

    @property
    def end(self) -> int:
        """When the kline that is not complete is over."""
        return self._base_grid.close_of(self.next)

    def take(self, row: Row) -> Candle | None:
        """None for what has been told already, or must wait for klines before it."""
        if row.time < self.next or row.time >= self.end or (not row.complete and row.now <= self._told):
            return None
        return self._tell(row)

    def take_all(self, rows: list[Row]) -> list[Candle]:
        """Klines without gaps that the exchange does not have itself, oldest first."""
        found = []
        for row in rows:
            if row.time < self.next or (not row.complete and row.time < self.end and row.now <= self._told):
                continue
            found.append(self._tell(row))
        return found

    def _tell(self, row: Row) -> Candle:
        grid = self._grid
        if not grid.first <= row.time < grid.last or self._bar < 0:
            grid.load(row.time)
            self._done = None
        self._bar = grid.start if self.base != self.timeframe else row.time
        prices = row.prices if self._done is None else _joined(self._done, row.prices)
        self._told = row.now
        self.next = row.time
        if row.complete:
            self._done = prices
            self.next, self._told = row.end, 0
        is_over = row.complete and (self.base == self.timeframe or row.end >= grid.last)
        if is_over:
            self._done = None
        return Candle(self.symbol, self.timeframe, self._bar, *prices, now=row.now, complete=is_over)


def _joined(before: Prices, after: Prices) -> Prices:
    volume = round(before[4] + after[4], VOLUME_DIGITS)
    return before[0], max(before[1], after[1]), min(before[2], after[2]), after[3], volume
