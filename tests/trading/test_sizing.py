"""Sizes of entries, and what they risk."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinery.trading.contracts import Terms
from pinery.trading.denials import Denial
from pinery.trading.deployments import Deployment, Sizing, SizingKind
from pinery.trading.mapping import contract_of
from pinery.trading.signals import Action, Signal, Source
from pinery.trading.sizing import Sized, beyond_terms, size

D = Decimal
ES, ETH = contract_of("CME_MINI:ESZ2026"), contract_of("BINANCE:ETHUSDT.P")
SIGNAL = Signal("id", "d", "k", Action.ENTER_LONG, "IN", Source.WEBHOOK, 0)
FACTS: dict[str, Any] = {"price": D(6000), "stop_price": D(5993), "equity": D(100_000)}


def deployment(kind: SizingKind, value: str, **more: Any) -> Deployment:
    sizing = Sizing(kind, D(value), **{k: more.pop(k) for k in ("quantity_from_alert", "multiplier") if k in more})
    return Deployment("d", "a", "CME_MINI:ES1!", sizing=sizing, **more)


@pytest.mark.parametrize(
    ("kind", "value", "quantity", "how"),
    [
        (SizingKind.FIXED, "2", "2", "fixed size 2"),
        (
            SizingKind.CASH,
            "700000",
            "2",
            "cash 700000 / (price 6000 × 50 = 300000 each) = 2.333333, rounded down to 2 (steps of 1)",
        ),
        (
            SizingKind.PERCENT_OF_EQUITY,
            "300",
            "1",
            "300% of equity 100000 = 300000 / (price 6000 × 50 = 300000 each) = 1",
        ),
        (
            SizingKind.RISK,
            "1000",
            "2",
            "risk 1000 / (7 points × 50 = 350 each) = 2.857143, rounded down to 2 (steps of 1)",
        ),
    ],
)
def test_kinds(kind: SizingKind, value: str, quantity: str, how: str) -> None:
    assert size(deployment(kind, value), SIGNAL, ES, **FACTS) == Sized(D(quantity), how)


def test_the_default_is_one_contract() -> None:
    assert size(Deployment("d", "a", "CME_MINI:ES1!"), SIGNAL, ES, price=None, stop_price=None, equity=None) == Sized(
        D(1), "fixed size 1"
    )


def test_fractions_where_the_contract_has_them() -> None:
    sized = size(deployment(SizingKind.CASH, "1000"), SIGNAL, ETH, **{**FACTS, "price": D(3000)})
    assert isinstance(sized, Sized)
    assert sized.quantity == D("0.3333")


def test_a_quantity_in_the_alert() -> None:
    signal = replace(SIGNAL, quantity=D(4))
    assert size(deployment(SizingKind.FIXED, "1"), signal, ES, **FACTS) == Sized(D(4), "4 as the signal says")
    own = deployment(SizingKind.FIXED, "1", quantity_from_alert=False)
    assert size(own, signal, ES, **FACTS) == Sized(D(1), "fixed size 1")
    half = deployment(SizingKind.FIXED, "1", multiplier=D("0.5"))
    assert size(half, signal, ES, **FACTS) == Sized(D(2), "4 as the signal says × 0.5 = 2")
    target = replace(SIGNAL, action=Action.TARGET, target=D(-3), target_side=-1)
    assert size(deployment(SizingKind.FIXED, "1"), target, ES, **FACTS) == Sized(D(3), "3 as the signal says")


def test_the_stage_caps() -> None:
    sized = size(deployment(SizingKind.FIXED, "5", max_contracts=D(2)), SIGNAL, ES, **FACTS)
    assert sized == Sized(D(2), "fixed size 5, at most 2 at stage paper")


@pytest.mark.parametrize(
    ("kind", "value", "facts", "code", "words"),
    [
        (
            SizingKind.RISK,
            "300",
            {},
            "SIZE",
            "= 350 each) = 0.857143, rounded down to 0 (steps of 1): less than the smallest order of 1 CME",
        ),
        (SizingKind.RISK, "300", {"stop_price": None}, "SIZE", "needs a stop"),
        (SizingKind.RISK, "300", {"stop_price": D(6000)}, "SIZE", "a stop away from the price"),
        (SizingKind.CASH, "300", {"price": None}, "NO_PRICE", "no price is known, and size by cash needs one"),
        (SizingKind.CASH, "300", {"price": D(-37)}, "NO_PRICE", "is not above 0"),
        (SizingKind.PERCENT_OF_EQUITY, "10", {"equity": None}, "SIZE", "equity, which is not known"),
        (SizingKind.PERCENT_OF_EQUITY, "10", {"equity": D(-5)}, "SIZE", "less than the smallest order"),
        (SizingKind.CASH, "700000", {"account_currency": "EUR"}, "SIZE", "account is in EUR, CME_MINI:ESZ2026 in USD"),
    ],
)
def test_no_size_says_why(kind: SizingKind, value: str, facts: dict[str, Any], code: str, words: str) -> None:
    denial = size(deployment(kind, value), SIGNAL, ES, **{**FACTS, **facts})
    assert isinstance(denial, Denial)
    assert denial.code == code
    assert words in denial.reason


def test_the_last_price_known_serves_where_the_signal_has_none() -> None:
    sized = size(deployment(SizingKind.CASH, "700000"), SIGNAL, ES, **{**FACTS, "price": None}, reference=D(6000))
    assert isinstance(sized, Sized)
    assert sized.quantity == 2


@given(
    kind=st.sampled_from(SizingKind),
    value=st.decimals("0.01", "1000000", places=2),
    price=st.decimals("1", "20000", places=2),
    stop=st.decimals("1", "20000", places=2),
    equity=st.decimals("0", "1000000", places=2),
    cap=st.none() | st.decimals("0", "100", places=2),
    contract=st.sampled_from([ES, ETH]),
)
def test_a_size_is_never_more_than_asked_for(
    kind: SizingKind, value: D, price: D, stop: D, equity: D, cap: D | None, contract: Any
) -> None:
    found = size(
        deployment(kind, str(value), max_contracts=cap), SIGNAL, contract, price=price, stop_price=stop, equity=equity
    )
    if isinstance(found, Denial):
        return
    assert found.quantity > 0
    assert found.quantity % contract.step == 0
    assert cap is None or found.quantity <= cap
    each = contract.point_value
    most = {
        SizingKind.FIXED: value,
        SizingKind.CASH: value / (price * each),
        SizingKind.PERCENT_OF_EQUITY: equity * value / 100 / (price * each),
        SizingKind.RISK: value / (abs(price - stop) * each) if price != stop else D(0),
    }[kind]
    assert found.quantity <= most


# --- the venue's own terms ----------------------------------------------------------------


AT_VENUE = replace(
    ETH, terms=Terms(step=D("0.001"), least=D("0.002"), most=D(200), tick=D("0.05"), least_notional=D(20))
)


def test_sizes_follow_the_venues_steps_where_they_are_coarser() -> None:
    cash = {**FACTS, "price": D(2000), "stop_price": D(1980)}
    found = size(deployment(SizingKind.CASH, "1001"), SIGNAL, AT_VENUE, **cash)
    assert isinstance(found, Sized) and found.quantity == D("0.5") and "steps of 0.001" in found.how
    found = size(deployment(SizingKind.CASH, "3"), SIGNAL, AT_VENUE, **cash)
    assert isinstance(found, Denial) and "smallest order of 0.002" in found.reason


@pytest.mark.parametrize(
    ("quantity", "price", "words"),
    [
        ("200", "2000", ""),
        ("200.001", "2000", "takes 200 at most"),
        ("0.01", "2000", ""),
        ("0.01", "1999.99", "worth 19.9999: the venue takes 20 or more"),
        ("0.01", None, ""),
    ],
)
def test_what_the_venue_would_refuse_for_its_size(quantity: str, price: str | None, words: str) -> None:
    found = beyond_terms(AT_VENUE, D(quantity), D(price) if price is not None else None)
    if not words:
        assert found is None
    else:
        assert found is not None and found.code == "SIZE" and words in found.reason


@given(st.decimals("0.01", "100000", places=4))
def test_prices_are_the_venues(price: Decimal) -> None:
    assert not AT_VENUE.price_to_tick(price) % D("0.05")
    assert abs(AT_VENUE.price_to_tick(price) - price) <= D("0.025")
