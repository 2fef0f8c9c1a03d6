"""``strategy.risk.*``: what stops a strategy from trading."""

from __future__ import annotations

from pinery.emulator.account import equity
from pinery.emulator.state import TEXT_MAX_DAY_LOSS, TEXT_MAX_DRAWDOWN, TEXT_MAX_FILLS, TEXT_NONE, Book, Terms


def new_day(book: Book, terms: Terms, price: float) -> None:
    """A trading day begins: daily limits start afresh; ``max_cons_loss_days`` counts the one that ended."""
    now = equity(book, terms, price)
    if book.rules.loss_days > 0:
        book.loss_days_run = book.loss_days_run + 1 if now < book.day_start else 0
    book.day_start = now
    book.day_fills = 0
    book.blocked = False


def loss_days_struck(book: Book) -> bool:
    return not book.stopped and 0 < book.rules.loss_days <= book.loss_days_run


def struck(book: Book, terms: Terms) -> int:
    """The rule that is broken at the price at hand (the number of its text), else TEXT_NONE."""
    rules = book.rules
    if book.stopped or book.blocked:
        return TEXT_NONE
    if 0 < rules.fills_a_day <= book.day_fills:
        return TEXT_MAX_FILLS
    if rules.drawdown == rules.drawdown:
        limit = rules.drawdown * book.peak / 100.0 if rules.drawdown_percent else rules.drawdown
        if book.peak - equity(book, terms, book.x) >= limit > 0:
            return TEXT_MAX_DRAWDOWN
    if rules.day_loss == rules.day_loss:
        limit = rules.day_loss * book.day_start / 100.0 if rules.day_loss_percent else rules.day_loss
        if book.day_start - equity(book, terms, book.x) >= limit > 0:
            return TEXT_MAX_DAY_LOSS
    return TEXT_NONE


def watches_equity(book: Book) -> bool:
    """Whether a rule must be looked at along the whole path."""
    rules = book.rules
    if book.stopped or book.blocked or book.position == 0:
        return False
    return rules.drawdown == rules.drawdown or rules.day_loss == rules.day_loss
