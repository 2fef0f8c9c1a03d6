"""What fills do to positions, in money that can be checked by hand, and as rules that hold for any fills."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinery.core.errors import InternalError
from pinery.trading.contracts import Contract
from pinery.trading.orders.model import Fill, Role, Side
from pinery.trading.positions.book import apply_fill, flat, observe
from pinery.trading.positions.model import Position, Trade
from tests.trading.positions.making import ES, ETH, NQ, fill_of, order

D = Decimal


def play(contract: Contract, fills: list[tuple[str, str, str]]) -> tuple[Position, list[Trade]]:
    """Signed quantity, price and fee of each fill, in order."""
    position = flat("demo", "paper", contract.symbol)
    trades: list[Trade] = []
    for number, (quantity, price, fee) in enumerate(fills):
        signed = D(quantity)
        side = Side.BUY if signed > 0 else Side.SELL
        role = Role.EXIT if signed * position.side < 0 else Role.ENTRY
        sent = order(side, abs(signed), role, signal=f"signal{number}", contract=contract)
        fill = fill_of(sent, f"t{number}", price, fee=fee, time=1000 + number)
        position, closed = apply_fill(position, sent, fill, contract.point_value, 5000 + number)
        trades += closed
    return position, trades


@pytest.mark.parametrize(
    ("contract", "fills", "held", "average", "realized", "fees", "profits"),
    [
        # ES: 7 points are $350, 5 points are $250.
        (ES, [("1", "5000", "0"), ("-1", "5007", "0")], "0", None, "350", "0", ["350"]),
        (ES, [("1", "5000", "0"), ("-1", "4995", "0")], "0", None, "-250", "0", ["-250"]),
        (ES, [("1", "5000.25", "2.25"), ("-1", "5000.50", "2.25")], "0", None, "8.00", "4.50", ["8.00"]),
        # Short: falls are profit.
        (ES, [("-2", "5000", "0"), ("2", "4990", "0")], "0", None, "1000", "0", ["1000"]),
        (NQ, [("-1", "20000", "4"), ("1", "20010.25", "4")], "0", None, "-213.00", "8", ["-213.00"]),
        # Still open: nothing realized, though the fee is paid.
        (ES, [("2", "5000", "4")], "2", "5000", "0", "4", []),
        # Adding, then half out: the first in is the first out.
        (
            ES,
            [("1", "5000", "2"), ("1", "5010", "2"), ("-1", "5020", "2")],
            "1",
            "5010",
            "996",
            "6",
            ["996"],
        ),
        # One exit over two lots: a trade each.
        (
            ES,
            [("1", "5000", "0"), ("2", "5010", "0"), ("-2", "5020", "0")],
            "1",
            "5010",
            "1500",
            "0",
            ["1000", "500"],
        ),
        # Reversal in one step: long 1, sell 3, short 2; two thirds of the fee belong to the new position.
        (ES, [("1", "5000", "2"), ("-3", "5010", "6")], "-2", "5010", "496", "8", ["496"]),
        (NQ, [("-2", "20000", "0"), ("3", "19990", "0")], "1", "19990", "400", "0", ["400"]),
        # Partial exits of one lot carry their share of its fee.
        (ES, [("4", "5000", "8"), ("-1", "5001", "2"), ("-3", "5002", "6")], "0", None, "334", "16", ["46", "288"]),
        # Fractions.
        (
            ETH,
            [("0.120", "3000.10", "0.144"), ("-0.050", "3010.10", "0.06")],
            "0.070",
            "3000.10",
            "0.38",
            "0.204",
            ["0.38"],
        ),
        (ETH, [("0.003", "2500", "0"), ("-0.004", "2400.5", "0")], "-0.001", "2400.5", "-0.2985", "0", ["-0.2985"]),
    ],
)
def test_money(
    contract: Contract,
    fills: list[tuple[str, str, str]],
    held: str,
    average: str | None,
    realized: str,
    fees: str,
    profits: list[str],
) -> None:
    position, trades = play(contract, fills)
    assert position.quantity == D(held)
    assert position.average_price == (None if average is None else D(average))
    assert position.realized == D(realized)
    assert position.fees == D(fees)
    assert [trade.profit for trade in trades] == [D(profit) for profit in profits]
    assert (position.side == 0) == (position.opened is None) == (position.best is None)


def test_open_profit() -> None:
    position, _ = play(ES, [("-1", "5000", "0"), ("-1", "5010", "0")])
    assert position.open_profit(D("4995"), ES.point_value) == D(1000)


def test_a_trade_tells_its_story() -> None:
    entry = order(Side.SELL, "2", signal="in")
    stop = order(Side.BUY, "2", Role.STOP, signal="in")
    position = flat("demo", "paper", ES.symbol)
    position, _ = apply_fill(position, entry, fill_of(entry, "7", "5000", time=10), ES.point_value, 11, timeframe="15")
    assert (position.opened, position.timeframe, position.updated) == (10, "15", 11)
    position = observe(observe(position, D(4990)), D(5003))
    position, trades = apply_fill(position, stop, fill_of(stop, "8", "5005", time=20), ES.point_value, 21)
    assert [(trade.id, trade.side, trade.entry_time, trade.exit_time, trade.exit_role) for trade in trades] == [
        ("paper/8/0", -1, 10, 20, "stop")
    ]
    assert (trades[0].best, trades[0].worst) == (D(4990), D(5005))
    assert not trades[0].won
    assert (position.timeframe, position.best) == ("", None)
    assert observe(position, D(1)) == position


def test_a_fill_of_another_contract_is_refused() -> None:
    other = order(contract=NQ)
    with pytest.raises(InternalError, match="NQZ2026"):
        apply_fill(flat("demo", "paper", ES.symbol), other, fill_of(other, "1", "1"), D(50), 0)


quantities = st.integers(1, 5000).map(lambda n: D(n) / 1000)
prices = st.integers(100, 10_000_000).map(lambda n: D(n) / 100)
fees = st.integers(-1_000_000, 10_000_000).map(lambda n: D(n).scaleb(-6))  # below 0: a rebate
sides = st.sampled_from(Side)
runs = st.lists(st.tuples(sides, quantities, prices, fees), max_size=25)


def apply_all(fills: list[tuple[Side, Decimal, Decimal, Decimal]]) -> tuple[Position, list[Trade], list[Fill]]:
    position = flat("demo", "paper", ETH.symbol)
    trades: list[Trade] = []
    applied: list[Fill] = []
    for number, (side, quantity, price, fee) in enumerate(fills):
        sent = order(side, quantity, signal=f"s{number}", contract=ETH)
        fill = fill_of(sent, f"{number}", price, fee=fee, time=number)
        position, closed = apply_fill(position, sent, fill, D(20), number)
        trades += closed
        applied.append(fill)
    return position, trades, applied


@given(runs, prices)
def test_what_holds_after_any_fills(fills: list[tuple[Side, Decimal, Decimal, Decimal]], price: Decimal) -> None:
    position, trades, applied = apply_all(fills)
    assert position.quantity == sum(fill.side.sign * fill.quantity for fill in applied)
    assert all(lot.quantity > 0 for lot in position.lots)
    assert (position.side == 0) == (not position.lots)

    # Money in is money out, to the last digit.
    cash = sum((-fill.side.sign * fill.quantity * fill.price * 20 - fill.fee for fill in applied), D(0))
    open_fees = sum((lot.fee for lot in position.lots), D(0))
    worth = position.quantity * price * 20
    assert position.realized + position.open_profit(price, D(20)) - open_fees == cash + worth
    assert sum((trade.profit for trade in trades), D(0)) == position.realized
    assert sum((trade.fees for trade in trades), open_fees) == position.fees == sum(fill.fee for fill in applied)

    # First in, first out; every trade has an id of its own.
    assert [trade.entry_time for trade in trades] == sorted(trade.entry_time for trade in trades)
    assert [trade.exit_time for trade in trades] == sorted(trade.exit_time for trade in trades)
    assert [lot.time for lot in position.lots] == sorted(lot.time for lot in position.lots)
    assert len({trade.id for trade in trades}) == len(trades)
    if position.side:
        assert position.best is not None
        assert position.worst is not None
        assert (position.best - position.worst) * position.side >= 0


@given(runs, st.data())
def test_a_fill_in_parts_is_the_same_fill(
    fills: list[tuple[Side, Decimal, Decimal, Decimal]], data: st.DataObject
) -> None:
    parts: list[tuple[Side, Decimal, Decimal, Decimal]] = []
    for side, quantity, price, fee in fills:
        first = data.draw(st.integers(0, int(quantity * 1000))) / D(1000)
        fee_first = data.draw(fees)
        if first and first != quantity:
            parts += [(side, first, price, fee_first), (side, quantity - first, price, fee - fee_first)]
        else:
            parts.append((side, quantity, price, fee))
    whole, trades, _ = apply_all(fills)
    split, split_trades, _ = apply_all(parts)
    assert split.quantity == whole.quantity
    assert split.average_price == whole.average_price
    assert split.fees == whole.fees
    assert (split.best, split.worst) == (whole.best, whole.worst)
    assert sum((trade.quantity for trade in split_trades), D(0)) == sum((trade.quantity for trade in trades), D(0))
    gross = sum((trade.profit + trade.fees for trade in trades), D(0))
    assert sum((trade.profit + trade.fees for trade in split_trades), D(0)) == gross


@given(runs)
def test_times_do_not_matter_to_money(fills: list[tuple[Side, Decimal, Decimal, Decimal]]) -> None:
    """Applying in the order of arrival is what counts: a venue's clock may step back between two fills."""
    position, trades, applied = apply_all(fills)
    again = flat("demo", "paper", ETH.symbol)
    profit = D(0)
    for fill in applied:
        sent = order(fill.side, fill.quantity, contract=ETH)
        again, closed = apply_fill(again, sent, replace(fill, time=-fill.time), D(20), 0)
        profit += sum((trade.profit for trade in closed), D(0))
    assert (again.quantity, again.realized) == (position.quantity, position.realized)
    assert profit == sum((trade.profit for trade in trades), D(0))
