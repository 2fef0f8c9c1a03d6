"""The account over its deployments."""

from __future__ import annotations

from decimal import Decimal

from pinery.trading.orders.model import Side
from pinery.trading.positions.account import margin_held, net, totals
from pinery.trading.positions.book import apply_fill, flat
from pinery.trading.positions.model import Position
from tests.trading.positions.making import ES, ETH, fill_of, order

D = Decimal
CONTRACTS = {ES.symbol: ES, ETH.symbol: ETH}


def held(deployment: str, quantity: str, price: str, fee: str = "0", symbol: str = ES.symbol) -> Position:
    contract = CONTRACTS[symbol]
    side = Side.BUY if D(quantity) > 0 else Side.SELL
    sent = order(side, abs(D(quantity)), contract=contract, deployment=deployment)
    fill = fill_of(sent, "1", price, fee=fee)
    return apply_fill(flat(deployment, "paper", symbol), sent, fill, contract.point_value, 0)[0]


def test_deployments_add_up() -> None:
    positions = [held("a", "3", "5000", "6"), held("b", "-1", "5010", "2"), held("c", "0.5", "3000", "1", ETH.symbol)]
    both = totals(positions, {ES.symbol: D(5004), ETH.symbol: D(2990)}, CONTRACTS)
    assert both.net == {ES.symbol: D(2), ETH.symbol: D("0.5")}
    assert both.open_profit == 600 + 300 - 5
    assert (both.fees, both.open_fees, both.realized) == (D(9), D(9), D(0))
    assert both.profit == 895 - 9
    assert both.unpriced == frozenset()


def test_opposite_positions_are_nothing_at_the_venue() -> None:
    positions = [held("a", "2", "5000"), held("b", "-2", "5010")]
    assert net(positions) == {}
    assert totals(positions, {ES.symbol: D(1)}, CONTRACTS).open_profit == 1000
    assert margin_held(positions, {}, CONTRACTS) == {}


def test_what_has_no_price_is_named() -> None:
    both = totals([held("a", "1", "5000"), held("c", "1", "3000", symbol=ETH.symbol)], {ES.symbol: D(5001)}, CONTRACTS)
    assert both.open_profit == 50
    assert both.unpriced == {ETH.symbol}


def test_margin_per_contract_or_by_leverage() -> None:
    positions = [held("a", "-3", "5000"), held("b", "1", "5000"), held("c", "0.5", "3000", symbol=ETH.symbol)]
    assert margin_held(positions, {ES.symbol: D(1), ETH.symbol: D(2800)}, CONTRACTS, D(10)) == {
        ES.symbol: D(44000),
        ETH.symbol: D(140),
    }
    assert margin_held(positions[2:], {}, CONTRACTS) == {ETH.symbol: D(1500)}
