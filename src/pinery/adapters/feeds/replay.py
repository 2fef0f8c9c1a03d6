"""Stored bars as a market that is going on, for charts; every process that asks sees the same one."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import cast

from pinery.adapters.feeds.history import history_of
from pinery.adapters.feeds.loops import Track, period_of
from pinery.adapters.feeds.naming import source_of
from pinery.adapters.feeds.pace import Pace
from pinery.adapters.feeds.sources import Loaded, Source, load_all
from pinery.charts.feed import Beat, FeedEvent, History, Price
from pinery.charts.markets import Anchor
from pinery.core.errors import DataError
from pinery.core.instrument import Instrument
from pinery.market.symbols import lookup
from pinery.runtime.timeframes import Timeframe
from pinery.trading.clock import Clock

_BEAT = 1.0  # seconds of the clock
_SHORTEST_WAIT = 0.001


class ReplayMarket:
    """``sources``: EXCHANGE:TICKER -> bars of the finest timeframe. A chart feed.

    Market time is ``start`` at ``began`` and goes on at ``speed``; without ``start`` it begins with the first bar of
    the symbol whose bars begin last. Speed 0 goes as fast as its readers do. Everything happens in the event loop's
    thread, but for reading files.
    """

    def __init__(
        self,
        name: str,
        sources: Mapping[str, Source],
        clock: Clock,
        anchor: Anchor,
        *,
        speed: float = 1.0,
        loop: bool = True,
        start: int | None = None,
        began: int | None = None,
        seed: int = 1,
        skip_closed: bool = False,
        instruments: Callable[[str], Instrument] = lookup,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._name = name
        self._sources = dict(sources)
        self._clock = clock
        self._anchor = anchor
        self._speed = speed
        self._loop = loop
        self._start = start
        self._began = began
        self._seed = seed
        self._skip_closed = skip_closed
        self._instruments = instruments
        self._sleep = sleep
        self._loading = asyncio.Lock()
        self._tracks: dict[str, Track] = {}
        self._pace: Pace | None = None
        self._reached = 0  # the latest moment that was told of; market time at speed 0
        self._closings = 0

    @property
    def name(self) -> str:
        return self._name

    @property
    def speed(self) -> float:
        return self._speed

    def now(self) -> int:
        """Reads the bars first if nothing has yet. Raises DataError."""
        return self._at(self._clock.now(), self._ready())

    def symbols(self) -> Sequence[str]:
        return tuple(self._sources)

    def covers(self, symbol: str) -> bool:
        """Contract months too, where the future's continuous symbol is here."""
        return source_of(symbol, self._sources) is not None

    async def history(self, symbol: str, timeframe: Timeframe, count: int) -> History:
        pace = await self._load()
        return history_of(self._track(symbol), symbol, timeframe, count, self._at(self._clock.now(), pace))

    def events(self, wanted: Sequence[tuple[str, Timeframe]], since: int | None = None) -> AsyncIterator[FeedEvent]:
        """Prices of the symbols; a Beat each second of the clock when all before it has been told.

        A reader that is slow gets everything in order, later. Without ``loop`` only Beats come after the last price;
        at speed 0 it ends then.
        """
        clock = self._clock.now()
        if since is None and self._pace is not None:
            since = self._at(clock, self._pace)
        return self._events(tuple(dict.fromkeys(symbol for symbol, _ in wanted)), since, clock, self._closings)

    async def close(self) -> None:
        """Readers end at their next event."""
        self._closings += 1

    # --- loading ----------------------------------------------------------------------

    def _ready(self) -> Pace:
        if self._pace is None:
            self._begin(load_all(self._sources))
        return cast(Pace, self._pace)

    async def _load(self) -> Pace:
        async with self._loading:
            if self._pace is None:
                loaded = await asyncio.to_thread(load_all, self._sources)
                if self._pace is None:
                    self._begin(loaded)
        return cast(Pace, self._pace)

    def _begin(self, loaded: Mapping[str, Loaded]) -> None:
        period = period_of([each.bars for each in loaded.values()]) if self._loop else None
        tracks = {
            symbol: Track(symbol, each.bars, each.timeframe, self._instruments(symbol), period, self._seed)
            for symbol, each in loaded.items()
        }
        start = max(track.first for track in tracks.values()) if self._start is None else self._start
        until = None if self._loop else max(track.end for track in tracks.values())
        if until is not None and until <= start:
            raise DataError(f"the feed {self._name} has no bars from its start on", "choose an earlier start")
        began = self._began if self._began is not None else self._anchor(self._name, self._clock.now())

        def spans(first: int, last: int) -> list[tuple[int, int]]:
            return [span for track in tracks.values() for span in track.spans(first, last)]

        self._tracks = tracks
        self._reached = start
        self._pace = Pace(start, began, self._speed, spans if self._skip_closed else None, until)

    def _track(self, symbol: str) -> Track:
        source = source_of(symbol, self._tracks)
        if source is None:
            have = ", ".join(self._sources)
            raise DataError(f"the feed {self._name} has no bars of {symbol}", f"it has {have}")
        return self._tracks[source]

    # --- telling ----------------------------------------------------------------------

    async def _events(
        self, symbols: Sequence[str], since: int | None, clock: int, closings: int
    ) -> AsyncIterator[FeedEvent]:
        pace = await self._load()
        tracks = {symbol: self._track(symbol) for symbol in symbols}
        if since is None:
            since = pace.at(clock) if self._speed else self._reached
        told = self._paced(tracks, pace, since) if self._speed else self._unpaced(tracks, since)
        async for event in told:
            if self._closings != closings:
                return
            if event is not None:
                yield event

    async def _paced(self, tracks: Mapping[str, Track], pace: Pace, since: int) -> AsyncIterator[FeedEvent | None]:
        """None where it has only waited."""
        prices = _prices(tracks, since)
        coming = next(prices, None)
        beat = self._clock.monotonic() + _BEAT
        while True:
            now = self._at(self._clock.now(), pace)
            while coming is not None and coming.time <= now:
                yield coming
                coming = next(prices, None)
            left = beat - self._clock.monotonic()
            if left <= 0:
                yield Beat(now)
                beat = self._clock.monotonic() + _BEAT
                continue
            if coming is not None:
                left = min(left, (pace.clock_at(coming.time) - self._clock.now()) / 1000)
            await self._sleep(max(left, _SHORTEST_WAIT))
            yield None

    async def _unpaced(self, tracks: Mapping[str, Track], since: int) -> AsyncIterator[FeedEvent | None]:
        longest = max((track.timeframe.seconds for track in tracks.values()), default=60) * 1000
        at = since
        for price in _prices(tracks, since):
            if price.time - at > longest:
                yield self._told(Beat(price.time - 1))
            at = price.time
            yield self._told(price)
            await self._sleep(0)
        yield self._told(Beat(max((track.end for track in tracks.values()), default=at) + longest))

    def _told(self, event: Price | Beat) -> Price | Beat:
        self._reached = max(self._reached, event.time if isinstance(event, Price) else event.now)
        return event

    def _at(self, clock: float, pace: Pace) -> int:
        """Never goes back, whatever the clock does."""
        if self._speed:
            self._reached = max(self._reached, pace.at(clock))
        return self._reached


def _prices(tracks: Mapping[str, Track], after: int) -> Iterator[Price]:
    """Of all of them, in order of time."""
    return heapq.merge(*(_named(symbol, track, after) for symbol, track in tracks.items()), key=attrgetter("time"))


def _named(symbol: str, track: Track, after: int) -> Iterator[Price]:
    for time, price, volume, jumps in track.walk(after):
        yield Price(symbol, price, volume, time, jumps)
