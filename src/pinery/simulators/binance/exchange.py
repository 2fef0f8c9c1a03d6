"""The venue itself, without a network: symbols, prices, records, and who hears of what happens.

What it does lies in functions beside it: ``placing`` and ``conditional`` take orders, ``matching`` walks them along the
market's moves, ``filling`` turns fills into positions and money, ``margin`` counts what they bind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from pinery.simulators.binance import filling, housekeeping, matching
from pinery.simulators.binance.errors import refusal
from pinery.simulators.binance.faults import FAULTS
from pinery.simulators.binance.ledger import Ledger
from pinery.simulators.binance.records import Access, Account, Order
from pinery.simulators.binance.symbols import SymbolFacts
from pinery.simulators.common.book import VenueBook
from pinery.simulators.common.faults import FaultPlan
from pinery.simulators.common.market import Market, Move
from pinery.trading.contracts import Contract


@dataclass(slots=True)
class Rules:
    """``parts``: in how many parts orders fill, one at each move. ``partial_share``: of orders that do so by chance."""

    maker: Decimal = Decimal("0.0002")
    taker: Decimal = Decimal("0.0004")
    slippage_ticks: int = 0
    parts: int = 1
    partial_share: float = 0.0
    listen_key_minutes: int = 60
    max_algos: int = 200


class Exchange:
    def __init__(
        self,
        market: Market,
        contracts: Iterable[Contract],
        accesses: Iterable[Access],
        *,
        rules: Rules,
        seed: int,
        book: VenueBook,
        now: Callable[[], int],
    ) -> None:
        facts = [SymbolFacts.of(contract) for contract in contracts]
        self.symbols = {it.symbol: it for it in facts}
        self.by_chart = {it.chart: it for it in facts}
        self.accesses = {access.api_key: access for access in accesses}
        self.rules = rules
        self.ledger = Ledger(book, self.accesses.values())
        self.faults = FaultPlan(FAULTS, seed)
        self.random = Random(seed)
        self.moves = 0
        self.last = {it.symbol: market.prices[it.chart] for it in facts if it.chart in market.prices}
        self._marks: dict[str, Decimal] = {}
        self._now = now
        self.shift = 0  # ms that the venue's clock is ahead, by control
        self._hearers: list[Callable[[str, dict[str, Any]], None]] = []
        self._watchers: list[Callable[[SymbolFacts, Move], None]] = []
        self._witnesses: list[Callable[[Order], None]] = []
        self._market = market
        market.listen(self._moved)

    def close(self) -> None:
        self._market.forget(self._moved)

    def now(self) -> int:
        """Unix ms."""
        return self._now() + self.shift

    def symbol(self, name: str) -> SymbolFacts:
        """Raises VenueError."""
        facts = self.symbols.get(name.upper())
        if facts is None:
            raise refusal(-1121)
        return facts

    def change(self, facts: SymbolFacts) -> None:
        """The rules of a symbol, from now on."""
        self.symbols[facts.symbol] = self.by_chart[facts.chart] = facts

    def price(self, symbol: str) -> Decimal:
        """The last one. Raises VenueError where nothing was traded yet."""
        if symbol not in self.last:
            raise refusal(-2020)
        return self.last[symbol]

    def mark(self, symbol: str) -> Decimal:
        """The mark price: the last price, unless it was set apart."""
        return self._marks.get(symbol) or self.last.get(symbol) or Decimal(0)

    def marked_apart(self, symbol: str) -> bool:
        return symbol in self._marks

    def set_mark(self, symbol: str, price: Decimal | None) -> None:
        """None: it follows the last price again."""
        before = self.mark(symbol)
        if price is None:
            self._marks.pop(symbol, None)
        else:
            self._marks[symbol] = price
        matching.mark_moved(self, symbol, before)
        filling.liquidate(self)
        self.ledger.commit()

    def hear(self, hearer: Callable[[str, dict[str, Any]], None]) -> None:
        """Told of every event of an account's stream, by the account's name."""
        self._hearers.append(hearer)

    def watch(self, watcher: Callable[[SymbolFacts, Move], None]) -> None:
        """Told of every move of a symbol's price, after orders have met it."""
        self._watchers.append(watcher)

    def witness(self, witness: Callable[[Order], None]) -> None:
        """Told of every order by which the venue has liquidated a position."""
        self._witnesses.append(witness)

    def liquidated(self, order: Order) -> None:
        for witness in self._witnesses:
            witness(order)

    def tell(self, account: str, event: dict[str, Any]) -> None:
        for hearer in self._hearers:
            hearer(account, event)

    def account(self, name: str) -> Account:
        return self.ledger.accounts[name]

    def look(self) -> None:
        """What time alone does: listen keys, good-till dates and countdowns run out."""
        housekeeping.look(self)
        self.ledger.commit()

    def _moved(self, move: Move) -> None:
        facts = self.by_chart.get(move.symbol)
        if facts is None:
            return
        self.moves += 1
        matching.moved(self, facts.symbol, move.price, jumps=move.jumps)
        filling.liquidate(self)
        self.look()
        for watcher in self._watchers:
            watcher(facts, move)
