"""Orders of the book: what is asked of them before they are taken, and what becomes of them at once."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from pinery.simulators.binance import events, filling, margin
from pinery.simulators.binance.errors import refusal
from pinery.simulators.binance.params import Params
from pinery.simulators.binance.records import OPEN, ZERO, Account, Amendment, Order

if TYPE_CHECKING:
    from pinery.simulators.binance.exchange import Exchange

TIMES_IN_FORCE = ("GTC", "IOC", "FOK", "GTX", "GTD", "RPI")
_CONDITIONAL = ("STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET")
_TEN_MINUTES = 600_000
_LAST_DATE = 253402300799000
_STP_MODES = ("NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH")
_MATCHES = ("OPPONENT", "OPPONENT_5", "OPPONENT_10", "OPPONENT_20", "QUEUE", "QUEUE_5", "QUEUE_10", "QUEUE_20")


def place(exchange: Exchange, account: Account, params: Params, *, test: bool = False) -> Order:
    """Raises VenueError. A ``test`` is judged and goes no further."""
    order = read(exchange, account, params)
    check(exchange, account, order)
    if test:
        return order
    order.id = filling.new_order_id(exchange)
    order.client_id = order.client_id or made_up_id(exchange, order.id)
    enter(exchange, order)
    return order


def read(exchange: Exchange, account: Account, params: Params) -> Order:
    """The order that the parameters tell of, as far as they can be judged by themselves."""
    facts = exchange.symbol(params.need("symbol"))
    side = params.one_of("side", ("BUY", "SELL"), -1117)
    type = params.need("type")
    if type in _CONDITIONAL:
        raise refusal(-4120)
    if type not in ("LIMIT", "MARKET"):
        raise refusal(-1116)
    order = Order(0, account.name, facts.symbol, params.client_id("newClientOrderId"), side, type, ZERO)
    order.orig_type = type
    order.position_side = position_side(account, params)
    order.reduce_only = reduce_only(account, params, order.position_side, side)
    order.stp = stp_mode(params)
    order.price_match = price_match(params, limit=type == "LIMIT")
    if params.text("stopPrice"):
        raise refusal(-1106, "stopPrice")
    if params.flag("closePosition"):
        raise refusal(-4136, type)
    if type == "LIMIT":
        order.tif = params.one_of("timeInForce", TIMES_IN_FORCE, -1115)
        order.quantity = params.needed_number("quantity")
        order.price = matched_price(exchange, order, params)
        order.good_till = good_till(exchange, order.tif, params)
        facts.check_price(order.price)
    else:
        for name in ("timeInForce", "price"):
            if params.text(name):
                raise refusal(-1106, name)
        order.quantity = params.needed_number("quantity")
    facts.check_quantity(order.quantity, market=type == "MARKET")
    return order


def check(exchange: Exchange, account: Account, order: Order, *, triggered: bool = False) -> None:
    """What depends on the market and the account; a triggered order passes by the filters. Raises VenueError."""
    facts, last = exchange.symbols[order.symbol], exchange.price(order.symbol)
    ledger, mark = exchange.ledger, exchange.mark(order.symbol)
    if not triggered:
        if facts.status != "TRADING":
            raise refusal(-4108)
        if order.client_id and any(it.client_id == order.client_id for it in ledger.orders_of(account.name)):
            raise refusal(-4116)
        if len(ledger.orders_of(account.name, order.symbol)) >= facts.max_orders:
            raise refusal(-2025)
        if order.type == "LIMIT":
            facts.check_limit(order.price, mark, order.side)
        elif abs(last - mark) > mark * facts.percent:
            raise refusal(-4131)
        if not order.reduce_only and order.quantity * (order.price or last) < facts.min_notional:
            raise refusal(-4164, format(facts.min_notional, "f"))
    if order.reduce_only:
        held = filling.reducible(exchange, order)
        too_much = account.hedge and order.type == "MARKET" and order.quantity > held and not triggered
        if held <= 0 or too_much:
            raise refusal(-2022)
        order.quantity = min(order.quantity, held)
    else:
        check_margin(exchange, account, order)
    crosses = marketable(order, last)
    if order.tif in ("GTX", "RPI") and crosses:
        raise refusal(-5022)
    if order.tif == "FOK" and (not crosses or exchange.rules.parts > 1):
        raise refusal(-5021)


def check_margin(exchange: Exchange, account: Account, order: Order) -> None:
    """Raises VenueError where the account cannot afford it."""
    price = order.price or exchange.price(order.symbol)
    extra = margin.Extra(order.side, order.position_side, order.left * price)
    if not margin.affordable(exchange, account, order.symbol, extra):
        raise refusal(-2019)
    facts = exchange.symbols[order.symbol]
    held = exchange.ledger.position(account.name, order.symbol, order.position_side)
    after = abs(margin.notional(exchange, held) + order.sign * extra.notional)
    leverage = exchange.ledger.setting(account.name, order.symbol).leverage
    if after > facts.max_notional(leverage) and after > abs(margin.notional(exchange, held)):
        raise refusal(-2027)


def enter(exchange: Exchange, order: Order) -> None:
    """It is in the book, and meets the market."""
    order.created = order.updated = exchange.now()
    order.rank = exchange.ledger.next_id("rank", 1)
    exchange.ledger.keep(order)
    exchange.tell(order.account, events.order_update(exchange, order, "NEW"))
    meet(exchange, order)


def meet(exchange: Exchange, order: Order) -> None:
    """What can be filled at once is, at the market's price."""
    last = exchange.price(order.symbol)
    if marketable(order, last):
        price = last
        if order.type == "MARKET":
            price += order.sign * exchange.rules.slippage_ticks * exchange.symbols[order.symbol].tick
        filling.fill(exchange, order, price, maker=False)
    if order.tif in ("IOC", "FOK") and order.status in OPEN:
        filling.expire(exchange, order, "2")


def marketable(order: Order, last: Decimal) -> bool:
    if order.type == "MARKET":
        return True
    return order.price >= last if order.side == "BUY" else order.price <= last


def modify(exchange: Exchange, account: Account, params: Params) -> Order:
    """A new price and quantity for an open limit order; it loses its place in the queue. Raises VenueError."""
    facts = exchange.symbol(params.need("symbol"))
    id, client_id = params.either("orderId", "origClientOrderId")
    side = params.one_of("side", ("BUY", "SELL"), -1117)
    quantity = params.needed_number("quantity")
    order = exchange.ledger.find_order(account.name, facts.symbol, id, client_id)
    if order is None or order.status not in OPEN:
        raise refusal(-2013)
    if order.type != "LIMIT":
        raise refusal(-5025)
    if params.flag("reduceOnly") and not order.reduce_only:
        raise refusal(-5047)
    if side != order.side:
        raise refusal(-1117)
    if order.modified >= 10_000:
        raise refusal(-5026)
    price = matched_price(exchange, order, params)
    facts.check_price(price)
    facts.check_quantity(quantity, market=False)
    facts.check_limit(price, exchange.mark(order.symbol), side)
    if (price, quantity) == (order.price, order.quantity):
        raise refusal(-5027)
    if quantity <= order.executed:
        filling.end(exchange, order, "CANCELED")
        return order
    wanted = replace(order, price=price, quantity=quantity)
    if order.tif == "GTX" and marketable(wanted, exchange.price(order.symbol)):
        filling.end(exchange, order, "CANCELED")  # it may not take, and its old place is given up
        return order
    if not params.flag("reduceOnly") and wanted.quantity * price < facts.min_notional:
        raise refusal(-4164, format(facts.min_notional, "f"))
    if order.reduce_only:
        wanted.quantity = min(quantity, order.executed + filling.reducible(exchange, order))
    else:
        _check_change(exchange, account, order, wanted)
    id = exchange.ledger.next_id("amendment", 1)
    exchange.ledger.keep(
        Amendment(
            id, account.name, order.id, order.price, wanted.price, order.quantity, wanted.quantity, exchange.now()
        )
    )
    order.price, order.quantity = wanted.price, wanted.quantity
    order.modified += 1
    order.rank = exchange.ledger.next_id("rank", 1)
    order.updated = exchange.now()
    exchange.ledger.keep(order)
    exchange.tell(order.account, events.order_update(exchange, order, "AMENDMENT"))
    meet(exchange, order)
    return order


def _check_change(exchange: Exchange, account: Account, order: Order, wanted: Order) -> None:
    """Only what it binds more than before must be there."""
    more = wanted.left * wanted.price - order.left * order.price
    extra = margin.Extra(order.side, order.position_side, more)
    if more > 0 and not margin.affordable(exchange, account, order.symbol, extra):
        raise refusal(-2019)


def cancel(exchange: Exchange, order: Order | None) -> Order:
    """Raises VenueError where there is nothing to cancel."""
    if order is None or order.status not in OPEN:
        raise refusal(-2011)
    filling.end(exchange, order, "CANCELED")
    return order


def position_side(account: Account, params: Params) -> str:
    side = params.text("positionSide") or ("" if account.hedge else "BOTH")
    if side not in (("LONG", "SHORT") if account.hedge else ("BOTH",)):
        raise refusal(-4061)
    return side


def reduce_only(account: Account, params: Params, side_held: str, side: str) -> bool:
    """In hedge mode orders against their position side reduce, and nothing else is said about it."""
    if account.hedge:
        if params.text("reduceOnly"):
            raise refusal(-1106, "reduceOnly")
        return (side_held == "LONG") == (side == "SELL")
    return params.flag("reduceOnly")


def good_till(exchange: Exchange, tif: str, params: Params) -> int:
    if tif != "GTD":
        if params.text("goodTillDate") not in ("", "0"):
            raise refusal(-1106, "goodTillDate")
        return 0
    date = params.needed_whole("goodTillDate") // 1000 * 1000
    if not exchange.now() + _TEN_MINUTES < date < _LAST_DATE:
        raise refusal(-5040)
    return date


def stp_mode(params: Params) -> str:
    return params.one_of("selfTradePreventionMode", _STP_MODES, -5039, "EXPIRE_MAKER")


def price_match(params: Params, *, limit: bool) -> str:
    """Whose price the order takes, instead of one of its own."""
    match = params.one_of("priceMatch", ("NONE", *_MATCHES), -5037, "NONE")
    if match != "NONE" and not limit:
        raise refusal(-5038)
    if match != "NONE" and params.text("price"):
        raise refusal(-1106, "price")
    return match


def matched_price(exchange: Exchange, order: Order, params: Params) -> Decimal:
    if price_match(params, limit=True) == "NONE":
        return params.needed_number("price")
    return exchange.price(order.symbol)


def made_up_id(exchange: Exchange, id: int) -> str:
    """Of an order that was sent without one."""
    return f"sim_{exchange.now():x}_{id:x}"
