"""Which conditional orders live, which orders came of them, and that all revisions are one order."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pinery.adapters.binance.mapping import base_of

_REMEMBERED = 5_000

#: How far each status is; none goes back. What is not here is an end.
_PROGRESS = {"NEW": 0, "TRIGGERING": 1, "TRIGGERED": 2, "FINISHED": 3}
_END = 9


@dataclass(slots=True)
class Conditionals:
    """Learns from answers and events, which come in any order: what is over does not live again."""

    _states: OrderedDict[str, dict[str, str]] = field(default_factory=OrderedDict)  # base -> client id -> status
    _owners: OrderedDict[str, str] = field(default_factory=OrderedDict)  # order id -> client id of the conditional

    def saw(self, client_id: str, status: str, order_id: str = "") -> None:
        base, _ = base_of(client_id)
        states = self._states.setdefault(base, {})
        self._states.move_to_end(base)
        before = states.get(client_id)
        if before is None or _PROGRESS.get(status, _END) > _PROGRESS.get(before, _END):
            states[client_id] = status
        if order_id and order_id != "0":
            self._owners[order_id] = client_id
        while len(self._states) > _REMEMBERED:
            self._states.popitem(last=False)
        while len(self._owners) > _REMEMBERED:
            self._owners.popitem(last=False)

    def learn(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Rows of ``/algoOrder`` and its lists."""
        for row in rows:
            self.saw(str(row["clientAlgoId"]), str(row["algoStatus"]), str(row.get("actualOrderId") or ""))

    def owner(self, order_id: str) -> str:
        """The conditional order that the order came of; "" where none is known."""
        return self._owners.get(order_id, "")

    def children(self, base: str) -> list[str]:
        """Ids of the orders that came of it."""
        return [order_id for order_id, name in self._owners.items() if base_of(name)[0] == base]

    def knows(self, base: str) -> bool:
        return base in self._states

    def live(self, base: str) -> list[str]:
        """Those that can be canceled, oldest first."""
        return self._in(base, "NEW", "TRIGGERING")

    def there(self, base: str) -> list[str]:
        """Revisions that live or have become orders: Binance has them, whether it finds them or not."""
        return self._in(base, *_PROGRESS)

    def surplus(self, base: str) -> list[str]:
        """Revisions that are one too many: all that wait once another has triggered, else all but the newest."""
        return self.superseded(base) or self._in(base, "NEW")[:-1]

    def superseded(self, base: str) -> list[str]:
        """Revisions that wait though another one has triggered: the order is that one, and these have to go."""
        return self._in(base, "NEW") if self._came(base) else []

    def gives_way(self, client_id: str) -> bool:
        """What shows it waiting says nothing of the order: another revision is that, and this one goes or is gone."""
        came = self._came(base_of(client_id)[0])
        return bool(came) and client_id not in came

    def goes_on(self, name: str, *, finished: bool) -> bool:
        """Another revision than ``name`` is what the order lives in; ``finished``: or has ended in an order."""
        base, _ = base_of(name)
        statuses = ("NEW", "TRIGGERING", "TRIGGERED", *(("FINISHED",) if finished else ()))
        return any(other != name for other in self._in(base, *statuses))

    def is_triggering(self, client_id: str) -> bool:
        return client_id in self._in(base_of(client_id)[0], "TRIGGERING")

    def newest(self, base: str) -> int:
        return max((base_of(name)[1] for name in self._states.get(base, ())), default=0)

    def _came(self, base: str) -> list[str]:
        return self._in(base, "TRIGGERING", "TRIGGERED", "FINISHED")

    def _in(self, base: str, *statuses: str) -> list[str]:
        states = self._states.get(base, {})
        return sorted(
            (name for name, status in states.items() if status in statuses), key=lambda name: base_of(name)[1]
        )
