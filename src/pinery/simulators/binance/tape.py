"""What was traded here: prints, candles of every interval, and the bars from before.

Candles are in the market's time. Bars from before come from whoever runs the simulator (``history``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from pinery.core.errors import DataError
from pinery.simulators.binance.errors import refusal
from pinery.simulators.binance.symbols import SymbolFacts
from pinery.simulators.common.market import Move

_MINUTE, _HOUR, _DAY = 60_000, 3_600_000, 86_400_000
INTERVALS = {
    "1m": _MINUTE,
    "3m": 3 * _MINUTE,
    "5m": 5 * _MINUTE,
    "15m": 15 * _MINUTE,
    "30m": 30 * _MINUTE,
    "1h": _HOUR,
    "2h": 2 * _HOUR,
    "4h": 4 * _HOUR,
    "6h": 6 * _HOUR,
    "8h": 8 * _HOUR,
    "12h": 12 * _HOUR,
    "1d": _DAY,
    "3d": 3 * _DAY,
    "1w": 7 * _DAY,
    "1M": 0,
}
_MONDAY = 4 * _DAY  # 1970-01-05
_KEPT = 3000


@dataclass(slots=True)
class Candle:
    """``time`` is its opening, Unix ms. ``first`` and ``last`` are numbers of prints, -1 where none are known."""

    time: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal = Decimal(0)
    quote: Decimal = Decimal(0)
    count: int = 0
    first: int = -1
    last: int = -1

    def add(self, price: Decimal, volume: Decimal, number: int) -> None:
        self.high, self.low, self.close = max(self.high, price), min(self.low, price), price
        self.volume += volume
        self.quote += volume * price
        self.count += 1
        self.first = number if self.first < 0 else self.first
        self.last = number


@dataclass(frozen=True, slots=True)
class Print:
    number: int
    price: Decimal
    quantity: Decimal
    time: int
    seller_made: bool  # the price fell


# Rows of one ticker and interval: opening times from start to end (None: open) at most ``limit`` of them, the newest
# where start is None, oldest first.
History = Callable[[str, str, int | None, int | None, int], Awaitable[Sequence[Candle]]]


def opening(time: int, interval: str) -> int:
    """Of the candle that ``time`` lies in."""
    if interval == "1M":
        day = datetime.fromtimestamp(time / 1000, UTC)
        return int(datetime(day.year, day.month, 1, tzinfo=UTC).timestamp()) * 1000
    length = INTERVALS[interval]
    shift = _MONDAY if interval == "1w" else 0
    return (time - shift) // length * length + shift


def closing(time: int, interval: str) -> int:
    """When the candle that opened at ``time`` ends, not included."""
    if interval == "1M":
        return opening(time + 32 * _DAY, interval)
    return time + INTERVALS[interval]


class SymbolTape:
    def __init__(self) -> None:
        self.prints: deque[Print] = deque(maxlen=1000)
        self.recent: deque[Decimal] = deque(maxlen=10)  # prices before the last one
        self.number = 0
        self.time = 0  # of the last move
        self.candles: dict[str, deque[Candle]] = {"1m": deque(maxlen=_KEPT)}
        self.earlier: Sequence[Candle] = ()  # minutes of the day before the first of them, once somebody asked

    def day(self) -> list[Candle]:
        """Minutes of the last 24 hours, oldest first."""
        own = self.candles["1m"]
        since = own[-1].time - _DAY if own else 0
        return [minute for minutes in (self.earlier, own) for minute in minutes if minute.time > since]

    def of(self, interval: str) -> deque[Candle]:
        """Candles from what was traded here. They are kept from the first time that somebody asks."""
        if interval not in self.candles:
            made: deque[Candle] = deque(maxlen=_KEPT)
            for minute in self.candles["1m"]:
                time = opening(minute.time, interval)
                if not made or made[-1].time != time:
                    made.append(replace(minute, time=time))
                    continue
                into = made[-1]
                into.high, into.low = max(into.high, minute.high), min(into.low, minute.low)
                into.close, into.last = minute.close, minute.last
                into.volume += minute.volume
                into.quote += minute.quote
                into.count += minute.count
            self.candles[interval] = made
        return self.candles[interval]

    def add(self, move: Move) -> list[tuple[str, Candle]]:
        """Candles that this move has closed, by interval."""
        self.time = max(self.time, move.time)
        before = self.prints[-1].price if self.prints else move.price
        if before != move.price:
            self.recent.append(before)
        self.number += 1
        self.prints.append(Print(self.number, move.price, move.volume, self.time, move.price < before))
        closed = []
        for interval, candles in self.candles.items():
            time = opening(self.time, interval)
            if not candles or candles[-1].time < time:
                if candles:
                    closed.append((interval, candles[-1]))
                start = move.price if move.jumps or not candles else candles[-1].close
                candles.append(Candle(time, start, start, start, start))
            elif not candles[-1].count and move.jumps:  # begun by time alone: the first trade is its open
                candles[-1] = replace(candles[-1], open=move.price, high=move.price, low=move.price)
            candles[-1].add(move.price, move.volume, self.number)
        return closed

    def pass_time(self, now: int) -> list[tuple[str, Candle]]:
        """Candles that end although nothing was traded since, by interval; the next ones are begun.

        Only while the market's time is the venue's: a market that is played back has its own.
        """
        closed = []
        for interval, candles in self.candles.items():
            if candles and closing(candles[-1].time, interval) <= now <= self.time + _HOUR:
                closed.append((interval, candles[-1]))
                last = candles[-1].close
                candles.append(Candle(opening(now, interval), last, last, last, last))
        return closed


class Tape:
    def __init__(self, history: History | None = None) -> None:
        self._history = history
        self._symbols: dict[str, SymbolTape] = {}
        self._completed: set[tuple[str, str]] = set()
        self._recalled: set[str] = set()

    async def complete(self, facts: SymbolFacts, interval: str) -> None:
        """The open candle is given the part of it that lies before the simulator's beginning, once."""
        if (facts.symbol, interval) in self._completed:
            return
        self._completed.add((facts.symbol, interval))
        own = self.of(facts.symbol).of(interval)
        if not own:
            return
        mine = own[-1]
        volume = mine.volume
        for before in await self._before(facts, interval, mine.time, None, 1):
            if before.time == mine.time:
                missing = max(before.volume - volume, Decimal(0))
                mine.open, mine.high, mine.low = before.open, max(before.high, mine.high), min(before.low, mine.low)
                mine.volume += missing
                mine.quote += missing * before.close

    async def recall(self, facts: SymbolFacts) -> None:
        """The minutes of the day before the simulator's beginning, once."""
        tape = self.of(facts.symbol)
        own = tape.candles["1m"]
        if facts.symbol in self._recalled or not own:
            return
        self._recalled.add(facts.symbol)
        first = own[0].time
        tape.earlier = await self._before(facts, "1m", first - _DAY, first - 1, _DAY // _MINUTE)

    async def _before(
        self, facts: SymbolFacts, interval: str, start: int | None, end: int | None, limit: int
    ) -> Sequence[Candle]:
        """Raises VenueError where the bars cannot be had."""
        if self._history is None:
            return ()
        try:
            return await self._history(facts.chart, interval, start, end, limit)
        except DataError:
            raise refusal(-1001) from None

    def of(self, symbol: str) -> SymbolTape:
        return self._symbols.setdefault(symbol, SymbolTape())

    async def rows(
        self, facts: SymbolFacts, interval: str, start: int | None, end: int | None, limit: int
    ) -> list[Candle]:
        """Bars from before and from here, oldest first. Raises VenueError."""
        if interval not in INTERVALS:
            raise refusal(-1120)
        own = self.of(facts.symbol).of(interval)
        found = {candle.time: candle for candle in await self._before(facts, interval, start, end, limit)}
        newest = max(found, default=-1)
        for candle in own:
            if candle.time > newest:
                found[candle.time] = candle
            elif candle.time == newest:
                found[newest] = _joined(found[newest], candle)
        times = sorted(t for t in found if (start is None or t >= start) and (end is None or t <= end))
        return [found[t] for t in (times[:limit] if start is not None else times[-limit:])]


def _joined(before: Candle, own: Candle) -> Candle:
    """A bar whose beginning lies before the simulator's."""
    high, low = max(before.high, own.high), min(before.low, own.low)
    more = own if own.volume > before.volume else before
    return replace(more, open=before.open, high=high, low=low, close=own.close)
