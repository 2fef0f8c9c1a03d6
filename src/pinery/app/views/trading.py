"""What a strategy's broker holds, as a chart shows it: trades, the position, resting orders."""

from __future__ import annotations

import copy
from collections.abc import Iterator

from pinery.app.chart.columns import Json, number, numbers
from pinery.emulator.broker import Broker
from pinery.emulator.exits import trail_stop
from pinery.emulator.records import trade_records
from pinery.emulator.state import ENTRY, RAW, Bracket, Order
from pinery.emulator.trades import TradeRecord
from pinery.emulator.units import units_of
from pinery.emulator.walk import fold


def settled(broker: Broker, since: int) -> int:
    """How many of the closed trades ended before bar ``since``: those do not change any more."""
    deals = broker.book.deals
    count = len(deals)
    while count and deals[count - 1].exit_bar >= since:
        count -= 1
    return count


def trade_columns(broker: Broker, skip: int = 0) -> Json:
    """A list per column: closed trades in order of their exits, those after the first ``skip``, then the open ones."""
    book, terms = broker.book, broker.terms
    fold(book, terms)
    some = copy.copy(book)
    some.deals = book.deals[skip:]
    trades: list[TradeRecord] = trade_records(some, terms, broker.texts, book.bar, book.time, book.x)
    return {
        "number": [t.number + skip for t in trades],
        "side": [t.direction for t in trades],
        "entry": [t.entry_bar for t in trades],
        "exit": [t.exit_bar for t in trades],
        "entrySignal": [t.entry_signal for t in trades],
        "exitSignal": [t.exit_signal for t in trades],
        "entryPrice": numbers(t.entry_price for t in trades),
        "exitPrice": numbers(t.exit_price for t in trades),
        "qty": numbers(t.qty for t in trades),
        "profit": numbers(t.profit for t in trades),
        "open": [int(t.is_open) for t in trades],
    }


def holdings(broker: Broker) -> Json:
    """``positions`` (one or none) and the ``orders`` that wait for a price."""
    book, terms = broker.book, broker.terms
    positions = []
    if book.position:
        steps = sum(lot.qty for lot in book.lots)
        price = sum(lot.price * lot.qty for lot in book.lots) / steps if steps else None
        profit = sum((book.x - lot.price) * lot.direction * units_of(lot.qty, terms) for lot in book.lots)
        positions.append(
            {
                "side": 1 if book.position > 0 else -1,
                "qty": number(units_of(abs(book.position), terms)),
                "price": number(price),
                "profit": number(profit * terms.pointvalue * book.rate),
            }
        )
    return {"positions": positions, "orders": [*_orders(broker), *_exits(broker)]}


def _orders(broker: Broker) -> Iterator[Json]:
    for order in broker.book.orders:
        price = _price(order)
        if price is not None:
            kind = "entry" if order.kind in (ENTRY, RAW) else "exit"
            quantity = order.own + order.extra
            yield {
                "kind": kind,
                "side": order.direction,
                "price": number(price),
                "qty": number(units_of(quantity, broker.terms)) if quantity else None,
                "name": broker.texts[order.name],
            }


def _price(order: Order) -> float | None:
    """Where an order waits: for its stop first, once that was met for its limit."""
    for price in (order.stop if not order.triggered else order.limit, order.limit):
        if price == price:
            return price
    return None


def _exits(broker: Broker) -> Iterator[Json]:
    terms = broker.terms
    for bracket in broker.book.brackets:
        if bracket.spent or bracket.done or bracket.muted or bracket.qty <= 0:
            continue
        name = broker.texts[bracket.exit_id]
        for kind, price in (("target", bracket.limit), ("stop", _stop(broker, bracket))):
            if price == price:
                yield {
                    "kind": kind,
                    "side": -bracket.direction,
                    "price": number(price),
                    "qty": number(units_of(bracket.qty, terms)),
                    "name": name,
                }


def _stop(broker: Broker, bracket: Bracket) -> float:
    """The stop's level, or the trailing one where it is nearer."""
    trailing = trail_stop(bracket, broker.terms)
    if trailing != trailing or bracket.stop != bracket.stop:
        return trailing if trailing == trailing else bracket.stop
    return max(trailing, bracket.stop) if bracket.direction > 0 else min(trailing, bracket.stop)
