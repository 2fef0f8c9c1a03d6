"""The market's moves, and the orders that they meet.

A move goes from the price before to the new one: by a jump, or passing every price between. Passing, an order is met at
its own level; after a jump, what was triggered fills at the new price, and a resting limit order at its own price, for
it was in the book. Orders are met in the order in which the price gets to them, the older one first.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from pinery.simulators.binance import conditional, filling
from pinery.simulators.binance.records import ALGO_OPEN, OPEN, Algo, Order

if TYPE_CHECKING:
    from pinery.simulators.binance.exchange import Exchange


@dataclass(frozen=True, slots=True)
class _Candidate:
    """``rising``: met at its level and above, else at its level and below."""

    order: Order | Algo
    level: Decimal
    rising: bool

    def met(self, price: Decimal) -> bool:
        return price >= self.level if self.rising else price <= self.level

    def distance(self, origin: Decimal) -> tuple[Decimal, int]:
        far = Decimal(0) if self.met(origin) else abs(self.level - origin)
        return far, self.order.rank


def moved(exchange: Exchange, symbol: str, price: Decimal, *, jumps: bool) -> None:
    """Trades took the last price of ``symbol`` to ``price``."""
    before = exchange.last.get(symbol, price)
    at = price if jumps else before
    exchange.last[symbol] = at
    _follow(exchange, symbol, at)
    while (found := _nearest(exchange, symbol, before, at, price)) is not None:
        if not jumps and not found.met(at):
            at = exchange.last[symbol] = found.level
            _follow(exchange, symbol, at)
        if isinstance(found.order, Order):
            filling.fill(exchange, found.order, found.level, maker=True)
        else:
            conditional.reached(exchange, found.order)
    exchange.last[symbol] = price
    _follow(exchange, symbol, price)
    if exchange.marked_apart(symbol):  # price-protected orders may have waited for the last price alone
        mark_moved(exchange, symbol, exchange.mark(symbol))
    for order in exchange.ledger.orders_of_symbol(symbol):
        if order.type == "MARKET" and order.filled_on < exchange.moves and order.status in OPEN:
            filling.fill(exchange, order, price, maker=False)


def mark_moved(exchange: Exchange, symbol: str, before: Decimal) -> None:
    """The mark price was set apart from the last price, or joined it again: by a jump."""
    _follow(exchange, symbol, exchange.mark(symbol), "MARK_PRICE")
    while True:
        at = exchange.mark(symbol)
        waiting = [
            it
            for it in _algos(exchange, symbol, ("MARK_PRICE",))
            if it.met(at) and not _protected(exchange, it, exchange.last.get(symbol, at))
        ]
        if not waiting:
            return
        met = min(waiting, key=lambda it: it.distance(before)).order
        assert isinstance(met, Algo)
        conditional.reached(exchange, met)


def _nearest(exchange: Exchange, symbol: str, before: Decimal, at: Decimal, target: Decimal) -> _Candidate | None:
    working = ("CONTRACT_PRICE",) if exchange.marked_apart(symbol) else ("CONTRACT_PRICE", "MARK_PRICE")
    waiting = _algos(exchange, symbol, working)
    for order in exchange.ledger.orders_of_symbol(symbol):
        if order.type == "LIMIT" and order.filled_on < exchange.moves:
            waiting.append(_Candidate(order, order.price, order.side == "SELL"))
    origin = before if at == target else at
    met = [
        it
        for it in waiting
        if (it.met(at) or it.met(target)) and not _protected(exchange, it, at if it.met(at) else it.level)
    ]
    return min(met, key=lambda candidate: candidate.distance(origin), default=None)


def _protected(exchange: Exchange, candidate: _Candidate, last: Decimal) -> bool:
    """Its owner wants no trigger while the last price is far from the mark price; it waits until they are near."""
    algo = candidate.order
    if not isinstance(algo, Algo) or not algo.price_protect:
        return False
    mark = exchange.mark(algo.symbol)
    return exchange.marked_apart(algo.symbol) and abs(last - mark) > mark * exchange.symbols[algo.symbol].protect


def _algos(exchange: Exchange, symbol: str, working: tuple[str, ...]) -> list[_Candidate]:
    found = []
    for algo in exchange.ledger.algos_of_symbol(symbol):
        if algo.status == "NEW" and algo.working_type in working:
            level, rising = conditional.level(exchange, algo)
            found.append(_Candidate(algo, level, rising))
    return found


def _follow(exchange: Exchange, symbol: str, price: Decimal, only: str | None = None) -> None:
    """Active trailing stops take note of ``price``."""
    for algo in exchange.ledger.algos_of_symbol(symbol):
        if algo.best is None or algo.status not in ALGO_OPEN:
            continue
        if (
            (algo.working_type != only)
            if only
            else (algo.working_type == "MARK_PRICE" and exchange.marked_apart(symbol))
        ):
            continue
        if (price - algo.best) * algo.sign < 0:
            algo.best = price
            exchange.ledger.keep(algo)
