"""Orders with their history, fills, and what the venue said."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from pinery.adapters.store.tables import fills, journal, order_changes, orders
from pinery.adapters.store.views.connection import connection
from pinery.adapters.store.views.paging import Filters, Page, page
from pinery.adapters.store.views.values import Data, Number, iso, iso_or_none
from pinery.trading.orders.model import Side, Status
from pinery.trading.store import Tx

_LONGEST_HISTORY = 500


@dataclass(frozen=True, slots=True)
class OrderRow:
    """``slippage`` is what the average price was worse than the price known at the decision, per unit."""

    client_id: str
    venue_id: str
    signal_id: str
    deployment: str
    account: str
    symbol: str
    status: str
    side: str
    type: str
    role: str
    quantity: Number
    filled: Number
    average_price: Number | None
    limit_price: Number | None
    stop_price: Number | None
    trail_offset: Number | None
    time_in_force: str
    reduce_only: bool
    parent: str
    cancel_requested: bool
    fees: Number
    reference_price: Number | None
    slippage: Number | None
    code: str
    reason: str
    created: str
    submitted: str | None
    acknowledged: str | None
    first_filled: str | None
    updated: str


@dataclass(frozen=True, slots=True)
class FillRow:
    """``trade_id`` is the venue's. ``price_source`` says where a paper account took the price from."""

    trade_id: str
    client_id: str
    signal_id: str
    deployment: str
    account: str
    symbol: str
    side: str
    quantity: Number
    price: Number
    time: str
    fee: Number
    fee_currency: str
    price_source: str
    slippage: Number | None


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A step of an order's life."""

    at: str
    event: str
    before: str
    after: str
    reason: str
    data: Data


@dataclass(frozen=True, slots=True)
class JournalRow:
    """What was asked of the venue, or what it said, in its own words."""

    id: int
    at: str
    kind: str
    data: Data


@dataclass(frozen=True, slots=True)
class OrderDetail:
    order: OrderRow
    history: tuple[ChangeRow, ...]
    fills: tuple[FillRow, ...]
    reports: tuple[JournalRow, ...]


def list_orders(tx: Tx, filters: Filters, status: Status | None = None, *, unfinished: bool = False) -> Page[OrderRow]:
    query = sa.select(orders)
    if status is not None:
        query = query.where(orders.c.status == status.value)
    if unfinished:
        query = query.where(sa.not_(orders.c.final))
    searched = (orders.c.client_id, orders.c.venue_id, orders.c.symbol, orders.c.code, orders.c.reason)
    return page(tx, query, orders.c.created, orders.c.client_id, filters, _order, searched)


def orders_of(tx: Tx, signal_id: str) -> tuple[OrderRow, ...]:
    query = sa.select(orders).where(orders.c.signal_id == signal_id).order_by(orders.c.created, orders.c.client_id)
    return tuple(_order(row) for row in connection(tx).execute(query))


def order_detail(tx: Tx, client_id: str) -> OrderDetail | None:
    row = connection(tx).execute(sa.select(orders).where(orders.c.client_id == client_id)).one_or_none()
    if row is None:
        return None
    history = sa.select(order_changes).where(order_changes.c.client_id == client_id).order_by(order_changes.c.id)
    reports = sa.select(journal).where(journal.c.client_id == client_id).order_by(journal.c.id)
    return OrderDetail(
        _order(row),
        tuple(
            ChangeRow(iso(change.at), change.event, change.before, change.after, change.reason, change.data)
            for change in connection(tx).execute(history.limit(_LONGEST_HISTORY))
        ),
        fills_of(tx, client_id=client_id),
        tuple(
            JournalRow(report.id, iso(report.at), report.kind, report.data)
            for report in connection(tx).execute(reports.limit(_LONGEST_HISTORY))
        ),
    )


def list_fills(tx: Tx, filters: Filters) -> Page[FillRow]:
    searched = (fills.c.client_id, fills.c.trade_id, fills.c.symbol)
    return page(tx, sa.select(fills), fills.c.time, fills.c.id, filters, _fill, searched)


def fills_of(tx: Tx, *, client_id: str = "", signal_id: str = "") -> tuple[FillRow, ...]:
    """Of an order or of a signal, oldest first."""
    mine = fills.c.client_id == client_id if client_id else fills.c.signal_id == signal_id
    return tuple(
        _fill(row) for row in connection(tx).execute(sa.select(fills).where(mine).order_by(fills.c.time, fills.c.id))
    )


def _slippage(side: str, price: Decimal | None, reference: Decimal | None) -> Decimal | None:
    return None if price is None or reference is None else Side(side).sign * (price - reference)


def _order(row: Any) -> OrderRow:
    return OrderRow(
        client_id=row.client_id,
        venue_id=row.venue_id,
        signal_id=row.signal_id,
        deployment=row.deployment,
        account=row.account,
        symbol=row.symbol,
        status=row.status,
        side=row.side,
        type=row.type,
        role=row.role,
        quantity=row.quantity,
        filled=row.filled,
        average_price=row.average_price,
        limit_price=row.limit_price,
        stop_price=row.stop_price,
        trail_offset=row.trail_offset,
        time_in_force=row.time_in_force,
        reduce_only=row.reduce_only,
        parent=row.parent,
        cancel_requested=row.cancel_requested,
        fees=row.fees,
        reference_price=row.reference_price,
        slippage=_slippage(row.side, row.average_price, row.reference_price),
        code=row.code,
        reason=row.reason,
        created=iso(row.created),
        submitted=iso_or_none(row.submitted),
        acknowledged=iso_or_none(row.acknowledged),
        first_filled=iso_or_none(row.first_filled),
        updated=iso(row.updated),
    )


def _fill(row: Any) -> FillRow:
    return FillRow(
        trade_id=row.trade_id,
        client_id=row.client_id,
        signal_id=row.signal_id,
        deployment=row.deployment,
        account=row.account,
        symbol=row.symbol,
        side=row.side,
        quantity=row.quantity,
        price=row.price,
        time=iso(row.time),
        fee=row.fee,
        fee_currency=row.fee_currency,
        price_source=row.price_source,
        slippage=_slippage(row.side, row.price, row.reference_price),
    )
