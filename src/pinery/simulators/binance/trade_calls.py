"""Calls that place, change, cancel and ask for orders."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pinery.simulators.binance import conditional, filling, placing, shapes
from pinery.simulators.binance.calls import Call, Route
from pinery.simulators.binance.errors import VenueError, refusal
from pinery.simulators.binance.ledger import forgotten
from pinery.simulators.binance.params import Params
from pinery.simulators.binance.records import OPEN, Algo, Order, plain

_DAY = 86_400_000


def place(call: Call) -> Any:
    return _placed(call, call.params)


def _placed(call: Call, params: Params) -> Any:
    result = params.one_of("newOrderRespType", ("ACK", "RESULT"), -1130, "ACK") == "RESULT"
    order = placing.place(call.exchange, call.account, params)
    final = result and (order.type == "MARKET" or order.tif in ("IOC", "FOK"))
    return shapes.placed(order, as_new=not final)


def test(call: Call) -> Any:
    order = placing.place(call.exchange, call.account, call.params, test=True)
    return shapes.placed(order, as_new=True)


def modify(call: Call) -> Any:
    return _modified(call, call.params)


def _modified(call: Call, params: Params) -> Any:
    """With the client's own number of the change, where it sent one."""
    id = params.whole("modifyId")
    changed = shapes.placed(placing.modify(call.exchange, call.account, params))
    return changed if id is None else changed | {"modifyId": id}


def cancel(call: Call) -> Any:
    order = _find(call, *call.params.either("orderId", "origClientOrderId"))
    return shapes.placed(placing.cancel(call.exchange, order))


def _find(call: Call, id: int | None, client_id: str | None) -> Order | None:
    symbol = call.exchange.symbol(call.params.need("symbol")).symbol
    return call.exchange.ledger.find_order(call.account.name, symbol, id, client_id)


def query(call: Call) -> Any:
    order = _find(call, *call.params.either("orderId", "origClientOrderId"))
    if order is None or forgotten(order, call.exchange.now()):
        raise refusal(-2013)
    return shapes.queried(order)


def query_open(call: Call) -> Any:
    order = _find(call, *call.params.either("orderId", "origClientOrderId"))
    if order is None or order.status not in OPEN:
        raise refusal(-2013)
    return shapes.queried(order)


def open_orders(call: Call) -> Any:
    return [shapes.queried(order) for order in call.exchange.ledger.orders_of(call.account.name, _symbol(call))]


def _symbol(call: Call) -> str | None:
    name = call.params.text("symbol")
    return call.exchange.symbol(name).symbol if name else None


def all_orders(call: Call) -> Any:
    symbol, params, now = _symbol(call), call.params, call.exchange.now()
    from_id, (start, end) = params.whole("orderId") or 0, params.period()
    found = [
        order
        for order in call.exchange.ledger.orders.values()
        if order.account == call.account.name
        and symbol in (None, order.symbol)
        and order.id >= from_id
        and start <= order.created <= (order.created if end is None else end)
        and not forgotten(order, now)
    ]
    limit = params.limit(500, 1000)
    return [shapes.queried(order) for order in (found[:limit] if from_id else found[-limit:])]


def user_trades(call: Call) -> Any:
    params = call.params
    symbol = call.exchange.symbol(params.need("symbol")).symbol
    from_id, order_id = params.whole("fromId"), params.whole("orderId")
    start, end = params.period()
    if from_id is not None and (start or end):
        raise refusal(-1128)
    if start and end and end - start > 7 * _DAY:
        raise refusal(-4166)
    found = [
        trade
        for trade in call.exchange.ledger.trades
        if (trade.account, trade.symbol) == (call.account.name, symbol)
        and order_id in (None, trade.order_id)
        and trade.id >= (from_id or 0)
        and start <= trade.time <= (trade.time if end is None else end)
    ]
    limit = params.limit(500, 1000)
    return [shapes.trade(trade) for trade in (found[:limit] if from_id is not None or start else found[-limit:])]


def cancel_all(call: Call) -> Any:
    symbol = call.exchange.symbol(call.params.need("symbol")).symbol
    for order in call.exchange.ledger.orders_of(call.account.name, symbol):
        filling.end(call.exchange, order, "CANCELED")
    return {"code": 200, "msg": "The operation of cancel all open order is done."}


def countdown(call: Call) -> Any:
    symbol = call.exchange.symbol(call.params.need("symbol")).symbol
    length = call.params.needed_whole("countdownTime")
    call.exchange.ledger.deadline(call.account.name, symbol, call.exchange.now() + length if length else None)
    return {"symbol": symbol, "countdownTime": str(length)}


def batch_place(call: Call) -> Any:
    return _batch(call, 5, lambda item: _placed(call, item))


def batch_modify(call: Call) -> Any:
    return _batch(call, 5, lambda item: _modified(call, item))


def _batch(call: Call, most: int, each: Callable[[Params], Any]) -> list[Any]:
    items = _json_list(call, "batchOrders")
    if not 1 <= len(items) <= most or not all(isinstance(item, dict) for item in items):
        raise refusal(-1130, "batchOrders")
    return [_or_error(each, Params.of_json(item)) for item in items]


def _or_error(each: Callable[[Params], Any], item: Params) -> Any:
    try:
        return each(item)
    except VenueError as error:
        return error.shape()


def batch_cancel(call: Call) -> Any:
    spelled = {name.lower(): name for name in call.params.values}  # clients write these two in both ways
    id_list, name_list = spelled.get("orderidlist"), spelled.get("origclientorderidlist")
    ids = _json_list(call, id_list) if id_list else []
    names = _json_list(call, name_list) if name_list else []
    if not 1 <= len(ids) + len(names) <= 10:
        raise refusal(-1130, "orderIdList")

    def one(item: Params) -> Any:
        return shapes.placed(placing.cancel(call.exchange, _find(call, item.whole("id"), item.text("name") or None)))

    wanted = [{"id": id} for id in ids] + [{"name": name} for name in names]
    return [_or_error(one, Params.of_json(item)) for item in wanted]


def _json_list(call: Call, name: str) -> list[Any]:
    try:
        found = json.loads(call.params.need(name))
    except ValueError:
        raise refusal(-1130, name) from None
    if not isinstance(found, list):
        raise refusal(-1130, name)
    return found


def amendments(call: Call) -> Any:
    order = _find(call, *call.params.either("orderId", "origClientOrderId"))
    found = [it for it in call.exchange.ledger.amendments if order is not None and it.order_id == order.id]
    return [
        {
            "amendmentId": it.id,
            "symbol": order.symbol,
            "pair": order.symbol,
            "orderId": order.id,
            "clientOrderId": order.client_id,
            "time": it.time,
            "amendment": {
                "price": {"before": plain(it.price_before), "after": plain(it.price)},
                "origQty": {"before": plain(it.quantity_before), "after": plain(it.quantity)},
                "count": number,
            },
        }
        for number, it in enumerate(found, 1)
        if order is not None
    ][-call.params.limit(50, 100) :]


# ---- conditional orders


def algo_place(call: Call) -> Any:
    call.params.one_of("newOrderRespType", ("ACK", "RESULT"), -1130, "ACK")
    return shapes.algo(conditional.place(call.exchange, call.account, call.params))


def algo_cancel(call: Call) -> Any:
    algo = _find_algo(call)
    if algo is None:
        raise refusal(-2011)
    conditional.cancel(call.exchange, algo)
    return {"algoId": algo.id, "clientAlgoId": algo.client_id, "code": "200", "msg": "success"}


def algo_query(call: Call) -> Any:
    algo = _find_algo(call)
    if algo is None or forgotten(algo, call.exchange.now()):
        raise refusal(-2013)
    return shapes.algo_queried(call.exchange, algo)


def _find_algo(call: Call) -> Algo | None:
    return call.exchange.ledger.find_algo(call.account.name, *call.params.either("algoId", "clientAlgoId"))


def open_algos(call: Call) -> Any:
    id = call.params.whole("algoId")
    found = call.exchange.ledger.algos_of(call.account.name, _symbol(call))
    return [shapes.algo_queried(call.exchange, algo) for algo in found if id in (None, algo.id)]


def all_algos(call: Call) -> Any:
    symbol, params, now = call.exchange.symbol(call.params.need("symbol")).symbol, call.params, call.exchange.now()
    from_id, (start, end) = params.whole("algoId") or 0, params.period()
    found = [
        algo
        for algo in call.exchange.ledger.algos.values()
        if (algo.account, algo.symbol) == (call.account.name, symbol)
        and algo.id >= from_id
        and start <= algo.created <= (algo.created if end is None else end)
        and not forgotten(algo, now)
    ]
    limit = params.limit(500, 1000)
    return [shapes.algo_queried(call.exchange, algo) for algo in (found[:limit] if from_id else found[-limit:])]


def cancel_all_algos(call: Call) -> Any:
    symbol = call.exchange.symbol(call.params.need("symbol")).symbol
    for algo in call.exchange.ledger.algos_of(call.account.name, symbol):
        conditional.cancel(call.exchange, algo)
    return {"code": 200, "msg": "The operation of cancel all open order is done."}


_ONE, _BATCH = (1, 1), (5, 1)  # a batch is one request of orders in the minute's count

ROUTES = (
    Route("POST", "/fapi/v1/order", place, weight=0, orders=_ONE),
    Route("PUT", "/fapi/v1/order", modify, weight=0, orders=_ONE),
    Route("DELETE", "/fapi/v1/order", cancel),
    Route("GET", "/fapi/v1/order", query),
    Route("GET", "/fapi/v1/orderAmendment", amendments),
    Route("POST", "/fapi/v1/order/test", test, weight=0),
    Route("GET", "/fapi/v1/openOrder", query_open),
    Route("GET", "/fapi/v1/openOrders", open_orders, weight=1, weight_of_all=40),
    Route("GET", "/fapi/v1/allOrders", all_orders, weight=5),
    Route("GET", "/fapi/v1/userTrades", user_trades, weight=5),
    Route("DELETE", "/fapi/v1/allOpenOrders", cancel_all),
    Route("POST", "/fapi/v1/countdownCancelAll", countdown, weight=10),
    Route("POST", "/fapi/v1/batchOrders", batch_place, weight=5, orders=_BATCH),
    Route("PUT", "/fapi/v1/batchOrders", batch_modify, weight=5, orders=_BATCH),
    Route("DELETE", "/fapi/v1/batchOrders", batch_cancel),
    Route("POST", "/fapi/v1/algoOrder", algo_place, weight=0, orders=_ONE),
    Route("DELETE", "/fapi/v1/algoOrder", algo_cancel),
    Route("GET", "/fapi/v1/algoOrder", algo_query),
    Route("GET", "/fapi/v1/openAlgoOrders", open_algos, weight=1, weight_of_all=40),
    Route("GET", "/fapi/v1/allAlgoOrders", all_algos, weight=5),
    Route("DELETE", "/fapi/v1/algoOpenOrders", cancel_all_algos),
)
