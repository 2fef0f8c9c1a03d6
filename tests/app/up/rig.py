"""Charts in this process, on a market that the test itself moves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import sqlalchemy as sa
import structlog

from pinery.adapters.store import tables as t
from pinery.adapters.store.database import SqlStore
from pinery.app.config.configuration import Configuration
from pinery.app.config.reading import load_configuration
from pinery.app.config.secrets import make_key
from pinery.app.up.charting.host import Host
from pinery.app.up.charting.markets import Markets
from pinery.app.up.charting.runner import Surroundings
from pinery.app.up.clock import SystemClock
from pinery.charts.feed import Beat, Candle, FeedEvent, History, Price
from pinery.charts.records import ChartState
from pinery.core.bars import BarSeries
from pinery.core.errors import DataError
from pinery.market.symbols import lookup
from pinery.runtime.timeframes import Timeframe

ETH = "BINANCE:ETHUSDT.P"
MINUTE = 60_000
START = 1_757_289_600_000  # market time of the first bar

#: Fires on every fifth bar, and says which.
EVERY_FIFTH = """//@version=6
indicator("Every fifth")
if bar_index % 5 == 4
    alert("IN " + str.tostring(time), alert.freq_once_per_bar_close)
plot(close)
"""
BARS = "time,open,high,low,close,volume\n1700000000,1,2,0.5,1.5,10\n1700000060,1.5,2,1,1.2,10\n"
CONFIGURATION = """\
[webhook]
port = {port}
allow_loopback = true
[feeds.market]
kind = "replay"
bars = {{ "BINANCE:ETHUSDT.P" = "eth.csv", "BINANCE:BTCUSDT.P" = "eth.csv" }}
[accounts.paper]
broker = "paper"
"""
DEPLOYMENT = """
[deployments.{name}]
account = "paper"
symbol = "BINANCE:ETHUSDT.P"
timeframe = "1"
[deployments.{name}.chart]
script = "{name}.pine"
feed = "market"
history = 50
{more}
"""


class Moved:
    """A market of minutes that goes on when it is told to. A chart feed: ``open`` bars of all symbols are the same."""

    name = "market"

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self.at = 200 * MINUTE + START  # its time: 200 bars are complete
        self.broken = ""
        self._readers: list[tuple[Sequence[str], asyncio.Queue[FeedEvent | None]]] = []

    def now(self) -> int:
        return self.at

    def symbols(self) -> Sequence[str]:
        return (ETH, "BINANCE:BTCUSDT.P")

    def covers(self, symbol: str) -> bool:
        return symbol in self.symbols()

    async def history(self, symbol: str, timeframe: Timeframe, count: int) -> History:
        self._check()
        n = (self.at - START) // MINUTE
        first = max(0, n - count)
        times = START + MINUTE * np.arange(first, n, dtype=np.int64)
        rows = np.array([_bar(i) for i in range(first, n)], dtype=np.float64).reshape(-1, 4)
        bars = BarSeries(times, rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3], np.ones(n - first))
        part = (self.at - START) % MINUTE
        if not part:
            return History(bars)
        price = _bar(n)[0]
        return History(
            bars, Candle(symbol, timeframe, START + n * MINUTE, price, price, price, price, 1.0, self.at, False)
        )

    def events(self, wanted: Sequence[tuple[str, Timeframe]], since: int | None = None) -> AsyncIterator[FeedEvent]:
        queue: asyncio.Queue[FeedEvent | None] = asyncio.Queue()
        self._readers.append((tuple(symbol for symbol, _ in wanted), queue))
        return self._read(queue)

    async def _read(self, queue: asyncio.Queue[FeedEvent | None]) -> AsyncIterator[FeedEvent]:
        self._check()
        while (event := await queue.get()) is not None:
            yield event
        self._check()
        raise AssertionError("nobody ends it otherwise")

    def _check(self) -> None:
        if self.broken:
            raise DataError(self.broken)

    async def close(self) -> None:
        """Nothing is held."""

    # --- what tests do ----------------------------------------------------------------

    def move(self, bars: int = 1) -> None:
        """So many bars later, and just past the end of the last one."""
        for _ in range(bars):
            n = (self.at - START) // MINUTE
            prices = _bar(n)
            for offset, price in zip((0, 10_000, 20_000, 59_000), prices, strict=True):
                self.tell(START + n * MINUTE + offset, price)
            self.at = START + (n + 1) * MINUTE
        self.beat()

    def tell(self, at: int, price: float) -> None:
        for symbols, queue in self._readers:
            for symbol in symbols:
                queue.put_nowait(Price(symbol, price, 1.0, at))

    def beat(self, after: int = 5_000) -> None:
        for _, queue in self._readers:
            queue.put_nowait(Beat(self.at + after))

    def pass_by(self, bars: int) -> None:
        """Time that nobody sees."""
        self.at += bars * MINUTE

    def tear(self, why: str) -> None:
        """It breaks for all who read, until it is ``mended``."""
        self.broken = why
        for _, queue in self._readers:
            queue.put_nowait(None)
        self._readers.clear()

    def mended(self) -> None:
        self.broken = ""


def _bar(n: int) -> tuple[float, float, float, float]:
    base = 100.0 + n % 7
    return base, base + 2, base - 1, base + 1


@dataclass
class Rig:
    folder: Path
    store: SqlStore
    market: Moved = field(default_factory=Moved)
    scripts: dict[str, str] = field(default_factory=dict)
    more: dict[str, str] = field(default_factory=dict)
    port: int = 1
    measured: list[tuple[str, float, str]] = field(default_factory=list)
    configuration: Configuration = field(init=False)

    def __post_init__(self) -> None:
        (self.folder / "eth.csv").write_text(BARS)
        make_key(self.folder)

    def chart(self, name: str, script: str = EVERY_FIFTH, more: str = "") -> None:
        self.more[name] = more
        self.write(name, script)

    def write(self, name: str, script: str) -> None:
        new = self.folder / f"{name}.new"
        new.write_text(script)
        new.replace(self.folder / f"{name}.pine")  # a chart that reads it meanwhile gets one or the other

    def configure(self) -> None:
        text = CONFIGURATION.format(port=self.port)
        text += "".join(DEPLOYMENT.format(name=name, more=more) for name, more in self.more.items())
        (self.folder / "pinery.toml").write_text(text)
        self.configuration = load_configuration(self.folder, {})

    @asynccontextmanager
    async def running(self, owner: str = "here/boot/1/1") -> AsyncIterator[Host]:
        """The charts; stopped in order at the end."""
        self.configure()
        stopping = asyncio.Event()
        clock = SystemClock()
        markets = Markets(self.store, clock, self.folder, lookup)
        markets.get = lambda settings: self.market  # type: ignore[method-assign]
        async with httpx.AsyncClient(timeout=60.0, trust_env=False) as client:
            around = Surroundings(
                self.store, clock, markets, lambda: self.configuration,
                lambda *measured: self.measured.append(measured), client, asyncio.Semaphore(2),
                structlog.get_logger(), owner,
            )  # fmt: skip
            host = Host(around)
            task = asyncio.create_task(host.run(stopping))
            try:
                yield host
            finally:
                stopping.set()
                await task

    async def killed(self, host: Host) -> None:
        """As if the process had died: nothing is written any more, and its leases are free."""
        while host._held:
            # Not cleared: the thread that renews leases may be going through it.
            lost, host._held = list(host._held.values()), {}
            for held in lost:
                held.task.cancel()
            await asyncio.gather(*(held.task for held in lost), return_exceptions=True)
        self.store.write(lambda tx: tx.connection.execute(sa.update(t.leases).values(owner="", expires=0)))

    # --- what is to be seen -----------------------------------------------------------

    def alerts(self, name: str = "eth") -> list[tuple[int, str]]:
        """(number of the bar, outcome) in the order in which they were recorded."""
        c = t.chart_alerts.c
        query = sa.select(c.bar_time, c.outcome).where(c.deployment == name).order_by(c.at)
        return [((row[0] - START) // MINUTE, row[1]) for row in self._all(query)]

    def inbox(self, name: str = "eth") -> list[str]:
        query = sa.select(t.inbox.c.body).where(t.inbox.c.deployment == name).order_by(t.inbox.c.id)
        return [row[0] for row in self._all(query)]

    def events(self, kind: str) -> list[str]:
        return [row[0] for row in self._all(sa.select(t.events.c.text).where(t.events.c.kind == kind))]

    def row(self, name: str = "eth") -> Any:
        rows = self._all(sa.select(t.charts).where(t.charts.c.deployment == name))
        return rows[0] if rows else None

    def _all(self, query: sa.Select[Any]) -> Sequence[Any]:
        return self.store.read(lambda tx: tx.connection.execute(query).all())

    async def state(self, name: str, state: ChartState) -> None:
        await until(lambda: (row := self.row(name)) is not None and row.state == state.value, f"{name} is {state}")

    async def live(self, *names: str) -> None:
        for name in names or tuple(self.more):
            await self.state(name, ChartState.LIVE)

    async def fired(self, count: int, name: str = "eth") -> None:
        await until(lambda: len(self.alerts(name)) >= count, f"{count} alerts of {name}")


async def until(true: Callable[[], bool], what: str, seconds: float = 180.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        await asyncio.sleep(0.01)


def fifths(first: int, last: int) -> Iterator[int]:
    """Bars on which ``EVERY_FIFTH`` fires whose history begins at bar 150."""
    return (bar for bar in range(first, last) if (bar - 150) % 5 == 4)


__all__ = ["DEPLOYMENT", "ETH", "EVERY_FIFTH", "MINUTE", "START", "Moved", "Rig", "fifths", "replace", "until"]
