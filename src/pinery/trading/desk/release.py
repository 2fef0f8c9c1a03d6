"""Orders that wait, on disk and never sent: for others to end, for the broker, for their entry's fills."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pinery.trading.desk.commands import give_exit
from pinery.trading.desk.decide import Decider
from pinery.trading.desk.ledger import Ledger, next_client_id
from pinery.trading.desk.netting import others_against
from pinery.trading.desk.reports import Applier
from pinery.trading.desk.sending import SendTicket
from pinery.trading.orders.model import ZERO, Order, OrderChange, Role, Status, Ticket
from pinery.trading.orders.states import Event
from pinery.trading.store import TradingState, Tx

#: ms until an order that could not be sent is tried again. What ends or protects a position does not wait long.
_AGAIN = 2_000
_AGAIN_SOON = 500


@dataclass(slots=True)
class Release:
    """``tried``: when an order that is pending again was last sent; lost in a restart, which only makes it sooner."""

    tried: dict[str, int] = field(default_factory=dict)

    def go(self, applier: Applier, decider: Decider, tx: Tx, now: int, now_us: int) -> None:
        ledger = applier.ledger
        for order in {(order.deployment, order.symbol): order for order in ledger.exited}.values():
            _put_back(order, ledger, tx, now)
        ledger.exited.clear()
        for order in [o for o in ledger.orders.values() if o.status is Status.PENDING]:
            if order.client_id not in ledger.orders:  # let go of meanwhile, with another
                continue
            if order.cancel_requested:
                applier.advance(
                    order, Event.CANCEL, tx, now, now_us, reason=order.reason or "canceled before it was sent"
                )
            elif order.role.protects:
                self._protection(order, applier, decider, tx, now, now_us)
            else:
                self._order(order, applier, decider, tx, now, now_us)

    def _order(self, order: Order, applier: Applier, decider: Decider, tx: Tx, now: int, now_us: int) -> None:
        ledger = applier.ledger
        if any(name in ledger.orders for name in order.waits_for):
            return
        for name in order.waits_for:
            waited = ledger.order(name, tx)
            if order.role is not Role.ENTRY or waited is None or waited.role is not Role.EXIT:
                continue
            if ledger.position(order.deployment, waited.symbol).side == -order.side.sign:
                text = f"the position that had to be closed first is still there: {name} is {waited.status}"
                applier.advance(order, Event.DENY, tx, now, now_us, reason=text, code="BROKER_REJECTED")
                return
        fitting = _fitting(order, ledger)
        if fitting is None:
            applier.advance(order, Event.CANCEL, tx, now, now_us, reason="nothing is left to close")
            return
        order = fitting
        state, why = ledger.state(order.deployment)
        if order.role is Role.ENTRY and state is not TradingState.ACTIVE:
            code = "KILL_SWITCH" if state is TradingState.HALTED else "REDUCING"
            applier.advance(order, Event.DENY, tx, now, now_us, reason=f"trading is {state}: {why}", code=code)
            if order.closes and state is TradingState.REDUCING:
                give_up_reversal(order, applier, decider, tx, now, now_us)
            return
        if order.role is Role.ENTRY and decider.capabilities.nets:
            against = others_against(ledger, order.deployment, order.symbol, order.side.sign)
            if against.stays:
                text = f"{against.stays} in {order.symbol}, and the account knows one position only"
                applier.advance(order, Event.DENY, tx, now, now_us, reason=text, code="OPPOSITE_SIDE")
                if order.closes:
                    give_up_reversal(order, applier, decider, tx, now, now_us)
                return
            if against.ends:
                return
        pause = _AGAIN if order.role is Role.ENTRY and not order.closes else _AGAIN_SOON
        if now - self.tried.get(order.client_id, 0) < pause:
            return
        limit = self._limit(order, decider)
        if order.role is Role.ENTRY and limit is not None and now - order.created > limit:
            text = f"not sent within {limit // 1000} s"
            applier.advance(order, Event.EXPIRE, tx, now, now_us, reason=text, code="BROKER_UNREACHABLE")
            if order.closes:
                give_up_reversal(order, applier, decider, tx, now, now_us)
            return
        self.tried[order.client_id] = now
        children = tuple(
            child
            for child in ledger.orders.values()
            if child.parent == order.client_id and child.status is Status.PENDING
        )
        applier.outgoing.append(SendTicket(decider.send(Ticket(order, children), now)))

    def _limit(self, order: Order, decider: Decider) -> int | None:
        deployment = decider.directory.deployments(order.account).get(order.deployment)
        seconds = deployment.limits.max_signal_age if deployment is not None else 0
        return None if seconds is None else seconds * 1000

    def _protection(self, order: Order, applier: Applier, decider: Decider, tx: Tx, now: int, now_us: int) -> None:
        """Brokers that take no protection with the entry get it with the entry's first fill."""
        ledger = applier.ledger
        entry = ledger.order(order.parent, tx)
        if entry is None or (entry.status.is_final and not entry.filled):
            applier.advance(order, Event.CANCEL, tx, now, now_us, reason="its entry was not filled")
            return
        opened = entry.filled - entry.closes
        if opened <= 0 or now - self.tried.get(order.client_id, 0) < _AGAIN_SOON:
            return
        if not ledger.position(order.deployment, order.symbol).side:
            applier.advance(order, Event.CANCEL, tx, now, now_us, reason="the position is closed")
            return
        self.tried[order.client_id] = now
        sized = replace(order, quantity=min(order.quantity, opened))
        applier.outgoing.append(SendTicket(decider.send(Ticket(sized), now)))


def give_up_reversal(order: Order, applier: Applier, decider: Decider, tx: Tx, now: int, now_us: int) -> None:
    """A reversal that never left: the position that it was to end is still there, and is closed."""
    key, why = f"auto:abandoned:{order.client_id}", "the reversal was not sent: what it was to close goes"
    give_exit(key, order.deployment, order.symbol, "pinery", why, "close", applier, decider, tx, now, now_us)


def _put_back(exit: Order, ledger: Ledger, tx: Tx, now: int) -> None:
    """An exit has ended that protection was canceled for, and something is still held: its targets rest again.

    On disk with this transaction, so that no crash forgets them. A stop is placed by the watch over positions. Of
    exits that close a position together, the last one does it.
    """
    if any(order.role is Role.EXIT for order in ledger.orders_of(exit.deployment, exit.symbol)):
        return
    position = ledger.position(exit.deployment, exit.symbol)
    left = position.size if position.side == -exit.side.sign else ZERO
    for name in exit.waits_for:
        gone = ledger.order(name, tx)
        if gone is None or gone.role is not Role.TARGET or gone.status is not Status.CANCELED or not gone.remaining:
            continue
        quantity = min(gone.remaining, left)
        if quantity <= 0:
            return
        left -= quantity
        order = Order(
            next_client_id(gone.signal_id, Role.TARGET, ledger, tx),
            gone.signal_id,
            gone.deployment,
            gone.account,
            gone.symbol,
            gone.side,
            gone.type,
            gone.role,
            quantity,
            limit_price=gone.limit_price,
            time_in_force=gone.time_in_force,
            reduce_only=True,
            parent=gone.parent,
            created=now,
            updated=now,
        )
        ledger.put(order, OrderChange(order.client_id, now, order.status, order.status, "made"))


def _fitting(order: Order, ledger: Ledger) -> Order | None:
    """``order`` with no more to close than is held by now: its stop may have been hit while it waited.

    None: an exit for which nothing is left.
    """
    held = ledger.position(order.deployment, order.symbol)
    there = held.size if held.side == -order.side.sign else ZERO
    if order.role is Role.EXIT:
        others = ledger.orders_of(order.deployment, order.symbol)
        there -= sum((o.remaining for o in others if o.role is Role.EXIT and o.status is not Status.PENDING), ZERO)
        return replace(order, quantity=min(order.quantity, there)) if there > 0 else None
    closes = min(order.closes, there)
    return replace(order, closes=closes, quantity=order.quantity - order.closes + closes)
