"""Answers of the REST and WebSocket API about orders, trades, positions and accounts, field by field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pinery.simulators.binance import margin
from pinery.simulators.binance.events import break_even, child_type
from pinery.simulators.binance.records import ZERO, Account, Algo, Order, Position, Trade, money, plain

if TYPE_CHECKING:
    from pinery.simulators.binance.exchange import Exchange


def placed(order: Order, *, as_new: bool = False) -> dict[str, Any]:
    """Of an order that was placed, changed or cancelled: without avgPrice and cumQuote.

    ``as_new``: acknowledged before it met the market.
    """
    executed = "0" if as_new else plain(order.executed)
    return {
        "orderId": order.id,
        "clientOrderId": order.client_id,
        "symbol": order.symbol,
        "side": order.side,
        "type": order.type,
        "origType": order.orig_type,
        "positionSide": order.position_side,
        "status": "NEW" if as_new else order.status,
        "origQty": plain(order.quantity),
        "executedQty": executed,
        "cumQty": executed,
        "price": plain(order.price),
        "reduceOnly": order.reduce_only,
        "closePosition": order.close_position,
        "stopPrice": plain(order.stop_price),
        "timeInForce": order.tif,
        "workingType": order.working_type,
        "priceProtect": order.price_protect,
        "priceMatch": order.price_match,
        "selfTradePreventionMode": order.stp,
        "goodTillDate": order.good_till,
        "updateTime": order.updated,
    }


def queried(order: Order) -> dict[str, Any]:
    found = placed(order)
    del found["cumQty"]
    return found | {"avgPrice": plain(order.average), "cumQuote": plain(order.quote), "time": order.created}


def algo(found: Algo) -> dict[str, Any]:
    trailing = found.type == "TRAILING_STOP_MARKET"
    return {
        "algoId": found.id,
        "clientAlgoId": found.client_id,
        "algoType": "CONDITIONAL",
        "orderType": found.type,
        "symbol": found.symbol,
        "side": found.side,
        "positionSide": found.position_side,
        "timeInForce": found.tif,
        "quantity": plain(found.quantity),
        "algoStatus": found.status,
        "triggerPrice": plain(found.trigger),
        "price": plain(found.price),
        "icebergQuantity": None,
        "selfTradePreventionMode": found.stp,
        "workingType": found.working_type,
        "priceMatch": found.price_match,
        "closePosition": found.close_position,
        "priceProtect": found.price_protect,
        "reduceOnly": found.reduce_only,
        "activatePrice": plain(found.activate) if trailing and found.activate is not None else "",
        "callbackRate": plain(found.callback) if found.callback is not None else "",
        "createTime": found.created,
        "updateTime": found.updated,
        "triggerTime": found.triggered,
        "goodTillDate": found.good_till,
    }


def algo_queried(exchange: Exchange, found: Algo) -> dict[str, Any]:
    child = exchange.ledger.orders.get(found.order_id)
    return algo(found) | {
        "actualOrderId": str(found.order_id) if found.order_id else "",
        "actualPrice": plain(child.average) if child else "0.00000",
        "actualQty": plain(child.executed) if child else "0",
        "actualType": child.type if child else (child_type(found) if found.order_id else ""),
        "tpTriggerPrice": "0.000",
        "tpPrice": "0.000",
        "slTriggerPrice": "0.000",
        "slPrice": "0.000",
        "tpOrderType": "",
    }


def trade(found: Trade) -> dict[str, Any]:
    return {
        "symbol": found.symbol,
        "id": found.id,
        "orderId": found.order_id,
        "side": found.side,
        "price": plain(found.price),
        "qty": plain(found.quantity),
        "realizedPnl": money(found.realized),
        "quoteQty": money(found.price * found.quantity),
        "commission": money(found.commission),
        "commissionAsset": "USDT",
        "time": found.time,
        "positionSide": found.position_side,
        "buyer": found.side == "BUY",
        "maker": found.maker,
    }


def risk(exchange: Exchange, account: Account, position: Position) -> dict[str, Any]:
    """A row of positionRisk v3."""
    bound = margin.bound(exchange, account, position.symbol, position.side)
    profit = margin.unrealized(exchange, position)
    apart = margin.isolated(exchange, account.name, position.symbol)
    bids, asks = _sides(exchange, account, position)
    return {
        "symbol": position.symbol,
        "positionSide": position.side,
        "positionAmt": plain(position.amount),
        "entryPrice": plain(position.entry),
        "breakEvenPrice": plain(break_even(position)),
        "markPrice": money(exchange.mark(position.symbol)),
        "unRealizedProfit": money(profit),
        "liquidationPrice": plain(round(margin.liquidation_price(exchange, account, position), 8)),
        "isolatedMargin": money(position.isolated + profit) if apart and position.amount else "0",
        "notional": money(margin.notional(exchange, position)),
        "marginAsset": "USDT",
        "isolatedWallet": money(position.isolated) if apart else "0",
        "initialMargin": money(bound.total),
        "maintMargin": money(margin.maintenance(exchange, position)),
        "positionInitialMargin": money(bound.position),
        "openOrderInitialMargin": money(bound.orders),
        "adl": 1 if position.amount else 0,
        "bidNotional": money(bids),
        "askNotional": money(asks),
        "updateTime": position.updated,
    }


def _sides(exchange: Exchange, account: Account, position: Position) -> tuple[Any, Any]:
    found = {"BUY": ZERO, "SELL": ZERO}
    for order in exchange.ledger.orders_of(account.name, position.symbol):
        if order.position_side == position.side:
            found[order.side] += order.left * (order.price or exchange.mark(order.symbol))
    return found["BUY"], found["SELL"]


def risk_v2(exchange: Exchange, account: Account, position: Position) -> dict[str, Any]:
    row = risk(exchange, account, position)
    setting = exchange.ledger.setting(account.name, position.symbol)
    apart = setting.margin_type == "ISOLATED"
    kept = "symbol positionSide positionAmt entryPrice breakEvenPrice markPrice unRealizedProfit liquidationPrice"
    kept += " notional isolatedWallet isolatedMargin updateTime"
    return {name: row[name] for name in kept.split()} | {
        "leverage": str(setting.leverage),
        "maxNotionalValue": plain(exchange.symbols[position.symbol].max_notional(setting.leverage)),
        "marginType": "isolated" if apart else "cross",
        "isAutoAddMargin": "false",
        "isolated": apart,
        "adlQuantile": 1 if position.amount else 0,
    }


def account_v3(exchange: Exchange, account: Account, shown: list[Position]) -> dict[str, Any]:
    """``shown``: the rows of ``positions``."""
    total = margin.figures(exchange, account)
    sums = {
        "initialMargin": total.initial,
        "maintMargin": total.maintenance,
        "walletBalance": total.wallet,
        "unrealizedProfit": total.unrealized,
        "marginBalance": total.margin_balance,
        "positionInitialMargin": total.positions,
        "openOrderInitialMargin": total.orders,
        "crossWalletBalance": total.cross_wallet,
        "crossUnPnl": total.cross_unrealized,
    }
    named = {f"total{name[0].upper()}{name[1:]}": money(value) for name, value in sums.items()}
    rest = {"availableBalance": money(total.available), "maxWithdrawAmount": money(_withdrawable(total))}
    asset = {"asset": "USDT"} | {name: money(value) for name, value in sums.items()} | rest
    return {
        **named,
        **rest,
        "assets": [asset | {"marginAvailable": True, "updateTime": exchange.now()}],
        "positions": [_position(exchange, account, position) for position in shown],
    }


def account_v2(exchange: Exchange, account: Account, shown: list[Position]) -> dict[str, Any]:
    found = account_v3(exchange, account, shown)
    for row, position in zip(found["positions"], shown, strict=True):
        setting = exchange.ledger.setting(account.name, position.symbol)
        row["leverage"] = str(setting.leverage)
        row["isolated"] = setting.margin_type == "ISOLATED"
        row["entryPrice"] = plain(position.entry)
        row["breakEvenPrice"] = plain(break_even(position))
        row["maxNotional"] = plain(exchange.symbols[position.symbol].max_notional(setting.leverage))
        row["bidNotional"], row["askNotional"] = (money(side) for side in _sides(exchange, account, position))
    return {
        "feeTier": 0,
        "feeBurn": account.fee_burn,
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": True,
        "updateTime": 0,
        "multiAssetsMargin": account.multi_assets,
        "tradeGroupId": -1,
        **found,
    }


def _position(exchange: Exchange, account: Account, position: Position) -> dict[str, Any]:
    bound = margin.bound(exchange, account, position.symbol, position.side)
    profit = margin.unrealized(exchange, position)
    return {
        "symbol": position.symbol,
        "positionSide": position.side,
        "positionAmt": plain(position.amount),
        "unrealizedProfit": money(profit),
        "isolatedMargin": money(position.isolated + profit) if position.isolated else "0",
        "notional": money(margin.notional(exchange, position)),
        "isolatedWallet": money(position.isolated) if position.isolated else "0",
        "initialMargin": money(bound.total),
        "positionInitialMargin": money(bound.position),
        "openOrderInitialMargin": money(bound.orders),
        "maintMargin": money(margin.maintenance(exchange, position)),
        "updateTime": position.updated,
    }


def balance(exchange: Exchange, account: Account) -> dict[str, Any]:
    total = margin.figures(exchange, account)
    return {
        "accountAlias": f"sim{account.name}",
        "asset": "USDT",
        "balance": money(total.wallet),
        "crossWalletBalance": money(total.cross_wallet),
        "crossUnPnl": money(total.cross_unrealized),
        "availableBalance": money(total.available),
        "maxWithdrawAmount": money(_withdrawable(total)),
        "marginAvailable": True,
        "updateTime": exchange.now(),
    }


def _withdrawable(total: margin.Figures) -> Any:
    return max(ZERO, min(total.available, total.cross_wallet))
