"""What time it is on a market that is played back: a function of the clock alone, so that all processes agree."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

from pinery.adapters.feeds.loops import QUIET_MS, WEEK_MS

Spans = Callable[[int, int], list[tuple[int, int]]]  # when something is traded between two moments


class Pace:
    """From ``start`` (market, Unix ms) at ``began`` (clock, Unix ms) on, ``speed`` times as fast as the clock.

    ``spans``: hours outside them are jumped over, if longer than some minutes, up to ``until``; None: none are.
    """

    def __init__(self, start: int, began: int, speed: float, spans: Spans | None = None, until: int | None = None):
        self._start = start
        self._began = began
        self._speed = speed
        self._spans = spans
        self._until = until
        self._looked_at = start  # up to here the open hours are known
        self._from: list[int] = []  # market time at which each of them begins
        self._to: list[int] = []
        self._before: list[int] = []  # open time before it
        self._open = 0

    def at(self, clock: float) -> int:
        """The market's time at a moment of the clock."""
        passed = int(max(0.0, clock - self._began) * self._speed)
        if self._spans is None:
            return self._start + passed
        while self._open <= passed and self._extend():
            pass
        if passed >= self._open:  # the bars are over
            return self._looked_at + passed - self._open
        i = bisect_right(self._before, passed) - 1
        return self._from[i] + passed - self._before[i]

    def clock_at(self, market: int) -> float:
        """When the market gets there, by the clock."""
        return self._began + self._passed_at(market) / self._speed

    def _passed_at(self, market: int) -> int:
        if self._spans is None:
            return market - self._start
        while self._looked_at <= market and self._extend():
            pass
        if market >= self._looked_at:
            return self._open + market - self._looked_at
        i = bisect_right(self._from, market) - 1
        return 0 if i < 0 else self._before[i] + min(market, self._to[i]) - self._from[i]

    def _extend(self) -> bool:
        """Another week; False after the last one."""
        if self._spans is None or (self._until is not None and self._looked_at >= self._until):
            return False
        end = self._looked_at + WEEK_MS
        if self._until is not None:
            end = min(end, self._until)
        for opens, closes in sorted(self._spans(self._looked_at, end)):
            if self._to and opens - self._to[-1] <= QUIET_MS:
                further = max(closes - self._to[-1], 0)
                self._to[-1] += further
                self._open += further
            else:
                self._from.append(opens)
                self._to.append(closes)
                self._before.append(self._open)
                self._open += closes - opens
        self._looked_at = end
        return True
