"""What arrived."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from pinery.adapters.store.running import Running
from pinery.adapters.store.tables import inbox
from pinery.trading.signals import Source
from pinery.trading.store import Message, MessageStatus

_ADD = sa.insert(inbox).returning(inbox.c.id, sort_by_parameter_order=True)
_PENDING = (
    sa.select(inbox)
    # As text: with a parameter in it, the databases could not see that the partial index holds all of this.
    .where(sa.text("status = 'new'"))
    .where(inbox.c.deployment.in_(sa.bindparam("deployments", expanding=True)))
    .where(inbox.c.received_us < sa.bindparam("before"))
    .order_by(inbox.c.received_us, inbox.c.id)
    .limit(sa.bindparam("most"))
)
_WAITING = sa.select(inbox.c.deployment).where(sa.text("status = 'new'")).distinct()
_FINISH = (
    sa.update(inbox)
    .where(inbox.c.id == sa.bindparam("message"))
    .values(status=sa.bindparam("new_status"), signal_id=sa.bindparam("new_signal"), note=sa.bindparam("new_note"))
)
_GIVE_UP = (
    sa.update(inbox)
    # Not what has been decided meanwhile: the row is looked at again when its lock is had.
    .where(sa.text("status = 'new'"))
    .where(inbox.c.deployment.in_(sa.bindparam("deployments", expanding=True)))
    .values(status=MessageStatus.UNCLAIMED.value, note=sa.bindparam("new_note"))
    .returning(inbox)
)
_GET = sa.select(inbox).where(inbox.c.id == sa.bindparam("message"))


class Inbox:
    def __init__(self, running: Running) -> None:
        self._running = running

    def add(self, messages: Sequence[Message]) -> list[int]:
        if not messages:
            return []
        self._running.woken = True
        rows = [
            {
                "deployment": message.deployment,
                "source": message.source.value,
                "body": message.body,
                "received_us": message.received_us,
                "content_type": message.content_type,
                "remote": message.remote,
                "by": message.by,
                "status": message.status.value,
                "signal_id": message.signal_id,
                "note": message.note,
                "key": message.key,
            }
            for message in messages
        ]
        given = self._running.connection.execute(_ADD, rows if len(rows) > 1 else rows[0])
        return list(given.scalars())

    def pending(self, deployments: Iterable[str], limit: int, received_before_us: int) -> list[Message]:
        names = list(deployments)
        if not names:
            return []
        self._running.settle(inbox)
        found = self._running.connection.execute(
            _PENDING, {"deployments": names, "before": received_before_us, "most": limit}
        )
        return [_message(row) for row in found]

    def waiting(self) -> set[str]:
        self._running.settle(inbox)
        return set(self._running.connection.execute(_WAITING).scalars())

    def finish(self, message_id: int, status: MessageStatus, signal_id: str = "", note: str = "") -> None:
        row = {"message": message_id, "new_status": status.value, "new_signal": signal_id, "new_note": note}
        self._running.later(_FINISH, inbox, [row])

    def give_up(self, deployments: Iterable[str], note: str) -> list[Message]:
        names = list(deployments)
        if not names:
            return []
        self._running.settle(inbox)
        ended = self._running.connection.execute(_GIVE_UP, {"deployments": names, "new_note": note})
        return sorted((_message(row) for row in ended), key=lambda message: (message.received_us, message.id))

    def get(self, message_id: int) -> Message | None:
        self._running.settle(inbox)
        row = self._running.connection.execute(_GET, {"message": message_id}).first()
        return None if row is None else _message(row)


def _message(row: sa.Row[tuple[object, ...]]) -> Message:
    values = dict(row._mapping)
    values["source"] = Source(values["source"])
    values["status"] = MessageStatus(values["status"])
    return Message(**values)
