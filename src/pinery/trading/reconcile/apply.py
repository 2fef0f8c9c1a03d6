"""What a broker's report changes of an order. Reports may come late, twice and in any order.

Repetitions of a fill are told by its trade id, and only the store knows all of them: the caller gives the fill that
comes back here to ``Fills.add``, and throws this result away where it says that the fill is known.

Where a venue's total was more than its fills explained, the rest was counted from the total (``Order.presumed``). The
fills themselves may still come: such a fill is counted with the quantity that is new, which may be 0, and with its fee.
"""

from __future__ import annotations

from dataclasses import replace

from pinery.trading.broker import Report, ReportKind
from pinery.trading.orders import states
from pinery.trading.orders.model import Fill, Order, OrderChange
from pinery.trading.orders.states import TRANSITIONS, Event

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
