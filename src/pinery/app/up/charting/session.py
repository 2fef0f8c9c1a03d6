"""A chart that is live: what its market does, evaluated, and what is known of it meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pinery.app.up.charting.alerts import Alerts
from pinery.app.up.charting.posting import Poster
from pinery.app.up.charting.pump import Pump
from pinery.charts.bars import BarUpdate
from pinery.charts.building import BarBuilder
from pinery.charts.feed import Beat, Candle, ChartFeed, FeedEvent, Price
from pinery.charts.live import LiveChart
from pinery.charts.records import ChartState
from pinery.charts.settings import Send
from pinery.charts.silence import Watch
from pinery.runtime.timeframes import Timeframe

if TYPE_CHECKING:
    from pinery.app.up.charting.runner import Runner

_BUSY = 0.01  # seconds of evaluating in one go before other charts have their turn


@dataclass(slots=True)
class Other:
    """Another market that the script's requests read."""

    symbol: str
    timeframe: Timeframe
    builder: BarBuilder


@dataclass(slots=True)
class Session:
    """A loaded chart and what it is fed with."""

    runner: Runner
    live: LiveChart
    market: ChartFeed
    builder: BarBuilder
    streams: Sequence[AsyncIterator[FeedEvent]]  # the chart's own, and that of the others
    others: Sequence[Other]
    watch: Watch
    poster: Poster | None
    alerts: Alerts
    _bars: int = 0
    _silent: bool = False
    _spent: float = 0.0

    async def run(self) -> None:
        """Until the feed ends. Raises DataError, PineRuntimeError and LeaseLost."""
        runner = self.runner
        self._bars = runner.status.row.bars
        async with Pump(self.streams) as pump:
            await self._begin()
            while True:
                told = pump.next()
                if told is None:
                    self.live.prepare()
                    self._spent = 0.0
                    told = await pump.wait()
                    if told is None:
                        return
                stream, event = told
                if stream:
                    self._take_other(event)
                else:
                    await self._take(event)
                if self._spent > _BUSY:
                    self._spent = 0.0
                    await asyncio.sleep(0)

    async def _begin(self) -> None:
        runner = self.runner
        failed, runner.told = runner.told, ""
        runner.status.set(state=ChartState.LIVE, error="")
        runner.log.info("chart_live", bars=self._bars, script=runner.settings.script.name)
        if failed:
            await runner.tell("chart.recovered", f"the chart of {runner.settings.deployment} runs again")

    def _take_other(self, event: FeedEvent) -> None:
        for other in self.others:
            for update in other.builder.take(event):
                self.live.update_other(other.symbol, other.timeframe, update)

    async def _take(self, event: FeedEvent) -> None:
        arrived = time.perf_counter()
        for update in self.builder.take(event):
            await self._update(update, arrived)
        await self._look(event)

    async def _update(self, update: BarUpdate, arrived: float) -> None:
        runner = self.runner
        name = runner.settings.deployment
        before = time.perf_counter()
        found = self.live.update(update)
        spent = time.perf_counter() - before
        self._spent += spent
        runner.around.observe("chart_update", spent, name)
        firings = [firing for firing in found if firing.kind in runner.settings.kinds]
        if firings:
            count = await self.alerts.fire(firings, runner.status.row)
            if count and runner.settings.send is Send.INBOX:
                runner.around.observe("bar_to_alert", time.perf_counter() - arrived, name)
            for firing in firings:
                runner.log.info("alert_fired", key=firing.key, kind=firing.kind, title=firing.title)
        # Only now: a bar that is on record as seen has its alerts on record.
        if update.is_last:
            self._bars += 1
            runner.status.set(last_bar=update.time, bars=self._bars)

    async def _look(self, event: FeedEvent) -> None:
        """What the event says of the market itself."""
        runner = self.runner
        settings, status = runner.settings, runner.status
        if isinstance(event, Beat):
            now = event.now
        else:
            now = event.time if isinstance(event, Price) else event.now
            if event.symbol == settings.symbol:
                self.watch.seen(now)
                price = event.close if isinstance(event, Candle) else event.price
                status.set(price=price, price_at=runner.around.clock.now())
        missing, late = self.builder.missing, self.builder.late
        if (late, missing) != (status.row.late, status.row.missing):
            runner.log.warning("bars_missing_or_late", missing=missing, late=late)
        status.set(market_now=now, missing=missing, late=late, error=self.poster.trouble if self.poster else "")
        silent = self.watch.silent(now)
        if silent != self._silent:
            self._silent = silent
            status.set(state=ChartState.SILENT if silent else ChartState.LIVE)
            await self._tell_silence(silent)

    async def _tell_silence(self, silent: bool) -> None:
        settings = self.runner.settings
        if silent:
            text = f"{settings.deployment}: no price of {settings.symbol} from {settings.feed} for more than "
            await self.runner.tell("feed.silent", f"{text}{settings.silence} s, though the market is open")
        else:
            await self.runner.tell("feed.back", f"{settings.deployment}: {settings.symbol} has prices again")
