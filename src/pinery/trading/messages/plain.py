"""Text messages: ``ES IN``, ``IN``, and the text that TradingView proposes for a strategy's alerts."""

from __future__ import annotations

import re

from pinery.trading.deployments import Deployment
from pinery.trading.messages.errors import Unreadable, shown
from pinery.trading.messages.fields import Found
from pinery.trading.messages.words import OPENING, action_of, plain, unknown_word

# "{strategy name}: order {{strategy.order.action}} @ {{strategy.order.contracts}} filled on {{ticker}}.
#  New strategy position is {{strategy.position_size}}"; the name comes first and may be anything.
_FILLED = re.compile(
    r"order (?P<action>buy|sell) @ (?P<quantity>\S+) filled on (?P<symbol>\S+)\. "
    r"New strategy position is (?P<position>[-−+]?[\d.e+-]*\d)\.?",
    re.IGNORECASE,
)
_SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9_.!/:&-]*")


def is_order_filled(body: str) -> bool:
    return "New strategy position is" in body


def read_order_filled(body: str) -> Found:
    """The position that is stated counts, so a missed alert heals with the next one."""
    matches = list(_FILLED.finditer(body))
    if len(matches) != 1 or body[matches[0].end() :].strip():
        raise Unreadable(
            "the text looks like TradingView's own for strategies, but is changed: it must end in “order buy @ 1 "
            "filled on ES1!. New strategy position is 1”. Better use the message that `pinery alert template` prints"
        )
    said = matches[0]
    action = said["action"]
    return {
        "action": action,
        "all_action": [action],
        "quantity": said["quantity"],
        "symbol": said["symbol"],
        "target_position": said["position"].replace("−", "-"),
    }


def read_text(body: str, deployment: Deployment) -> Found:
    """``WORD``, ``SYMBOL WORD`` or ``WORD SYMBOL``; words may have several parts ("close long")."""
    said = body.strip("\ufeff \t\r\n")
    if said[:1] == said[-1:] == '"':
        said = said[1:-1].strip()
    parts = said.split()
    if not parts:
        raise Unreadable("the message is empty")
    if len(said) > 200 or "\n" in said:
        raise Unreadable(
            f"the message {shown(said)} is neither JSON nor a short text such as “ES IN”; for texts of your own set a "
            "`template` for the deployment"
        )
    own = deployment.words
    whole = " ".join(parts)
    if action_of(whole, own) is not None:
        return _found(whole, "")
    if len(parts) > 1:
        for symbol, word in ((parts[0], " ".join(parts[1:])), (parts[-1], " ".join(parts[:-1]))):
            if action_of(word, own) is not None and _is_symbol(symbol, deployment):
                return _found(word, symbol)
        word = parts[-1] if _is_symbol(parts[0], deployment) else whole
    else:
        word = whole
    if plain(word) in OPENING:
        raise Unreadable(f"{shown(word)} does not say which side; write LONG or SHORT, IN, CALL or PUT")
    if len(parts) > 2:
        raise Unreadable(
            f"the message {shown(said)} is neither JSON nor a short text such as “ES IN”; for texts of your own set a "
            "`template` for the deployment"
        )
    raise unknown_word(word, own)


def _found(word: str, symbol: str) -> Found:
    return {"action": word, "all_action": [word], "symbol": symbol}


def _is_symbol(said: str, deployment: Deployment) -> bool:
    """Symbols are in capitals, or names that the deployment knows; a word for an action is not a symbol."""
    if said.casefold() in {name.casefold() for name in deployment.symbols}:
        return True
    return bool(_SYMBOL.fullmatch(said)) and (":" in said or action_of(said, deployment.words) is None)
