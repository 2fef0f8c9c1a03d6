"""What happened, and its way to the channels that carry it; and the journal of what venues said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from pinery.adapters.store.records import from_json, to_json
from pinery.adapters.store.running import Running
from pinery.adapters.store.tables import events, journal, outbox
from pinery.trading.events import EVENTS, Event
from pinery.trading.store import Delivery

_EVENTS = events
_EVENT = sa.insert(events).inline()
_DELIVERY = sa.insert(outbox).inline()

# The rows are locked in a part of their own: as a subquery of the update it could be run twice, and lock more.
_DUE = (
    sa.select(outbox.c.id)
    .where(sa.text("status = 'due'"))  # as text: see the inbox
    .where(outbox.c.due <= sa.bindparam("at"))
    .where(outbox.c.channel.in_(sa.bindparam("channels", expanding=True)))
    .order_by(outbox.c.due, outbox.c.id)
    .limit(sa.bindparam("most"))
    .with_for_update(skip_locked=True)
    .cte("waiting")
)
_CLAIM = (
    sa.update(outbox)
    .where(outbox.c.id.in_(sa.select(_DUE.c.id)))
    .values(owner=sa.bindparam("new_owner"), due=sa.bindparam("until"), attempts=outbox.c.attempts + 1)
    .returning(outbox.c.id, outbox.c.channel, outbox.c.event, outbox.c.attempts)
)
_THIS = sa.update(outbox).where(outbox.c.id == sa.bindparam("delivery"))
_FINISH = _THIS.values(
    status=sa.bindparam("new_status"), finished=sa.bindparam("at"), error=sa.bindparam("new_error"), owner=""
)
_RETRY = _THIS.values(due=sa.bindparam("at"), error=sa.bindparam("new_error"), owner="")

_JOURNAL = sa.insert(journal).inline()


class Outbox:
    def __init__(self, running: Running) -> None:
        self._running = running

    def add(self, events: Iterable[Event], channels: Callable[[Event], Iterable[str]]) -> None:
        rows: list[dict[str, Any]] = []
        deliveries: list[dict[str, Any]] = []
        for event in events:
            rows.append(
                {
                    "kind": event.kind,
                    "severity": event.severity.value,
                    "at": event.at,
                    "text": event.text,
                    "deployment": event.deployment,
                    "account": event.account,
                    "signal_id": event.signal_id,
                    "data": event.data,
                }
            )
            deliveries += [
                {"channel": name, "kind": event.kind, "created": event.at, "event": to_json(event), "due": event.at}
                for name in channels(event)
            ]
        self._running.later(_EVENT, _EVENTS, rows)
        self._running.later(_DELIVERY, outbox, deliveries)
        self._running.woken = self._running.woken or bool(deliveries)

    def claim(self, owner: str, now: int, lease_ms: int, limit: int, channels: Sequence[str]) -> list[Delivery]:
        """The attempt that begins is counted: a process that dies while it sends has tried, too."""
        if not channels:
            return []
        self._running.settle(outbox)
        claimed = self._running.connection.execute(
            _CLAIM,
            {"at": now, "channels": list(channels), "most": limit, "new_owner": owner, "until": now + lease_ms},
        ).all()
        return [
            Delivery(row.id, row.channel, from_json(Event, row.event), row.attempts)
            for row in sorted(claimed, key=lambda row: int(row.id))
            if row.event["kind"] in EVENTS
        ]

    def sent(self, delivery_id: int, at: int) -> None:
        self._running.connection.execute(
            _FINISH, {"delivery": delivery_id, "new_status": "sent", "at": at, "new_error": ""}
        )

    def retry(self, delivery_id: int, at: int, error: str) -> None:
        self._running.connection.execute(_RETRY, {"delivery": delivery_id, "at": at, "new_error": error})

    def give_up(self, delivery_id: int, at: int, error: str) -> None:
        self._running.connection.execute(
            _FINISH, {"delivery": delivery_id, "new_status": "failed", "at": at, "new_error": error}
        )


class Journal:
    def __init__(self, running: Running) -> None:
        self._running = running

    def add(self, account: str, kind: str, at: int, data: Mapping[str, Any], client_id: str = "") -> None:
        row = {"account": account, "kind": kind, "at": at, "data": data, "client_id": client_id}
        self._running.later(_JOURNAL, journal, [row])
