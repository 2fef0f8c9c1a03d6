"""The state machine of orders: every transition is a row of one table.

A report may come twice, late or out of order. What a final order can still learn is that it was filled (a cancel that
lost its race): such fills count, and the state says what is true in the end.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from pinery.core.errors import InternalError
from pinery.trading.orders.model import Fill, Order, Status


class Event(StrEnum):
    SUBMIT = "submit"  # about to be sent
    ACCEPT = "accept"  # the broker has it
    FILL = "fill"  # some, not all
    COMPLETE = "complete"  # all of it
    CANCEL = "cancel"
    REJECT = "reject"
    EXPIRE = "expire"
    DENY = "deny"  # by risk
    LOSE = "lose"  # outcome not known
    MISS = "miss"  # the broker says for certain that it never got it


_S, _E = Status, Event

#: (state, event) -> state. What is not here cannot happen, and raises.
TRANSITIONS: dict[tuple[Status, Event], Status] = {
    (_S.PENDING, _E.SUBMIT): _S.SUBMITTED,
    (_S.PENDING, _E.DENY): _S.DENIED,
    (_S.PENDING, _E.CANCEL): _S.CANCELED,
    (_S.PENDING, _E.EXPIRE): _S.EXPIRED,
    (_S.PENDING, _E.REJECT): _S.REJECTED,  # protection whose entry was refused
    # Protection goes in with its entry, and a stream may be ahead of our own note of sending.
    (_S.PENDING, _E.ACCEPT): _S.WORKING,
    (_S.PENDING, _E.FILL): _S.PARTIALLY_FILLED,
    (_S.PENDING, _E.COMPLETE): _S.FILLED,
    (_S.SUBMITTED, _E.SUBMIT): _S.SUBMITTED,
    (_S.SUBMITTED, _E.ACCEPT): _S.WORKING,
    (_S.SUBMITTED, _E.FILL): _S.PARTIALLY_FILLED,
    (_S.SUBMITTED, _E.COMPLETE): _S.FILLED,
    (_S.SUBMITTED, _E.CANCEL): _S.CANCELED,
    (_S.SUBMITTED, _E.REJECT): _S.REJECTED,
    (_S.SUBMITTED, _E.EXPIRE): _S.EXPIRED,
    (_S.SUBMITTED, _E.LOSE): _S.UNKNOWN,
    (_S.SUBMITTED, _E.MISS): _S.PENDING,
    (_S.UNKNOWN, _E.ACCEPT): _S.WORKING,
    (_S.UNKNOWN, _E.FILL): _S.PARTIALLY_FILLED,
    (_S.UNKNOWN, _E.COMPLETE): _S.FILLED,
    (_S.UNKNOWN, _E.CANCEL): _S.CANCELED,
    (_S.UNKNOWN, _E.REJECT): _S.REJECTED,
    (_S.UNKNOWN, _E.EXPIRE): _S.EXPIRED,
    (_S.UNKNOWN, _E.LOSE): _S.UNKNOWN,
    (_S.UNKNOWN, _E.MISS): _S.PENDING,
    (_S.WORKING, _E.ACCEPT): _S.WORKING,
    (_S.WORKING, _E.FILL): _S.PARTIALLY_FILLED,
    (_S.WORKING, _E.COMPLETE): _S.FILLED,
    (_S.WORKING, _E.CANCEL): _S.CANCELED,
    (_S.WORKING, _E.REJECT): _S.REJECTED,
    (_S.WORKING, _E.EXPIRE): _S.EXPIRED,
    (_S.PARTIALLY_FILLED, _E.ACCEPT): _S.PARTIALLY_FILLED,
    (_S.PARTIALLY_FILLED, _E.FILL): _S.PARTIALLY_FILLED,
    (_S.PARTIALLY_FILLED, _E.COMPLETE): _S.FILLED,
    (_S.PARTIALLY_FILLED, _E.CANCEL): _S.CANCELED,
    (_S.PARTIALLY_FILLED, _E.REJECT): _S.CANCELED,  # the rest was refused; the fills stand
    (_S.PARTIALLY_FILLED, _E.EXPIRE): _S.EXPIRED,
    # Reports that come after the end.
    **{(state, event): state for state in (_S.FILLED, _S.DENIED) for event in _E},
    **{
        (state, event): state
        for state in (_S.CANCELED, _S.REJECTED, _S.EXPIRED)
        for event in _E
        if event is not _E.COMPLETE
    },
    **{(state, _E.COMPLETE): _S.FILLED for state in (_S.CANCELED, _S.REJECTED, _S.EXPIRED)},
}


def advance(order: Order, event: Event, now: int, *, reason: str = "", code: str = "", venue_id: str = "") -> Order:
    """``order`` after ``event``. Raises InternalError for a transition that the table does not have."""
    after = TRANSITIONS.get((order.status, event))
    if after is None:
        raise InternalError(f"order {order.client_id}: {event} is impossible while {order.status}")
    changed = replace(order, status=after, updated=now, venue_id=venue_id or order.venue_id)
    if event is Event.SUBMIT and changed.submitted is None:
        changed = replace(changed, submitted=now)
    if event in (Event.ACCEPT, Event.FILL, Event.COMPLETE) and changed.acknowledged is None:
        changed = replace(changed, acknowledged=now)
    if not order.status.is_final and (reason or code):
        changed = replace(changed, reason=reason, code=code)
    return changed


def fill(order: Order, fill: Fill, now: int) -> Order:
    """``order`` with ``fill`` counted. The caller has made sure that the fill is new."""
    filled = order.filled + fill.quantity
    paid = (order.average_price or 0) * order.filled + fill.price * fill.quantity
    event = Event.COMPLETE if filled >= order.quantity else Event.FILL
    return replace(
        advance(order, event, now),
        filled=filled,
        average_price=paid / filled,
        fees=order.fees + fill.fee,
        first_filled=order.first_filled if order.first_filled is not None else now,
    )
