"""What closed trades brought, for each currency: per deployment, in total, and by day, hour and weekday."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

import sqlalchemy as sa

from pinery.adapters.store.tables import trades
from pinery.adapters.store.views.connection import connection
from pinery.adapters.store.views.values import Number, iso
from pinery.trading.figures import Performance, curve, performance, performances, slices
from pinery.trading.positions.model import Trade
from pinery.trading.store import Tx


@dataclass(frozen=True, slots=True)
class DayProfit:
    """A day as ``2026-11-23``."""

    day: str
    profit: Number
    trades: int


@dataclass(frozen=True, slots=True)
class HourProfit:
    """``hour`` from 0 to 23."""

    hour: int
    profit: Number
    trades: int


@dataclass(frozen=True, slots=True)
class WeekdayProfit:
    """``weekday`` from 1 (Monday) to 7."""

    weekday: int
    profit: Number
    trades: int


@dataclass(frozen=True, slots=True)
class SumPoint:
    """``profit``: the sum of all closed by ``time``; ``drawdown``: how far that is below its peak, 0 or below."""

    time: str
    profit: Number
    drawdown: Number


@dataclass(frozen=True, slots=True)
class PerformanceRow:
    """Closed trades, net of fees; ratios are null where undefined.

    ``gross_loss``, ``largest_loss`` and ``average_loss`` are 0 or below; ``max_drawdown`` (of the sum of profits, from
    its peak) 0 or above; ``hold_ms`` is an average; ``expectancy`` what a trade brought on average.
    """

    deployment: str
    trades: int
    wins: int
    losses: int
    profit: Number
    fees: Number
    gross_profit: Number
    gross_loss: Number
    largest_win: Number
    largest_loss: Number
    max_drawdown: Number
    hold_ms: int
    win_rate: Number | None
    win_loss_ratio: Number | None
    profit_factor: Number | None
    expectancy: Number | None
    average_win: Number | None
    average_loss: Number | None


@dataclass(frozen=True, slots=True)
class CurrencyPerformance:
    """Of the trades in contracts of one ``currency``. ``curve`` goes trade by trade; of very many, a part is left out,
    but no trough."""

    currency: str
    total: PerformanceRow
    deployments: tuple[PerformanceRow, ...]
    curve: tuple[SumPoint, ...]
    by_day: tuple[DayProfit, ...]
    by_hour: tuple[HourProfit, ...]
    by_weekday: tuple[WeekdayProfit, ...]


@dataclass(frozen=True, slots=True)
class PerformanceView:
    """``currencies``: most trades first; empty without trades. Amounts of different currencies are never added.
    ``zone``: whose calendar days, hours and weekdays are of."""

    currencies: tuple[CurrencyPerformance, ...]
    zone: str


def performance_view(
    tx: Tx,
    zone: tzinfo,
    zone_name: str,
    currency_of: Callable[[str], str],
    *,
    deployment: str = "",
    account: str = "",
    since: int | None = None,
) -> PerformanceView:
    """Of trades closed from ``since`` (Unix ms). ``currency_of`` a symbol is that of its profits."""
    of: dict[str, list[Trade]] = {}
    currencies: dict[str, str] = {}
    for trade in _closed(tx, deployment, account, since):
        if trade.symbol not in currencies:
            currencies[trade.symbol] = currency_of(trade.symbol)
        of.setdefault(currencies[trade.symbol], []).append(trade)
    parts = sorted(of.items(), key=lambda part: (-len(part[1]), part[0]))
    return PerformanceView(tuple(_in_currency(name, found, zone) for name, found in parts), zone_name)


def _in_currency(currency: str, found: Sequence[Trade], zone: tzinfo) -> CurrencyPerformance:
    parts = slices(found, zone)
    return CurrencyPerformance(
        currency,
        _row(performance("", found)),
        tuple(_row(one) for one in performances(found)),
        tuple(SumPoint(iso(point.time), point.profit, point.drawdown) for point in curve(found)),
        tuple(DayProfit(str(part.of), part.profit, part.trades) for part in parts.days),
        tuple(HourProfit(hour, part.profit, part.trades) for hour, part in enumerate(parts.hours)),
        tuple(WeekdayProfit(day, part.profit, part.trades) for day, part in enumerate(parts.weekdays, 1)),
    )


def _closed(tx: Tx, deployment: str, account: str, since: int | None) -> Sequence[Trade]:
    """By exit."""
    query = sa.select(trades).order_by(trades.c.exit_time, trades.c.id)
    for name, wanted in (("deployment", deployment), ("account", account)):
        if wanted:
            query = query.where(trades.c[name] == wanted)
    if since is not None:
        query = query.where(trades.c.exit_time >= since)
    rows = connection(tx).execute(query).mappings()
    return [Trade(**{str(name): value for name, value in row.items()}) for row in rows]


def _row(of: Performance) -> PerformanceRow:
    return PerformanceRow(
        deployment=of.deployment,
        trades=of.trades,
        wins=of.wins,
        losses=of.losses,
        profit=of.profit,
        fees=of.fees,
        gross_profit=of.gross_profit,
        gross_loss=of.gross_loss,
        largest_win=of.largest_win,
        largest_loss=of.largest_loss,
        max_drawdown=of.max_drawdown,
        hold_ms=of.hold_ms,
        win_rate=of.win_rate,
        win_loss_ratio=of.win_loss_ratio,
        profit_factor=of.profit_factor,
        expectancy=of.expectancy,
        average_win=of.average_win,
        average_loss=of.average_loss,
    )
