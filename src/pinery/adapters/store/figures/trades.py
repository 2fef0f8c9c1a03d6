"""Totals of closed trades. Their exit times are the venue's, so that an old trade may turn up late: the totals of the
past are used again only while the number of trades in it is the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from pinery.adapters.store.tables import trades
from pinery.trading.figures import TradeTotals
from pinery.trading.positions.model import Trade

_HOUR_MS = 3_600_000

_profit = sa.cast(trades.c.profit, sa.Float)
_PAST = trades.c.exit_time < sa.bindparam("since")
_COUNT = sa.select(sa.func.count()).select_from(trades).where(_PAST)
_TOTALS = sa.select(
    trades.c.deployment,
    sa.func.count(),
    sa.func.sum(sa.case((_profit > 0, 1), else_=0)),
    sa.func.sum(sa.case((_profit < 0, 1), else_=0)),
    sa.func.sum(sa.case((_profit > 0, _profit), else_=0.0)),
    sa.func.sum(sa.case((_profit < 0, _profit), else_=0.0)),
    sa.func.sum(trades.c.exit_time - trades.c.entry_time),
).group_by(trades.c.deployment)


class TradeFigures:
    def __init__(self) -> None:
        self._since = 0
        self._count = 0
        self._past: dict[str, TradeTotals] = {}

    def totals(self, connection: sa.Connection, now: int) -> Mapping[str, TradeTotals]:
        since = now - now % _HOUR_MS - _HOUR_MS
        count = connection.execute(_COUNT, {"since": since}).scalar_one()
        if since != self._since or count != self._count:
            self._past = _totals(connection, _PAST, since)
            self._since, self._count = since, count
        result = dict(self._past)
        for name, recent in _totals(connection, trades.c.exit_time >= sa.bindparam("since"), since).items():
            result[name] = _sum(result[name], recent) if name in result else recent
        return result


def _totals(connection: sa.Connection, where: sa.ColumnElement[bool], since: int) -> dict[str, TradeTotals]:
    return {
        name: TradeTotals(count, int(wins), int(losses), float(gained), float(lost), float(held) / 1000)
        for name, count, wins, losses, gained, lost, held in connection.execute(_TOTALS.where(where), {"since": since})
    }


def _sum(one: TradeTotals, other: TradeTotals) -> TradeTotals:
    return TradeTotals(
        one.trades + other.trades,
        one.wins + other.wins,
        one.losses + other.losses,
        one.gross_profit + other.gross_profit,
        one.gross_loss + other.gross_loss,
        one.hold_seconds + other.hold_seconds,
    )


def closed(
    connection: sa.Connection, deployment: str | None = None, since: int = 0, until: int | None = None
) -> list[Trade]:
    """Trades by exit, exact."""
    statement = sa.select(trades).where(trades.c.exit_time >= since).order_by(trades.c.exit_time, trades.c.id)
    if deployment is not None:
        statement = statement.where(trades.c.deployment == deployment)
    if until is not None:
        statement = statement.where(trades.c.exit_time < until)
    return [Trade(**_fields(row)) for row in connection.execute(statement).mappings()]


def _fields(row: sa.RowMapping) -> dict[str, Any]:
    """Columns are called as the fields are."""
    return {str(name): value for name, value in row.items()}
