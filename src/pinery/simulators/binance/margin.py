"""What an account's positions and orders bind: initial and maintenance margin, what is available, liquidation prices.

One asset, USDT.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from pinery.simulators.binance.records import ZERO, Account, Position

if TYPE_CHECKING:
    from pinery.simulators.binance.exchange import Exchange


@dataclass(slots=True)
class Bound:
    """By one symbol and position side, in USDT."""

    position: Decimal = ZERO
    orders: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        return self.position + self.orders


@dataclass(frozen=True, slots=True)
class Extra:
    """An order that does not exist yet."""

    side: str
    position_side: str
    notional: Decimal


def notional(exchange: Exchange, position: Position) -> Decimal:
    """At the mark price, signed."""
    return position.amount * exchange.mark(position.symbol)


def unrealized(exchange: Exchange, position: Position) -> Decimal:
    if not position.amount or position.symbol not in exchange.last:  # after a restart, before the first trade
        return ZERO
    return position.amount * (exchange.mark(position.symbol) - position.entry)


def maintenance(exchange: Exchange, position: Position) -> Decimal:
    worth = abs(notional(exchange, position))
    bracket = exchange.symbols[position.symbol].bracket(worth)
    return worth * bracket.rate - bracket.cum


def bound(exchange: Exchange, account: Account, symbol: str, side: str, extra: Extra | None = None) -> Bound:
    """Orders bind what the position would be worth more after them; the larger side counts."""
    ledger = exchange.ledger
    position = ledger.position(account.name, symbol, side)
    worth = notional(exchange, position)
    buys = sales = ZERO
    for order in ledger.orders_of(account.name, symbol):
        if order.reduce_only or order.position_side != side:
            continue
        value = order.left * (order.price or exchange.mark(symbol))
        if order.side == "BUY":
            buys += value
        else:
            sales += value
    if extra is not None and extra.position_side == side:
        if extra.side == "BUY":
            buys += extra.notional
        else:
            sales += extra.notional
    if side == "LONG":
        sales = ZERO
    elif side == "SHORT":
        buys = ZERO
    exposure = max(abs(worth), abs(worth + buys), abs(worth - sales))
    leverage = ledger.setting(account.name, symbol).leverage
    return Bound(abs(worth) / leverage, (exposure - abs(worth)) / leverage)


def isolated(exchange: Exchange, account: str, symbol: str) -> bool:
    return exchange.ledger.setting(account, symbol).margin_type == "ISOLATED"


@dataclass(slots=True)
class Figures:
    """Of an account, in USDT."""

    wallet: Decimal
    cross_wallet: Decimal
    unrealized: Decimal = ZERO
    cross_unrealized: Decimal = ZERO
    maintenance: Decimal = ZERO
    cross_maintenance: Decimal = ZERO
    positions: Decimal = ZERO
    orders: Decimal = ZERO
    bound_of_cross: Decimal = ZERO

    @property
    def initial(self) -> Decimal:
        return self.positions + self.orders

    @property
    def margin_balance(self) -> Decimal:
        return self.wallet + self.unrealized

    @property
    def available(self) -> Decimal:
        """For new orders."""
        return max(ZERO, self.cross_wallet + self.cross_unrealized - self.bound_of_cross)


def figures(exchange: Exchange, account: Account) -> Figures:
    ledger = exchange.ledger
    held = ledger.positions_of(account.name)
    isolated_wallets = sum((position.isolated for position in held), ZERO)
    found = Figures(account.wallet, account.wallet - isolated_wallets)
    for position in held:
        profit, kept = unrealized(exchange, position), maintenance(exchange, position)
        found.unrealized += profit
        found.maintenance += kept
        if not isolated(exchange, account.name, position.symbol):
            found.cross_unrealized += profit
            found.cross_maintenance += kept
    sides = {(position.symbol, position.side) for position in held}
    sides |= {(order.symbol, order.position_side) for order in ledger.orders_of(account.name)}
    for symbol, side in sides:
        binds = bound(exchange, account, symbol, side)
        found.positions += binds.position
        found.orders += binds.orders
        # An isolated position is paid for from its own wallet; orders are always paid for from the cross one.
        found.bound_of_cross += binds.orders if isolated(exchange, account.name, symbol) else binds.total
    return found


def affordable(exchange: Exchange, account: Account, symbol: str, extra: Extra) -> bool:
    before = bound(exchange, account, symbol, extra.position_side).total
    after = bound(exchange, account, symbol, extra.position_side, extra).total
    return after <= before or after - before <= figures(exchange, account).available


def liquidation_price(exchange: Exchange, account: Account, position: Position) -> Decimal:
    """Where the margin balance meets the maintenance margin if nothing else moves; 0 where that is nowhere."""
    if not position.amount:
        return ZERO
    facts = exchange.symbols[position.symbol]
    bracket = facts.bracket(abs(notional(exchange, position)))
    if isolated(exchange, account.name, position.symbol):
        wallet = position.isolated
    else:
        total = figures(exchange, account)
        wallet = total.cross_wallet + total.cross_unrealized - unrealized(exchange, position)
        wallet -= total.cross_maintenance - maintenance(exchange, position)
    divisor = abs(position.amount) * bracket.rate - position.amount
    price = (wallet + bracket.cum - position.amount * position.entry) / divisor
    return max(ZERO, price)
