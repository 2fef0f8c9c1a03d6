"""Random sessions: a careful client trades at a venue where everything goes wrong now and then.

The client follows the outcome policy and nothing else: it sends an order again only after NotSent, or after an unknown
outcome once ``find`` has said that the venue has none. What the broker's capabilities exclude it does as a desk would:
protection goes out after the entry's fill, and its sibling is canceled. Its own ledger, which adds up the fills that
reports and ``find`` gave it, must in the end be the venue's position; and each order must have been executed as often
as meant.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from random import Random

from pinery.trading.broker import VenueOrder
from pinery.trading.errors import NotSent, OutcomeUnknown, QueryFailed, Rejected
from pinery.trading.orders.model import ZERO, Fill, Order, Role, Side, Status, Ticket
from tests.adapters.conformance.harness import BrokerHarness, Fault, Maker, Reader

_STEPS = 30
_SENDING = (Fault.REFUSED, Fault.NOT_SENT, Fault.LOST, Fault.UNANSWERED)


class Client:
    """Orders sent, and for each the fills that came to be known, by trade id."""

    def __init__(self, harness: BrokerHarness) -> None:
        self._harness = harness
        self.orders: dict[str, Order] = {}
        self.fills: dict[str, Fill] = {}
        self.refused: set[str] = set()
        self.capabilities = harness.broker.capabilities
        self._unprotected: dict[str, tuple[Order, ...]] = {}  # entry -> protection that is to come
        self._pairs: list[list[Order]] = []  # protection that rests

    async def find(self, order: Order) -> VenueOrder | None:
        while True:
            try:
                found = await self._harness.broker.find(order)
            except QueryFailed:
                continue
            if found is not None:
                self.take(found.fills)
            return found

    def take(self, fills: tuple[Fill, ...]) -> None:
        for fill in fills:
            known = self.fills.setdefault(fill.trade_id, fill)
            assert known == fill, "a trade id names one trade"

    async def send(self, ticket: Ticket) -> None:
        if ticket.protection and not self.capabilities.protection_with_entry:
            self._unprotected[ticket.order.client_id] = ticket.protection
            ticket = Ticket(ticket.order)
        for order in (ticket.order, *ticket.protection):
            self.orders[order.client_id] = order
        while True:
            try:
                await self._harness.broker.submit(ticket)
                return
            except NotSent:
                continue
            except OutcomeUnknown:
                if await self.find(ticket.order) is not None:
                    return
            except Rejected:
                self.refused |= {order.client_id for order in (ticket.order, *ticket.protection)}
                return

    async def cancel(self, order: Order) -> None:
        while True:
            try:
                await self._harness.broker.cancel(order)
                return
            except NotSent:
                continue
            except OutcomeUnknown:
                found = await self.find(order)
                if found is None or found.status.is_final:
                    return
            except Rejected:
                return

    async def tend(self) -> None:
        """After each step: what a desk does for brokers that cannot."""
        for name, protection in list(self._unprotected.items()):
            entry = self.orders[name]
            found = None if name in self.refused else await self.find(entry)
            opened = found.filled - entry.closes if found is not None else ZERO
            if opened > 0:
                pair = [replace(order, quantity=min(order.quantity, opened)) for order in protection]
                for order in pair:
                    await self.send(Ticket(order))
                self._pairs.append([order for order in pair if order.client_id not in self.refused])
            if opened > 0 or found is None or found.status.is_final:
                del self._unprotected[name]
        for pair in self._pairs if not self.capabilities.oco else ():
            views = {order.client_id: await self.find(order) for order in pair}
            if any(view is not None and (view.filled or view.status.is_final) for view in views.values()):
                for order in pair:
                    await self.cancel(order)
                pair.clear()

    def position(self) -> Decimal:
        return sum((fill.side.sign * fill.quantity for fill in self.fills.values()), ZERO)


async def run_session(harness: BrokerHarness, seed: int) -> None:
    random = Random(seed)
    await harness.start()
    reader = Reader(harness.broker)
    client = Client(harness)
    make = Maker(harness, f"s{seed}x")
    try:
        for _ in range(_STEPS):
            _maybe_fault(harness, random)
            step = random.choice(_STEPS_BY_WEIGHT)
            if step is _restart:
                await reader.close()
                client.take(tuple(report.fill for report in reader.seen if report.fill is not None))
                await harness.restart()
                reader = Reader(harness.broker)
            else:
                await step(harness, client, make, random)
            await client.tend()
        for what in ("submit", "cancel", "query", "reports"):
            harness.fault(what, Fault.FAILED, times=0)
        for _ in range(4):
            await harness.move(harness.price)
            await client.tend()
        client.take(tuple(report.fill for report in reader.seen if report.fill is not None))
        await _compare(harness, client, seed)
    finally:
        await reader.close()
        await harness.stop()


async def _compare(harness: BrokerHarness, client: Client, seed: int) -> None:
    where = f"session {seed}"
    open_orders = {order.client_id for order in (await harness.broker.snapshot()).orders}
    truth = await harness.truth(client.orders)
    for order in client.orders.values():
        found = await client.find(order)
        if found is None:
            assert order.client_id in client.refused, f"{where}: {order.client_id} was sent and is not there"
            continue
        status = truth.status[order.client_id]
        smaller = status is Status.FILLED and found.filled < order.quantity  # for there was no more to reduce
        assert found.status is status or (smaller and found.status is Status.EXPIRED), where
        assert found.status.is_final != (order.client_id in open_orders), where
        assert found.filled == sum((f.quantity for f in found.fills), ZERO) <= order.quantity, where
        if order.role is Role.ENTRY and found.status is Status.FILLED:
            assert found.filled == order.quantity, where
    by_ledger = sum((fill.side.sign * fill.quantity for fill in truth.fills), ZERO)
    assert {f.trade_id for f in truth.fills} == set(client.fills), f"{where}: fills unknown to one side"
    assert client.position() == by_ledger == truth.position, f"{where}: positions differ"
    snapshot = await harness.broker.snapshot()
    held = sum((p.quantity for p in snapshot.positions if p.symbol == harness.symbol), ZERO)
    assert held == truth.position, f"{where}: the snapshot's position differs"
    _check_protection(client, where)


def _check_protection(client: Client, where: str) -> None:
    """No entry's protection ever closed more than that entry opened."""
    filled: dict[str, Decimal] = {}
    closed: dict[str, Decimal] = {}
    for fill in client.fills.values():
        filled[fill.client_id] = filled.get(fill.client_id, ZERO) + fill.quantity
        parent = client.orders[fill.client_id].parent
        if parent:
            closed[parent] = closed.get(parent, ZERO) + fill.quantity
    for parent, quantity in closed.items():
        assert quantity <= filled.get(parent, ZERO) - client.orders[parent].closes, f"{where}: {parent} overclosed"


# --- what happens -----------------------------------------------------------------------


def _maybe_fault(harness: BrokerHarness, random: Random) -> None:
    if random.random() < 0.3:
        harness.fault("submit", random.choice(_SENDING), random.choice((1, 1, 2)))
    if random.random() < 0.2:
        harness.fault("cancel", random.choice(_SENDING[1:]))
    if random.random() < 0.2:
        harness.fault("query", Fault.FAILED)
    if random.random() < 0.3:
        harness.fault("reports", random.choice((Fault.DROPPED, Fault.REPEATED, Fault.SHUFFLED)))
    if random.random() < 0.2:
        harness.in_parts(random.choice((1, 2, 3)))


async def _enter(harness: BrokerHarness, client: Client, make: Maker, random: Random) -> None:
    await client.send(Ticket(make.order(random.choice(list(Side)))))


async def _enter_protected(harness: BrokerHarness, client: Client, make: Maker, random: Random) -> None:
    side = random.choice(list(Side))
    away = side.sign * harness.tick
    price = harness.price - away * random.randint(0, 6)
    entry = make.order(side) if random.random() < 0.5 else make.limit(side, price)
    stop = price - away * random.randint(1, 12) if random.random() < 0.8 else None
    target = price + away * random.randint(1, 12) if random.random() < 0.8 else None
    await client.send(make.bracket(entry, stop, target))


async def _reverse(harness: BrokerHarness, client: Client, make: Maker, random: Random) -> None:
    held = (await harness.truth([])).position
    if not held:
        return
    side = Side.SELL if held > 0 else Side.BUY
    closes = abs(held)
    if not harness.broker.capabilities.reverse_in_one:
        await _exit(harness, client, make, random)
        closes = ZERO
    entry = make.order(side, quantity=closes + harness.quantity, closes=closes)
    away = side.sign * harness.tick * random.randint(1, 12)
    await client.send(make.bracket(entry, harness.price - away, harness.price + away))


async def _exit(harness: BrokerHarness, client: Client, make: Maker, random: Random) -> None:
    if not harness.broker.capabilities.reduce_only:
        # Protection that rests beside an exit would open a position once the exit has closed it.
        protection = [order for order in client.orders.values() if order.role.protects]
        truth = await harness.truth(order.client_id for order in protection)
        for order in protection:
            if not truth.status.get(order.client_id, Status.REJECTED).is_final:
                await client.cancel(order)
    held = (await harness.truth([])).position
    if held:
        side = Side.SELL if held > 0 else Side.BUY
        await client.send(Ticket(make.order(side, role=Role.EXIT, quantity=abs(held))))


async def _cancel(harness: BrokerHarness, client: Client, make: Maker, random: Random) -> None:
    if client.orders:
        await client.cancel(random.choice(list(client.orders.values())))


async def _again(harness: BrokerHarness, client: Client, make: Maker, random: Random) -> None:
    """An order that the venue has already is sent once more."""
    known = [order for name, order in client.orders.items() if name not in client.refused and not order.parent]
    if known:
        await client.send(Ticket(random.choice(known)))


async def _move(harness: BrokerHarness, client: Client, make: Maker, random: Random) -> None:
    await harness.move(harness.price + harness.tick * random.randint(-10, 10))


async def _restart(harness: BrokerHarness, client: Client, make: Maker, random: Random) -> None:
    raise AssertionError("the session does that itself")


_Step = Callable[[BrokerHarness, Client, Maker, Random], Awaitable[None]]
_STEPS_BY_WEIGHT: tuple[_Step, ...] = (
    *(_enter, _enter, _enter_protected, _enter_protected, _enter_protected),
    *(_exit, _reverse, _cancel, _cancel, _again),
    *(_move, _move, _move, _move, _move, _restart),
)
