"""3Commas: Signal bot messages (help.3commas.io, "JSON file for Strategy type" and "in Custom signal type") and the
start and close messages of DCA bots.
"""

from __future__ import annotations

from typing import Any

from pinery.trading.deployments import Deployment, Direction
from pinery.trading.messages.errors import Unreadable, shown
from pinery.trading.messages.fields import Found, collect
from pinery.trading.messages.values import is_absent, number
from pinery.trading.messages.words import EXITS, action_of

SIGNAL_DESCRIPTION = (
    "3Commas Signal bot: tv_instrument, action (buy, sell, enter_long, exit_long …), strategy_info, order"
)
SIGNAL_EXAMPLES = (
    '{"secret":"…","max_lag":"300","timestamp":"2025-06-02T13:31:00Z","trigger_price":"2517.4","tv_exchange":"BINANCE",'
    '"tv_instrument":"ETHUSDT.P","action":"buy","bot_uuid":"…","strategy_info":{"market_position":"long",'
    '"market_position_size":"1","prev_market_position":"flat","prev_market_position_size":"0"},'
    '"order":{"amount":"1","currency_type":"base"}}',
    '{"secret":"…","max_lag":"300","timestamp":"2025-06-02T13:31:00Z","trigger_price":"2517.4","tv_exchange":"BINANCE",'
    '"tv_instrument":"ETHUSDT.P","action":"exit_long","bot_uuid":"…"}',
)
DCA_DESCRIPTION = "3Commas DCA bot: without an action a deal starts (on the side of the deployment's direction)"
DCA_EXAMPLES = (
    '{"message_type":"bot","bot_id":1234567,"email_token":"…","delay_seconds":0,"pair":"USDT_ETH"}',
    '{"message_type":"bot","bot_id":1234567,"email_token":"…","delay_seconds":0,"action":"close_at_market_price"}',
)
_CLOSES = frozenset({"close_at_market_price", "close_at_market_price_all"})
_OWN = ("stop_loss", "take_profit", "positions_sub_type", "secret", "max_lag", "order")


def detect_signal(message: dict[str, Any]) -> bool:
    return "bot_uuid" in message or "tv_instrument" in message


def read_signal(message: dict[str, Any], deployment: Deployment) -> Found:
    for key in ("stop_loss", "take_profit"):
        part = message.get(key)
        if isinstance(part, dict) and str(part.get("enabled", "true")).casefold() != "false":
            raise Unreadable(f"{key} of a 3Commas message is not read: set it in the deployment's bracket")
    found = collect({key: value for key, value in message.items() if key not in _OWN})
    found["sent"] = message.get("timestamp")
    order = message.get("order")
    if isinstance(order, dict):
        _add_order(found, order, deployment)
    return found


def _add_order(found: Found, order: dict[str, Any], deployment: Deployment) -> None:
    if not is_absent(order.get("order_type")):
        found["order_type"] = order["order_type"]
    if isinstance(price := order.get("price"), dict):
        price = price.get("value")
    if not is_absent(price):
        found["limit_price"] = price
    amount = order.get("amount")
    if is_absent(amount):
        return
    currency = str(order.get("currency_type", "base")).casefold()
    if currency == "base":
        found["quantity"] = amount
        return
    action = action_of(str(found.get("action", "")), deployment.words)
    whole = currency == "position_percent" and number(amount, "order.amount") == 100
    if action not in EXITS or not whole:
        raise Unreadable(
            f"the currency_type {shown(currency)} of the order's amount is not understood here: send “base”, or leave "
            "the amount out and set the deployment's sizing"
        )


def detect_dca(message: dict[str, Any]) -> bool:
    return "bot_id" in message and "email_token" in message


def read_dca(message: dict[str, Any], deployment: Deployment) -> Found:
    if not is_absent(message.get("delay_seconds")) and number(message["delay_seconds"], "delay_seconds"):
        raise Unreadable("delay_seconds above 0 is not taken: a signal is acted on when it comes")
    said = str(message.get("action") or "").strip()
    if not said:
        word = "enter_short" if deployment.direction is Direction.SHORT else "enter_long"
    elif said.casefold() in _CLOSES:
        word = "exit"
    else:
        raise Unreadable(f"the action {shown(said)} of a DCA bot is not taken; starting and closing deals is")
    found = collect({key: message[key] for key in ("timestamp", "price") if key in message})
    found["action"] = word
    found["all_action"] = [word]
    found["word"] = said or "start"
    found["symbol"] = _symbol(str(message.get("pair") or ""))
    return found


def _symbol(pair: str) -> str:
    """``USDT_ETH`` is quote first."""
    quote, underscore, base = pair.strip().partition("_")
    return f"{base}{quote}" if underscore else quote
