"""Which resting order the price meets first: the emulator's candidates, with exact prices.

The emulator decides which order is met and in what order (``emulator.events``); it counts in floats. The price of a
fill is taken from the exact numbers: the level itself, or the price at hand where the level was already passed.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pinery.emulator.events import LOSS, NOTHING, ORDER, Event, next_event
from pinery.emulator.state import RAW, Book, Bracket, Terms
from pinery.emulator.state import Order as Candidate
from pinery.trading.contracts import Contract
from pinery.trading.orders.model import OrderType
from pinery.trading.paper.records import PaperOrder


def next_fill(
    orders: Sequence[PaperOrder], contract: Contract, at: Decimal, target: Decimal
) -> tuple[PaperOrder, Decimal] | None:
    """The first of resting ``orders`` met between ``at`` and ``target``, both included, and the price there.

    A level that is already passed is met at ``at``: a stop beyond a gap fills at the gap, a limit at its price or
    better. None of ``orders`` is one at the market; trailing stops have followed the price to ``at``.
    """
    terms = Terms()
    terms.minmove = float(contract.instrument.minmove)
    terms.pricescale = float(contract.instrument.pricescale)
    book = Book(0.0)  # orders only: money is counted elsewhere, exactly
    book.x = float(at)
    resting: list[PaperOrder] = []
    trailing: list[PaperOrder] = []
    for order in orders:
        if order.type is OrderType.TRAILING_STOP:
            trailing.append(order)
            book.brackets.append(_bracket(order))
        else:
            resting.append(order)
            book.orders.append(_candidate(order))
    event = Event()
    next_event(book, terms, float(target), event)
    if event.kind == NOTHING:
        return None
    if event.kind == ORDER:
        order = resting[event.index]
        level = order.limit_price if order.type is OrderType.LIMIT else order.stop_price
    else:
        order = trailing[event.index]
        level = order.stop_price if event.kind == LOSS else contract.price_to_tick(Decimal(repr(event.price)))
    assert level is not None, "a candidate has the level that it was met at"
    return order, at if event.far == 0.0 else level


def follow(order: PaperOrder, price: Decimal) -> bool:
    """Let a trailing stop take note of ``price``. True: it has moved."""
    if order.best is None or (price - order.best) * order.side.sign < 0:
        order.best = price
        return True
    return False


def _candidate(order: PaperOrder) -> Candidate:
    candidate = Candidate()
    candidate.kind = RAW
    candidate.seq = order.number
    candidate.direction = order.side.sign
    if order.limit_price is not None and order.type is OrderType.LIMIT:
        candidate.limit = float(order.limit_price)
    if order.stop_price is not None and order.type is OrderType.STOP:
        candidate.stop = float(order.stop_price)
    return candidate


def _bracket(order: PaperOrder) -> Bracket:
    """A trailing stop, and the fixed one that it may have besides: the closer of them is met first."""
    assert order.best is not None and order.trail_offset is not None, "an active trailing stop follows a price"
    bracket = Bracket()
    bracket.exit_seq = order.number
    bracket.direction = -order.side.sign
    bracket.qty = 1
    bracket.armed = True
    bracket.arm = bracket.best = float(order.best)
    bracket.offset = float(order.trail_offset)
    if order.stop_price is not None:
        bracket.stop = float(order.stop_price)
    return bracket
