"""A chart elsewhere, whose alerts come from outside: a script of the library on the demo's market, in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from pinery.adapters.store.database import SqlStore
from pinery.app.config.configuration import Configuration
from pinery.app.demo.tradingview import Alert
from pinery.app.libraries import LibraryFolders
from pinery.app.library import library_script
from pinery.app.scripts import read_script
from pinery.app.up.charting.markets import Markets
from pinery.app.up.clock import SystemClock
from pinery.charts.bars import BarUpdate
from pinery.charts.feed import Beat, Candle
from pinery.charts.live import LiveChart
from pinery.core.bars import BarSeries
from pinery.engine import compile_script
from pinery.market.symbols import lookup
from pinery.runtime.timeframes import Timeframe

SYMBOL = "CME_MINI:ES1!"
SCRIPT = "strategies/simple-entry.pine"
WORDS = ("CALL", "PUT", "OUT")
_FRAME = Timeframe(1, "")
_HISTORY = 1_000
_CATCH_UP = 20  # bars


async def alerts(
    configuration: Configuration, store: SqlStore, feed: str, stopping: asyncio.Event
) -> AsyncIterator[Alert]:
    """CALL, PUT and OUT of the script, as they fire; ends once ``stopping`` is set. Raises PineryError."""
    instrument = lookup(SYMBOL, configuration.symbol_table)
    markets = Markets(
        store, SystemClock(), configuration.folder, lambda symbol: lookup(symbol, configuration.symbol_table)
    )
    market = markets.get(configuration.feeds[feed])
    try:
        events = market.events([(SYMBOL, _FRAME)])
        history = await market.history(SYMBOL, _FRAME, _HISTORY)
        chart = await asyncio.to_thread(_load, history.bars)
        last, minute = int(history.bars.time[-1]), 0
        async for event in events:
            if stopping.is_set():
                return
            at = event.now if isinstance(event, Beat | Candle) else event.time
            if at // 60_000 == minute:
                continue
            minute = at // 60_000  # a bar may be complete
            found = (await market.history(SYMBOL, _FRAME, _CATCH_UP)).bars
            for number in range(len(found)):
                if int(found.time[number]) > last:
                    last = int(found.time[number])
                    for firing in chart.update(_bar(found, number)):
                        word = _word(firing.message) if firing.kind == "alert" else ""
                        if word:
                            close = float(found.close[number])
                            yield Alert(word, instrument.prefix, instrument.ticker, str(_FRAME), close, last)
    finally:
        await markets.close()


def _load(bars: BarSeries) -> LiveChart:
    source = read_script(library_script(SCRIPT))
    chart = LiveChart(compile_script(source, libraries=LibraryFolders.beside(None)), bars, lookup(SYMBOL), _FRAME)
    for _ in chart.load():
        pass
    return chart


def _bar(bars: BarSeries, number: int) -> BarUpdate:
    """A complete bar as one update."""
    time = int(bars.time[number])
    return BarUpdate(
        time,
        float(bars.open[number]),
        float(bars.high[number]),
        float(bars.low[number]),
        float(bars.close[number]),
        float(bars.volume[number]),
        now=time + _FRAME.seconds * 1000,
        is_first=True,
        is_last=True,
    )


def _word(message: str) -> str:
    return next((word for word in WORDS if f'"signal":"{word}"' in message), "")
