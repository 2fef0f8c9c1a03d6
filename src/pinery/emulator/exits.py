"""``strategy.exit``: what it hangs on each entry, how exits share an entry's quantity, trailing stops."""

from __future__ import annotations

import math

from pinery.emulator.state import ENTRY, NAN, RAW, Book, Bracket, Exit, Stake, Terms
from pinery.emulator.units import distance, steps_of, tick_down, tick_up, units_of, whole_ticks


def place_exit(book: Book, terms: Terms, new: Exit, held: bool) -> None:
    """Take an exit, in place of one with the same id and entry. ``held``: the script saw this price.

    A replaced exit keeps its turn in sharing out the quantity, and its trailing state.
    """
    if book.stopped or book.blocked:
        return
    new.call = book.calls
    found = -1
    for i in range(len(book.exits)):
        old = book.exits[i]
        if old.id == new.id and old.origin == new.origin:
            found = i
    if found >= 0:
        new.seq = book.exits[found].seq
        book.exits[found] = new
        _wake(book, new)
    else:
        book.seq += 1
        new.seq = book.seq
        book.exits.append(new)
    attach_exits(book, terms)
    if held:
        # The close of the bar that places or refreshes a trailing exit already counts for arming
        # and for the best price: exports show exits at the next open that need it.
        for bracket in book.brackets:
            if bracket.exit_seq == new.seq:
                trail(bracket, book.x)


def attach_exits(book: Book, terms: Terms) -> None:
    """Bring brackets in line with exits and entries: levels, and who reserves how much of each entry."""
    if not book.exits and not book.brackets:
        return
    old = book.brackets
    kept: list[Bracket] = []
    at = 0  # both lists are in the order of the entries
    for stake in book.stakes:
        while at < len(old) and old[at].stake < stake.seq:
            at += 1
        end = at
        while end < len(old) and old[end].stake == stake.seq:
            end += 1
        _attach(book, terms, stake, at, end, kept)
        at = end
    book.brackets = kept


def attach_to(book: Book, terms: Terms, seq: int) -> None:
    """The same where only one entry has changed: it is new, or something of it was closed."""
    if not book.exits and not book.brackets:
        return
    old = book.brackets
    at = 0
    while at < len(old) and old[at].stake < seq:
        at += 1
    end = at
    while end < len(old) and old[end].stake == seq:
        end += 1
    kept: list[Bracket] = []
    for stake in book.stakes:
        if stake.seq == seq:
            _attach(book, terms, stake, at, end, kept)
            break
    old[at:end] = kept


def _attach(book: Book, terms: Terms, stake: Stake, start: int, end: int, kept: list[Bracket]) -> None:
    """The brackets of one entry, of which those so far are from ``start`` to ``end``.

    Exits reserve quantity in the order in which they were first placed; one without a size gets
    what the others leave. Documented in TradingView's guide (strategies, reserved exit orders).
    """
    old = book.brackets
    free = stake.left
    for rule in book.exits:
        if not _covers(rule, stake):
            continue
        bracket = _find(old, start, end, rule)
        if bracket.stake == 0:
            bracket.exit_id = rule.id
            bracket.origin = rule.origin
            bracket.stake = stake.seq
            bracket.direction = 1 if book.position > 0 else -1
        bracket.exit_seq = rule.seq
        bracket.kept = True
        rule.attached = True
        kept.append(bracket)
        if bracket.spent or bracket.done:
            bracket.qty = 0
            continue
        bracket.qty = min(free, _wanted(rule, stake, terms))
        free -= bracket.qty
        _set_levels(bracket, rule, stake, terms)
    for i in range(start, end):
        # One whose exit was cancelled after it had filled a share stays filled for this entry.
        if old[i].done and not old[i].kept:
            old[i].qty = 0
            kept.append(old[i])
        old[i].kept = False
    for bracket in kept:
        bracket.kept = False


def _wake(book: Book, new: Exit) -> None:
    """A repeated call arms again what has filled, unless that was a share of the entry and is one again."""
    for bracket in book.brackets:
        if bracket.exit_seq == new.seq:
            bracket.muted = False
            if bracket.spent:
                bracket.spent = False
                bracket.armed = False
            if bracket.done and not new.is_sized():
                bracket.done = False


def _covers(rule: Exit, stake: Stake) -> bool:
    """An exit with ``from_entry`` is for the entries placed before or beside its call, one without for
    all until the position closes (guide, exits for multiple entries)."""
    return rule.origin == 0 or (rule.origin == stake.id and stake.call <= rule.call)


def _find(brackets: list[Bracket], start: int, end: int, rule: Exit) -> Bracket:
    """The exit's bracket on an entry, whose brackets are those from ``start`` to ``end``; a new one if none."""
    for i in range(start, end):
        if brackets[i].exit_id == rule.id and brackets[i].origin == rule.origin:
            return brackets[i]
    return Bracket()


def _wanted(rule: Exit, stake: Stake, terms: Terms) -> int:
    """Steps that an exit wants of an entry; a percentage is of the entry's size, not of what is left."""
    if rule.qty >= 0:
        return rule.qty
    if rule.percent < 100.0:
        return steps_of(units_of(stake.qty, terms) * rule.percent / 100.0, terms)
    return stake.left


def _set_levels(bracket: Bracket, rule: Exit, stake: Stake, terms: Terms) -> None:
    """Levels on ticks: above the price rounded up, below rounded down; see the units module."""
    side = bracket.direction
    bracket.limit = _rounded(
        _nearer(rule.limit, _away(stake.price, side, rule.profit, terms), side, terms.nearest), side, terms
    )
    bracket.stop = _rounded(
        _nearer(rule.stop, _away(stake.price, -side, rule.loss, terms), -side, terms.nearest), -side, terms
    )
    points = NAN if rule.trail_points != rule.trail_points else whole_ticks(rule.trail_points)
    bracket.arm = _rounded(
        _nearer(rule.trail_price, _away(stake.price, side, points, terms), side, terms.nearest), side, terms
    )
    offset = rule.trail_offset
    # Without an offset the exit fills at the arming level: seen in exports.
    bracket.offset = 0.0 if offset != offset else distance(whole_ticks(max(offset, 0.0)), terms)
    if bracket.arm != bracket.arm:
        bracket.armed = False


def _away(price: float, side: int, ticks: float, terms: Terms) -> float:
    return price + side * distance(ticks, terms)


def _nearer(level: float, other: float, side: int, nearest: bool) -> float:
    """Of a level given as a price and one given in ticks: since v6 the one met first, before it the price."""
    if other != other:
        return level
    if level != level:
        return other
    if not nearest:
        return level
    return min(level, other) if side > 0 else max(level, other)


def _rounded(level: float, side: int, terms: Terms) -> float:
    if level != level or abs(level) == math.inf:
        return NAN
    return tick_up(level, terms) if side > 0 else tick_down(level, terms)


def trail(bracket: Bracket, price: float) -> None:
    """Arm the trailing stop, or let it follow, with the price at ``price``."""
    if bracket.arm != bracket.arm or bracket.qty <= 0:
        return
    if not bracket.armed:
        if (price - bracket.arm) * bracket.direction < 0:
            return
        bracket.armed = True
        bracket.best = price
    elif (price - bracket.best) * bracket.direction > 0:
        bracket.best = price


def trail_stop(bracket: Bracket, terms: Terms) -> float:
    """The trailing stop's level now; nan while it is not armed."""
    if not bracket.armed:
        return NAN
    level = bracket.best - bracket.direction * bracket.offset
    return tick_down(level, terms) if bracket.direction > 0 else tick_up(level, terms)


def drop_idle_exits(book: Book, terms: Terms) -> None:
    """Exits with nothing to wait for go: an exit waits for a pending entry and ends with its position.

    One that has been at work and was not called again beside a pending entry does not wait for that
    entry: its prices were meant for the position that is gone.
    """
    kept: list[Exit] = []
    for rule in book.exits:
        alive = False
        for stake in book.stakes:
            if _covers(rule, stake):
                alive = True
                break
        for order in book.orders:
            waits = not rule.attached or order.call == rule.call
            opens = order.kind == ENTRY or order.kind == RAW
            if waits and opens and (rule.origin == 0 or (rule.origin == order.id and order.born <= rule.call)):
                alive = True
        if alive:
            kept.append(rule)
    if len(kept) != len(book.exits):
        book.exits = kept
        attach_exits(book, terms)


def cancel_exits(book: Book, terms: Terms, id: int) -> None:
    """Drop the exits with an id (0: all)."""
    kept: list[Exit] = []
    for rule in book.exits:
        if id != 0 and rule.id != id:
            kept.append(rule)
    if len(kept) != len(book.exits):
        book.exits = kept
        attach_exits(book, terms)
