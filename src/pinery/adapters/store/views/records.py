"""What was told and done: events, the audit log, commands and what came of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from pinery.adapters.store.tables import audit, commands, events, orders, positions, signals, trades
from pinery.adapters.store.views.connection import connection
from pinery.adapters.store.views.paging import Filters, Page, page
from pinery.adapters.store.views.values import Data, iso, iso_or_none
from pinery.trading.events import EVENTS
from pinery.trading.store import Tx


@dataclass(frozen=True, slots=True)
class EventRow:
    """Something that somebody may want to be told."""

    id: int
    kind: str
    severity: str
    title: str
    at: str
    text: str
    deployment: str
    account: str
    signal_id: str
    data: Data


@dataclass(frozen=True, slots=True)
class AuditRow:
    """Who did what, when."""

    id: int
    at: str
    by: str
    action: str
    scope: str
    note: str
    data: Data


@dataclass(frozen=True, slots=True)
class CommandRow:
    """What an account's worker was asked to do; ``finished`` is null until it has."""

    id: int
    kind: str
    account: str
    deployment: str
    by: str
    at: str
    note: str
    data: Data
    finished: str | None
    result: str


def list_events(tx: Tx, filters: Filters, severity: str = "", kind: str = "") -> Page[EventRow]:
    """``kind``: a kind, or the beginning of some ("order.")."""
    query = sa.select(events)
    if severity:
        query = query.where(events.c.severity == severity)
    if kind:
        query = query.where(events.c.kind.startswith(kind, autoescape=True))
    return page(tx, query, events.c.at, events.c.id, filters, _event, (events.c.text, events.c.kind))


def events_after(tx: Tx, event_id: int, limit: int) -> list[EventRow]:
    """Oldest first."""
    query = sa.select(events).where(events.c.id > event_id).order_by(events.c.id).limit(limit)
    return [_event(row) for row in connection(tx).execute(query)]


def last_event(tx: Tx) -> int:
    """The newest event's id; 0 if there is none."""
    return int(connection(tx).execute(sa.select(sa.func.coalesce(sa.func.max(events.c.id), 0))).scalar_one())


def verified_backups(tx: Tx) -> set[str]:
    """Names of the backups that were restored and compared."""
    data = connection(tx).execute(sa.select(events.c.data).where(events.c.kind == "backup.done")).scalars()
    return {found["file"] for found in data if "file" in found}


def list_audit(tx: Tx, filters: Filters) -> Page[AuditRow]:
    searched = (audit.c.by, audit.c.action, audit.c.scope, audit.c.note)
    return page(tx, sa.select(audit), audit.c.at, audit.c.id, filters, _audit, searched)


def commands_by_id(tx: Tx, ids: Collection[int]) -> list[CommandRow]:
    query = sa.select(commands).where(commands.c.id.in_(ids)).order_by(commands.c.id)
    return [_command(row) for row in connection(tx).execute(query)]


def waiting_commands(tx: Tx) -> list[CommandRow]:
    query = sa.select(commands).where(commands.c.finished.is_(None)).order_by(commands.c.id).limit(100)
    return [_command(row) for row in connection(tx).execute(query)]


def left_traces(tx: Tx, kind: Literal["deployment", "account"], name: str) -> bool:
    """Whether something of that name was traded or signaled, also where it is no longer configured."""
    found = (sa.exists().where(table.c[kind] == name) for table in (signals, orders, positions, trades))
    return bool(connection(tx).execute(sa.select(sa.or_(*found))).scalar_one())


def _event(row: Any) -> EventRow:
    title = EVENTS[row.kind][1] if row.kind in EVENTS else row.kind  # of an older version
    return EventRow(
        row.id,
        row.kind,
        row.severity,
        title,
        iso(row.at),
        row.text,
        row.deployment,
        row.account,
        row.signal_id,
        row.data,
    )


def _audit(row: Any) -> AuditRow:
    return AuditRow(row.id, iso(row.at), row.by, row.action, row.scope, row.note, row.data)


def _command(row: Any) -> CommandRow:
    return CommandRow(
        row.id,
        row.kind,
        row.account,
        row.deployment,
        row.by,
        iso(row.at),
        row.note,
        row.data,
        iso_or_none(row.finished),
        row.result,
    )
