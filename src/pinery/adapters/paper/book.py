"""The port to the paper venue's own durable book, and a book in memory.

The book is what makes the paper account a venue: an order that a caller was told of is on disk. One broker writes to
an account's book; a second one, left over from before, is found out by the account's number and refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from pinery.adapters.paper.records import (
    PaperAccount,
    PaperOrder,
    fill_of,
    holdings_json,
    holdings_of,
    order_of,
    to_json,
)
from pinery.trading.errors import StoreError
from pinery.trading.orders.model import Fill


class BookConflict(StoreError):
    """Somebody else has written to the account's book: nothing was written, and what was known of it is old."""


@dataclass(frozen=True, slots=True)
class BookState:
    """``orders``: the open ones, and the entries (final or not) that open protection belongs to."""

    account: PaperAccount
    orders: tuple[PaperOrder, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """What one transaction writes. ``before``: the account's number as it was read, 0 for a new account."""

    before: int
    account: PaperAccount
    new: tuple[PaperOrder, ...]
    changed: tuple[PaperOrder, ...]
    fills: tuple[tuple[int, Fill], ...]


class PaperBook(Protocol):
    """One account's book. Methods are synchronous and called from one thread at a time; errors are StoreError."""

    def load(self) -> BookState | None:
        """None: the account has never done anything."""
        ...

    def orders(self, client_ids: Iterable[str]) -> dict[str, PaperOrder]:
        """Those of the orders that exist, final ones included."""
        ...

    def fills(self, client_id: str) -> tuple[Fill, ...]:
        """In the order in which they happened."""
        ...

    def write(self, changes: Changes) -> None:
        """All of it, on disk, or nothing. Raises BookConflict, and LeaseLost where the book has a guard."""
        ...


class MemoryBook:
    """A book that lives as long as this object: it keeps text, as a database would, and shares nothing."""

    def __init__(self, guard: Callable[[], None] | None = None) -> None:
        self.guard = guard
        self._account: tuple[Decimal, int, str] | None = None
        self._orders: dict[str, str] = {}
        self._final: dict[str, bool] = {}
        self._fills: dict[int, str] = {}
        self._fills_of: dict[str, list[int]] = {}

    def load(self) -> BookState | None:
        if self._account is None:
            return None
        cash, number, holdings = self._account
        found = {name: self._order(name) for name, final in self._final.items() if not final}
        for parent in {order.parent for order in found.values()} - found.keys():
            if parent in self._orders:
                found[parent] = self._order(parent)
        return BookState(PaperAccount(cash, number, holdings_of(json.loads(holdings))), tuple(found.values()))

    def orders(self, client_ids: Iterable[str]) -> dict[str, PaperOrder]:
        return {name: self._order(name) for name in client_ids if name in self._orders}

    def fills(self, client_id: str) -> tuple[Fill, ...]:
        return tuple(fill_of(_read(self._fills[number])) for number in self._fills_of.get(client_id, ()))

    def write(self, changes: Changes) -> None:
        if self.guard is not None:
            self.guard()
        if changes.before != (0 if self._account is None else self._account[1]):
            raise BookConflict("the paper account's book was written by somebody else")
        for order in (*changes.new, *changes.changed):
            self._orders[order.client_id] = json.dumps(to_json(order))
            self._final[order.client_id] = order.status.is_final
        for number, fill in changes.fills:
            self._fills[number] = json.dumps(to_json(fill))
            self._fills_of.setdefault(fill.client_id, []).append(number)
        account = changes.account
        self._account = (account.cash, account.number, json.dumps(holdings_json(account.holdings)))

    def _order(self, client_id: str) -> PaperOrder:
        return order_of(_read(self._orders[client_id]))


def _read(text: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(text)
    return data
