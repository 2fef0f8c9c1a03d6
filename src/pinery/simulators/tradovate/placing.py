"""Requests about orders: placing, changing, cancelling, liquidating."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from pinery.simulators.tradovate.answers import Call, Problem, denied, refused
from pinery.simulators.tradovate.life import Life
from pinery.simulators.tradovate.matching import Matching
from pinery.simulators.tradovate.money import Money
from pinery.simulators.tradovate.products import Future, by_name
from pinery.simulators.tradovate.records import STOPS, TRAILING, SimOrder, Terms
from pinery.simulators.tradovate.state import State
from pinery.simulators.tradovate.terms import quantity, read_terms, required, side

_OPENING_ONLY = "only orders that close a position are taken"


class Placing:
    """``later`` is how a command is executed after its answer, where the venue takes its time."""

    def __init__(self, state: State, life: Life, matching: Matching, money: Money) -> None:
        self._state = state
        self._life = life
        self._matching = matching
        self._money = money
        self._timers: set[asyncio.TimerHandle] = set()

    def close(self) -> None:
        for timer in self._timers:
            timer.cancel()

    # --- checks -----------------------------------------------------------------------

    def account(self, call: Call) -> int:
        """That the request names, by id and name. Raises Failure unless it is the user's, open, and one."""
        asked = call.parameters
        spec, id = call.text("accountSpec"), call.number("accountId")
        required(asked, "accountSpec", "accountId")
        for known in self._state.accounts_of(call.user):
            entity = self._state.ledger.get("account", known)
            assert entity is not None
            if id == known and spec == entity["name"]:
                if not entity["active"]:
                    raise refused("AccountClosed", "the account is closed")
                return known
        raise denied()

    def _future(self, name: object) -> Future:
        found = by_name(name, self._state.today()) if isinstance(name, str) else None
        if found is None:
            raise denied()
        if self._state.now() >= found.ends:
            raise refused("InvalidContract", f"{found.name} has expired")
        return found

    def _check(self, account: int, future: Future, buy: bool, terms: Terms) -> None:
        """What the venue says no to at once."""
        state = self._state
        closed = state.settings.hours and state.session(future.product) is None
        if closed and (terms.type == "Market" or terms.tif not in ("GTC", "GTD")):
            raise refused("SessionClosed", f"{future.name} is not traded now")
        last = state.prices.get(future.id)
        if last is None and terms.type == "Market":
            raise refused("NoQuote", f"there is no price of {future.name}")
        status = state.ledger.get("accountRiskStatus", account)
        action = status["adminAction"] if status is not None else "Normal"
        if action == "LockTradingImmediately":
            raise refused("TradingLocked", "trading is locked")
        opens = self._opens(account, future, buy, terms.quantity)
        if opens and action == "LiquidateOnlyModeImmediately":
            raise refused("LiquidationOnly", _OPENING_ONLY)
        if opens and future.last_entry < future.expiry and state.today() >= future.last_entry:
            raise refused("LiquidationOnlyBeforeExpiration", _OPENING_ONLY)
        if state.settings.stops_beyond_market == "reject" and terms.type in STOPS and last is not None:
            assert terms.stop is not None
            if (last - terms.stop) * (1 if buy else -1) >= 0:
                raise refused("InvalidPrice", f"the market at {last} has passed the stop at {terms.stop}")

    def _opens(self, account: int, future: Future, buy: bool, size: int) -> bool:
        position = self._state.positions.get((account, future.id))
        net = (position.net if position is not None else 0) * (1 if buy else -1)
        return net >= 0 or size > -net

    def _read(self, call: Call) -> tuple[int, Future, bool, Terms]:
        asked = call.parameters
        required(asked, "action", "symbol", "orderQty", "orderType")
        account = self.account(call)
        future = self._future(asked["symbol"])
        buy = side(asked)
        if self._state.settings.automation_check and asked.get("isAutomated") is not True:
            raise refused("UnknownReason", "isAutomated must be true")
        size = quantity(asked, self._state.settings.max_quantity)
        terms = read_terms(asked, future, size, self._state.now())
        self._check(account, future, buy, terms)
        return account, future, buy, terms

    # --- placing ----------------------------------------------------------------------

    def placeorder(self, call: Call) -> dict[str, Any]:
        order, execute = self.prepare(call)
        execute()
        return {"orderId": order.id}

    def prepare(self, call: Call, strategy: int | None = None) -> tuple[SimOrder, Callable[[], None]]:
        """An order on the books, and what brings it to execution."""
        account, future, buy, terms = self._read(call)
        order = self._life.create(account, future.id, buy, terms, dict(call.parameters), strategy=strategy)
        return order, lambda: self.submit([order])

    def placeoso(self, call: Call) -> dict[str, Any]:
        required(call.parameters, "bracket1")
        account, future, buy, terms = self._read(call)
        brackets = []
        for name in ("bracket1", "bracket2"):
            asked = call.parameters.get(name)
            if asked is None:
                continue
            bracket = self._part(asked, name)
            required(bracket, "action", "orderType")
            brackets.append((bracket, side(bracket), read_terms(bracket, future, terms.quantity, self._state.now())))
        order = self._life.create(account, future.id, buy, terms, dict(call.parameters))
        answer = {"orderId": order.id}
        children = []
        for number, (asked, child_buy, child_terms) in enumerate(brackets, 1):
            asked = {"isAutomated": call.parameters.get("isAutomated"), **asked}
            child = self._life.create(account, future.id, child_buy, child_terms, asked, parent=order.id)
            children.append(child)
            answer[f"oso{number}Id"] = child.id
        if len(children) == 2:
            self._life.pair(*children)
        self.submit([order])
        missing = self._state.faults.take("order/placeoso", ("missing_oso_ids",)) is not None
        return answer if self._state.settings.oso_ids and not missing else {"orderId": order.id}

    def placeoco(self, call: Call) -> dict[str, Any]:
        required(call.parameters, "other")
        account, future, buy, terms = self._read(call)
        asked = self._part(call.parameters["other"], "other")
        required(asked, "action", "orderType")
        other_buy = side(asked)
        other_terms = read_terms(asked, future, terms.quantity, self._state.now())
        self._check(account, future, other_buy, other_terms)
        self._check_pair(future, (buy, terms), (other_buy, other_terms))
        order = self._life.create(account, future.id, buy, terms, dict(call.parameters))
        asked = {"isAutomated": call.parameters.get("isAutomated"), **asked}
        other = self._life.create(account, future.id, other_buy, other_terms, asked)
        self._life.pair(order, other)
        self.submit([order, other])
        return {"orderId": order.id, "ocoId": other.id}

    def _check_pair(self, future: Future, *legs: tuple[bool, Terms]) -> None:
        """Each leg rests on its own side of the market."""
        last = self._state.prices.get(future.id)
        for buy, terms in legs:
            sign = 1 if buy else -1
            wrong_limit = terms.type == "Limit" and terms.price is not None and _beyond(last, terms.price, -sign)
            wrong_stop = terms.type in STOPS and terms.stop is not None and _beyond(last, terms.stop, sign)
            if wrong_limit or wrong_stop:
                raise refused("InvalidPrice", "Wrong OCO combination")

    def _part(self, value: object, name: str) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise Problem(400, f"{name} must be an object")
        return value

    # --- execution --------------------------------------------------------------------

    def submit(self, orders: list[SimOrder]) -> None:
        for order in orders:
            self._soon(lambda order=order: self._execute(order))  # type: ignore[misc]

    def _soon(self, act: Callable[[], None]) -> None:
        delay = self._state.settings.command_delay
        if not delay:
            act()
            return

        def run() -> None:
            self._timers.discard(timer)
            act()
            self._state.ledger.commit()

        timer = asyncio.get_running_loop().call_later(delay, run)
        self._timers.add(timer)

    def resume(self) -> None:
        """What an earlier run had answered and not executed yet."""
        for order in self._state.living():
            if order.status == "PendingNew":
                self._execute(order)
            elif order.waiting is not None:
                self._obey(order)

    def _execute(self, order: SimOrder) -> None:
        if order.status != "PendingNew":
            return
        if self._life.fails(order):
            return
        if not order.closing and not self._money.affordable(order):
            text = f"Insufficient margin: {self._money.required(order.account, order)} USD are needed"
            self._life.reject(order, "RiskRejected", "UnknownReason", text)
        elif self._unregistered(order):
            self._life.reject(order, "ExecutionRejected", "OtherExecutionRelated", "customTag50 is not registered")
        elif not self.may_work(order):
            order.waits = True
            self._life.sleep(order, "the market is closed, or the order is not active yet")
        else:
            self._life.work(order)
            self._matching.arrive(order)

    def _unregistered(self, order: SimOrder) -> bool:
        command = self._state.ledger.get("command", order.command)
        tag = command.get("customTag50") if command is not None else None
        return tag is not None and tag not in self._state.settings.tags

    def may_work(self, order: SimOrder) -> bool:
        """Its time has come and the market is open."""
        state, activates = self._state, order.terms.activates
        if activates is not None and state.now() < activates:
            return False
        return not state.settings.hours or state.session(state.future(order.contract).product) is not None

    def wake(self, order: SimOrder) -> None:
        """What an order waited for has come."""
        order.waits, order.status = False, "PendingNew"
        self._execute(order)

    # --- changes ----------------------------------------------------------------------

    def _own(self, call: Call) -> SimOrder:
        order = self._state.orders.get(call.needed("orderId"))
        if order is None or order.account not in self._state.accounts_of(call.user):
            raise denied()
        if not order.alive:
            raise refused("TooLate", f"the order is {order.status}")
        if order.waiting is not None or order.status == "PendingNew":
            raise refused("AnotherCommandPending", "another command for the order is under way")
        return order

    def modifyorder(self, call: Call) -> dict[str, Any]:
        asked = call.parameters
        required(asked, "orderId", "orderQty", "orderType")
        order = self._own(call)
        size = quantity(asked, self._state.settings.max_quantity)
        future = self._state.future(order.contract)
        if order.terms.type in TRAILING:
            terms = self._trailing_terms(order, asked, size)
        else:
            terms = read_terms(asked, future, size, self._state.now())
        if size <= order.filled:
            raise refused("TooLate", f"{order.filled} are already filled")
        command = self._life.ask(order, "Modify", dict(asked), terms)
        self._soon(lambda: self._obey(order))
        return {"commandId": command}

    def _trailing_terms(self, order: SimOrder, asked: Mapping[str, Any], size: int) -> Terms:
        now = order.terms
        given = {"price": now.price, "stopPrice": now.stop, "pegDifference": now.peg}
        same = all(asked.get(name) in (None, value) for name, value in given.items())
        if asked["orderType"] != now.type or not same:
            raise refused("TrailingStopNonOrderQtyModify", "only the quantity of a trailing stop can be changed")
        return replace(now, quantity=size, tif=asked.get("timeInForce") or "Day", text=asked.get("text"))

    def cancelorder(self, call: Call) -> dict[str, Any]:
        required(call.parameters, "orderId")
        order = self._own(call)
        command = self._life.ask(order, "Cancel", dict(call.parameters), None)
        self._soon(lambda: self._obey(order))
        return {"commandId": command}

    def _obey(self, order: SimOrder) -> None:
        if order.waiting is None:
            return
        changes = order.waiting[1] is not None
        self._life.obey(order)
        if changes and order.status == "Working":
            self._matching.arrive(order)

    # --- liquidation ------------------------------------------------------------------

    def liquidateposition(self, call: Call) -> dict[str, Any]:
        required(call.parameters, "accountId", "contractId", "admin")
        account, contract = call.needed("accountId"), call.needed("contractId")
        if account not in self._state.accounts_of(call.user):
            raise denied()
        order = self._liquidate(account, contract, dict(call.parameters))
        if order is None:
            raise refused("UnknownReason", "there is no position to liquidate")
        return {"orderId": order.id}

    def liquidatepositions(self, call: Call) -> dict[str, Any]:
        required(call.parameters, "positions", "admin")
        ids = call.parameters["positions"]
        if not isinstance(ids, list) or len(ids) > 100 or not all(type(id) is int for id in ids):
            raise Problem(400, "positions are at most 100 ids")
        own = self._state.accounts_of(call.user)
        found = [p for p in self._state.positions.values() if p.id in ids and p.account in own]
        if len(found) < len(set(ids)):
            return {"ok": False, "errorText": "Access is denied"}
        for position in found:
            self._liquidate(position.account, position.contract, dict(call.parameters))
        return {"ok": True}

    def auto_liquidate(self, account: int) -> None:
        """The venue closes everything by itself, as where the margin is gone."""
        for position in [p for p in self._state.positions.values() if p.account == account and p.net]:
            self._liquidate(account, position.contract, {}, admin=True)

    def _liquidate(self, account: int, contract: int, asked: dict[str, Any], *, admin: bool = False) -> SimOrder | None:
        """Cancels the contract's orders, then closes at the market."""
        for order in self._state.living(contract, account):
            if order.alive:
                self._life.cancel(order, text="liquidation")
        position = self._state.positions.get((account, contract))
        if position is None or not position.net:
            return None
        terms = Terms("Market", abs(position.net))
        order = self._life.create(account, contract, position.net < 0, terms, asked, closing=True, admin=admin)
        self.submit([order])
        return order


def _beyond(last: Decimal | None, level: Decimal, upward: int) -> bool:
    """The market stands at ``level`` or past it already."""
    return last is not None and (last - level) * upward >= 0
