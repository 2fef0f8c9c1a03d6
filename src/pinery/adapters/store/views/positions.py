"""Positions at the last prices known, closed trades, equity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from pinery.adapters.store.positions import position_of
from pinery.adapters.store.tables import equity, positions, quotes, trades
from pinery.adapters.store.views.connection import connection
from pinery.adapters.store.views.paging import Filters, Page, page
from pinery.adapters.store.views.values import Number, iso, iso_or_none
from pinery.trading.store import Tx

SIDES = {1: "long", -1: "short", 0: "flat"}


@dataclass(frozen=True, slots=True)
class PositionRow:
    """``quantity`` is signed. ``open_profit`` is before fees, at ``price`` (the last one known); ``realized`` net.

    Money in the contract's currency.
    """

    deployment: str
    account: str
    symbol: str
    side: str
    quantity: Number
    average_price: Number | None
    price: Number | None
    price_time: str | None
    open_profit: Number | None
    realized: Number
    fees: Number
    opened: str | None
    updated: str


@dataclass(frozen=True, slots=True)
class TradeRow:
    """A round trip. ``profit`` is net of ``fees``."""

    id: str
    deployment: str
    account: str
    symbol: str
    side: str
    quantity: Number
    entry_price: Number
    exit_price: Number
    entry_time: str
    exit_time: str
    profit: Number
    fees: Number
    won: bool
    entry_signal: str
    exit_signal: str
    exit_role: str
    best: Number | None
    worst: Number | None


@dataclass(frozen=True, slots=True)
class EquityRow:
    """A point of an account's curve, a minute at most."""

    account: str
    time: str
    equity: Number
    balance: Number


def list_positions(
    tx: Tx,
    point_value: Callable[[str], Decimal],
    *,
    deployment: str = "",
    account: str = "",
    symbol: str = "",
    flat: bool = False,
) -> tuple[PositionRow, ...]:
    """What is held, and with ``flat`` what was; ``point_value`` of a symbol makes money of a price move."""
    query = sa.select(positions, quotes.c.price, quotes.c.time.label("price_time"))
    query = query.outerjoin(quotes, quotes.c.symbol == positions.c.symbol)
    for name, wanted in (("deployment", deployment), ("account", account), ("symbol", symbol)):
        if wanted:
            query = query.where(positions.c[name] == wanted)
    if not flat:
        query = query.where(positions.c.side != 0)
    order = (positions.c.account, positions.c.deployment, positions.c.symbol)
    return tuple(_position(row, point_value) for row in connection(tx).execute(query.order_by(*order)))


def held_symbols(tx: Tx) -> set[str]:
    """Contracts that are held, or were."""
    return set(connection(tx).execute(sa.select(positions.c.symbol).distinct()).scalars())


def list_trades(tx: Tx, filters: Filters) -> Page[TradeRow]:
    searched = (trades.c.id, trades.c.symbol, trades.c.entry_signal, trades.c.exit_signal, trades.c.exit_role)
    return page(tx, sa.select(trades), trades.c.exit_time, trades.c.id, filters, _trade, searched)


def list_equity(
    tx: Tx, account: str = "", since: int | None = None, limit: int = 1440, step: int = 1
) -> tuple[EquityRow, ...]:
    """The newest ``limit`` points, oldest first. ``since`` is Unix ms; of ``step`` minutes the last point of each
    account."""
    query = sa.select(equity).order_by(equity.c.minute.desc(), equity.c.account).limit(limit)
    if step > 1:
        span = equity.c.minute - equity.c.minute % (step * 60_000)
        last = sa.select(equity.c.account, sa.func.max(equity.c.minute).label("minute"))
        last = last.group_by(equity.c.account, span)
        if since is not None:
            last = last.where(equity.c.minute >= since)
        ends = last.subquery()
        query = query.join(ends, sa.and_(equity.c.account == ends.c.account, equity.c.minute == ends.c.minute))
    if account:
        query = query.where(equity.c.account == account)
    if since is not None:
        query = query.where(equity.c.minute >= since)
    rows = connection(tx).execute(query).all()
    return tuple(EquityRow(row.account, iso(row.minute), row.equity, row.balance) for row in rows[::-1])


def _position(row: Any, point_value: Callable[[str], Decimal]) -> PositionRow:
    position = position_of(row)
    profit = None if row.price is None else position.open_profit(row.price, point_value(row.symbol))
    return PositionRow(
        row.deployment,
        row.account,
        row.symbol,
        SIDES[position.side],
        position.quantity,
        row.average_price,
        row.price,
        iso_or_none(row.price_time),
        profit if position.side else Decimal(0),
        row.realized,
        row.fees,
        iso_or_none(row.opened),
        iso(row.updated),
    )


def _trade(row: Any) -> TradeRow:
    return TradeRow(
        id=row.id,
        deployment=row.deployment,
        account=row.account,
        symbol=row.symbol,
        side=SIDES[row.side],
        quantity=row.quantity,
        entry_price=row.entry_price,
        exit_price=row.exit_price,
        entry_time=iso(row.entry_time),
        exit_time=iso(row.exit_time),
        profit=row.profit,
        fees=row.fees,
        won=row.profit > 0,
        entry_signal=row.entry_signal,
        exit_signal=row.exit_signal,
        exit_role=row.exit_role,
        best=row.best,
        worst=row.worst,
    )
