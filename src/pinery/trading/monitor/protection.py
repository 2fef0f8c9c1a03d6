"""Stop, target and trailing stop of an entry: as orders that rest at the broker, moved to where the entry filled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from pinery.trading.contracts import Contract
from pinery.trading.denials import Denial
from pinery.trading.deployments import Deployment, Distance, Unit
from pinery.trading.distances import check_bracket, choose, offset, price_at
from pinery.trading.orders.model import Amendment, Order, OrderType, Role, client_order_id
from pinery.trading.signals import Signal


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which protection a position is to have."""

    stop: Distance | None = None
    target: Distance | None = None
    trail: Distance | None = None

    @property
    def has_stop(self) -> bool:
        return self.stop is not None or self.trail is not None


@dataclass(frozen=True, slots=True)
class StopTerms:
    """A stop's price; ``offset`` if it trails; ``native`` if nothing but trailing is left to do."""

    price: Decimal
    offset: Decimal | None
    native: bool


def wanted_by(deployment: Deployment, signal: Signal | None) -> Wanted:
    """What ``signal`` states, where the deployment takes it from there, before the deployment's own.

    Raises ValueError in words for people.
    """
    bracket = deployment.bracket
    stop, target = (signal.stop, signal.take_profit) if signal is not None else ("", "")
    return Wanted(
        choose(bracket.stop, stop, from_signal=bracket.from_signal),
        choose(bracket.target, target, from_signal=bracket.from_signal),
        choose(bracket.trail, ""),
    )


def protection_for(
    entry: Order,
    deployment: Deployment,
    signal: Signal,
    contract: Contract,
    reference_price: Decimal | None,
    *,
    trailing_stop: bool = False,
) -> tuple[Order, ...] | Denial:
    """At most a stop and a target for what ``entry`` opens, priced from ``reference_price``; () where none is wanted.

    ``trailing_stop``: the broker trails by itself. Else, and where a fixed stop is closer than the trailing one at
    first, a trailing stop is a stop order with a ``trail_offset``, which the watch moves.
    BRACKET where a price lies on the wrong side, NO_PRICE where a distance needs a price and none is known.
    """
    side = entry.side.sign
    try:
        wanted = wanted_by(deployment, signal)
    except ValueError as error:
        return Denial("BRACKET", str(error))
    if reference_price is None and any(d is not None and d.unit is not Unit.PRICE for d in _each(wanted)):
        return Denial("NO_PRICE", "stop and target are distances from a price, and no price is known")
    stop = stop_terms(wanted, reference_price, side, contract)
    target = _price(wanted.target, reference_price, side, contract, loss=False)
    if reference_price is not None:
        denial = check_bracket(side, reference_price, stop.price if stop else None, target)
    elif stop is not None and target is not None and (target - stop.price) * side <= 0:
        denial = Denial("BRACKET", f"the stop {stop.price:f} and the target {target:f} are on the wrong sides")
    else:
        denial = None
    if denial is not None:
        return denial
    orders = []
    if stop is not None:
        native = trailing_stop and stop.native
        kind = OrderType.TRAILING_STOP if native else OrderType.STOP
        order = _protection(entry, Role.STOP, kind)
        orders.append(replace(order, stop_price=stop.price, trail_offset=stop.offset))
    if target is not None:
        orders.append(replace(_protection(entry, Role.TARGET, OrderType.LIMIT), limit_price=target))
    return tuple(orders)


def stop_terms(wanted: Wanted, entry_price: Decimal | None, side: int, contract: Contract) -> StopTerms | None:
    """Where the stop of a position is at first: of a fixed and a trailing one, the closer.

    ``entry_price`` may be unknown where all distances are absolute prices and nothing trails.
    """
    fixed = _price(wanted.stop, entry_price, side, contract, loss=True)
    if wanted.trail is None or entry_price is None:
        return None if fixed is None else StopTerms(fixed, None, False)
    away = max(contract.price_to_tick(offset(wanted.trail, entry_price, contract)), contract.price_step)
    trailing = contract.price_to_tick(entry_price) - side * away
    if fixed is None or (trailing - fixed) * side >= 0:
        return StopTerms(trailing, away, True)
    return StopTerms(fixed, away, False)


def reanchor(
    protection: Iterable[Order], average_fill_price: Decimal, wanted: Wanted, side: int, contract: Contract
) -> tuple[Amendment, ...]:
    """Where protection goes when the entry of a position of ``side`` filled elsewhere than at the reference price.

    Distances keep their length from ``average_fill_price``; stated prices stay; what would move by less than a tick
    stays as well. A broker's own trailing stop follows the price by itself.
    """
    amendments = []
    for order in protection:
        if order.status.is_final or order.type is OrderType.TRAILING_STOP:
            continue
        if order.role is Role.STOP and order.stop_price is not None:
            moves = order.trail_offset is not None or _moves(wanted.stop)
            terms = stop_terms(wanted, average_fill_price, side, contract) if moves else None
            if terms is not None and abs(terms.price - order.stop_price) >= contract.price_step:
                amendments.append(Amendment(order.client_id, order.revision + 1, stop_price=terms.price))
        elif order.role is Role.TARGET and order.limit_price is not None and _moves(wanted.target):
            price = _price(wanted.target, average_fill_price, side, contract, loss=False)
            if price is not None and abs(price - order.limit_price) >= contract.price_step:
                amendments.append(Amendment(order.client_id, order.revision + 1, limit_price=price))
    return tuple(amendments)


def _each(wanted: Wanted) -> tuple[Distance | None, ...]:
    return wanted.stop, wanted.target, wanted.trail


def _moves(distance: Distance | None) -> bool:
    return distance is not None and distance.unit is not Unit.PRICE


def _price(
    distance: Distance | None, entry_price: Decimal | None, side: int, contract: Contract, *, loss: bool
) -> Decimal | None:
    if distance is None:
        return None
    if entry_price is None:
        return contract.price_to_tick(distance.value)
    return price_at(distance, entry_price, side, contract, loss=loss)


def _protection(entry: Order, role: Role, kind: OrderType) -> Order:
    return Order(
        client_id=client_order_id(entry.signal_id, role),
        signal_id=entry.signal_id,
        deployment=entry.deployment,
        account=entry.account,
        symbol=entry.symbol,
        side=entry.side.opposite,
        type=kind,
        role=role,
        quantity=entry.quantity - entry.closes,
        reduce_only=True,
        parent=entry.client_id,
        created=entry.created,
        updated=entry.updated,
    )
