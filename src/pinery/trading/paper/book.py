"""The port to the paper venue's own durable book.

The book is what makes the paper account a venue: an order that a caller was told of is on disk. One broker writes to
an account's book; a second one, left over from before, is found out by the account's number and refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from pinery.trading.errors import StoreError
from pinery.trading.orders.model import Fill
from pinery.trading.paper.records import PaperAccount, PaperOrder


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
