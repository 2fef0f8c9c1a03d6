"""Conditional orders: they wait apart from the order book, and become an order when their trigger is met.

NEW, TRIGGERING, TRIGGERED, FINISHED with the child; or CANCELED, EXPIRED, REJECTED. Margin and reduce-only are judged
when they trigger, not before.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from pinery.simulators.binance import events, filling, placing
from pinery.simulators.binance.errors import VenueError, refusal
from pinery.simulators.binance.params import Params
from pinery.simulators.binance.records import OPEN, ZERO, Account, Algo, Order

if TYPE_CHECKING:
    from pinery.simulators.binance.exchange import Exchange

TYPES = ("STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET")
_FIRST_ALGO = 1_000_000_000_001
_TAKE_PROFITS = ("TAKE_PROFIT", "TAKE_PROFIT_MARKET")


def place(exchange: Exchange, account: Account, params: Params) -> Algo:
    """Raises VenueError."""
    algo = _read(exchange, account, params)
    ledger = exchange.ledger
    if any(it.client_id == algo.client_id for it in ledger.algos_of(account.name)):
        raise refusal(-4116)
    if len(ledger.algos_of(account.name)) >= exchange.rules.max_algos:
        raise refusal(-4045)
    at = _working(exchange, algo)
    if algo.type == "TRAILING_STOP_MARKET":
        if algo.activate is None:
            algo.best = at
        elif (at - algo.activate) * algo.sign <= 0:
            raise refusal(-2021)
    else:
        trigger, rising = level(exchange, algo)
        if (at >= trigger) if rising else (at <= trigger):
            raise refusal(-2021)
    algo.id = ledger.next_id("algo", _FIRST_ALGO)
    algo.client_id = algo.client_id or placing.made_up_id(exchange, algo.id)
    algo.rank = ledger.next_id("rank", 1)
    algo.created = exchange.now()
    _tell(exchange, algo)
    return algo


def level(exchange: Exchange, algo: Algo) -> tuple[Decimal, bool]:
    """Where its trigger (a trailing stop's activation, while it is not active) is met; True: at or above that."""
    buys = algo.side == "BUY"
    if algo.type != "TRAILING_STOP_MARKET":
        return algo.trigger, buys != (algo.type in _TAKE_PROFITS)
    if algo.best is None:
        assert algo.activate is not None
        return algo.activate, not buys
    assert algo.callback is not None
    tick = exchange.symbols[algo.symbol].tick
    stop = algo.best * (1 + algo.sign * algo.callback / 100)
    return (stop / tick).to_integral_value() * tick, buys


def reached(exchange: Exchange, algo: Algo) -> None:
    """The price is where ``level`` says: a trailing stop becomes active, anything else triggers."""
    if algo.type == "TRAILING_STOP_MARKET" and algo.best is None:
        algo.best = _working(exchange, algo)
        exchange.ledger.keep(algo)
        return
    _trigger(exchange, algo)


def cancel(exchange: Exchange, algo: Algo) -> None:
    """Raises VenueError where it is not open."""
    if algo.status not in ("NEW", "TRIGGERING"):
        raise refusal(-2011)
    algo.status = "CANCELED"
    _tell(exchange, algo)


def expire(exchange: Exchange, algo: Algo, reason: str = "") -> None:
    algo.status, algo.reason = "EXPIRED", reason
    _tell(exchange, algo)


def _trigger(exchange: Exchange, algo: Algo) -> None:
    account = exchange.account(algo.account)
    algo.status, algo.triggered = "TRIGGERING", exchange.now()
    _tell(exchange, algo)
    where = f"trigger {algo.type}"
    if exchange.faults.take(where, ("stuck_triggering",)):
        return
    if fault := exchange.faults.take(where, ("rejected_at_trigger",)):
        algo.status, algo.reason = "REJECTED", str(fault.options.get("text", refusal(-2019).text))
        _tell(exchange, algo)
        return
    if algo.type == "TRAILING_STOP_MARKET":
        algo.trigger = level(exchange, algo)[0]
    quantity, reduces = algo.quantity, algo.reduce_only
    if algo.close_position:
        held = exchange.ledger.position(algo.account, algo.symbol, algo.position_side).amount
        quantity, reduces = max(ZERO, -held * algo.sign), True
        if not quantity:
            expire(exchange, algo, "There is no position to close.")
            return
    child = Order(
        0,
        algo.account,
        algo.symbol,
        algo.client_id,
        algo.side,
        events.child_type(algo),
        quantity,
        exchange.price(algo.symbol) if algo.price_match != "NONE" else algo.price,
        algo.position_side,
        algo.tif if events.child_type(algo) == "LIMIT" else "GTC",
        reduces,
        algo.close_position,
        algo.trigger,
        algo.working_type,
        algo.price_protect,
        algo.price_match,
        algo.stp,
        algo.good_till,
        orig_type=algo.type,
        algo_id=algo.id,
    )
    try:
        placing.check(exchange, account, child, triggered=True)
    except VenueError as error:
        algo.status, algo.reason = "REJECTED", error.text
        _tell(exchange, algo)
        return
    child.id = algo.order_id = filling.new_order_id(exchange)
    first = exchange.faults.take(where, ("fill_first",)) is not None
    if not first:
        algo.status = "TRIGGERED"
        _tell(exchange, algo)
    placing.enter(exchange, child)
    if first:
        algo.status = "TRIGGERED"
        _tell(exchange, algo)
        if child.status not in OPEN:
            algo.status = "FINISHED"
            _tell(exchange, algo)


def _tell(exchange: Exchange, algo: Algo) -> None:
    algo.updated = exchange.now()
    exchange.ledger.keep(algo)
    exchange.tell(algo.account, events.algo_update(exchange, algo))


def _working(exchange: Exchange, algo: Algo) -> Decimal:
    """The price that its trigger is held against."""
    last = exchange.price(algo.symbol)
    return exchange.mark(algo.symbol) if algo.working_type == "MARK_PRICE" else last


def _read(exchange: Exchange, account: Account, params: Params) -> Algo:
    if params.need("algoType") != "CONDITIONAL":
        raise refusal(-1130, "algoType")
    facts = exchange.symbol(params.need("symbol"))
    side = params.one_of("side", ("BUY", "SELL"), -1117)
    type = params.need("type")
    if type not in TYPES:
        raise refusal(-1116)
    limit, trailing = type in ("STOP", "TAKE_PROFIT"), type == "TRAILING_STOP_MARKET"
    algo = Algo(0, account.name, facts.symbol, params.client_id("clientAlgoId"), side, type, ZERO)
    algo.position_side = placing.position_side(account, params)
    algo.working_type = params.one_of("workingType", ("CONTRACT_PRICE", "MARK_PRICE"), -1130, "CONTRACT_PRICE")
    algo.tif = params.one_of("timeInForce", placing.TIMES_IN_FORCE, -1115, "GTC")
    algo.price_match = placing.price_match(params, limit=limit)
    algo.stp = placing.stp_mode(params)
    algo.price_protect = params.flag("priceProtect")
    algo.good_till = placing.good_till(exchange, algo.tif, params)
    algo.close_position = params.flag("closePosition")
    algo.reduce_only = placing.reduce_only(account, params, algo.position_side, side)
    if algo.close_position:
        _check_closing(params, type)
    else:
        algo.quantity = params.needed_number("quantity")
        facts.check_quantity(algo.quantity, market=not limit)
    if limit and algo.price_match == "NONE":
        algo.price = params.needed_number("price")
        facts.check_price(algo.price)
    if trailing:
        algo.callback = params.needed_number("callbackRate")
        if not Decimal("0.1") <= algo.callback <= 20:
            raise refusal(-1130, "callbackRate")
        algo.activate = params.number("activatePrice")
        if algo.activate is not None:
            facts.check_price(algo.activate)
    else:
        algo.trigger = params.needed_number("triggerPrice")
        if algo.trigger <= 0:
            raise refusal(-4006)
        facts.check_price(algo.trigger)
    return algo


def _check_closing(params: Params, type: str) -> None:
    if type not in ("STOP_MARKET", "TAKE_PROFIT_MARKET"):
        raise refusal(-4136, type)
    if params.text("quantity"):
        raise refusal(-4137)
    if params.text("reduceOnly"):
        raise refusal(-1106, "reduceOnly")
