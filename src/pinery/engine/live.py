"""A script on a realtime bar: evaluated again on every update, from the state after the bar before.

``Live`` holds all bars that the run will see, so that requests of longer timeframes know the bars
that are complete; what the script sees of the last one is what the updates say.
"""

from __future__ import annotations

from collections.abc import Iterator

from pinery.engine.compile import deep_stack
from pinery.engine.run import Chart
from pinery.engine.snapshot import Snapshot
from pinery.engine.updates import Update, shown_as


class Live:
    """Bars ``0 .. history - 1`` of an opened chart are evaluated once, the later ones update by update."""

    def __init__(self, chart: Chart, history: int) -> None:
        self.chart = chart
        self.history = history
        self.at = 0  # the next bar
        self._before: Snapshot | None = None  # the state before bar ``at``
        rt = chart.rt
        if history:
            rt.last_bar_index = history - 1
            rt.last_bar_time = rt.columns.time[history - 1]
            rt.timenow = rt.loaded = rt.columns.time_close[history - 1]

    def load(self) -> Iterator[int]:
        """Evaluate the history, yielding the number of bars done."""
        while self.at < self.history:
            self.chart.instance.step(self.at)
            self.chart.rt.outputs.finish_bar(self.chart.rt)
            self.at += 1
            yield self.at

    def update(self, update: Update) -> None:
        """Evaluate the bar after the last complete one as ``update`` shows it."""
        chart, rt, i = self.chart, self.chart.rt, self.at
        with deep_stack():
            if self._before is None:
                self._before = Snapshot.take(chart.instance)
            else:
                self._before.restore(chart.instance)
            state = rt.barstate
            state.ishistory, state.isrealtime = False, True
            state.isnew, state.isconfirmed = update.is_first, update.is_last
            rt.last_bar_index, rt.last_bar_time, rt.timenow = i, rt.columns.time[i], update.now
            with shown_as(rt.columns, i, update):
                chart.instance.step(i)
            rt.outputs.finish_bar(rt)
            if update.is_last:
                self._before = None
                self.at += 1
