"""TradersPost signals, by docs.traderspost.io ("Signal Message Reference", "Order Behavior").

A buy or sell there closes the other side and opens its own, so it is an entry to that side, not an order that moves
the position. ``sentiment`` says what is held afterwards: with ``flat`` nothing is opened.
"""

from __future__ import annotations

from typing import Any

from pinery.trading.deployments import Deployment
from pinery.trading.messages.errors import Unreadable, shown
from pinery.trading.messages.fields import Found, collect
from pinery.trading.messages.values import is_absent
from pinery.trading.messages.words import side_of

DESCRIPTION = "TradersPost: ticker, action, sentiment, quantity, takeProfit, stopLoss"
EXAMPLES = (
    '{"ticker":"MESM2025","action":"buy","sentiment":"long","quantity":1,"signalPrice":5932.25,'
    '"takeProfit":{"percent":1},"stopLoss":{"type":"stop","percent":0.5}}',
    '{"ticker":"AMD","action":"exit"}',
    '{"ticker":"MNQM2025","action":"buy","orderType":"limit","limitPrice":21500.25,"quantity":2}',
)
_OWN = ("sentiment", "signalPrice", "quantityType", "cancel", "optionType", "assetClass")


def detect(message: dict[str, Any]) -> bool:
    if "ticker" not in message or "action" not in message:
        return False
    return any(key in message for key in _OWN) or any(
        isinstance(message.get(key), dict) for key in ("takeProfit", "stopLoss")
    )


def read(message: dict[str, Any], deployment: Deployment) -> Found:
    if not is_absent(message.get("optionType")):
        raise Unreadable("options are not traded; leave optionType out to trade the ticker itself")
    found = collect({key: value for key, value in message.items() if key not in ("sentiment", "cancel", "time")})
    kind = str(message.get("quantityType") or "fixed_quantity").casefold()
    if kind != "fixed_quantity":
        if not is_absent(message.get("quantity")):
            raise Unreadable(
                f"the quantityType {shown(message['quantityType'])} is not understood here: send contracts "
                "(fixed_quantity), or set the deployment's sizing and leave quantity out"
            )
        found.pop("quantity", None)
    if message.get("time") is not None:
        found["sent"] = message["time"]
    word = str(message.get("action", "")).strip().casefold()
    sentiment = str(message.get("sentiment") or "").strip()
    side = side_of(sentiment) if sentiment else None
    if sentiment and side is None:
        raise Unreadable(f"the sentiment {shown(sentiment)} is not known; write bullish, bearish or flat")
    found["action"] = _action(word, side, message.get("action"))
    found["all_action"] = [found["action"]]
    found["word"] = word
    return found


def _action(word: str, side: int | None, said: object) -> Any:
    if word in ("cancel", "breakeven"):
        raise Unreadable(f"the action {shown(word)} changes orders that are open; only entries and exits are taken")
    if word == "add":
        if not side:
            raise Unreadable("the action “add” needs a sentiment (bullish or bearish) that says which side to add to")
        return "enter_long" if side > 0 else "enter_short"
    if word not in ("buy", "sell"):
        return said
    wanted = 1 if word == "buy" else -1
    if side is None or side == wanted:
        return "enter_long" if wanted > 0 else "enter_short"
    return "exit_short" if wanted > 0 else "exit_long"  # flat, or a part of the other side's position
