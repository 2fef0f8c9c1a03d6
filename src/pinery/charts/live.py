"""A script on a live chart: history first, then the open bar on every update, and the alerts that come of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np

from pinery.charts.bars import BarUpdate, Firing
from pinery.charts.firings import Firings
from pinery.charts.own_timeframe import OwnTimeframe
from pinery.core.bars import BarSeries
from pinery.core.instrument import Instrument
from pinery.emulator.broker import Broker
from pinery.engine.compile import CompiledScript
from pinery.engine.live import Live
from pinery.engine.run import RunResult, has_gaps, open_chart, own_timeframe, without_timeframe
from pinery.market.providers import FileData
from pinery.runtime.context import Columns, Limits
from pinery.runtime.no_broker import NoBroker
from pinery.runtime.orders import StrategySettings
from pinery.runtime.requests import DataPort
from pinery.runtime.timeframes import Timeframe


class LiveChart:
    """One script on one market. ``load``, then ``update`` with what the market does; ``prepare`` when idle.

    ``history``: complete bars, oldest first. ``data`` answers requests; without one there are the chart's own bars,
    also as longer ones. ``alert_template``: the message of order fills, with TradingView's placeholders; without
    one they carry the order's ``alert_message`` or TradingView's standard text.
    """

    def __init__(
        self,
        script: CompiledScript,
        history: BarSeries,
        instrument: Instrument,
        timeframe: Timeframe,
        *,
        data: DataPort | None = None,
        alert_template: str = "",
        limits: Limits | None = None,
        clock: Callable[[], float] = float,
        memory: Callable[[], int] = int,
    ) -> None:
        declaration = script.program.declaration
        settings = StrategySettings.from_declaration(declaration)
        data = data or FileData(history, instrument, timeframe)
        frame = own_timeframe(script, timeframe)
        self._own: OwnTimeframe | None = None
        if frame != timeframe:
            self._own = OwnTimeframe(history, instrument, timeframe, frame, data, has_gaps(script))
            history, script = self._own.history, without_timeframe(script)
        self.broker = Broker(settings, instrument, alert_template) if script.program.kind == "strategy" else None
        self.chart = open_chart(
            script,
            history,
            instrument,
            frame,
            strategy=self.broker or NoBroker(settings, instrument),
            data=data,
            limits=limits,
            clock=clock,
            memory=memory,
        )
        self.past: list[Firing] = []
        self._live = Live(self.chart, self.broker)
        self._firings = Firings(self.chart.rt.outputs, self.broker)

    def load(self) -> Iterator[int]:
        """Evaluate the history, yielding the number of bars done. Raises PineRuntimeError."""
        closes = self.chart.rt.columns.time_close
        for done in self._live.load():
            for firing in self._firings.new(closes[done - 1]):
                self.past.append(firing if self._own is None else self._own.placed(firing))
            yield done

    def resume(self, keys: Iterable[str], now: int) -> None:
        """``keys``: alerts that fired when this chart ran before. ``now``: how far the open bar has come; by then those
        of its alerts that fire with every update have fired, and later ones are others."""
        self._firings.resume(keys, now)

    def update(self, bar: BarUpdate) -> list[Firing]:
        """One update of the open bar, or of the next; the alerts that fire. Raises PineRuntimeError.

        A bar that never got its last update closes as it was before the next one opens. Updates of a bar
        that is complete are passed over.
        """
        if self._own is None:
            return self._update(bar)
        longer = self._own.follow(bar)
        return [] if longer is None else [replace(f, bar_time=bar.time) for f in self._update(longer)]

    def _update(self, bar: BarUpdate) -> list[Firing]:
        live = self._live
        found: list[Firing] = []
        if live.open is not None and bar.time > live.open.time:
            closing = replace(live.open, now=max(live.open.now, min(bar.now, bar.time)), is_first=False, is_last=True)
            live.update(closing)
            found = self._firings.new(closing.now)
        times = self.chart.rt.columns.time
        if bar.time < times[-1] or (live.open is None and bar.time == times[-1]):
            return found
        live.update(bar)
        return found + self._firings.new(bar.now)

    def needs(self) -> list[tuple[str, Timeframe]]:
        """Symbol and timeframe of other markets, and of shorter bars of the chart's own, that requests read."""
        return self._live.needs()

    def update_other(self, symbol: str, timeframe: Timeframe, bar: BarUpdate) -> None:
        """What a market of ``needs`` does; the script sees it when it is evaluated next."""
        self._live.update_other(symbol, timeframe, bar)

    def prepare(self) -> None:
        """Bring the state back while there is time, so that the next update costs one evaluation."""
        self._live.prepare()

    def result(self) -> RunResult:
        """Plots, drawings and the like so far, to be read before the next update.

        Bars include the open one. Where a script has not been evaluated on it, its plots there are na.
        """
        self._live.fill_up()
        if self._own is not None:
            return self._own.shown(self.chart.result(), self._live.at, _series(self._own.columns))
        return replace(self.chart.result(), bars=_series(self.chart.rt.columns))


def _series(columns: Columns) -> BarSeries:
    prices = (columns.open, columns.high, columns.low, columns.close, columns.volume)
    return BarSeries(np.array(columns.time, dtype=np.int64), *(np.array(p, dtype=np.float64) for p in prices))
