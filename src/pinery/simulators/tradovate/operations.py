"""The operations of the venue, by name: the same for HTTP and for sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pinery.simulators.tradovate.answers import Call, Failure, Problem
from pinery.simulators.tradovate.auth import Sessions
from pinery.simulators.tradovate.money import Money
from pinery.simulators.tradovate.placing import Placing
from pinery.simulators.tradovate.products import (
    EXCHANGES,
    PRODUCTS,
    Future,
    by_id,
    by_maturity,
    by_name,
    suggest,
)
from pinery.simulators.tradovate.state import State
from pinery.simulators.tradovate.strategies import Strategies

#: Entities of accounts, and the field that ``deps`` asks by.
MASTERS: Mapping[str, str] = {
    "account": "userId",
    "accountRiskStatus": "id",
    "cashBalance": "accountId",
    "position": "accountId",
    "order": "accountId",
    "orderVersion": "orderId",
    "command": "orderId",
    "commandReport": "commandId",
    "executionReport": "commandId",
    "fill": "orderId",
    "fillFee": "id",
    "fillPair": "positionId",
    "orderStrategy": "accountId",
    "orderStrategyLink": "orderStrategyId",
    "user": "id",
}
_CURRENCY = {"id": 1, "name": "USD", "symbol": "$"}


@dataclass(frozen=True, slots=True)
class Operation:
    """``method`` is that of HTTP; ``socket_only`` ones are not found by HTTP."""

    method: str
    run: Callable[[Call], Any]
    socket_only: bool = False


class Operations:
    def __init__(
        self, state: State, placing: Placing, strategies: Strategies, money: Money, sessions: Sessions
    ) -> None:
        self._state = state
        self._placing = placing
        self._money = money
        self.table: dict[str, Operation] = {
            "auth/renewaccesstoken": Operation("GET", sessions.renewaccesstoken),
            "auth/me": Operation("GET", sessions.me),
            "order/placeorder": Operation("POST", placing.placeorder),
            "order/placeoso": Operation("POST", placing.placeoso),
            "order/placeoco": Operation("POST", placing.placeoco),
            "order/modifyorder": Operation("POST", placing.modifyorder),
            "order/cancelorder": Operation("POST", placing.cancelorder),
            "order/liquidateposition": Operation("POST", placing.liquidateposition),
            "order/liquidatepositions": Operation("POST", placing.liquidatepositions),
            "orderStrategy/startorderstrategy": Operation("POST", strategies.start, socket_only=True),
            "orderStrategy/interruptorderstrategy": Operation("POST", strategies.interrupt, socket_only=True),
            "cashBalance/getcashbalancesnapshot": Operation("POST", self._snapshot),
            "contract/rollcontract": Operation("POST", self._roll),
        }
        for kind in MASTERS:
            self._reads(kind, self._own(kind), MASTERS[kind])
        self._reads("product", lambda call: [p.entity() for p in PRODUCTS.values()], "exchangeId")
        self._reads("exchange", lambda call: [{"id": id, "name": name} for name, id in EXCHANGES.items()], "id")
        self._reads("currency", lambda call: [_CURRENCY], "id")
        self._reads("contract", lambda call: [f.entity() for f in self.contracts()], "contractMaturityId")
        self._reads("contractMaturity", lambda call: [self._maturity(f) for f in self.contracts()], "productId")
        for name, run in (
            ("contract/find", self._find_contract),
            ("contract/item", self._contract),
            ("contract/items", self._contract_items),
            ("contract/suggest", self._suggest),
            ("contractMaturity/item", self._maturity_item),
        ):
            self.table[name] = Operation("GET", run)

    # --- reads of entities ------------------------------------------------------------

    def _own(self, kind: str) -> Callable[[Call], list[Mapping[str, Any]]]:
        return lambda call: list(self._state.ledger.of(kind, self._state.visible(call.user)))

    def _reads(self, kind: str, all_of: Callable[[Call], Iterable[Mapping[str, Any]]], master: str) -> None:
        def item(call: Call) -> Mapping[str, Any]:
            return _one(all_of(call), "id", call.needed("id"))

        def items(call: Call) -> list[Mapping[str, Any]]:
            return _among(all_of(call), "id", _ids(call, "ids"))

        def find(call: Call) -> Mapping[str, Any]:
            return _one(all_of(call), "name", _needed_text(call, "name"))

        def deps(call: Call) -> list[Mapping[str, Any]]:
            return _among(all_of(call), master, {call.needed("masterid")})

        def ldeps(call: Call) -> list[Mapping[str, Any]]:
            return _among(all_of(call), master, _ids(call, "masterids"))

        def named(call: Call) -> list[Mapping[str, Any]]:
            text, most = _needed_text(call, "t").casefold(), call.number("l") or 10
            found = [e for e in all_of(call) if str(e.get("name", "")).casefold().startswith(text)]
            return found[:most]

        self.table[f"{kind}/list"] = Operation("GET", lambda call: list(all_of(call)))
        for name, run in (("item", item), ("items", items), ("find", find), ("deps", deps), ("ldeps", ldeps)):
            self.table[f"{kind}/{name}"] = Operation("GET", run)
        self.table[f"{kind}/suggest"] = Operation("GET", named)

    # --- contracts --------------------------------------------------------------------

    def contracts(self) -> list[Future]:
        """Those that are traded soonest, and all that were traded here."""
        day = self._state.today()
        found = {f.id: f for product in PRODUCTS for f in suggest(product, day, 2)}
        for order in self._state.orders.values():
            found.setdefault(order.contract, self._state.future(order.contract))
        return list(found.values())

    def _maturity(self, future: Future) -> dict[str, Any]:
        return future.maturity(self._state.today())

    def _named(self, call: Call, name: str) -> Future:
        found = by_name(_needed_text(call, name), self._state.today())
        if found is None:
            raise Problem(404, "Not found")
        return found

    def _find_contract(self, call: Call) -> dict[str, Any]:
        return self._named(call, "name").entity()

    def _contract(self, call: Call) -> dict[str, Any]:
        found = by_id(call.needed("id"))
        if found is None:
            raise Problem(404, "Not found")
        return found.entity()

    def _contract_items(self, call: Call) -> list[dict[str, Any]]:
        return [found.entity() for found in map(by_id, sorted(_ids(call, "ids"))) if found is not None]

    def _suggest(self, call: Call) -> list[dict[str, Any]]:
        most = call.number("l") or 10
        return [future.entity() for future in suggest(_needed_text(call, "t"), self._state.today(), most)]

    def _maturity_item(self, call: Call) -> dict[str, Any]:
        found = by_maturity(call.needed("id"))
        if found is None:
            raise Problem(404, "Not found")
        return self._maturity(found)

    def _roll(self, call: Call) -> dict[str, Any]:
        forward = call.parameters.get("forward")
        if not isinstance(forward, bool):
            raise Problem(400, "forward is true or false")
        found = self._named(call, "name")
        if call.parameters.get("ifExpired") is True and self._state.now() < found.ends:
            return {"contract": found.entity()}
        return {"contract": found.rolled(forward).entity()}

    # --- money ------------------------------------------------------------------------

    def _snapshot(self, call: Call) -> dict[str, Any]:
        account = call.needed("accountId")
        if account not in self._state.accounts_of(call.user):
            raise Failure(errorText="Access is denied")
        return self._money.snapshot(account)


def plural(kind: str) -> str:
    """``orders``, ``cashBalances``, ``currencies``."""
    if kind == "accountRiskStatus":
        return "accountRiskStatuses"
    if kind.endswith(("y",)):
        return kind[:-1] + "ies"
    return kind + "s"


def _needed_text(call: Call, name: str) -> str:
    found = call.text(name)
    if found is None:
        raise Problem(400, f"{name} is missing")
    return found


def _ids(call: Call, name: str) -> set[int]:
    given = call.parameters.get(name)
    try:
        return {
            int(id) for id in (given if isinstance(given, list) else str(given or "").split(",")) if str(id).strip()
        }
    except (ValueError, TypeError):
        raise Problem(400, f"{name} are whole numbers, separated by commas") from None


def _one(entities: Iterable[Mapping[str, Any]], field: str, value: object) -> Mapping[str, Any]:
    found = next((entity for entity in entities if entity.get(field) == value), None)
    if found is None:
        raise Problem(404, "Not found")
    return found


def _among(entities: Iterable[Mapping[str, Any]], field: str, values: set[int]) -> list[Mapping[str, Any]]:
    return [entity for entity in entities if entity.get(field) in values]
