"""Margin calls. Algorithm from TradingView's help ("How do I simulate trading with leverage?")."""

from __future__ import annotations

import math

from pinery.emulator.account import equity, margin_share, value_of
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


def is_safe(book: Book, terms: Terms, high: float, low: float) -> bool:
    """Whether no price between these makes a margin call."""
    share = margin_share(1 if book.position > 0 else -1, terms)
    if share <= 0:
        return True
    worst = low if book.position > 0 else high
    if book.position > 0 and share > 1:
        worst = high  # the need grows faster than the equity
    need = value_of(abs(book.position), worst, book, terms) * share
    return need - equity(book, terms, worst) <= need * 1e-12 or math.isnan(need)
