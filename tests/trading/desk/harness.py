"""A desk on a real SQLite store with the real paper account, driven by alerts, prices, faults and its own clock."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from pinery.adapters.paper.broker import PaperBroker
from pinery.adapters.paper.faults import Faults
from pinery.adapters.paper.settings import PaperSettings
from pinery.adapters.store import tables
from pinery.adapters.store.database import SqlStore, open_store
from pinery.adapters.store.paper_book import SqlPaperBook
from pinery.adapters.store.transaction import SqlTx
from pinery.market.symbols import load
from pinery.trading.broker import Capabilities, Environment, Report
from pinery.trading.contracts import Contract
from pinery.trading.denials import Denial
from pinery.trading.deployments import Account, Deployment, Limits, Window
from pinery.trading.desk.desk import Desk, Pace
from pinery.trading.errors import NotSent, OutcomeUnknown, QueryFailed, Rejected, StoreError
from pinery.trading.events import Event
from pinery.trading.mapping import contract_for, contract_of, held_contracts
from pinery.trading.orders.model import Order, Role, Status
from pinery.trading.positions.model import Position
from pinery.trading.signals import Source
from pinery.trading.store import Command, CommandKind, Lease, Message, StateRow, TradingState
from tests.stores import new_sqlite

T = TypeVar("T")
D = Decimal
TABLE = load()
ETH = "BINANCE:ETHUSDT.P"
BTC = "BINANCE:BTCUSDT.P"


def at(text: str) -> int:
    """Unix ms of a time in Chicago."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("America/Chicago")).timestamp() * 1000)


#: A Monday, 10:00 in Chicago, 08:00 in UTC-8: everything trades.
MONDAY = at("2026-11-23 10:00")

ACCOUNT = Account("paper", "paper", Environment.PAPER, "USD", leverage=D(10), limits=Limits(max_signal_age=None))


class Clock:
    """Runs like the wall's from ``start`` on, ``speed`` times as fast, and is put forward by ``advance``."""

    def __init__(self, start: int = MONDAY, speed: float = 1.0) -> None:
        self._start, self._speed, self._zero, self._more = start, speed, time.monotonic(), 0.0

    def _passed(self) -> float:
        return (time.monotonic() - self._zero) * self._speed + self._more

    def now(self) -> int:
        return self._start + int(self._passed() * 1000)

    def now_us(self) -> int:
        return self._start * 1000 + int(self._passed() * 1_000_000)

    def monotonic(self) -> float:
        return self._passed()

    def advance(self, seconds: float) -> None:
        self._more += seconds

    def jump(self, milliseconds: int) -> None:
        """Only what calendars say."""
        self._start += milliseconds


class Directory:
    """The configuration; changing ``all`` or ``account`` is a reload."""

    def __init__(self, deployments: Iterable[Deployment], account: Account) -> None:
        self.all = {one.name: one for one in deployments}
        self.account = account
        self.windows: dict[str, tuple[Window, ...]] = {}

    def accounts(self) -> Mapping[str, Account]:
        return {self.account.name: self.account}

    def deployments(self, account: str) -> Mapping[str, Deployment]:
        return {name: one for name, one in self.all.items() if one.account == account}

    def contract_for(self, symbol: str, deployment: Deployment, now: int) -> Contract | Denial:
        return contract_for(symbol, deployment, now, table=TABLE)

    def held_contracts(
        self, symbol: str, deployment: Deployment, positions: Iterable[Position]
    ) -> tuple[str, ...] | Denial:
        return held_contracts(symbol, deployment, positions, table=TABLE)

    def contract(self, symbol: str) -> Contract:
        return contract_of(symbol, table=TABLE)

    def hours(self) -> Mapping[str, tuple[Window, ...]]:
        return self.windows

    def channels(self, event: Event) -> Iterable[str]:
        return ()


# --- what goes wrong ------------------------------------------------------------------


class Planned(Faults):
    """Faults that a test plans: ``plan("submit", "lost")`` is what happens to the next submission, and so on.

    "refused", "not_sent"; "lost" (outcome unknown, never arrived), "unanswered" (outcome unknown, executed); "held"
    waits for ``release``. For queries "failed"; for batches of reports "dropped", "repeated", "reversed", and
    "total_untold" (an order's end without what was filled in all).
    """

    def __init__(self) -> None:
        self.planned: dict[str, list[str]] = {}
        self.in_parts: int | None = None
        self.requests: list[tuple[str, str]] = []  # all that was asked for
        self.released = asyncio.Event()
        self.holding: set[str] = set()  # what waits for it

    def plan(self, what: str, *faults: str) -> None:
        self.planned.setdefault(what, []).extend(faults)

    def _next(self, what: str, *wanted: str) -> str:
        waiting = self.planned.get(what)
        if waiting and waiting[0] in wanted:
            return waiting.pop(0)
        return ""

    async def before(self, what: str, client_id: str) -> None:
        self.requests.append((what, client_id))
        waiting = self.planned.get(what)
        if waiting and waiting[0] == "fine":
            waiting.pop(0)
            return
        match self._next(what, "refused", "not_sent", "lost", "held"):
            case "refused":
                raise Rejected("BROKER_REJECTED", "the venue says no")
            case "not_sent":
                raise NotSent("no connection")
            case "lost":
                raise OutcomeUnknown("timed out")
            case "held":
                self.holding.add(client_id)
                await self.released.wait()
                self.holding.discard(client_id)

    async def after(self, what: str, client_id: str) -> None:
        if self._next(what, "unanswered"):
            raise OutcomeUnknown("timed out")

    async def query(self) -> None:
        if self._next("query", "failed"):
            raise QueryFailed("no answer")

    def parts(self, client_id: str) -> int | None:
        return self.in_parts

    def reports(self, reports: Sequence[Report]) -> Sequence[Report]:
        if not any(report.client_id for report in reports):
            return reports
        kept = list(reports)
        match self._next("reports", "dropped", "repeated", "reversed", "fills_dropped", "total_untold", "passed"):
            case "dropped":
                kept = [report for report in kept if not report.client_id]
            case "fills_dropped":
                kept = [report for report in kept if report.fill is None]
            case "total_untold":
                kept = [replace(report, filled=None) for report in kept]
            case "repeated":
                kept = [*kept, *kept]
            case "reversed":
                kept.reverse()
        return kept


class Killed(Exception):
    """What a process that was killed does from then on: nothing."""


class CrashingStore:
    """A store that dies at its ``at``-th write, ``when`` "before" or "after" the commit, or fails there and goes on.

    ``when`` "changing": it dies before the commit of its ``at``-th write that changes anything. Most passes of a desk
    find nothing to do; death beside them leaves on disk what death at the changes before and after them leaves.
    """

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.writes = 0
        self.changes = 0  # writes that changed anything
        self.at: int | None = None
        self.when = "before"
        self.fails: list[str] = []  # of the next writes: "before", "inside", "after" (the commit), "" none
        self.dead = False
        self._one = threading.Lock()

    async def die(self) -> None:
        """Nothing is written any more; what is being written is."""
        self.dead = True
        await asyncio.to_thread(self._one.acquire)
        self._one.release()

    def write(self, work: Callable[[SqlTx], T], *, lasting: bool = True) -> T:
        with self._one:
            return self._write(work, lasting)

    def _write(self, work: Callable[[SqlTx], T], lasting: bool) -> T:
        if self.dead:
            raise Killed
        self.writes += 1
        if self.writes == self.at and self.when == "before":
            self.dead = True
            raise Killed
        failing = self.fails.pop(0) if self.fails else ""
        if failing == "before":
            raise StoreError("the disk is full")

        def watched(tx: SqlTx) -> T:
            before = _changed_rows(tx)
            result = work(tx)
            if failing == "inside":
                raise StoreError("the disk is full")
            tx.running.settle_all()
            if _changed_rows(tx) > before:
                self.changes += 1
                if self.changes == self.at and self.when == "changing":
                    self.dead = True
                    raise Killed
            return result

        result = self.store.write(watched, lasting=lasting)
        if failing == "after":
            raise StoreError("the connection broke in the moment of the commit")
        if self.writes == self.at and self.when == "after":
            self.dead = True
            raise Killed
        return result

    def read(self, work: Callable[[SqlTx], T]) -> T:
        if self.dead:
            raise Killed
        return self.store.read(work)

    def changed(self, seen: object) -> object:
        return self.store.changed(seen)


def _changed_rows(tx: SqlTx) -> int:
    """Since the connection was opened."""
    driver: Any = tx.connection.connection.driver_connection
    return int(driver.total_changes)


class Log:
    """Keeps what an operator would read."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, dict[str, Any]]] = []

    def bind(self, **_: Any) -> Log:
        return self

    def __getattr__(self, level: str) -> Callable[..., None]:
        if level.startswith("_"):
            raise AttributeError(level)
        return lambda name, **facts: self._line(level, name, facts)

    def _line(self, level: str, name: str, facts: dict[str, Any]) -> None:
        if level == "exception":
            import traceback

            facts["traceback"] = traceback.format_exc()
        self.lines.append((level, name, facts))

    def errors(self) -> list[tuple[str, dict[str, Any]]]:
        return [(name, facts) for level, name, facts in self.lines if level in ("error", "exception", "critical")]


# --- the harness ----------------------------------------------------------------------


@dataclass
class Trading:
    """One account. ``alert`` puts a message into the inbox as the gateway does; ``settle`` waits until all is done."""

    store: SqlStore
    directory: Directory
    clock: Clock
    settings: PaperSettings = field(default_factory=PaperSettings)
    faults: Planned = field(default_factory=Planned)
    less: Callable[[Capabilities], Capabilities] | None = None
    kind: type[PaperBroker] = PaperBroker
    log: Log = field(default_factory=Log)
    pace: Pace = field(default_factory=lambda: Pace(watch=0.0, reconcile=3600.0, resolve=0.01, retry=0.01))
    desk: Desk | None = None
    gate: CrashingStore | None = None
    broker: PaperBroker | None = None
    passes: int = 0
    number: int = 0
    alerts: int = 0
    _task: asyncio.Task[None] | None = None
    _stop: asyncio.Event | None = None
    lease: Lease | None = None

    # --- running ----------------------------------------------------------------------

    def start(self, owner: str = "one", prepare: Callable[[CrashingStore], None] | None = None) -> None:
        """A new process takes the account."""
        self.gate = CrashingStore(self.store)
        if prepare is not None:
            prepare(self.gate)
        lease = self.store.write(
            lambda tx: tx.leases.acquire(f"account:{self.account.name}", owner, self.clock.now(), 10**12)
        )
        assert lease is not None, "somebody else has the account"
        self.lease = lease
        broker = self.make_broker(lease)
        self.desk = Desk(
            self.account, broker, self.gate, lambda: lease, self.directory, self.clock,
            self._observe, self.log, self.pace,
        )  # fmt: skip
        self._stop = asyncio.Event()
        self._task = asyncio.create_task(self.desk.run(self._stop))

    def make_broker(self, lease: Lease) -> Any:
        """A new connection of the account to its venue."""
        book = SqlPaperBook(self.gate, self.account.name, lambda tx: tx.leases.check(lease))  # type: ignore[arg-type]
        self.broker = self.kind(
            self.account, self.settings, book, self.clock, self.directory.contract, None, self.faults
        )
        return self.broker if self.less is None else _Less(self.broker, self.less)

    def _observe(self, name: str, seconds: float, label: str) -> None:
        if (name, label) == ("transaction", "desk"):
            self.passes += 1

    async def stop(self) -> None:
        """The ordinary end of a process. Raises what the desk died of."""
        task, self._task = self._task, None
        if task is None or self._stop is None or self.desk is None:
            return
        self._stop.set()
        self.desk.wake()
        self.faults.released.set()
        await task

    async def kill(self) -> None:
        """The process is gone, between two instructions."""
        assert self.gate is not None and self._task is not None
        await self.gate.die()
        task, self._task = self._task, None
        task.cancel()
        self.faults.released.set()
        await asyncio.gather(task, return_exceptions=True)
        self.faults.released = asyncio.Event()

    async def restart(self) -> None:
        await self.kill()
        self.start()

    async def died(self, timeout: float = 20) -> bool:
        """Waits until the desk's process is dead, or everything is done."""
        assert self._task is not None and self.gate is not None
        settled = asyncio.ensure_future(self.settle(timeout))
        await asyncio.wait({self._task, settled}, return_when=asyncio.FIRST_COMPLETED)
        settled.cancel()
        await asyncio.gather(settled, return_exceptions=True)
        dead = self._task.done() or self.gate.dead
        if dead:
            await self.kill()
        return dead

    async def settle(self, timeout: float = 60, until: Callable[[], bool] | None = None) -> None:
        """Until nothing is under way any more, or ``until`` says so."""
        end = time.monotonic() + timeout
        quiet, looks, agreement = 0, 0, 0.0
        while quiet < 2:
            assert self.desk is not None and self._task is not None
            if self._task.done() and self._task.exception() is not None:
                raise self._task.exception()  # type: ignore[misc]
            if time.monotonic() > end:
                raise AssertionError(f"not settled: {self.under_way()}; {self.log.lines[-5:]}")
            before = self.passes
            self.desk.wake()
            while self.passes == before and time.monotonic() < end and not self._task.done():
                await asyncio.sleep(0.001)
            if until is not None:
                if until():
                    return
                continue
            quiet = quiet + 1 if not self.under_way() else 0
            if quiet == 2 and not self.agrees():  # a report may be on its way; or the test has let it be lost
                looks, agreement = looks + 1, agreement or time.monotonic() + 0.5
                quiet = 1 if looks < 10 or time.monotonic() < agreement else 2

    def agrees(self) -> bool:
        """Whether ours and the paper venue's are the same: fills, and orders that work. Other venues are not asked."""
        if SqlPaperBook(self.store, self.account.name).load() is None:
            return True
        theirs = _totals((row.client_id, D(row.data["quantity"])) for row in self.venue_fills())
        if theirs != _totals((row.client_id, row.quantity) for row in self.fills()):
            return False
        return {order.client_id for order in self.open_orders() if order.status.is_open} == set(self.venue_orders())

    def under_way(self) -> list[str]:
        desk = self.desk
        assert desk is not None
        found = [f"report {report.kind}" for report in desk._reports] + [f"request {name}" for name in desk._out]
        if isinstance(self.broker, PaperBroker) and (self.broker._worker is not None or self.broker._stream._waiting):
            found.append("report of the paper venue")
        recovery = desk._recovery
        if not recovery.done or recovery._wanted or recovery._task is not None or recovery._answers is not None:
            found.append("comparison")
        if found:
            return found
        configured = set(self.directory.deployments(self.account.name))
        waiting = self.store.read(lambda tx: tx.inbox.pending(configured, 1000, 10**18))
        found += [f"message {message.body}" for message in waiting]
        found += [f"command {command.id}" for command in self.commands() if command.finished is None]
        unfilled = {order.client_id for order in self.open_orders() if not order.filled}
        for order in self.open_orders():
            resting = order.status.is_open and (order.role is not Role.EXIT) and order.type != "market"
            if order.cancel_requested or not (resting or (order.status is Status.PENDING and order.parent in unfilled)):
                found.append(f"{order.client_id} {order.status}")
        return found

    # --- what people and senders do -----------------------------------------------------

    @property
    def account(self) -> Account:
        return self.directory.account

    def post(self, body: str | Mapping[str, Any], deployment: str = "demo", source: Source = Source.WEBHOOK) -> int:
        """Into the inbox; a mapping goes as JSON with an id of its own unless it has one."""
        if not isinstance(body, str):
            self.number += 1
            fields = {"unique_id": f"n{self.number}"} | dict(body)
            body = json.dumps({name: value for name, value in fields.items() if value is not None})
        message = Message(deployment, source, body, self.clock.now_us())
        (number,) = self.store.write(lambda tx: tx.inbox.add([message]))
        if self.desk is not None:
            self.desk.wake()
        return number

    async def alert(self, body: str | Mapping[str, Any] = "", deployment: str = "demo", **fields: Any) -> Signal:
        """One alert and all that follows from it."""
        number = self.post(body or fields, deployment)
        await self.settle()
        return self.signal_of(number)

    async def price(self, price: float | str, symbol: str = ETH) -> None:
        """The market gets there without an alert."""
        from pinery.trading.broker import Quote

        assert self.broker is not None
        await self.broker.price_seen(Quote(symbol, D(str(price)), self.clock.now(), "alert"))
        await self.settle()

    def halt(self, state: TradingState, scope: str = "all", reason: str = "news") -> None:
        row = StateRow(scope, state, reason, "ann", self.clock.now())
        self.store.write(lambda tx: tx.states.set(row))

    def order_command(self, kind: CommandKind, deployment: str = "", **data: str) -> int:
        command = Command(kind, self.account.name, "ann", self.clock.now(), deployment=deployment, data=data)
        return self.store.write(lambda tx: tx.commands.add(command))

    async def command(self, kind: CommandKind, deployment: str = "", **data: str) -> str:
        """Given and obeyed; the result."""
        number = self.order_command(kind, deployment, **data)
        await self.settle()
        return next(command.result for command in self.commands() if command.id == number)

    def configure(self, deployment: str = "demo", **changes: Any) -> None:
        self.directory.all[deployment] = replace(self.directory.all[deployment], **changes)

    # --- what there is ------------------------------------------------------------------

    def rows(self, table: sa.Table) -> list[Any]:
        key = next(iter(table.primary_key))
        return list(self.store.read(lambda tx: tx.connection.execute(sa.select(table).order_by(key)).all()))

    def signal_of(self, message: int) -> Signal:
        row = next(row for row in self.rows(tables.inbox) if row.id == message)
        signal = next((one for one in self.rows(tables.signals) if one.message_id == message), None)
        if signal is None:
            return Signal(row.status, "", row.note, (), row.signal_id)
        steps = tuple(tuple(step) for step in signal.steps)
        return Signal(signal.outcome, signal.code, signal.reason, steps, signal.id)

    def signals(self, source: Source | None = None) -> list[Any]:
        rows = self.rows(tables.signals)
        rows.sort(key=lambda row: (row.decided_us, row.received))
        return [row for row in rows if source is None or row.source == source]

    def orders(self, *roles: Role) -> list[Order]:
        rows = self.rows(tables.orders)
        found = [self.store.read(lambda tx, name=row.client_id: tx.orders.get(name)) for row in rows]
        mine = [order for order in found if order is not None and (not roles or order.role in roles)]
        return sorted(mine, key=lambda order: (order.created, order.client_id))

    def order(self, client_id: str) -> Order:
        found = self.store.read(lambda tx: tx.orders.get(client_id))
        assert found is not None
        return found

    def open_orders(self, *roles: Role) -> list[Order]:
        found = self.store.read(lambda tx: tx.orders.unfinished(self.account.name))
        return [order for order in found if not roles or order.role in roles]

    def position(self, deployment: str = "demo", symbol: str = ETH) -> Decimal:
        return self.held(deployment).get(symbol, D(0))

    def held(self, deployment: str = "demo") -> dict[str, Decimal]:
        found = self.store.read(lambda tx: tx.positions.of(self.account.name))
        return {one.symbol: one.quantity for one in found if one.deployment == deployment and one.side}

    def positions(self) -> list[Position]:
        return self.store.read(lambda tx: tx.positions.of(self.account.name))

    def trades(self) -> list[Any]:
        return sorted(self.rows(tables.trades), key=lambda row: (row.exit_time, row.id))

    def fills(self) -> list[Any]:
        return self.rows(tables.fills)

    def events(self, kind: str = "") -> list[Any]:
        return [row for row in self.rows(tables.events) if not kind or row.kind == kind]

    def commands(self) -> list[Any]:
        return self.rows(tables.commands)

    # --- the venue's side ---------------------------------------------------------------

    def venue(self) -> dict[str, Decimal]:
        """What the venue holds for the account, by contract."""
        state = SqlPaperBook(self.store, self.account.name).load()
        if state is None:
            return {}
        return {symbol: one.quantity for symbol, one in state.account.holdings.items() if one.quantity}

    def venue_held(self) -> dict[tuple[str, str], Decimal]:
        state = SqlPaperBook(self.store, self.account.name).load()
        if state is None:
            return {}
        return {
            (deployment, symbol): quantity
            for symbol, one in state.account.holdings.items()
            for deployment, quantity in one.held.items()
            if quantity
        }

    def venue_orders(self) -> dict[str, Any]:
        """Those that work at the venue."""
        state = SqlPaperBook(self.store, self.account.name).load()
        if state is None:
            return {}
        return {order.client_id: order for order in state.orders if not order.status.is_final}

    def venue_fills(self) -> list[Any]:
        return self.rows(tables.paper_fills)

    def check_books(self) -> None:
        """Ours and the venue's are the same: positions, fills, working orders."""
        ours = {(p.deployment, p.symbol): p.quantity for p in self.positions() if p.side}
        assert ours == self.venue_held()
        assert self.agrees()
        assert not self.events("position.mismatch")
        assert not self.log.errors(), self.log.errors()


def _totals(fills: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for client_id, quantity in fills:
        totals[client_id] = totals.get(client_id, D(0)) + quantity
    return totals


@dataclass(frozen=True)
class Signal:
    """What became of a message: of its signal, else the inbox row's status and note."""

    outcome: str
    code: str
    reason: str
    steps: tuple[tuple[str, ...], ...]
    id: str


class _Less:
    """The broker with other capabilities: the desk has to do by itself what is missing."""

    def __init__(self, broker: PaperBroker, change: Callable[[Capabilities], Capabilities]) -> None:
        self._broker = broker
        self.capabilities = change(broker.capabilities)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._broker, name)


def demo(**changes: Any) -> Deployment:
    return replace(Deployment("demo", "paper", ETH), **changes)


@contextmanager
def store_in(folder: Path) -> Iterator[SqlStore]:
    path = folder / "pinery.db"
    store = open_store(f"sqlite:///{path}" if path.exists() else new_sqlite(path))
    try:
        yield store
    finally:
        store.close()


@asynccontextmanager
async def trading(
    folder: Path,
    *deployments: Deployment,
    account: Account = ACCOUNT,
    start: bool = True,
    clock: Clock | None = None,
    settings: PaperSettings | None = None,
    less: Callable[[Capabilities], Capabilities] | None = None,
    kind: type[PaperBroker] = PaperBroker,
) -> AsyncIterator[Trading]:
    """A store, a paper account and its desk; checked at the end that the desk did not die."""
    with store_in(folder) as store:
        directory = Directory(deployments or (demo(),), account)
        here = Trading(store, directory, clock or Clock(), settings or PaperSettings(balance=D(10_000_000)),
                       less=less, kind=kind)  # fmt: skip
        if start:
            here.start()
            await here.settle()
        try:
            yield here
        finally:
            if here._task is not None and not here._task.done():
                await here.stop()


def run(scenario: Any) -> None:
    asyncio.run(scenario)
