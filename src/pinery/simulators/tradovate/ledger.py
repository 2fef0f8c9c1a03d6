"""The venue's entities as clients see them: by kind and id, each change told to whoever listens, and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pinery.simulators.common.book import VenueBook
from pinery.simulators.tradovate.wire import dumps, loads

_FIRST_ID = 296_445_350_000


@dataclass(frozen=True, slots=True)
class Change:
    """``what`` is Created, Updated or Deleted; ``entity`` a copy as it was then."""

    kind: str
    what: str
    entity: Mapping[str, Any]
    account: int


class Ledger:
    """Ids rise by one over all kinds. What changed is on disk with the next ``commit``."""

    def __init__(self, book: VenueBook) -> None:
        self._book = book
        self._listeners: list[Callable[[Change], None]] = []
        self._tables: dict[str, dict[int, dict[str, Any]]] = {}
        self._accounts: dict[tuple[str, int], int] = {}
        self._last = _FIRST_ID
        for _, record in book.records("counter"):
            self._last = int(record["last"])
        loaded = sorted(book.records("entity"), key=lambda each: int(each[0].partition(" ")[2]))
        for name, record in loaded:
            kind, _, id = name.partition(" ")
            self._tables.setdefault(kind, {})[int(id)] = loads(record["json"])
            self._accounts[kind, int(id)] = int(record["account"])

    def listen(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Returns what ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def next_id(self) -> int:
        self._last += 1
        self._book.put("counter", "ids", {"last": self._last})
        return self._last

    def create(self, kind: str, account: int, **fields: Any) -> dict[str, Any]:
        """Of those who may see ``account``. Gets an id unless it has one; None leaves a field out."""
        entity = {"id": fields.pop("id", None) or self.next_id()}
        entity |= {key: value for key, value in fields.items() if value is not None}
        self._tables.setdefault(kind, {})[entity["id"]] = entity
        self._accounts[kind, entity["id"]] = account
        self._changed(kind, "Created", entity)
        return entity

    def update(self, kind: str, id: int, **fields: Any) -> dict[str, Any]:
        """None takes a field away. Nothing is told of an entity that stays as it is."""
        entity = self._tables[kind][id]
        before = dict(entity)
        for key, value in fields.items():
            if value is None:
                entity.pop(key, None)
            else:
                entity[key] = value
        if entity != before:
            self._changed(kind, "Updated", entity)
        return entity

    def get(self, kind: str, id: int) -> Mapping[str, Any] | None:
        return self._tables.get(kind, {}).get(id)

    def of(self, kind: str, accounts: Iterable[int]) -> Iterator[Mapping[str, Any]]:
        """In the order of their making."""
        seen = set(accounts)
        for id, entity in self._tables.get(kind, {}).items():
            if self._accounts[kind, id] in seen:
                yield entity

    def account(self, kind: str, id: int) -> int | None:
        return self._accounts.get((kind, id))

    def commit(self) -> None:
        self._book.commit()

    def _changed(self, kind: str, what: str, entity: dict[str, Any]) -> None:
        account = self._accounts[kind, entity["id"]]
        self._book.put("entity", f"{kind} {entity['id']}", {"json": dumps(entity), "account": account})
        change = Change(kind, what, dict(entity), account)
        for listener in self._listeners:
            listener(change)
