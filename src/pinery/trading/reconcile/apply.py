"""What a broker's report changes of an order. Reports may come late, twice and in any order.

Repetitions of a fill are told by its trade id, and only the store knows all of them: the caller gives the fill that
comes back here to ``Fills.add``, and throws this result away where it says that the fill is known.

Where a venue's total was more than its fills explained, the rest was counted from the total (``Order.presumed``). The
fills themselves may still come: such a fill is counted with the quantity that is new, which may be 0, and with its fee.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from pinery.trading.broker import Report, ReportKind
from pinery.trading.orders import states
from pinery.trading.orders.model import ZERO, Fill, Order, OrderChange
from pinery.trading.orders.states import TRANSITIONS, Event
from pinery.trading.reconcile.actions import (
    Abandon,
    Advance,
    ApplyFill,
    MissingFills,
    OrderAction,
    Resend,
    Terms,
)

_PRICE_STEP = Decimal("1e-10")

EVENT_OF: dict[ReportKind, Event] = {
    ReportKind.ACCEPTED: Event.ACCEPT,
    ReportKind.CANCELED: Event.CANCEL,
    ReportKind.REJECTED: Event.REJECT,
    ReportKind.EXPIRED: Event.EXPIRE,
    ReportKind.UNKNOWN: Event.LOSE,
    ReportKind.NOT_SENT: Event.MISS,
}


def apply_report(order: Order, report: Report, now: int) -> tuple[Order, OrderChange | None, Fill | None]:
    """``order`` after ``report``, the line for its history, and the fill to store and to give to the position.

    The same object comes back where nothing changed: a repetition, or news from before what is known already (our own
    note that an outcome is unknown, when the venue has spoken since). Amendments and refusals of cancels are requests'
    endings, not orders' states: the desk handles them.
    """
    if report.kind is ReportKind.FILL and report.fill is not None and report.fill.quantity > 0:
        return count(order, report.fill, now, venue_id=report.venue_id)
    event = EVENT_OF.get(report.kind)
    if event is None or (order.status, event) not in TRANSITIONS:
        return order, None, None
    code = report.code or ("BROKER_REJECTED" if event is Event.REJECT else "")
    changed, change = step(order, event, now, reason=report.reason, code=code, venue_id=report.venue_id)
    return changed, change, None


def count(order: Order, fill: Fill, now: int, *, venue_id: str = "") -> tuple[Order, OrderChange, Fill]:
    """``order`` with ``fill``, and the fill with what of it was not counted before."""
    known = min(order.presumed, fill.quantity)
    due = replace(fill, quantity=fill.quantity - known)
    after = states.fill(replace(order, presumed=order.presumed - known), due, now)
    if venue_id:
        after = replace(after, venue_id=venue_id)
    data = {"trade_id": fill.trade_id, "quantity": f"{due.quantity.normalize():f}", "price": f"{fill.price:f}"}
    event = Event.COMPLETE if after.filled >= after.quantity else Event.FILL
    return after, OrderChange(order.client_id, now, order.status, after.status, event, "", data), due


def step(
    order: Order, event: Event, now: int, *, reason: str = "", code: str = "", venue_id: str = ""
) -> tuple[Order, OrderChange | None]:
    """``states.advance``, leaving an order that learns nothing as it is."""
    after = states.advance(order, event, now, reason=reason, code=code, venue_id=venue_id)
    if replace(after, updated=order.updated, reason=order.reason, code=order.code) == order:
        return order, None
    return after, OrderChange(order.client_id, now, order.status, after.status, event, reason)


def apply_action(order: Order, action: OrderAction, now: int) -> tuple[Order, tuple[OrderChange, ...], Fill | None]:
    """``order`` after an action of ``compare``, as ``apply_report`` does for reports. Nothing of it is sent."""
    match action:
        case ApplyFill(fill):
            order, change, due = count(order, fill, now)
            return order, (change,), due
        case MissingFills():
            return _presume(order, action, now)
        case Terms():
            return _take_terms(order, action, now)
        case Advance(_, event, reason, code, venue_id):
            return _steps(order, (event,), now, reason, code, venue_id)
        case Resend():
            return _steps(order, (Event.MISS,), now, "it never reached the broker")
        case Abandon():
            return _steps(order, (Event.MISS, Event.EXPIRE), now, "it never reached the broker, and is too old now")


def _steps(
    order: Order, events: tuple[Event, ...], now: int, reason: str, code: str = "", venue_id: str = ""
) -> tuple[Order, tuple[OrderChange, ...], None]:
    changes = []
    for event in events:
        order, change = step(order, event, now, reason=reason, code=code, venue_id=venue_id)
        if change is not None:
            changes.append(change)
    return order, tuple(changes), None


def _presume(order: Order, action: MissingFills, now: int) -> tuple[Order, tuple[OrderChange, ...], Fill | None]:
    """Counts what no fill explains as one fill, at the price that makes the venue's average come out."""
    quantity = action.total - order.filled
    if quantity <= 0:
        return order, (), None
    paid = (order.average_price or 0) * order.filled
    price = ((action.average_price * action.total - paid) / quantity).quantize(_PRICE_STEP).normalize()
    fill = Fill(
        order.client_id,
        f"rec-{order.client_id}-{action.total.normalize():f}",
        order.symbol,
        order.side,
        quantity,
        price if price > 0 else action.average_price,  # an average that the venue has rounded
        action.time,
        price_source="total",
    )
    presumed = order.presumed + quantity
    order, change, _ = count(replace(order, presumed=ZERO), fill, now)
    return replace(order, presumed=presumed), (change,), fill


def _take_terms(order: Order, terms: Terms, now: int) -> tuple[Order, tuple[OrderChange, ...], None]:
    named = {"quantity": terms.quantity, "limit_price": terms.limit_price, "stop_price": terms.stop_price}
    values = {name: value for name, value in named.items() if value is not None}
    after = replace(order, **values, updated=now)  # type: ignore[arg-type]
    data = {name: f"{value:f}" for name, value in values.items()}
    reason = "the broker works it with these terms"
    return after, (OrderChange(order.client_id, now, order.status, order.status, "terms", reason, data),), None
