"""Ours against the broker's: asked at start-up, after a reconnect, now and then, and while an outcome is unknown.

Crash recovery is the ordinary start: nothing is decided before the first comparison. The questions are asked beside
the desk's work, and the answers applied in a pass; what was under way meanwhile is left alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from pinery.trading.broker import Broker, Snapshot, VenuePosition
from pinery.trading.desk import telling
from pinery.trading.desk.decide import Decider
from pinery.trading.desk.ledger import Ledger, next_client_id
from pinery.trading.desk.reports import Applier
from pinery.trading.desk.sending import SendCancel
from pinery.trading.ending import together
from pinery.trading.errors import BrokerError
from pinery.trading.orders.model import ZERO, Fill, Order, OrderType, Role, Side, Status
from pinery.trading.positions.model import Lot, Position
from pinery.trading.reconcile import actions as act
from pinery.trading.reconcile.apply import apply_action
from pinery.trading.reconcile.compare import Answer, Local, Unanswered, Venue, compare, to_ask, to_load
from pinery.trading.store import Tx

#: s without any answer after which people are told that nothing is traded.
SILENCE = 30.0

# s until the next try while nothing can be decided without it, doubled with each that fails, and the longest such wait:
# a venue that refuses its answers is not to be pressed.
_SOON = 0.05
_LONGEST = 5.0

_QUESTIONS = 8  # under way at once


@dataclass(frozen=True, slots=True)
class Asked:
    """What the broker answered. ``in_flight``: requests that were under way when it was asked."""

    snapshot: Snapshot
    found: dict[str, Answer]
    in_flight: frozenset[str]
    number: int  # of the comparison


@dataclass(slots=True)
class Recovery:
    """``done``: compared since the broker was connected, and since the ledger was loaded."""

    done: bool = False
    problem: str = ""  # why there was no answer, for the log
    told: bool = False  # that there has been none for long
    unclosed: list[Order] = field(default_factory=list)  # reversals that were given up, whose position is to go
    _wanted: bool = True
    _asked_at: float = float("-inf")
    _answers: Asked | None = None
    _task: asyncio.Task[None] | None = None
    _asked: int = 0  # comparisons begun
    _outdated: int = 0  # the newest that was begun before everything had to be compared anew
    _compared: int = 0  # the newest that was carried out
    _confirming: dict[int, int] = field(default_factory=dict)  # command -> comparisons begun before it seemed done
    _doubted: dict[tuple[str, str], int] = field(default_factory=dict)  # position -> comparisons begun before
    _failed: int = 0  # comparisons without an answer, in a row
    _failing_since: float = 0.0  # monotonic
    _why: str = ""
    _told: set[str] = field(default_factory=set)  # venue ids of foreign orders
    _differences: dict[str, Decimal] = field(default_factory=dict)

    def again(self) -> None:
        """Compare as soon as may be."""
        self._wanted = True

    def confirmed(self, command: int) -> bool:
        """Whether the broker was compared with since this was first asked of ``command``; until then it is due."""
        before = self._confirming.setdefault(command, self._asked)
        if self._compared > before:
            del self._confirming[command]
            return True
        self._wanted = True
        return False

    def doubt(self, positions: set[tuple[str, str]]) -> None:
        """Of these it is not sure that they are still there: the next comparison tells."""
        self._doubted = {key: self._doubted.get(key, self._asked) for key in positions}

    def start_over(self) -> None:
        """Nothing is decided before the next comparison; one that is under way may not see what was not heard."""
        self.done = False
        self._wanted = True
        self._answers = None
        self._outdated = self._asked
        self._failed = 0

    def due(self, ledger: Ledger, out: set[str], now: float, resolve: float, regular: float) -> bool:
        if self._task is not None or self._answers is not None:
            return False
        since = now - self._asked_at
        if self._wanted:
            wait: float = (resolve if self.done else _SOON) * 2**self._failed
            return since >= min(_LONGEST, wait)
        return since >= regular or (since >= resolve and any(_is_open_question(o, out) for o in ledger.orders.values()))

    def ask(self, broker: Broker, ledger: Ledger, out: set[str], now: float, wake: Callable[[], None]) -> None:
        """Put the questions, beside everything else."""
        self._asked_at = now
        self._wanted = False
        self._asked += 1
        differences = dict(self._differences)
        local = Local({**ledger.ended, **ledger.orders}, (), in_flight=frozenset(out), differences=differences)
        self._task = asyncio.create_task(self._put(broker, local, self._asked, wake))

    async def _put(self, broker: Broker, local: Local, number: int, wake: Callable[[], None]) -> None:
        try:
            snapshot = await broker.snapshot()
            found = await _found(broker, to_ask(local, snapshot))
            self._answers = Asked(snapshot, found, local.in_flight, number)
            self._failed = 0
        except Exception as error:
            # No answer is no news; not even an adapter's own fault.
            self._wanted = True
            if not self._failed:
                self._failing_since = self._asked_at
            self._failed = min(self._failed + 1, 16)
            self.problem = self._why = f"{type(error).__name__}: {error}"
        finally:
            self._task = None
            wake()

    def silent(self, now: float) -> str:
        """Why nothing is traded, once the broker has not answered for ``SILENCE``; else ""."""
        long = not self.done and self._failed and now - self._failing_since >= SILENCE
        return self._why if long else ""

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def take(self) -> Asked | None:
        """The answers, once."""
        answers, self._answers = self._answers, None
        return answers if answers is not None and answers.number > self._outdated else None

    def apply(
        self, asked: Asked, applier: Applier, decider: Decider, out: set[str], tx: Tx, now: int, now_us: int
    ) -> None:
        ledger = applier.ledger
        ended = {name: order for name, order in ledger.ended.items() if name in asked.found}
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
            if not isinstance(asked.found[name], Unanswered):
                ledger.ended.pop(name, None)
        ledger.is_new = False
        self._settle_doubts(asked, ledger)
        self.done = True
        self._compared = asked.number

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
                    if abs(theirs) < abs(ours) and theirs * ours >= 0:
                        closed_elsewhere(symbol, abs(ours - theirs), applier, tx, now, now_us)
                else:
                    self._wanted = True
            case act.AskAgain():
                self._wanted = True
            case act.Protect():
                pass  # the watch over positions places it
            case _:
                self._learn(action, applier, tx, now, now_us)

    def _settle_doubts(self, asked: Asked, ledger: Ledger) -> None:
        """Positions that the broker shows in a comparison that began after the doubt, orders answered or not."""
        ours, theirs = _totals(ledger.positions.values()), _totals(asked.snapshot.positions)
        for key, before in self._doubted.items():
            mine, there = ours.get(key[1], ZERO), theirs.get(key[1], ZERO)
            if asked.number > before and (mine == there or (mine * there > 0 and abs(there) >= abs(mine))):
                ledger.doubted.discard(key)
        if ledger.doubted:
            self._wanted = True

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


def closed_elsewhere(symbol: str, quantity: Decimal, applier: Applier, tx: Tx, now: int, now_us: int) -> None:
    """Count ``quantity`` of what deployments hold as closed by others: by hand, or by the broker.

    Orders for what is no longer there would open a position. The price is the last one known. Where deployments hold
    both sides of the contract nobody can say whose it was, and nothing is counted.
    """
    ledger = applier.ledger
    held = [p for p in ledger.positions.values() if p.symbol == symbol and p.side and p.deployment != act.FOREIGN]
    if len({p.side for p in held}) != 1 or quantity > sum((p.size for p in held), ZERO):
        return
    for position in sorted(held, key=lambda p: p.opened or 0):
        part = min(quantity, position.size)
        if not part:
            return
        quantity -= part
        signal_id = position.lots[0].signal_id
        order = Order(
            next_client_id(signal_id, Role.EXIT, ledger, tx),
            signal_id,
            position.deployment,
            position.account,
            symbol,
            Side.SELL if position.side > 0 else Side.BUY,
            OrderType.MARKET,
            Role.EXIT,
            part,
            reason="closed at the broker, not by Pinery",
            created=now,
            updated=now,
        )
        quote = ledger.quotes.get(symbol)
        price = quote.price if quote is not None else position.average_price or ZERO
        fill = Fill(order.client_id, f"by-others-{order.client_id}", symbol, order.side, part, price, now,
                    price_source="quote")  # fmt: skip
        applier.fill(order, fill, tx, now, now_us)


def _totals(positions: Iterable[Position | VenuePosition]) -> dict[str, Decimal]:
    """Signed, by contract."""
    totals: dict[str, Decimal] = {}
    for position in positions:
        totals[position.symbol] = totals.get(position.symbol, ZERO) + position.quantity
    return totals


async def _found(broker: Broker, orders: Iterable[Order]) -> dict[str, Answer]:
    """What the broker says of each, asked side by side: one that is not there is looked for again for seconds."""
    few = asyncio.Semaphore(_QUESTIONS)

    async def ask(order: Order) -> tuple[str, Answer]:
        async with few:
            try:
                return order.client_id, await broker.find(order)
            except BrokerError as error:
                return order.client_id, Unanswered(error.message)

    return dict(await together(*(ask(order) for order in orders)))


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
