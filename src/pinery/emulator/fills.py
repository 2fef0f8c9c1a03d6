"""What a fill does to lots, entries and money."""

from __future__ import annotations

from pinery.emulator.account import commission_of, realised, units_value
from pinery.emulator.exits import attach_exits, attach_to, drop_idle_exits
from pinery.emulator.margin import set_margin_bounds
from pinery.emulator.state import ENTRY, OCA_CANCEL, OCA_REDUCE, Book, Deal, Fill, Lot, Order, Stake, Terms
from pinery.emulator.units import units_of


def trade(
    book: Book,
    terms: Terms,
    fill: Fill,
    close: int,
    opening: int,
    only_id: int,
    only_stake: int,
    slipped: float,
) -> None:
    """Close ``close`` steps of the position, then open ``opening`` steps in the fill's direction.

    ``only_id`` and ``only_stake`` name whose quantity an exit takes (0: the oldest's). Lots close
    oldest first under FIFO, else those of the named entry. ``slipped`` is the price distance that
    slippage took.
    """
    before = book.position
    fill.bar = book.bar
    fill.time = book.time
    fill.before = before
    fill.qty = close + opening
    if close > 0:
        _settle_stakes(book, close, only_id, only_stake)
        _close_lots(book, terms, fill, close, close / (close + opening), only_id, only_stake, slipped)
        if book.position == 0:
            drop_idle_exits(book, terms)
    if opening > 0:
        _open_lot(book, terms, fill, opening, opening / (close + opening), slipped)
    fill.after = book.position
    book.fills.append(fill)
    book.day_fills += 1
    equity = realised(book, terms)
    if equity > book.peak:
        book.peak = equity
    if equity < book.trough:
        book.trough = equity
    if close == 0:
        attach_to(book, terms, book.stakes[-1].seq)
    elif opening == 0 and only_stake != 0:
        attach_to(book, terms, only_stake)
    else:
        attach_exits(book, terms)
    set_margin_bounds(book, terms)


def _settle_stakes(book: Book, close: int, only_id: int, only_stake: int) -> None:
    left = close
    kept: list[Stake] = []
    for stake in book.stakes:
        named = only_stake == 0 or stake.seq == only_stake
        if named and (only_id == 0 or stake.id == only_id):
            taken = min(left, stake.left)
            stake.left -= taken
            left -= taken
        if stake.left > 0:
            kept.append(stake)
    book.stakes = kept


def _close_lots(
    book: Book, terms: Terms, fill: Fill, close: int, share: float, only_id: int, only_stake: int, slipped: float
) -> None:
    left = close
    kept: list[Lot] = []
    for lot in book.lots:
        named = terms.fifo or ((only_stake == 0 or lot.seq == only_stake) and (only_id == 0 or lot.id == only_id))
        if left > 0 and named:
            taken = min(left, lot.qty)
            left -= taken
            _record(book, terms, fill, lot, taken, share * taken / close, slipped)
        if lot.qty > 0:
            kept.append(lot)
    book.lots = kept
    book.position += fill.direction * close
    if book.position == 0:
        book.cost = 0.0
        book.fees = 0.0


def _record(book: Book, terms: Terms, fill: Fill, lot: Lot, taken: int, share: float, slipped: float) -> None:
    """Turn part of a lot into a closed trade. Profit is converted at the rate of the exit's day."""
    deal = Deal()
    deal.id = lot.id
    deal.comment = lot.comment
    deal.direction = lot.direction
    deal.qty = taken
    deal.price = lot.price
    deal.bar = lot.bar
    deal.time = lot.time
    deal.exit_id = fill.id
    deal.exit_comment = fill.comment
    deal.exit_price = fill.price
    deal.exit_bar = fill.bar
    deal.exit_time = fill.time
    deal.rate = book.rate
    entry_fee = lot.commission * taken / lot.qty
    deal.commission = entry_fee + commission_of(taken, fill.price, share, book, terms)
    gross = lot.direction * (fill.price - lot.price) * units_of(taken, terms) * terms.pointvalue * book.rate
    deal.profit = gross - deal.commission
    gain = lot.direction * (fill.price - lot.price) * terms.pointvalue * book.rate
    # Exports show excursions after the entry's commission.
    fee = entry_fee / units_of(taken, terms)
    deal.best = max(0.0, max(lot.best, gain) - fee)
    deal.worst = min(lot.worst, gain) - fee
    deal.slippage = units_value((lot.slipped + slipped) * taken, terms) * book.rate
    lot.qty -= taken
    lot.commission -= entry_fee
    book.fees -= entry_fee
    book.cost -= lot.price * taken
    if deal.profit > 0:
        book.gains += deal.profit
    else:
        book.losses -= deal.profit
    book.deals.append(deal)


def _open_lot(book: Book, terms: Terms, fill: Fill, opening: int, share: float, slipped: float) -> None:
    book.seq += 1
    stake = Stake()
    stake.seq = book.seq
    stake.call = fill.call
    stake.id = fill.id
    stake.qty = opening
    stake.left = opening
    stake.price = fill.price
    lot = Lot()
    lot.seq = book.seq
    lot.counts = fill.kind == ENTRY
    lot.id = fill.id
    lot.comment = fill.comment
    lot.direction = fill.direction
    lot.slipped = slipped
    lot.qty = opening
    lot.price = fill.price
    lot.bar = fill.bar
    lot.time = fill.time
    lot.commission = commission_of(opening, fill.price, share, book, terms)
    book.stakes.append(stake)
    book.lots.append(lot)
    book.position += fill.direction * opening
    book.cost += fill.price * opening
    book.fees += lot.commission
    if book.position > book.max_long:
        book.max_long = book.position
    if -book.position > book.max_short:
        book.max_short = -book.position


def settle_group(book: Book, terms: Terms, oca: int, kind: int, qty: int, seq: int) -> None:
    """The rest of an order group after a fill: cancelled, or reduced by the filled quantity and
    removed at nothing."""
    if oca == 0 or (kind != OCA_CANCEL and kind != OCA_REDUCE):
        return
    kept: list[Order] = []
    for order in book.orders:
        if order.seq != seq and order.oca == oca and order.oca_kind == kind:
            if kind == OCA_CANCEL:
                continue
            cut = min(qty, order.extra)
            order.extra -= cut
            if order.sized:
                order.own -= qty - cut
                if order.own + order.extra <= 0:
                    continue
        kept.append(order)
    book.orders = kept
    if kind == OCA_REDUCE:
        changed = False
        for rule in book.exits:
            if rule.seq != seq and rule.oca == oca and rule.qty >= 0:
                rule.qty = max(0, rule.qty - qty)
                changed = True
        if changed:
            attach_exits(book, terms)
