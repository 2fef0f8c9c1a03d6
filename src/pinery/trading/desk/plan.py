"""From what a signal asks for and what is held to what has to change. Pure: no prices, no risk.

A deployment may hold more than one contract of a future after a roll. Exits act on the contracts held; entries on the
contract that the symbol means now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from pinery.trading.denials import Denial
from pinery.trading.deployments import Deployment, Direction, OnOpposite
from pinery.trading.orders.model import ZERO
from pinery.trading.signals import Action, Signal, Source


@dataclass(frozen=True, slots=True)
class Plan:
    """``close``: contract -> how much of what is held goes, above 0. Then ``side`` (1, -1; 0: nothing is opened).

    ``quantity`` to open; None: as the sizing rule says. ``up_to``: the quantity is what the position shall be in the
    end, of which ``held`` is there already.
    """

    close: Mapping[str, Decimal]
    side: int = 0
    quantity: Decimal | None = None
    up_to: bool = False
    held: Decimal = ZERO  # on the side that is opened, in any contract


_NOTHING_HELD = Denial("NOTHING_TO_CLOSE", "the deployment holds nothing to close")


def make_plan(signal: Signal, deployment: Deployment, held: Mapping[str, Decimal], entries: int) -> Plan | Denial:
    """``held``: contract -> signed quantity, of what the signal's symbol means; ``entries`` made on the side held."""
    held = {symbol: quantity for symbol, quantity in held.items() if quantity}
    side = next((1 if quantity > 0 else -1 for quantity in held.values()), 0)
    action = _without_quantity(signal, deployment, side)
    match action:
        case Action.EXIT | Action.EXIT_LONG | Action.EXIT_SHORT:
            wanted = {Action.EXIT_LONG: 1, Action.EXIT_SHORT: -1}.get(action, side)
            if not held or wanted != side:
                return _NOTHING_HELD
            return Plan(_part(held, _stated(signal, deployment)))
        case Action.ENTER_LONG | Action.ENTER_SHORT:
            return _enter(1 if action is Action.ENTER_LONG else -1, signal, deployment, held, side, entries)
        case Action.REVERSE:
            if not held:
                return Denial("NOTHING_TO_CLOSE", "there is no position to reverse")
            return _opposite(-side, signal, deployment, held, OnOpposite.REVERSE)
        case Action.BUY | Action.SELL:
            return _order(1 if action is Action.BUY else -1, signal, deployment, held, side)
        case Action.TARGET:
            return _target(signal, deployment, held, side)


def _stated(signal: Signal, deployment: Deployment) -> Decimal | None:
    """The quantity that the signal states, if the deployment takes it from there."""
    if signal.source is Source.PINERY:  # as it is: nobody's alert
        return signal.quantity
    if signal.quantity is None or not deployment.sizing.quantity_from_alert:
        return None
    return signal.quantity * deployment.sizing.multiplier


def _without_quantity(signal: Signal, deployment: Deployment, side: int) -> Action:
    """Buy and sell without a quantity are entries, or exits where that side may not be traded."""
    if signal.action not in (Action.BUY, Action.SELL) or _stated(signal, deployment) is not None:
        return signal.action
    buys = signal.action is Action.BUY
    if buys and deployment.direction is Direction.SHORT:
        return Action.EXIT_SHORT
    if not buys and deployment.direction is Direction.LONG:
        return Action.EXIT_LONG
    return Action.ENTER_LONG if buys else Action.ENTER_SHORT


def _part(held: Mapping[str, Decimal], quantity: Decimal | None) -> dict[str, Decimal]:
    """``quantity`` of what is held, or all of it; the contract held longest first."""
    left = quantity if quantity is not None else sum((abs(q) for q in held.values()), ZERO)
    parts = {}
    for symbol, there in held.items():
        part = min(left, abs(there))
        if part > 0:
            parts[symbol] = part
            left -= part
    return parts


def _may(side: int, deployment: Deployment) -> bool:
    return deployment.direction is Direction.BOTH or (deployment.direction is Direction.LONG) == (side > 0)


def _not_allowed(side: int, deployment: Deployment) -> Denial:
    return Denial("DIRECTION", f"{deployment.name} trades {deployment.direction} only, not {_NAMES[side]}")


_NAMES = {1: "long", -1: "short"}


def _enter(
    wanted: int, signal: Signal, deployment: Deployment, held: Mapping[str, Decimal], side: int, entries: int
) -> Plan | Denial:
    if side == -wanted:
        return _opposite(wanted, signal, deployment, held, deployment.on_opposite)
    if not _may(wanted, deployment):
        return _not_allowed(wanted, deployment)
    there = _size(held)
    if side == wanted and entries >= deployment.max_entries:
        text = f"already {_NAMES[side]} {there.normalize():f}; max_entries is {deployment.max_entries}"
        return Denial("ALREADY_IN_POSITION", text)
    return Plan({}, wanted, held=there)


def _opposite(
    wanted: int, signal: Signal, deployment: Deployment, held: Mapping[str, Decimal], rule: OnOpposite
) -> Plan | Denial:
    if rule is OnOpposite.IGNORE:
        return Denial("ALREADY_IN_POSITION", f"{_NAMES[-wanted]} is held, and on_opposite is ignore")
    if rule is OnOpposite.CLOSE or not _may(wanted, deployment):
        return Plan(_part(held, None))
    return Plan(_part(held, None), wanted)


def _order(
    wanted: int, signal: Signal, deployment: Deployment, held: Mapping[str, Decimal], side: int
) -> Plan | Denial:
    quantity = _stated(signal, deployment)
    assert quantity is not None
    there = _size(held)
    if side == -wanted:
        if quantity <= there or not _may(wanted, deployment):
            return Plan(_part(held, min(quantity, there)))
        return Plan(_part(held, None), wanted, (quantity - there) / deployment.sizing.multiplier)
    if not _may(wanted, deployment):
        return _not_allowed(wanted, deployment) if side == 0 else _NOTHING_HELD
    return Plan({}, wanted, signal.quantity, held=there)


def _target(signal: Signal, deployment: Deployment, held: Mapping[str, Decimal], side: int) -> Plan | Denial:
    wanted = signal.target_side or 0
    if wanted == 0 or (side != wanted and not _may(wanted, deployment)):
        if held:
            return Plan(_part(held, None))
        if wanted:
            return _not_allowed(wanted, deployment)
        return Denial("NO_ORDER_NEEDED", "the target is flat, and so is the deployment")
    stated = None
    if signal.target is not None and deployment.sizing.quantity_from_alert:
        stated = abs(signal.target)
    if side == -wanted:
        return Plan(_part(held, None), wanted, stated)
    there = _size(held)
    if stated is None:
        if side == wanted:
            return Denial("NO_ORDER_NEEDED", f"already {_NAMES[side]} {there.normalize():f}")
        return Plan({}, wanted)
    size = stated * deployment.sizing.multiplier
    if deployment.max_contracts is not None:
        size = min(size, deployment.max_contracts)
    if size == there:
        return Denial("NO_ORDER_NEEDED", f"already {_NAMES[wanted]} {there.normalize():f}")
    if size < there:
        return Plan(_part(held, there - size))
    return Plan({}, wanted, stated, up_to=True, held=there)


def _size(held: Mapping[str, Decimal]) -> Decimal:
    return sum((abs(quantity) for quantity in held.values()), ZERO)
