"""Deployments of one account at a broker that knows one position per contract.

Opposite positions would net there to what is left between them: neither stop would fit, an exit of one could open for
the other, and one's order might trade with the other's. So an entry waits for, or gives way to, what others hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from pinery.trading.desk.ledger import Ledger
from pinery.trading.orders.model import ZERO, Order, Role
from pinery.trading.reconcile.actions import FOREIGN


@dataclass(frozen=True, slots=True)
class Against:
    """``stays``: what is held or works on the other side, in words, "" for nothing; ``ends``: client ids of orders
    that are about to close it."""

    stays: str
    ends: tuple[str, ...]


def others_against(ledger: Ledger, deployment: str, symbol: str, side: int) -> Against:
    """What other deployments have against an entry of ``deployment`` to ``side`` (1, -1) of the contract ``symbol``.

    What was in the account before Pinery came is its owner's and not looked at.
    """
    names = {p.deployment for p in ledger.positions.values() if p.symbol == symbol and p.side == -side}
    names |= {o.deployment for o in ledger.orders.values() if o.symbol == symbol and _opens(o, -side)}
    stays: list[str] = []
    ends: list[str] = []
    for name in sorted(names - {deployment, FOREIGN}):
        orders, position = ledger.orders_of(name, symbol), ledger.position(name, symbol)
        held = position.size if position.side == -side else ZERO
        closing = [o for o in orders if o.side.sign == side and _closes(o)]
        if any(_opens(order, -side) for order in orders):
            stays.append(f"{name} is about to enter {_NAMES[-side]}")
        elif held > sum((_closes(order) for order in closing), ZERO):
            stays.append(f"{name} is {_NAMES[-side]} {held.normalize():f}")
        else:
            ends += [order.client_id for order in closing]
    return Against(", ".join(stays), tuple(ends))


_NAMES = {1: "long", -1: "short"}


def _opens(order: Order, side: int) -> bool:
    return order.role is Role.ENTRY and order.side.sign == side


def _closes(order: Order) -> Decimal:
    """How much of a position the rest of an exit, or of a reversal, still closes."""
    if order.role is Role.EXIT:
        return order.remaining
    return max(ZERO, order.closes - order.filled) if order.role is Role.ENTRY else ZERO
