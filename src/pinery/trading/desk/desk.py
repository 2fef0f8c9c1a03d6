"""The desk of one account: an actor that is the account's only writer while it holds the lease.

It works in passes. A pass is one transaction: the venue's reports are journaled and applied, commands obeyed, positions
watched, waiting messages decided. Only when it is on disk are the orders that it made sent, side by side; what becomes
of them comes back as reports, for the next pass. So an order that may have left is always on disk as submitted, and one
that is on disk as pending has never left.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pinery.trading.broker import Broker, Quote, Report, ReportKind
from pinery.trading.clock import Clock
from pinery.trading.deployments import Account, Deployment
from pinery.trading.desk import commands, recovery
from pinery.trading.desk.decide import Decider
from pinery.trading.desk.directory import Directory
from pinery.trading.desk.ledger import Ledger
from pinery.trading.desk.release import Release
from pinery.trading.desk.reports import Applier
from pinery.trading.desk.sending import (
    Observe,
    Outgoing,
    SendAmendment,
    SendCancel,
    SendPrice,
    SendTicket,
    left_undone,
    send,
)
from pinery.trading.desk.terms import VenueDirectory
from pinery.trading.desk.watching import Watching
from pinery.trading.ending import to_its_end
from pinery.trading.errors import BrokerError, LeaseLost, StoreError
from pinery.trading.orders.model import Order, OrderType, Role, Status
from pinery.trading.signals import Signal
from pinery.trading.store import Lease, Message, Store, TradingState, Tx

_LATELY = 15 * 60_000  # ms: more than there is between two comparisons with the broker


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds, and how many messages and reports a pass takes."""

    watch: float = 1.0  # how often positions are looked at without a reason
    reconcile: float = 120.0
    resolve: float = 1.0  # how often an order of unknown outcome is asked for
    retry: float = 2.0  # after a failed transaction or connection
    batch: int = 64
    hold: float = 0.005  # how long a pass begins with messages: while it decides, nobody else can write to SQLite
    reports: int = 48
    settle_us: int = 0  # messages younger than this wait, so that several gateways' commits stay in order


@dataclass(slots=True)
class Desk:
    """``run`` until ``stop``. ``lease`` gives the lease as last renewed; ``wake`` says that there may be work."""

    account: Account
    broker: Broker
    store: Store
    lease: Callable[[], Lease]
    directory: Directory
    clock: Clock
    observe: Observe
    log: Any
    pace: Pace = field(default_factory=Pace)
    _reports: deque[Report] = field(default_factory=deque)
    _work: asyncio.Event = field(default_factory=asyncio.Event)
    _sending: set[asyncio.Task[None]] = field(default_factory=set)
    _priced: set[int] = field(default_factory=set)  # messages whose price has been on its way
    _told: dict[str, float] = field(default_factory=dict)  # symbol -> when its price was last told for equity's sake
    _turning: bool = False
    _handed: dict[str, int] = field(default_factory=dict)  # signal -> when its order was handed to the broker, Unix µs
    _out: set[str] = field(default_factory=set)  # client ids of requests that are under way
    _ledger: Ledger | None = None
    _release: Release = field(default_factory=Release)
    _recovery: recovery.Recovery = field(default_factory=recovery.Recovery)
    _watching: Watching = field(default_factory=Watching)
    _watched: float = 0.0
    _alarmed: set[tuple[str, str]] = field(default_factory=set)  # positions to be looked at again, after a request
    _called: bool = True  # there may be anything to do
    _waiting: set[str] = field(default_factory=set)  # deployments of which messages were heard
    _more: bool = False
    _connected: bool | None = None  # None: not known yet

    def wake(self, deployments: Iterable[str] | None = None) -> None:
        """There are messages of ``deployments``; without it, there may be anything."""
        if deployments is None:
            self._called = True
            self._work.set()
        elif self.pace.settle_us:
            asyncio.get_running_loop().call_later(self.pace.settle_us / 1e6, self._hear, set(deployments))
        else:
            self._hear(deployments)

    def _hear(self, deployments: Iterable[str]) -> None:
        self._waiting.update(deployments)
        self._work.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Until ``stopping`` is set or the lease is lost (LeaseLost). Everything else is survived."""
        listening = asyncio.create_task(self._listen(stopping))
        try:
            while not stopping.is_set():
                await self._wait()
                self._turning = True
                try:
                    await self._turn()
                except LeaseLost:
                    raise
                except StoreError as error:
                    self._ledger = None  # what it says was not stored
                    self._priced.clear()  # nor did a price leave
                    self.log.error("store_failed", error=error.message, hint=error.hint)
                    await self._pause(self.pace.retry, stopping)
                    self._called = True
                finally:
                    self._turning = False
        finally:
            listening.cancel()
            if self._is_late():
                for task in self._sending:
                    task.cancel()  # what waits for its turn at the broker is not to come after another owner's
            try:
                await asyncio.gather(listening, *self._sending, self._recovery.stop(), return_exceptions=True)
            finally:
                await to_its_end(self.broker.close())

    @property
    def is_at_work(self) -> bool:
        """A pass is under way, or sure to come: it will look into the inbox by itself."""
        return self._turning or self._called or self._more or bool(self._reports) or bool(self._out)

    async def _wait(self) -> None:
        # Until the first comparison with the broker everything waits for it.
        with suppress(TimeoutError):
            async with asyncio.timeout(self.pace.watch if self._recovery.done else 0.05):
                while not self._has_work():
                    self._work.clear()
                    await self._work.wait()

    def _has_work(self) -> bool:
        """A message of a deployment that is busy is none: the report that ends that brings it up."""
        if self._called or self._more or self._reports:
            return True
        ledger = self._ledger
        return any(ledger is None or not ledger.is_busy(name) for name in self._waiting)

    async def _pause(self, seconds: float, stopping: asyncio.Event) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), seconds)

    async def _listen(self, stopping: asyncio.Event) -> None:
        """Connect, and again when that fails; the venue's reports wait here for the next pass."""
        while not stopping.is_set():
            try:
                await self.broker.connect()
                async for report in self.broker.reports():
                    self._reports.append(report)
                    self._work.set()
            except BrokerError as error:
                self._reports.append(Report(ReportKind.DISCONNECTED, self.clock.now(), reason=error.message))
            except Exception as error:
                self.log.exception("broker_failed")
                self._reports.append(Report(ReportKind.DISCONNECTED, self.clock.now(), reason=type(error).__name__))
            self.wake()
            await self._pause(self.pace.retry, stopping)

    # --- a turn -----------------------------------------------------------------------

    async def _turn(self) -> None:
        # Together, without a pause between: a request that is no longer out has left its report.
        reports, handed, out = list(self._reports), dict(self._handed), set(self._out)
        taken = reports[: self.pace.reports]
        if len(reports) > len(taken):
            # Not heard yet: as if they were still on their way.
            out.update(report.client_id for report in reports[len(taken) :])
            out.add(_PRICE)
        asked = self._recovery.take()
        self._called = self._more = False
        self._waiting.clear()
        before = self.clock.monotonic()
        try:
            outgoing = await asyncio.to_thread(self.store.write, lambda tx: self._pass(tx, taken, asked, handed, out))
        except StoreError:
            self._recovery.again()
            raise
        self.observe("transaction", self.clock.monotonic() - before, "desk")
        for _ in taken:
            self._reports.popleft()
        for signal_id in handed:
            del self._handed[signal_id]
        ledger = self._ledger
        assert ledger is not None
        for request in outgoing:
            self._send(request)
        if outgoing:
            await asyncio.sleep(0)  # orders leave before lines are written
        for event in ledger.events:
            facts = {"signal_id": event.signal_id, "deployment": event.deployment, "account": event.account}
            facts["message_id"] = event.data.get("message_id", "")
            self.log.info(event.kind, text=event.text, **{name: fact for name, fact in facts.items() if fact})
        ledger.clean()
        if self._recovery.problem:
            self.log.warning("broker_not_answering", problem=self._recovery.problem)
            self._recovery.problem = ""
        now = self.clock.monotonic()
        if self._connected and self._recovery.due(ledger, self._out, now, self.pace.resolve, self.pace.reconcile):
            self._recovery.ask(self.broker, ledger, self._out, now, self.wake)

    def _pass(
        self, tx: Tx, reports: list[Report], asked: recovery.Asked | None, handed: dict[str, int], out: set[str]
    ) -> list[Outgoing]:
        """One transaction. Runs in a thread; nothing else touches the ledger meanwhile."""
        now, now_us, began = self.clock.now(), self.clock.now_us(), self.clock.monotonic()
        tx.leases.check(self.lease())
        if self._ledger is None:
            self._ledger = Ledger.load(self.account, tx)
            self._ledger.ended = _ended_lately(tx.orders.unfilled(self.account.name))
            self._recovery.start_over()
            asked = None
        ledger = self._ledger
        ledger.clean()
        ledger.account = self.account
        ledger.states = tx.states.all()
        capabilities = self.broker.capabilities
        directory = VenueDirectory(self.directory, self.broker.terms)
        applier = Applier(ledger, directory, capabilities, connected=self._connected)
        decider = Decider(ledger, directory, capabilities)
        ledger.sent.update(handed)
        for report in reports:
            applier.report(report, tx, now, now_us)
        self._recovery.doubt(ledger.doubted)
        if any(report.kind in (ReportKind.CONNECTED, ReportKind.DISCONNECTED) for report in reports):
            self._connected = applier.connected
            self._recovery.start_over()
            self._recovery.told = False  # what these reports tell of is newer
        elif asked is not None:
            self._recovery.apply(asked, applier, decider, out, tx, now, now_us)
        self._tell_silence(applier, now, began)
        if applier.must_reconcile:
            self._recovery.again()
        if self._connected and self._recovery.done:
            self._work_through(applier, decider, tx, now, now_us, out, began + self.pace.hold)
        else:
            self._alarmed |= applier.alarmed  # looked at as soon as something may be decided again
        ledger.flush(tx, now)
        if ledger.events:
            tx.outbox.add(ledger.events, self.directory.channels)
        return [request for request in applier.outgoing if not _is_over(request, ledger)]

    def _tell_silence(self, applier: Applier, now: int, clock: float) -> None:
        """A broker that is connected and answers no questions: until it does nothing is decided."""
        why = self._recovery.silent(clock)
        if why and not self._recovery.told:
            self._recovery.told = True
            applier.tell_account("account.disconnected", f"the broker does not answer: {why}", now)
        elif self._recovery.told and self._recovery.done:
            self._recovery.told = False
            applier.tell_account("account.connected", "the broker answers again", now)

    def _work_through(
        self, applier: Applier, decider: Decider, tx: Tx, now: int, now_us: int, out: set[str], until: float
    ) -> None:
        commands.obey(applier, decider, self._recovery, tx, now, now_us)
        for order in self._recovery.unclosed:
            key, why = f"auto:abandoned:{order.client_id}", "the reversal did not reach the broker in time"
            commands.give_exit(key, order.deployment, order.symbol, "pinery", why, "close", applier, decider, tx, now,
                               now_us)  # fmt: skip
        self._recovery.unclosed.clear()
        self._halt(applier, now)
        self._release.go(applier, decider, tx, now, now_us)
        if applier.ledger.entered:
            self._watching.anchor(applier, decider, tx, now, out)
        if self.clock.monotonic() - self._watched >= self.pace.watch:
            self._watched = self.clock.monotonic()
            self._watching.rolls(applier, decider, now)
            self._alarmed = self._watching.watch(applier, decider, tx, now, now_us, out)
        elif applier.alarmed or self._alarmed:
            keys = applier.alarmed | self._alarmed
            self._alarmed = self._watching.look_at(keys, applier, decider, tx, now, now_us, out)
        if not (self._priced and _PRICE in out):
            self._messages(applier, decider, tx, now, now_us, until)

    def _halt(self, applier: Applier, now: int) -> None:
        """Entries that still work do not survive a halt; protection does."""
        ledger = applier.ledger
        if not ledger.states:
            return
        for order in list(ledger.orders.values()):
            entry = order.role is Role.ENTRY and order.status.is_open
            if entry and ledger.state(order.deployment)[0] is not TradingState.ACTIVE:
                applier.cancel(order, now)

    def _messages(self, applier: Applier, decider: Decider, tx: Tx, now: int, now_us: int, until: float) -> None:
        """The oldest message of each deployment that has nothing under way; at least one, whatever the time."""
        ledger = applier.ledger
        deployments = self.directory.deployments(self.account.name)
        idle = {name for name in deployments if not ledger.is_busy(name)}
        taken = 0
        while idle:
            # A deployment gets busy with its first signal, so that more of its messages would be read for nothing.
            most = min(self.pace.batch - taken, 4 + 2 * len(idle))
            waiting = tx.inbox.pending(idle, most, self._until(now_us))
            for message in waiting:
                if message.deployment not in idle:
                    continue
                if self._message(message, deployments[message.deployment], applier, decider, tx, now, now_us):
                    idle.discard(message.deployment)
                taken += 1
                if taken == self.pace.batch or self.clock.monotonic() >= until:
                    self._more = bool(idle)
                    return
            if len(waiting) < most:
                return

    def _message(
        self,
        message: Message,
        deployment: Deployment,
        applier: Applier,
        decider: Decider,
        tx: Tx,
        now: int,
        now_us: int,
    ) -> bool:
        """False: nothing is under way because of it, and the deployment's next one may follow at once."""
        signal = decider.read(message, deployment, tx, now)
        if signal is None:
            return False
        if self._price_first(signal, deployment, message.id, applier, decider, now):
            return True
        made = decider.signal(signal, deployment, tx, now, now_us)
        if made is None:
            return False
        applier.outgoing.extend(SendTicket(ticket) for ticket in made.tickets)
        applier.outgoing.extend(SendCancel(order) for order in made.cancel if order.status is not Status.PENDING)
        self._more = self._more or any(order.status is Status.PENDING for order in made.cancel)
        return True

    def _until(self, now_us: int) -> int:
        """Messages received later wait. Without a time to settle none does: the clock may have been set back."""
        return now_us - self.pace.settle_us if self.pace.settle_us else 2**62

    def _price_first(
        self, signal: Signal, deployment: Deployment, message_id: int, applier: Applier, decider: Decider, now: int
    ) -> bool:
        """True if the signal's price has to reach resting orders before the signal is decided.

        An account without a feed learns from alerts where the market is. A stop that the price went through was hit
        before the alert came: deciding on the position of before would reverse what is no longer held.
        """
        if self.broker.capabilities.market_data:
            return False
        quote = decider.price_of(signal, deployment, now)
        if quote is None or message_id in self._priced:
            self._priced.discard(message_id)
            return False
        resting = [o for o in applier.ledger.orders.values() if o.symbol == quote.symbol and o.status.is_open]
        if resting or self._may_tell(quote):
            applier.outgoing.append(SendPrice(quote))
        if not any(_touched(order, quote.price) for order in resting):
            return False
        self._priced.add(message_id)
        return True

    def _may_tell(self, quote: Quote) -> bool:
        """Nothing rests: the price only moves the account's equity, for which now and then is enough."""
        now = self.clock.monotonic()
        if now - self._told.get(quote.symbol, -self.pace.watch) < self.pace.watch:
            return False
        self._told[quote.symbol] = now
        return True

    # --- sending ----------------------------------------------------------------------

    def _is_late(self) -> bool:
        """Others could have taken the account over."""
        return self.clock.now() >= self.lease().expires

    def _send(self, request: Outgoing) -> None:
        ids = _ids(request)
        self._out.update(ids)
        task = asyncio.create_task(self._carry(request, ids))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _carry(self, request: Outgoing, ids: set[str]) -> None:
        if self._is_late():
            # Somebody else may own the account now and ask the broker about this order. If nobody does, it goes again.
            reports = left_undone(request, self.clock, "the account may have been another worker's by then")
            if isinstance(request, SendPrice):
                self._priced.clear()
        else:
            if isinstance(request, SendTicket):
                self._handed.setdefault(request.ticket.order.signal_id, self.clock.now_us())
            reports = await send(self.broker, request, self.clock, self.observe)
        self._reports.extend(reports)
        self._out -= ids
        if isinstance(request, SendPrice) and self._priced:
            self._called = True  # a message waited for it
        if isinstance(request, SendAmendment) and (self._alarmed or self._ledger is None or self._ledger.entered):
            self._called = True  # so did another amendment
        self._work.set()


def _ids(request: Outgoing) -> set[str]:
    if isinstance(request, SendTicket):
        return {request.ticket.order.client_id, *(child.client_id for child in request.ticket.protection)}
    if isinstance(request, SendPrice):
        return {_PRICE}
    return {request.order.client_id}


#: Among the ids of requests under way: a price on its way to resting orders.
_PRICE = "price"


def _ended_lately(unfilled: list[Order]) -> dict[str, Order]:
    """Orders of which a new desk asks how far they were filled, though they have ended: whether they were compared
    with the broker since then is not known any more. The latest comes first."""
    return {order.client_id: order for order in unfilled if order.updated >= unfilled[0].updated - _LATELY}


def _is_over(request: Outgoing, ledger: Ledger) -> bool:
    """A cancel of an order that has ended in the same pass: venues cancel a sibling, or what is left, by themselves."""
    return (
        isinstance(request, SendCancel)
        and not request.order.status.is_final
        and request.order.client_id not in ledger.orders
    )


def _touched(order: Order, price: Decimal) -> bool:
    """Whether an order that rests might trade at ``price``; trailing stops always might."""
    if order.type is OrderType.TRAILING_STOP:
        return True
    if order.type is OrderType.STOP and order.stop_price is not None:
        return (price - order.stop_price) * order.side.sign >= 0
    if order.type is OrderType.LIMIT and order.limit_price is not None:
        return (order.limit_price - price) * order.side.sign >= 0
    return False
