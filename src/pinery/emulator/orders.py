"""Placing and cancelling orders. Calls act in the order in which the script makes them."""

from __future__ import annotations

from pinery.emulator.account import affordable, default_steps
from pinery.emulator.exits import cancel_exits
from pinery.emulator.state import CLOSE, CLOSE_ALL, ENTRY, RAW, SIZE_FIXED, Book, Order, Terms
from pinery.emulator.units import steps_of, tick_down, tick_up, units_of


def place_entry(book: Book, terms: Terms, order: Order, units: float) -> None:
    """``strategy.entry``; ``units`` nan: the default size.

    The size, with what it takes to reverse the position, and the pyramiding limit are settled now:
    TradingView's exports show that neither changes while the order waits.
    """
    if book.stopped or book.blocked:
        return
    _round_levels(order, terms)
    projected, waiting = _projected(book, order)
    if projected * order.direction > 0 and book.position * order.direction > 0:
        for lot in book.lots:
            if lot.counts:  # trades of strategy.order do not (guide, pyramiding)
                waiting += 1
    if waiting >= terms.pyramiding:
        return
    reversing = max(0, -projected * order.direction)
    order.extra = reversing
    allowed = book.rules.allowed == 0 or book.rules.allowed == order.direction
    if not allowed:
        # A forbidden entry only closes what it would have reversed: seen in exports.
        order.own = 0
        if reversing == 0:
            return
    else:
        _set_size(book, terms, order, units)
        if order.sized:
            order.own = _within_maximum(book, terms, order.own, projected * order.direction)
            if order.own <= 0:
                return
            if order.is_market() and not affordable(order.own, projected, order.direction, book.x, book, terms):
                # Dropped whole; of a reversal the closing part is left (reported for TradingView).
                order.own = 0
                if reversing == 0:
                    _remove_pending(book, order)
                    return
    _remove_pending(book, order)
    if reversing > 0 and order.is_market():
        _hand_over_extra(book, order)
    _append(book, order)


def place_order(book: Book, terms: Terms, order: Order, units: float) -> None:
    """``strategy.order``: no pyramiding limit, and it never reverses beyond its size."""
    if book.stopped or book.blocked:
        return
    _round_levels(order, terms)
    _set_size(book, terms, order, units)
    if order.sized and order.is_market():
        projected, _ = _projected(book, order)
        closing = max(0, -projected * order.direction)
        if order.own > closing and not affordable(order.own - closing, projected, order.direction, book.x, book, terms):
            order.own = closing
    if order.sized and order.own <= 0:
        return
    _remove_pending(book, order)
    _append(book, order)


def place_close(book: Book, terms: Terms, order: Order, units: float, percent: float) -> None:
    """``strategy.close``: nothing happens unless trades of the id are open; of several calls for the
    same quantity the first counts (seen in exports)."""
    if book.stopped or book.blocked or book.position == 0:
        return
    left = 0
    for stake in book.stakes:
        if order.kind == CLOSE_ALL or stake.id == order.id:
            left += stake.left
    wanted = left
    if units == units:
        wanted = steps_of(units, terms)
    elif percent < 100.0:
        wanted = steps_of(units_of(left, terms) * percent / 100.0, terms)  # of what is open (reference manual)
    for pending in book.orders:
        if pending.kind == CLOSE_ALL or (pending.kind == CLOSE and pending.id == order.id):
            left -= pending.own
    order.own = min(wanted, left)
    if order.own <= 0:
        return
    order.direction = -1 if book.position > 0 else 1
    _append(book, order)


def cancel(book: Book, terms: Terms, id: int) -> None:
    """Drop the pending orders and exits with an id, market orders too while they have not filled (guide)."""
    kept: list[Order] = []
    for order in book.orders:
        if order.id != id or order.kind == CLOSE or order.kind == CLOSE_ALL:
            kept.append(order)
    book.orders = kept
    cancel_exits(book, terms, id)


def cancel_all(book: Book, terms: Terms) -> None:
    """Nothing stays pending; market orders go as well, when they were placed in the same evaluation."""
    book.orders = []
    cancel_exits(book, terms, 0)


def _round_levels(order: Order, terms: Terms) -> None:
    if order.limit == order.limit:
        order.limit = tick_down(order.limit, terms) if order.direction > 0 else tick_up(order.limit, terms)
    if order.stop == order.stop:
        order.stop = tick_up(order.stop, terms) if order.direction > 0 else tick_down(order.stop, terms)


def _set_size(book: Book, terms: Terms, order: Order, units: float) -> None:
    """Own size. A default size of a market order is frozen at the price at hand; that of a priced
    order depends on the price at which it fills."""
    if units == units:
        order.own = steps_of(units, terms)
    elif order.is_market() or terms.size_kind == SIZE_FIXED:
        order.own = default_steps(book.x, book, terms)
    else:
        order.sized = False
        order.own = 0


def _projected(book: Book, order: Order) -> tuple[int, int]:
    """The position once the market orders already placed have filled, and how many entries among
    them go the order's way. An order about to be replaced does not count."""
    projected = book.position
    waiting = 0
    for pending in book.orders:
        if not pending.is_market() or _replaces(order, pending):
            continue
        if pending.kind == CLOSE or pending.kind == CLOSE_ALL:
            if projected * pending.direction < 0:
                projected += pending.direction * min(pending.own, abs(projected))
            continue
        projected += pending.direction * (pending.own + pending.extra)
        if pending.kind == ENTRY and pending.direction == order.direction and pending.own > 0:
            waiting += 1
    return projected, waiting


def _within_maximum(book: Book, terms: Terms, own: int, held: int) -> int:
    """``strategy.risk.max_position_size`` cuts an entry to what is allowed (reference manual)."""
    limit = book.rules.position_size
    if limit != limit:
        return own
    return min(own, steps_of(limit, terms) - max(held, 0))


def _replaces(order: Order, pending: Order) -> bool:
    return pending.id == order.id and (pending.kind == ENTRY or pending.kind == RAW)


def _remove_pending(book: Book, order: Order) -> None:
    """An entry with the id of a pending one takes its place, price and all (seen in exports)."""
    for i in range(len(book.orders)):
        if _replaces(order, book.orders[i]):
            order.born = book.orders[i].born
            del book.orders[i]
            return


def _hand_over_extra(book: Book, order: Order) -> None:
    """Of several entries that would reverse at the same open the last one carries the closing part
    (reported for TradingView)."""
    for pending in book.orders:
        if pending.kind == ENTRY and pending.is_market() and pending.direction == order.direction and pending.own > 0:
            order.extra += pending.extra
            pending.extra = 0


def _append(book: Book, order: Order) -> None:
    book.seq += 1
    order.seq = book.seq
    order.call = book.calls
    if order.born == 0:
        order.born = book.calls
    book.orders.append(order)
