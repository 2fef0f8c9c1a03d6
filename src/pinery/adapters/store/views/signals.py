"""Signals, and the messages that they came from."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from pinery.adapters.store.tables import inbox, orders, signals
from pinery.adapters.store.views.connection import connection
from pinery.adapters.store.views.orders import FillRow, OrderRow, fills_of, orders_of
from pinery.adapters.store.views.paging import Filters, Page, page
from pinery.adapters.store.views.values import Number, iso, milliseconds
from pinery.trading.store import MessageStatus, Tx


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds from the receipt of the message."""

    decided: Number | None
    sent: Number | None  # the first order left
    filled: Number | None  # the first fill came


@dataclass(frozen=True, slots=True)
class SignalRow:
    """What a sender wanted and what became of it. ``code`` is a denial's; ``orders`` are client order ids."""

    id: str
    deployment: str
    account: str
    action: str
    word: str
    symbol: str
    source: str
    by: str
    received: str
    outcome: str
    code: str
    reason: str
    orders: tuple[str, ...]
    latency: Latency


@dataclass(frozen=True, slots=True)
class MessageRow:
    """What arrived, as it arrived."""

    id: int
    deployment: str
    source: str
    status: str
    received: str
    signal_id: str
    note: str
    by: str
    remote: str
    content_type: str
    body: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step on the way to the decision."""

    step: str
    result: str
    facts: str


@dataclass(frozen=True, slots=True)
class SignalDetail:
    """Everything known of one signal. ``fields`` are those that the message stated."""

    signal: SignalRow
    fields: dict[str, Any]
    steps: tuple[Step, ...]
    message: MessageRow | None
    orders: tuple[OrderRow, ...]
    fills: tuple[FillRow, ...]


_RECEIVED_US = sa.func.coalesce(inbox.c.received_us, signals.c.received * 1000).label("received_us")
_SIGNALS = sa.select(signals, inbox.c.by, _RECEIVED_US).outerjoin(inbox, inbox.c.id == signals.c.message_id)


def list_signals(tx: Tx, filters: Filters, outcome: str = "") -> Page[SignalRow]:
    """``outcome``: accepted, denied or nothing."""
    query = _SIGNALS.where(signals.c.outcome == outcome) if outcome else _SIGNALS
    searched = (signals.c.id, signals.c.word, signals.c.symbol, signals.c.code, signals.c.reason, signals.c.deployment)
    found = page(tx, query, signals.c.received, signals.c.id, filters, lambda row: row, searched)
    made = _orders_by_signal(tx, [row.id for row in found.items])
    return Page(tuple(_signal(row, made[row.id]) for row in found.items), found.next)


def signal_detail(tx: Tx, signal_id: str) -> SignalDetail | None:
    row = connection(tx).execute(_SIGNALS.where(signals.c.id == signal_id)).one_or_none()
    if row is None:
        return None
    made = orders_of(tx, signal_id)
    stated = {name: value for name, value in row.signal.items() if value not in (None, "")}
    return SignalDetail(
        _signal(row, tuple(order.client_id for order in made)),
        stated,
        tuple(Step(*map(str, step)) for step in row.steps),
        message(tx, row.message_id) if row.message_id is not None else None,
        made,
        fills_of(tx, signal_id=signal_id),
    )


def list_messages(tx: Tx, filters: Filters, status: MessageStatus | None = None) -> Page[MessageRow]:
    query = sa.select(inbox)
    if status is not None:
        query = query.where(inbox.c.status == status.value)
    if filters.since is not None:
        query = query.where(inbox.c.received_us >= filters.since * 1000)
    shown = Filters(
        deployment=filters.deployment, search=filters.search, limit=filters.limit, cursor=filters.cursor
    )  # an unread message has no account or symbol yet
    return page(
        tx, query, inbox.c.received_us, inbox.c.id, shown, _message, (inbox.c.body, inbox.c.note, inbox.c.deployment)
    )


def message(tx: Tx, message_id: int) -> MessageRow | None:
    row = connection(tx).execute(sa.select(inbox).where(inbox.c.id == message_id)).one_or_none()
    return _message(row) if row is not None else None


def _orders_by_signal(tx: Tx, ids: list[str]) -> dict[str, tuple[str, ...]]:
    made: dict[str, tuple[str, ...]] = defaultdict(tuple)
    query = sa.select(orders.c.signal_id, orders.c.client_id).where(orders.c.signal_id.in_(ids))
    for row in connection(tx).execute(query.order_by(orders.c.created, orders.c.client_id)):
        made[row.signal_id] += (row.client_id,)
    return made


def _signal(row: Any, made: tuple[str, ...]) -> SignalRow:
    return SignalRow(
        row.id,
        row.deployment,
        row.account,
        row.action,
        row.word,
        row.symbol,
        row.source,
        row.by or "",
        iso(row.received),
        row.outcome,
        row.code,
        row.reason,
        made,
        Latency(*(milliseconds(row.received_us, at) for at in (row.decided_us, row.sent_us, row.filled_us))),
    )


def _message(row: Any) -> MessageRow:
    return MessageRow(
        row.id,
        row.deployment,
        row.source,
        row.status,
        iso(row.received_us // 1000),
        row.signal_id,
        row.note,
        row.by,
        row.remote,
        row.content_type,
        row.body,
    )
