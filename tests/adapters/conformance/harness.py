"""What the conformance suite needs of a broker under test: its venue's price, its faults, and the venue's own truth."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from pinery.trading.broker import Broker, Report, ReportKind
from pinery.trading.orders.model import Fill, Order, OrderType, Role, Side, Status, Ticket, TimeInForce

PATIENCE = 60.0  # seconds until a report that should come counts as missing


class Fault(StrEnum):
    REFUSED = "refused"  # the venue says no
    NOT_SENT = "not_sent"  # it never left
    LOST = "lost"  # outcome unknown; it was not executed
    UNANSWERED = "unanswered"  # outcome unknown; it was executed
    FAILED = "failed"  # a query without an answer
    DROPPED = "dropped"  # reports of what happens
    REPEATED = "repeated"
    SHUFFLED = "shuffled"


@dataclass(frozen=True, slots=True)
class VenueTruth:
    """What the venue itself knows, not asked through the adapter."""

    status: Mapping[str, Status]  # of those asked about that it has
    fills: tuple[Fill, ...]  # of those asked about
    position: Decimal  # signed, in the harness's symbol


class BrokerHarness(Protocol):
    """One account at one venue. ``broker`` is connected between ``start`` and ``stop``.

    ``others``: further symbols of the venue; ``quantity``: what is one order, a multiple of 3 steps.
    """

    symbol: str
    price: Decimal  # where the market is
    tick: Decimal
    quantity: Decimal
    broker: Broker

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def restart(self) -> None:
        """As if the process had been killed, and started again: the venue goes on, ``broker`` is a new one."""
        ...

    async def move(self, price: Decimal) -> None:
        """The market trades there, by a jump. Returns when the venue has acted on it."""
        ...

    def fault(self, what: str, fault: Fault, times: int = 1) -> None:
        """The next ``times`` of "submit", "cancel", "amend", "query" or "reports" go wrong."""
        ...

    def in_parts(self, parts: int) -> bool:
        """From now on orders fill in that many parts, one at each move. False: this venue cannot do that."""
        ...

    async def truth(self, client_ids: Iterable[str]) -> VenueTruth: ...


class Reader:
    """Reads the reports of a broker, as a desk does, and waits for those that a test expects."""

    def __init__(self, broker: Broker) -> None:
        self.seen: list[Report] = []
        self._news = asyncio.Event()
        self._task = asyncio.create_task(self._read(broker))

    async def _read(self, broker: Broker) -> None:
        async for report in broker.reports():
            self.seen.append(report)
            self._news.set()

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def wait(self, wanted: Callable[[Report], bool], what: str = "report") -> Report:
        async with asyncio.timeout(PATIENCE):
            try:
                while True:
                    for report in self.seen:
                        if wanted(report):
                            return report
                    self._news.clear()
                    await self._news.wait()
            except asyncio.CancelledError:
                kinds = [f"{report.kind} {report.client_id}" for report in self.seen]
                raise AssertionError(f"no {what} came; those that did: {kinds}") from None

    async def of(self, order: Order, kind: ReportKind) -> Report:
        return await self.wait(lambda r: r.client_id == order.client_id and r.kind is kind, f"{kind} of the order")

    async def filled(self, order: Order, quantity: Decimal | None = None) -> list[Fill]:
        """The order's fills, each once, as soon as they add up to ``quantity`` (None: to all of it)."""
        wanted = order.quantity if quantity is None else quantity
        await self.wait(lambda _: sum((f.quantity for f in self.fills(order)), Decimal(0)) >= wanted, "fills")
        return self.fills(order)

    def fills(self, order: Order) -> list[Fill]:
        found = (r.fill for r in self.seen if r.fill is not None and r.client_id == order.client_id)
        return list({fill.trade_id: fill for fill in found}.values())


class Maker:
    """Orders for a harness, each with its own client id. ``deployment`` is "demo" unless said otherwise."""

    def __init__(self, harness: BrokerHarness, name: str = "c") -> None:
        self._harness = harness
        self._name = name
        self._count = 0

    def order(self, side: Side, type: OrderType = OrderType.MARKET, role: Role = Role.ENTRY, **more: Any) -> Order:
        self._count += 1
        values: dict[str, Any] = {
            "quantity": self._harness.quantity,
            "deployment": "demo",
            "reference_price": self._harness.price,
            "time_in_force": TimeInForce.GTC,
            "reduce_only": role is not Role.ENTRY,
            "created": time.time_ns() // 1_000_000,
        }
        return Order(
            client_id=f"pn-{self._name}{self._count:05}-{role.value[0]}0",
            signal_id=f"{self._name}{self._count:05}",
            account="test",
            symbol=self._harness.symbol,
            side=side,
            type=type,
            role=role,
            **values | more,
        )

    def buy(self, **more: Any) -> Order:
        return self.order(Side.BUY, **more)

    def sell(self, **more: Any) -> Order:
        return self.order(Side.SELL, **more)

    def limit(self, side: Side, price: Decimal, **more: Any) -> Order:
        return self.order(side, OrderType.LIMIT, limit_price=price, **more)

    def stop(self, side: Side, price: Decimal, **more: Any) -> Order:
        return self.order(side, OrderType.STOP, stop_price=price, **more)

    def bracket(self, entry: Order, stop: Decimal | None, target: Decimal | None) -> Ticket:
        """``entry`` with protection at these prices."""
        more: dict[str, Any] = {
            "quantity": entry.quantity - entry.closes,
            "parent": entry.client_id,
            "deployment": entry.deployment,
        }
        protection = []
        if stop is not None:
            protection.append(self.stop(entry.side.opposite, stop, role=Role.STOP, **more))
        if target is not None:
            protection.append(self.limit(entry.side.opposite, target, role=Role.TARGET, **more))
        return Ticket(entry, tuple(protection))


def unpriced(order: Order) -> Order:
    return replace(order, reference_price=None)
