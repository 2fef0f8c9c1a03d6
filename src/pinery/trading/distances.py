"""Distances from an entry price: how they are written, and which price they mean."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from pinery.trading.contracts import Contract
from pinery.trading.denials import Denial
from pinery.trading.deployments import Distance, Unit

_NUMBER = re.compile(r"(?P<number>[0-9]{1,15}(?:\.[0-9]{0,12})?|\.[0-9]{1,12})\s*(?P<unit>[a-z%]*)")
_UNITS = {
    "": Unit.PRICE,
    "%": Unit.PERCENT,
    "percent": Unit.PERCENT,
    "pct": Unit.PERCENT,
    "point": Unit.POINTS,
    "points": Unit.POINTS,
    "pt": Unit.POINTS,
    "pts": Unit.POINTS,
    "tick": Unit.TICKS,
    "ticks": Unit.TICKS,
}
_HOW = 'write "1%", "20 ticks", "5 points", a price as "4100.25", or "signal"'


def parse(text: str) -> Distance:
    """The distance that ``text`` says: "1%", "20 ticks", "5 points", "4100.25" (a price), "signal".

    Raises ValueError in words for people.
    """
    plain = text.strip().casefold()
    if plain == "signal":
        return Distance(Unit.SIGNAL)
    match = _NUMBER.fullmatch(plain)
    unit = _UNITS.get(match["unit"]) if match else None
    if match is None or unit is None:
        raise ValueError(f"{text.strip()[:40]!r} is no distance: {_HOW}")
    value = Decimal(match["number"])
    if not value:
        raise ValueError(f"{text.strip()!r} is no distance: it must be above 0")
    return Distance(unit, value)


def format(distance: Distance) -> str:
    """As ``parse`` reads it."""
    value = f"{distance.value.normalize():f}"
    match distance.unit:
        case Unit.SIGNAL:
            return "signal"
        case Unit.PRICE:
            return value
        case Unit.PERCENT:
            return f"{value}%"
        case _:
            unit = distance.unit.value
            return f"{value} {unit[:-1] if distance.value == 1 else unit}"


def choose(configured: Distance | None, stated: str, *, from_signal: bool = True) -> Distance | None:
    """The distance that holds: what the signal states comes first where ``from_signal`` (or "signal") allows it.

    Raises ValueError where the stated text is no distance, or where the deployment takes the price from the signal
    and the signal states none: a position without the protection that it was meant to have is not opened.
    """
    if stated.strip() and (from_signal or (configured is not None and configured.unit is Unit.SIGNAL)):
        found = parse(stated)
        if found.unit is not Unit.SIGNAL:
            return found
    if configured is not None and configured.unit is Unit.SIGNAL:
        raise ValueError("the deployment takes this price from the signal, which states none")
    return configured


def offset(distance: Distance, entry_price: Decimal | None, contract: Contract) -> Decimal:
    """How far that is from the entry, in price, above 0 and not rounded.

    Raises ValueError where it needs an entry price that is not known, or the signal's own price.
    """
    match distance.unit:
        case Unit.POINTS:
            return distance.value
        case Unit.TICKS:
            return distance.value * contract.tick
        case Unit.SIGNAL:
            raise ValueError("the price is the signal's to state")
    if entry_price is None:
        raise ValueError(f"{format(distance)} needs the price of the entry")
    if distance.unit is Unit.PRICE:
        return abs(distance.value - entry_price)
    return entry_price * distance.value / 100


def price_at(distance: Distance, entry_price: Decimal, side: int, contract: Contract, *, loss: bool) -> Decimal:
    """The price of a stop (``loss``) or target for a position of ``side`` (1 long, -1 short) from ``entry_price``.

    Rounded to the tick that is nearer to the entry, for stop and target: the stop never loses more and the target
    never asks for more than was said. At least one tick from the entry. A price stated as such is only rounded, so
    that ``check_bracket`` sees one on the wrong side. Raises ValueError for a distance of Unit.SIGNAL.
    """
    tick = contract.price_step
    up = (side > 0) != loss  # where the price lies, seen from the entry
    if distance.unit is Unit.PRICE:
        if distance.value == entry_price or (distance.value > entry_price) != up:
            return contract.price_to_tick(distance.value)
        wanted = distance.value
    else:
        away = offset(distance, entry_price, contract)
        wanted = entry_price + away if up else entry_price - away
    if up:
        first = (entry_price / tick).to_integral_value(ROUND_FLOOR) + 1
        return max((wanted / tick).to_integral_value(ROUND_FLOOR), first) * tick
    first = (entry_price / tick).to_integral_value(ROUND_CEILING) - 1
    return min((wanted / tick).to_integral_value(ROUND_CEILING), first) * tick


def check_bracket(side: int, entry: Decimal, stop: Decimal | None, target: Decimal | None) -> Denial | None:
    """BRACKET where a stop or target is not a price, or not on its side of the entry."""
    name = "long" if side > 0 else "short"
    for what, price, below in (("stop", stop, side > 0), ("target", target, side < 0)):
        if price is None:
            continue
        if price <= 0:
            return Denial("BRACKET", f"the {what} of the {name} entry at {entry:f} would be at {price:f}")
        if price == entry or (price < entry) != below:
            return Denial(
                "BRACKET",
                f"the {what} of a {name} entry must be {'below' if below else 'above'} it: "
                f"{what} {price:f}, entry {entry:f}",
            )
    return None
