"""What a format found in a message, settled to one meaning. The same rules hold for every format."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pinery.trading.deployments import Deployment
from pinery.trading.messages import values
from pinery.trading.messages.errors import Unreadable, shown
from pinery.trading.messages.fields import Found
from pinery.trading.messages.protection import distance
from pinery.trading.messages.words import DIRECTION, EXITS, OPENING, action_of, plain, side_of, unknown_word
from pinery.trading.signals import Action, EntryType

COMMENT, NAME = 1000, 200  # characters kept


@dataclass(frozen=True, slots=True)
class Reading:
    """A Signal without its identity; see ``Signal`` for the fields."""

    action: Action
    word: str
    symbol: str = ""
    timeframe: str = ""
    quantity: Decimal | None = None
    target: Decimal | None = None
    target_side: int | None = None
    previous: Decimal | None = None
    price: Decimal | None = None
    entry: EntryType | None = None
    limit_price: Decimal | None = None
    stop: str = ""
    take_profit: str = ""
    bar_time: int | None = None
    sent: int | None = None
    order_id: str = ""
    comment: str = ""
    unique_id: str = ""
    note: str = ""


def settle(found: Found, deployment: Deployment) -> Reading:
    """One meaning, or Unreadable."""
    action, word = _action(found, deployment)
    word = str(found.get("word") or word)
    target, target_side, previous = _position(found, action, word)
    if target_side is not None and (action is None or action not in EXITS):
        action, word = Action.TARGET, word or str(found.get("market_position", "")) or "position"
    else:
        target = target_side = None
    if action is None:
        raise Unreadable(
            "the message says nothing of what to do: an action (IN, OUT, CALL, PUT, buy, sell, …) is missing, and a "
            'market_position too; add for example "action": "{{strategy.order.action}}"'
        )
    if action is Action.TARGET and target_side is None:
        raise Unreadable(f"{shown(word)} means a target position, but the message says no market_position")
    quantity = _quantity(found, action)
    entry, limit_price = _entry(found)
    bar_time, sent = _times(found)
    return Reading(
        action=action,
        word=values.text(word, "action", NAME),
        symbol=values.symbol(found.get("symbol"), found.get("exchange")),
        timeframe=values.timeframe(found["interval"], tradingview=True)
        if found.get("interval")
        else values.timeframe(found.get("timeframe"), tradingview=False),
        quantity=quantity,
        target=target,
        target_side=target_side,
        previous=previous,
        price=_price(found),
        entry=entry,
        limit_price=limit_price,
        stop=distance(found.get("stop"), "stop"),
        take_profit=distance(found.get("take_profit"), "take_profit"),
        bar_time=bar_time,
        sent=sent,
        order_id=values.text(found.get("order_id"), "order_id", NAME),
        comment=values.text(found.get("comment"), "comment", COMMENT),
        unique_id=values.text(found.get("unique_id"), "unique_id", 10_000),
        note=values.text(found.get("note"), "note", COMMENT),
    )


def _word(raw: Any, name: str) -> str:
    if values.is_absent(raw):
        return ""
    if not isinstance(raw, str):
        raise Unreadable(f"{name} must be a word such as IN, OUT, buy or sell, not {shown(raw)}")
    if "{{" in raw:
        raise Unreadable(
            f"{name} is still the placeholder {shown(raw)}: TradingView fills {{{{strategy.…}}}} only in alerts of a "
            "strategy's order fills. Make the alert on the strategy, or write the action itself"
        )
    return raw.strip()


def _action(found: Found, deployment: Deployment) -> tuple[Action | None, str]:
    """The action and the word that said it; the side, where another field names it, decides what is open to it."""
    own = deployment.words
    said = [_word(value, "action") for value in found.get("all_action", [found.get("action")])]
    said = [word for word in said if word]
    side_word = _word(found.get("side"), "side")
    held_word = _word(found.get("position_side"), "position_side")
    if plain(held_word) == "both":
        held_word = ""
    typed = found.get("type")
    if not said and isinstance(typed, str) and (action_of(typed, own) or plain(typed) in OPENING):
        said = [typed.strip()]
    if not said:
        if not side_word:
            return None, ""
        said, side_word = [side_word], ""
    word = said[0]
    side = _side(side_word or held_word)
    if plain(word) in OPENING and word.casefold() not in own:
        if not side:
            raise Unreadable(f"the action is {shown(word)}, but no side says whether long or short: add “side”")
        return (Action.ENTER_LONG if side > 0 else Action.ENTER_SHORT), f"{word} {side_word or held_word}"
    action = action_of(word, own)
    if action is None:
        raise unknown_word(word, own)
    for other in said[1:]:
        known = action_of(other, own)
        if known is not None and DIRECTION[known] != DIRECTION[action]:
            raise Unreadable(f"the message says both {shown(word)} and {shown(other)}; leave one out")
    return _with_side(action, word, side, side_word, held_word), word


def _side(word: str) -> int:
    if not word:
        return 0
    side = side_of(word)
    if side is None:
        raise Unreadable(f"the side {shown(word)} is not known; write long or short, buy or sell")
    return side


def _with_side(action: Action, word: str, side: int, side_word: str, held_word: str) -> Action:
    if not side:
        return action
    said = side_word or held_word
    if action is Action.EXIT and plain(said) not in ("buy", "sell"):
        return Action.EXIT_LONG if side > 0 else Action.EXIT_SHORT
    if DIRECTION[action] == -side:
        if not side_word and action in (Action.BUY, Action.SELL):  # to sell of a long position is an exit
            return Action.EXIT_LONG if side > 0 else Action.EXIT_SHORT
        raise Unreadable(f"the action {shown(word)} and the side {shown(said)} contradict each other")
    return action


def _position(found: Found, action: Action | None, word: str) -> tuple[Decimal | None, int | None, Decimal | None]:
    """(signed target or None, its side or None where no target is stated, signed position before)."""
    previous = None
    before = _position_side(found, "prev_market_position")
    before_size = values.number(found.get("prev_market_position_size"), "prev_market_position_size")
    if before == 0:
        previous = Decimal(0)
    elif before is not None and before_size is not None:
        previous = before * abs(before_size)
    stated = values.number(found.get("target_position"), "target_position")
    side = _position_side(found, "market_position")
    if "position_size" in found and stated is None:
        signed = values.number(found.get("position_size"), "position_size")
        if side is not None or found.get("quantity") is not None or action is None:
            stated = signed
        elif signed is not None:
            raise Unreadable(
                f"position_size may be the size of the order {shown(word)} or of the position after it: send the first "
                "as quantity, the second with market_position"
            )
    size = values.number(found.get("market_position_size"), "market_position_size")
    if side is None:
        if size is not None and action is None:
            raise Unreadable("market_position_size is there, but market_position (long, short or flat) is missing")
        return (stated, (stated > 0) - (stated < 0), previous) if stated is not None else (None, None, previous)
    for amount in (size, stated):
        if amount is not None and ((side == 0) != (amount == 0) or (side > 0 > amount)):
            raise Unreadable(
                f"the market_position {shown(found['market_position'])} and its size {format(amount, 'f')} contradict "
                "each other"
            )
    if stated is not None and side < 0 < stated and size is None:
        raise Unreadable("the market_position is short, but the position_size is above 0")
    if size is None and stated is not None:
        size = stated
    if side == 0:
        return Decimal(0), 0, previous
    return (side * abs(size) if size is not None else None), side, previous


def _position_side(found: Found, name: str) -> int | None:
    raw = found.get(name)
    if values.is_absent(raw):
        return None
    word = _word(raw, name)
    side = side_of(word)
    if side is None or plain(word) in ("buy", "sell"):
        raise Unreadable(f"{name} must be long, short or flat, not {shown(word)}")
    return side


#: The size follows from the position.
_SIZED = EXITS | {Action.TARGET}


def _quantity(found: Found, action: Action) -> Decimal | None:
    raw = found.get("quantity")
    if isinstance(raw, str) and raw.strip().endswith("%"):
        raise Unreadable(
            f"the quantity {shown(raw)} is a percentage: set the size in the deployment's sizing and leave it out here"
        )
    if values.is_absent(raw):
        if not values.is_absent(found.get("volume")) and "open" not in found and action not in _SIZED:
            raise Unreadable("volume may be the bar's or the order's: send the size of the order as quantity")
        return None
    if action in _SIZED and values.number(raw, "quantity") == 0:
        return None  # what senders write where all of it goes, or the position says it
    return values.positive(raw, "quantity")


_TYPES = {
    "market": EntryType.MARKET, "mkt": EntryType.MARKET, "limit": EntryType.LIMIT, "lmt": EntryType.LIMIT,
}  # fmt: skip
_OTHER_TYPES = frozenset({"stop", "stp", "stopmarket", "stoplimit", "stplmt", "trailingstop", "stoploss", "oco"})


def _entry(found: Found) -> tuple[EntryType | None, Decimal | None]:
    raw = found.get("order_type")
    price = values.number(found.get("limit_price"), "limit_price")
    if values.is_absent(raw) and isinstance(found.get("type"), str):
        said = plain(found["type"])
        raw = found["type"] if said in _TYPES or said in _OTHER_TYPES else None
    if values.is_absent(raw):
        return (EntryType.LIMIT if price is not None else None), price
    kind = _TYPES.get(plain(_word(raw, "order_type")))
    if kind is None:
        raise Unreadable(f"orders of the type {shown(raw)} are not taken; market and limit are")
    if kind is EntryType.LIMIT and price is None:
        price = _price(found)
    return kind, price if kind is EntryType.LIMIT else None


def _price(found: Found) -> Decimal | None:
    """What the sender saw. 0 and less stands for "none": nothing is sized, filled or stopped out at it."""
    price = values.number(found.get("price"), "price")
    return price if price is not None and price > 0 else None


def _times(found: Found) -> tuple[int | None, int | None]:
    """(opening of the bar, firing). A second “time” beside the bar's own is when the alert fired."""
    times = [values.instant(value, "time") for value in found.get("all_bar_time", [found.get("bar_time")])]
    stated = [moment for moment in times if moment is not None]
    sent = values.instant(found.get("sent"), "sent")
    if len(stated) > 1 and sent is None:
        return stated[0], stated[1]
    return (stated[0] if stated else None), sent
