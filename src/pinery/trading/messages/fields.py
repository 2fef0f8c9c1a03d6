"""The fields of a message, and the names under which people send them.

Names are compared without case and punctuation, with the names of the objects around them in front:
``{"strategy": {"order_action": …}}`` is ``strategyorderaction``. Names of usual wrappers may be left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pinery.trading.messages.errors import Unreadable, shown

Found = dict[str, Any]  # field -> what was sent


@dataclass(frozen=True, slots=True)
class Field:
    """``names`` in the order of preference. ``exclusive``: two different values under two names are refused."""

    meaning: str
    names: tuple[str, ...]
    exclusive: bool = False


FIELDS: dict[str, Field] = {
    "action": Field(
        "what to do: IN, OUT, CALL, PUT, buy, sell, …",
        ("action", "signal", "orderaction", "strategyorderaction", "command", "cmd", "order", "event"),
    ),
    "side": Field("the side, or the action where there is no other", ("side", "direction", "orderside", "tradeside")),
    "position_side": Field("the side of the position that the order is for", ("positionside", "posside")),
    "symbol": Field(
        "instrument",
        ("symbol", "ticker", "instrument", "tvinstrument", "pair", "tickerid", "contract", "market", "asset"),
        exclusive=True,
    ),
    "exchange": Field("exchange of the symbol", ("exchange", "tvexchange")),
    "timeframe": Field("timeframe: 1m is a minute, and so is 1M", ("timeframe", "tf", "resolution")),
    "interval": Field("timeframe in TradingView's notation: 1M is a month", ("interval",)),
    "quantity": Field(
        "contracts of the order",
        (
            "quantity", "qty", "contracts", "ordercontracts", "strategyordercontracts", "orderquantity", "orderqty",
            "ordersize", "lots", "lot", "lotsize", "size", "units", "shares", "amount",
        ),
        exclusive=True,
    ),
    "market_position": Field(
        "side after the order: long, short, flat",
        ("marketposition", "strategymarketposition", "position"),
        exclusive=True,
    ),
    "market_position_size": Field(
        "size after the order, unsigned",
        ("marketpositionsize", "strategymarketpositionsize", "targetsize"),
        exclusive=True,
    ),
    "target_position": Field(
        "signed position after the order", ("targetposition", "strategypositionsize"), exclusive=True
    ),
    "position_size": Field("signed position after the order", ("positionsize",)),
    "prev_market_position": Field(
        "side before the order",
        ("prevmarketposition", "strategyprevmarketposition", "previousmarketposition", "prevposition"),
    ),
    "prev_market_position_size": Field(
        "size before the order",
        ("prevmarketpositionsize", "strategyprevmarketpositionsize", "previousmarketpositionsize", "prevpositionsize"),
    ),
    "price": Field(
        "price that the sender saw",
        (
            "price", "orderprice", "strategyorderprice", "entryprice", "signalprice", "triggerprice", "lastprice",
            "currentprice", "close", "barclose",
        ),
    ),
    "order_type": Field("market or limit", ("ordertype", "entrytype", "execution")),
    "type": Field("order type or action, by what it says", ("type",)),
    "limit_price": Field("price of a limit entry", ("limitprice", "limit"), exclusive=True),
    "stop": Field("stop loss: a price, “1%”, “20 ticks”, “5 points”", (), exclusive=True),
    "take_profit": Field("target: a price, “1%”, “20 ticks”, “5 points”", (), exclusive=True),
    "bar_time": Field("opening time of the bar", ("bartime", "candletime", "time")),
    "sent": Field(
        "when the alert fired",
        (
            "timenow", "sent", "senttime", "sentat", "firedat", "alerttime", "triggertime", "timestamp", "date",
            "datetime", "createdat",
        ),
    ),
    "order_id": Field("the strategy's order id", ("orderid", "strategyorderid", "id", "entryid")),
    "comment": Field("the order's comment", ("comment", "strategyordercomment", "ordercomment")),
    "unique_id": Field(
        "an id that no other alert has", ("uniqueid", "idempotencykey", "messageid", "requestid", "nonce")
    ),
    "note": Field("why, when given by hand", ("note",)),
    "volume": Field("volume of the bar", ("volume", "barvolume")),
    "open": Field("open of the bar", ("open", "baropen", "high", "low")),
    "text": Field("a text message inside JSON", ("message", "text", "alert", "content", "alertmessage")),
}  # fmt: skip

_WRAPPERS = (
    "strategyinfo", "strategy", "order", "data", "alert", "payload", "bar", "position", "message", "signal", "trade",
    "params", "market", "tradingview",
)  # fmt: skip
_UNITS = {
    "": "", "price": "", "level": "",
    "percent": "%", "percentage": "%", "pct": "%", "perc": "%",
    "ticks": " ticks", "tick": " ticks",
    "points": " points", "point": " points", "pts": " points",
}  # fmt: skip
_STOPS = ("sl", "stop", "stoploss", "initialstop", "slstop")
_TARGETS = ("tp", "takeprofit", "target", "profittarget", "tptarget")
#: Names of stops and targets -> (field, unit to add to a bare number).
PROTECTION: dict[str, tuple[str, str]] = {
    form: (field, unit)
    for field, names in (("stop", _STOPS), ("take_profit", _TARGETS))
    for name in names
    for word, unit in _UNITS.items()
    for form in ((name + word), (word + name))
}
#: Names whose meaning would change the order but is not certain, or not possible: refused unless empty, 0 or false.
REFUSED: dict[str, str] = {
    **dict.fromkeys(
        ("stopprice", "pricestop"),
        "it may be a stop loss or the trigger of a stop order: send the first as stop_loss; stop entries are not taken",
    ),
    **dict.fromkeys(
        (
            "trail", "trailingstop", "trailstop", "trailingstoploss", "trailprice", "trailoffset", "trailpercent",
            "trailpoints", "trailticks", "trailamount", "tsl",
        ),
        "trailing stops are not read from messages: set `trail` in the deployment's bracket and leave this out",
    ),
    **dict.fromkeys(
        tuple(f"{name}{count}" for name in ("tp", "takeprofit", "target", "sl", "stoploss") for count in range(1, 10)),
        "one stop and one target are taken: send them as stop_loss and take_profit",
    ),
}  # fmt: skip
for _name in ("stopprice", "pricestop"):
    PROTECTION.pop(_name)

_NAMES = {name: field for field, spec in FIELDS.items() for name in spec.names}
_DEPTH = 6


def plain_name(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def _candidates(path: tuple[str, ...]) -> list[str]:
    """The names that a place in the message may have: with all objects around it, and without the usual wrappers."""
    names = ["".join(path)]
    while len(path) > 1 and path[0] in _WRAPPERS:
        path = path[1:]
        names.append("".join(path))
    return names


def field_of(path: tuple[str, ...]) -> tuple[str, str, str] | None:
    """(field, unit of a bare number, name that was recognised); None for names that say nothing."""
    for name in _candidates(path):
        if name in _NAMES:
            return _NAMES[name], "", name
        if name in PROTECTION:
            return *PROTECTION[name], name
    return None


def collect(message: Mapping[str, Any]) -> Found:
    """The fields of a JSON object. Unknown names are left out. Raises Unreadable where two names contradict.

    ``all_action`` and ``all_bar_time`` hold every value that was sent for these two, the preferred one first.
    """
    ranked: dict[str, list[tuple[int, str, Any]]] = {}
    for path, value in _flat(message, ()):
        if value is None or value == "":
            continue
        for name in _candidates(path):
            if name in REFUSED and not _is_off(value):
                raise Unreadable(f"{shown(path[-1])} cannot be used: {REFUSED[name]}")
        known = field_of(path)
        if known is not None:
            field, unit, name = known
            if field in ("stop", "take_profit") and _is_off(value):
                continue
            names = FIELDS[field].names
            rank = names.index(name) if name in names else 0
            ranked.setdefault(field, []).append((rank, name, _with_unit(value, unit)))
    found: Found = {}
    for field, values in ranked.items():
        values.sort(key=lambda entry: entry[0])
        _, first_name, first = values[0]
        found[field] = first
        for _, name, value in values[1:]:
            if field == "symbol" and _same_ticker(first, value):
                found[field] = max(str(found[field]), str(value), key=len)
            elif FIELDS[field].exclusive and not same(value, first):
                raise Unreadable(
                    f"the message says {field} twice: {shown(first)} as {first_name} and {shown(value)} as {name}; "
                    "leave one out"
                )
        if field in ("action", "bar_time"):
            found[f"all_{field}"] = [value for _, _, value in values]
    return found


def same(one: Any, other: Any) -> bool:
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return bool(one == other)
    return str(one).strip().casefold() == str(other).strip().casefold()


def _same_ticker(one: Any, other: Any) -> bool:
    first, second = str(one).strip().casefold(), str(other).strip().casefold()
    if ":" in first and ":" in second:
        return first == second
    return first.split(":")[-1] == second.split(":")[-1]


def _is_off(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().casefold() in ("", "0", "0.0", "false", "no", "off", "null", "none")
    return value is None or value is False or (isinstance(value, Decimal) and not value)


def _with_unit(value: Any, unit: str) -> Any:
    if not unit or not isinstance(value, (str, Decimal)):
        return value
    written = format(value, "f") if isinstance(value, Decimal) and abs(value.adjusted()) < 40 else str(value).strip()
    return f"{written}{unit}" if re.fullmatch(r"[+-]?[\d.]+", written) else value


def _flat(message: Mapping[str, Any], around: tuple[str, ...]) -> list[tuple[tuple[str, ...], Any]]:
    if len(around) > _DEPTH:
        raise Unreadable(f"the message is nested more than {_DEPTH} levels deep")
    flat: list[tuple[tuple[str, ...], Any]] = []
    for key, value in message.items():
        path = (*around, plain_name(key))
        if isinstance(value, dict):
            known = field_of(path)
            if known is None or known[0] not in ("stop", "take_profit"):
                flat.extend(_flat(value, path))
                continue
        flat.append((path, value))
    return flat
