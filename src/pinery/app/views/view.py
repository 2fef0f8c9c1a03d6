"""One chart that somebody looks at: history, then live, and what changed told a few times a second."""

from __future__ import annotations

import asyncio
import functools
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import structlog

from pinery.app.chart.columns import Json
from pinery.app.chart.payload import Subject
from pinery.app.results import subject_of
from pinery.app.session import memory_in_use
from pinery.app.up.charting.markets import Markets
from pinery.app.up.charting.pump import Pump
from pinery.app.up.charting.requests import MarketData
from pinery.app.views.changes import Shown
from pinery.app.views.opening import Plan, plain_script
from pinery.charts.bars import BarUpdate
from pinery.charts.building import BarBuilder
from pinery.charts.feed import Beat, ChartFeed, FeedEvent, History, Price
from pinery.charts.live import LiveChart
from pinery.charts.silence import Watch
from pinery.core.bars import BarSeries
from pinery.core.errors import DataError, PineRuntimeError, PineryError
from pinery.market.store import BarStore
from pinery.market.symbols import lookup
from pinery.runtime.timeframes import Timeframe
from pinery.trading.clock import Clock
from pinery.trading.errors import NotFound

_EVERY = 0.1  # seconds between two updates
_PATIENCE = 4  # an update may take one in so many parts of the time
_AGAIN = 5.0  # seconds until a market that broke is asked again
_SLICE = 256  # bars between two looks whether the view has ended
_BATCH = 1_000  # events taken at once
_MOST_MORE = 10_000  # bars that a deployment's chart may have grown by

_log = structlog.get_logger("pinery.views")

Send = Callable[[Json, bytes], None]


@dataclass(slots=True)
class _Other:
    """Another market that the script's requests read."""

    symbol: str
    timeframe: Timeframe
    builder: BarBuilder


@dataclass(frozen=True, slots=True)
class Snapshot:
    body: bytes
    ready: bool


class View:
    """``send`` takes headers and bodies for the control process. For one event loop; the script runs in a thread."""

    def __init__(self, id: str, plan: Plan, markets: Markets, clock: Clock, send: Send) -> None:
        self.id = id
        self._plan = plan
        self._markets = markets
        self._loop = asyncio.get_running_loop()
        self._clock = clock
        self._send = send
        self._thread = ThreadPoolExecutor(1, f"view-{id[:4]}")
        self._chart: LiveChart | None = None
        self._builder: BarBuilder | None = None
        self._feed: ChartFeed | None = None
        self._shown = Shown()
        self._number = 0
        self._watched = False
        self._state = "loading"
        self._error: Json | None = None
        self._script_error: Json | None = None
        self._done = 0
        self._total = 0
        self._told: Json = {}
        self._news = asyncio.Event()
        self._dirty = False
        self._loaded = asyncio.Event()
        self._ended = False
        self._tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._tell())]

    # --- what is asked of it ---------------------------------------------------------------

    def watch(self, on: bool) -> None:
        self._watched = on
        self._news.set()

    async def snapshot(self, patience: float = 1.0) -> Snapshot:
        """All of it, or how far loading is if it is not there within so many seconds. Raises NotFound if it ends."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._loaded.wait(), patience)
        if not self._loaded.is_set():
            loading = {"loading": {"done": self._done, "total": self._total}, "live": self._live()}
            return Snapshot(_json(loading), False)
        try:
            return Snapshot(await self._in_thread(self._whole), True)
        except (asyncio.CancelledError, RuntimeError):
            task = asyncio.current_task()
            if not self._ended or (task is not None and task.cancelling()):
                raise
            raise NotFound("the chart has ended", "open it again") from None

    def moment(self) -> Json:
        """The market's time with the clock's, for headers."""
        if self._feed is None:
            return {}
        with suppress(DataError):
            return {"market": self._feed.now(), "clock": self._clock.now(), "speed": self._feed.speed}
        return {}

    def whenever_it_fails(self, tell: Callable[[], None]) -> None:
        """``tell`` is called when the view cannot go on, through a fault of ours."""

        def look(task: asyncio.Task[None]) -> None:
            error = None if task.cancelled() else task.exception()
            if error is not None:
                _log.error("view_failed", exc_info=error)
                tell()

        for task in self._tasks:
            task.add_done_callback(look)

    async def end(self) -> None:
        self._ended = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._thread.shutdown(wait=False, cancel_futures=True)

    # --- the market ------------------------------------------------------------------------

    async def _run(self) -> None:
        """History and what comes after it, again from the beginning where the market broke."""
        while not self._ended:
            try:
                await self._follow()
                self._fail("the market has ended", None)
                return
            except PineRuntimeError as error:
                # The bars go on without the script, and with its error above them.
                self._script_error = _error("script", error.message, error.hint, error)
                self._plan = replace(self._plan, script=plain_script())
                continue
            except PineryError as error:
                self._fail(error.message, error.hint)
            await asyncio.sleep(_AGAIN)

    async def _follow(self) -> None:
        plan = self._plan
        self._feed = feed = self._markets.get(plan.feed)
        events = feed.events([(plan.symbol, plan.timeframe)])
        history = await self._history(feed)
        if not len(history.bars):
            raise DataError(f"the market {feed.name} has no bars of {plan.symbol} yet", "wait, or choose another one")
        self._total = len(history.bars)
        data = MarketData(
            history.bars,
            plan.instrument,
            plan.timeframe,
            store=BarStore.default(),
            table=plan.table,
            market=feed,
            loop=self._loop,
            count=plan.bars,
        )
        chart = await self._in_thread(lambda: _chart(plan, history.bars, data))
        await self._in_thread(lambda: self._load(chart))
        others = []
        for symbol, frame in chart.needs():
            if feed.covers(symbol):
                theirs = await feed.history(symbol, frame, 2)
                builder = BarBuilder(lookup(symbol, plan.table), frame, theirs, symbol=symbol)
                others.append(_Other(symbol, frame, builder))
        streams = [events, *([feed.events([(o.symbol, o.timeframe) for o in others])] if others else [])]
        self._begin(chart, BarBuilder(plan.instrument, plan.timeframe, history, symbol=plan.symbol))
        limit = None if plan.silence is None else round(plan.silence * 1000 * (feed.speed or 1.0))
        await self._take(others, Watch(plan.instrument, limit, feed.now()), streams)

    async def _history(self, feed: ChartFeed) -> History:
        """Of a deployment from where its chart began: what a strategy holds depends on that."""
        plan = self._plan
        first = plan.first
        if first is None:
            return await feed.history(plan.symbol, plan.timeframe, plan.bars)
        span = max(0, feed.now() - first) // 1000 // max(plan.timeframe.seconds, 1) + 2
        history = await feed.history(plan.symbol, plan.timeframe, max(plan.bars, min(span, plan.bars + _MOST_MORE)))
        bars = history.bars.between(first, None)
        return History(bars, history.open) if len(bars) and int(bars.time[0]) == first else history

    def _begin(self, chart: LiveChart, builder: BarBuilder) -> None:
        if self._chart is not None:  # bars are other ones now: who looks must ask for all
            self._number += 2  # a gap in the numbers says so
            self._shown = Shown()
        self._chart, self._builder, self._error = chart, builder, self._script_error
        self._state = "live"

    async def _take(self, others: list[_Other], watch: Watch, streams: list[AsyncIterator[FeedEvent]]) -> None:
        chart, builder = self._chart, self._builder
        assert chart is not None and builder is not None
        opening = builder.begin()
        await self._in_thread(lambda: _update(chart, [(None, update) for update in opening]))
        self._loaded.set()
        self._changed()
        async with Pump(streams) as pump:
            while True:
                told = pump.next() or await pump.wait()
                if told is None:
                    return
                now = 0
                steps: list[tuple[_Other | None, BarUpdate]] = []
                for _ in range(_BATCH):
                    stream, event = told
                    now = event.time if isinstance(event, Price) else event.now
                    if stream:
                        for other in others:
                            steps += [(other, update) for update in other.builder.take(event)]
                    else:
                        if not isinstance(event, Beat):
                            watch.seen(now)
                        steps += [(None, update) for update in builder.take(event)]
                    if (following := pump.next()) is None:
                        break
                    told = following
                self._state = "silent" if watch.silent(now) else "live"
                if steps:
                    await self._in_thread(functools.partial(_update, chart, steps))
                self._changed()

    def _load(self, chart: LiveChart) -> None:
        for done in chart.load():
            self._done = done
            if not done % _SLICE and self._ended:
                return

    def _fail(self, message: str, hint: str | None) -> None:
        self._state = "failed"
        self._error = _error("market", message, hint)
        self._loaded.set()
        self._changed()

    # --- telling ---------------------------------------------------------------------------

    def _changed(self) -> None:
        self._dirty = True
        self._news.set()

    async def _tell(self) -> None:
        """Updates while somebody looks."""
        while not self._ended:
            await self._news.wait()
            self._news.clear()
            if not self._watched or not self._dirty or not self._loaded.is_set():
                continue
            began = time.monotonic()
            body = await self._in_thread(self._update_body)
            if body is not None:
                self._send(self._header(), body)
            took = time.monotonic() - began
            await asyncio.sleep(max(_EVERY, took * _PATIENCE))

    def _header(self) -> Json:
        return {"kind": "update", "view": self.id, "number": self._number, **self.moment()}

    def _live(self) -> Json:
        """How the view does. ``closes``: when the newest bar ends (Unix ms); ``currency``: of the script's trades."""
        plan, builder, chart = self._plan, self._builder, self._chart
        return {
            "state": self._state,
            "error": self._error,
            "script": plan.name,
            "kind": plan.script.program.kind,
            "plain": plan.plain,
            "feed": plan.feed.name,
            "deployment": plan.deployment,
            "own_timeframe": plan.own_timeframe,
            "late": 0 if builder is None else builder.late,
            "missing": 0 if builder is None else builder.missing,
            "closes": None if chart is None else chart.chart.rt.columns.time_close[-1],
            "currency": "" if chart is None or chart.broker is None else chart.broker.account,
            **self.moment(),
        }

    # --- in the thread ---------------------------------------------------------------------

    async def _in_thread(self, work: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _subject(self) -> Subject:
        assert self._chart is not None
        return subject_of(self._chart.result(), self._plan.name, self._plan.script.program.version)

    def _whole(self) -> bytes:
        """A snapshot. It tells what an update would have told, so the next update goes on from here."""
        live = self._live()
        if self._chart is None:
            return _json({"live": {**live, "seq": self._number}, "failed": True})
        if self._shown.bars and self._dirty and self._watched:
            body = self._update_body()
            if body is not None:
                self._loop.call_soon_threadsafe(self._send, self._header(), body)
        payload = self._shown.whole(self._subject(), self._chart.broker)
        self._dirty = False
        payload["live"] = {**live, "seq": self._number}
        return _json(payload)

    def _update_body(self) -> bytes | None:
        """What changed since the newest snapshot or update; None where there is none to go on from."""
        self._dirty = False
        if self._chart is None:
            return None
        if not self._shown.bars:
            self._shown.whole(self._subject(), self._chart.broker)
        change = self._shown.change(self._subject(), self._chart.broker)
        self._number += 1
        change["live"] = {**self._live(), "seq": self._number}
        return _json(change)


def _error(part: str, message: str, hint: str | None, error: PineRuntimeError | None = None) -> Json:
    return {
        "part": part,
        "message": message,
        "hint": hint,
        "line": None if error is None else error.line,
        "bar": None if error is None else error.bar_index,
    }


def _chart(plan: Plan, bars: BarSeries, data: MarketData) -> LiveChart:
    """Raises PineRuntimeError for what is the script's fault."""
    try:
        return LiveChart(
            plan.script,
            bars,
            plan.instrument,
            plan.timeframe,
            data=data,
            limits=plan.limits,
            clock=time.monotonic,
            memory=memory_in_use,
        )
    except DataError as error:
        raise PineRuntimeError(error.message, error.hint) from error


def _update(chart: LiveChart, steps: Sequence[tuple[_Other | None, BarUpdate]]) -> None:
    for other, update in steps:
        if other is None:
            chart.update(update)
        else:
            chart.update_other(other.symbol, other.timeframe, update)


def _json(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8", "replace")
