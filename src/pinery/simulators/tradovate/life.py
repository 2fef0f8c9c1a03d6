"""What happens to an order: each step is its entities and its family's share in it.

New orders: command, order PendingNew, order version; then risk, the exchange, Working; then fills.
Brackets sleep (Suspended) until their parent fills, cover what it has filled, and of a pair only one is filled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from pinery.simulators.tradovate.money import Money
from pinery.simulators.tradovate.records import TRAILING, SimOrder, Terms
from pinery.simulators.tradovate.state import State
from pinery.simulators.tradovate.wire import iso


class Life:
    """``ended`` and ``traded`` are told of orders that are final and of fills, when they are on the books."""

    def __init__(self, state: State, money: Money) -> None:
        self._state = state
        self._ledger = state.ledger
        self._money = money
        self.ended: list[Callable[[SimOrder], None]] = []
        self.traded: list[Callable[[SimOrder], None]] = []

    # --- commands ---------------------------------------------------------------------

    def command(self, order_id: int, account: int, kind: str, asked: dict[str, Any]) -> int:
        """Created; ``asked`` is the request's own share: clOrdId, customTag50, isAutomated. Returns its id."""
        entity = self._ledger.create(
            "command",
            account,
            orderId=order_id,
            timestamp=self._state.timestamp(),
            commandType=kind,
            commandStatus="Pending",
            **{key: asked.get(key) for key in ("clOrdId", "customTag50", "isAutomated")},
        )
        return int(entity["id"])

    def progress(
        self, order: SimOrder, command: int, status: str, reason: str | None = None, text: str | None = None
    ) -> None:
        self._ledger.create(
            "commandReport",
            order.account,
            commandId=command,
            timestamp=self._state.timestamp(),
            commandStatus=status,
            rejectReason=reason,
            text=text,
            ordStatus=order.status,
        )
        self._ledger.update("command", command, commandStatus=status)

    def _report(self, order: SimOrder, kind: str, command: int | None = None, **more: Any) -> None:
        average = order.value / order.filled if order.filled else None
        self._ledger.create(
            "executionReport",
            order.account,
            commandId=command or order.command,
            name=kind,
            accountId=order.account,
            contractId=order.contract,
            timestamp=self._state.timestamp(),
            tradeDate=self._state.trade_date(),
            orderId=order.id,
            execType=kind,
            ordStatus=order.status,
            action=order.action,
            cumQty=order.filled,
            avgPx=average,
            exchangeOrderId=str(order.id),
            **more,
        )

    def _version(self, order: SimOrder, id: int) -> None:
        terms = order.terms
        self._ledger.create(
            "orderVersion",
            order.account,
            id=id,
            orderId=order.id,
            orderQty=terms.quantity,
            orderType=terms.type,
            price=terms.price,
            stopPrice=terms.stop,
            limitIfTouchedPrice=terms.touch,
            pegDifference=terms.peg,
            timeInForce=terms.tif,
            expireTime=None if terms.expires is None else iso(terms.expires),
            text=terms.text,
        )

    def _status(self, order: SimOrder, status: str) -> None:
        order.status = status
        self._ledger.update("order", order.id, ordStatus=status)
        self._state.keep(order)

    # --- a life begins ----------------------------------------------------------------

    def create(
        self,
        account: int,
        contract: int,
        buy: bool,
        terms: Terms,
        asked: dict[str, Any],
        *,
        parent: int | None = None,
        strategy: int | None = None,
        closing: bool = False,
        admin: bool = False,
    ) -> SimOrder:
        """PendingNew, brackets Suspended. Nothing is executed yet. ``admin``: the venue's own."""
        state = self._state
        id = self._ledger.next_id()
        command = self.command(id, account, "New", asked)
        order = SimOrder(id, account, contract, buy, terms, command, terms.quantity)
        order.parent, order.strategy, order.closing = parent, strategy, closing
        order.status = "PendingNew" if parent is None else "Suspended"
        self._set_day(order)
        self._ledger.create(
            "order",
            account,
            id=id,
            accountId=account,
            contractId=contract,
            timestamp=state.timestamp(),
            action=order.action,
            ordStatus=order.status,
            parentId=parent,
            admin=admin,
        )
        self._version(order, command)
        state.keep(order)
        return order

    def _set_day(self, order: SimOrder) -> None:
        """The trading day that the order is for if it is for a day: that of its newest terms."""
        product = self._state.future(order.contract).product
        order.session, order.day_ends = self._state.session(product), self._state.session_ends(product)

    def pair(self, first: SimOrder, second: SimOrder) -> None:
        """One cancels the other."""
        for order, other in ((first, second), (second, first)):
            order.other = other.id
            self._ledger.update("order", order.id, ocoId=other.id)
            self._state.keep(order)

    def begin(self, order: SimOrder) -> None:
        """At the exchange, unless a fault has it rejected."""
        if not self.fails(order):
            self.work(order)

    def fails(self, order: SimOrder) -> bool:
        """A fault has the order rejected, after its request was answered."""
        fault = self._state.faults.take(f"risk {order.terms.type}")
        if fault is None:
            return False
        if fault.fault == "risk_rejected":
            by, reason, text = "RiskRejected", "UnknownReason", "Insufficient margin"
        else:
            by, reason, text = "ExecutionRejected", "OtherExecutionRelated", "The exchange rejected the order"
        self.reject(order, by, str(fault.options.get("reason", reason)), str(fault.options.get("text", text)))
        return True

    def work(self, order: SimOrder) -> None:
        """At the exchange. A trail hangs on the last price from now on."""
        self.progress(order, order.command, "RiskPassed")
        order.status = "Working"
        self.progress(order, order.command, "AtExecution")
        self._report(order, "New")
        last = self._state.prices.get(order.contract)
        if order.terms.type in TRAILING and order.best is None:
            self._hang(order, last)
        self._status(order, "Working")

    def _hang(self, order: SimOrder, last: Decimal | None) -> None:
        """A trail begins at its stopPrice, or its distance behind the last price."""
        terms = order.terms
        if terms.peg is None and terms.stop is not None and last is not None:
            terms.peg = abs(last - terms.stop)
        if terms.peg is not None:
            order.best = last if terms.stop is None else terms.stop - order.sign * terms.peg

    def sleep(self, order: SimOrder, text: str) -> None:
        """Alive, and not at the exchange."""
        self._report(order, "Suspended", text=text)
        self._status(order, "Suspended")

    # --- fills ------------------------------------------------------------------------

    def fill(self, order: SimOrder, quantity: int, price: Decimal) -> None:
        state = self._state
        order.filled += quantity
        order.value += price * quantity
        final = order.left == 0 and not self._may_grow(order)
        if final:
            order.status = "Filled"
        self._report(order, "Trade", lastQty=quantity, lastPx=price)
        fill = self._ledger.create(
            "fill",
            order.account,
            orderId=order.id,
            contractId=order.contract,
            timestamp=state.timestamp(),
            tradeDate=state.trade_date(),
            action=order.action,
            qty=quantity,
            price=price,
            active=True,
            finallyPaired=0,
        )
        self._money.book(order, fill)
        state.keep(order)
        children = state.children(order)
        for child in children:
            child.whole = order.filled
        if final:
            self._end(order, "Filled")
        elif order.left == 0:
            self.sleep(order, "everything that the parent has filled is closed")
        for child in children:
            self._fit(child)
        other = self._living(order.other)
        if other is not None:
            self._fit(other)
        for traded in self.traded:
            traded(order)

    def take_back(self, fill_id: int, price: Decimal | None) -> None:
        """A trade does not hold, or (``price``) is another one by now. Raises KeyError for a fill that is not there."""
        fill = self._ledger.get("fill", fill_id)
        if fill is None or not fill["active"]:
            raise KeyError("fill")
        order, quantity, before = self._state.orders[fill["orderId"]], int(fill["qty"]), Decimal(fill["price"])
        if price is None:
            order.filled -= quantity
            order.value -= before * quantity
            self._ledger.update("fill", fill_id, active=False)
        else:
            order.value += (price - before) * quantity
            self._ledger.update("fill", fill_id, price=price)
        kind = "TradeCancel" if price is None else "TradeCorrect"
        self._report(order, kind, lastQty=quantity, lastPx=before if price is None else price)
        self._money.take_back(order, fill_id, quantity, before, price)
        self._state.keep(order)

    def cover(self, order: SimOrder, whole: int) -> None:
        """An order that follows what another has filled: ``whole`` is what it and its other one are for together."""
        order.whole = whole
        self._fit(order)

    def _fit(self, order: SimOrder) -> None:
        """The quantity that is left for an order when its other one's fills are taken off."""
        wanted = order.whole - self._others(order)
        if wanted > order.filled:
            self._resize(order, wanted)
            if order.status == "Suspended" and order.filled:
                self.work(order)  # it was accepted before
            elif order.status == "Suspended":
                self.begin(order)
        elif self._may_grow(order):
            if order.status != "Suspended":
                self.sleep(order, "everything that the parent has filled is closed")
        elif order.filled:
            self._resize(order, order.filled)
            self._end(order, "Filled")
        else:
            self.cancel(order, text="the other order was filled")

    def _may_grow(self, order: SimOrder) -> bool:
        """Its parent is not done, and may give it more to cover."""
        parent = self._living(order.parent)
        return parent is not None and parent.left > 0

    def _living(self, id: int | None) -> SimOrder | None:
        order = self._state.orders.get(id) if id is not None else None
        return order if order is not None and order.alive else None

    def _resize(self, order: SimOrder, quantity: int) -> None:
        """By the venue itself: a command without a client's id, and a version."""
        if quantity == order.terms.quantity:
            return
        command = self.command(order.id, order.account, "Modify", {"isAutomated": True})
        order.terms = replace(order.terms, quantity=quantity)
        self._version(order, command)
        self.progress(order, command, "AtExecution")
        self._state.keep(order)

    # --- changes that were asked for --------------------------------------------------

    def ask(self, order: SimOrder, kind: str, asked: dict[str, Any], terms: Terms | None) -> int:
        """A command on its way. Returns its id."""
        command = self.command(order.id, order.account, kind, asked)
        order.waiting = (command, terms)
        if order.status == "Working":
            self._status(order, "PendingCancel" if terms is None else "PendingReplace")
        self._state.keep(order)
        return command

    def obey(self, order: SimOrder) -> None:
        """The command that waits is executed, unless the order is over."""
        if order.waiting is None:
            return
        command, terms = order.waiting
        fault = self._state.faults.take(f"command {'Cancel' if terms is None else 'Modify'}")
        if fault is not None:
            text = fault.options.get("text", "The exchange rejected the command")
            self._fail(order, fault.options.get("reason", "OtherExecutionRelated"), text)
            return
        order.waiting = None
        self._calm(order)
        if terms is None:
            self.progress(order, command, "AtExecution")
            self.cancel(order, command=command)
            return
        order.whole = terms.quantity + self._others(order)
        order.terms = terms
        order.triggered = False
        self._set_day(order)
        self.progress(order, command, "AtExecution")
        self._report(order, "Replaced", command)
        self._version(order, command)
        order.command = command
        if order.left <= 0:
            self._end(order, "Filled")
        else:
            self._status(order, order.status)

    def _calm(self, order: SimOrder) -> None:
        """No command is under way any more. A bracket that slept meanwhile, or still does, is left as it is."""
        if order.status in ("PendingCancel", "PendingReplace"):
            order.status = "Working"

    def _fail(self, order: SimOrder, reason: str, text: str) -> None:
        """The command that waits is refused; the order goes on."""
        assert order.waiting is not None
        command, _ = order.waiting
        order.waiting = None
        self._calm(order)
        self.progress(order, command, "ExecutionRejected", reason, text)
        self._status(order, order.status)

    # --- ends -------------------------------------------------------------------------

    def cancel(self, order: SimOrder, *, command: int | None = None, text: str | None = None) -> None:
        order.status = "Canceled"
        self._report(order, "Canceled", command, text=text)
        self._end(order, "Canceled")

    def expire(self, order: SimOrder) -> None:
        order.status = "Expired"
        self._report(order, "Expired")
        self._end(order, "Expired")

    def reject(self, order: SimOrder, by: str, reason: str, text: str) -> None:
        """``by``: RiskRejected or ExecutionRejected."""
        order.status = "Rejected"
        self.progress(order, order.command, by, reason, text)
        self._report(order, "Rejected", rejectReason=reason, text=text)
        self._end(order, "Rejected")

    def _end(self, order: SimOrder, status: str) -> None:
        order.status = status
        if order.waiting is not None:
            command, _ = order.waiting
            order.waiting = None
            self.progress(order, command, "ExecutionRejected", "TooLate", "the order is already done")
        self._status(order, status)
        other = self._living(order.other)
        if status == "Filled" and other is not None and other.whole - order.filled > other.filled:
            self.cancel(other, text="the other order was filled")  # it had been changed to be for more
        for child in self._state.children(order):
            self._orphan(child, order)
        for ended in self.ended:
            ended(order)

    def _orphan(self, child: SimOrder, parent: SimOrder) -> None:
        if parent.filled:
            if child.filled >= child.whole - self._others(child):
                self._fit(child)
        elif parent.status == "Rejected":
            self.reject(child, "RiskRejected", "ParentRejected", "the parent order was rejected")
        else:
            self.cancel(child, text="the parent order is over")

    def _others(self, order: SimOrder) -> int:
        other = self._state.orders.get(order.other) if order.other is not None else None
        return other.filled if other is not None else 0
