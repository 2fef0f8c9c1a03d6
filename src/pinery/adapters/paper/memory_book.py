"""A book of the paper account in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from pinery.trading.orders.model import Fill
from pinery.trading.paper.book import BookConflict, BookState, Changes
from pinery.trading.paper.records import (
    PaperAccount,
    PaperOrder,
    fill_of,
    holdings_json,
    holdings_of,
    order_of,
    to_json,
)


class MemoryBook:
    """A book that lives as long as this object: it keeps text, as a database would, and shares nothing."""

    def __init__(self, guard: Callable[[], None] | None = None) -> None:
        self.guard = guard
        self._account: tuple[Decimal, int, str, int] | None = None
        self._orders: dict[str, str] = {}
        self._final: dict[str, bool] = {}
        self._fills: dict[int, str] = {}
        self._fills_of: dict[str, list[int]] = {}

    def load(self) -> BookState | None:
        if self._account is None:
            return None
        cash, number, holdings, seen = self._account
        found = {name: self._order(name) for name, final in self._final.items() if not final}
        for parent in {order.parent for order in found.values()} - found.keys():
            if parent in self._orders:
                found[parent] = self._order(parent)
        return BookState(PaperAccount(cash, number, holdings_of(json.loads(holdings)), seen), tuple(found.values()))

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
        self._account = (account.cash, account.number, json.dumps(holdings_json(account.holdings)), account.seen)

    def _order(self, client_id: str) -> PaperOrder:
        return order_of(_read(self._orders[client_id]))


def _read(text: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(text)
    return data
