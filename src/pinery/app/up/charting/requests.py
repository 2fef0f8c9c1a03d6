"""What a chart's requests are answered with: its own market's bars, else stored ones."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from pinery.charts.feed import ChartFeed
from pinery.core.bars import BarSeries
from pinery.core.errors import DataError
from pinery.market.providers import FileData, Source
from pinery.runtime.timeframes import Timeframe


@dataclass(slots=True)
class MarketData(FileData):
    """For a thread beside the event loop ``loop``, on which the market lives. Raises no DataError: what the market does
    not have is looked for elsewhere."""

    market: ChartFeed | None = None
    loop: asyncio.AbstractEventLoop | None = None
    count: int = 5_000

    def _source(self, symbol: str, timeframe: Timeframe) -> Source | None:
        chart = self._is_chart(symbol)
        if chart and timeframe.seconds >= self.chart_timeframe.seconds:
            return FileData._source(self, symbol, timeframe)
        name = self.chart_instrument.tickerid if chart else symbol
        bars = self._of_market(name, timeframe)
        return Source(timeframe, bars) if bars is not None else FileData._source(self, symbol, timeframe)

    def _of_market(self, symbol: str, timeframe: Timeframe) -> BarSeries | None:
        if self.market is None or self.loop is None or not self.market.covers(symbol):
            return None
        # As far back as the chart goes, whatever the length of the bars.
        span = (int(self.chart.time[-1]) - int(self.chart.time[0])) // 1000 if len(self.chart) else 0
        count = min(max(self.count, span // max(timeframe.seconds, 1) + 2), 500_000)
        try:
            asked = asyncio.run_coroutine_threadsafe(self.market.history(symbol, timeframe, count), self.loop)
            return asked.result().bars
        except DataError:
            return None
