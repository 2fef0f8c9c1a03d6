"""What a run can request beyond its chart: other symbols and timeframes from the bars that were given."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pinery.app.bars import MarketData
from pinery.core.bars import BarSeries
from pinery.core.errors import DataError
from pinery.core.instrument import Instrument
from pinery.market import symbols
from pinery.market.chart_types import transform
from pinery.market.resample import resample
from pinery.runtime.requests import NullData
from pinery.runtime.tickers import parse_tickerid
from pinery.runtime.timeframes import Timeframe


class Feeds(NullData):
    """The chart's bars and further feeds; longer timeframes are made from shorter ones.

    Every symbol that reads like one has an instrument, as nobody here can tell which exist.
    """

    def __init__(
        self, chart: MarketData, further: Sequence[MarketData] = (), table: symbols.SymbolTable | None = None
    ) -> None:
        self._feeds = [chart, *further]
        self._table = table
        self._made: dict[tuple[str, Timeframe], BarSeries | None] = {}

    def bars(self, tickerid: str, timeframe: Timeframe) -> BarSeries | None:
        key = (tickerid, timeframe)
        if key not in self._made:
            symbol, modifiers = parse_tickerid(tickerid)
            plain = self._plain(symbol, timeframe)
            try:
                self._made[key] = None if plain is None else transform(plain, modifiers)
            except DataError:
                self._made[key] = None
        return self._made[key]

    def _plain(self, symbol: str, timeframe: Timeframe) -> BarSeries | None:
        own = [feed for feed in self._feeds if _same(feed.instrument, symbol)]
        for feed in own:
            if feed.timeframe == timeframe:
                return feed.bars
        usable = [feed for feed in own if feed.timeframe.seconds < timeframe.seconds or _equal(feed, timeframe)]
        # The longest that divides the target gives the same bars for the least work.
        usable.sort(key=lambda feed: (_divides(feed.timeframe, timeframe), feed.timeframe.seconds), reverse=True)
        if not usable:
            return None
        feed = usable[0]
        return resample(feed.bars, feed.instrument, feed.timeframe, timeframe).bars

    def instrument(self, tickerid: str) -> Instrument | None:
        symbol, _ = parse_tickerid(tickerid)
        for feed in self._feeds:
            if _same(feed.instrument, symbol):
                return feed.instrument
        try:
            return symbols.lookup(symbol, self._table)
        except DataError:
            return None

    def currency_rate(self, from_currency: str, to_currency: str, time: int) -> float | None:
        """The last close by then of a feed named like the pair, in either direction."""
        for ticker, inverse in ((from_currency + to_currency, False), (to_currency + from_currency, True)):
            for feed in self._feeds:
                if feed.instrument.ticker != ticker:
                    continue
                at = int(np.searchsorted(feed.bars.time, time, side="right")) - 1
                close = float(feed.bars.close[at]) if at >= 0 else 0.0
                if close > 0:
                    return 1 / close if inverse else close
        return None


def _same(instrument: Instrument, symbol: str) -> bool:
    wanted = symbol.upper()
    return wanted == instrument.tickerid.upper() or (":" not in wanted and wanted == instrument.ticker.upper())


def _divides(short: Timeframe, long: Timeframe) -> bool:
    return long.isdwm or (short.seconds > 0 and long.seconds % short.seconds == 0)


def _equal(feed: MarketData, timeframe: Timeframe) -> bool:
    return feed.timeframe.seconds == timeframe.seconds
