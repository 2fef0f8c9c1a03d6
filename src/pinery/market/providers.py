"""Where a run's requests get their bars: given files, the store, and the chart's own bars."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pinery.core.bars import BarSeries
from pinery.core.errors import DataError, PineRuntimeError, UsageError
from pinery.core.instrument import Instrument
from pinery.market.chart_types import transform
from pinery.market.files import read_bars
from pinery.market.rates import Rates
from pinery.market.resample import resample
from pinery.market.spacing import detect_timeframe
from pinery.market.store import BarStore
from pinery.market.symbols import SymbolTable, built_in, lookup
from pinery.runtime.requests import NullData
from pinery.runtime.tickers import parse_tickerid
from pinery.runtime.timeframes import Timeframe

_SYMBOL = re.compile(r"([^\s:]+:)?[^\s:]+")


@dataclass(frozen=True, slots=True)
class Feed:
    """``SYMBOL@TIMEFRAME=FILE``; without ``@TIMEFRAME`` the bars tell it."""

    symbol: str
    timeframe: Timeframe | None
    path: Path

    @classmethod
    def parse(cls, text: str) -> Feed:
        name, equals, path = text.partition("=")
        symbol, _, frame = name.strip().partition("@")
        example = "write it as BINANCE:BTCUSDT@60=btc.csv"
        if not equals or not path.strip() or not _SYMBOL.fullmatch(symbol):
            raise UsageError(f"{text!r} is no feed", example)
        try:
            timeframe = Timeframe.parse(frame) if frame else None
        except PineRuntimeError as error:
            raise UsageError(f"{text!r}: {error.message}", example) from None
        return cls(symbol.upper(), timeframe, Path(path.strip()))


@dataclass(frozen=True, slots=True)
class Source:
    timeframe: Timeframe
    bars: BarSeries


@dataclass(slots=True)
class FileData(NullData):
    """The data port of runs on files.

    For the chart's own symbol: a feed of the timeframe asked for, else the chart's bars, resampled. For others: a
    feed or stored bars of that timeframe, else made from the longest shorter one. A timeframe below the chart's comes
    from feeds and the store only. ``missing`` collects what could not be had, as ``SYMBOL@TIMEFRAME``, each once.
    """

    chart: BarSeries
    chart_instrument: Instrument
    chart_timeframe: Timeframe
    feeds: Sequence[Feed] = ()
    store: BarStore | None = None
    table: SymbolTable = field(default_factory=built_in)
    rates: Mapping[tuple[str, str], Rates] = field(default_factory=dict)
    lenient: bool = False
    timezone: str = "UTC"
    missing: list[str] = field(default_factory=list)
    _loaded: dict[Feed, Source] = field(default_factory=dict)
    _made: dict[tuple[str, Timeframe], BarSeries | None] = field(default_factory=dict)
    _instruments: dict[str, Instrument] = field(default_factory=dict)

    def bars(self, tickerid: str, timeframe: Timeframe) -> BarSeries | None:
        key = (tickerid, timeframe)
        if key not in self._made:
            self._made[key] = self._find(tickerid, timeframe)
        return self._made[key]

    def instrument(self, tickerid: str) -> Instrument | None:
        """Facts of any symbol; assumed where no table lists it. None for what cannot be one."""
        symbol = parse_tickerid(tickerid)[0].strip().upper()
        if self._is_chart(symbol):
            return self.chart_instrument
        if not _SYMBOL.fullmatch(symbol):
            return None
        if symbol not in self._instruments:
            self._instruments[symbol] = self._lookup(symbol)
        return self._instruments[symbol]

    def currency_rate(self, from_currency: str, to_currency: str, time: int) -> float | None:
        straight = self.rates.get((from_currency, to_currency))
        if straight is not None:
            return straight.at(time)
        back = self.rates.get((to_currency, from_currency))
        rate = back.at(time) if back is not None else None
        return 1 / rate if rate else None

    # --- finding bars -----------------------------------------------------------------

    def _find(self, tickerid: str, timeframe: Timeframe) -> BarSeries | None:
        symbol, modifiers = parse_tickerid(tickerid)
        symbol = symbol.strip().upper()
        instrument = self.instrument(symbol)
        source = self._source(symbol, timeframe) if instrument is not None else None
        if source is None or instrument is None:
            name = f"{symbol}@{timeframe}"
            if name not in self.missing:
                self.missing.append(name)
            return None
        bars = source.bars
        if source.timeframe != timeframe:
            bars = resample(bars, instrument, source.timeframe, timeframe).bars
        return transform(bars, modifiers)

    def _source(self, symbol: str, timeframe: Timeframe) -> Source | None:
        """The best bars to make ``timeframe`` from: exactly it, or the longest that it is made of."""
        sources = [self._load(feed) for feed in self.feeds if self._same(feed.symbol, symbol)]
        exact = next((s for s in sources if s.timeframe == timeframe), None)
        if exact is not None:
            return exact
        if self._is_chart(symbol):
            chart = Source(self.chart_timeframe, self.chart)
            if _makes(chart.timeframe, timeframe):
                return chart
        stored = self._stored(symbol, timeframe)
        if stored is not None and stored.timeframe == timeframe:
            return stored
        usable = [s for s in [*sources, *([stored] if stored else [])] if _makes(s.timeframe, timeframe)]
        return max(usable, key=lambda s: s.timeframe.seconds, default=None)

    def _stored(self, symbol: str, timeframe: Timeframe) -> Source | None:
        if self.store is None:
            return None
        name = self.store.resolve(self.chart_instrument.tickerid if self._is_chart(symbol) else symbol)
        usable = [t for t in self.store.timeframes(name) if _makes(t, timeframe)]
        if not usable:
            return None
        best = timeframe if timeframe in usable else usable[-1]
        bars = self.store.get(name, best)
        return None if bars is None else Source(best, bars)

    def _load(self, feed: Feed) -> Source:
        found = self._loaded.get(feed)
        if found is None:
            bars = read_bars(feed.path, lenient=self.lenient, timezone=self.timezone, allow_negative=True).bars
            try:
                found = Source(feed.timeframe or detect_timeframe(bars.time), bars)
            except DataError as error:
                raise DataError(f"{feed.path}: {error.message}", f"write {feed.symbol}@TIMEFRAME={feed.path}") from None
            self._loaded[feed] = found
        return found

    # --- symbols ----------------------------------------------------------------------

    def _is_chart(self, symbol: str) -> bool:
        return self._same(self.chart_instrument.tickerid, symbol)

    @staticmethod
    def _same(known: str, asked: str) -> bool:
        """Equal, where an exchange that one of them leaves out counts as the other's."""
        known, asked = known.upper(), asked.upper()
        if known == asked:
            return True
        (a, _, x), (b, _, y) = known.rpartition(":"), asked.rpartition(":")
        return x == y and not (a and b)

    def _lookup(self, symbol: str) -> Instrument:
        found = lookup(symbol, self.table)
        if not found.assumed:
            return found
        feed = next((f for f in self.feeds if self._same(f.symbol, symbol)), None)
        return found if feed is None else lookup(symbol, self.table, prices=self._load(feed).bars.close)


def _makes(source: Timeframe, target: Timeframe) -> bool:
    """Whether bars of ``target`` can be made of bars of ``source``."""
    if source == target:
        return True
    if source.seconds >= target.seconds or source.unit == "T":
        return False
    if target.isdwm:
        return source.isintraday or source == Timeframe(1, "D") or (source.unit == target.unit == "M")
    return target.seconds % source.seconds == 0
