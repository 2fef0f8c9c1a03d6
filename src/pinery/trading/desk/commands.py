"""What people ordered for the account, obeyed in the order given. A command is finished when what it asked for is done.

Every step can be repeated after a crash: the signals that a command gives carry its number as their key.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from pinery.trading.deployments import Deployment
from pinery.trading.desk import telling
from pinery.trading.desk.decide import Decider
from pinery.trading.desk.recovery import Recovery
from pinery.trading.desk.reports import Applier
from pinery.trading.desk.sending import SendCancel, SendTicket
from pinery.trading.orders.model import Role, Status
from pinery.trading.signals import Action, Signal, Source, signal_id
from pinery.trading.store import Command, CommandKind, Tx

#: ms after which a flatten that is not done says what holds it up.
_PATIENCE = 60_000

#: ms between two exits for the same command, where the first one was refused.
_AGAIN = 5_000


def obey(applier: Applier, decider: Decider, recovery: Recovery, tx: Tx, now: int, now_us: int) -> None:
    account = applier.ledger.account.name
    for command in tx.commands.pending(account):
        match command.kind:
            case CommandKind.FLATTEN:
                result = _flatten(command, applier, decider, recovery, tx, now, now_us)
            case CommandKind.CLOSE:
                result = _close(command, applier, decider, tx, now, now_us)
            case CommandKind.CANCEL:
                result = _cancel(command, applier, tx, now)
            case CommandKind.RECONCILE:
                recovery.again()
                result = "compared with the broker"
        if result:
            tx.commands.finish(command.id, now, result)


def _flatten(
    command: Command, applier: Applier, decider: Decider, recovery: Recovery, tx: Tx, now: int, now_us: int
) -> str:
    ledger = applier.ledger
    names = [command.deployment] if command.deployment else sorted(_deployments(applier))
    for order in list(ledger.orders.values()):
        if order.deployment in names and order.role is Role.ENTRY and order.status.is_open:
            applier.cancel(order, now)
    left = []
    for name in names:
        for symbol in ledger.held(name):
            if not closing_waits(name, applier):
                give_exit(_key(command, name, symbol, now), name, symbol, command.by, command.note, "flatten",
                          applier, decider, tx, now, now_us)  # fmt: skip
            left.append(f"{telling.plain(ledger.position(name, symbol).quantity)} {symbol} of {name}")
        left.extend(
            f"order {order.client_id} ({order.status})"
            for order in ledger.orders_of(name)
            if not (order.role.protects and order.status is Status.PENDING)
        )
    if not left and recovery.confirmed(command.id):  # by the broker, read again after all was done
        return "flat: no position is held and no order works"
    if not left:
        left.append("the broker has not confirmed it")
    if now - command.at > _PATIENCE:
        return f"not flat after {_PATIENCE // 1000} s: {', '.join(left)}"
    return ""


def closing_waits(deployment: str, applier: Applier) -> bool:
    """For orders under way. A reduce-only exit cannot turn a position round, whatever becomes of protection."""
    ledger = applier.ledger
    return ledger.is_moving(deployment) if applier.capabilities.reduce_only else ledger.is_busy(deployment)


def _key(command: Command, name: str, symbol: str, now: int) -> str:
    return f"cmd:{command.id}:{name}:{symbol}:{max(0, now - command.at) // _AGAIN}"


def _deployments(applier: Applier) -> set[str]:
    """Those that hold or work something here, also when they are no longer configured."""
    ledger = applier.ledger
    return {name for (name, _), p in ledger.positions.items() if p.side} | {
        o.deployment for o in ledger.orders.values()
    }


def _close(command: Command, applier: Applier, decider: Decider, tx: Tx, now: int, now_us: int) -> str:
    symbol = command.data.get("symbol", "")
    name = command.deployment or command.data.get("deployment", "")
    held = applier.ledger.held(name)
    if symbol not in held:
        return f"{name} holds no {symbol}"
    if not closing_waits(name, applier):
        give_exit(_key(command, name, symbol, now), name, symbol, command.by, command.note, "close",
                  applier, decider, tx, now, now_us)  # fmt: skip
    return f"{symbol} is not closed yet: see its orders" if now - command.at > _PATIENCE else ""


def _cancel(command: Command, applier: Applier, tx: Tx, now: int) -> str:
    client_id = command.data.get("client_id", "")
    order = applier.ledger.order(client_id, tx)
    if order is None:
        return f"there is no order {client_id}"
    if order.status.is_final:
        return f"order {client_id} is {order.status}"
    if order.status is Status.PENDING:
        applier.ledger.put(replace(order, cancel_requested=True, updated=now))
    elif order.status.is_open:
        applier.cancel(order, now)
    return f"order {client_id} could not be canceled yet" if now - command.at > _PATIENCE else ""


def give_exit(
    key: str,
    deployment: str,
    symbol: str,
    by: str,
    note: str,
    word: str,
    applier: Applier,
    decider: Decider,
    tx: Tx,
    now: int,
    now_us: int,
    quantity: Decimal | None = None,
) -> bool:
    """Close what a deployment holds in one contract, or ``quantity`` of it, by a signal of our own; once per key."""
    if tx.signals.find(deployment, key, 0) is not None:
        return False
    rules = decider.directory.deployments(applier.ledger.account.name).get(deployment)
    if rules is None:  # no longer configured; what it holds can still be closed
        rules = Deployment(deployment, applier.ledger.account.name, symbol)
    signal = Signal(
        signal_id(deployment, key, now),
        deployment,
        key,
        Action.EXIT,
        word,
        Source.PINERY,
        now,
        symbol=symbol,
        quantity=quantity,
        note=note,
        by=by,
    )
    made = decider.signal(signal, rules, tx, now, now_us)
    if made is not None:
        applier.outgoing.extend(SendTicket(ticket) for ticket in made.tickets)
        applier.outgoing.extend(SendCancel(order) for order in made.cancel if order.status is not Status.PENDING)
    return made is not None
