"""A script on bars that grow: the open bar is evaluated on every update, from the state after the bar before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from pinery.core.errors import DataError
from pinery.engine.run import Chart, Passes, evaluate_bars
from pinery.engine.updates import BarUpdate, Row, append_bar, put_bar
from pinery.runtime.orders import BarBroker
from pinery.runtime.timeframes import Timeframe, buckets


class LiveBroker(BarBroker, Protocol):
    """A broker that also takes part in bars in the making. What has filled stays filled."""

    @property
    def evaluates_ticks(self) -> bool:
        """The script runs on every update, not only on the one that closes the bar."""

    @property
    def evaluates_fills(self) -> bool:
        """The script runs again after orders have filled."""

    def tick(self, i: int, update: BarUpdate, evaluate: Callable[[], None] | None) -> None:
        """Fill what the price meets with an update of bar ``i``, before the script is evaluated on it."""

    def between(self) -> None:
        """After the script was evaluated on an update that does not close the bar."""


class Live:
    """An opened chart whose bars are the history; ``update`` adds to them.

    ``at`` is the index of the first bar that is not complete.
    """

    def __init__(self, chart: Chart, broker: LiveBroker | None = None) -> None:
        if not len(chart.bars):
            raise DataError("there are no bars to begin with", "a live chart needs at least one complete bar")
        self.chart = chart
        self.broker = broker
        self.at = 0
        self.open: BarUpdate | None = None  # the newest update of bar ``at``
        self._evaluated = False  # bar ``at`` has been, other than after a fill
        self._passes = Passes(chart.instance)
        rt = chart.rt
        self._calendar = buckets(rt.timeframe, rt.instrument)
        rt.columns.bar_index = range(1 << 62)
        rt.timenow = rt.loaded = rt.columns.time_close[-1]

    @property
    def evaluates_ticks(self) -> bool:
        return self.broker is None or self.broker.evaluates_ticks

    def load(self) -> Iterator[int]:
        """Evaluate the history, yielding the number of bars done."""
        for done in evaluate_bars(self.chart.instance, self.broker):
            self.at = done
            yield done
        self._passes.begin(self.at)

    def update(self, update: BarUpdate) -> None:
        """Take in an update of the open bar, or the first one of the next. Raises PineRuntimeError."""
        rt, broker, i = self.chart.rt, self.broker, self.at
        self._show(i, update)
        state = rt.barstate
        state.ishistory, state.isrealtime = False, True
        state.isnew, state.isconfirmed = not self._evaluated, False
        rt.last_bar_index, rt.last_bar_time, rt.timenow = i, update.time, update.now
        rt.outputs.truncate(i + self._evaluated)
        again = self._passes.evaluate if broker is not None and broker.evaluates_fills else None
        if broker is not None:
            broker.tick(i, update, again)
        state.isconfirmed = update.is_last
        if update.is_last or self.evaluates_ticks:
            self._passes.roll_back(not update.is_last or (broker is not None and broker.recalculates_on_close))
            self._passes.moved = self._evaluated = True
            self.chart.instance.step(i)
            if broker is not None:
                if update.is_last:
                    broker.after(again)
                else:
                    broker.between()
            rt.outputs.finish_bar(rt)
        if update.is_last:
            self.at += 1
            self.open = None
            self._evaluated = False
            self._passes.begin(self.at)

    def prepare(self) -> None:
        """Bring the state back now that there is time, so that the next update costs one evaluation."""
        if self.evaluates_ticks or self._passes.moved:
            self._passes.roll_back(True)

    def needs(self) -> list[tuple[str, Timeframe]]:
        """The markets that requests read, besides the chart's own bars and what is made of them."""
        return list(self.chart.requests.markets.contexts)

    def update_other(self, symbol: str, timeframe: Timeframe, update: BarUpdate) -> None:
        """What a market of ``needs`` does; the script sees it when it is evaluated next."""
        self.chart.requests.markets.feed(symbol, timeframe, update)

    def fill_up(self) -> None:
        """Let every output have an entry for the open bar: na where the script has not been evaluated on it."""
        outputs = self.chart.rt.outputs
        if self.open is not None and not self._evaluated:
            outputs.truncate(self.at)
            for lists in outputs.values:
                for column in lists.values():
                    column.append(None)
            outputs.bar_count = self.at + 1

    def _show(self, i: int, update: BarUpdate) -> None:
        columns = self.chart.rt.columns
        row = Row(update.open, update.high, update.low, update.close, update.volume)
        if self.open is None:
            append_bar(columns, update.time, self._calendar.close_of(update.time), row)
        else:
            put_bar(columns, i, row)
        self.open = update
