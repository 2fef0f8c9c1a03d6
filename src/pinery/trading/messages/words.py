"""Senders' words for what they want, and the actions that they mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches

from pinery.trading.messages.errors import Unreadable, shown
from pinery.trading.signals import Action

#: action -> words, as people write them; case, spaces, "_" and "-" do not count.
WORDS: dict[Action, tuple[str, ...]] = {
    Action.ENTER_LONG: (
        "IN", "LONG", "CALL", "enter_long", "entry_long", "long_entry", "go_long", "open_long", "buy_to_open",
    ),
    Action.ENTER_SHORT: (
        "SHORT", "PUT", "enter_short", "entry_short", "short_entry", "go_short", "open_short", "sell_short",
        "sell_to_open",
    ),
    Action.EXIT: (
        "OUT", "FLAT", "CLOSE", "EXIT", "close_all", "exit_all", "flatten", "close_position", "exit_position",
        "close_entry", "close_trade",
    ),
    Action.EXIT_LONG: ("exit_long", "close_long", "long_exit", "long_close", "sell_to_close"),
    Action.EXIT_SHORT: (
        "exit_short", "close_short", "short_exit", "short_close", "buy_to_close", "buy_to_cover", "cover",
    ),
    Action.REVERSE: ("REVERSE", "flip", "reversal"),
    Action.BUY: ("buy",),
    Action.SELL: ("sell",),
}  # fmt: skip

#: Words that open a position on the side that another field names.
OPENING = frozenset({"open", "enter", "entry", "openposition", "enterposition"})

#: 1: up, -1: down, 0: flat or no side of its own.
DIRECTION: dict[Action, int] = {
    Action.ENTER_LONG: 1,
    Action.BUY: 1,
    Action.ENTER_SHORT: -1,
    Action.SELL: -1,
    Action.EXIT: 0,
    Action.EXIT_LONG: 0,
    Action.EXIT_SHORT: 0,
    Action.REVERSE: 0,
    Action.TARGET: 0,
}
EXITS = frozenset({Action.EXIT, Action.EXIT_LONG, Action.EXIT_SHORT})

_SIDES = {"long": 1, "bullish": 1, "buy": 1, "short": -1, "bearish": -1, "sell": -1, "flat": 0, "none": 0}


def plain(word: str) -> str:
    """The form in which words are compared."""
    return re.sub(r"[\s_\-.]+", "", word.casefold())


_ACTIONS = {plain(word): action for action, words in WORDS.items() for word in words}


def action_of(word: str, own: Mapping[str, Action]) -> Action | None:
    """What ``word`` means; a deployment's own words come first."""
    said = word.strip().casefold()
    if said in own:
        return own[said]
    compared = plain(word)
    for name, action in own.items():
        if plain(name) == compared:
            return action
    return _ACTIONS.get(compared)


def side_of(word: str) -> int | None:
    """1, -1 or 0 for a word that names a side of a position; None for others."""
    return _SIDES.get(plain(word))


def unknown_word(word: str, own: Mapping[str, Action]) -> Unreadable:
    known = {plain(name): name for words in WORDS.values() for name in words} | {plain(name): name for name in own}
    close = get_close_matches(plain(word), known, n=1, cutoff=0.6)
    meant = f" Did you mean “{known[close[0]]}”?" if close else ""
    return Unreadable(
        f"the action {shown(word)} is not known.{meant} Words that are understood: IN, OUT, CALL, PUT, LONG, SHORT, "
        "FLAT, buy, sell, close, reverse; others can be given a meaning under `words` of the deployment"
    )
