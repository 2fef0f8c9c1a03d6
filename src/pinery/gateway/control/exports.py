"""Lists as CSV, whole and with the filters of the lists, written as they are read."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields, replace
from enum import StrEnum
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response, StreamingResponse

from pinery.adapters.store.people import Role
from pinery.adapters.store.views import orders, positions, records, signals
from pinery.adapters.store.views.paging import LARGEST_PAGE, Filters, Page
from pinery.adapters.store.views.values import to_json
from pinery.gateway.control.answers import needs
from pinery.gateway.control.configuration import Parts
from pinery.gateway.control.problems import PROBLEMS
from pinery.gateway.control.requests import export_filters
from pinery.trading.events import Severity

#: With these a spreadsheet takes a text for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Table(StrEnum):
    SIGNALS = "signals"
    ORDERS = "orders"
    FILLS = "fills"
    TRADES = "trades"
    POSITIONS = "positions"
    EVENTS = "events"


#: What a row is made of, and the list that gives a page of them.
_LISTS: dict[Table, tuple[type[Any], Callable[..., Page[Any]]]] = {
    Table.SIGNALS: (signals.SignalRow, signals.list_signals),
    Table.ORDERS: (orders.OrderRow, orders.list_orders),
    Table.FILLS: (orders.FillRow, orders.list_fills),
    Table.TRADES: (positions.TradeRow, positions.list_trades),
    Table.EVENTS: (records.EventRow, records.list_events),
}


def export_routes(parts: Parts) -> APIRouter:
    router = APIRouter(tags=["reading"], responses=PROBLEMS, dependencies=[needs(Role.VIEWER)])

    @router.get(
        "/export/{table}.csv",
        response_class=StreamingResponse,
        responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
    )
    def export(
        table: Table,
        filters: Annotated[Filters, Depends(export_filters)],
        severity: Annotated[Severity | None, Query(description="Of events.")] = None,
    ) -> Response:
        """All rows as CSV, newest first. A text that a spreadsheet would calculate has an apostrophe in front."""
        made, rows = _rows(parts, table, filters, severity)
        names = [field.name for field in fields(made)]
        headers = {"Content-Disposition": f'attachment; filename="pinery-{table.value}.csv"'}
        return StreamingResponse(_texts(names, rows), media_type="text/csv", headers=headers)

    return router


def _rows(
    parts: Parts, table: Table, filters: Filters, severity: Severity | None
) -> tuple[type[Any], Iterator[Sequence[Any]]]:
    """The rows' type, and pages of rows. The first page is read at once, so that an error is still an answer."""
    read = parts.store.read
    if table is Table.POSITIONS:
        held = read(
            lambda tx: positions.list_positions(
                tx,
                parts.point_value,
                deployment=filters.deployment,
                account=filters.account,
                symbol=filters.symbol,
            )
        )
        return positions.PositionRow, iter([held])
    made, listed = _LISTS[table]
    whole = replace(filters, limit=LARGEST_PAGE)
    if table is Table.EVENTS:
        whole = replace(whole, symbol="")  # an event has none
        listed = partial(listed, severity=severity.value if severity else "")
    first = read(lambda tx: listed(tx, whole))

    def pages() -> Iterator[Sequence[Any]]:
        page = first
        while True:
            yield page.items
            if page.next is None:
                return
            page = read(partial(listed, filters=replace(whole, cursor=page.next)))

    return made, pages()


def _texts(names: Sequence[str], pages: Iterable[Sequence[Any]]) -> Iterator[str]:
    yield _lines([names])
    for rows in pages:
        if rows:
            yield _lines([_cell(getattr(row, name)) for name in names] for row in rows)


def _lines(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return to_json(value)
