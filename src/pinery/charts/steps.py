"""Candles as the prices that they tell of."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, nan

from pinery.charts.feed import Candle
from pinery.emulator.path import Path, add_bar


@dataclass(frozen=True, slots=True)
class Step:
    """The price got to ``price``; ``volume`` was traded since the step before."""

    price: float
    volume: float
    jumps: bool


class Steps:
    """Of one symbol's candles in one timeframe, each told of once or many times while it grows."""

    def __init__(self, last: Candle | None = None) -> None:
        self._last = last

    def take(self, candle: Candle) -> list[Step]:
        """What is new since the one before."""
        before, self._last = self._last, candle
        return steps_of(candle, before if before is not None and before.time == candle.time else None)


def steps_of(candle: Candle, before: Candle | None) -> list[Step]:
    """Prices of a candle since it was ``before``, empty where nothing is new.

    Without ``before`` it is walked along the path that the emulator assumes.
    """
    if before is None:
        path = Path()
        add_bar(path, candle.open, candle.high, candle.low, candle.close)
        prices = path.prices[:1]
        for price in path.prices[1:]:
            if price != prices[-1]:
                prices.append(price)
        return _steps(prices, candle.volume, True)
    prices = _grown(before, candle)
    more = candle.volume if isnan(before.volume) else candle.volume - before.volume
    if not prices and not more > 0:
        return []
    return _steps(prices or [candle.close], nan if isnan(more) else max(more, 0.0), False)


def _grown(before: Candle, candle: Candle) -> list[float]:
    """The prices that a candle has met since: new extremes, the nearer one first, and where it is now."""
    found = [
        extreme
        for extreme, new in ((candle.low, candle.low < before.low), (candle.high, candle.high > before.high))
        if new
    ]
    found.sort(key=lambda price: abs(price - before.close))
    if candle.close != (found[-1] if found else before.close):
        found.append(candle.close)
    return found


def _steps(prices: list[float], volume: float, jumps: bool) -> list[Step]:
    """The last one carries what is left of the volume."""
    n = len(prices)
    part = 0.0 if isnan(volume) else float(volume // n) if volume % 1 == 0 else volume / n
    done = 0.0
    steps = []
    for i, price in enumerate(prices):
        share = part if i < n - 1 else volume - done
        done += share
        steps.append(Step(price, share, jumps and i == 0))
    return steps
