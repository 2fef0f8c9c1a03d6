"""Orders as requests have them, checked: what the venue refuses before it makes an order of it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from pinery.simulators.tradovate.answers import Failure, refused, violation
from pinery.simulators.tradovate.products import Future
from pinery.simulators.tradovate.records import LIMITED, STOPS, TOUCHED, TRAILING, TYPES, Terms
from pinery.simulators.tradovate.wire import unix_ms

_TIFS = ("Day", "FOK", "GTC", "GTD", "IOC")
_TEXTS = ("clOrdId", "text", "customTag50")


def required(asked: Mapping[str, Any], *names: str) -> None:
    missing = [name for name in names if asked.get(name) in (None, "")]
    if missing:
        raise Failure(
            violations=[
                {"constraint": "Required", "value": name, "description": f"{name} is required"} for name in missing
            ]
        )


def side(asked: Mapping[str, Any]) -> bool:
    """True: Buy."""
    action = asked.get("action")
    if action not in ("Buy", "Sell"):
        raise violation("Enum", action, "action is Buy or Sell")
    return bool(action == "Buy")


def quantity(asked: Mapping[str, Any], most: int) -> int:
    found = asked.get("orderQty")
    if isinstance(found, bool) or not isinstance(found, int) or found < 1:
        raise violation("Positive", found, "orderQty is a whole number above 0")
    if found > most:
        raise refused("MaxOrderQtyLimitReached", f"an order has at most {most} contracts")
    return found


def read_terms(asked: Mapping[str, Any], future: Future, size: int, now: int) -> Terms:
    """Of an order, a bracket or a modification. Raises Failure."""
    for name in _TEXTS:
        value = asked.get(name)
        if value is not None and (not isinstance(value, str) or len(value) > 64):
            raise violation("MaxLength", value, f"{name} is a text of at most 64 characters")
    kind = asked.get("orderType")
    if kind == "QTS":
        raise refused("Unsupported", "QTS orders are not simulated")
    if not isinstance(kind, str) or kind not in TYPES:
        raise violation("Enum", kind, f"orderType is one of {', '.join(sorted(TYPES))}")
    tif = asked.get("timeInForce") or "Day"
    if tif not in _TIFS:
        raise violation("Enum", tif, f"timeInForce is one of {', '.join(_TIFS)}")
    terms = Terms(kind, size, tif, text=asked.get("text"))
    if tif == "GTD":
        required(asked, "expireTime")
        terms.expires = _time(asked, "expireTime")
        if terms.expires <= now:
            raise violation("Time", asked["expireTime"], "expireTime is over")
    if asked.get("activationTime") is not None:
        terms.activates = _time(asked, "activationTime")
    _read_prices(terms, asked, future)
    return terms


def _read_prices(terms: Terms, asked: Mapping[str, Any], future: Future) -> None:
    if terms.type in LIMITED:
        terms.price = _price(asked, "price", future)
    if terms.type in STOPS:
        terms.stop = _price(asked, "stopPrice", future)
    if terms.type == "LimitIfTouched":
        terms.touch = _price(asked, "limitIfTouchedPrice", future)
    if terms.type == "MIT":  # the documents name no field; samples have both
        terms.touch = _price(asked, "price" if asked.get("price") is not None else "stopPrice", future)
        terms.price = terms.touch if asked.get("price") is not None else None
        terms.stop = terms.touch if terms.price is None else None
    if terms.type in TRAILING:
        if asked.get("pegDifference") is not None:
            terms.peg = abs(_number(asked, "pegDifference", future))
        if asked.get("stopPrice") is not None or terms.peg is None:
            terms.stop = _price(asked, "stopPrice", future)
        if terms.peg == 0:
            raise refused("InvalidPrice", "pegDifference must not be 0")
    assert terms.type not in TOUCHED or terms.touch is not None


def _price(asked: Mapping[str, Any], name: str, future: Future) -> Decimal:
    if asked.get(name) is None:
        raise refused("InvalidPrice", f"{name} is missing for an order of type {asked.get('orderType')}")
    return _number(asked, name, future)


def _number(asked: Mapping[str, Any], name: str, future: Future) -> Decimal:
    found = asked[name]
    if isinstance(found, bool) or not isinstance(found, int | Decimal):
        raise violation("Number", found, f"{name} is a number")
    number = Decimal(found)
    try:
        fits = number % future.product.tick == 0
    except InvalidOperation:  # more digits than any price has
        fits = False
    if not fits:
        raise refused("InvalidPrice", f"{name} {number} is off the tick of {future.product.tick}")
    return number


def _time(asked: Mapping[str, Any], name: str) -> int:
    """Unix ms."""
    try:
        return unix_ms(str(asked[name]))
    except ValueError:
        raise violation("Time", asked[name], f"{name} is a time such as 2026-12-01T21:00:00Z") from None
