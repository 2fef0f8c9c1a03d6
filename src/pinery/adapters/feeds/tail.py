"""Files that another program writes as a market for charts: every new line is a complete bar, or a trade."""

from __future__ import annotations

import asyncio
import heapq
from bisect import bisect_right
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import structlog

from pinery.adapters.feeds.lines import Lines
from pinery.adapters.feeds.naming import source_of
from pinery.adapters.feeds.rows import Row, Rows
from pinery.charts.feed import Beat, Candle, FeedEvent, History, Price
from pinery.charts.histories import check_makes, history
from pinery.core.bars import BarSeries
from pinery.core.errors import DataError
from pinery.core.instrument import Instrument
from pinery.market.spacing import detect_timeframe
from pinery.market.symbols import lookup
from pinery.runtime.sessions import trading_calendar
from pinery.runtime.timeframes import Buckets, Timeframe
from pinery.trading.clock import Clock

TRADES = Timeframe(1, "T")

_BEAT = 1.0  # seconds of the clock
_KEPT = 1_000_000  # rows of a symbol
_COMPLAINTS = 5  # bad lines of a symbol that are logged each; of more only how many


class TailMarket:
    """``files``: EXCHANGE:TICKER -> a file, or a pattern of file names, that may appear later. A chart feed.

    ``timeframe`` is that of the bars; without it, it is read off the first ones. Market time is the clock's, or,
    with ``live`` False, that up to which the files have come. Lines that cannot be read are left out and counted,
    and so are rows that are not newer than the one before.
    """

    def __init__(
        self,
        name: str,
        files: Mapping[str, Path],
        clock: Clock,
        *,
        timeframe: Timeframe | None = None,
        every: float = 0.5,
        live: bool = True,
        instruments: Callable[[str], Instrument] = lookup,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """``every``: seconds between two looks at the files."""
        self._name = name
        self._clock = clock
        self._every = every
        self._live = live
        self._sleep = sleep
        self._sources = {symbol: _Source(name, symbol, path, timeframe, instruments) for symbol, path in files.items()}
        self._loading = asyncio.Lock()
        self._loaded = False
        self._looked = float("-inf")
        self._closings = 0

    @property
    def name(self) -> str:
        return self._name

    @property
    def speed(self) -> float:
        return 1.0

    @property
    def bad_lines(self) -> int:
        return sum(source.bad for source in self._sources.values())

    @property
    def repeated(self) -> int:
        return sum(source.repeated for source in self._sources.values())

    def now(self) -> int:
        if self._live:
            return self._clock.now()
        return min((source.end for source in self._sources.values() if source.count), default=0)

    def symbols(self) -> Sequence[str]:
        return tuple(self._sources)

    def covers(self, symbol: str) -> bool:
        return source_of(symbol, self._sources) is not None

    async def history(self, symbol: str, timeframe: Timeframe, count: int) -> History:
        await self._load()
        source = self._source(symbol)
        self._look()
        if not source.count:
            raise DataError(f"the feed {self._name} has no bars of {symbol} yet: {source.path} has none")
        check_makes(symbol, source.timeframe, timeframe)
        found = source.history(symbol, timeframe, self.now())
        n = len(found.bars)
        return History(found.bars.slice(max(n - count, 0), n), found.open)

    def events(self, wanted: Sequence[tuple[str, Timeframe]], since: int | None = None) -> AsyncIterator[FeedEvent]:
        """What the files get from now on, in order of time; a Beat each second."""
        symbols = dict.fromkeys(symbol for symbol, _ in wanted)
        # Where nothing has been read yet, what is there when it is belongs to the history.
        counts = (
            {symbol: self._source(symbol).count for symbol in symbols if self.covers(symbol)} if self._loaded else {}
        )
        return self._events(tuple(symbols), counts, since, self._closings)

    async def close(self) -> None:
        """Readers end at their next event."""
        self._closings += 1

    # --- reading ----------------------------------------------------------------------

    async def _events(
        self, symbols: Sequence[str], counts: dict[str, int], since: int | None, closings: int
    ) -> AsyncIterator[FeedEvent]:
        await self._load()
        at = {symbol: counts.get(symbol, self._source(symbol).loaded) for symbol in symbols}
        if since is not None:
            at = {symbol: self._source(symbol).after(since) for symbol in symbols}
        beat = self._clock.monotonic() + _BEAT
        told = 0
        while self._closings == closings:
            self._look()
            now = self.now()
            new = heapq.merge(*(self._source(symbol).events(symbol, at[symbol]) for symbol in symbols), key=_moment)
            until = {symbol: self._source(symbol).count for symbol in symbols}
            for event in list(new):
                yield event
                if self._closings != closings:
                    return
            at = until
            if self._clock.monotonic() >= beat and now > told:
                yield Beat(now)
                told, beat = now, self._clock.monotonic() + _BEAT
            await self._sleep(self._every)

    async def _load(self) -> None:
        async with self._loading:
            if not self._loaded:
                await asyncio.to_thread(self._first)
                self._loaded = True

    def _first(self) -> None:
        for source in self._sources.values():
            source.look()
            source.loaded = source.count

    def _look(self) -> None:
        """Once for all readers."""
        at = self._clock.monotonic()
        if at - self._looked >= self._every / 2:
            self._looked = at
            for source in self._sources.values():
                source.look()

    def _source(self, symbol: str) -> _Source:
        name = source_of(symbol, self._sources)
        if name is None:
            raise DataError(f"the feed {self._name} has no bars of {symbol}", f"it has {', '.join(self._sources)}")
        return self._sources[name]


class _Source:
    """Rows of one symbol. They are counted from the first one that was ever read."""

    def __init__(
        self,
        feed: str,
        symbol: str,
        path: Path,
        timeframe: Timeframe | None,
        instruments: Callable[[str], Instrument],
    ) -> None:
        self.symbol = symbol
        self.path = path
        self.loaded = 0  # rows that were there at first
        self.bad = 0
        self.repeated = 0
        self._stated = timeframe
        self._found: Timeframe | None = None
        self._instruments = instruments
        self._instrument: Instrument | None = None
        self._grid: Buckets | None = None
        self._lines = Lines(path)
        self._reader = Rows()
        self._rows: list[Row] = []
        self._dropped = 0
        self._of_trades: bool | None = None
        self._log = structlog.get_logger().bind(feed=feed, symbol=symbol)

    @property
    def count(self) -> int:
        return self._dropped + len(self._rows)

    @property
    def timeframe(self) -> Timeframe:
        """Raises DataError where it cannot be told yet."""
        if self._of_trades:
            return TRADES
        if self._stated is not None:
            return self._stated
        if self._found is None:
            try:
                self._found = detect_timeframe(np.array([row.time for row in self._rows[:1000]], np.int64))
            except DataError as error:
                raise DataError(
                    f"{self.path}: {error.message}", 'say it in the feed\'s settings: timeframe = "1"'
                ) from None
        return self._found

    @property
    def instrument(self) -> Instrument:
        if self._instrument is None:
            self._instrument = self._instruments(self.symbol)
        return self._instrument

    @property
    def end(self) -> int:
        """Up to when the rows tell."""
        return self._end(self._rows[-1])

    def look(self) -> None:
        """Read what is new."""
        for line in self._lines.read():
            if line is None:
                self._reader.begin()
                continue
            try:
                found = self._reader.read(line)
                if found is not None:
                    self._take(*found)
            except ValueError as error:
                self.bad += 1
                if self.bad <= _COMPLAINTS:
                    self._log.warning("line_not_understood", file=str(self.path), reason=str(error), bad_lines=self.bad)
        if len(self._rows) > _KEPT * 5 // 4:
            gone = len(self._rows) - _KEPT
            del self._rows[:gone]
            self._dropped += gone

    def _take(self, row: Row, is_trade: bool) -> None:
        if self._of_trades is None:
            self._of_trades = is_trade
        elif self._of_trades != is_trade:
            raise ValueError("it is a trade among bars" if is_trade else "it is a bar among trades")
        if self._rows and (row.time < self._rows[-1].time or (row.time == self._rows[-1].time and not is_trade)):
            self.repeated += 1
            return
        self._rows.append(row)

    def _end(self, row: Row) -> int:
        if self._of_trades:
            return row.time
        if self._grid is None:
            self._grid = Buckets(self.timeframe, trading_calendar(self.instrument))
        return max(self._grid.close_of(row.time), row.time + 1)

    def after(self, time: int) -> int:
        """The number of the first row that tells of later than ``time``."""
        return self._dropped + bisect_right(self._rows, time, key=self._end)

    # --- telling ----------------------------------------------------------------------

    def events(self, symbol: str, since: int) -> Iterator[Price | Candle]:
        for i in range(max(since - self._dropped, 0), len(self._rows)):
            row = self._rows[i]
            if self._of_trades:
                yield Price(symbol, row.close, row.volume, row.time, True, str(self._dropped + i))
            else:
                yield Candle(symbol, self.timeframe, *row, now=self._end(row), complete=True)

    def history(self, symbol: str, timeframe: Timeframe, now: int) -> History:
        """All bars; the open one as far as the rows go."""
        columns = np.array(self._rows, dtype=np.float64).T
        bars = BarSeries(np.array([row.time for row in self._rows], np.int64), *columns[1:])
        found = history(bars, self.instrument, self.timeframe, timeframe, symbol, max(now, self.end), self.end)
        if found.open is None:
            return found
        return History(found.bars, replace(found.open, now=self.end))


def _moment(event: Price | Candle) -> int:
    return event.time if isinstance(event, Price) else event.now
