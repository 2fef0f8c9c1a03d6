"""Bars in the making: from a feed's prices, candles and time to the updates that scripts get to see."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from math import isnan, nan

from pinery.charts.bars import BarUpdate
from pinery.charts.feed import Beat, Candle, FeedEvent, History, Price
from pinery.charts.hours import TradingHours
from pinery.charts.steps import Step, Steps, steps_of
from pinery.core.instrument import Instrument
from pinery.market.spacing import Gap
from pinery.runtime.sessions import trading_calendar
from pinery.runtime.timeframes import Buckets, Timeframe

GRACE_MS = 2_000

_KEYS_KEPT = 4096  # events by which repetitions are known
_GAPS_KEPT = 50
_VOLUME_DIGITS = 8  # sums of the same volumes in another order are then the same number


@dataclass(slots=True)
class _Bar:
    """``first`` .. ``last``: the moments that belong to it."""

    time: int
    first: int
    last: int
    now: int  # of the latest event
    price_at: int = 0  # of the event that ``close`` is from
    open: float = nan
    high: float = nan
    low: float = nan
    close: float = nan
    volume: float = nan
    told: bool = False  # whether it has had a price


class BarBuilder:
    """The bars of one symbol and timeframe after those of ``history``. Pure: time comes with the events.

    Bars lie on the exchange's session calendar. A bar closes with the first price of a later one, with a complete
    candle that reaches its end, or ``grace`` (ms of market time) after its end by time; where nothing was traded
    there is no bar. Events of other symbols do nothing.

    ``late``: prices and candles of bars that were closed already, left out. ``repeated``: what had been told before,
    left out; of what carries no ``id``, the same moment, price and volume. ``missing``: bars that trading hours would
    have had, ``gaps`` where, the latest last.

    A symbol is told of in prices or in candles. Where both come, candles of the own timeframe correct the bar, shorter
    ones count for nothing; nor do they beside candles of the own timeframe.
    """

    def __init__(
        self,
        instrument: Instrument,
        timeframe: Timeframe,
        history: History,
        *,
        symbol: str = "",
        grace: int = GRACE_MS,
    ) -> None:
        """``symbol`` is what the feed calls the instrument, its ticker id by default."""
        self.late = 0
        self.repeated = 0
        self.missing = 0
        self.gaps: deque[Gap] = deque(maxlen=_GAPS_KEPT)
        self._instrument = instrument
        self._timeframe = timeframe
        self._symbol = (symbol or instrument.tickerid).upper()
        self._grace = grace
        self._grid = Buckets(timeframe, trading_calendar(instrument))
        self._hours = TradingHours(instrument)
        self._bar: _Bar | None = None
        self._before: int | None = None  # opening time of the last complete bar
        self._closed_until = 0  # what is earlier belongs to bars that are complete
        self._history_until = 0  # what is not later is in the history
        self._keys: dict[object, None] = {}
        self._steps: dict[Timeframe, Steps] = {}
        self._grids: dict[Timeframe, Buckets] = {}  # of candles
        self._has_prices = False
        self._has_own = False
        self._opening = history.open
        self._join(history)

    def _join(self, history: History) -> None:
        if len(history.bars):
            self._before = int(history.bars.time[-1])
            self._grid.load(self._before)
            self._closed_until = max(self._grid.last, self._before + 1)
            self._history_until = self._closed_until - 1
        if history.open is not None:
            self._history_until = history.open.now

    @property
    def last_complete(self) -> int | None:
        """Opening time of the last bar that closed."""
        return self._before

    # --- events -----------------------------------------------------------------------

    def begin(self) -> list[BarUpdate]:
        """The history's open bar, along the path that it may have taken; before any event."""
        opening, self._opening = self._opening, None
        if opening is None:
            return []
        bar, updates = self._enter(opening.time, opening.now, opening.time)
        return updates + [self._move(bar, s.price, s.volume, opening.now, s.jumps) for s in steps_of(opening, None)]

    def take(self, event: FeedEvent) -> list[BarUpdate]:
        """What an event of the feed makes of the bars, in order."""
        updates = self.begin()
        if isinstance(event, Price):
            if event.symbol.upper() == self._symbol:
                updates += self._price(event)
        elif isinstance(event, Candle):
            if event.symbol.upper() == self._symbol:
                updates += self._candle(event)
        else:
            updates += self._beat(event)
        return updates

    def _beat(self, beat: Beat) -> list[BarUpdate]:
        bar = self._bar
        if bar is None or beat.now < bar.last + self._grace:
            return []
        return [self._close(bar, beat.now)]

    def _price(self, price: Price) -> list[BarUpdate]:
        at = price.time
        if at <= self._history_until or self._is_repeated(_key(price)):
            return []
        bar = self._bar
        if at < self._closed_until or (bar is not None and at < bar.first):
            self.late += 1
            return []
        bar, updates = self._enter(at, at)
        self._has_prices = True
        updates.append(self._move(bar, price.price, price.volume, at, price.jumps))
        return updates

    def _candle(self, candle: Candle) -> list[BarUpdate]:
        own = candle.timeframe == self._timeframe
        if own:
            self._has_own = True
        elif self._has_prices or self._has_own or candle.timeframe.seconds >= self._timeframe.seconds:
            return []
        end = self._end(candle)
        if candle.now <= self._history_until or (candle.complete and end <= self._history_until + 1):
            return []
        if candle.complete and self._is_repeated((candle.timeframe, candle.time)):
            return []
        bar = self._bar
        if candle.time < (self._closed_until if bar is None else bar.first):
            self.late += 1
            return []
        if own:
            steps = steps_of(candle, self._so_far(candle.time))
        elif candle.timeframe in self._steps or candle.time >= self._history_until:
            steps = self._steps.setdefault(candle.timeframe, Steps()).take(candle)
        else:  # the history holds a part of it
            self._steps[candle.timeframe] = Steps(candle)
            steps = [Step(candle.close, 0.0, True)]
        if not steps and (bar is None or candle.time >= bar.last):
            return []
        bar, updates = self._enter(candle.time, candle.now, candle.time if own else None)
        updates += [self._move(bar, s.price, s.volume, candle.now, s.jumps) for s in steps]
        if not candle.complete or (not own and end < bar.last):
            return updates
        if own:
            bar.open, bar.high, bar.low, bar.close = candle.open, candle.high, candle.low, candle.close
            bar.volume = candle.volume
        closing = self._close(bar, candle.now)
        if steps:  # it closes with its last price
            closing = replace(closing, is_first=updates[-1].is_first, jumps=updates[-1].jumps)
            updates.pop()
        return [*updates, closing]

    def _end(self, candle: Candle) -> int:
        grid = self._grids.get(candle.timeframe)
        if grid is None:
            grid = self._grids[candle.timeframe] = Buckets(candle.timeframe, trading_calendar(self._instrument))
        return grid.close_of(candle.time)

    # --- bars -------------------------------------------------------------------------

    def _enter(self, at: int, now: int, time: int | None = None) -> tuple[_Bar, list[BarUpdate]]:
        """The bar that a moment belongs to; what closed because it began. ``time``: its own, if the source says it."""
        bar = self._bar
        updates: list[BarUpdate] = []
        if bar is not None:
            if at < bar.last:
                return bar, updates
            updates.append(self._close(bar, now))
        grid = self._grid
        grid.load(at)
        opens = grid.start if time is None else time
        self._note_gap(opens)
        self._bar = bar = _Bar(opens, min(grid.first, at), max(grid.last, at + 1), now)
        return bar, updates

    def _move(self, bar: _Bar, price: float, volume: float, now: int, jumps: bool) -> BarUpdate:
        """The price got somewhere. One that is older than what is known only counts as an extreme."""
        is_first = not bar.told
        if is_first:
            bar.open = bar.high = bar.low = bar.close = price
            bar.volume = volume
            bar.told = True
        else:
            bar.high = max(bar.high, price)
            bar.low = min(bar.low, price)
            if not isnan(volume):
                bar.volume = volume if isnan(bar.volume) else round(bar.volume + volume, _VOLUME_DIGITS)
            if now >= bar.price_at:
                bar.close = price
            else:
                jumps = True
        bar.price_at = max(bar.price_at, now)
        bar.now = max(bar.now, now)
        return _update(bar, bar.now, is_first=is_first, jumps=jumps)

    def _close(self, bar: _Bar, now: int) -> BarUpdate:
        self._bar = None
        self._before = bar.time
        self._closed_until = bar.last
        return _update(bar, max(bar.now, min(now, bar.last)), is_last=True, jumps=False)

    def _so_far(self, time: int) -> Candle | None:
        """The open bar, if it is the one that begins then."""
        bar = self._bar
        if bar is None or bar.time != time or not bar.told:
            return None
        prices = bar.open, bar.high, bar.low, bar.close
        return Candle(self._symbol, self._timeframe, time, *prices, bar.volume, bar.now, False)

    def _note_gap(self, opens: int) -> None:
        if self._before is None or opens <= self._closed_until:
            return
        missing = self._hours.missing(self._before, opens, self._timeframe)
        if missing:
            self.missing += missing
            self.gaps.append(Gap(self._before, opens, missing))

    def _is_repeated(self, key: object) -> bool:
        if key in self._keys:
            self.repeated += 1
            return True
        self._keys[key] = None
        if len(self._keys) > _KEYS_KEPT:
            del self._keys[next(iter(self._keys))]
        return False


def _key(price: Price) -> object:
    return price.id or (price.time, price.price, None if isnan(price.volume) else price.volume)


def _update(bar: _Bar, now: int, *, is_first: bool = False, is_last: bool = False, jumps: bool) -> BarUpdate:
    prices = bar.open, bar.high, bar.low, bar.close
    return BarUpdate(bar.time, *prices, bar.volume, now, is_first=is_first, is_last=is_last, jumps=jumps)
