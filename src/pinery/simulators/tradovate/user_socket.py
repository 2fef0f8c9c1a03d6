"""The user's socket: one request for everything that there is, and then an event for each change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pinery.simulators.tradovate.answers import Call, Failure, Problem
from pinery.simulators.tradovate.gate import Answer
from pinery.simulators.tradovate.ledger import Change
from pinery.simulators.tradovate.operations import MASTERS, Operation, Operations, plural
from pinery.simulators.tradovate.sockets import Connection
from pinery.simulators.tradovate.wire import Request

_REFERENCE = ("contract", "contractMaturity", "product", "exchange", "currency")
_KINDS = (*MASTERS, *_REFERENCE)


class UserConnection(Connection):
    kind = "user"

    def __init__(self, *parts: Any, table: Operations) -> None:
        super().__init__(*parts)
        self._table = table
        self._accounts: frozenset[int] = frozenset()
        self._kinds: frozenset[str] = frozenset()
        self._stop: Callable[[], None] | None = None
        self.operations = {"user/syncrequest": Operation("POST", self._sync, socket_only=True)}

    def ended(self) -> None:
        super().ended()
        if self._stop is not None:
            self._stop()

    # --- everything that there is -----------------------------------------------------

    def _sync(self, call: Call) -> dict[str, Any]:
        """From here on changes are told. Nothing can come between this answer and the first event."""
        asked = call.parameters
        own = self._state.accounts_of(call.user)
        if self._state.settings.split_only and asked.get("splitResponses") is not True:
            raise Failure(errorText="splitResponses must be true")
        if asked.get("users") is not None:
            if asked["users"] != [call.user]:
                raise Failure(errorText="Access is denied")
            accounts, kinds = own, _KINDS
        else:
            wanted, types = asked.get("accounts") or list(own), asked.get("entityTypes") or []
            if not isinstance(wanted, list) or not isinstance(types, list):
                raise Problem(400, "accounts and entityTypes are lists")
            if not all(account in own for account in wanted):
                raise Failure(errorText="Access is denied")
            accounts = tuple(wanted)
            kinds = tuple(kind for kind in _KINDS if kind in types or plural(kind) in types)
        self._accounts = frozenset((*accounts, call.user))
        self._kinds = frozenset(kinds)
        if self._stop is None:
            self._stop = self._state.ledger.listen(self._changed)
        return {plural(kind): self._all(kind, call) for kind in kinds}

    def _all(self, kind: str, call: Call) -> list[Any]:
        if kind in _REFERENCE:
            found = self._table.table[f"{kind}/list"].run(call)
            return list(found)
        return [dict(entity) for entity in self._state.ledger.of(kind, self._accounts)]

    def _parts(self, request: Request, answer: Answer) -> list[Any]:
        whole = super()._parts(request, answer)
        if request.endpoint != "user/syncrequest" or request.parameters().get("splitResponses") is not True:
            return whole
        (found,) = whole
        names, size = list(found), self._state.settings.split_size
        pieces = [names[i : i + size] for i in range(0, len(names), size)]
        return [{name: found[name] for name in piece} for piece in pieces] or [{}]

    # --- events -----------------------------------------------------------------------

    def _changed(self, change: Change) -> None:
        if change.account not in self._accounts or change.kind not in self._kinds:
            return
        entity: Any = change.entity
        form = self._state.settings.props_as
        if form == "array" or (form == "mixed" and self._state.random.random() < 0.5):
            entity = [entity]
        message = {
            "e": "props",
            "d": {"entityType": change.kind, "eventType": change.what, "entity": entity},
        }
        self.deliver(f"props {change.kind}", message)
