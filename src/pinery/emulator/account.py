"""Money: equity, open profit, commissions, margin needs."""

from __future__ import annotations

from pinery.emulator.state import (
    COMMISSION_PER_CONTRACT,
    COMMISSION_PERCENT,
    NAN,
    SIZE_CASH,
    SIZE_FIXED,
    Book,
    Terms,
)
from pinery.emulator.units import rounded_money, steps_of, units_of


def realised(book: Book, terms: Terms) -> float:
    """Equity without the open position."""
    return terms.initial_capital + (book.gains - book.losses)


def open_profit(book: Book, terms: Terms, price: float) -> float:
    """Unrealised profit at a price, entry commissions taken off."""
    if book.position == 0:
        return 0.0
    value = price * abs(book.position) - book.cost
    if book.position < 0:
        value = -value
    gross = units_value(value, terms) * book.rate
    return gross - book.fees


def units_value(price_steps: float, terms: Terms) -> float:
    """Quote currency of a sum of price times steps."""
    units = price_steps / terms.steps_per_unit if terms.steps_per_unit > 0 else price_steps * terms.step
    return units * terms.pointvalue


def equity(book: Book, terms: Terms, price: float) -> float:
    return realised(book, terms) + open_profit(book, terms, price)


def value_of(steps: int, price: float, book: Book, terms: Terms) -> float:
    """Account currency that so many steps cost at a price."""
    return units_of(steps, terms) * price * terms.pointvalue * book.rate


def commission_of(steps: int, price: float, share: float, book: Book, terms: Terms) -> float:
    """Fee of a fill; ``share`` is its part of the order. Cash fees are in account currency as they stand."""
    if terms.commission == 0:
        return 0.0
    if terms.commission_kind == COMMISSION_PERCENT:
        return value_of(steps, price, book, terms) * terms.commission / 100.0
    if terms.commission_kind == COMMISSION_PER_CONTRACT:
        return units_of(steps, terms) * terms.commission
    return terms.commission * share


def margin_share(direction: int, terms: Terms) -> float:
    return terms.margin_long if direction > 0 else terms.margin_short


def default_steps(price: float, book: Book, terms: Terms) -> int:
    """Steps of an order without ``qty`` that fills at a price."""
    if terms.size_kind == SIZE_FIXED:
        return steps_of(terms.size_value, terms)
    unit = price * book.rate * terms.pointvalue
    if not unit > 0:
        return 0
    if terms.size_kind == SIZE_CASH:
        return steps_of(terms.size_value / unit, terms)  # fees are not taken off, exports show
    money = rounded_money(equity(book, terms, book.x)) * terms.size_value / 100.0
    if terms.commission_kind == COMMISSION_PERCENT:
        money /= 1.0 + terms.commission / 100.0
    elif terms.commission_kind == COMMISSION_PER_CONTRACT:
        unit += terms.commission
    else:
        money -= terms.commission  # one entry fee, after the percentage: seen in exports
    return steps_of(money / unit, terms)


def affordable(own: int, position: int, direction: int, price: float, book: Book, terms: Terms) -> bool:
    """Whether equity carries ``position`` grown by ``own`` steps (a reversed one: of ``own`` steps).

    TradingView's exports show orders of 1.00002 times the equity dropped, of 0.99999 taken.
    """
    share = margin_share(direction, terms)
    if share <= 0:
        return True
    held = max(0, position * direction)
    need = value_of(held + own, price, book, terms) * share
    return need <= equity(book, terms, book.x) * (1.0 + 1e-12)


def liquidation_price(book: Book, terms: Terms) -> float:
    """The price at which the available funds are used up; nan without a position or margin."""
    if book.position == 0:
        return NAN
    direction = 1 if book.position > 0 else -1
    share = margin_share(direction, terms)
    if share <= 0:
        return NAN
    units = units_of(abs(book.position), terms) * terms.pointvalue * book.rate
    funds = realised(book, terms) - book.fees
    slope = units * (direction - share)
    if slope == 0:
        return NAN
    paid = units_value(book.cost, terms) * book.rate
    price = (direction * paid - funds) / slope
    return price if price > 0 else NAN
