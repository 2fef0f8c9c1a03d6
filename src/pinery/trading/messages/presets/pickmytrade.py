"""PickMyTrade alerts, by docs.pickmytrade.trade and pickmytrade.io ("Alert Format Explanation").

``data`` is buy, sell or close; a buy closes a short position and opens a long one. Stops and targets are 0 where
there are none.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pinery.trading.deployments import Deployment
from pinery.trading.messages.errors import Unreadable
from pinery.trading.messages.fields import Found, collect
from pinery.trading.messages.values import is_absent, number

DESCRIPTION = "PickMyTrade: symbol, date, data, quantity, tp, sl, percentage_tp, percentage_sl, order_type"
EXAMPLES = (
    '{"symbol":"MNQM2025","date":"2025-06-02T13:31:00Z","data":"buy","quantity":"1","risk_percentage":"0",'
    '"price":"21500.25","tp":"0","percentage_tp":"1","dollar_tp":"0","sl":"21400","dollar_sl":"0","percentage_sl":"0",'
    '"order_type":"MKT","token":"…","multiple_accounts":[]}',
    '{"symbol":"MNQM2025","date":"2025-06-02T13:45:00Z","data":"close","quantity":"0","token":"…"}',
)
_SIGNS = ("multiple_accounts", "risk_percentage", "dollar_tp", "dollar_sl", "duplicate_position_allow", "token")
_ENTRIES = {"buy": "enter_long", "sell": "enter_short"}


def detect(message: dict[str, Any]) -> bool:
    return "symbol" in message and isinstance(message.get("data"), str) and any(key in message for key in _SIGNS)


def read(message: dict[str, Any], deployment: Deployment) -> Found:
    for key in ("update_tp", "update_sl"):
        if str(message.get(key, "false")).casefold() == "true":
            raise Unreadable(f"{key} changes orders that are open; only entries and exits are taken")
    for key in ("dollar_tp", "dollar_sl"):
        if not is_absent(message.get(key)) and number(message[key], key):
            raise Unreadable(f"{key} is an amount of money: send percentage_tp, percentage_sl, or prices in tp and sl")
    found = collect({key: value for key, value in message.items() if _counts(key, value)})
    word = str(message.get("data", "")).strip().casefold()
    found["word"] = word
    if "market_position" not in found:
        word = _ENTRIES.get(word, word)
    found["action"] = word
    found["all_action"] = [word]
    found["sent"] = message.get("date")
    return found


def _counts(key: str, value: Any) -> bool:
    """Zeros stand for “nothing”; trailing is refused by ``collect`` where it is on."""
    if key in ("data", "date", "multiple_accounts", "trail_freq"):
        return False
    zero = value == 0 if isinstance(value, Decimal) else isinstance(value, str) and value.strip(" 0.") == ""
    return not zero
