"""What all deployments of an account hold together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from pinery.trading.contracts import Contract
from pinery.trading.orders.model import ZERO
from pinery.trading.positions.model import Position


@dataclass(frozen=True, slots=True)
class Totals:
    """Money in the contracts' currency. ``unpriced``: symbols held without a known price, left out of the profit."""

    net: Mapping[str, Decimal]  # symbol -> signed quantity, without the flat ones
    realized: Decimal  # net of fees
    open_profit: Decimal  # before fees
    fees: Decimal  # all that were paid, also for what is still held
    open_fees: Decimal  # paid for what is still held
    unpriced: frozenset[str]

    @property
    def profit(self) -> Decimal:
        """Of everything so far: closed and open, net of fees paid."""
        return self.realized + self.open_profit - self.open_fees


def net(positions: Iterable[Position]) -> dict[str, Decimal]:
    """symbol -> signed quantity over all deployments, without the flat ones. A venue that nets holds just this."""
    quantities: dict[str, Decimal] = {}
    for position in positions:
        quantities[position.symbol] = quantities.get(position.symbol, ZERO) + position.quantity
    return {symbol: quantity for symbol, quantity in quantities.items() if quantity}


def totals(positions: Iterable[Position], prices: Mapping[str, Decimal], contracts: Mapping[str, Contract]) -> Totals:
    """Everything by symbol; ``contracts`` holds each symbol that is not flat."""
    positions = tuple(positions)
    held = [position for position in positions if position.side]
    return Totals(
        net=net(positions),
        realized=sum((position.realized for position in positions), ZERO),
        open_profit=sum(
            (
                position.open_profit(prices[position.symbol], contracts[position.symbol].point_value)
                for position in held
                if position.symbol in prices
            ),
            ZERO,
        ),
        fees=sum((position.fees for position in positions), ZERO),
        open_fees=sum((lot.fee for position in held for lot in position.lots), ZERO),
        unpriced=frozenset(position.symbol for position in held if position.symbol not in prices),
    )


def margin_held(
    positions: Iterable[Position],
    prices: Mapping[str, Decimal],
    contracts: Mapping[str, Contract],
    leverage: Decimal = Decimal(1),
) -> dict[str, Decimal]:
    """symbol -> initial margin of the net position: per contract where the contract has one, else notional / leverage.

    A symbol without a known price counts at its average price.
    """
    positions = tuple(positions)
    margins: dict[str, Decimal] = {}
    for symbol, quantity in net(positions).items():
        contract = contracts[symbol]
        if contract.margin is not None:
            margins[symbol] = abs(quantity) * contract.margin
        else:
            price = prices[symbol] if symbol in prices else _average(positions, symbol)
            margins[symbol] = abs(quantity) * price * contract.point_value / leverage
    return margins


def _average(positions: Iterable[Position], symbol: str) -> Decimal:
    lots = [lot for position in positions if position.symbol == symbol for lot in position.lots]
    return sum((lot.quantity * lot.price for lot in lots), ZERO) / sum((lot.quantity for lot in lots), ZERO)
