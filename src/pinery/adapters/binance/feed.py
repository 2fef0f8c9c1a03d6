"""Binance USDⓈ-M Futures as a market for charts: its klines, those of the past and those in the making.

A closed kline is the truth, live and as history, so a bar that closed on a live chart is the bar that a later history
has. Klines come over the stream, four times a second; those that did not come (a break, a kline without trades, a
stream that is dead and says nothing) are asked for, in order, before anything later is told. A Beat never goes beyond
the kline that is open, so time alone closes no bar.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from random import Random

import structlog

from pinery.adapters.binance.feed_settings import BinanceFeedSettings
from pinery.adapters.binance.history import SETTLED, base_of, gathered, newest
from pinery.adapters.binance.lines import Line, row_of, rows_of
from pinery.adapters.binance.market_stream import CONNECTED, MarketStream, Message
from pinery.adapters.binance.public import Public, venue_symbol
from pinery.adapters.common.waiting import next_of
from pinery.charts.feed import Beat, Candle, FeedEvent, History
from pinery.charts.markets import Clock
from pinery.core.errors import DataError
from pinery.core.instrument import Instrument
from pinery.market.symbols import lookup
from pinery.runtime.timeframes import Timeframe

_BEAT = 1.0  # seconds of the clock
_LATE = 3_000  # ms after a kline's end at which it is asked for
_AGAIN = 5_000  # ms between two questions for what was not there
_PATIENCE = 60.0  # seconds of the clock that Binance may be out of reach


class BinanceMarket:
    """A chart feed of any perpetual, as ``BINANCE:BTCUSDT.P``. Needs no key. For one event loop."""

    def __init__(
        self,
        name: str,
        settings: BinanceFeedSettings,
        clock: Clock,
        *,
        instruments: Callable[[str], Instrument] = lookup,
        random: Random | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._name = name
        self._clock = clock
        self._instruments = instruments
        self._open: Callable[[], Public] = lambda: Public(settings.rest_url, clock, sleep=sleep)
        self._public = self._open()
        self._hub = _Hub(lambda: MarketStream(settings.stream_url, clock, random=random, sleep=sleep))
        self._closings = 0

    @property
    def name(self) -> str:
        return self._name

    @property
    def speed(self) -> float:
        return 1.0

    def now(self) -> int:
        return self._public.now()

    def symbols(self) -> Sequence[str]:
        return ()

    def covers(self, symbol: str) -> bool:
        return venue_symbol(symbol) is not None

    async def history(self, symbol: str, timeframe: Timeframe, count: int) -> History:
        return await newest(self._public, symbol, timeframe, count, self._instruments(symbol))

    def events(self, wanted: Sequence[tuple[str, Timeframe]], since: int | None = None) -> AsyncIterator[FeedEvent]:
        """Candles of the wanted timeframes, and a Beat each second of the clock. First the wanted bars that are open
        at ``since``, or now, as far as they have come."""
        wanted = tuple(dict.fromkeys(wanted))
        return self._events(wanted, since, self._clock.monotonic(), self._closings, self._public)

    async def close(self) -> None:
        self._closings += 1
        public, self._public = self._public, self._open()
        await self._hub.close()
        await public.close()

    # --- one reader -------------------------------------------------------------------

    async def _events(
        self, wanted: Sequence[tuple[str, Timeframe]], since: int | None, asked: float, closings: int, public: Public
    ) -> AsyncIterator[FeedEvent]:
        try:
            await public.sync()
            at = since
            if at is None:  # when it was asked for, by Binance's clock
                at = public.now() - round((self._clock.monotonic() - asked) * 1000)
            lines = [await self._line(public, symbol, timeframe, at) for symbol, timeframe in wanted]
            if self._closings != closings:
                return
            reader = _Reader(public, lines, self._clock)
            queue = self._hub.join([line.stream for line in lines])
            try:
                for candle in await reader.ask(lines):
                    yield candle
                if since is not None:
                    yield reader.beat()
                due = self._clock.monotonic() + _BEAT
                while self._closings == closings:
                    message = await next_of(queue, due - self._clock.monotonic())
                    if message is CONNECTED:
                        for candle in await reader.ask(lines):
                            yield candle
                    elif message is not None:
                        for candle in reader.take(message):
                            yield candle
                    if self._clock.monotonic() < due:
                        continue
                    for candle in await reader.ask(reader.late()):
                        yield candle
                    if reader.is_unheard:
                        self._hub.reconnect()
                    yield reader.beat()
                    due = self._clock.monotonic() + _BEAT
                    await public.sync()
            finally:
                self._hub.leave(queue, [line.stream for line in lines])
        except DataError:
            if self._closings == closings:  # else it was closed while it was asked
                raise

    async def _line(self, public: Public, symbol: str, timeframe: Timeframe, since: int) -> Line:
        venue = (await public.listed(symbol)).symbol
        instrument = self._instruments(symbol)
        base = base_of(symbol, timeframe, instrument)
        return Line(symbol, venue, timeframe, base, instrument, since)


class _Reader:
    """Keeps the lines of a reader without gaps."""

    def __init__(self, public: Public, lines: Sequence[Line], clock: Clock) -> None:
        self._public = public
        self._lines = lines
        self._clock = clock
        self._of: dict[str, list[Line]] = {}
        for line in sorted(lines, key=lambda line: -line.timeframe.seconds):
            self._of.setdefault(line.stream, []).append(line)
        self._failing: float | None = None  # since when (monotonic)
        self._beat = 0
        self.is_unheard = False  # what was asked for had trades of which the stream said nothing

    def take(self, message: Message) -> list[Candle]:
        if message.get("e") != "kline":
            return []
        try:
            name = f"{str(message['k']['s']).lower()}@kline_{message['k']['i']}"
            lines = self._of.get(name, ())
            row = row_of(message) if lines else None
        except (KeyError, ValueError, TypeError):
            structlog.get_logger().warning("kline_not_understood")
            return []
        found = []
        for line in lines:
            assert row is not None
            line.heard = row.time
            candle = line.take(row)
            if candle is not None:
                found.append(candle)
        return found

    def late(self) -> list[Line]:
        """Lines whose open kline should have closed."""
        now = self._public.now()
        return [line for line in self._lines if now >= line.end + _LATE and now >= line.ask_at]

    async def ask(self, lines: Sequence[Line]) -> list[Candle]:
        """What Binance has of them by now. Raises DataError once it has been out of reach for long."""
        self.is_unheard = False
        found: list[Candle] = []
        for line in lines:
            line.ask_at = self._public.now() + _AGAIN
            settled = self._public.now() - SETTLED
            if settled < line.next:
                continue
            try:
                klines = await gathered(self._public, line.venue, line.base, line.next, settled)
            except DataError:
                now = self._clock.monotonic()
                self._failing = now if self._failing is None else self._failing
                if now - self._failing > _PATIENCE:
                    raise
                continue
            self._failing = None
            rows = rows_of(klines, settled)
            self.is_unheard |= any(row.complete and row.prices[4] > 0 and row.time > line.heard for row in rows)
            found += line.take_all(rows)
        return found

    def beat(self) -> Beat:
        """Up to where everything has been told."""
        self._beat = max(self._beat, min([self._public.now(), *(line.end for line in self._lines)]))
        return Beat(self._beat)


class _Hub:
    """One stream for all readers, from the first one on."""

    def __init__(self, make: Callable[[], MarketStream]) -> None:
        self._make = make
        self._stream: MarketStream | None = None
        self._reading: asyncio.Task[None] | None = None
        self._wanted: Counter[str] = Counter()
        self._queues: list[asyncio.Queue[Message | None]] = []

    def join(self, names: Sequence[str]) -> asyncio.Queue[Message | None]:
        queue: asyncio.Queue[Message | None] = asyncio.Queue()
        self._queues.append(queue)
        if self._stream is None:
            self._stream = self._make()
            self._reading = asyncio.create_task(self._read(self._stream))
        new = [name for name in dict.fromkeys(names) if not self._wanted[name]]
        self._wanted.update(names)
        self._stream.subscribe(new)
        return queue

    def leave(self, queue: asyncio.Queue[Message | None], names: Sequence[str]) -> None:
        if queue not in self._queues:
            return
        self._queues.remove(queue)
        self._wanted.subtract(names)
        if self._stream is not None:
            self._stream.unsubscribe([name for name in dict.fromkeys(names) if self._wanted[name] <= 0])

    def reconnect(self) -> None:
        if self._stream is not None:
            self._stream.reconnect()

    async def _read(self, stream: MarketStream) -> None:
        async for message in stream.messages():
            for queue in self._queues:
                queue.put_nowait(message)

    async def close(self) -> None:
        queues, self._queues = self._queues, []
        for queue in queues:
            queue.put_nowait(None)
        stream, self._stream = self._stream, None
        reading, self._reading = self._reading, None
        if stream is not None and reading is not None:
            await stream.close()
            await reading
