"""The second line behind the protection that rests at the broker: looks at one position and says what to do.

Called again and again; each call says what is wrong now. What is under way already (an exit that was sent, a stop whose
outcome is not known) is waited for, not repeated.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from pinery.core.errors import PineRuntimeError
from pinery.trading.broker import Quote
from pinery.trading.contracts import Contract
from pinery.trading.deployments import Deployment
from pinery.trading.monitor.holding import bars_held
from pinery.trading.monitor.protection import Wanted, stop_terms
from pinery.trading.orders.model import ZERO, Amendment, Order, OrderType, Role, Side, Status
from pinery.trading.positions.book import observe
from pinery.trading.positions.model import Position
from pinery.trading.windows import exchange_open

#: ms that a stop may take to get to the broker, once there is a position for it, before that is closed instead.
PATIENCE = 10_000

#: ms after which a stop that nobody can say anything about counts as none.
UNSURE = 30_000


@dataclass(frozen=True, slots=True)
class ClosePosition:
    """``reason``: max_bars, max_minutes, session_end, unprotected (no stop can be placed), stop or trail (the price is
    beyond where the stop has to be)."""

    deployment: str
    symbol: str
    reason: str


@dataclass(frozen=True, slots=True)
class PlaceStop:
    """The position has no stop. If it is refused, the position has to be closed."""

    deployment: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    trail_offset: Decimal | None = None


@dataclass(frozen=True, slots=True)
class AmendOrder:
    """``reason``: trail, or size (protection follows the size of the position)."""

    amendment: Amendment
    reason: str


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """``reason``: entry_timeout, flat (protection without a position), size (protection beyond the position)."""

    client_id: str
    reason: str


WatchAction = ClosePosition | PlaceStop | AmendOrder | CancelOrder


def watch(
    position: Position,
    orders: Iterable[Order],
    deployment: Deployment,
    contract: Contract,
    wanted: Wanted,
    quote: Quote | None,
    now: int,
    *,
    flat_by: int | None = None,
    known_since: int | None = None,
) -> tuple[WatchAction, ...]:
    """What is to be done about ``position`` (maybe flat). An action names each order at most once.

    ``orders``: all unfinished ones of the deployment in this contract; a stop that was refused since the position
    opened may be among them, and then the position is closed. ``wanted``: the protection it is to have
    (``protection.wanted_by`` the signal that opened it). ``flat_by``: ``holding.flat_by``, where the deployment is
    flat at the session's end. ``known_since``: when, by our own clock, we heard of the position: our waits are counted
    from then, because the venue's clock may differ; None: the time of its opening is ours.
    """
    known = sorted(orders, key=lambda order: (order.created, order.client_id))
    alive = [order for order in known if not order.status.is_final]
    actions = _late_entries(alive, deployment, now)
    if not position.side:
        return (*actions, *_leftovers(alive, position))
    if any(_closes(order, position) for order in alive):
        return actions
    reason = _held_too_long(position, deployment, contract, now, flat_by)
    if reason is None and wanted.has_stop and _cannot_be_protected(known, position, known_since, now):
        reason = "unprotected"
    if reason is not None:
        resting = [order for order in alive if order.role is Role.ENTRY and not order.cancel_requested]
        named = {action.client_id for action in actions if isinstance(action, CancelOrder)}
        cancels = (CancelOrder(order.client_id, reason) for order in resting if order.client_id not in named)
        return (*actions, *cancels, ClosePosition(position.deployment, position.symbol, reason))
    return (*actions, *_leftovers(alive, position), *_protection(alive, position, contract, wanted, quote))


# --- entries and time -------------------------------------------------------------------


def _late_entries(alive: list[Order], deployment: Deployment, now: int) -> tuple[WatchAction, ...]:
    if deployment.entry_timeout is None:
        return ()
    return tuple(
        CancelOrder(order.client_id, "entry_timeout")
        for order in alive
        if order.role is Role.ENTRY
        and order.type is OrderType.LIMIT
        and order.status.is_open
        and not order.cancel_requested
        and now - (order.acknowledged or order.submitted or order.created) >= deployment.entry_timeout * 1000
    )


def _closes(order: Order, position: Position) -> bool:
    """An exit, or a reversal, is under way."""
    return not order.role.protects and order.side.sign == -position.side


def _held_too_long(
    position: Position, deployment: Deployment, contract: Contract, now: int, flat_by: int | None
) -> str | None:
    bracket, opened = deployment.bracket, position.opened
    if opened is None or not exchange_open(contract.instrument, now, extended=True):
        return None  # nothing can be closed now; when trading begins again, it is
    if bracket.max_minutes is not None and now - opened >= bracket.max_minutes * 60_000:
        return "max_minutes"
    if bracket.flat_at_session_end and flat_by is not None and now >= flat_by:
        return "session_end"
    if bracket.max_bars is not None and _bars(position, deployment, contract, now) >= bracket.max_bars:
        return "max_bars"
    return None


def _bars(position: Position, deployment: Deployment, contract: Contract, now: int) -> int:
    for timeframe in (position.timeframe, deployment.timeframe):
        if timeframe and position.opened is not None:
            try:
                return bars_held(position.opened, now, timeframe, contract, deployment.bracket.max_bars)
            except PineRuntimeError:
                continue  # a sender's own notation: the deployment's holds
    return 0


# --- protection -------------------------------------------------------------------------


def _protects(order: Order, position: Position) -> bool:
    return order.role.protects and order.side.sign == -position.side


def _leftovers(alive: list[Order], position: Position) -> tuple[WatchAction, ...]:
    """Protection of nothing, and of no entry that may still fill."""
    names = {order.client_id for order in alive}
    return tuple(
        CancelOrder(order.client_id, "flat")
        for order in alive
        if order.role.protects
        and not _protects(order, position)
        and not order.cancel_requested
        and order.parent not in names
    )


def _cannot_be_protected(known: list[Order], position: Position, known_since: int | None, now: int) -> bool:
    """The stop was refused, or could not be sent in time."""
    stops = [order for order in known if order.role is Role.STOP and _protects(order, position)]
    if any(order.status.is_open or order.status is Status.SUBMITTED for order in stops):
        return False
    if unknown := [order for order in stops if order.status is Status.UNKNOWN]:
        return all(order.submitted is not None and now - order.submitted >= UNSURE for order in unknown)
    since = known_since if known_since is not None else position.opened or 0
    if any(order.status is Status.REJECTED and order.updated >= since for order in stops):
        return True
    return any(
        order.status is Status.PENDING and _is_due(order, known) and now - max(since, order.created) >= PATIENCE
        for order in stops
    )


def _is_due(order: Order, known: list[Order]) -> bool:
    """Its entry has filled, at least in part."""
    parent = next((other for other in known if other.client_id == order.parent), None)
    return parent is None or parent.filled > parent.closes


def _protection(
    alive: list[Order], position: Position, contract: Contract, wanted: Wanted, quote: Quote | None
) -> tuple[WatchAction, ...]:
    mine = [order for order in alive if _protects(order, position) and not _waits(order, alive)]
    stops = [order for order in mine if order.role is Role.STOP]
    targets = [order for order in mine if order.role is Role.TARGET]
    if wanted.has_stop and not stops:
        return _place(position, contract, wanted, quote)
    to_come = sum((order.remaining for order in alive if order.role is Role.ENTRY), ZERO)
    actions = {**_resize(stops, position.size, to_come), **_resize(targets, position.size, to_come)}
    seen = position if quote is None else observe(position, quote.price)
    for order in stops:
        moved = _trail(order, seen, contract, quote)
        if isinstance(moved, ClosePosition):
            return (moved,)
        if moved is not None:
            actions.setdefault(order.client_id, moved)
    return tuple(actions.values())


def _waits(order: Order, alive: list[Order]) -> bool:
    """Not sent yet, because its entry has not filled."""
    return order.status is Status.PENDING and not _is_due(order, alive)


def _place(position: Position, contract: Contract, wanted: Wanted, quote: Quote | None) -> tuple[WatchAction, ...]:
    terms = stop_terms(wanted, position.average_price, position.side, contract)
    if terms is None:
        return ()
    price, seen = terms.price, position if quote is None else observe(position, quote.price)
    if terms.offset is not None and seen.best is not None:
        trailed = contract.price_to_tick(seen.best - position.side * terms.offset)
        price = trailed if (trailed - price) * position.side > 0 else price
    if quote is not None and (quote.price - price) * position.side <= 0:
        return (ClosePosition(position.deployment, position.symbol, "stop"),)
    side = Side.SELL if position.side > 0 else Side.BUY
    return (PlaceStop(position.deployment, position.symbol, side, position.size, price, terms.offset),)


def _resize(group: list[Order], size: Decimal, to_come: Decimal) -> dict[str, WatchAction]:
    """Protection for less than the position, or for more than it and what its entries may still add, is amended."""
    if not group or any(not order.status.is_open or order.cancel_requested for order in group):
        return {}
    total = sum((order.remaining for order in group), ZERO)
    if total < size:
        return {group[-1].client_id: _sized(group[-1], size - total)}
    actions: dict[str, WatchAction] = {}
    excess = total - size - to_come
    for order in reversed(group):
        if excess <= 0:
            break
        less = min(excess, order.remaining)
        excess -= less
        whole = less == order.remaining
        actions[order.client_id] = CancelOrder(order.client_id, "size") if whole else _sized(order, -less)
    return actions


def _sized(order: Order, change: Decimal) -> AmendOrder:
    return AmendOrder(Amendment(order.client_id, order.revision + 1, quantity=order.quantity + change), "size")


def _trail(order: Order, seen: Position, contract: Contract, quote: Quote | None) -> AmendOrder | ClosePosition | None:
    """A stop that the broker does not trail by itself follows the best price, towards profit only."""
    if order.trail_offset is None or order.type is not OrderType.STOP or order.stop_price is None or seen.best is None:
        return None
    price = contract.price_to_tick(seen.best - seen.side * order.trail_offset)
    if (price - order.stop_price) * seen.side < contract.price_step:
        return None
    if quote is not None and (quote.price - price) * seen.side <= 0:
        return ClosePosition(seen.deployment, seen.symbol, "trail")  # it has come back that far already
    if not order.status.is_open or order.cancel_requested:
        return None
    return AmendOrder(Amendment(order.client_id, order.revision + 1, stop_price=price), "trail")
