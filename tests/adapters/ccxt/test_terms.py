"""What exchanges take of a contract, in each of the ways in which ccxt says it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from ccxt import DECIMAL_PLACES, SIGNIFICANT_DIGITS, TICK_SIZE

from pinery.adapters.ccxt.mapping import terms_of
from pinery.trading.contracts import Terms

D = Decimal
LIMITS: dict[str, Any] = {
    "amount": {"min": "1", "max": "1000"},
    "market": {"min": "1", "max": "200"},
    "cost": {"min": "5", "max": None},
}


@pytest.mark.parametrize(
    ("mode", "amount", "price", "step", "tick"),
    [
        (TICK_SIZE, "1", "0.05", "0.01", "0.05"),
        (DECIMAL_PLACES, "2", "1", "0.0001", "0.1"),
        (SIGNIFICANT_DIGITS, "5", "5", "0", "0"),
        (TICK_SIZE, None, None, "0", "0"),
    ],
)
def test_steps(mode: int, amount: str | None, price: str | None, step: str, tick: str) -> None:
    """A contract is 0.01 of the base: quantities of the exchange count contracts."""
    market = {"contractSize": "0.01", "precision": {"amount": amount, "price": price}, "limits": LIMITS}
    assert terms_of(market, mode) == Terms(D(step), D("0.01"), D(2), D(tick), D(5))


def test_an_exchange_that_says_nothing() -> None:
    assert terms_of({}, TICK_SIZE) == Terms()
