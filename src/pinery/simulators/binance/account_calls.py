"""Calls about the account: balances, positions, leverage, margin, modes, the key of its stream."""

from __future__ import annotations

from dataclasses import replace
from secrets import token_urlsafe
from typing import Any

from pinery.simulators.binance import events, margin, placing, shapes
from pinery.simulators.binance.calls import Call, Route
from pinery.simulators.binance.errors import refusal
from pinery.simulators.binance.filling import OWN_ORDERS
from pinery.simulators.binance.records import Income, MarginChange, Position, money, plain
from pinery.simulators.binance.symbols import BRACKETS, SymbolFacts

_MINUTE = 60_000


def balance(call: Call) -> Any:
    return [shapes.balance(call.exchange, call.account)]


def account_v3(call: Call) -> Any:
    return shapes.account_v3(call.exchange, call.account, _shown(call))


def account_v2(call: Call) -> Any:
    return shapes.account_v2(call.exchange, call.account, _everything(call))


def risk_v3(call: Call) -> Any:
    return [shapes.risk(call.exchange, call.account, position) for position in _shown(call)]


def risk_v2(call: Call) -> Any:
    return [shapes.risk_v2(call.exchange, call.account, position) for position in _everything(call)]


def _wanted(call: Call) -> list[SymbolFacts]:
    name = call.params.text("symbol")
    return [call.exchange.symbol(name)] if name else list(call.exchange.symbols.values())


def _everything(call: Call) -> list[Position]:
    """A row per symbol, and per side in hedge mode."""
    sides = ("BOTH", "LONG", "SHORT") if call.account.hedge else ("BOTH",)
    ledger = call.exchange.ledger
    return [ledger.position(call.account.name, facts.symbol, side) for facts in _wanted(call) for side in sides]


def _shown(call: Call) -> list[Position]:
    """With a position or orders; since version 3 the others are left out."""
    ledger, name = call.exchange.ledger, call.account.name
    with_orders = {(order.symbol, order.position_side) for order in ledger.orders_of(name)}
    return [it for it in _everything(call) if it.amount or (it.symbol, it.side) in with_orders]


def leverage(call: Call) -> Any:
    exchange, account = call.exchange, call.account
    facts = exchange.symbol(call.params.need("symbol"))
    wanted = call.params.needed_whole("leverage")
    if not 1 <= wanted <= BRACKETS[0].leverage:
        raise refusal(-4028, wanted)
    setting = exchange.ledger.setting(account.name, facts.symbol)
    if wanted != setting.leverage:
        held = exchange.ledger.positions_of(account.name, facts.symbol)
        if setting.margin_type == "ISOLATED" and held and wanted < setting.leverage:
            raise refusal(-4161)
        if any(abs(margin.notional(exchange, position)) > facts.max_notional(wanted) for position in held):
            raise refusal(-2027)
        changed = replace(setting, leverage=wanted)
        exchange.ledger.keep(changed)
        total = margin.figures(exchange, account)
        if total.bound_of_cross > total.cross_wallet + total.cross_unrealized and wanted < setting.leverage:
            exchange.ledger.keep(setting)
            raise refusal(-2028)
        exchange.tell(account.name, events.setting_update(exchange, facts.symbol, wanted))
    return {"leverage": wanted, "maxNotionalValue": plain(facts.max_notional(wanted)), "symbol": facts.symbol}


def margin_type(call: Call) -> Any:
    ledger, name = call.exchange.ledger, call.account.name
    symbol = call.exchange.symbol(call.params.need("symbol")).symbol
    wanted = call.params.one_of("marginType", ("ISOLATED", "CROSSED"), -1130)
    setting = ledger.setting(name, symbol)
    if wanted == setting.margin_type:
        raise refusal(-4046)
    if wanted == "ISOLATED" and call.account.multi_assets:
        raise refusal(-4168)
    if ledger.orders_of(name, symbol) or ledger.algos_of(name, symbol):
        raise refusal(-4047)
    if ledger.positions_of(name, symbol):
        raise refusal(-4048)
    ledger.keep(replace(setting, margin_type=wanted))
    return _done()


def _done() -> dict[str, Any]:
    return {"code": 200, "msg": "success"}


def position_margin(call: Call) -> Any:
    exchange, account = call.exchange, call.account
    symbol = exchange.symbol(call.params.need("symbol")).symbol
    amount = call.params.needed_number("amount")
    kind = call.params.needed_whole("type")
    side = placing.position_side(account, call.params)
    position = exchange.ledger.position(account.name, symbol, side)
    if kind not in (1, 2):
        raise refusal(-1130, "type")
    if not amount:
        raise refusal(-4055)
    if not margin.isolated(exchange, account.name, symbol):
        raise refusal(-4049)
    if not position.amount:
        raise refusal(-4054)
    if kind == 1 and amount > margin.figures(exchange, account).available:
        raise refusal(-4050)
    kept = margin.bound(exchange, account, symbol, side).position
    if kind == 2 and position.isolated + margin.unrealized(exchange, position) - amount < kept:
        raise refusal(-4051)
    change = amount if kind == 1 else -amount
    position.isolated += change
    id = exchange.ledger.next_id("margin_change", 1)
    exchange.ledger.keep(position)
    exchange.ledger.keep(MarginChange(id, account.name, symbol, side, change, exchange.now()))
    exchange.tell(account.name, events.account_update(exchange, account, "MARGIN_TRANSFER", [position]))
    return {"amount": float(amount), "code": 200, "msg": "Successfully modify position margin.", "type": kind}


def margin_history(call: Call) -> Any:
    symbol, kind = call.exchange.symbol(call.params.need("symbol")).symbol, call.params.whole("type")
    start, end = call.params.period()
    rows = [
        {
            "symbol": symbol,
            "type": 1 if change.amount > 0 else 2,
            "deltaType": "USER_ADJUST",
            "amount": plain(abs(change.amount)),
            "asset": "USDT",
            "time": change.time,
            "positionSide": change.side,
        }
        for change in call.exchange.ledger.margin_changes
        if (change.account, change.symbol) == (call.account.name, symbol)
        and start <= change.time <= (change.time if end is None else end)
    ]
    return [row for row in rows if kind in (None, row["type"])][-call.params.limit(500, 1000) :]


def hedge_mode(call: Call) -> Any:
    ledger, account = call.exchange.ledger, call.account
    call.params.need("dualSidePosition")
    wanted = call.params.flag("dualSidePosition")
    if wanted == account.hedge:
        raise refusal(-4059)
    if ledger.orders_of(account.name) or ledger.algos_of(account.name):
        raise refusal(-4067)
    if ledger.positions_of(account.name):
        raise refusal(-4068)
    account.hedge = wanted
    ledger.keep(account)
    return _done()


def is_hedge_mode(call: Call) -> Any:
    return {"dualSidePosition": call.account.hedge}


def multi_assets(call: Call) -> Any:
    call.params.need("multiAssetsMargin")
    wanted = call.params.flag("multiAssetsMargin")
    if wanted == call.account.multi_assets:
        raise refusal(-4171)
    ledger, name = call.exchange.ledger, call.account.name
    if wanted and any(margin.isolated(call.exchange, name, symbol) for symbol in call.exchange.symbols):
        raise refusal(-4167)
    if ledger.orders_of(name) or ledger.algos_of(name):
        raise refusal(-4170)
    call.account.multi_assets = wanted
    call.exchange.ledger.keep(call.account)
    call.exchange.tell(call.account.name, events.assets_update(call.exchange, wanted))
    return _done()


def is_multi_assets(call: Call) -> Any:
    return {"multiAssetsMargin": call.account.multi_assets}


def fee_burn(call: Call) -> Any:
    call.params.need("feeBurn")
    call.account.fee_burn = call.params.flag("feeBurn")
    call.exchange.ledger.keep(call.account)
    return _done()


def is_fee_burn(call: Call) -> Any:
    return {"feeBurn": call.account.fee_burn}


def symbol_config(call: Call) -> Any:
    found = []
    for facts in _wanted(call):
        setting = call.exchange.ledger.setting(call.account.name, facts.symbol)
        found.append(
            {
                "symbol": facts.symbol,
                "marginType": setting.margin_type,
                "isAutoAddMargin": False,
                "leverage": setting.leverage,
                "maxNotionalValue": plain(facts.max_notional(setting.leverage)),
            }
        )
    return found


def account_config(call: Call) -> Any:
    return {
        "feeTier": 0,
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": True,
        "dualSidePosition": call.account.hedge,
        "updateTime": 0,
        "multiAssetsMargin": call.account.multi_assets,
        "tradeGroupId": -1,
    }


def brackets(call: Call) -> Any:
    rows = [
        {
            "bracket": bracket.number,
            "initialLeverage": bracket.leverage,
            "notionalCap": int(bracket.cap),
            "notionalFloor": int(bracket.floor),
            "maintMarginRatio": float(bracket.rate),
            "cum": float(bracket.cum),
        }
        for bracket in BRACKETS
    ]
    return [{"symbol": facts.symbol, "notionalCoef": 1.0, "brackets": rows} for facts in _wanted(call)]


def commission(call: Call) -> Any:
    facts, rules = call.exchange.symbol(call.params.need("symbol")), call.exchange.rules
    return {
        "symbol": facts.symbol,
        "makerCommissionRate": plain(rules.maker),
        "takerCommissionRate": plain(rules.taker),
        "rpiCommissionRate": plain(rules.maker),
    }


def order_limits(call: Call) -> Any:
    return call.limits.order_shape()


def income(call: Call) -> Any:
    params = call.params
    symbol, kind = params.text("symbol"), params.text("incomeType")
    start, end = params.period()

    def fits(found: Income) -> bool:
        return (
            found.account == call.account.name
            and symbol in ("", found.symbol)
            and kind in ("", found.kind)
            and start <= found.time <= (found.time if end is None else end)
        )

    rows, limit = [found for found in call.exchange.ledger.incomes if fits(found)], params.limit(100, 1000)
    rows = rows[:limit] if start else rows[-limit:]
    return [
        {
            "symbol": row.symbol,
            "incomeType": row.kind,
            "income": money(row.amount),
            "asset": "USDT",
            "info": row.kind,
            "time": row.time,
            "tranId": row.id,
            "tradeId": str(row.trade_id),
        }
        for row in rows
    ]


def adl(call: Call) -> Any:
    """A row per symbol with a position, whose sides stand in the queue; both sides of a crossed hedge as one."""
    name, ledger = call.account.name, call.exchange.ledger
    rows = []
    for facts in _wanted(call):
        if held := ledger.positions_of(name, facts.symbol):
            hedge = call.account.hedge and not margin.isolated(call.exchange, name, facts.symbol)
            ranks = {"LONG": 0, "SHORT": 0, "HEDGE" if hedge else "BOTH": 0}
            ranks |= {it.side: 1 for it in held}
            rows.append({"symbol": facts.symbol, "adlQuantile": ranks})
    return rows


def trading_status(call: Call) -> Any:
    return {"indicators": {}, "updateTime": call.exchange.now()}


def force_orders(call: Call) -> Any:
    params, (start, end) = call.params, call.params.period()
    symbol = call.exchange.symbol(name).symbol if (name := params.text("symbol")) else None
    kinds = {"": OWN_ORDERS, "LIQUIDATION": OWN_ORDERS[:1], "ADL": OWN_ORDERS[1:]}
    kind = kinds[params.one_of("autoCloseType", tuple(kinds), -1130, "")]
    closed = [
        it
        for it in call.exchange.ledger.orders.values()
        if it.account == call.account.name
        and it.client_id.startswith(kind)
        and symbol in (None, it.symbol)
        and start <= it.created <= (it.created if end is None else end)
    ]
    return [shapes.queried(order) for order in closed[-params.limit(50, 100) :]]


def start_stream(call: Call) -> Any:
    """The same key while it lives; asking again makes it live longer."""
    account = call.account
    if not account.listen_key:
        account.listen_key = token_urlsafe(48).replace("-", "x").replace("_", "y")
    return _prolong(call)


def keep_stream(call: Call) -> Any:
    if not call.account.listen_key:
        raise refusal(-1125)
    return _prolong(call)


def _prolong(call: Call) -> Any:
    call.account.listen_until = call.exchange.now() + call.exchange.rules.listen_key_minutes * _MINUTE
    call.exchange.ledger.keep(call.account)
    return {"listenKey": call.account.listen_key}


def end_stream(call: Call) -> Any:
    if not call.account.listen_key:
        raise refusal(-1125)
    call.account.listen_key = ""
    call.exchange.ledger.keep(call.account)
    return {}


def nothing(call: Call) -> Any:
    """Of things that happen by control only, like funding, and of statistics about other traders."""
    return []


ROUTES = (
    Route("GET", "/fapi/v2/balance", balance, weight=5),
    Route("GET", "/fapi/v3/balance", balance, weight=5),
    Route("GET", "/fapi/v2/account", account_v2, weight=5),
    Route("GET", "/fapi/v3/account", account_v3, weight=5),
    Route("GET", "/fapi/v2/positionRisk", risk_v2, weight=5),
    Route("GET", "/fapi/v3/positionRisk", risk_v3, weight=5),
    Route("POST", "/fapi/v1/leverage", leverage),
    Route("POST", "/fapi/v1/marginType", margin_type),
    Route("POST", "/fapi/v1/positionMargin", position_margin),
    Route("GET", "/fapi/v1/positionMargin/history", margin_history),
    Route("POST", "/fapi/v1/positionSide/dual", hedge_mode),
    Route("GET", "/fapi/v1/positionSide/dual", is_hedge_mode, weight=30),
    Route("POST", "/fapi/v1/multiAssetsMargin", multi_assets),
    Route("GET", "/fapi/v1/multiAssetsMargin", is_multi_assets, weight=30),
    Route("POST", "/fapi/v1/feeBurn", fee_burn),
    Route("GET", "/fapi/v1/feeBurn", is_fee_burn, weight=30),
    Route("GET", "/fapi/v1/symbolConfig", symbol_config, weight=5),
    Route("GET", "/fapi/v1/accountConfig", account_config, weight=5),
    Route("GET", "/fapi/v1/leverageBracket", brackets),
    Route("GET", "/fapi/v1/commissionRate", commission, weight=20),
    Route("GET", "/fapi/v1/rateLimit/order", order_limits),
    Route("GET", "/fapi/v1/income", income, weight=30),
    Route("GET", "/fapi/v1/adlQuantile", adl, weight=5),
    Route("GET", "/fapi/v1/apiTradingStatus", trading_status),
    Route("GET", "/fapi/v1/forceOrders", force_orders, weight=20, weight_of_all=50),
    Route("POST", "/fapi/v1/listenKey", start_stream, "key"),
    Route("PUT", "/fapi/v1/listenKey", keep_stream, "key"),
    Route("DELETE", "/fapi/v1/listenKey", end_stream, "key"),
)
