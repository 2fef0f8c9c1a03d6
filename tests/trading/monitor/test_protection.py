"""Stops and targets in prices that can be checked by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinery.trading.contracts import Contract
from pinery.trading.denials import Denial
from pinery.trading.deployments import Bracket, Deployment, Distance, Unit
from pinery.trading.monitor.protection import Wanted, protection_for, reanchor, wanted_by
from pinery.trading.orders.model import Order, OrderType, Role, Side, Status
from pinery.trading.signals import Action, Signal, Source
from tests.trading.positions.making import ES, ETH, NQ, order

D = Decimal
POINTS, TICKS, PERCENT, PRICE = Unit.POINTS, Unit.TICKS, Unit.PERCENT, Unit.PRICE


def deployment(**bracket: Any) -> Deployment:
    return Deployment("demo", "paper", "CME_MINI:ES1!", timeframe="15", bracket=Bracket(**bracket))


def signal(**more: Any) -> Signal:
    return Signal("aaaaaaaaaaaaa", "demo", "k", Action.ENTER_LONG, "IN", Source.WEBHOOK, 0, **more)


def made(
    contract: Contract, side: Side, reference: str | None, said: dict[str, str], **bracket: Any
) -> tuple[Order, ...] | Denial:
    entry = order(side, "2", contract=contract)
    price = None if reference is None else D(reference)
    return protection_for(entry, deployment(**bracket), signal(**said), contract, price)


def prices(orders: tuple[Order, ...] | Denial) -> tuple[Decimal | None, Decimal | None]:
    assert not isinstance(orders, Denial), orders
    stop = next((o.stop_price for o in orders if o.role is Role.STOP), None)
    target = next((o.limit_price for o in orders if o.role is Role.TARGET), None)
    return stop, target


@pytest.mark.parametrize(
    ("contract", "side", "reference", "bracket", "said", "stop", "target"),
    [
        (ES, Side.BUY, "5000", {"stop": Distance(POINTS, D(5)), "target": Distance(POINTS, D(7))}, {}, "4995", "5007"),
        (ES, Side.SELL, "5000", {"stop": Distance(POINTS, D(5)), "target": Distance(POINTS, D(7))}, {}, "5005", "4993"),
        (ES, Side.BUY, "5000.25", {"stop": Distance(TICKS, D(8))}, {}, "4998.25", None),
        (NQ, Side.SELL, "20000", {"target": Distance(PERCENT, D(1))}, {}, None, "19800"),
        (ETH, Side.BUY, "3000.10", {"stop": Distance(PERCENT, D("1.5"))}, {}, "2955.10", None),
        (ES, Side.BUY, "5000", {"stop": Distance(PRICE, D("4990.10"))}, {}, "4990.25", None),
        # What the signal states comes first; what it does not state is the deployment's.
        (ES, Side.BUY, "5000", {"stop": Distance(POINTS, D(5))}, {"stop": "4 ticks"}, "4999", None),
        (
            ES,
            Side.BUY,
            "5000",
            {"stop": Distance(POINTS, D(5)), "target": Distance(POINTS, D(7))},
            {"take_profit": "5010.5"},
            "4995",
            "5010.5",
        ),
        (ES, Side.BUY, "5000", {"stop": Distance(POINTS, D(5)), "from_signal": False}, {"stop": "1%"}, "4995", None),
        (ES, Side.BUY, "5000", {"stop": Distance(Unit.SIGNAL)}, {"stop": "4991"}, "4991", None),
        # Prices need no price to be placed.
        (ES, Side.BUY, None, {"stop": Distance(PRICE, D(4990))}, {"take_profit": "5010"}, "4990", "5010"),
        (ES, Side.BUY, "5000", {}, {}, None, None),
    ],
)
def test_prices(
    contract: Contract,
    side: Side,
    reference: str | None,
    bracket: dict[str, Any],
    said: dict[str, str],
    stop: str | None,
    target: str | None,
) -> None:
    expected = (None if stop is None else D(stop), None if target is None else D(target))
    assert prices(made(contract, side, reference, said, **bracket)) == expected


@pytest.mark.parametrize(
    ("side", "reference", "said", "bracket", "code", "words"),
    [
        (Side.BUY, "5000", {"stop": "5001"}, {}, "BRACKET", "must be below"),
        (Side.BUY, "5000", {"stop": "5000"}, {}, "BRACKET", "must be below"),
        (Side.SELL, "5000", {"stop": "4999"}, {}, "BRACKET", "must be above"),
        (Side.SELL, "5000", {"take_profit": "5001"}, {}, "BRACKET", "target"),
        (Side.BUY, None, {"stop": "5001", "take_profit": "4990"}, {}, "BRACKET", "wrong sides"),
        (Side.BUY, "5000", {"stop": "soon"}, {}, "BRACKET", "soon"),
        (Side.BUY, "5000", {}, {"stop": Distance(Unit.SIGNAL)}, "BRACKET", "states none"),
        (Side.BUY, "5000", {"stop": "150%"}, {}, "BRACKET", "stop"),
        (Side.BUY, None, {"stop": "1%"}, {}, "NO_PRICE", "no price"),
        (Side.BUY, None, {}, {"trail": Distance(POINTS, D(2))}, "NO_PRICE", "no price"),
    ],
)
def test_what_cannot_be_placed_is_denied(
    side: Side, reference: str | None, said: dict[str, str], bracket: dict[str, Any], code: str, words: str
) -> None:
    denial = made(ES, side, reference, said, **bracket)
    assert isinstance(denial, Denial)
    assert denial.code == code
    assert words in denial.reason


def test_orders_of_a_reversal_protect_what_is_opened() -> None:
    entry = order(Side.SELL, "5", closes=D(2), created=7)
    found = protection_for(
        entry, deployment(stop=Distance(POINTS, D(5)), target=Distance(POINTS, D(5))), signal(), ES, D(5000)
    )
    assert not isinstance(found, Denial)
    stop, target = found
    assert (stop.client_id, target.client_id) == ("pn-aaaaaaaaaaaaa-s0", "pn-aaaaaaaaaaaaa-t0")
    for child in found:
        assert (child.quantity, child.side, child.parent) == (D(3), Side.BUY, entry.client_id)
        assert child.reduce_only
        assert child.status is Status.PENDING
        assert child.created == 7
    assert (stop.type, target.type) == (OrderType.STOP, OrderType.LIMIT)


@pytest.mark.parametrize(
    ("bracket", "native", "kind", "stop", "offset"),
    [
        ({"trail": Distance(POINTS, D(4))}, True, OrderType.TRAILING_STOP, "4996", "4"),
        ({"trail": Distance(POINTS, D(4))}, False, OrderType.STOP, "4996", "4"),
        # The closer one holds: a fixed stop that is closer stays until the trailing one has come up to it.
        ({"trail": Distance(POINTS, D(4)), "stop": Distance(POINTS, D(2))}, True, OrderType.STOP, "4998", "4"),
        ({"trail": Distance(POINTS, D(4)), "stop": Distance(POINTS, D(9))}, True, OrderType.TRAILING_STOP, "4996", "4"),
        ({"trail": Distance(PERCENT, D("0.001"))}, False, OrderType.STOP, "4999.75", "0.25"),
    ],
)
def test_trailing(bracket: dict[str, Any], native: bool, kind: OrderType, stop: str, offset: str) -> None:
    found = protection_for(order(), deployment(**bracket), signal(), ES, D(5000), trailing_stop=native)
    assert not isinstance(found, Denial)
    assert [(o.type, o.stop_price, o.trail_offset) for o in found] == [(kind, D(stop), D(offset))]


def bracketed(bracket: dict[str, Any], **said: str) -> tuple[tuple[Order, ...], Wanted]:
    found = protection_for(order(), deployment(**bracket), signal(**said), ES, D(5000))
    assert not isinstance(found, Denial)
    return found, wanted_by(deployment(**bracket), signal(**said))


def test_distances_move_with_the_fill_and_prices_stay() -> None:
    orders, wanted = bracketed({"stop": Distance(POINTS, D(5))}, take_profit="5010")
    moved = reanchor(orders, D("5001.50"), wanted, 1, ES)
    assert [(a.client_id, a.revision, a.stop_price, a.limit_price) for a in moved] == [
        ("pn-aaaaaaaaaaaaa-s0", 1, D("4996.50"), None)
    ]
    orders, wanted = bracketed({"target": Distance(PERCENT, D(1)), "stop": Distance(PRICE, D(4990))})
    assert [a.limit_price for a in reanchor(orders, D(4990), wanted, 1, ES)] == [D("5039.75")]
    assert reanchor(orders, D(5000), wanted, 1, ES) == ()
    # A trailing stop that we trail starts at the fill, too; what is final is left alone.
    orders, wanted = bracketed({"trail": Distance(POINTS, D(4))})
    assert [a.stop_price for a in reanchor(orders, D(5002), wanted, 1, ES)] == [D(4998)]
    ended = [replace(o, status=Status.CANCELED) for o in orders]
    assert reanchor(ended, D(5002), wanted, 1, ES) == ()


distances = st.builds(
    Distance,
    st.sampled_from([POINTS, TICKS, PERCENT]),
    st.integers(1, 4000).map(lambda n: D(n) / 100),
)


@given(distances, distances, st.none() | distances, st.sampled_from(Side), st.integers(8000, 40000), st.booleans())
def test_protection_is_on_its_side_and_on_ticks(
    stop: Distance, target: Distance, trail: Distance | None, side: Side, price: int, native: bool
) -> None:
    entry_price = D(price) / 4
    plan = deployment(stop=stop, target=target, trail=trail)
    found = protection_for(order(side), plan, signal(), ES, entry_price, trailing_stop=native)
    if isinstance(found, Denial):
        assert found.code == "BRACKET"  # below zero
        return
    at_stop, at_target = prices(found)
    assert at_stop is not None
    assert at_target is not None
    assert (entry_price - at_stop) * side.sign >= ES.tick
    assert (at_target - entry_price) * side.sign >= ES.tick
    assert at_stop % ES.tick == at_target % ES.tick == 0
    assert reanchor(found, entry_price, wanted_by(plan, None), side.sign, ES) == ()
