"""CME futures by Tradovate as a market for charts.

``ES1!`` is the front month by our own roll rule, with that month's own history: nothing is stitched or adjusted. When
the next month becomes the front one the events end with a DataError, so a chart begins anew on the new month's bars.

Tradovate does not say that a bar is complete. It is once a later one comes, or a few seconds after its end; what of it
comes after that is left to the history.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pinery.adapters.common.waiting import next_of
from pinery.adapters.tradovate.contracts import venue_name
from pinery.adapters.tradovate.errors import Captcha, Failure, Refused
from pinery.adapters.tradovate.history import Bar, backwards, bars_of, base_of, failed, iso, series_of
from pinery.adapters.tradovate.login import Login
from pinery.adapters.tradovate.market_stream import Chart, MarketStream
from pinery.adapters.tradovate.settings import TradovateSettings
from pinery.charts.feed import Beat, Candle, FeedEvent, History
from pinery.charts.histories import VOLUME_DIGITS, history
from pinery.charts.markets import Surroundings
from pinery.core.errors import DataError
from pinery.core.instrument import Instrument
from pinery.market.rolls import UnknownRoot, nth, parse_continuous, parse_contract
from pinery.runtime.sessions import trading_calendar
from pinery.runtime.timeframes import Buckets, Timeframe
from pinery.trading.broker import Environment
from pinery.trading.errors import ConfigError, Rejected
from pinery.trading.windows import exchange_day, exchange_open

_BEAT = 1.0  # seconds of the clock
_SETTLED = 3_000  # ms after a bar's end at which it counts as complete
_PATIENCE = 60.0  # seconds of the clock that Tradovate may be out of reach while the exchange trades
_AGAIN = 1.0
_EXCHANGES = ("CME", "CME_MINI", "CBOT", "CBOT_MINI", "NYMEX", "NYMEX_MINI", "COMEX", "COMEX_MINI")


@dataclass(frozen=True, slots=True)
class TradovateFeedSettings:
    """``login``: options of the account whose log-in is used. ``rolls``: roll rules by root."""

    environment: Environment
    login: Mapping[str, Any]
    rolls: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_options(cls, name: str, options: Mapping[str, Any], folder: Path) -> TradovateFeedSettings:
        """Raises ConfigError."""
        if "login" not in options:
            text = 'a feed from Tradovate needs account: the name of an account with broker = "tradovate"'
            raise ConfigError(f"the feed {name}: {text}", (text,))
        return cls(Environment(options["environment"]), options["login"], options.get("rolls", {}))


def open_market(name: str, settings: TradovateFeedSettings, around: Surroundings) -> TradovateMarket:
    """Raises ConfigError where the log-in's secrets are not there."""
    login = TradovateSettings.from_options(settings.login, settings.environment, around.secret, around.folder)
    return TradovateMarket(name, login, around, settings.rolls)


class TradovateMarket:
    """A chart feed. For one event loop."""

    def __init__(
        self, name: str, settings: TradovateSettings, around: Surroundings, rolls: Mapping[str, str] | None = None
    ) -> None:
        self._name = name
        self._clock = around.clock
        self._instruments = around.instruments
        self._rolls = rolls or {}
        self.stream = MarketStream(settings.md_url, Login(settings, around.clock), settings.waits)
        self._closings = 0

    @property
    def name(self) -> str:
        return self._name

    @property
    def speed(self) -> float:
        return 1.0

    def now(self) -> int:
        return self._clock.now()

    def symbols(self) -> Sequence[str]:
        return ()

    def covers(self, symbol: str) -> bool:
        try:
            self.contract(symbol)
        except DataError:
            return False
        return True

    def contract(self, symbol: str) -> str:
        """Tradovate's name of what a symbol means now: ``ESZ6`` of ``CME_MINI:ES1!``. Raises DataError."""
        exchange, _, ticker = symbol.strip().upper().rpartition(":")
        if exchange and exchange not in _EXCHANGES:
            raise DataError(f"Tradovate has no {symbol}", f"it has futures of {', '.join(_EXCHANGES)}")
        now = self.now()
        continuous = parse_continuous(ticker)
        try:
            if continuous is not None:
                root, number = continuous
                day = exchange_day(self._instruments(symbol), now)
                ticker = nth(root, number, day, self._rolls.get(root, "")).ticker
            if parse_contract(ticker) is None:
                raise DataError(f"{symbol} names no contract of a future", "as CME_MINI:ES1! or CME_MINI:ESZ2026 does")
            return venue_name(ticker, now)
        except UnknownRoot as error:
            raise DataError(f"{symbol}: {error}", "name the contract, as CME_MINI:ESZ2026") from None
        except Rejected as error:
            raise DataError(error.message) from None

    async def history(self, symbol: str, timeframe: Timeframe, count: int) -> History:
        contract, base = self.contract(symbol), base_of(symbol, timeframe)
        instrument = self._instruments(symbol)
        settled = self.now() - _SETTLED
        wanted = (max(count, 0) + 1) * max(1, timeframe.seconds // base.seconds) + 1
        found: list[Bar] = []
        async for bars in backwards(self.stream, contract, base.multiplier, None, None, wanted):
            found += bars
        found = [bar for bar in found if bar[0] < settled]
        if not found:
            raise DataError(f"Tradovate has no bars of {symbol} ({contract})")
        series = series_of(found)
        grid = Buckets(timeframe, trading_calendar(instrument))
        end = grid.close_of(int(series.time[-1]))
        made = history(series, instrument, base, timeframe, symbol, settled, end)
        # The first one may have begun before the bars that it is made of.
        bars_made = made.bars.slice(0 if base == timeframe else 1, len(made.bars))
        n = len(bars_made)
        return History(bars_made.slice(max(n - count, 0), n), made.open)

    def events(self, wanted: Sequence[tuple[str, Timeframe]], since: int | None = None) -> AsyncIterator[FeedEvent]:
        """Candles of the wanted timeframes, and a Beat each second of the clock. First the wanted bars that are open
        at ``since``, or now, as far as they have come."""
        at = self.now() if since is None else since
        return self._events(tuple(dict.fromkeys(wanted)), at, since is not None, self._closings)

    async def close(self) -> None:
        self._closings += 1
        await self.stream.close()

    # --- one reader -------------------------------------------------------------------

    async def _events(
        self, wanted: Sequence[tuple[str, Timeframe]], since: int, is_late: bool, closings: int
    ) -> AsyncIterator[FeedEvent]:
        lines = [
            Line(symbol, timeframe, self.contract(symbol), self._instruments(symbol), since)
            for symbol, timeframe in wanted
        ]
        lines.sort(key=lambda line: -line.timeframe.seconds)
        queue: asyncio.Queue[Candle | Exception | None] = asyncio.Queue()
        tasks = [asyncio.create_task(self._follow(line, queue)) for line in lines]
        beat = 0
        try:
            if is_late:
                await asyncio.gather(*(line.caught_up.wait() for line in lines))
            due = self._clock.monotonic() + (0.0 if is_late else _BEAT)
            while self._closings == closings:
                told = await next_of(queue, due - self._clock.monotonic())
                if isinstance(told, Exception):
                    raise told
                if told is not None:
                    yield told
                    continue
                if self._clock.monotonic() < due:
                    continue
                for line in lines:
                    self._check(line)
                    for candle in line.elapsed(self.now()):
                        queue.put_nowait(candle)
                if not queue.empty():
                    continue  # nothing that a Beat is behind is told after it
                beat = max(beat, min([self.now(), *(line.told_until for line in lines)]))
                yield Beat(beat)
                due = self._clock.monotonic() + _BEAT
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _check(self, line: Line) -> None:
        """Raises DataError where a continuous symbol means another contract by now."""
        contract = self.contract(line.symbol)
        if contract != line.contract:
            text = f"{line.symbol} is {contract} from now on, no longer {line.contract}"
            raise DataError(text, "what follows it begins anew on the bars of the new contract")

    async def _follow(self, line: Line, queue: asyncio.Queue[Candle | Exception | None]) -> None:
        """Keeps a chart at Tradovate; after a break from where it had come."""
        failing: float | None = None
        while True:
            chart: Chart | None = None
            try:
                span = {"asFarAsTimestamp": iso(line.since)}
                chart = await self.stream.chart(line.contract, line.base.multiplier, span)
                while (packet := await chart.packets.get()) is not None:
                    failing = None
                    for bar in bars_of(packet):
                        for candle in line.take(bar, self.now()):
                            queue.put_nowait(candle)
                    if packet.get("eoh"):
                        line.caught_up.set()
            except Failure as failure:
                now = self._clock.monotonic()
                if not exchange_open(line.instrument, self.now(), extended=True):
                    failing = now  # nothing is missed, and Tradovate may be down for maintenance
                failing = now if failing is None else failing
                if isinstance(failure, Refused | Captcha) or now - failing > _PATIENCE:
                    line.caught_up.set()
                    queue.put_nowait(failed(failure))
                    return
            except DataError as error:
                queue.put_nowait(error)
                return
            finally:
                if chart is not None:
                    await self.stream.cancel(chart)
            await asyncio.sleep(_AGAIN)


class Line:
    """One symbol and timeframe, from Tradovate's bars to candles: each complete once, in order."""

    def __init__(self, symbol: str, timeframe: Timeframe, contract: str, instrument: Instrument, since: int) -> None:
        self.symbol = symbol
        self.timeframe = timeframe
        self.contract = contract
        self.instrument = instrument
        self.base = base_of(symbol, timeframe)
        self.caught_up = asyncio.Event()
        self._grid = Buckets(timeframe, trading_calendar(instrument))
        self._grid.load(since)
        self._from = min(self._grid.first, self._grid.start)  # opening time of the first bar that is not told complete
        self._bar: int | None = None  # opening time of the candle at hand
        self._end = 0
        self._done: Bar | None = None  # its base bars that are over
        self._open: Bar | None = None  # and the latest one

    @property
    def since(self) -> int:
        """From which base bar on nothing is certain."""
        return self._from if self._open is None else self._open[0]

    @property
    def told_until(self) -> int:
        """A Beat may go so far: the open candle closes by ``elapsed`` alone."""
        return self._end if self._bar is not None else 2**62

    def take(self, bar: Bar, now: int) -> list[Candle]:
        if bar[0] < self.since:
            return []
        found = self._finish() if self._bar is not None and bar[0] >= self._end else []
        if self._bar is None:
            self._grid.load(bar[0])
            self._bar = bar[0] if self.base == self.timeframe else self._grid.start
            self._end = self._grid.last
        if self._open is not None and bar[0] > self._open[0]:
            self._done = _joined(self._done, self._open)
        self._open = bar
        moment = max(bar[0], min(now, self._end - 1))
        return [*found, self._candle(_joined(self._done, bar), moment, complete=False)]

    def elapsed(self, now: int) -> list[Candle]:
        """What is over by time."""
        return self._finish() if self._bar is not None and now >= self._end + _SETTLED else []

    def _finish(self) -> list[Candle]:
        assert self._open is not None
        candle = self._candle(_joined(self._done, self._open), self._end, complete=True)
        self._from, self._bar, self._done, self._open = self._end, None, None, None
        return [candle]

    def _candle(self, bar: Bar, now: int, *, complete: bool) -> Candle:
        assert self._bar is not None
        return Candle(self.symbol, self.timeframe, self._bar, *bar[1:], now=now, complete=complete)


def _joined(before: Bar | None, after: Bar) -> Bar:
    if before is None:
        return after
    volume = round(before[5] + after[5], VOLUME_DIGITS)
    return before[0], before[1], max(before[2], after[2]), min(before[3], after[3]), after[4], volume
