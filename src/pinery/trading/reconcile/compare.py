"""Our state against the venue's: ``compare(local, venue) -> actions``. At start-up, after a reconnect, periodically.

Invariants, each with a property test:

CONVERGE    once the actions are applied, orders and positions are as at the venue, whatever reports were lost,
            doubled or late before.
IDEMPOTENT  compared again with the same venue, nothing is left to do.
ONCE        no fill is counted twice: not when it is reported and listed, and not when it comes after the venue's total
            was taken for it (``Order.presumed``).
NO-RESEND   an order is sent again only where the venue said for certain that it never got it; never one that the
            snapshot shows, that has fills, or that was seen working.
UNANSWERED  a question without an answer changes nothing of its order, and while there is one, no position of its
            symbol is called different, no order of its symbol foreign, and nothing of its position left over or bare.
HANDS-OFF   orders and positions that are not ours are told of, never touched.
NO-ORDER    the order in which the venue lists things does not matter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from pinery.trading.broker import Snapshot, VenueOrder
from pinery.trading.orders.model import ZERO, Order, OrderType, Role, Status, is_ours
from pinery.trading.orders.states import Event
from pinery.trading.positions.model import Position
from pinery.trading.reconcile.actions import (
    FOREIGN,
    Abandon,
    Action,
    Advance,
    ApplyFill,
    AskAgain,
    CancelAtVenue,
    CancelLeftover,
    Foreign,
    Mismatch,
    MissingFills,
    Protect,
    Resend,
    TagForeign,
    Terms,
)

_ENDINGS = {
    Status.CANCELED: Event.CANCEL,
    Status.REJECTED: Event.REJECT,
    Status.DENIED: Event.REJECT,
    Status.EXPIRED: Event.EXPIRE,
}


@dataclass(frozen=True, slots=True)
class Unanswered:
    """``Broker.find`` raised QueryFailed: says nothing about the order."""

    reason: str = ""


Answer = VenueOrder | Unanswered | None


@dataclass(frozen=True, slots=True)
class Local:
    """What we believe of one account.

    ``orders``, by client id: the unfinished ones; those of ``to_load`` in any state; and, so that a fill is found whose
    report got lost while that of the end came, those that ended unfilled since the last comparison.
    """

    orders: Mapping[str, Order]
    positions: tuple[Position, ...]  # of all deployments, and of FOREIGN
    known: frozenset[str] | None = None  # trade ids of these orders' fills; None: the store will tell when they come
    in_flight: frozenset[str] = frozenset()  # client ids of requests under way: left alone
    stops_wanted: frozenset[tuple[str, str]] = frozenset()  # (deployment, symbol) whose position is to have a stop
    told: frozenset[str] = frozenset()  # venue ids of foreign orders that were reported
    differences: Mapping[str, Decimal] = field(default_factory=dict)  # symbol -> of the Mismatch last time
    is_new: bool = False  # the account has never been traded by us: what it holds was there before


@dataclass(frozen=True, slots=True)
class Venue:
    """``found``: the answers about the orders of ``to_ask``, asked for after the snapshot was taken."""

    snapshot: Snapshot
    found: Mapping[str, Answer] = field(default_factory=dict)


def to_load(local: Local, snapshot: Snapshot) -> tuple[str, ...]:
    """Client ids that the snapshot shows as ours and that are not in ``local``: final here, as the store knows."""
    return tuple(sorted({o.client_id for o in snapshot.orders if is_ours(o.client_id)} - local.orders.keys()))


def to_ask(local: Local, snapshot: Snapshot) -> tuple[Order, ...]:
    """Orders whose fate the snapshot does not tell: sent, not known to be filled, and not among the open ones.

    Nor does it where a position differs: of an order that is shown open it may leave out what was filled.
    """
    shown = _shown(local, snapshot)
    return tuple(
        order
        for order in _in_order(local)
        if _was_sent(order) and (order.client_id not in shown or order.symbol in local.differences)
    )


def compare(local: Local, venue: Venue, fresh: Callable[[Order], bool]) -> tuple[Action, ...]:
    """What has to be done. ``fresh(order)``: an entry that never arrived may still be sent; exits always may."""
    comparing = _Comparing(local, venue, fresh)
    comparing.orders()
    comparing.foreign_orders()
    comparing.positions()
    comparing.protection()
    return tuple(comparing.actions)


def _was_sent(order: Order) -> bool:
    """It may have left, and its end, as far as it is known, does not say that it was filled."""
    if order.status in (Status.PENDING, Status.DENIED) or (order.status is Status.FILLED and order.remaining <= 0):
        return False
    return not order.status.is_final or order.submitted is not None or order.acknowledged is not None


def _in_order(local: Local) -> list[Order]:
    orders = (order for order in local.orders.values() if order.client_id not in local.in_flight)
    return sorted(orders, key=lambda order: (order.created, order.client_id))


def _shown(local: Local, snapshot: Snapshot) -> dict[str, VenueOrder]:
    """Client id -> our orders in the snapshot. Some venues name their open orders by their own ids only."""
    by_venue_id = {order.venue_id: order.client_id for order in local.orders.values() if order.venue_id}
    shown = {}
    for view in snapshot.orders:
        client_id = view.client_id if view.client_id in local.orders else by_venue_id.get(view.venue_id)
        if client_id is not None:
            shown[client_id] = view
    return shown


class _Comparing:
    """One comparison: ``after`` are the orders as they will be, ``held`` the positions."""

    def __init__(self, local: Local, venue: Venue, fresh: Callable[[Order], bool]) -> None:
        self.local = local
        self.venue = venue
        self.fresh = fresh
        self.actions: list[Action] = []
        self.shown = _shown(local, venue.snapshot)
        self.after = dict(local.orders)
        self.held = {(p.deployment, p.symbol): p.quantity for p in local.positions}
        # Symbols about which nothing can be said now.
        self.unclear = {local.orders[name].symbol for name in local.in_flight if name in local.orders}
        self.moved = {p.symbol for p in local.positions if p.updated >= venue.snapshot.time}

    # --- orders -----------------------------------------------------------------------

    def orders(self) -> None:
        absent = []
        for order in _in_order(self.local):
            name = order.client_id
            answer, view = self.venue.found.get(name), self.shown.get(name)
            if isinstance(answer, VenueOrder):
                view = answer
            if view is not None:
                self._take_over(order, view)
            elif _was_sent(order) and name not in self.venue.found:
                self._ask_again(order, "not asked yet")
            elif _was_sent(order) and answer is None and not order.status.is_final:
                absent.append(order)
            if isinstance(answer, Unanswered) and _was_sent(order):
                self._ask_again(order, answer.reason)
        for order in absent:  # with all fills counted: whether protection is still wanted depends on them
            self._absent(order)

    def _ask_again(self, order: Order, reason: str) -> None:
        self.actions.append(AskAgain(order.client_id, reason))
        self.unclear.add(order.symbol)

    def _take_over(self, order: Order, view: VenueOrder) -> None:
        total = max(view.filled, sum((fill.quantity for fill in view.fills), ZERO))
        if view.status is Status.FILLED:
            total = max(total, view.quantity)
        is_open = view.status not in (*_ENDINGS, Status.FILLED, Status.UNKNOWN)
        if (
            not order.status.is_final
            and (is_open or total)
            and (not order.status.is_open or (view.venue_id and not order.venue_id))
        ):
            self._advance(order, Event.ACCEPT, view)
        # Of what we changed since the snapshot was taken, it shows how it was before; answers may be as old.
        newer = order.updated >= self.venue.snapshot.time
        overtaken = newer and view is self.shown.get(order.client_id)
        if is_open and not (order.status.is_final or order.cancel_requested or newer):
            order = self._terms(order, view)
        self._fills(order, view, total)
        filled = max(order.filled, total)
        self._count(order, filled)
        if view.status is Status.UNKNOWN:
            self._ask_again(order, "the venue does not say what became of it")
        elif order.status.is_final:
            # A view from before its end, else something of it works still: at worst it is over, and the cancel refused.
            if is_open and total < view.quantity and not overtaken:
                self.actions.append(CancelAtVenue(order, view))
        elif filled >= order.quantity:
            if order.filled >= order.quantity:  # no fill is to come that would end it
                self._advance(order, Event.COMPLETE, view)
            self._ends(order, Status.FILLED)
        elif view.status is Status.FILLED and not self._may_grow(order):  # of less than we asked for
            self._advance(order, Event.COMPLETE, view)
            self._ends(order, Status.FILLED)
        elif view.status in _ENDINGS:
            self._advance(order, _ENDINGS[view.status], view)
            self._ends(order, view.status)
        elif order.cancel_requested:
            self.actions.append(CancelAtVenue(order, view))

    def _advance(self, order: Order, event: Event, view: VenueOrder) -> None:
        code = "BROKER_REJECTED" if event is Event.REJECT else ""
        self.actions.append(Advance(order.client_id, event, view.reason, code, view.venue_id))

    def _ends(self, order: Order, status: Status) -> None:
        self.after[order.client_id] = replace(self.after[order.client_id], status=status)

    def _count(self, order: Order, filled: Decimal) -> None:
        key = (order.deployment, order.symbol)
        self.held[key] = self.held.get(key, ZERO) + order.side.sign * (filled - order.filled)

    def _fills(self, order: Order, view: VenueOrder, total: Decimal) -> None:
        if total <= order.filled and not order.presumed:
            return
        known = self.local.known
        new = [fill for fill in view.fills if known is None or fill.trade_id not in known]
        for fill in sorted(new, key=lambda fill: (fill.time, fill.trade_id)):
            self.actions.append(ApplyFill(replace(fill, client_id=order.client_id)))
            if fill.time >= self.venue.snapshot.time:
                self.moved.add(order.symbol)
        listed = sum((fill.quantity for fill in new), ZERO)
        explained = known is not None and order.filled + max(listed - order.presumed, ZERO) >= total
        if total <= order.filled or explained:
            return
        prices = (view.average_price, order.limit_price, order.stop_price, order.reference_price)
        price = next((price for price in prices if price is not None), None)
        if price is None and listed:
            price = sum((fill.quantity * fill.price for fill in new), ZERO) / listed
        if price is None:
            self._ask_again(order, "the venue names no price for what was filled")
            return
        self.actions.append(MissingFills(order.client_id, total, price, self.venue.snapshot.time))
        if order.client_id not in self.shown:
            self.moved.add(order.symbol)  # maybe filled after the snapshot's positions were taken

    def _terms(self, order: Order, view: VenueOrder) -> Order:
        moving = order.type is OrderType.TRAILING_STOP
        # A view that lacks fills is older than they are, or shows no more of the order than still rests.
        differs = view.quantity not in (ZERO, order.quantity) and view.filled >= order.filled
        terms = Terms(
            order.client_id,
            view.quantity if differs and not self._may_grow(order) else None,
            view.limit_price if view.limit_price not in (None, order.limit_price) else None,
            view.stop_price if view.stop_price not in (None, order.stop_price) and not moving else None,
        )
        if terms == Terms(order.client_id):
            return order
        self.actions.append(terms)
        return order if terms.quantity is None else replace(order, quantity=terms.quantity)

    def _may_grow(self, order: Order) -> bool:
        """A bracket of an entry that still fills: some venues make it as large as what has been filled so far."""
        parent = self.after.get(order.parent)
        return parent is not None and not parent.status.is_final

    def _absent(self, order: Order) -> None:
        """The venue has no such order, for certain."""
        if order.status.is_open or order.filled:
            event = Event.CANCEL if order.cancel_requested else Event.EXPIRE
            self.actions.append(Advance(order.client_id, event, "the broker does not have it any more"))
            self._ends(order, Status.EXPIRED)
        elif order.cancel_requested:
            self.actions.append(Advance(order.client_id, Event.CANCEL, "it never reached the broker"))
            self._ends(order, Status.CANCELED)
        elif order.role is Role.EXIT or (self._has_use(order) if order.role.protects else self.fresh(order)):
            self.actions.append(Resend(order.client_id))
        else:
            self.actions.append(Abandon(order.client_id))
            self._ends(order, Status.EXPIRED)

    # --- what follows from them ---------------------------------------------------------

    def foreign_orders(self) -> None:
        ours = {id(view) for view in self.shown.values()}
        for view in sorted(self.venue.snapshot.orders, key=lambda view: (view.symbol, view.venue_id, view.client_id)):
            if id(view) not in ours and view.venue_id not in self.local.told and view.symbol not in self.unclear:
                self.actions.append(Foreign(view))

    def positions(self) -> None:
        ours: dict[str, Decimal] = {}
        theirs: dict[str, Decimal] = {}
        for (_, symbol), quantity in self.held.items():
            ours[symbol] = ours.get(symbol, ZERO) + quantity
        for position in self.venue.snapshot.positions:
            theirs[position.symbol] = theirs.get(position.symbol, ZERO) + position.quantity
        prices = {position.symbol: position.average_price for position in self.venue.snapshot.positions}
        for symbol in sorted((ours.keys() | theirs.keys()) - self.unclear - self.moved):
            mine, there = ours.get(symbol, ZERO), theirs.get(symbol, ZERO)
            if mine == there:
                continue
            if self.local.is_new:
                self.actions.append(TagForeign(symbol, there - mine, prices.get(symbol)))
            else:
                confirmed = self.local.differences.get(symbol) == there - mine
                self.actions.append(Mismatch(symbol, mine, there, confirmed))

    def protection(self) -> None:
        alive = [order for order in self.after.values() if not order.status.is_final]
        for order in sorted(alive, key=lambda order: (order.created, order.client_id)):
            clear = order.symbol not in self.unclear and order.client_id not in self.local.in_flight
            if order.role.protects and clear and not order.cancel_requested and not self._has_use(order):
                self.actions.append(CancelLeftover(order))
        for key in sorted(self.local.stops_wanted):
            quantity = self.held.get(key, ZERO)
            if not quantity or key[0] == FOREIGN or key[1] in self.unclear:
                continue
            mine = [order for order in alive if (order.deployment, order.symbol) == key]
            stops = [order for order in mine if order.role is Role.STOP and order.side.sign * quantity < 0]
            if not stops and not any(order.role is Role.EXIT for order in mine):
                self.actions.append(Protect(*key))

    def _has_use(self, order: Order) -> bool:
        """Protection of a position held, or of an entry that may still fill."""
        parent = self.after.get(order.parent)
        if parent is not None and not parent.status.is_final:
            return True
        return self.held.get((order.deployment, order.symbol), ZERO) * order.side.sign < 0
