"""Events of the user's stream, as the venue words them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pinery.simulators.binance import margin
from pinery.simulators.binance.records import ZERO, Account, Algo, Order, Position, Trade, money, plain

if TYPE_CHECKING:
    from pinery.simulators.binance.exchange import Exchange


def order_update(exchange: Exchange, order: Order, execution: str, trade: Trade | None = None) -> dict[str, Any]:
    now = exchange.now()
    told: dict[str, Any] = {
        "s": order.symbol,
        "c": order.client_id,
        "S": order.side,
        "o": order.type,
        "f": order.tif,
        "q": plain(order.quantity),
        "p": plain(order.price),
        "ap": plain(order.average),
        "sp": plain(order.stop_price),
        "x": execution,
        "X": order.status,
        "i": order.id,
        "l": plain(trade.quantity) if trade else "0",
        "z": plain(order.executed),
        "L": plain(trade.price) if trade else "0",
        "n": money(trade.commission) if trade else "0",
        "N": "USDT",
        "T": order.updated,
        "t": trade.id if trade else 0,
        "b": "0",
        "a": "0",
        "m": trade.maker if trade else False,
        "R": order.reduce_only,
        "wt": order.working_type,
        "ot": order.orig_type,
        "ps": order.position_side,
        "cp": order.close_position,
        "rp": money(trade.realized) if trade else "0",
        "pP": order.price_protect,
        "si": 0,
        "ss": 0,
        "V": order.stp,
        "pm": order.price_match,
        "gtd": order.good_till,
        "er": order.expiry,
    }
    if trade is None:
        del told["N"], told["n"]
    return {"e": "ORDER_TRADE_UPDATE", "E": now, "T": order.updated, "st": 1, "o": told}


def trade_lite(exchange: Exchange, order: Order, trade: Trade) -> dict[str, Any]:
    return {
        "e": "TRADE_LITE",
        "E": exchange.now(),
        "T": trade.time,
        "st": 1,
        "s": order.symbol,
        "q": plain(order.quantity),
        "p": plain(order.price),
        "m": trade.maker,
        "c": order.client_id,
        "S": order.side,
        "L": plain(trade.price),
        "l": plain(trade.quantity),
        "t": trade.id,
        "i": order.id,
    }


def account_update(
    exchange: Exchange, account: Account, reason: str, positions: Iterable[Position], change: Decimal = ZERO
) -> dict[str, Any]:
    """``change``: of the balance, but for profit and fees."""
    now = exchange.now()
    cross = margin.figures(exchange, account).cross_wallet
    return {
        "e": "ACCOUNT_UPDATE",
        "E": now,
        "T": now,
        "st": 1,
        "a": {
            "m": reason,
            "B": [{"a": "USDT", "wb": money(account.wallet), "cw": money(cross), "bc": plain(change)}],
            "P": [_position(exchange, position) for position in positions],
        },
    }


def _position(exchange: Exchange, position: Position) -> dict[str, Any]:
    apart = margin.isolated(exchange, position.account, position.symbol)
    return {
        "s": position.symbol,
        "pa": plain(position.amount),
        "ep": plain(position.entry),
        "bep": plain(break_even(position)),
        "cr": money(position.realized),
        "up": money(margin.unrealized(exchange, position)),
        "mt": "isolated" if apart else "cross",
        "iw": money(position.isolated),
        "ps": position.side,
        "ma": "USDT",
    }


def break_even(position: Position) -> Decimal:
    """The price at which fees so far are earned."""
    if not position.amount:
        return ZERO
    return (position.entry + position.fees / position.amount).quantize(Decimal("0.00000001"))


def algo_update(exchange: Exchange, algo: Algo) -> dict[str, Any]:
    child = exchange.ledger.orders.get(algo.order_id)
    told: dict[str, Any] = {
        "caid": algo.client_id,
        "aid": algo.id,
        "at": "CONDITIONAL",
        "o": algo.type,
        "s": algo.symbol,
        "S": algo.side,
        "ps": algo.position_side,
        "f": algo.tif,
        "q": plain(algo.quantity),
        "X": algo.status,
        "ai": str(algo.order_id) if algo.order_id else "",
        "ap": plain(child.average) if child else "0",
        "aq": plain(child.executed) if child else "0",
        "act": (child.type if child else child_type(algo)) if algo.order_id else "0",
        "tp": plain(algo.trigger),
        "p": plain(algo.price),
        "V": algo.stp,
        "wt": algo.working_type,
        "pm": algo.price_match,
        "cp": algo.close_position,
        "pP": algo.price_protect,
        "R": algo.reduce_only,
        "tt": algo.triggered,
        "gtd": algo.good_till,
    }
    if algo.type == "TRAILING_STOP_MARKET":
        told["AP"] = plain(algo.activate) if algo.activate is not None else "0"
        told["cr"] = plain(algo.callback) if algo.callback is not None else ""
    if algo.reason:
        told["rm"] = algo.reason
    return {"e": "ALGO_UPDATE", "T": algo.updated, "E": exchange.now(), "st": 1, "o": told}


def child_type(algo: Algo) -> str:
    return "LIMIT" if algo.type in ("STOP", "TAKE_PROFIT") else "MARKET"


def setting_update(exchange: Exchange, symbol: str, leverage: int) -> dict[str, Any]:
    now = exchange.now()
    return {"e": "ACCOUNT_CONFIG_UPDATE", "E": now, "T": now, "st": 1, "ac": {"s": symbol, "l": leverage}}


def assets_update(exchange: Exchange, multi: bool) -> dict[str, Any]:
    now = exchange.now()
    return {"e": "ACCOUNT_CONFIG_UPDATE", "E": now, "T": now, "st": 1, "ai": {"j": multi}}


def listen_key_expired(exchange: Exchange, key: str) -> dict[str, Any]:
    return {"e": "listenKeyExpired", "E": exchange.now(), "st": 1, "listenKey": key}
