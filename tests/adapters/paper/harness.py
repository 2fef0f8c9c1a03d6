"""The paper account under the conformance suite: with a feed or on the prices of alerts, in memory or in the store."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random

from pinery.adapters.paper.broker import PaperBroker
from pinery.adapters.paper.faults import Faults
from pinery.adapters.paper.settings import PaperSettings
from pinery.core.instrument import Instrument
from pinery.trading.broker import Environment, Quote, Report, ReportKind
from pinery.trading.contracts import Contract
from pinery.trading.deployments import Account
from pinery.trading.errors import NotFound, NotSent, OutcomeUnknown, QueryFailed, Rejected
from pinery.trading.orders.model import ZERO
from pinery.trading.paper.book import PaperBook
from pinery.trading.prices import Tick
from tests.adapters.conformance.harness import Fault, VenueTruth

ETH = Contract(
    "BINANCE:ETHUSDT.P",
    Instrument("BINANCE", "ETHUSDT.P", pricescale=100, qty_step=0.001, mincontract=0.001, currency="USDT"),
)
ES = Contract(
    "CME_MINI:ESZ2026",
    Instrument("CME_MINI", "ESZ2026", type="futures", pricescale=100, minmove=25, pointvalue=50.0),
    root="ES",
    margin=Decimal(15000),
)
ACCOUNT = Account("test", "paper", Environment.PAPER, "USDT", leverage=Decimal(10))


def contract(symbol: str) -> Contract:
    for known in (ETH, ES):
        if known.symbol == symbol:
            return known
    raise NotFound(f"no contract is known for {symbol}")


class SystemClock:
    def now(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass
class SetClock:
    """Stands where a test puts it."""

    at: int = 1_700_000_000_000

    def now(self) -> int:
        return self.at

    def monotonic(self) -> float:
        return self.at / 1000


class PushFeed:
    """Prices that a test gives. ``covered`` None: of all symbols."""

    def __init__(self, covered: set[str] | None = None) -> None:
        self._covered = covered
        self._queue: asyncio.Queue[Tick | Exception | None] = asyncio.Queue()

    def covers(self, symbol: str) -> bool:
        return self._covered is None or symbol in self._covered

    async def ticks(self, after: int = 0) -> AsyncIterator[Tick]:
        while (tick := await self._queue.get()) is not None:
            if isinstance(tick, Exception):
                self._queue.task_done()
                raise tick
            yield tick
            self._queue.task_done()
        self._queue.task_done()

    async def push(self, *ticks: Tick) -> None:
        """Returns when the broker has taken them."""
        for tick in ticks:
            self._queue.put_nowait(tick)
        await self._queue.join()

    def end(self, why: Exception | None = None) -> None:
        self._queue.put_nowait(why)

    async def close(self) -> None:
        return None


class PlannedFaults(Faults):
    def __init__(self) -> None:
        self.planned: dict[str, list[Fault]] = {}
        self.in_parts: int | None = None
        self._random = Random(1)

    def _next(self, what: str, *wanted: Fault) -> Fault | None:
        waiting = self.planned.get(what)
        return waiting.pop(0) if waiting and waiting[0] in wanted else None

    async def before(self, what: str, client_id: str) -> None:
        match self._next(what, Fault.NOT_SENT, Fault.LOST, Fault.REFUSED):
            case Fault.NOT_SENT:
                raise NotSent("planned")
            case Fault.LOST:
                raise OutcomeUnknown("planned")
            case Fault.REFUSED:
                raise Rejected("PAPER_REJECT", "planned")

    async def after(self, what: str, client_id: str) -> None:
        if self._next(what, Fault.UNANSWERED):
            raise OutcomeUnknown("planned")

    def parts(self, client_id: str) -> int | None:
        return self.in_parts

    async def query(self) -> None:
        if self._next("query", Fault.FAILED):
            raise QueryFailed("planned")

    def reports(self, reports: Sequence[Report]) -> Sequence[Report]:
        if not any(report.client_id for report in reports):
            return reports
        kept = list(reports)
        match self._next("reports", Fault.DROPPED, Fault.REPEATED, Fault.SHUFFLED):
            case Fault.DROPPED:
                kept = [report for report in kept if report.kind in (ReportKind.QUOTE, ReportKind.BALANCE)]
            case Fault.REPEATED:
                kept = [*kept, *kept]
            case Fault.SHUFFLED:
                self._random.shuffle(kept)
        return kept


class PaperHarness:
    """``settings`` are those of a quiet venue; a restart opens the same book again (``reopen``)."""

    def __init__(self, reopen: Callable[[], PaperBook], *, feed: bool, settings: PaperSettings | None = None) -> None:
        self.symbol = ETH.symbol
        self.price = Decimal("2000.00")
        self.tick = ETH.tick
        self.quantity = Decimal("0.3")
        self._reopen = reopen
        self._book = reopen()
        self._fed = feed
        self._settings = settings or PaperSettings()
        self._faults = PlannedFaults()
        self._clock = SystemClock()
        self._make()

    def _make(self) -> None:
        self._feed = PushFeed() if self._fed else None
        self.broker = PaperBroker(ACCOUNT, self._settings, self._book, self._clock, contract, self._feed, self._faults)

    async def start(self) -> None:
        await self.broker.connect()
        await self.move(self.price)

    async def stop(self) -> None:
        await self.broker.close()

    async def restart(self) -> None:
        await self.broker.close()  # what is under way gets there, but nobody hears of it
        self._book = self._reopen()
        self._make()
        await self.start()

    async def move(self, price: Decimal) -> None:
        self.price = price
        now = self._clock.now()
        if self._feed is not None:
            await self._feed.push(Tick(self.symbol, price, now))
            planned, self._faults.planned["query"] = self._faults.planned.get("query", []), []
            await self.broker.snapshot()  # stands behind the tick
            self._faults.planned["query"] = planned
        else:
            await self.broker.price_seen(Quote(self.symbol, price, now, "alert"))

    def fault(self, what: str, fault: Fault, times: int = 1) -> None:
        self._faults.planned[what] = [fault] * times

    def in_parts(self, parts: int) -> bool:
        self._faults.in_parts = parts
        return self._fed

    async def truth(self, client_ids: Iterable[str]) -> VenueTruth:
        ids = list(client_ids)
        state = self._book.load()
        held = state.account.holdings.get(self.symbol) if state else None
        orders = self._book.orders(ids)
        fills = tuple(fill for name in ids for fill in self._book.fills(name))
        return VenueTruth({n: o.status for n, o in orders.items()}, fills, held.quantity if held else ZERO)


def settings(**more: object) -> PaperSettings:
    return replace(PaperSettings(), **more)  # type: ignore[arg-type]
