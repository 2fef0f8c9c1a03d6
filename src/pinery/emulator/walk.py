"""Walking the price path: find the next candidate, apply it, go on from there."""

from __future__ import annotations

import math

from pinery.emulator.account import affordable, default_steps, equity
from pinery.emulator.events import ARM, LOSS, NOTHING, ORDER, PROFIT, TRIGGER, Event, next_event
from pinery.emulator.exits import attach_exits, trail
from pinery.emulator.fills import settle_group, trade
from pinery.emulator.margin import called_steps
from pinery.emulator.orders import cancel_all
from pinery.emulator.path import Path
from pinery.emulator.risk import loss_days_struck, struck, watches_equity
from pinery.emulator.state import (
    CLOSE,
    CLOSE_ALL,
    FORCED,
    LEG_LOSS,
    LEG_PROFIT,
    LEG_TRAIL,
    OCA_REDUCE,
    TEXT_MARGIN_CALL,
    TEXT_MAX_DAY_LOSS,
    TEXT_MAX_FILLS,
    TEXT_MAX_LOSS_DAYS,
    TEXT_NONE,
    Book,
    Exit,
    Fill,
    Order,
    Terms,
)


def is_quiet(book: Book, high: float, low: float) -> bool:
    """Whether nothing can happen on a bar with this range, so that it need not be walked."""
    for order in book.orders:
        if order.is_market():
            return False
        stops = order.stop == order.stop and not order.triggered
        if stops == (order.direction > 0):  # met from below
            if (order.stop if stops else order.limit) <= high:
                return False
        elif (order.stop if stops else order.limit) >= low:
            return False
    if book.position == 0:
        return True
    if not (book.floor < low and high < book.ceiling):
        return False
    for bracket in book.brackets:
        if bracket.qty <= 0:
            continue
        if bracket.armed:
            return False
        if bracket.direction > 0:
            if high >= bracket.limit or low <= bracket.stop or high >= bracket.arm:
                return False
        elif low <= bracket.limit or high >= bracket.stop or low <= bracket.arm:
            return False
    return not watches_equity(book)


def advance(book: Book, terms: Terms, path: Path, event: Event) -> bool:
    """Walk on. True: the script is to be evaluated again at the price at hand; False: at the end.

    With calc_on_order_fills that is at each point of the path, but for the close, on the way to which
    an order filled: the guide speaks of one execution on each tick with fills, a bar without finer data
    having four ticks. Orders placed there fill at the next point at the earliest.
    """
    last = len(path.prices) - 1
    close = last if path.ends else last + 1  # a bar in the making has its close still to come
    while path.at <= last:
        target = path.prices[path.at]
        if path.arrived:
            path.at += 1
            path.arrived = False
            continue
        before = len(book.fills)
        if path.jumps[path.at] == 1 or book.x != book.x:
            book.x = target
        else:
            _travel(book, terms, target, event)
        path.arrived = True
        touch(book, terms)
        if loss_days_struck(book):
            book.stopped = True
            force_out(book, terms, TEXT_MAX_LOSS_DAYS)
        _fill_markets(book, terms, False)
        _travel(book, terms, target, event)
        if not (path.at < close and _is_favourable(book, path, path.at)):
            call_margin(book, terms)
        if watches_equity(book):
            enforce(book, terms, target)
        stops = terms.every_point or (terms.recalculates and len(book.fills) > before)
        if not stops and not book.orders and not book.brackets and _is_calm(book, path):
            book.x = path.prices[last]
            path.at = last
            path.arrived = True
            continue
        if stops and path.at < close:
            return True
    return False


def close_path(book: Book, terms: Terms, path: Path) -> None:
    """The point at which the price stands turns out to be the bar's close: what was left for there."""
    path.ends = True
    if path.prices and _is_favourable(book, path, len(path.prices) - 1):
        call_margin(book, terms)


def _is_favourable(book: Book, path: Path, at: int) -> bool:
    """The price travelled there in the position's favour: no margin is called at such a point inside a bar."""
    return at > 0 and path.jumps[at] == 0 and (path.prices[at] - path.prices[at - 1]) * book.position > 0


def _is_calm(book: Book, path: Path) -> bool:
    """Nothing is pending and no margin call or rule can strike on the rest of the path, which is then noted at once."""
    high = book.x
    low = book.x
    for i in range(path.at + 1, len(path.prices)):
        high = max(high, path.prices[i])
        low = min(low, path.prices[i])
    if not (book.floor < low and high < book.ceiling) or watches_equity(book) or loss_days_struck(book):
        return False
    if book.position != 0:
        book.high = max(book.high, high)
        book.low = min(book.low, low)
    return True


def settle_close(book: Book, terms: Terms, event: Event, everything: bool) -> None:
    """Fills at the bar's close.

    ``everything``: the market orders and then the priced ones that the close has passed
    (process_orders_on_close; seen in exports). Else only closes placed with ``immediately``.
    """
    touch(book, terms)  # open trades have seen the bar before some of them close
    _fill_markets(book, terms, not everything)
    if everything:
        _travel(book, terms, book.x, event)
        call_margin(book, terms)


def _travel(book: Book, terms: Terms, target: float, event: Event) -> None:
    """Go to a price, filling what is met on the way."""
    while True:
        for bracket in book.brackets:
            if bracket.arm == bracket.arm:
                trail(bracket, book.x)
        if not book.orders and not book.brackets:
            break
        next_event(book, terms, target, event)
        if event.kind == NOTHING:
            break
        at_point = book.x == target
        book.x = event.price
        before = len(book.fills)
        if event.kind == TRIGGER:
            book.orders[event.index].triggered = True
        elif event.kind == ORDER:
            touch(book, terms)
            _fill_order(book, terms, event.index, event.far == 0.0)
        elif event.kind != ARM:
            touch(book, terms)
            _fill_leg(book, terms, event.index, event.kind, event.far == 0.0)
        if len(book.fills) > before:
            # A daily limit struck inside the bar closes at the point the path is heading for.
            enforce(book, terms, book.x if at_point else target)
    book.x = target


def _fill_markets(book: Book, terms: Terms, immediate: bool) -> None:
    """Market orders in the order of placement, before priced ones that the open has passed (seen in exports)."""
    while True:
        found = -1
        for i in range(len(book.orders)):
            order = book.orders[i]
            if order.is_market() and (order.immediate or not immediate):
                found = i
                break
        if found < 0:
            return
        before = len(book.fills)
        _fill_order(book, terms, found, True)
        if len(book.fills) > before:
            enforce(book, terms, book.x)


def _fill_order(book: Book, terms: Terms, index: int, at_once: bool) -> None:
    order = book.orders[index]
    side = order.direction
    price = book.x
    slipped = 0.0
    limited = order.limit == order.limit
    if limited:
        price = price if at_once else _limit_price(order.limit, side, book)
    else:
        slipped = terms.slippage
        price += side * slipped
    if not order.sized:
        order.own = default_steps(price, book, terms)
        order.sized = True
    total = order.own + order.extra
    opposite = max(0, -book.position * side)
    close = min(total, opposite)
    opening = total - close
    only = 0
    if order.kind == CLOSE or order.kind == CLOSE_ALL or order.kind == FORCED:
        opening = 0
        if order.kind == CLOSE:
            only = order.id
            left = 0
            for stake in book.stakes:
                if stake.id == order.id:
                    left += stake.left
            close = min(close, left)
    elif opening > 0 and not order.is_market() and not affordable(opening, book.position, side, book.x, book, terms):
        if opposite > 0:
            # A reversal without the means keeps the old position and puts its stops and limits to
            # sleep (reported for TradingView).
            for bracket in book.brackets:
                bracket.muted = True
        close = 0
        opening = 0
    if close + opening > 0:
        fill = Fill()
        fill.kind = order.kind
        fill.call = order.born
        fill.id = order.name
        fill.comment = order.comment
        fill.alert = order.alert
        fill.silent = order.silent
        fill.direction = side
        fill.price = price
        trade(book, terms, fill, close, opening, only, 0, slipped)
        settle_group(book, terms, order.oca, order.oca_kind, close + opening, order.seq)
    kept: list[Order] = []
    for other in book.orders:
        if other.seq != order.seq:
            kept.append(other)
    book.orders = kept


def _limit_price(limit: float, side: int, book: Book) -> float:
    """The limit, or the open where that was better: verifying a limit delays its fill and does not improve it."""
    return min(limit, book.opened) if side > 0 else max(limit, book.opened)


def _fill_leg(book: Book, terms: Terms, index: int, leg: int, at_once: bool) -> None:
    """Fill one leg of an exit; the others go with it."""
    bracket = book.brackets[index]
    rule = _rule_of(book, bracket.exit_seq)
    side = -bracket.direction
    fill = Fill()
    fill.kind = FORCED
    fill.id = rule.id
    fill.silent = rule.silent
    fill.direction = side
    price = book.x
    slipped = 0.0
    comment = 0
    alert = 0
    if leg == PROFIT:
        price = price if at_once else _limit_price(bracket.limit, side, book)
        fill.leg = LEG_PROFIT
        comment = rule.comment_profit
        alert = rule.alert_profit
    else:
        slipped = terms.slippage
        price += side * slipped
        fill.leg = LEG_LOSS if leg == LOSS else LEG_TRAIL
        comment = rule.comment_loss if leg == LOSS else rule.comment_trail
        alert = rule.alert_loss if leg == LOSS else rule.alert_trail
    fill.comment = comment if comment != 0 else rule.comment
    fill.alert = alert if alert != 0 else rule.alert
    fill.price = price
    qty = bracket.qty
    bracket.spent = True
    if rule.is_sized():
        bracket.done = True
    trade(book, terms, fill, qty, 0, 0, bracket.stake, slipped)
    settle_group(book, terms, rule.oca, OCA_REDUCE, qty, rule.seq)


def _rule_of(book: Book, seq: int) -> Exit:
    for rule in book.exits:
        if rule.seq == seq:
            return rule
    return Exit()


def call_margin(book: Book, terms: Terms) -> None:
    """Liquidate what the margin no longer carries, at the price at hand."""
    steps = called_steps(book, terms)
    if steps > 0:
        book.margin_calls += 1
        _force(book, terms, steps, TEXT_MARGIN_CALL)
        for bracket in book.brackets:
            bracket.muted = False


def enforce(book: Book, terms: Terms, price: float) -> None:
    """Apply a risk rule that has been struck: nothing stays pending, the position is closed at ``price``."""
    rule = struck(book, terms)
    if rule == TEXT_NONE:
        return
    if rule in (TEXT_MAX_FILLS, TEXT_MAX_DAY_LOSS):
        book.blocked = True
    else:
        book.stopped = True
    book.x = price
    force_out(book, terms, rule)


def force_out(book: Book, terms: Terms, text: int) -> None:
    cancel_all(book, terms)
    if book.position != 0:
        touch(book, terms)
        _force(book, terms, abs(book.position), text)


def _force(book: Book, terms: Terms, steps: int, text: int) -> None:
    fill = Fill()
    fill.kind = FORCED
    fill.id = text
    fill.comment = text
    fill.direction = -1 if book.position > 0 else 1
    fill.price = book.x + fill.direction * terms.slippage
    trade(book, terms, fill, steps, 0, 0, 0, terms.slippage)
    attach_exits(book, terms)


def touch(book: Book, terms: Terms) -> None:
    """Note how good and how bad the price at hand is for the open trades and the account."""
    if book.x > book.high:
        book.high = book.x
    if book.x < book.low:
        book.low = book.x
    fold(book, terms)


def fold(book: Book, terms: Terms) -> None:
    """Let the open trades and the account take note of the highest and lowest price since the last time."""
    if book.position != 0 and book.high >= book.low:
        unit = terms.pointvalue * book.rate
        best = book.high if book.position > 0 else book.low
        worst = book.low if book.position > 0 else book.high
        for lot in book.lots:
            gain = lot.direction * (best - lot.price) * unit
            if gain > lot.best:
                lot.best = gain
            loss = lot.direction * (worst - lot.price) * unit
            if loss < lot.worst:
                lot.worst = loss
        _note_equity(book, equity(book, terms, best))
        _note_equity(book, equity(book, terms, worst))
    book.high = -math.inf
    book.low = math.inf


def _note_equity(book: Book, now: float) -> None:
    """Drawdown from the highest realised equity, run-up from the lowest (help pages on both figures)."""
    drawdown = book.peak - now
    if drawdown > book.max_drawdown:
        book.max_drawdown = drawdown
    if book.peak > 0 and drawdown / book.peak * 100.0 > book.max_drawdown_percent:
        book.max_drawdown_percent = drawdown / book.peak * 100.0
    runup = now - book.trough
    if runup > book.max_runup:
        book.max_runup = runup
    if book.trough > 0 and runup / book.trough * 100.0 > book.max_runup_percent:
        book.max_runup_percent = runup / book.trough * 100.0
