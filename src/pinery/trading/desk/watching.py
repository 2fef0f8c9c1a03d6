"""The watch over positions, carried out: missing stops placed, protection moved and sized, positions closed in time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pinery.trading.denials import Denial
from pinery.trading.deployments import Deployment
from pinery.trading.desk import telling
from pinery.trading.desk.commands import give_exit
from pinery.trading.desk.decide import Decider
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
    Amendment,
    Order,
    OrderType,
    Role,
    Status,
    Ticket,
    client_order_id,
)
from pinery.trading.positions.model import Position
from pinery.trading.reconcile.actions import FOREIGN
from pinery.trading.signals import Signal
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

    def anchor(self, applier: Applier, decider: Decider, tx: Tx, now: int) -> None:
        """Entries that filled elsewhere than expected take their stop and target along."""
        ledger, still = applier.ledger, []
        for entry in ledger.entered:
            children = [o for o in ledger.orders.values() if o.parent == entry.client_id and o.role.protects]
            if any(child.status in (Status.SUBMITTED, Status.UNKNOWN) for child in children):
                still.append(entry)  # once the broker has them
                continue
            rules = self._rules(entry.deployment, entry.account, entry.symbol, decider)
            wanted = self._wanted(entry.signal_id, rules, tx)
            if wanted is None or entry.average_price is None:
                continue
            contract = decider.directory.contract(entry.symbol)
            for amendment in reanchor(children, entry.average_price, wanted, entry.side.sign, contract):
                _amend(ledger.orders[amendment.client_id], amendment, applier, now)
        ledger.entered[:] = still

    def watch(self, applier: Applier, decider: Decider, tx: Tx, now: int, now_us: int) -> None:
        ledger = applier.ledger
        keys = {key for key, position in ledger.positions.items() if position.side}
        keys |= {(order.deployment, order.symbol) for order in ledger.orders.values()}
        opened = {lot.signal_id for key in keys for lot in ledger.position(*key).lots}
        self.signals = {name: signal for name, signal in self.signals.items() if name in opened}
        for name, symbol in keys:
            if name == FOREIGN:
                continue
            position = ledger.position(name, symbol)
            if not position.side:
                ledger.refused.pop((name, symbol), None)
            for action in self._look(position, applier, decider, tx, now):
                self._carry_out(action, position, applier, decider, tx, now, now_us)

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
        return watch(position, orders, rules, contract, wanted or Wanted(), quote, now, flat_by=ends)

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
                if ledger.is_busy(name):
                    return
                key = f"auto:{reason}:{symbol}:{position.opened}:{now // _AGAIN}"
                if reason == "unprotected":
                    text = f"{telling.plain(position.quantity)} {symbol} has no stop: it is closed"
                    ledger.tell([telling.about_position("position.unprotected", position, text, now)])
                give_exit(key, name, symbol, "pinery", _REASONS.get(reason, reason), reason,
                          applier, decider, tx, now, now_us)  # fmt: skip
            case PlaceStop():
                applier.outgoing.append(SendTicket(decider.send(Ticket(_stop(action, position, tx, now)), now)))
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


def _stop(action: PlaceStop, position: Position, tx: Tx, now: int) -> Order:
    """A stop in place of one that is missing; its number is the opening signal's next free one."""
    signal_id, number = position.lots[0].signal_id, 1
    while tx.orders.get(client_order_id(signal_id, Role.STOP, number)) is not None:
        number += 1
    entries = {lot.client_id for lot in position.lots}
    return Order(
        client_order_id(signal_id, Role.STOP, number),
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
