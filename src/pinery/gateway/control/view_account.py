"""What the account of a deployment really holds, as its chart shows it beside what the script believes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from pinery.adapters.store.views.orders import OrderRow, list_fills, list_orders
from pinery.adapters.store.views.paging import Filters
from pinery.adapters.store.views.positions import list_positions
from pinery.gateway.control.viewing import Moment
from pinery.trading.orders.model import Side
from pinery.trading.store import Tx

_FILLS = 200  # the newest
_ORDERS = 50


def account_of(tx: Tx, point_value: Callable[[str], Decimal], deployment: str, moment: Moment) -> dict[str, Any]:
    """``positions``, resting ``orders`` and ``fills`` (oldest first) with their market times in Unix ms."""
    filters = Filters(deployment=deployment, limit=_ORDERS)
    return {
        "positions": [
            {
                "side": 1 if row.quantity > 0 else -1,
                "qty": abs(row.quantity),
                "price": row.average_price,
                "profit": row.open_profit,
                "symbol": row.symbol,
            }
            for row in list_positions(tx, point_value, deployment=deployment)
        ],
        "orders": [_order(row) for row in list_orders(tx, filters, unfinished=True).items],
        "fills": [
            {
                "id": row.trade_id,
                "time": moment.market_at(_unix_ms(row.time)),
                "at": row.time,
                "side": Side(row.side).sign,
                "qty": row.quantity,
                "price": row.price,
                "symbol": row.symbol,
            }
            for row in reversed(list_fills(tx, Filters(deployment=deployment, limit=_FILLS)).items)
        ],
    }


def _order(row: OrderRow) -> dict[str, Any]:
    return {
        "id": row.client_id,
        "kind": row.role,
        "side": Side(row.side).sign,
        "qty": row.quantity - row.filled,
        "price": row.stop_price if row.stop_price is not None else row.limit_price,
        "name": "",
        "status": row.status,
    }


def _unix_ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)
