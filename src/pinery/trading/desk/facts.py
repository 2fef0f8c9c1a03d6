"""The facts that risk checks look at, gathered from the ledger."""

from __future__ import annotations

from decimal import Decimal

from pinery.trading.broker import Capabilities, Environment, Quote
from pinery.trading.contracts import Contract
from pinery.trading.deployments import Deployment
from pinery.trading.desk.directory import Directory
from pinery.trading.desk.ledger import Ledger
from pinery.trading.mapping import margin_for
from pinery.trading.orders.model import ZERO, Role, Ticket
from pinery.trading.positions.model import Position
from pinery.trading.risk.context import RiskContext, Scope
from pinery.trading.signals import Signal
from pinery.trading.store import Tx


def risk_context(
    ledger: Ledger,
    directory: Directory,
    capabilities: Capabilities,
    signal: Signal,
    deployment: Deployment,
    ticket: Ticket,
    change: Decimal,
    price: Decimal | None,
    tx: Tx,
    now: int,
) -> RiskContext:
    order = ticket.order
    state, reason = ledger.state(deployment.name)
    stop = next((child.stop_price for child in ticket.protection if child.role is Role.STOP), None)
    return RiskContext(
        signal=signal,
        deployment=deployment,
        account=ledger.account,
        environment=capabilities.environment,
        contract=directory.contract(order.symbol),
        change=change,
        order_quantity=order.quantity - order.closes,
        price=order.limit_price if order.limit_price is not None else price,
        stop_price=stop,
        quote=ledger.quotes.get(order.symbol),
        balance=ledger.balance,
        state=state,
        state_reason=reason,
        scopes=(
            _scope(ledger, directory, order.symbol, deployment, price, tx, now),
            _scope(ledger, directory, order.symbol, None, price, tx, now),
        ),
        margin_held=margin_held(ledger, directory),
        now=now,
        windows=directory.hours(),
        promoted=tx.promotions.stage(deployment.name) if capabilities.environment is Environment.LIVE else None,
    )


def _scope(
    ledger: Ledger,
    directory: Directory,
    symbol: str,
    deployment: Deployment | None,
    price: Decimal | None,
    tx: Tx,
    now: int,
) -> Scope:
    """``price``: of ``symbol`` as the signal says; it is news that open profit counts with."""
    name = f"deployment:{deployment.name}" if deployment is not None else f"account:{ledger.account.name}"
    day, standing = ledger.day(name, now, tx), ledger.standing(name, tx)
    mine = [p for (owner, _), p in ledger.positions.items() if deployment is None or owner == deployment.name]
    profit = ZERO
    for p in mine:
        if p.side and p.symbol == symbol and price is not None:
            profit += p.open_profit(price, directory.contract(symbol).point_value)
        elif p.side:
            profit += open_profit(p, ledger.quotes.get(p.symbol), directory.contract(p.symbol))
    if deployment is not None:
        equity: Decimal | None = standing.realized + profit
    else:
        equity = ledger.balance.equity if ledger.balance is not None else None
    there = sum((p.quantity for p in mine if p.symbol == symbol), ZERO)
    return Scope(
        name.replace(":", " "),
        deployment.limits if deployment is not None else ledger.account.limits,
        there + ledger.working_towards(symbol, deployment.name if deployment is not None else None),
        day,
        standing,
        day.realized,
        profit,
        equity,
    )


def open_profit(position: Position, quote: Quote | None, contract: Contract) -> Decimal:
    """At the last price known; nothing where none is."""
    return position.open_profit(quote.price, contract.point_value) if quote is not None else ZERO


def margin_held(ledger: Ledger, directory: Directory) -> dict[str, Decimal]:
    """Initial margin by contract: of the net position and what works towards more of it."""
    net: dict[str, Decimal] = {}
    for (_, symbol), position in ledger.positions.items():
        if position.side:
            net[symbol] = net.get(symbol, ZERO) + position.quantity
    for symbol in {order.symbol for order in ledger.orders.values() if order.role is Role.ENTRY}:
        net[symbol] = net.get(symbol, ZERO) + ledger.working_towards(symbol)
    held = {}
    for symbol, quantity in net.items():
        quote = ledger.quotes.get(symbol)
        leverage = ledger.account.leverage_of(symbol)
        margin = margin_for(directory.contract(symbol), quote.price if quote else None, leverage)
        if margin is not None and quantity:
            held[symbol] = abs(quantity) * margin
    return held
