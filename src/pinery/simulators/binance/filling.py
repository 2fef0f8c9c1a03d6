"""A fill: what it does to the order, the position, the money, and the orders beside it."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING

from pinery.simulators.binance import events, margin
from pinery.simulators.binance.records import OPEN, ZERO, Account, Income, Order, Position, Trade

if TYPE_CHECKING:
    from pinery.simulators.binance.exchange import Exchange

_FIRST_TRADE = 1
_FIRST_ORDER = 8_000_000_001
_CENT = Decimal("0.00000001")
OWN_ORDERS = ("autoclose-", "adl_autoclose")  # how client ids of the venue's own orders begin


def new_order_id(exchange: Exchange) -> int:
    return exchange.ledger.next_id("order", _FIRST_ORDER)


def fill(exchange: Exchange, order: Order, price: Decimal, *, maker: bool) -> None:
    """The order's next part at ``price``."""
    if order.reduce_only:
        held = reducible(exchange, order)
        if held <= 0:
            expire(exchange, order, "4")
            return
        if order.left > held:
            order.quantity = order.executed + held
    quantity, expires = _part(exchange, order)
    order.filled_on = exchange.moves
    _trade(exchange, order, price, quantity, maker=maker)
    if expires and order.status in OPEN:
        expire(exchange, order, "9")


def reducible(exchange: Exchange, order: Order) -> Decimal:
    """What is held against it."""
    held = exchange.ledger.position(order.account, order.symbol, order.position_side).amount
    return max(ZERO, -held * order.sign)


def end(exchange: Exchange, order: Order, status: str) -> None:
    """CANCELED or EXPIRED: it does nothing any more."""
    order.status = status
    order.updated = exchange.now()
    exchange.ledger.keep(order)
    exchange.tell(order.account, events.order_update(exchange, order, status))
    _child_done(exchange, order)


def expire(exchange: Exchange, order: Order, reason: str) -> None:
    order.expiry = reason
    end(exchange, order, "EXPIRED")


def _part(exchange: Exchange, order: Order) -> tuple[Decimal, bool]:
    """How much of it fills now, and whether it expires after that."""
    rules, step = exchange.rules, exchange.symbols[order.symbol].step
    if not order.parts:
        order.parts = rules.parts
        if rules.partial_share and exchange.random.random() < rules.partial_share:
            order.parts = exchange.random.choice((2, 3))
    expires = exchange.faults.take(f"fill {order.symbol}", ("expired_in_part",)) is not None
    parts = max(order.parts, 2) if expires else order.parts
    size = (order.left / parts / step).to_integral_value(ROUND_DOWN) * step
    order.parts = max(1, order.parts - 1)
    return (order.left, False) if parts == 1 or not size else (size, expires)


def _trade(exchange: Exchange, order: Order, price: Decimal, quantity: Decimal, *, maker: bool) -> None:
    ledger, now = exchange.ledger, exchange.now()
    account = exchange.account(order.account)
    position = ledger.position(order.account, order.symbol, order.position_side)
    rate = exchange.rules.maker if maker else exchange.rules.taker
    fee = (price * quantity * rate).quantize(_CENT)
    realized = _apply(exchange, position, order.sign * quantity, price)
    position.fees = position.fees + fee if position.amount else ZERO
    position.updated = now
    trade = Trade(
        ledger.next_id("trade", _FIRST_TRADE),
        order.account,
        order.id,
        order.symbol,
        order.side,
        order.position_side,
        price,
        quantity,
        fee,
        realized,
        maker,
        now,
    )
    order.executed += quantity
    order.quote += price * quantity
    order.status = "FILLED" if order.executed >= order.quantity else "PARTIALLY_FILLED"
    order.updated = now
    for record in (trade, position, order):
        ledger.keep(record)
    for kind, amount in (("REALIZED_PNL", realized), ("COMMISSION", -fee)):
        if amount:
            id = ledger.next_id("income", _FIRST_TRADE)
            ledger.keep(Income(id, order.account, order.symbol, kind, amount, now, trade.id))
    ledger.wallet(account, realized - fee)
    exchange.tell(order.account, events.trade_lite(exchange, order, trade))
    exchange.tell(order.account, events.account_update(exchange, account, "ORDER", [position]))
    execution = "CALCULATED" if order.client_id.startswith(OWN_ORDERS) else "TRADE"
    exchange.tell(order.account, events.order_update(exchange, order, execution, trade))
    _child_done(exchange, order)
    _shrink(exchange, position)


def _apply(exchange: Exchange, position: Position, change: Decimal, price: Decimal) -> Decimal:
    """The profit that the change realises."""
    before = position.amount
    closed = min(abs(before), abs(change)) if before * change < 0 else ZERO
    realized = ZERO
    if closed:
        realized = ((price - position.entry) * closed * (1 if before > 0 else -1)).quantize(_CENT)
        position.isolated -= (position.isolated * closed / abs(before)).quantize(_CENT)
        position.fees -= position.fees * closed / abs(before)
    position.amount = before + change
    opened = abs(change) - closed
    if opened:
        kept = abs(before) if not closed else ZERO
        position.entry = (kept * position.entry + opened * price) / (kept + opened)
        if margin.isolated(exchange, position.account, position.symbol):
            leverage = exchange.ledger.setting(position.account, position.symbol).leverage
            position.isolated += (opened * price / leverage).quantize(_CENT)
    if not position.amount:
        position.entry = position.isolated = ZERO
    position.realized += realized
    return realized


def _shrink(exchange: Exchange, position: Position) -> None:
    """Reduce-only orders never hold more than there is to reduce."""
    ledger = exchange.ledger
    for order in ledger.orders_of(position.account, position.symbol):
        if not order.reduce_only or order.position_side != position.side:
            continue
        held = reducible(exchange, order)
        if held <= 0:
            expire(exchange, order, "4")
        elif order.left > held:
            order.quantity = order.executed + held
            order.updated = exchange.now()
            ledger.keep(order)
            exchange.tell(order.account, events.order_update(exchange, order, "AMENDMENT"))


def _child_done(exchange: Exchange, order: Order) -> None:
    """A conditional order is finished with its child."""
    algo = exchange.ledger.algos.get(order.algo_id)
    if algo is None or order.status in OPEN or algo.status != "TRIGGERED":
        return
    algo.status = "FINISHED"
    algo.updated = exchange.now()
    exchange.ledger.keep(algo)
    exchange.tell(algo.account, events.algo_update(exchange, algo))


def liquidate(exchange: Exchange) -> None:
    """Positions whose margin is used up are closed by the venue, all at once, at the mark price."""
    for account in exchange.ledger.accounts.values():
        held = exchange.ledger.positions_of(account.name)
        if not held:
            continue
        total = margin.figures(exchange, account)
        cross_gone = total.cross_wallet + total.cross_unrealized < total.cross_maintenance
        for position in held:
            if margin.isolated(exchange, account.name, position.symbol):
                left = position.isolated + margin.unrealized(exchange, position)
                gone = left < margin.maintenance(exchange, position)
            else:
                gone = cross_gone
            if gone and position.amount:
                exchange.liquidated(_close(exchange, account, position, f"autoclose-{exchange.now()}"))


def deleverage(exchange: Exchange, account: Account, symbol: str) -> None:
    """Positions in ``symbol`` are closed by the venue because others could not pay."""
    for position in exchange.ledger.positions_of(account.name, symbol):
        _close(exchange, account, position, "adl_autoclose")


def fund(exchange: Exchange, symbol: str, rate: Decimal) -> None:
    """Who is long pays ``rate`` of the position's worth, who is short gets it; below zero the other way round."""
    for account in exchange.ledger.accounts.values():
        held = exchange.ledger.positions_of(account.name, symbol)
        for position in held:
            paid = -(margin.notional(exchange, position) * rate).quantize(_CENT)
            id = exchange.ledger.next_id("income", _FIRST_TRADE)
            exchange.ledger.keep(Income(id, account.name, symbol, "FUNDING_FEE", paid, exchange.now()))
            exchange.ledger.wallet(account, paid)
        if held:
            # Of cross positions the venue tells the balance alone.
            told = held if margin.isolated(exchange, account.name, symbol) else []
            exchange.tell(account.name, events.account_update(exchange, account, "FUNDING_FEE", told))


def _close(exchange: Exchange, account: Account, position: Position, client_id: str) -> Order:
    for order in exchange.ledger.orders_of(account.name, position.symbol):
        expire(exchange, order, "5")
    now, price = exchange.now(), exchange.mark(position.symbol)
    order = Order(
        new_order_id(exchange),
        account.name,
        position.symbol,
        client_id,
        "SELL" if position.amount > 0 else "BUY",
        "LIMIT",
        abs(position.amount),
        price,
        position.side,
        "IOC",
        orig_type="LIMIT",
        created=now,
        updated=now,
    )
    exchange.ledger.keep(order)
    exchange.tell(account.name, events.order_update(exchange, order, "NEW"))
    _trade(exchange, order, price, order.quantity, maker=False)
    if account.wallet < 0:  # the insurance fund pays what is missing
        exchange.ledger.wallet(account, -account.wallet)
        exchange.tell(account.name, events.account_update(exchange, account, "INSURANCE_CLEAR", []))
    return order
