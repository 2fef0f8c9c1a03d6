"""What the venue has told of a user's orders, by entity and id.

Events come twice and out of order, and nothing in them says which is newer: what has ended stays ended, and what is
past its first state does not go back to it. A snapshot replaces everything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

Entity = Mapping[str, Any]

ORDER, COMMAND, VERSION, FILL, FEE = "order", "command", "orderVersion", "fill", "fillFee"
COMMAND_REPORT, EXECUTION, CONTRACT = "commandReport", "executionReport", "contract"
ACCOUNT, RISK = "account", "accountRiskStatus"  # of which an account has one, by its own id

ENDED = frozenset({"Filled", "Completed", "Canceled", "Rejected", "Expired"})
_FIRST = "PendingNew"
_KINDS = (ORDER, COMMAND, VERSION, FILL, FEE, COMMAND_REPORT, EXECUTION, CONTRACT, ACCOUNT, RISK)
#: What is asked for in a snapshot, and told of from then on.
KINDS = (*_KINDS, "cashBalance", "position")

#: A command that will not be carried out.
REFUSED_COMMANDS = frozenset({"RiskRejected", "ExecutionRejected"})
_OPEN_COMMANDS = frozenset({"Pending", "RiskPassed", "PendingExecution", "OnHold"})


class Cache:
    def __init__(self) -> None:
        self._tables: dict[str, dict[int, Entity]] = {kind: {} for kind in _KINDS}
        self._of_order: dict[str, dict[int, dict[int, None]]] = {}
        self._by_client: dict[str, int] = {}
        self._children: dict[int, dict[int, None]] = defaultdict(dict)
        self._told_of: dict[int, dict[int, None]] = defaultdict(dict)  # command reports by command
        self._clear()

    def _clear(self) -> None:
        for table in self._tables.values():
            table.clear()
        self._of_order = {kind: defaultdict(dict) for kind in (COMMAND, VERSION, FILL, EXECUTION)}
        self._by_client.clear()
        self._told_of.clear()
        self._children.clear()

    # --- learning ---------------------------------------------------------------------

    def replace(self, snapshot: Mapping[str, Any]) -> None:
        """``snapshot``: lists by the entities' plural names."""
        self._clear()
        for kind in _KINDS:
            listed = snapshot.get(plural(kind))
            if isinstance(listed, list):
                self.learn(kind, listed)

    def learn(self, kind: str, entities: Iterable[Any]) -> set[int]:
        """Take entities over. Returns the ids of the orders that they are about."""
        table = self._tables.get(kind)
        about: set[int] = set()
        if table is None:
            return about
        for entity in entities:
            if not isinstance(entity, Mapping) or not isinstance(entity.get("id"), int):
                continue
            number = entity["id"]
            known = table.get(number)
            if known is None or not _is_older(kind, entity, known):
                table[number] = entity
            order_id = self._index(kind, number, table[number])
            if order_id is not None:
                about.add(order_id)
        return about

    def _index(self, kind: str, number: int, entity: Entity) -> int | None:
        if kind == ORDER:
            parent = entity.get("parentId")
            if isinstance(parent, int):
                self._children[parent][number] = None
            return number
        if kind == FEE:
            fill = self._tables[FILL].get(number)
            return fill.get("orderId") if fill is not None else None
        if kind == COMMAND_REPORT:
            command_id = entity.get("commandId")
            if not isinstance(command_id, int):
                return None
            self._told_of[command_id][number] = None
            command = self._tables[COMMAND].get(command_id)
            return command.get("orderId") if command is not None else None
        order_id = entity.get("orderId")
        if not isinstance(order_id, int) or kind not in self._of_order:
            return None
        self._of_order[kind][order_id][number] = None
        if kind == COMMAND and entity.get("commandType") == "New" and entity.get("clOrdId"):
            self._by_client[str(entity["clOrdId"])] = order_id
        return order_id

    # --- asking -----------------------------------------------------------------------

    def order(self, order_id: int) -> Entity | None:
        return self._tables[ORDER].get(order_id)

    def orders(self, account_id: int) -> list[Entity]:
        return [order for order in self._tables[ORDER].values() if order.get("accountId") == account_id]

    def of_order(self, kind: str, order_id: int) -> list[Entity]:
        """Of one order, by id."""
        numbers = self._of_order[kind].get(order_id, {})
        return [self._tables[kind][number] for number in sorted(numbers)]

    def reports_of(self, command_id: int) -> list[Entity]:
        """What was told of a command, in order."""
        return [self._tables[COMMAND_REPORT][number] for number in sorted(self._told_of.get(command_id, {}))]

    def get(self, kind: str, number: int) -> Entity | None:
        return self._tables[kind].get(number)

    def children(self, order_id: int) -> list[Entity]:
        return [self._tables[ORDER][number] for number in self._children.get(order_id, {})]

    def order_of(self, client_id: str) -> int | None:
        return self._by_client.get(client_id)

    def client_of(self, order_id: int) -> str:
        """The client id that the order was placed with; the text of its first version is the second witness."""
        for command in self.of_order(COMMAND, order_id):
            if command.get("commandType") == "New" and command.get("clOrdId"):
                return str(command["clOrdId"])
        for version in self.of_order(VERSION, order_id):
            if version.get("text"):
                return str(version["text"])
        return ""


def plural(kind: str) -> str:
    """The name of a list of entities."""
    return f"{kind}es" if kind == RISK else f"{kind}s"


def _is_older(kind: str, entity: Entity, known: Entity) -> bool:
    if kind == ORDER:
        before, after = known.get("ordStatus"), entity.get("ordStatus")
        if before in ENDED:
            return after not in ENDED
        return after == _FIRST and before != _FIRST
    if kind == COMMAND:
        return entity.get("commandStatus") in _OPEN_COMMANDS and known.get("commandStatus") not in _OPEN_COMMANDS
    return False
