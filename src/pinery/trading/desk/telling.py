"""The events of a desk, in words."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from pinery.trading.denials import DENIALS
from pinery.trading.deployments import Deployment
from pinery.trading.events import Event
from pinery.trading.orders.model import Fill, Order, Ticket
from pinery.trading.positions.model import Position, Trade
from pinery.trading.signals import Signal
from pinery.trading.store import Decision, Message, Outcome


def plain(number: Decimal | None) -> str:
    """``0.5`` rather than ``5E-1`` or ``0.500``."""
    if number is None:
        return "-"
    return format(number.normalize(), "f") if number else "0"  # never "-0"


def unparsed(message: Message, reason: str, now: int) -> Event:
    text = f"{message.deployment}: message {message.id} is not understood: {reason}"
    return Event("signal.unparsed", now, text, message.deployment, data={"message_id": message.id, "reason": reason})


def unclaimed(message: Message, now: int) -> Event:
    code = "UNKNOWN_DEPLOYMENT"
    text = f"{message.deployment}: message {message.id} is not acted on: {code}, {DENIALS[code]}"
    data = {"message_id": message.id, "code": code, "reason": DENIALS[code]}
    return Event("signal.unclaimed", now, text, message.deployment, data=data)


def decided(signal: Signal, decision: Decision, tickets: Iterable[Ticket], account: str, now: int) -> Event:
    word = signal.word or signal.action.value
    symbol = signal.symbol.rpartition(":")[2]
    data = {"word": word, "symbol": signal.symbol, "action": signal.action.value, "source": signal.source.value}
    data["price"] = plain(signal.price) if signal.price is not None else ""
    if signal.message_id is not None:
        data["message_id"] = str(signal.message_id)
    if decision.outcome is Outcome.ACCEPTED:
        orders = ", ".join(describe(ticket.order) for ticket in tickets) or "waits for working orders"
        text = f"{signal.deployment}: {word} {symbol}".rstrip() + f" → {orders}"
        return Event("signal.received", now, text, signal.deployment, account, signal.id, data)
    kind = "signal.denied" if decision.outcome is Outcome.DENIED else "signal.received"
    text = f"{signal.deployment}: {word} {symbol}".rstrip() + f": {decision.code}, {decision.reason}"
    data |= {"code": decision.code, "reason": decision.reason}
    return Event(kind, now, text, signal.deployment, account, signal.id, data)


def missed(signal: Signal, deployment: Deployment, ours: Decimal, account: str, now: int) -> Event:
    text = (
        f"{deployment.name}: the sender's position was {plain(signal.previous)} before this alert, ours is "
        f"{plain(ours)}: an earlier alert was missed; this one brings the position to its target"
    )
    data = {"theirs": plain(signal.previous), "ours": plain(ours)}
    return Event("signal.missed", now, text, deployment.name, account, signal.id, data)


def describe(order: Order) -> str:
    """``buy 1 ESZ2026 at market``."""
    name = order.symbol.rpartition(":")[2]
    price = f"at {plain(order.limit_price)}" if order.limit_price is not None else "at market"
    if order.stop_price is not None:
        price = f"stop {plain(order.stop_price)}"
    return f"{order.side} {plain(order.quantity)} {name} {price}"


def protection(order: Order) -> str:
    price = order.stop_price if order.stop_price is not None else order.limit_price
    trail = f", trailing by {plain(order.trail_offset)}" if order.trail_offset is not None else ""
    return f"{order.role} at {plain(price)}{trail}"


def order_event(kind: str, order: Order, now: int) -> Event:
    """Events of an order that is not a fill: rejected, canceled, unknown, found out about."""
    text = f"{order.deployment}: {describe(order)} ({order.role}): {order.status}"
    if order.reason:
        text += f": {order.reason}"
    return Event(kind, now, text, order.deployment, order.account, order.signal_id, _facts(order))


def filled(order: Order, fill: Fill, now: int) -> Event:
    source = " (the price that the alert carried)" if fill.price_source == "alert" else ""
    name = order.symbol.rpartition(":")[2]
    text = f"{order.deployment}: {order.role} {fill.side} {plain(fill.quantity)} {name} at {plain(fill.price)}{source}"
    data = _facts(order) | {"price": plain(fill.price), "fill_quantity": plain(fill.quantity), "fee": plain(fill.fee)}
    data["price_source"] = fill.price_source
    return Event("order.filled", now, text, order.deployment, order.account, order.signal_id, data)


def opened(position: Position, order: Order, now: int) -> Event:
    name = position.symbol.rpartition(":")[2]
    side = "long" if position.side > 0 else "short"
    text = f"{position.deployment}: {side} {plain(position.size)} {name} at {plain(position.average_price)}"
    data = {"symbol": position.symbol, "side": side, "quantity": plain(position.size)}
    data["average_price"] = plain(position.average_price)
    return Event("position.opened", now, text, position.deployment, position.account, order.signal_id, data)


def closed(trades: tuple[Trade, ...], order: Order, currency: str, now: int) -> Event:
    profit = sum((trade.profit for trade in trades), Decimal(0))
    name = order.symbol.rpartition(":")[2]
    text = f"{order.deployment}: {name} closed by {order.role}, {'+' if profit > 0 else ''}{plain(profit)} {currency}"
    data = {"symbol": order.symbol, "profit": plain(profit), "currency": currency, "role": order.role.value}
    return Event("position.closed", now, text, order.deployment, order.account, order.signal_id, data)


def about_account(kind: str, account: str, text: str, now: int, **data: str) -> Event:
    return Event(kind, now, f"{account}: {text}", account=account, data=data)


def about_position(kind: str, position: Position, text: str, now: int) -> Event:
    data = {"symbol": position.symbol, "quantity": plain(position.quantity)}
    return Event(kind, now, f"{position.deployment}: {text}", position.deployment, position.account, data=data)


def _facts(order: Order) -> dict[str, str]:
    return {
        "client_id": order.client_id,
        "symbol": order.symbol,
        "side": order.side.value,
        "role": order.role.value,
        "quantity": plain(order.quantity),
        "filled": plain(order.filled),
        "status": order.status.value,
        "code": order.code,
        "reason": order.reason,
    }
