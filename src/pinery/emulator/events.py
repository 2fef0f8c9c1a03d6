"""What the price meets first on its way: the candidate fills, one of which is applied at a time."""

from __future__ import annotations

import math

from pinery.emulator.exits import trail_stop
from pinery.emulator.state import Book, Order, Terms
from pinery.emulator.units import distance

NOTHING = 0
ORDER = 1  # an order fills
TRIGGER = 2  # the stop of a stop-limit order is met
PROFIT = 3  # legs of an exit
LOSS = 4
TRAIL = 5
ARM = 6  # a trailing stop starts to follow


class Event:
    """The nearest candidate: what, which record, at what price; ``far``, ``rank`` and ``seq`` order candidates."""

    __slots__ = ("far", "index", "kind", "price", "rank", "seq")

    def __init__(self) -> None:
        self.kind: int = NOTHING
        self.index: int = 0
        self.price: float = 0.0
        self.far: float = math.inf
        self.rank: int = 0
        self.seq: int = 0


def next_event(book: Book, terms: Terms, target: float, event: Event) -> None:
    """The first candidate between the price at hand and ``target``, both included.

    A level that is already passed is met at once, at the price at hand. At equal distance buys come
    before sells, as exports show for two stops at the open, then orders by placement.
    """
    event.kind = NOTHING
    event.far = math.inf
    for i in range(len(book.orders)):
        order = book.orders[i]
        if not order.is_market():
            _consider_order(book, terms, order, i, target, event)
    beyond = distance(terms.limit_ticks, terms)
    for i in range(len(book.brackets)):
        bracket = book.brackets[i]
        if bracket.qty <= 0:
            continue
        side = bracket.direction
        sells = 1 if side > 0 else 0
        seq = bracket.exit_seq
        if not bracket.muted:
            if bracket.limit == bracket.limit:
                _consider(book.x, target, bracket.limit + side * beyond, side, PROFIT, i, sells, seq, event)
            if bracket.stop == bracket.stop:
                _consider(book.x, target, bracket.stop, -side, LOSS, i, sells, seq, event)
        if bracket.armed:
            _consider(book.x, target, trail_stop(bracket, terms), -side, TRAIL, i, sells, seq, event)
        elif bracket.arm == bracket.arm:
            _consider(book.x, target, bracket.arm, side, ARM, i, -1, seq, event)


def _consider_order(book: Book, terms: Terms, order: Order, i: int, target: float, event: Event) -> None:
    side = order.direction
    sells = 0 if side > 0 else 1
    if order.stop == order.stop and not order.triggered:
        kind = TRIGGER if order.limit == order.limit else ORDER
        _consider(book.x, target, order.stop, side, kind, i, sells if kind == ORDER else -1, order.seq, event)
    else:
        # With "verify price for limit orders" the price must go that many ticks beyond (documented).
        shift = side * distance(terms.limit_ticks, terms)
        _consider(book.x, target, order.limit - shift, -side, ORDER, i, sells, order.seq, event)


def _consider(
    x: float, target: float, level: float, side: int, kind: int, index: int, rank: int, seq: int, event: Event
) -> None:
    """``side`` 1: the level is met from below (price at or above it); -1: from above."""
    if level != level:
        return
    if (x - level) * side >= 0:
        far = 0.0
        price = x
    elif (target - level) * side >= 0:
        far = abs(level - x)
        price = level
    else:
        return
    if event.kind != NOTHING:
        if far > event.far:
            return
        if far == event.far and (rank > event.rank or (rank == event.rank and seq >= event.seq)):
            return
    event.kind = kind
    event.index = index
    event.price = price
    event.far = far
    event.rank = rank
    event.seq = seq
