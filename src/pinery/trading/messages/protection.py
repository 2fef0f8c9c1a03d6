"""Stops and targets in senders' spellings, in the text form that ``trading.distances`` reads."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from pinery.trading.messages import values
from pinery.trading.messages.errors import Unreadable, shown

_SUFFIXES = {
    "": "", "%": "%", "percent": "%", "pct": "%",
    "tick": " ticks", "ticks": " ticks", "t": " ticks",
    "point": " points", "points": " points", "pts": " points", "pt": " points", "p": " points",
}  # fmt: skip
#: Keys inside an object such as ``"takeProfit": {"percent": 10}`` -> unit. ``amount`` is a price distance.
_PARTS = {
    "limitprice": "", "stopprice": "", "price": "", "triggerprice": "", "level": "", "value": "",
    "percent": "%", "percentage": "%", "pct": "%",
    "amount": " points", "points": " points", "ticks": " ticks",
}  # fmt: skip
_TRAILS = ("trailprice", "trailpercent", "trailamount", "trailingstop", "trail")


def distance(raw: Any, name: str) -> str:
    """ "1%", "20 ticks", "5 points" or a price; empty for nothing, and for 0, which senders write for “none”."""
    if isinstance(raw, dict):
        return _from_object(raw, name)
    if values.is_absent(raw) or raw is False:
        return ""
    if isinstance(raw, Decimal):
        return _written(values.number(raw, name), "", name)
    if not isinstance(raw, str):
        raise Unreadable(f"{name} must be a price or a distance such as “1%” or “20 ticks”, not {shown(raw)}")
    match = re.fullmatch(r"\s*([+-]?[\d.]+(?:e[+-]?\d+)?)\s*([A-Za-z%]*)\s*", raw, re.IGNORECASE)
    unit = _SUFFIXES.get(match[2].casefold()) if match else None
    if match is None or unit is None:
        values.number(raw, name)  # a better reason where it is one: a placeholder, a comma
        raise Unreadable(f"{name} {shown(raw)} is not understood; write a price, or “1%”, “20 ticks”, “5 points”")
    return _written(values.number(match[1], name), unit, name)


def _written(value: Decimal | None, unit: str, name: str) -> str:
    if value is None or value == 0:
        return ""
    if value < 0:
        raise Unreadable(f"{name} must be above 0, not {format(value, 'f')}")
    return f"{format(value, 'f')}{unit}"


def _from_object(parts: dict[str, Any], name: str) -> str:
    if not parts:
        return ""
    named = {re.sub(r"[^a-z]", "", key.casefold()): value for key, value in parts.items()}
    kind = str(named.get("type", "")).casefold()
    if "trail" in kind or any(not values.is_absent(named.get(part)) for part in _TRAILS):
        raise Unreadable(
            f"{name} is a trailing stop: those are not read from messages; set `trail` in the deployment's bracket"
        )
    said = [
        distance(value if unit == "" else _with_unit(value, unit), name)
        for part, unit in _PARTS.items()
        if not values.is_absent(value := named.get(part))
    ]
    said = [text for text in said if text]
    if len(said) > 1 and "limit" in kind and "stopprice" in named and "limitprice" in named:
        return distance(named["stopprice"], name)  # of a stop-limit, the trigger protects
    if len(said) != 1:
        raise Unreadable(f"{name} must say one of percent, points, ticks or a price, and says {len(said)} of them")
    return said[0]


def _with_unit(value: Any, unit: str) -> Any:
    if isinstance(value, Decimal):
        return distance(value, "stop or target") + unit if value else ""
    return f"{value}{unit}" if isinstance(value, str) and re.fullmatch(r"\s*[\d.]+\s*", value) else value
