"""Ticks, size steps and money: the roundings that TradingView applies."""

from __future__ import annotations

import math

from pinery.emulator.state import Terms

# A level this close to a tick counts as the tick. TradingView's exports show it for 0.00006 of a
# tick and not for 0.00015.
TICK_TOLERANCE = 1e-4
FLOAT_NOISE = 1e-14
LARGEST = 1e15  # ticks and steps beyond it are not counted singly


def tick_up(price: float, terms: Terms) -> float:
    """The tick at or above a price: levels of buy stops and sell limits, as TradingView's exports show."""
    ticks = price * terms.pricescale / terms.minmove
    if not abs(ticks) < LARGEST:
        return price
    near = math.floor(ticks + 0.5)
    whole = near if abs(ticks - near) <= TICK_TOLERANCE else math.ceil(ticks)
    return whole * terms.minmove / terms.pricescale


def tick_down(price: float, terms: Terms) -> float:
    """The tick at or below a price: levels of sell stops and buy limits."""
    ticks = price * terms.pricescale / terms.minmove
    if not abs(ticks) < LARGEST:
        return price
    near = math.floor(ticks + 0.5)
    whole = near if abs(ticks - near) <= TICK_TOLERANCE else math.floor(ticks)
    return whole * terms.minmove / terms.pricescale


def whole_ticks(points: float) -> float:
    """A distance in ticks with a fraction counts as the next whole one (seen in exports of trailing exits)."""
    if not abs(points) < LARGEST:
        return points
    near = math.floor(points + 0.5)
    return float(near) if abs(points - near) <= TICK_TOLERANCE else float(math.ceil(points))


def distance(points: float, terms: Terms) -> float:
    """Price distance of a number of ticks."""
    return points * terms.minmove / terms.pricescale


def steps_of(units: float, terms: Terms) -> int:
    """Whole size steps in a quantity, rounded down: exports show it for given and computed sizes alike."""
    if not 0.0 < units < LARGEST:
        return 0
    steps = units * terms.steps_per_unit if terms.steps_per_unit > 0 else units / terms.step
    return math.floor(steps + steps * FLOAT_NOISE)


def units_of(steps: int, terms: Terms) -> float:
    """The quantity of a number of steps, as the nearest float of its decimal text."""
    return steps / terms.steps_per_unit if terms.steps_per_unit > 0 else steps * terms.step


def rounded_money(money: float) -> float:
    """Ten significant digits, half up, as TradingView is reported to keep money that it sizes orders by."""
    if not 0.0 < abs(money) < LARGEST:
        return money
    digits = 9 - math.floor(math.log10(abs(money)))
    unit = 10.0**digits
    return math.floor(money * unit + 0.5) / unit
