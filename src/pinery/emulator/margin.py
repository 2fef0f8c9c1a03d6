"""Margin calls. Algorithm from TradingView's help ("How do I simulate trading with leverage?")."""

from __future__ import annotations

import math

from pinery.emulator.account import equity, margin_share, realised, units_value, value_of
from pinery.emulator.state import Book, Terms
from pinery.emulator.units import steps_of


def called_steps(book: Book, terms: Terms) -> int:
    """Steps that a margin call liquidates at the price at hand; 0: the funds suffice.

    Four times what restores the margin, rounded down to the size step, at least one step and at
    most the position.
    """
    held = abs(book.position)
    share = margin_share(1 if book.position > 0 else -1, terms)
    if share <= 0 or held == 0:
        return 0
    value = value_of(held, book.x, book, terms)
    missing = value * share - equity(book, terms, book.x)
    if missing <= value * 1e-12:
        return 0
    unit = book.x * book.rate * terms.pointvalue
    if not unit > 0:
        return held
    cover = steps_of(missing / share / unit, terms)
    return min(held, max(1, 4 * cover))


def set_margin_bounds(book: Book, terms: Terms) -> None:
    """Note between which prices the position as it is needs no margin call, a little on the safe side."""
    book.floor = -math.inf
    book.ceiling = math.inf
    share = margin_share(1 if book.position > 0 else -1, terms)
    if share <= 0 or book.position == 0:
        return
    funds = realised(book, terms) - book.fees
    paid = units_value(book.cost, terms) * book.rate
    unit = units_value(float(abs(book.position)), terms) * book.rate
    if book.position < 0:
        book.ceiling = (funds + paid) / (unit * (1.0 + share)) * (1.0 - 1e-9)
    elif share < 1.0:
        book.floor = (paid - funds) / (unit * (1.0 - share)) * (1.0 + 1e-9)
    elif share > 1.0:
        book.ceiling = (funds - paid) / (unit * (share - 1.0)) * (1.0 - 1e-9)
    elif paid > funds * (1.0 - 1e-9):
        book.floor = math.inf
