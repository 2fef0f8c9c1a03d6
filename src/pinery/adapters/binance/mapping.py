"""Our orders as Binance's requests, and Binance's rows and events as our facts. Pure.

Market and limit orders go to ``/order``, stops (and targets, where settings say so) to ``/algoOrder``. Binance cannot
change a conditional order: its next revision is another one there, ``pn-…-s0-r1``, and all of them are one order here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from pinery.adapters.binance.instruments import plain, symbol_of
from pinery.adapters.binance.settings import BinanceSettings
from pinery.trading.broker import Balance, VenueOrder, VenuePosition
from pinery.trading.errors import Rejected
from pinery.trading.orders.model import ZERO, Fill, Order, OrderType, Role, Side, Status, TimeInForce

Json = Mapping[str, Any]

ORDER_STATUS: Mapping[str, Status] = {
    "NEW": Status.WORKING,
    "PARTIALLY_FILLED": Status.PARTIALLY_FILLED,
    "FILLED": Status.FILLED,
    "CANCELED": Status.CANCELED,
    "REJECTED": Status.REJECTED,
    "EXPIRED": Status.EXPIRED,
    "EXPIRED_IN_MATCH": Status.EXPIRED,
}

#: Of a conditional order as long as no order has come of it.
ALGO_STATUS: Mapping[str, Status] = {
    "NEW": Status.WORKING,
    "TRIGGERING": Status.WORKING,
    "TRIGGERED": Status.WORKING,
    "CANCELED": Status.CANCELED,
    "EXPIRED": Status.EXPIRED,
    "REJECTED": Status.REJECTED,
}

#: Types of conditional orders: of an order that came of one, the type that it had before.
CONDITIONAL_TYPES = frozenset({"STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"})

#: Orders of the exchange's own, by how their ids begin, and what they are.
EXCHANGE_ORDERS: Mapping[str, str] = {
    "autoclose-": "liquidation",
    "adl_autoclose": "auto-deleveraging",
    "settlement_autoclose-": "settlement",
}

_WORKING_TYPE = {"last": "CONTRACT_PRICE", "mark": "MARK_PRICE"}
_TIF = {TimeInForce.GTC: "GTC", TimeInForce.IOC: "IOC"}
_REVISED = re.compile(r"(pn-.+-[a-z]\d+)-r(\d+)")
_LONGEST_ID = 36


# --- names ------------------------------------------------------------------------------


def base_of(client_id: str) -> tuple[str, int]:
    """Our order's id and the revision: ``pn-…-s0-r2`` is revision 2 of ``pn-…-s0``. Other ids are their own."""
    found = _REVISED.fullmatch(client_id)
    return (found[1], int(found[2])) if found else (client_id, 0)


def revised(client_id: str, revision: int) -> str:
    """Raises Rejected where Binance takes no id as long."""
    name = f"{client_id}-r{revision}" if revision else client_id
    if len(name) > _LONGEST_ID:
        raise Rejected("BROKER_REJECTED", f"order {client_id} was changed too often for Binance: {revision} times")
    return name


# --- requests ---------------------------------------------------------------------------


def is_conditional(order: Order, settings: BinanceSettings) -> bool:
    return order.type is OrderType.STOP or (order.role is Role.TARGET and settings.targets == "market")


def order_request(order: Order, name: str) -> dict[str, str]:
    """For ``/order``. Raises Rejected for what Binance has not."""
    request = {
        "symbol": name,
        "side": order.side.value.upper(),
        "type": order.type.value.upper(),
        "quantity": plain(order.quantity),
        "newClientOrderId": order.client_id,
    }
    if order.type is OrderType.LIMIT:
        if order.limit_price is None:
            raise Rejected("BROKER_REJECTED", f"order {order.client_id} has no limit price")
        tif = _TIF.get(order.time_in_force)
        if tif is None:
            raise Rejected("BROKER_REJECTED", "Binance has no orders for the day; use good-till-canceled ones")
        request |= {"price": plain(order.limit_price), "timeInForce": tif}
    if order.reduce_only:
        request["reduceOnly"] = "true"
    return request


def algo_request(order: Order, name: str, settings: BinanceSettings) -> dict[str, str]:
    """For ``/algoOrder``: a market order once the price is there. Raises Rejected."""
    price = trigger_price(order)
    if price is None:
        raise Rejected("BROKER_REJECTED", f"order {order.client_id} has no stop price")
    request = {
        "algoType": "CONDITIONAL",
        "symbol": name,
        "side": order.side.value.upper(),
        "type": "STOP_MARKET" if order.type is OrderType.STOP else "TAKE_PROFIT_MARKET",
        "quantity": plain(order.quantity),
        "triggerPrice": plain(price),
        "workingType": _WORKING_TYPE[settings.working_type],
        "clientAlgoId": order.client_id,
    }
    if order.reduce_only:
        request["reduceOnly"] = "true"
    return request


def trigger_price(order: Order) -> Decimal | None:
    return order.stop_price if order.type is OrderType.STOP else order.limit_price


# --- answers ----------------------------------------------------------------------------


def number(text: Any) -> Decimal:
    """Of a text such as "0.010"; nothing is 0."""
    return Decimal(str(text)) if text not in (None, "") else ZERO


def order_view(row: Json, fills: Iterable[Fill] = (), client_id: str = "") -> VenueOrder:
    """A row of ``/order`` or ``/openOrders``. ``client_id``: ours, where the row carries another."""
    known = tuple(sorted(fills, key=lambda fill: (fill.time, fill.trade_id)))
    listed = sum((fill.quantity for fill in known), ZERO)
    filled = max(number(row.get("executedQty")), listed)
    average = number(row.get("avgPrice")) or None
    if listed and listed == filled:
        average = sum((fill.quantity * fill.price for fill in known), ZERO) / listed
    return VenueOrder(
        client_id or base_of(str(row["clientOrderId"]))[0],
        str(row["orderId"]),
        symbol_of(str(row["symbol"])),
        ORDER_STATUS.get(str(row["status"]), Status.UNKNOWN),
        number(row.get("origQty")),
        filled,
        average if filled else None,
        fills=known,
        stop_price=number(row.get("stopPrice")) or None,
        limit_price=(number(row.get("price")) or None) if row.get("type") == "LIMIT" else None,
    )


def algo_view(row: Json) -> VenueOrder:
    """A conditional order that nothing has come of."""
    trigger = number(row.get("triggerPrice")) or None
    is_target = str(row.get("orderType", "")).startswith("TAKE_PROFIT")
    return VenueOrder(
        base_of(str(row["clientAlgoId"]))[0],
        str(row["algoId"]),
        symbol_of(str(row["symbol"])),
        ALGO_STATUS.get(str(row["algoStatus"]), Status.UNKNOWN),
        number(row.get("quantity")),
        ZERO,
        reason=str(row.get("rejectReason") or row.get("rm") or ""),
        stop_price=None if is_target else trigger,
        limit_price=trigger if is_target else None,
    )


def fill_of_trade(row: Json, client_id: str) -> Fill:
    """A row of ``/userTrades``. The same trade comes as the same fill over the stream."""
    return Fill(
        client_id,
        f"{row['symbol']}-{row['id']}",
        symbol_of(str(row["symbol"])),
        Side(str(row["side"]).lower()),
        number(row["qty"]),
        number(row["price"]),
        int(row["time"]),
        number(row.get("commission")),
        str(row.get("commissionAsset") or ""),
    )


def fill_of_event(order: Json, client_id: str) -> Fill:
    """``o`` of an ORDER_TRADE_UPDATE that is a trade."""
    return Fill(
        client_id,
        f"{order['s']}-{order['t']}",
        symbol_of(str(order["s"])),
        Side(str(order["S"]).lower()),
        number(order["l"]),
        number(order["L"]),
        int(order["T"]),
        number(order.get("n")),
        str(order.get("N") or ""),
    )


def position_view(row: Json) -> VenuePosition:
    return VenuePosition(
        symbol_of(str(row["symbol"])), number(row["positionAmt"]), number(row.get("entryPrice")) or None
    )


def balance_of(account: Json, currency: str, now: int) -> Balance:
    """Of one asset in the answer of ``/account``; an asset that is not there is nothing.

    ``available`` is equity less margin, unless Binance's own figure is lower (isolated margin, other assets' losses).
    """
    row: Json = next((each for each in account.get("assets", ()) if each.get("asset") == currency), {})
    wallet = number(row.get("walletBalance"))
    equity = wallet + number(row.get("unrealizedProfit"))
    margin = number(row.get("initialMargin"))
    available = equity - margin
    theirs = row.get("availableBalance")
    if theirs is not None:
        available = min(available, number(theirs)) if available > 0 else min(available, ZERO)
    return Balance(currency, wallet, equity, margin, available, now)
