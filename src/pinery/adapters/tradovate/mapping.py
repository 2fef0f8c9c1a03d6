"""Orders to Tradovate's requests, and Tradovate's entities to what the desk knows. No input or output.

The client id goes into ``clOrdId``, which only the command shows, and into ``text``, which only the order's versions
show: two witnesses. A modification's ``clOrdId`` carries its revision (``pn-…-s0-r2``). Partial fills are no state at
the venue: they follow from the fills.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from pinery.adapters.tradovate.cache import (
    COMMAND,
    ENDED,
    EXECUTION,
    FEE,
    REFUSED_COMMANDS,
    VERSION,
    Cache,
    Entity,
)
from pinery.trading.broker import Balance, VenueOrder
from pinery.trading.errors import Rejected
from pinery.trading.orders.model import ZERO, Amendment, Fill, Order, OrderType, Side, Status, Ticket, TimeInForce

#: States in which a command is under way: what comes of it is not known yet.
UNSETTLED = frozenset({"PendingNew", "PendingReplace", "PendingCancel"})

TYPES = {
    OrderType.MARKET: "Market",
    OrderType.LIMIT: "Limit",
    OrderType.STOP: "Stop",
    OrderType.TRAILING_STOP: "TrailingStop",
}
_IN_FORCE = {TimeInForce.DAY: "Day", TimeInForce.GTC: "GTC", TimeInForce.IOC: "IOC"}
_ENDINGS = {
    "Canceled": Status.CANCELED,
    "Rejected": Status.REJECTED,
    "Expired": Status.EXPIRED,
    "Filled": Status.FILLED,
    "Completed": Status.FILLED,
}
_FEES = ("clearingFee", "exchangeFee", "nfaFee", "brokerageFee", "ipFee", "commission", "orderRoutingFee")
_REVISION = re.compile(r".*-r(\d+)")
_TERMS = (
    "orderQty",
    "orderType",
    "price",
    "stopPrice",
    "maxShow",
    "pegDifference",
    "timeInForce",
    "expireTime",
    "text",
)


# --- requests ---------------------------------------------------------------------------


def place(ticket: Ticket, account: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Body of placeorder, or with brackets of placeoso. Raises Rejected for what Tradovate cannot take."""
    order = ticket.order
    body = {
        "accountSpec": account["name"],
        "accountId": account["id"],
        "symbol": name,
        "orderQty": _contracts(order.quantity),
        **_leg(order),
        "isAutomated": True,
    }
    if len(ticket.protection) > 2:
        raise Rejected("BROKER_REJECTED", f"order {order.client_id} has more than a stop and a target")
    for number, child in enumerate(ticket.protection, 1):
        if child.quantity != order.quantity or child.side is order.side:
            raise Rejected("BROKER_REJECTED", f"{child.client_id} does not fit its entry: brackets take its quantity")
        body[f"bracket{number}"] = {**_leg(child), "isAutomated": True}
    return body


def _leg(order: Order) -> dict[str, Any]:
    leg: dict[str, Any] = {
        "action": "Buy" if order.side is Side.BUY else "Sell",
        "orderType": TYPES[order.type],
        "timeInForce": _in_force(order),
        "clOrdId": order.client_id,
        "text": order.client_id,
    }
    if order.type is OrderType.LIMIT:
        leg["price"] = _stated(order.limit_price, order, "limit price")
    elif order.type is OrderType.STOP:
        leg["stopPrice"] = _stated(order.stop_price, order, "stop price")
    elif order.type is OrderType.TRAILING_STOP:
        offset = _stated(order.trail_offset, order, "trailing distance")
        leg["pegDifference"] = offset
        if order.stop_price is not None:
            leg["stopPrice"] = order.stop_price
        elif order.reference_price is not None:
            leg["stopPrice"] = order.reference_price + order.side.sign * offset
    return leg


def _in_force(order: Order) -> str:
    if order.type is OrderType.MARKET and order.time_in_force is TimeInForce.GTC:
        return "Day"  # it does not rest
    return _IN_FORCE[order.time_in_force]


def _stated(value: Decimal | None, order: Order, what: str) -> Decimal:
    if value is None:
        raise Rejected("BROKER_REJECTED", f"order {order.client_id} has no {what}")
    return value


def _contracts(quantity: Decimal) -> int:
    if quantity <= 0 or quantity != quantity.to_integral_value():
        raise Rejected("SIZE", f"{quantity:f} is no number of whole contracts")
    return int(quantity)


def modify(order_id: int, terms: Entity, client_id: str, amendment: Amendment) -> dict[str, Any]:
    """Body of modifyorder. It replaces everything: what is not amended is sent again as it is."""
    body = {"orderId": order_id, **{name: terms[name] for name in _TERMS if terms.get(name) is not None}}
    if amendment.quantity is not None:
        body["orderQty"] = _contracts(amendment.quantity)
    if amendment.limit_price is not None:
        body["price"] = amendment.limit_price
    if amendment.stop_price is not None:
        body["stopPrice"] = amendment.stop_price
    body["clOrdId"] = f"{client_id}-r{amendment.revision}"
    body["text"] = client_id
    body["isAutomated"] = True
    return body


def cancel(order_id: int, client_id: str) -> dict[str, Any]:
    return {"orderId": order_id, "clOrdId": f"{client_id}-c", "isAutomated": True}


# --- entities ---------------------------------------------------------------------------


def milliseconds(timestamp: Any) -> int:
    """Unix ms of an entity's time. Raises ValueError."""
    return round(datetime.fromisoformat(str(timestamp)).timestamp() * 1000)


def terms_of(cache: Cache, order_id: int) -> Entity | None:
    """The version that the order works with: the last one whose command was not refused."""
    found = None
    for version in cache.of_order(VERSION, order_id):
        command = cache.get(COMMAND, version["id"])
        if found is None or command is None or command.get("commandStatus") not in REFUSED_COMMANDS:
            found = version
    return found


def revision_of(cache: Cache, order_id: int) -> int:
    """The highest revision that was sent and not refused; 0: none."""
    highest = 0
    for command in cache.of_order(COMMAND, order_id):
        match = _REVISION.fullmatch(str(command.get("clOrdId") or ""))
        if match and command.get("commandType") == "Modify" and command.get("commandStatus") not in REFUSED_COMMANDS:
            highest = max(highest, int(match[1]))
    return highest


def status_of(state: str, filled: Decimal, quantity: Decimal, *, may_grow: bool = False) -> Status:
    """Suspended orders (brackets whose entry is not filled, orders off session) are alive.

    ``may_grow``: a bracket of an entry that still fills. The venue makes it as large as what has been filled so far,
    so that fills of all of it are not its end.
    """
    if not may_grow and quantity > 0 and filled >= quantity and (state == "Working" or state in UNSETTLED):
        return Status.FILLED  # the fills were told sooner
    if state == "Unknown":
        return Status.UNKNOWN
    ended = _ENDINGS.get(state)
    if ended is not None:
        return ended
    return Status.PARTIALLY_FILLED if filled else Status.WORKING


def reason_of(cache: Cache, order_id: int) -> tuple[str, str]:
    """Why an order was refused: the venue's reason, and its words."""
    reports = [each for command in cache.of_order(COMMAND, order_id) for each in cache.reports_of(command["id"])]
    for report in reversed([*reports, *cache.of_order(EXECUTION, order_id)]):
        kind, text = str(report.get("rejectReason") or ""), str(report.get("text") or "")
        if kind not in ("", "Success") or (text and "Reject" in str(report.get("commandStatus", ""))):
            return kind, text
    return "", ""


def fee_of(fee: Entity) -> Decimal:
    return sum((Decimal(fee[name]) for name in _FEES if fee.get(name) is not None), ZERO)


def fill_of(entity: Entity, fee: Decimal, client_id: str, symbol: str, currency: str) -> Fill:
    return Fill(
        client_id=client_id,
        trade_id=str(entity["id"]),
        symbol=symbol,
        side=Side.BUY if entity["action"] == "Buy" else Side.SELL,
        quantity=Decimal(entity["qty"]),
        price=Decimal(entity["price"]),
        time=milliseconds(entity["timestamp"]),
        fee=fee,
        fee_currency=currency if fee else "",
    )


def fee_known(cache: Cache, fill_id: int) -> Decimal | None:
    fee = cache.get(FEE, fill_id)
    return fee_of(fee) if fee is not None else None


def view(
    cache: Cache, order_id: int, client_id: str, symbol: str, fills: Sequence[Fill], reason: str = ""
) -> VenueOrder | None:
    """The order as the desk sees it; None while nothing says what it asks for."""
    order, terms = cache.order(order_id), terms_of(cache, order_id)
    if order is None or terms is None:
        return None
    quantity = Decimal(terms["orderQty"])
    filled = sum((fill.quantity for fill in fills), ZERO)
    paid = sum((fill.quantity * fill.price for fill in fills), ZERO)
    return VenueOrder(
        client_id=client_id,
        venue_id=str(order_id),
        symbol=symbol,
        status=status_of(str(order.get("ordStatus")), filled, quantity, may_grow=_may_grow(cache, order)),
        quantity=quantity,
        filled=filled,
        average_price=paid / filled if filled else None,
        reason=reason,
        fills=tuple(fills),
        stop_price=_price(terms.get("stopPrice")),
        limit_price=_price(terms.get("price")),
    )


def _may_grow(cache: Cache, order: Entity) -> bool:
    parent_id = order.get("parentId")
    parent = cache.order(parent_id) if isinstance(parent_id, int) else None
    return parent is not None and parent.get("ordStatus") not in ENDED


def _price(value: Any) -> Decimal | None:
    return number(value) if value is not None else None


def number(value: Any) -> Decimal:
    """Exact: JSON was read with Decimals."""
    return Decimal(value)


def balance_of(cash: Entity, currency: str, time: int) -> Balance:
    """Raises KeyError where the venue leaves out what a balance needs."""
    equity, margin = Decimal(cash["netLiq"]), Decimal(cash.get("initialMargin") or 0)
    return Balance(currency, Decimal(cash["totalCashValue"]), equity, margin, equity - margin, time)
