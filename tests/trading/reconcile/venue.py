"""A venue that keeps what really happened, and a local side that hears of some of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from pinery.trading.broker import Report, ReportKind, Snapshot, VenueOrder, VenuePosition
from pinery.trading.orders import states
from pinery.trading.orders.model import ZERO, Fill, Order, Status
from pinery.trading.orders.states import Event
from pinery.trading.positions.book import apply_fill, flat
from pinery.trading.positions.model import Position
from pinery.trading.reconcile.actions import (
    Abandon,
    Action,
    Advance,
    ApplyFill,
    CancelAtVenue,
    CancelLeftover,
    MissingFills,
    Resend,
    Terms,
)
from pinery.trading.reconcile.apply import apply_action, apply_report
from pinery.trading.reconcile.compare import Answer, Local, Unanswered, Venue, to_ask, to_load
from tests.trading.positions.making import ES, fill_of

POINT_VALUE = Decimal(50)
#: Later than all that happens, so that no position counts as just moved.
SNAPSHOT_TIME = 1_000_000


@dataclass
class SimVenue:
    """Truth. ``reports`` is everything it ever says, in order."""

    orders: dict[str, VenueOrder] = field(default_factory=dict)
    reports: list[Report] = field(default_factory=list)
    held: dict[str, Decimal] = field(default_factory=dict)
    receipts: dict[str, int] = field(default_factory=dict)
    clock: int = 0

    def _say(self, kind: ReportKind, client_id: str, fill: Fill | None = None) -> None:
        self.clock += 1
        self.reports.append(Report(kind, self.clock, client_id, self.orders[client_id].venue_id, fill=fill))

    def receive(self, order: Order) -> None:
        self.receipts[order.client_id] = self.receipts.get(order.client_id, 0) + 1
        self.orders[order.client_id] = VenueOrder(
            order.client_id, f"v{len(self.orders)}", order.symbol, Status.WORKING, order.quantity, ZERO
        )
        self._say(ReportKind.ACCEPTED, order.client_id)

    def refuse(self, order: Order) -> None:
        self.orders[order.client_id] = VenueOrder(
            order.client_id, f"v{len(self.orders)}", order.symbol, Status.REJECTED, order.quantity, ZERO, reason="no"
        )
        self._say(ReportKind.REJECTED, order.client_id)

    def is_open(self, client_id: str) -> bool:
        return client_id in self.orders and self.orders[client_id].status.is_open

    def fill(self, order: Order, quantity: Decimal, price: Decimal, fee: Decimal) -> None:
        view = self.orders[order.client_id]
        quantity = min(quantity, view.quantity - view.filled)
        fill = fill_of(order, f"x{self.clock}", price, quantity, fee, self.clock)
        filled = view.filled + quantity
        self.orders[order.client_id] = replace(
            view,
            status=Status.FILLED if filled == view.quantity else Status.PARTIALLY_FILLED,
            filled=filled,
            average_price=((view.average_price or 0) * view.filled + price * quantity) / filled,
            fills=(*view.fills, fill),
        )
        self.held[order.symbol] = self.held.get(order.symbol, ZERO) + order.side.sign * quantity
        self._say(ReportKind.FILL, order.client_id, fill)

    def end(self, client_id: str, status: Status) -> None:
        self.orders[client_id] = replace(self.orders[client_id], status=status)
        self._say(ReportKind.CANCELED if status is Status.CANCELED else ReportKind.EXPIRED, client_id)

    def snapshot(self, hidden: frozenset[str] = frozenset(), extra: Iterable[VenueOrder] = ()) -> Snapshot:
        """``hidden``: orders whose single fills the venue does not list."""
        return Snapshot(
            SNAPSHOT_TIME,
            (*(self.view(name, hidden) for name, order in self.orders.items() if order.status.is_open), *extra),
            tuple(VenuePosition(symbol, quantity) for symbol, quantity in self.held.items() if quantity),
            None,
        )

    def view(self, client_id: str, hidden: frozenset[str] = frozenset()) -> VenueOrder:
        order = self.orders[client_id]
        return replace(order, fills=()) if client_id in hidden else order

    def find(self, order: Order, hidden: frozenset[str] = frozenset()) -> VenueOrder | None:
        return self.view(order.client_id, hidden) if order.client_id in self.orders else None


@dataclass
class LocalSide:
    """What the desk and its store would keep."""

    orders: dict[str, Order] = field(default_factory=dict)
    trade_ids: set[str] = field(default_factory=set)
    counted: list[Fill] = field(default_factory=list)
    positions: dict[tuple[str, str], Position] = field(default_factory=dict)
    now: int = 0
    resent: list[str] = field(default_factory=list)

    def send(self, order: Order) -> None:
        self.orders[order.client_id] = states.advance(order, Event.SUBMIT, self.now)

    def hear(self, report: Report) -> None:
        order = self.orders.get(report.client_id)
        if order is not None:
            after, _, fill = apply_report(order, report, self.now)
            self._keep(after, fill)

    def _keep(self, after: Order, fill: Fill | None) -> None:
        if fill is not None:
            if fill.trade_id in self.trade_ids:
                return
            self.trade_ids.add(fill.trade_id)
            self.counted.append(fill)
            key = (after.deployment, after.symbol)
            position = self.positions.get(key, flat(after.deployment, after.account, after.symbol))
            self.positions[key], _ = apply_fill(position, after, fill, POINT_VALUE, self.now)
        self.orders[after.client_id] = after

    def local(self, **more: object) -> Local:
        unfilled = {name: order for name, order in self.orders.items() if order.status is not Status.FILLED}
        return Local(unfilled, tuple(self.positions.values()), frozenset(self.trade_ids), **more)  # type: ignore[arg-type]

    def ask(
        self,
        venue: SimVenue,
        *,
        unanswered: frozenset[str] = frozenset(),
        hidden: frozenset[str] = frozenset(),
        extra: Iterable[VenueOrder] = (),
        **more: object,
    ) -> tuple[Local, Venue]:
        snapshot = venue.snapshot(hidden, extra)
        local = self.local(**more)
        loaded = {name: self.orders[name] for name in to_load(local, snapshot) if name in self.orders}
        local = replace(local, orders={**local.orders, **loaded})
        found: dict[str, Answer] = {
            order.client_id: Unanswered() if order.client_id in unanswered else venue.find(order, hidden)
            for order in to_ask(local, snapshot)
        }
        return local, Venue(snapshot, found)

    def carry_out(self, actions: Iterable[Action], venue: SimVenue) -> None:
        for action in actions:
            match action:
                case ApplyFill(fill):
                    self._act(fill.client_id, action)
                case MissingFills() | Advance() | Terms() | Abandon():
                    self._act(action.client_id, action)
                case Resend(client_id):
                    self._act(client_id, action)
                    self.resent.append(client_id)
                    self.send(self.orders[client_id])
                    venue.receive(self.orders[client_id])
                    self.hear(venue.reports[-1])
                case CancelAtVenue(order, _) | CancelLeftover(order):
                    if order.status is Status.PENDING:
                        self.orders[order.client_id] = states.advance(order, Event.CANCEL, self.now)
                    elif venue.is_open(order.client_id):
                        venue.end(order.client_id, Status.CANCELED)
                        self.hear(venue.reports[-1])
                case _:
                    pass

    def _act(self, client_id: str, action: ApplyFill | MissingFills | Advance | Terms | Abandon | Resend) -> None:
        after, _, fill = apply_action(self.orders[client_id], action, self.now)
        self._keep(after, fill)

    def net(self, symbol: str = ES.symbol) -> Decimal:
        return sum((p.quantity for (_, held), p in self.positions.items() if held == symbol), ZERO)
