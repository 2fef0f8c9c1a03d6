"""Whether a feed has gone silent: no prices, though something should be traded."""

from __future__ import annotations

from pinery.charts.hours import TradingHours
from pinery.core.instrument import Instrument


class Watch:
    """``limit``: ms of market time without a price, in trading hours, that are silence; None: never.

    For a number of seconds of the clock multiply by the feed's speed. Counted from ``now`` (market, Unix ms), from
    the last price, or from the opening, whichever came last.
    """

    def __init__(self, instrument: Instrument, limit: int | None, now: int) -> None:
        self._hours = TradingHours(instrument)
        self._limit = limit
        self._last = now

    def seen(self, time: int) -> None:
        """A price or a bar came that tells of this moment of the market."""
        self._last = max(self._last, time)

    def silent(self, now: int) -> bool:
        return self.silent_for(now) is not None

    def silent_for(self, now: int) -> int | None:
        """Trading time (ms) without a price, where that is too long."""
        if self._limit is None or now - self._last <= self._limit:
            return None
        opened = self._hours.since(now)
        if opened is None:
            return None
        passed = now - max(self._last, opened)
        return passed if passed > self._limit else None
