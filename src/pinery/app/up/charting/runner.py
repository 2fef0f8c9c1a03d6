"""One chart, from its script to the alerts that leave it; started again after whatever breaks it."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from pinery.adapters.store.charts import begin, beginning, get_chart, newest_keys, recorded_keys, save_chart
from pinery.adapters.store.database import SqlStore
from pinery.app.config.charts import compile_chart, first_errors
from pinery.app.config.configuration import Configuration
from pinery.app.scripts import read_script
from pinery.app.session import memory_in_use
from pinery.app.up.charting.alerts import Alerts, fill_template
from pinery.app.up.charting.markets import Markets
from pinery.app.up.charting.missed import overdue
from pinery.app.up.charting.posting import Poster
from pinery.app.up.charting.requests import MarketData
from pinery.app.up.charting.session import Other, Session
from pinery.app.up.charting.status import Status
from pinery.charts.bars import BarUpdate
from pinery.charts.building import BarBuilder
from pinery.charts.feed import ChartFeed, History
from pinery.charts.live import LiveChart
from pinery.charts.records import ChartState
from pinery.charts.settings import ChartSettings, Send
from pinery.charts.silence import Watch
from pinery.core.bars import BarSeries
from pinery.core.errors import CompileError, DataError, PineRuntimeError, PineryError
from pinery.engine import CompiledScript
from pinery.market.store import BarStore
from pinery.market.symbols import lookup
from pinery.runtime.timeframes import Timeframe
from pinery.trading.channels import channels_for
from pinery.trading.clock import Clock
from pinery.trading.errors import ConfigError, LeaseLost, StoreError
from pinery.trading.events import Event
from pinery.trading.store import Lease, Tx

_FIRST, _LONGEST = 1.0, 60.0  # seconds until a chart that failed starts again
_CALM = 60.0  # a chart that was live for so long starts again soon
_YIELD_EVERY = 0.02  # seconds of loading between pauses for those that are live
_NEWEST = 1_000  # alerts on record among which those of the open bar are
_COLUMNS = ("open", "high", "low", "close", "volume")
_MOST_BETWEEN = 500  # bars of another market that may have closed while the script was loaded
_MOST_MORE = 10_000  # bars beyond the configured history that a chart's beginning may lie back


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all charts of a process share."""

    store: SqlStore
    clock: Clock
    markets: Markets
    configuration: Callable[[], Configuration]
    observe: Callable[[str, float, str], None]
    client: httpx.AsyncClient
    loading: asyncio.Semaphore  # scripts that may be loaded side by side
    log: Any
    owner: str


@dataclass(slots=True)
class Runner:
    """``wake`` tells that ``status`` has changed."""

    settings: ChartSettings
    around: Surroundings
    lease: Callable[[], Lease]
    wake: Callable[[], None]
    status: Status = field(init=False)
    log: Any = field(init=False)
    _files: dict[Path, str] = field(default_factory=dict)  # what the script was made of, by hash
    _seen: dict[Path, object] = field(default_factory=dict)
    _failures: int = 0
    told: str = ""  # the failure that was told of

    def __post_init__(self) -> None:
        self.log = self.around.log.bind(deployment=self.settings.deployment)
        now = self.around.clock.now()
        self.status = Status.of(self.settings, self.around.owner, now, self.wake)

    # --- as long as the chart is ours -------------------------------------------------

    async def run(self) -> None:
        """Until it is canceled; raises LeaseLost."""
        await self._recall()
        while True:
            began = self.around.clock.monotonic()
            try:
                await self._live()
                raise DataError("the feed has ended", "a replayed market goes on for ever with loop = true")
            except (LeaseLost, StoreError) as error:
                if isinstance(error, LeaseLost):
                    raise
                self.log.error("chart_store_failed", error=error.message)
                await asyncio.sleep(_FIRST)
                continue
            except CompileError as error:
                failure = f"{error.message}: {first_errors(error)}"
            except PineryError as error:
                failure = _words(error)
            except Exception as error:
                self.log.exception("chart_failed")
                failure = f"internal error: {type(error).__name__}: {error}"
            if self.around.clock.monotonic() - began > _CALM:
                self._failures = 0
            self._failures += 1
            await self._failed(failure)
            await self._pause(min(_FIRST * 2 ** (self._failures - 1), _LONGEST))

    def changed_files(self) -> bool:
        """Whether the script, or a library of it, says something else now."""
        for path, digest in self._files.items():
            stamp = _stamp(path)
            if stamp != self._seen.get(path):
                self._seen[path] = stamp
                if _digest(path) != digest:
                    return True
        return False

    async def _recall(self) -> None:
        """Take on from where the chart was left, by whom so ever."""
        name = self.settings.deployment
        row = await asyncio.to_thread(self.around.store.read, lambda tx: get_chart(tx, name))
        if row is not None:
            self.told = row.error if row.state is ChartState.FAILED else ""
            self.status.set(last_bar=row.last_bar, sha256=row.sha256)
        self.status.recalled = True
        self.wake()

    async def _failed(self, failure: str) -> None:
        self.status.set(state=ChartState.FAILED, error=failure)
        self.log.error("chart_failed", error=failure)
        if failure != self.told:
            self.told = failure
            await self.tell("chart.failed", f"the chart of {self.settings.deployment} failed: {failure}")

    async def _pause(self, seconds: float) -> None:
        end = self.around.clock.monotonic() + seconds
        while (left := end - self.around.clock.monotonic()) > 0:
            await asyncio.sleep(min(left, 1.0))
            if self.changed_files():
                self._failures = 0
                return

    async def tell(self, kind: str, text: str) -> None:
        """An event of this chart. Where the store fails it is not told of."""
        event = Event(kind, self.around.clock.now(), text, self.settings.deployment)
        routes = self.around.configuration().routes
        with suppress(StoreError):
            await asyncio.to_thread(
                self.around.store.write, lambda tx: tx.outbox.add([event], lambda event: channels_for(event, routes))
            )

    # --- from the script to a live chart ----------------------------------------------

    async def _live(self) -> None:
        """Load, catch up, then evaluate what the market does, until the feed ends or something raises."""
        around, settings = self.around, self.settings
        configuration = around.configuration()
        if not self._failures:  # a chart that failed counts as failed until it is live again
            self.status.set(state=ChartState.STARTING, error="")
        script = await self._compiled(configuration)
        feed_settings = configuration.feeds.get(settings.feed)
        if feed_settings is None:
            raise ConfigError(f"there is no feed {settings.feed!r}")
        market = around.markets.get(feed_settings)
        async with _posting(self, configuration) as poster:
            session = await self._load(configuration, script, market, poster)
            await session.run()

    async def _compiled(self, configuration: Configuration) -> CompiledScript:
        path = self.settings.script
        self._files, self._seen = {path: _digest(path)}, {path: _stamp(path)}
        source = read_script(path)
        self.status.set(sha256=hashlib.sha256(source.text.encode()).hexdigest())
        async with self.around.loading:
            script = await asyncio.to_thread(compile_chart, configuration, self.settings)
        if script.program.kind == "library":
            raise ConfigError(f"{path.name} is a library: no chart can run it")
        for source in script.sources:
            library = Path(source.name)
            if library.is_file():
                self._files[library], self._seen[library] = _digest(library), _stamp(library)
        return script

    async def _load(
        self, configuration: Configuration, script: CompiledScript, market: ChartFeed, poster: Poster | None
    ) -> Session:
        settings = self.settings
        instrument = lookup(settings.symbol, configuration.symbol_table)
        timeframe = Timeframe.parse(settings.timeframe)
        events = market.events([(settings.symbol, timeframe)])
        history = await self._history(market, timeframe)
        if not len(history.bars):
            raise DataError(f"the feed {settings.feed} has no bars of {settings.symbol} yet")
        data = MarketData(
            history.bars,
            instrument,
            timeframe,
            store=BarStore.default(),
            table=configuration.symbol_table,
            market=market,
            loop=asyncio.get_running_loop(),
            count=settings.history,
        )
        template = fill_template(settings, configuration.deployments[settings.deployment])

        def load() -> LiveChart:
            live = LiveChart(
                script, history.bars, instrument, timeframe, data=data, alert_template=template,
                limits=configuration.limits, clock=time.monotonic, memory=memory_in_use,
            )  # fmt: skip
            _exhaust(live.load())
            live.prepare()
            return live

        async with self.around.loading:
            live = await asyncio.to_thread(load)
        streams = [events]
        others = []
        if needs := [(symbol, frame) for symbol, frame in live.needs() if market.covers(symbol)]:
            streams.append(market.events(needs))
            others = [await self._other(live, market, data, configuration, *each) for each in needs]
        builder = BarBuilder(instrument, timeframe, history, symbol=settings.symbol)
        speed = market.speed or 1.0
        limit = None if settings.silence is None else int(settings.silence * 1000 * speed)
        session = Session(
            self, live, market, builder, streams, others,
            Watch(instrument, limit, market.now()), poster,
            Alerts(
                self.around.store, settings, self.around.clock, self.lease,
                lambda: self.around.configuration().routes, self.log, poster.wake if poster else _nobody,
            ),
        )  # fmt: skip
        await self._catch_up(session, history)
        return session

    async def _other(
        self, live: LiveChart, market: ChartFeed, data: MarketData, configuration: Configuration,
        symbol: str, timeframe: Timeframe,
    ) -> Other:  # fmt: skip
        """Another market that the script's requests read, brought up to now."""
        had = data.bars(symbol, timeframe)
        history = await market.history(symbol, timeframe, _MOST_BETWEEN)
        bars = history.bars
        if had is not None and len(had):
            bars = bars.between(int(had.time[-1]) + 1, None)
            for i in range(len(bars)):
                live.update_other(symbol, timeframe, _whole(bars, i))
        facts = lookup(symbol, configuration.symbol_table)
        return Other(symbol, timeframe, BarBuilder(facts, timeframe, history, symbol=symbol))

    async def _history(self, market: ChartFeed, timeframe: Timeframe) -> History:
        """From where the chart began the first time: what a strategy holds, and when it fires, depends on that.

        A chart that is another one now, or has grown too long, begins anew.
        """
        settings, store = self.settings, self.around.store
        same = {
            "sha256": self.status.row.sha256, "symbol": settings.symbol, "timeframe": settings.timeframe,
            "feed": settings.feed, "history": settings.history,
            "inputs": {title: repr(value) for title, value in sorted(settings.inputs.items())},
        }  # fmt: skip
        await market.history(settings.symbol, timeframe, 1)  # reads the bars, where nobody has yet
        kept = await asyncio.to_thread(store.read, lambda tx: beginning(tx, settings.deployment))
        if kept is not None and kept[1] == same:
            span = max(0, market.now() - kept[0]) // 1000
            count = min(span // max(timeframe.seconds, 1) + 2, settings.history + _MOST_MORE)
            history = await market.history(settings.symbol, timeframe, max(count, settings.history))
            bars = history.bars.between(kept[0], None)
            if len(bars) and int(bars.time[0]) == kept[0]:
                return History(bars, history.open)
        elif kept is not None:
            self.status.set(last_bar=None)  # its alerts would be others: nothing of the past was missed
        history = await market.history(settings.symbol, timeframe, settings.history)
        if len(history.bars):
            first, row = int(history.bars.time[0]), self.status.row

            def work(tx: Tx) -> None:
                begin(tx, settings.deployment, first, same)
                save_chart(tx, row)

            await asyncio.to_thread(store.write, work)
        return history

    async def _catch_up(self, session: Session, history: History) -> None:
        """What should have fired while the chart was down."""
        name, live, market = self.settings.deployment, session.live, session.market
        last = self.status.row.last_bar
        now = {"last_bar": int(history.bars.time[-1]), "bars": len(history.bars), "market_now": market.now()}
        wanted = [firing for firing in live.past if firing.kind in self.settings.kinds]
        keys = [firing.key for firing in wanted if last is not None and firing.bar_time > last]
        if keys:
            recorded = await asyncio.to_thread(self.around.store.read, lambda tx: recorded_keys(tx, name, keys))
            missed = overdue(wanted, last, recorded, market.now(), market.speed)
            if missed:
                count = await session.alerts.catch_up(missed, replace(self.status.row, **now))  # type: ignore[arg-type]
                self.log.warning("alerts_missed", count=count)
        # Only now: a bar that is on record as seen has its alerts on record.
        self.status.set(**now)
        row = self.status.row
        # On disk before anything fires: who dies at once must not look like one that never lived.
        await asyncio.to_thread(self.around.store.write, lambda tx: save_chart(tx, row))
        live.past.clear()
        if history.open is not None:
            fired = await asyncio.to_thread(self.around.store.read, lambda tx: newest_keys(tx, name, _NEWEST))
            live.resume(fired, history.open.now)


class _posting:
    """The task that sends a chart's alerts over HTTP, where it is to: it ends with the chart."""

    def __init__(self, runner: Runner, configuration: Configuration) -> None:
        self._runner = runner
        self._configuration = configuration
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Poster | None:
        runner, settings = self._runner, self._runner.settings
        if settings.send is not Send.WEBHOOK:
            return None
        token = self._configuration.secrets.chart_token(settings.deployment, settings.token_secret)
        if token is None:
            raise ConfigError(
                "there is no token for the webhook: the folder's key cannot be written",
                hint='give the chart a token_secret, or send = "inbox"',
            )
        around = runner.around
        poster = Poster(
            around.store, settings, self._configuration.webhook.local_hook_url(token), around.client, around.clock,
            runner.lease, lambda: around.configuration().routes, around.observe, runner.log,
            lambda trouble: runner.status.set(error=trouble),
        )  # fmt: skip
        self._task = asyncio.create_task(_keep_posting(poster, runner.log))
        return poster

    async def __aexit__(self, *error: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


async def _keep_posting(poster: Poster, log: Any) -> None:
    while True:
        try:
            await poster.run()
        except LeaseLost:
            return  # the chart ends, too
        except Exception as error:  # a fault of ours must not keep alerts back for ever
            poster.trouble = f"internal error: {type(error).__name__}"
            log.exception("posting_failed")
            await asyncio.sleep(_FIRST)


def _whole(bars: BarSeries, i: int) -> BarUpdate:
    opened, high, low, close, volume = (float(getattr(bars, name)[i]) for name in _COLUMNS)
    time = int(bars.time[i])
    return BarUpdate(time, opened, high, low, close, volume, time, is_first=True, is_last=True)


def _exhaust(steps: Iterator[int]) -> None:
    """Goes on with pauses: charts that are live run in the same interpreter."""
    until = time.perf_counter() + _YIELD_EVERY
    for _ in steps:
        if time.perf_counter() > until:
            time.sleep(0.0005)
            until = time.perf_counter() + _YIELD_EVERY


def _nobody() -> None:
    """Alerts that go straight into the inbox need no sender."""


def _words(error: PineryError) -> str:
    place = ""
    if isinstance(error, PineRuntimeError) and error.line is not None:
        place = f" (line {error.line})"
    return f"{error.message}{place}" + (f"; {error.hint}" if error.hint else "")


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _stamp(path: Path) -> object:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
