"""The paper account in the parts of other brokers: it does what they do, and leaves undone what they leave.

Harsher than paper where a real venue is: nothing of an order is known but what it says itself, protection that rests
is nobody's care but the desk's, and a stop that the price has passed already is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar

from pinery.adapters.paper.broker import PaperBroker
from pinery.adapters.paper.venue import Venue
from pinery.trading.broker import Capabilities
from pinery.trading.contracts import Terms
from pinery.trading.errors import Rejected
from pinery.trading.orders.model import ZERO, Amendment, Order, OrderType, Status, Ticket
from pinery.trading.paper.records import PaperOrder


class _Plain(Venue):
    """Orders that come alone are linked to nothing. ``slow``: a part of an order fills with each price, not all."""

    slow = False

    def _unlinked(self, order: Order) -> Order:
        return replace(order, parent="")

    def _serve(self, order: PaperOrder, at: Decimal, now: int, served: set[str]) -> None:
        if not self.slow:
            super()._serve(order, at, now, served)
            return
        served.add(order.client_id)
        contract = self._contracts(order.symbol)
        if order.client_id in self._open and (amount := self._part(order, contract)) > 0:
            self._fill(order, amount, at, now, contract, "alert")

    def _passed(self, order: Order) -> bool:
        last = self.last.get(order.symbol)
        if order.type is not OrderType.STOP or order.stop_price is None or last is None:
            return False
        return (last.price - order.stop_price) * order.side.sign >= 0


class ReduceOnlyVenue(_Plain):
    """Reduce-only orders close what the account holds, no more, and rest on when nothing is held."""

    def _refusal(self, order: Order, protection: Iterable[Order]) -> Rejected | None:
        assert not protection, "this broker takes no protection with an entry"
        if self._passed(order):
            return Rejected("BROKER_REJECTED", "it would trigger immediately")
        return super()._refusal(order, protection)

    def _capacity(self, order: PaperOrder) -> Decimal:
        if not order.reduce_only:
            return order.remaining
        holding = self._account.holdings.get(order.symbol)
        held = holding.quantity if holding else ZERO
        return min(order.remaining, max(ZERO, -held * order.side.sign))

    def _settle(self, symbol: str, now: int) -> None:
        for order in list(self._open.values()):
            if order.symbol == symbol and order.reduce_only and order.at_market and not self._capacity(order):
                self._finish(order, Status.EXPIRED, now, "nothing is left to reduce")


class BracketVenue(_Plain):
    """An entry's two brackets cancel each other; any order may open a position."""

    def _refusal(self, order: Order, protection: Iterable[Order]) -> Rejected | None:
        if self._passed(order):
            return Rejected("BROKER_REJECTED", "the stop is on the wrong side of the market")
        return super()._refusal(replace(order, reduce_only=False), protection)

    def _capacity(self, order: PaperOrder) -> Decimal:
        entry = self._entry(order)
        if entry is None:
            return order.remaining
        return min(order.remaining, max(ZERO, entry.opened - entry.closed))

    def _settle(self, symbol: str, now: int) -> None:
        for order in list(self._open.values()):
            if order.symbol == symbol and order.parent and not self._waits(order) and not self._capacity(order):
                self._finish(order, Status.CANCELED, now, "the other bracket was filled")


class _Played(PaperBroker):
    """``changes``: of paper's capabilities. ``most``: in one order; 0: no bound."""

    changes: ClassVar[dict[str, Any]]
    venue: type[_Plain]
    slow = False
    most = ZERO

    @property
    def capabilities(self) -> Capabilities:
        return replace(super().capabilities, **self.changes)

    def _ready(self) -> Venue:
        if self._venue is None:
            made = super()._ready()
            made.__class__ = self.venue
            made.slow = self.slow  # type: ignore[attr-defined]
        assert self._venue is not None
        return self._venue

    def terms(self, symbol: str) -> Terms | None:
        return Terms(most=self.most)

    async def submit(self, ticket: Ticket) -> str:
        self._take(ticket.order.quantity)
        assert self.capabilities.protection_with_entry or not ticket.protection
        return await super().submit(ticket)

    async def amend(self, order: Order, amendment: Amendment) -> None:
        self._take(amendment.quantity or ZERO)
        await super().amend(order, amendment)

    def _take(self, quantity: Decimal) -> None:
        if self.most and quantity > self.most:
            raise Rejected("BROKER_REJECTED", f"{quantity} is above the most, {self.most}")


class ReduceOnly(_Played):
    """As Binance is: protection comes by itself, siblings know nothing of each other, orders can be reduce-only."""

    changes: ClassVar = {"protection_with_entry": False, "oco": False, "trailing_stop": False}
    venue = ReduceOnlyVenue


class Brackets(_Played):
    """As Tradovate is: brackets go in with the entry and cancel each other; nothing is reduce-only."""

    changes: ClassVar = {"reduce_only": False, "reverse_in_one": False, "trailing_stop": False, "whole_contracts": True}
    venue = BracketVenue


class SlowReduceOnly(ReduceOnly):
    slow = True


class SlowBrackets(Brackets):
    slow = True
