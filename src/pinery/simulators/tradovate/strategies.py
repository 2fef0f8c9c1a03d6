"""Order strategies of type 2: an entry with brackets at distances from its fill price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from pinery.simulators.tradovate.answers import Call, Failure, denied
from pinery.simulators.tradovate.life import Life
from pinery.simulators.tradovate.placing import Placing
from pinery.simulators.tradovate.records import SimOrder, Terms
from pinery.simulators.tradovate.state import State
from pinery.simulators.tradovate.wire import dumps, loads

_MULTIBRACKET = 2
_MOST_PARAMS = 8192
_INVALID = "Invalid or missed parameters"


@dataclass(slots=True)
class Bracket:
    """``target`` and ``stop`` are signed points from the entry. ``legs`` are ids of orders, once there are any."""

    quantity: int
    target: Decimal | None
    stop: Decimal | None
    trails: bool
    legs: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Strategy:
    id: int
    entry: int
    brackets: list[Bracket]
    active: bool = True


class Strategies:
    """By socket alone: the venue does not find these operations by HTTP."""

    def __init__(self, state: State, life: Life, placing: Placing) -> None:
        self._state = state
        self._life = life
        self._placing = placing
        self._strategies: dict[int, Strategy] = {}
        for _, record in state.book.records("strategy"):
            found = loads(record["json"])
            brackets = [Bracket(**bracket) for bracket in found.pop("brackets")]
            self._strategies[found["id"]] = Strategy(brackets=brackets, **found)
        life.traded.append(self._traded)
        life.ended.append(self._ended)

    # --- operations -------------------------------------------------------------------

    def start(self, call: Call) -> dict[str, Any]:
        asked = call.parameters
        if asked.get("orderStrategyTypeId") != _MULTIBRACKET:
            raise Failure(errorText="Unsupported order strategy type")
        entry, brackets = _read_params(asked.get("params"))
        terms = {"action": asked.get("action"), "symbol": asked.get("symbol"), "isAutomated": asked.get("isAutomated")}
        id = self._state.ledger.next_id()
        request = Call(call.user, call.session, {**_account_of(asked), **entry, **terms})
        order, execute = self._placing.prepare(request, strategy=id)
        self._state.ledger.create(
            "orderStrategy",
            order.account,
            id=id,
            accountId=order.account,
            contractId=order.contract,
            timestamp=self._state.timestamp(),
            orderStrategyTypeId=_MULTIBRACKET,
            action=order.action,
            params=asked["params"],
            uuid=asked.get("uuid"),
            status="ActiveStrategy",
        )
        strategy = Strategy(id, order.id, brackets)
        self._strategies[id] = strategy
        self._keep(strategy)
        self._link(strategy, order, "entry")
        execute()
        return {"orderStrategy": dict(self._state.ledger.get("orderStrategy", id) or {})}

    def interrupt(self, call: Call) -> dict[str, Any]:
        strategy = self._strategies.get(call.needed("orderStrategyId"))
        entry = self._state.orders.get(strategy.entry) if strategy is not None else None
        if strategy is None or entry is None or entry.account not in self._state.accounts_of(call.user):
            raise denied()
        if strategy.active:
            self._finish(strategy, "ExecutionInterrupted")
            for id in self._orders(strategy):
                order = self._state.orders[id]
                if order.alive:
                    self._life.cancel(order, text="the strategy was interrupted")
        return {"orderStrategy": dict(self._state.ledger.get("orderStrategy", strategy.id) or {})}

    # --- what happens to its orders ---------------------------------------------------

    def _traded(self, order: SimOrder) -> None:
        strategy = self._strategies.get(order.strategy) if order.strategy is not None else None
        if strategy is None or not strategy.active or order.id != strategy.entry:
            return
        left = order.filled
        for number, bracket in enumerate(strategy.brackets, 1):
            covered = min(left, bracket.quantity)
            left -= covered
            if covered and not bracket.legs:
                self._open(strategy, bracket, number, order, covered)
            elif covered:
                for id in bracket.legs:
                    if self._state.orders[id].alive:
                        self._life.cover(self._state.orders[id], covered)

    def _open(self, strategy: Strategy, bracket: Bracket, number: int, entry: SimOrder, covered: int) -> None:
        tick = self._state.future(entry.contract).product.tick
        price = (entry.value / entry.filled / tick).to_integral_value() * tick
        legs = []
        if bracket.target is not None:
            legs.append(("target", Terms("Limit", covered, "GTC", price=price + bracket.target)))
        if bracket.stop is not None:
            terms = Terms("Stop", covered, "GTC", stop=price + bracket.stop)
            if bracket.trails:
                terms.type, terms.peg = "TrailingStop", abs(bracket.stop)
            legs.append(("stop", terms))
        orders = []
        for label, terms in legs:
            asked = {"isAutomated": True}
            order = self._life.create(entry.account, entry.contract, not entry.buy, terms, asked, strategy=strategy.id)
            bracket.legs.append(order.id)
            orders.append(order)
            self._link(strategy, order, f"{label}{number}")
        if len(orders) == 2:
            self._life.pair(*orders)
        self._keep(strategy)
        for order in orders:  # the walk of the price that filled the entry goes on, and meets them
            self._life.begin(order)

    def _ended(self, order: SimOrder) -> None:
        strategy = self._strategies.get(order.strategy) if order.strategy is not None else None
        if strategy is None or not strategy.active:
            return
        entry = self._state.orders[strategy.entry]
        if entry.status == "Rejected":
            self._finish(strategy, "ExecutionFailed")
        elif not entry.alive and (not entry.filled or self._all_closed(strategy)):
            self._finish(strategy, "ExecutionFinished")

    def _all_closed(self, strategy: Strategy) -> bool:
        legs = [self._state.orders[id] for bracket in strategy.brackets for id in bracket.legs]
        return bool(legs) and not any(leg.alive for leg in legs)

    def _orders(self, strategy: Strategy) -> list[int]:
        return [strategy.entry, *(id for bracket in strategy.brackets for id in bracket.legs)]

    def _finish(self, strategy: Strategy, status: str) -> None:
        strategy.active = False
        self._state.ledger.update("orderStrategy", strategy.id, status=status)
        self._keep(strategy)

    def _link(self, strategy: Strategy, order: SimOrder, label: str) -> None:
        self._state.ledger.create(
            "orderStrategyLink", order.account, orderStrategyId=strategy.id, orderId=order.id, label=label
        )

    def _keep(self, strategy: Strategy) -> None:
        self._state.book.put("strategy", str(strategy.id), {"json": dumps(asdict(strategy))})


def _account_of(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {name: asked[name] for name in ("accountId", "accountSpec") if name in asked}


def _read_params(text: object) -> tuple[dict[str, Any], list[Bracket]]:
    """The entry and the brackets. ``params`` is a JSON text; an object is none."""
    if not isinstance(text, str) or len(text) > _MOST_PARAMS:
        raise Failure(errorText=_INVALID)
    try:
        found = loads(text)
        entry = dict(found["entryVersion"])
        brackets = [
            Bracket(
                int(each["qty"]),
                _points(each.get("profitTarget")),
                _points(each.get("stopLoss")),
                each.get("trailingStop") is True,
            )
            for each in found.get("brackets", [])
        ]
    except (ValueError, TypeError, KeyError, ArithmeticError):
        raise Failure(errorText=_INVALID) from None
    if any(bracket.quantity < 1 for bracket in brackets):
        raise Failure(errorText=_INVALID)
    return entry, brackets


def _points(value: object) -> Decimal | None:
    points = None if value is None else Decimal(str(value))
    if points is not None and not points.is_finite():
        raise ValueError("points are a number")
    return points
