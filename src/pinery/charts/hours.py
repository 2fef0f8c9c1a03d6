"""When something is traded: the weekly hours of an instrument, less the holidays that are known of its exchange."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from pinery.core.instrument import Instrument
from pinery.market.calendar import (
    CHICAGO,
    cme_index_closures,
    cme_index_early_closes,
    is_nyse_day,
    nyse_early_closes,
    unix_ms,
)
from pinery.runtime.sessions import calendar_of, trading_calendar
from pinery.runtime.timeframes import Buckets, Timeframe

_CME_INDICES = frozenset({"ES", "MES", "NQ", "MNQ", "RTY", "M2K", "EMD", "YM", "MYM"})
_US_SHARES = frozenset({"stock", "fund", "dr"})
_MOST_BARS = 20_000  # of a gap that are counted


class TradingHours:
    """Of one instrument's regular session. Holidays: of US stocks and of CME's stock index futures."""

    def __init__(self, instrument: Instrument) -> None:
        self._calendar = calendar_of(instrument)
        self._whole = trading_calendar(instrument)
        self._instrument = instrument

    def since(self, now: int) -> int | None:
        """When the trading that goes on at ``now`` (Unix ms) began; None while the market is closed."""
        day = self._calendar.day(now)
        for opens, closes in day.segments:
            if opens <= now < closes:
                over = _over(self._instrument, day.ordinal)
                return None if over is not None and now >= over else opens
        return None

    def missing(self, after: int, before: int, timeframe: Timeframe) -> int:
        """Bars between those that open at the two moments, as many as trading hours would have had.

        Not counted beyond some weeks of short bars.
        """
        if timeframe.unit == "T":
            return 0
        grid = Buckets(timeframe, self._whole)
        grid.load(after)
        at, found = max(grid.last, after + 1), 0
        for _ in range(_MOST_BARS):
            day = self._calendar.day(at)
            at = max(at, next((opens for opens, closes in day.segments if at < closes), at))
            start = grid.start_of(at)
            if start >= before or before < grid.last or grid.last <= at:  # it may be stamped inside its period
                break
            if timeframe.isdwm:
                found += any(_over(self._instrument, d) != 0 for d in self._days(grid))
            else:
                found += self.since(max(start, at)) is not None
            at = grid.last
        return found

    def _days(self, grid: Buckets) -> list[int]:
        """Trading dates of the bar at hand."""
        at, found = grid.first, []
        while at < grid.last:
            day = self._whole.day(at)
            found.append(day.ordinal)
            at = day.close
        return found


@lru_cache(maxsize=4096)
def _over(instrument: Instrument, ordinal: int) -> int | None:
    """When a date's trading ends though the weekly hours go on (Unix ms); 0: there is none; None: it does not."""
    day = date.fromordinal(ordinal)
    if instrument.root in _CME_INDICES and instrument.timezone == str(CHICAGO):
        if day in cme_index_closures(day.year):
            return 0
        early = cme_index_early_closes(day.year).get(day)
        return None if early is None else unix_ms(day, early[0], CHICAGO)
    if instrument.type in _US_SHARES and instrument.country == "US" and instrument.timezone == "America/New_York":
        if not is_nyse_day(day):
            return 0
        if day in nyse_early_closes(day.year):
            return calendar_of(instrument).on(ordinal).close - 3 * 3_600_000
    return None
