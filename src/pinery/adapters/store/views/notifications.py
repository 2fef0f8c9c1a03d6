"""What went, or should have gone, to channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from pinery.adapters.store.tables import outbox
from pinery.adapters.store.views.connection import connection
from pinery.adapters.store.views.paging import Filters, Page, page
from pinery.adapters.store.views.values import iso, iso_or_none
from pinery.trading.events import EVENTS, Severity
from pinery.trading.store import Tx


@dataclass(frozen=True, slots=True)
class NotificationRow:
    """``status``: due, sent or failed (given up). ``error`` is of the last attempt; ``sent`` when it went out."""

    id: int
    channel: str
    kind: str
    title: str
    severity: str
    text: str
    deployment: str
    status: str
    attempts: int
    error: str
    at: str
    sent: str | None


def list_notifications(tx: Tx, filters: Filters, channel: str = "", status: str = "") -> Page[NotificationRow]:
    query = sa.select(outbox)
    if channel:
        query = query.where(outbox.c.channel == channel)
    if status:
        query = query.where(outbox.c.status == status)
    searched = (outbox.c.channel, outbox.c.kind, outbox.c.error)
    return page(tx, query, outbox.c.created, outbox.c.id, filters, _notification, searched)


def newest_notification(tx: Tx, channel: str) -> NotificationRow | None:
    query = sa.select(outbox).where(outbox.c.channel == channel).order_by(outbox.c.id.desc()).limit(1)
    row = connection(tx).execute(query).one_or_none()
    return None if row is None else _notification(row)


def _notification(row: Any) -> NotificationRow:
    severity, title = EVENTS.get(row.kind, (Severity.INFO, row.kind))  # a kind of an older version
    return NotificationRow(
        id=row.id,
        channel=row.channel,
        kind=row.kind,
        title=title,
        severity=severity.value,
        text=str(row.event.get("text", "")),
        deployment=str(row.event.get("deployment", "")),
        status=row.status,
        attempts=row.attempts,
        error=row.error,
        at=iso(row.created),
        sent=iso_or_none(row.finished) if row.status == "sent" else None,
    )
