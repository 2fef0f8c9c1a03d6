"""The watch over positions, carried out: missing stops placed, protection moved and sized, positions closed in time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from pinery.trading.contracts import Contract
from pinery.trading.denials import Denial
from pinery.trading.deployments import Deployment
from pinery.trading.desk import telling
from pinery.trading.desk.commands import closing_waits, give_exit
from pinery.trading.desk.decide import Decider
from pinery.trading.desk.ledger import Ledger, next_client_id
from pinery.trading.desk.reports import Applier
from pinery.trading.desk.sending import SendAmendment, SendTicket
from pinery.trading.events import Event
from pinery.trading.monitor.holding import flat_by
from pinery.trading.monitor.protection import Wanted, reanchor, wanted_by
from pinery.trading.monitor.watch import (
    AmendOrder,
    CancelOrder,
    ClosePosition,
    PlaceStop,
    WatchAction,
    watch,
)
from pinery.trading.orders import states
from pinery.trading.orders.model import (
    ZERO,
    Amendment,
    Order,
    OrderType,
    Role,
    Status,
    Ticket,
)
from pinery.trading.positions.model import Position
from pinery.trading.reconcile.actions import FOREIGN
from pinery.trading.signals import Signal
from pinery.trading.sizing import in_orders
from pinery.trading.store import Tx
from pinery.trading.windows import windows_for

#: s before the session's end that positions are closed which must not outlive it.
_BEFORE_THE_END = 60

#: ms between two attempts to close a position.
_AGAIN = 5_000


@dataclass(slots=True)
class Watching:
    """``signals``: those that opened what is held, read once."""

    signals: dict[str, Signal | None] = field(default_factory=dict)
    fronts: dict[str, str] = field(default_factory=dict)  # deployment -> the contract that its symbol meant last
    # (deployment, symbol) -> when the position opened, and when we heard of it by our own clock.
    heard: dict[tuple[str, str], tuple[int | None, int]] = field(default_factory=dict)
    may_open: dict[str, Decimal] = field(default_factory=dict)  # client id -> how much position it was meant to make

    def rolls(self, applier: Applier, decider: Decider, now: int) -> None:
        """Tell when a continuous symbol has come to mean another contract."""
        account = applier.ledger.account.name
        for name, rules in decider.directory.deployments(account).items():
            contract = decider.directory.contract_for("", rules, now)
            if isinstance(contract, Denial):
                continue
            before = self.fronts.get(name)
            self.fronts[name] = contract.symbol
            if before is not None and before != contract.symbol:
                text = f"{rules.symbol} now means {contract.symbol}, not {before}; what is held stays where it is"
                event = Event(
                    "contract.rolled", now, f"{name}: {text}", name, account, data={"contract": contract.symbol}
                )
                applier.ledger.tell([event])

    def anchor(self, applier: Applier, decider: Decider, tx: Tx, now: int, out: set[str]) -> None:
        """Entries that filled elsewhere than expected take their stop and target along. ``out`` as for ``watch``."""
        ledger, still = applier.ledger, []
        for entry in ledger.entered:
            children = [o for o in ledger.orders.values() if o.parent == entry.client_id and o.role.protects]
            if any(c.status in (Status.SUBMITTED, Status.UNKNOWN) or c.client_id in out for c in children):
                still.append(entry)  # once the broker has them, and has answered what it was asked of them
                continue
            rules = self._rules(entry.deployment, entry.account, entry.symbol, decider)
            wanted = self._wanted(entry.signal_id, rules, tx)
            if wanted is None or entry.average_price is None:
                continue
            contract = decider.directory.contract(entry.symbol)
            for amendment in reanchor(children, entry.average_price, wanted, entry.side.sign, contract):
                _amend(ledger.orders[amendment.client_id], amendment, applier, now)
        ledger.entered[:] = still

    def watch(
        self, applier: Applier, decider: Decider, tx: Tx, now: int, now_us: int, out: set[str]
    ) -> set[tuple[str, str]]:
        """Look at everything that is held or works, like ``look_at``. ``out``: client ids of requests under way."""
        ledger = applier.ledger
        keys = {key for key, position in ledger.positions.items() if position.side}
        keys |= {(order.deployment, order.symbol) for order in ledger.orders.values()}
        lots = [lot for key in keys for lot in ledger.position(*key).lots]
        opened = {lot.signal_id for lot in lots}
        self.signals = {name: signal for name, signal in self.signals.items() if name in opened}
        makers = {lot.client_id for lot in lots}
        self.may_open = {name: most for name, most in self.may_open.items() if name in makers}
        return self.look_at(keys, applier, decider, tx, now, now_us, out)

    def look_at(
        self,
        keys: Iterable[tuple[str, str]],
        applier: Applier,
        decider: Decider,
        tx: Tx,
        now: int,
        now_us: int,
        out: set[str],
    ) -> set[tuple[str, str]]:
        """Positions by deployment and symbol. Returns those for which something waits for a request under way."""
        ledger, waiting = applier.ledger, set()
        for name, symbol in sorted(keys):
            if name == FOREIGN:
                continue
            position = ledger.position(name, symbol)
            if not position.side:
                ledger.refused.pop((name, symbol), None)
                ledger.doubted.discard((name, symbol))
                self.heard.pop((name, symbol), None)
            elif _is_covered(position, ledger, out):
                # The refusal is overcome: where the stops go once more, as for an exit, others are tried anew.
                ledger.refused.pop((name, symbol), None)
            for action in self._look(position, applier, decider, tx, now):
                if isinstance(action, AmendOrder) and action.amendment.client_id in out:
                    waiting.add((name, symbol))  # amendments of one order go one after the other
                    continue
                self._carry_out(action, position, applier, decider, tx, now, now_us)
            self._trim(ledger.position(name, symbol), applier, decider, tx, now, now_us)
        return waiting

    def _trim(self, position: Position, applier: Applier, decider: Decider, tx: Tx, now: int, now_us: int) -> None:
        """Close what nobody meant to open.

        A stop that was hit while a reversal was on its way closed what the reversal was to close; an order that is not
        reduce-only, and came too late, opened something on the other side.
        """
        ledger, excess = applier.ledger, ZERO
        if not position.side:
            return
        made: dict[str, Decimal] = {}
        for lot in position.lots:
            made[lot.client_id] = made.get(lot.client_id, ZERO) + lot.quantity
        for client_id, quantity in made.items():
            if client_id not in self.may_open:
                order = ledger.order(client_id, tx)
                if order is None or not order.status.is_final:
                    continue
                self.may_open[client_id] = order.quantity - order.closes if order.role is Role.ENTRY else ZERO
            excess += max(ZERO, quantity - self.may_open[client_id])
        if not excess or closing_waits(position.deployment, applier):
            return
        key = f"auto:excess:{position.symbol}:{position.opened}:{now // _AGAIN}"
        why = f"{telling.plain(excess)} more than was meant came about in a race of orders"
        give_exit(key, position.deployment, position.symbol, "pinery", why, "excess",
                  applier, decider, tx, now, now_us, quantity=excess)  # fmt: skip

    def _look(
        self, position: Position, applier: Applier, decider: Decider, tx: Tx, now: int
    ) -> tuple[WatchAction, ...]:
        ledger = applier.ledger
        rules = self._rules(position.deployment, position.account, position.symbol, decider)
        contract = decider.directory.contract(position.symbol)
        orders = ledger.orders_of(position.deployment, position.symbol)
        refused = ledger.refused.get((position.deployment, position.symbol))
        if refused is not None:
            orders.append(refused)
        wanted = self._wanted(position.lots[0].signal_id, rules, tx) if position.lots else Wanted()
        ends = None
        if rules.bracket.flat_at_session_end and position.opened is not None:
            hours = windows_for(contract, rules.limits, decider.directory.hours())
            ends = flat_by(position.opened, now, contract, hours, _BEFORE_THE_END)
        quote = ledger.quotes.get(position.symbol)
        since = self._known_since(position) if position.side else None
        actions = watch(
            position, orders, rules, contract, wanted or Wanted(), quote, now, flat_by=ends, known_since=since
        )
        return tuple(each for action in actions for each in _in_orders(action, contract, ledger))

    def _known_since(self, position: Position) -> int:
        """Seen for the first time, its last fill is the one that opened it, or the last one before a restart."""
        key = (position.deployment, position.symbol)
        opened, since = self.heard.get(key, (None, 0))
        if opened is None or opened != position.opened:
            opened, since = self.heard[key] = position.opened, position.updated
        return since

    def _rules(self, name: str, account: str, symbol: str, decider: Decider) -> Deployment:
        found = decider.directory.deployments(account).get(name)
        return found if found is not None else Deployment(name, account, symbol)

    def _wanted(self, signal_id: str, rules: Deployment, tx: Tx) -> Wanted | None:
        """None where what the signal asked for cannot be read any more."""
        if signal_id not in self.signals:
            self.signals[signal_id] = tx.signals.get(signal_id)
        try:
            return wanted_by(rules, self.signals[signal_id])
        except ValueError:
            return None

    # --- carrying out -----------------------------------------------------------------

    def _carry_out(
        self, action: WatchAction, position: Position, applier: Applier, decider: Decider, tx: Tx, now: int, now_us: int
    ) -> None:
        ledger = applier.ledger
        match action:
            case ClosePosition(name, symbol, reason):
                if closing_waits(name, applier):
                    return
                key = f"auto:{reason}:{symbol}:{position.opened}:{now // _AGAIN}"
                if reason == "unprotected":
                    text = f"{telling.plain(position.quantity)} {symbol} has no stop: it is closed"
                    ledger.tell([telling.about_position("position.unprotected", position, text, now)])
                give_exit(key, name, symbol, "pinery", _REASONS.get(reason, reason), reason,
                          applier, decider, tx, now, now_us)  # fmt: skip
            case PlaceStop(name, symbol) if (name, symbol) in ledger.doubted:
                pass  # once the broker says that the position is there: this stop could open one
            case PlaceStop():
                applier.outgoing.append(SendTicket(decider.send(Ticket(_stop(action, position, ledger, tx, now)), now)))
            case AmendOrder(amendment):
                _amend(ledger.orders[amendment.client_id], amendment, applier, now)
            case CancelOrder(client_id, reason):
                order = ledger.orders[client_id]
                if order.status is Status.PENDING:
                    applier.advance(order, states.Event.CANCEL, tx, now, now_us, reason=_REASONS.get(reason, reason))
                elif order.status.is_open:
                    applier.cancel(order, now)


_REASONS = {
    "max_bars": "held for the greatest number of bars",
    "max_minutes": "held for the longest time",
    "session_end": "the session ends",
    "unprotected": "no stop could be placed",
    "stop": "the price is beyond the stop",
    "trail": "the price is beyond the trailing stop",
    "entry_timeout": "not filled in time",
    "flat": "nothing is held that it would protect",
    "size": "the position is smaller",
}


def _is_covered(position: Position, ledger: Ledger, out: set[str]) -> bool:
    """Whether stops rest for all of it, as the broker has them: what it was asked to change counts when it answered."""
    orders = ledger.orders_of(position.deployment, position.symbol)
    stops = [o for o in orders if o.role is Role.STOP and o.side.sign == -position.side and o.client_id not in out]
    resting = (o.remaining for o in stops if o.status.is_open and not o.cancel_requested)
    return sum(resting, ZERO) >= position.size


def _in_orders(action: WatchAction, contract: Contract, ledger: Ledger) -> list[WatchAction]:
    """``action`` with stops that the venue takes: one for more than its most becomes several.

    Where one of those was refused the position is closed: it would be asked for again and again.
    """
    if isinstance(action, PlaceStop):
        return [replace(action, quantity=part) for part in in_orders(contract, action.quantity)]
    if not isinstance(action, AmendOrder):
        return [action]
    amendment, order = action.amendment, ledger.orders[action.amendment.client_id]
    wanted = amendment.quantity - order.filled if amendment.quantity is not None else ZERO
    first, *more = in_orders(contract, wanted)
    if not more:
        return [action]
    actions: list[WatchAction] = []
    if order.remaining != first:
        actions.append(AmendOrder(replace(amendment, quantity=order.filled + first), action.reason))
    if order.role is not Role.STOP or order.stop_price is None:
        return actions
    if (order.deployment, order.symbol) in ledger.refused:
        return [ClosePosition(order.deployment, order.symbol, "unprotected")]
    stop = PlaceStop(order.deployment, order.symbol, order.side, first, order.stop_price, order.trail_offset)
    return [*actions, *(replace(stop, quantity=part) for part in more)]


def _amend(order: Order, amendment: Amendment, applier: Applier, now: int) -> None:
    """Ask for new terms, and take them as given: a refusal leads to a comparison, which tells the true ones."""
    applier.ledger.put(
        replace(
            order,
            revision=amendment.revision,
            quantity=amendment.quantity or order.quantity,
            limit_price=amendment.limit_price or order.limit_price,
            stop_price=amendment.stop_price or order.stop_price,
            updated=now,
        )
    )
    applier.outgoing.append(SendAmendment(order, amendment))


def _stop(action: PlaceStop, position: Position, ledger: Ledger, tx: Tx, now: int) -> Order:
    """A stop in place of one that is missing; its number is the opening signal's next free one."""
    signal_id = position.lots[0].signal_id
    entries = {lot.client_id for lot in position.lots}
    return Order(
        next_client_id(signal_id, Role.STOP, ledger, tx),
        signal_id,
        action.deployment,
        position.account,
        action.symbol,
        action.side,
        OrderType.STOP,
        Role.STOP,
        action.quantity,
        stop_price=action.price,
        trail_offset=action.trail_offset,
        reduce_only=True,
        parent=entries.pop() if len(entries) == 1 else "",
        created=now,
        updated=now,
    )
