"""Ours against the broker's: asked at start-up, after a reconnect, now and then, and while an outcome is unknown.

Crash recovery is the ordinary start: nothing is decided before the first comparison. The questions are asked beside
the desk's work, and the answers applied in a pass; what was under way meanwhile is left alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from pinery.trading.broker import Broker, Snapshot
from pinery.trading.desk import telling
from pinery.trading.desk.decide import Decider
from pinery.trading.desk.ledger import Ledger
from pinery.trading.desk.reports import Applier
from pinery.trading.desk.sending import SendCancel
from pinery.trading.errors import BrokerError
from pinery.trading.orders.model import Order, Status
from pinery.trading.positions.model import Lot, Position
from pinery.trading.reconcile import actions as act
from pinery.trading.reconcile.apply import apply_action
from pinery.trading.reconcile.compare import Answer, Local, Unanswered, Venue, compare, to_ask, to_load
from pinery.trading.store import Tx


@dataclass(frozen=True, slots=True)
class Asked:
    """What the broker answered. ``in_flight``: requests that were under way when it was asked."""

    snapshot: Snapshot
    found: dict[str, Answer]
    in_flight: frozenset[str]


@dataclass(slots=True)
class Recovery:
    """``done``: compared since the broker was connected, and since the ledger was loaded."""

    done: bool = False
    problem: str = ""  # why there was no answer, for the log
    unclosed: list[Order] = field(default_factory=list)  # reversals that were given up, whose position is to go
    _wanted: bool = True
    _asked_at: float = float("-inf")
    _answers: Asked | None = None
    _task: asyncio.Task[None] | None = None
    _told: set[str] = field(default_factory=set)  # venue ids of foreign orders
    _differences: dict[str, Decimal] = field(default_factory=dict)

    def again(self) -> None:
        """Compare as soon as may be."""
        self._wanted = True

    def start_over(self) -> None:
        """Nothing is decided before the next comparison."""
        self.done = False
        self._wanted = True
        self._answers = None

    def due(self, ledger: Ledger, out: set[str], now: float, resolve: float, regular: float) -> bool:
        if self._task is not None or self._answers is not None:
            return False
        since = now - self._asked_at
        if self._wanted:
            return since >= (resolve if self.done else 0.05)
        return since >= regular or (since >= resolve and any(_is_open_question(o, out) for o in ledger.orders.values()))

    def ask(self, broker: Broker, ledger: Ledger, out: set[str], now: float, wake: Callable[[], None]) -> None:
        """Put the questions, beside everything else."""
        self._asked_at = now
        self._wanted = False
        local = Local({**ledger.ended, **ledger.orders}, (), in_flight=frozenset(out))
        self._task = asyncio.create_task(self._put(broker, local, wake))

    async def _put(self, broker: Broker, local: Local, wake: Callable[[], None]) -> None:
        try:
            snapshot = await broker.snapshot()
            found: dict[str, Answer] = {}
            for order in to_ask(local, snapshot):
                try:
                    found[order.client_id] = await broker.find(order)
                except BrokerError as error:
                    found[order.client_id] = Unanswered(error.message)
            self._answers = Asked(snapshot, found, local.in_flight)
        except Exception as error:
            # No answer is no news; not even an adapter's own fault.
            self._wanted = True
            self.problem = f"{type(error).__name__}: {error}"
        finally:
            self._task = None
            wake()

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def take(self) -> Asked | None:
        """The answers, once."""
        answers, self._answers = self._answers, None
        return answers

    def apply(
        self, asked: Asked, applier: Applier, decider: Decider, out: set[str], tx: Tx, now: int, now_us: int
    ) -> None:
        ledger = applier.ledger
        told = {name for name, answer in asked.found.items() if not isinstance(answer, Unanswered)}
        ended = {name: order for name, order in ledger.ended.items() if name in told}
        local = Local(
            {**ended, **ledger.orders},
            tuple(ledger.positions.values()),
            in_flight=asked.in_flight | out,
            told=frozenset(self._told),
            differences=dict(self._differences),
            is_new=ledger.is_new,
        )
        for name in to_load(local, asked.snapshot):
            order = ledger.order(name, tx)  # this pass may have ended it: the store does not know yet
            if order is not None:
                local.orders[name] = order  # type: ignore[index]
        self._differences = {}
        actions = compare(local, Venue(asked.snapshot, asked.found), lambda order: _fresh(order, decider, now))
        for action in actions:
            self._carry_out(action, local, applier, tx, now, now_us)
        for name in ended:
            ledger.ended.pop(name, None)
        ledger.is_new = False
        self.done = True

    def _carry_out(self, action: act.Action, local: Local, applier: Applier, tx: Tx, now: int, now_us: int) -> None:
        ledger = applier.ledger
        match action:
            case act.CancelAtVenue(order, _):
                applier.outgoing.append(SendCancel(order))
            case act.CancelLeftover(order):
                current = ledger.orders.get(order.client_id)  # with what was learned of it meanwhile
                if current is not None:
                    applier.cancel(current, now)
            case act.Foreign(view):
                self._told.add(view.venue_id)
                text = f"order {view.venue_id} in {view.symbol} is not Pinery's and is left alone"
                ledger.tell([telling.about_account("order.foreign", ledger.account.name, text, now)])
            case act.TagForeign(symbol, quantity, price):
                ledger.put_position(_foreign(ledger, symbol, quantity, price, now))
            case act.Mismatch(symbol, ours, theirs, confirmed):
                self._differences[symbol] = theirs - ours
                if confirmed:
                    text = f"{symbol}: Pinery counts {telling.plain(ours)}, the broker says {telling.plain(theirs)}"
                    ledger.tell([telling.about_account("position.mismatch", ledger.account.name, text, now)])
                else:
                    self._wanted = True
            case act.AskAgain():
                self._wanted = True
            case act.Protect():
                pass  # the watch over positions places it
            case _:
                self._learn(action, applier, tx, now, now_us)

    def _learn(self, action: act.OrderAction, applier: Applier, tx: Tx, now: int, now_us: int) -> None:
        """What the venue said about one of our orders."""
        if isinstance(action, act.ApplyFill):
            order = applier.ledger.order(action.fill.client_id, tx)
            if order is not None:
                applier.fill(order, action.fill, tx, now, now_us)
            return
        order = applier.ledger.order(action.client_id, tx)
        if order is None:
            return
        after, changes, fill = apply_action(order, action, now)
        if fill is not None:
            applier.counted(order, after, changes[0], fill, tx, now, now_us)
            return
        applier.ledger.changes.extend(changes[:-1])
        applier.changed(order, after, changes[-1] if changes else None, tx, now, now_us)
        if isinstance(action, act.Abandon) and order.closes:
            # A reversal that never left: the position that it was to end is still there.
            self.unclosed.append(order)


def _is_open_question(order: Order, out: set[str]) -> bool:
    return order.status in (Status.UNKNOWN, Status.SUBMITTED) and order.client_id not in out


def _fresh(order: Order, decider: Decider, now: int) -> bool:
    deployment = decider.directory.deployments(order.account).get(order.deployment)
    if deployment is None:
        return False
    limit = deployment.limits.max_signal_age
    return limit is None or now - order.created <= limit * 1000


def _foreign(ledger: Ledger, symbol: str, quantity: Decimal, price: Decimal | None, now: int) -> Position:
    lot = Lot(abs(quantity), price or Decimal(0), now, Decimal(0), "", "")
    return Position(
        act.FOREIGN, ledger.account.name, symbol, 1 if quantity > 0 else -1, (lot,), opened=now, updated=now
    )
