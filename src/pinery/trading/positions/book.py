"""What a fill does to a position: lots are opened, and closed first in first out; each closing leaves a trade.

Money is exact. Where a fee is divided (a fill that closes one lot and opens another, a lot closed in parts), the parts
sum to the fee. So at any time, with nothing rounded:

    realized + open profit - fees of the lots held == what was received - what was paid - all fees
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from pinery.core.errors import InternalError
from pinery.trading.orders.model import ZERO, Fill, Order
from pinery.trading.positions.model import Lot, Position, Trade

# Shares of fees are cut here, so that sums of them never need more digits than Decimal keeps.
_FEE_STEP = Decimal("1e-12")


def flat(deployment: str, account: str, symbol: str) -> Position:
    return Position(deployment, account, symbol)


def apply_fill(
    position: Position, order: Order, fill: Fill, point_value: Decimal, now: int, *, timeframe: str = ""
) -> tuple[Position, tuple[Trade, ...]]:
    """``position`` after ``fill`` of ``order``, and the trades that it closed, oldest lot first.

    A fill larger than the position closes it and opens the rest on the other side. The caller has made sure that the
    fill is new; its fee is in the contract's currency. ``timeframe`` is noted when the position opens.
    A fill of nothing brings the fee of what was counted from a venue's total before (``reconcile.apply``).
    """
    if (fill.symbol, order.deployment, order.account) != (position.symbol, position.deployment, position.account):
        raise InternalError(
            f"fill {fill.trade_id} in {fill.symbol} of {order.deployment}/{order.account} given to the position "
            f"of {position.deployment}/{position.account} in {position.symbol}"
        )
    position = replace(observe(position, fill.price), fees=position.fees + fill.fee, updated=now)
    if not fill.quantity:
        return _late_fee(position, fill), ()
    against = position.side == -fill.side.sign
    closing = min(fill.quantity, position.size) if against else ZERO
    closing_fee = _share(fill.fee, closing, fill.quantity)
    trades: tuple[Trade, ...] = ()
    if closing:
        position, trades = _close(position, order, fill, closing, closing_fee, point_value)
    if closing < fill.quantity:
        lot = Lot(
            fill.quantity - closing, fill.price, fill.time, fill.fee - closing_fee, order.client_id, order.signal_id
        )
        position = _open(position, lot, fill.side.sign, timeframe)
    return position, trades


def observe(position: Position, price: Decimal) -> Position:
    """``position`` having seen ``price``; a flat one sees nothing."""
    if position.side == 0:
        return position
    best, worst = position.best, position.worst
    if best is None or (price - best) * position.side > 0:
        best = price
    if worst is None or (price - worst) * position.side < 0:
        worst = price
    if (best, worst) == (position.best, position.worst):
        return position
    return replace(position, best=best, worst=worst)


def _open(position: Position, lot: Lot, side: int, timeframe: str) -> Position:
    if position.side:
        return replace(position, lots=(*position.lots, lot))
    return replace(
        position, side=side, lots=(lot,), opened=lot.time, best=lot.price, worst=lot.price, timeframe=timeframe
    )


def _late_fee(position: Position, fill: Fill) -> Position:
    lots = list(position.lots)
    for number, lot in enumerate(lots):
        if lot.client_id == fill.client_id:
            lots[number] = replace(lot, fee=lot.fee + fill.fee)
            return replace(position, lots=tuple(lots))
    return replace(position, realized=position.realized - fill.fee)


def _close(
    position: Position, order: Order, fill: Fill, quantity: Decimal, fee: Decimal, point_value: Decimal
) -> tuple[Position, tuple[Trade, ...]]:
    lots = list(position.lots)
    trades: list[Trade] = []
    left, fee_left = quantity, fee
    while left:
        lot = lots.pop(0)
        part = min(lot.quantity, left)
        lot_fee, exit_fee = _share(lot.fee, part, lot.quantity), _share(fee_left, part, left)
        if part < lot.quantity:
            lots.insert(0, replace(lot, quantity=lot.quantity - part, fee=lot.fee - lot_fee))
        left, fee_left = left - part, fee_left - exit_fee
        fees = lot_fee + exit_fee
        trades.append(
            Trade(
                id=f"{position.account}/{fill.trade_id}/{len(trades)}",  # trade ids are an account's own
                deployment=position.deployment,
                account=position.account,
                symbol=position.symbol,
                side=position.side,
                quantity=part,
                entry_price=lot.price,
                exit_price=fill.price,
                entry_time=lot.time,
                exit_time=fill.time,
                profit=position.side * (fill.price - lot.price) * part * point_value - fees + ZERO,  # no -0
                fees=fees,
                entry_signal=lot.signal_id,
                exit_signal=order.signal_id,
                exit_role=order.role.value,
                best=position.best,
                worst=position.worst,
            )
        )
    position = replace(
        position, lots=tuple(lots), realized=position.realized + sum((trade.profit for trade in trades), ZERO)
    )
    if not lots:
        position = replace(position, side=0, opened=None, best=None, worst=None, timeframe="")
    return position, tuple(trades)


def _share(amount: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    return amount if part == whole else (amount * part / whole).quantize(_FEE_STEP).normalize()
