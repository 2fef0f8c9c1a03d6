"""freqtrade's webhook messages, by freqtrade.io ("Webhook usage").

Their content is the user's own; read are the documented parameters under their own names (``type``, ``pair``,
``direction``, ``limit``, ``amount`` …) as JSON or form fields, and the sample configuration (``value1`` "Buying …").
``entry`` and ``exit`` count, which come when the order is placed; fills and cancels of the same trade do not.
"""

from __future__ import annotations

import re
from typing import Any

from pinery.trading.deployments import Deployment
from pinery.trading.messages.errors import Unreadable, shown
from pinery.trading.messages.fields import Found
from pinery.trading.messages.values import is_absent
from pinery.trading.messages.words import side_of

DESCRIPTION = (
    "freqtrade: type (entry, exit), pair, direction, limit, amount, trade_id; or value1 “Buying …”, “Exiting …”"
)
EXAMPLES = (
    '{"type":"entry","trade_id":"12","exchange":"binance","pair":"ETH/USDT:USDT","direction":"Long","limit":"2517.4",'
    '"amount":"0.4","enter_tag":"breakout"}',
    '{"type":"exit","trade_id":"12","exchange":"binance","pair":"ETH/USDT:USDT","direction":"Long","limit":"2560.1"}',
    '{"value1":"Buying ETH/USDT","value2":"limit 2517.40000000","value3":"1000.00000000 USDT"}',
)
_KINDS = frozenset({"entry", "exit", "buy", "sell"})
_STARTS = ("entry", "exit", "buy", "sell")  # also of "entry_fill", "exit_cancel" …
_SAMPLE = re.compile(r"(Buying|Entering|Selling|Exiting) (\S+)", re.IGNORECASE)


def detect(message: dict[str, Any]) -> bool:
    if isinstance(message.get("value1"), str):
        return "value2" in message or "value3" in message
    if "action" in message or "side" in message or "pair" not in message:
        return False
    return str(message.get("type")).strip().casefold().startswith(_STARTS)


def read(message: dict[str, Any], deployment: Deployment) -> Found:
    if "value1" in message and "pair" not in message:
        return _sample(message)
    kind = str(message.get("type", "")).strip().casefold()
    if kind not in _KINDS:
        raise Unreadable(
            f"messages of the type {shown(kind)} are no signals: configure webhooks for “entry” and “exit” only"
        )
    side = side_of(str(message.get("direction") or "long"))
    if not side:
        raise Unreadable(f"the direction {shown(message.get('direction'))} is not known; it is Long or Short")
    enters = kind in ("entry", "buy")
    word = ("enter_" if enters else "exit_") + ("long" if side > 0 else "short")
    found: Found = {
        "action": word,
        "all_action": [word],
        "word": f"{kind} {message.get('direction') or ''}".strip(),
        "symbol": symbol(str(message.get("pair") or "")),
        "exchange": str(message.get("exchange") or "").upper(),
        "comment": message.get("enter_tag") or message.get("exit_reason"),
        "order_id": message.get("trade_id"),
        "price": next(
            (
                message[key]
                for key in ("order_rate", "limit", "open_rate", "current_rate", "close_rate")
                if not is_absent(message.get(key))
            ),
            None,
        ),
        "sent": message.get("open_date") if enters else message.get("close_date"),
    }
    partial = str(message.get("sub_trade", "false")).casefold() == "true"
    if enters or partial:
        found["quantity"] = message.get("amount")
    return found


def _sample(message: dict[str, Any]) -> Found:
    match = _SAMPLE.fullmatch(str(message["value1"]).strip())
    if match is None:
        raise Unreadable(f"{shown(message['value1'])} is no signal; “Buying …” and “Exiting …” are")
    word = "enter_long" if match[1].casefold() in ("buying", "entering") else "exit"
    price = re.fullmatch(r"limit ([\d.]+)", str(message.get("value2", "")).strip())
    return {
        "action": word,
        "all_action": [word],
        "word": match[1],
        "symbol": symbol(match[2]),
        "price": price[1] if price else None,
    }


def symbol(pair: str) -> str:
    """ccxt's names: ``ETH/USDT`` is spot, ``ETH/USDT:USDT`` the perpetual contract (``ETHUSDT.P``)."""
    market, _, settled = pair.strip().partition(":")
    return market.replace("/", "") + (".P" if settled else "")
