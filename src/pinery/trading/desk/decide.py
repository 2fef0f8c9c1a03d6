"""From a message to orders: read, told from repetitions, planned, sized, protected, checked. Only the store is asked.

Whatever happens to a signal is recorded with every step, in the transaction that takes its message out of the inbox.
A loss limit that is reached denies entries and leaves states alone: a day's loss is over with the day by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from pinery.core.errors import InternalError
from pinery.trading.broker import Capabilities, Quote
from pinery.trading.contracts import Contract
from pinery.trading.denials import Denial
from pinery.trading.deployments import Deployment, SizingKind, Stage
from pinery.trading.desk import telling
from pinery.trading.desk.directory import Directory
from pinery.trading.desk.facts import risk_context
from pinery.trading.desk.ledger import Ledger
from pinery.trading.desk.netting import Against, others_against
from pinery.trading.desk.plan import Plan, make_plan
from pinery.trading.distances import offset
from pinery.trading.messages import Unreadable, read_message, received_after
from pinery.trading.monitor.protection import protection_for
from pinery.trading.orders.model import (
    ZERO,
    Order,
    OrderChange,
    OrderType,
    Role,
    Side,
    Status,
    Ticket,
    client_order_id,
)
from pinery.trading.orders.states import Event as Step
from pinery.trading.orders.states import advance
from pinery.trading.risk import assess
from pinery.trading.signals import Action, EntryType, Signal, Source
from pinery.trading.sizing import beyond_terms, in_orders, size
from pinery.trading.store import Decision, Message, MessageStatus, Outcome, Tx

#: Codes that say "there is nothing to do", which is no refusal.
_NOTHING = frozenset({"NO_ORDER_NEEDED", "NOTHING_TO_CLOSE", "ALREADY_IN_POSITION"})
_EXITS = frozenset({Action.EXIT, Action.EXIT_LONG, Action.EXIT_SHORT})

#: ms for which a price that the venue or a feed told says where the market is.
_FRESH = 10_000


@dataclass(slots=True)
class Made:
    """What came of a signal: orders as they go to the broker, and working orders to cancel first."""

    tickets: list[Ticket] = field(default_factory=list)
    cancel: list[Order] = field(default_factory=list)
    steps: list[tuple[str, str, str]] = field(default_factory=list)
    contract: Contract | None = None

    def step(self, name: str, result: str, facts: str) -> None:
        self.steps.append((name, result, facts))


@dataclass(frozen=True, slots=True)
class Decider:
    """Decides for one account. ``now`` is given with each call, so that decisions can be repeated."""

    ledger: Ledger
    directory: Directory
    capabilities: Capabilities

    def read(self, message: Message, deployment: Deployment, tx: Tx, now: int) -> Signal | None:
        """The signal of an inbox row; None: it is none (unreadable, a repetition), and out of the inbox."""
        try:
            signal = read_message(message, deployment)
        except Unreadable as error:
            tx.inbox.finish(message.id, MessageStatus.UNPARSED, note=str(error))
            self.ledger.tell([telling.unparsed(message, str(error), now)])
            return None
        first = tx.signals.find(deployment.name, signal.key, received_after(signal, deployment))
        if first is not None:
            tx.inbox.finish(message.id, MessageStatus.DUPLICATE, first)
            return None
        return signal

    def price_of(self, signal: Signal, deployment: Deployment, now: int) -> Quote | None:
        """The price that a signal carried, as news of the market."""
        contract = self.directory.contract_for(signal.symbol, deployment, now)
        if signal.price is None or isinstance(contract, Denial):
            return None
        return Quote(contract.symbol, signal.price, signal.sent or signal.received, "alert")

    def signal(self, signal: Signal, deployment: Deployment, tx: Tx, now: int, now_us: int) -> Made | None:
        """Decide on a signal and record the decision; its orders are in the ledger, as sent, when this returns."""
        made = Made()
        made.step("read", "pass", f"{signal.word or signal.action} {signal.symbol}".strip())
        denial = self._prepare(signal, deployment, tx, now, made)
        if denial is None:
            self._put(made, now)
            if len(self.ledger.timeframes) > 1000:  # of signals whose orders never filled
                self.ledger.timeframes.clear()
            self.ledger.timeframes[signal.id] = signal.timeframe
            decision = Decision(Outcome.ACCEPTED, steps=tuple(made.steps))
        else:
            outcome = Outcome.NOTHING if denial.code in _NOTHING else Outcome.DENIED
            decision = Decision(outcome, denial.code, denial.reason, tuple(made.steps))
        tx.signals.add(signal, decision, self.ledger.account.name, now_us)
        if signal.message_id is not None:
            tx.inbox.finish(signal.message_id, MessageStatus.DONE, signal.id)
        quote = self.price_of(signal, deployment, now)
        if quote is not None:
            self.ledger.put_quote(quote)
        if denial is None:
            self._count_entry(made, deployment, tx, now)
        if signal.sent is not None and denial is None:
            standing = self.ledger.standing(f"deployment:{deployment.name}", tx)
            self.ledger.put_standing(replace(standing, last_sent=max(signal.sent, standing.last_sent or 0)))
        self.ledger.tell([telling.decided(signal, decision, made.tickets, self.ledger.account.name, now)])
        return made if denial is None else None

    def preview(self, signal: Signal, deployment: Deployment, tx: Tx, now: int) -> tuple[Decision, Made]:
        """What would happen to ``signal`` now; changes nothing."""
        made = Made()
        made.step("read", "pass", f"{signal.word or signal.action} {signal.symbol}".strip())
        denial = self._prepare(signal, deployment, tx, now, made)
        if denial is None:
            return Decision(Outcome.ACCEPTED, steps=tuple(made.steps)), made
        outcome = Outcome.NOTHING if denial.code in _NOTHING else Outcome.DENIED
        return Decision(outcome, denial.code, denial.reason, tuple(made.steps)), made

    # --- the steps --------------------------------------------------------------------

    def _prepare(self, signal: Signal, deployment: Deployment, tx: Tx, now: int, made: Made) -> Denial | None:
        if deployment.stage is Stage.BACKTEST and not self.ledger.held(deployment.name):
            return Denial("STAGE", f"{deployment.name} is at stage backtest: its signals are recorded only")
        if deployment.paused and signal.source not in (Source.MANUAL, Source.PINERY):
            return Denial("PAUSED", f"{deployment.name} is paused")
        contract = self.directory.contract_for(signal.symbol, deployment, now)
        held = self._meant(signal, deployment)
        if isinstance(contract, Denial):
            if not (held and signal.action in _EXITS):
                made.step("symbol", "denied", contract.reason)
                return contract
            contract = self.directory.contract(next(iter(held)))  # an exit acts on what is held
        made.contract = contract
        made.step("symbol", "pass", f"{signal.symbol or deployment.symbol} is {contract.symbol}")
        made.cancel = self._resting_entries(signal, deployment)
        plan = make_plan(signal, deployment, held, self._entries(deployment, held))
        if isinstance(plan, Denial):
            if made.cancel and plan.code == "NOTHING_TO_CLOSE":
                made.step("plan", "pass", "cancels the entry that is still working")
                return None
            made.step("plan", "denied", plan.reason)
            return plan
        self._tell_missed(signal, deployment, held, tx, now)
        return self._orders(signal, deployment, contract, plan, tx, now, made)

    def _meant(self, signal: Signal, deployment: Deployment) -> dict[str, Decimal]:
        """What the deployment holds of what the signal means: any contract of the same future."""
        held = self.ledger.held(deployment.name)
        meant = self.directory.held_contracts(signal.symbol, deployment, self.ledger.positions_of(deployment.name))
        return {symbol: held[symbol] for symbol in meant} if not isinstance(meant, Denial) else {}

    def _entries(self, deployment: Deployment, held: dict[str, Decimal]) -> int:
        """How many entries made the position held."""
        return sum(
            len({lot.client_id for lot in self.ledger.position(deployment.name, symbol).lots}) for symbol in held
        )

    def _resting_entries(self, signal: Signal, deployment: Deployment) -> list[Order]:
        """Limit entries still working: whatever the new signal wants, it replaces them."""
        return [
            order
            for order in self.ledger.orders_of(deployment.name)
            if order.role is Role.ENTRY and order.type is OrderType.LIMIT and not order.cancel_requested
        ]

    def _orders(
        self, signal: Signal, deployment: Deployment, contract: Contract, plan: Plan, tx: Tx, now: int, made: Made
    ) -> Denial | None:
        price = self._price(signal, contract, contract.symbol)
        entry: Ticket | None = None
        against = Against("", ())
        if plan.side and self.capabilities.nets:
            against = others_against(self.ledger, deployment.name, contract.symbol, plan.side)
            if against.stays:
                reason = f"{against.stays} in {contract.symbol}, and the account knows one position only"
                made.step("other deployments", "denied", reason)
                if not plan.close:
                    return Denial("OPPOSITE_SIDE", reason)
                plan = replace(plan, side=0)  # what is held is closed all the same
        if plan.side:
            ticket = self._entry(signal, deployment, contract, plan, price, tx, now, made)
            if isinstance(ticket, Denial):
                return ticket
            passed = self._beyond_stop(ticket, now)
            if passed:
                made.step("protection", "denied", passed)
                if not plan.close:
                    return Denial("BRACKET", passed)
                plan = replace(plan, side=0)  # what is held is closed all the same
            else:
                entry = replace(ticket, order=replace(ticket.order, waits_for=against.ends))
        exits = self._exits(signal, deployment, contract, plan, entry, now)
        if plan.close and not exits and entry is None:
            parts = ", ".join(f"{quantity.normalize():f} {symbol}" for symbol, quantity in plan.close.items())
            code = "NO_ORDER_NEEDED" if signal.action is Action.TARGET else "SIZE"
            return Denial(code, f"{parts} of what is held: less than the smallest order")
        for ticket in (*exits, *([entry] if entry else [])):
            change = ticket.order.side.sign * ticket.order.quantity
            context = risk_context(
                self.ledger,
                self.directory,
                self.capabilities,
                signal,
                deployment,
                ticket,
                change,
                self._price(signal, contract, ticket.order.symbol),
                tx,
                now,
            )
            assessment = assess(context)
            made.steps.extend(assessment.steps)
            if assessment.denial is not None:
                return assessment.denial
            made.tickets.append(ticket)
        if entry is not None and exits:
            # The other contract goes first: only one of the two is to be held.
            waits = tuple(ticket.order.client_id for ticket in exits)
            made.tickets[-1] = replace(entry, order=replace(entry.order, waits_for=(*entry.order.waits_for, *waits)))
        return None

    def _beyond_stop(self, ticket: Ticket, now: int) -> str:
        """The market is beyond the entry's stop by now, as after an outage: it would be bought to be sold at once."""
        quote = self.ledger.quotes.get(ticket.order.symbol)
        if quote is None or quote.source == "alert" or now - quote.time > _FRESH:
            return ""
        for order in ticket.protection:
            if order.stop_price is not None and (quote.price - order.stop_price) * ticket.order.side.sign <= 0:
                return f"the price is {quote.price:f} by now, beyond the stop at {order.stop_price:f}"
        return ""

    def _price(self, signal: Signal, contract: Contract, symbol: str) -> Decimal | None:
        """Of ``symbol``. The signal's price is that of ``contract``; other months of the future are near it."""
        near = symbol == contract.symbol or (contract.root and contract.root == self.directory.contract(symbol).root)
        if signal.price is not None and near:
            return signal.price
        quote = self.ledger.quotes.get(symbol)
        return quote.price if quote is not None else None

    def _exits(
        self, signal: Signal, deployment: Deployment, contract: Contract, plan: Plan, entry: Ticket | None, now: int
    ) -> list[Ticket]:
        """At the market. What is more than the venue takes in one order goes in several, side by side."""
        tickets: list[Ticket] = []
        for symbol, quantity in plan.close.items():
            if entry is not None and entry.order.symbol == symbol and entry.order.closes:
                continue  # the entry's order closes it in one step
            position = self.ledger.position(deployment.name, symbol)
            at_venue = self.directory.contract(symbol)
            if quantity < position.size:  # a part, in steps that the venue takes; the rest of it stays
                quantity = at_venue.quantity_down(quantity)
                if not quantity:
                    continue
            side = Side.SELL if position.side > 0 else Side.BUY
            price = self._price(signal, contract, symbol)
            for part in in_orders(at_venue, quantity):
                order = self._order(signal, deployment, symbol, side, Role.EXIT, part, now, len(tickets))
                order = replace(order, reduce_only=self.capabilities.reduce_only, reference_price=price)
                if not self.capabilities.reduce_only:
                    order = replace(order, waits_for=tuple(o.client_id for o in self._protection(deployment, symbol)))
                tickets.append(Ticket(order))
        return tickets

    def _entry(
        self,
        signal: Signal,
        deployment: Deployment,
        contract: Contract,
        plan: Plan,
        price: Decimal | None,
        tx: Tx,
        now: int,
        made: Made,
    ) -> Ticket | Denial:
        side = Side.BUY if plan.side > 0 else Side.SELL
        opening = self._order(signal, deployment, contract.symbol, side, Role.ENTRY, Decimal(1), now)
        opening = self._priced(opening, signal, deployment, contract, price)
        reference = opening.limit_price if opening.limit_price is not None else price
        protection = self._protect(opening, signal, deployment, contract, reference)
        if isinstance(protection, Denial):
            made.step("protection", "denied", protection.reason)
            return protection
        stop_price = next((order.stop_price for order in protection if order.role is Role.STOP), None)
        if plan.quantity is not None and signal.quantity != plan.quantity:
            signal = replace(signal, quantity=plan.quantity)
        equity = self.ledger.balance.equity if self.ledger.balance is not None else None
        sized = size(
            deployment,
            signal,
            contract,
            price=reference,
            stop_price=stop_price,
            equity=equity,
            account_currency=self.ledger.account.currency,
        )
        if isinstance(sized, Denial):
            made.step("size", "denied", sized.reason)
            return sized
        quantity = sized.quantity
        if plan.up_to:
            quantity = contract.quantity_down(quantity - plan.held)
        elif deployment.max_contracts is not None:
            quantity = contract.quantity_down(min(quantity, deployment.max_contracts - plan.held))
        if quantity <= 0:
            return Denial("NO_ORDER_NEEDED", f"the deployment holds {plan.held.normalize():f} already: {sized.how}")
        closes = plan.close.get(contract.symbol, ZERO) if self.capabilities.reverse_in_one else ZERO
        if contract.terms.most and quantity + closes > contract.terms.most:
            closes = ZERO  # by orders of their own, for which the entry waits
        refused = beyond_terms(contract, quantity + closes, reference)
        if refused is not None:
            made.step("size", "denied", refused.reason)
            return refused
        made.step("size", "pass", sized.how)
        opening = replace(opening, closes=closes)
        opening = replace(opening, quantity=quantity + closes)
        protection = tuple(replace(order, quantity=quantity) for order in protection)
        for order in protection:
            made.step("protection", "pass", telling.protection(order))
        return Ticket(opening, protection)

    def _protect(
        self, entry: Order, signal: Signal, deployment: Deployment, contract: Contract, reference: Decimal | None
    ) -> tuple[Order, ...] | Denial:
        found = protection_for(
            entry, deployment, signal, contract, reference, trailing_stop=self.capabilities.trailing_stop
        )
        if isinstance(found, Denial) and found.code == "NO_PRICE" and deployment.sizing.kind is not SizingKind.RISK:
            # Without a price the stop cannot be sent with the entry; it is placed from the fill.
            return ()
        return found

    def _priced(
        self, order: Order, signal: Signal, deployment: Deployment, contract: Contract, price: Decimal | None
    ) -> Order:
        """A limit entry where the signal or the deployment says so and a price is known; else a market order."""
        kind = signal.entry or deployment.entry
        if kind is EntryType.LIMIT:
            limit = signal.limit_price
            if limit is None and price is not None:
                better = deployment.limit_offset
                limit = price - order.side.sign * (offset(better, price, contract) if better is not None else 0)
            if limit is not None:
                order = replace(order, type=OrderType.LIMIT, limit_price=contract.price_to_tick(limit))
        return replace(order, reference_price=price)

    def _order(
        self,
        signal: Signal,
        deployment: Deployment,
        symbol: str,
        side: Side,
        role: Role,
        quantity: Decimal,
        now: int,
        number: int = 0,
    ) -> Order:
        return Order(
            client_order_id(signal.id, role, number),
            signal.id,
            deployment.name,
            self.ledger.account.name,
            symbol,
            side,
            OrderType.MARKET,
            role,
            quantity,
            created=now,
            updated=now,
        )

    def _protection(self, deployment: Deployment, symbol: str) -> Iterable[Order]:
        return (order for order in self.ledger.orders_of(deployment.name, symbol) if order.role.protects)

    def _count_entry(self, made: Made, deployment: Deployment, tx: Tx, now: int) -> None:
        entries = sum(ticket.order.role is Role.ENTRY for ticket in made.tickets)
        for scope in (f"deployment:{deployment.name}", f"account:{self.ledger.account.name}"):
            if entries:
                day = self.ledger.day(scope, now, tx)
                self.ledger.put_day(replace(day, entries=day.entries + entries))

    # --- keeping ----------------------------------------------------------------------

    def _put(self, made: Made, now: int) -> None:
        """Orders into the ledger: those that may go now as submitted, others as pending."""
        for order in made.cancel:
            self.ledger.put(replace(order, cancel_requested=True, updated=now))
        if not self.capabilities.reduce_only:
            waited = {name for ticket in made.tickets for name in ticket.order.waits_for}
            for name in sorted(waited & self.ledger.orders.keys()):
                if not self.ledger.orders[name].role.protects:
                    continue
                self.ledger.put(replace(self.ledger.orders[name], cancel_requested=True, updated=now))
                made.cancel.append(self.ledger.orders[name])
        for i, ticket in enumerate(made.tickets):
            waits = tuple(name for name in ticket.order.waits_for if name in self.ledger.orders)
            waits += tuple(order.client_id for order in made.cancel if order.role is Role.ENTRY)
            ticket = replace(ticket, order=replace(ticket.order, waits_for=waits))
            made.tickets[i] = self.send(ticket, now) if not waits else self._keep(ticket, now)
        made.tickets = [ticket for ticket in made.tickets if ticket.order.status is Status.SUBMITTED]

    def send(self, ticket: Ticket, now: int) -> Ticket:
        """The ticket with its orders marked as being sent, on disk with this transaction."""
        order = self._submit(ticket.order, now)
        protection = ticket.protection
        if self.capabilities.protection_with_entry:
            protection = tuple(self._submit(child, now) for child in protection)
            return Ticket(order, protection)
        for child in protection:
            self.ledger.put(child, _made(child))
        return Ticket(order)

    def _keep(self, ticket: Ticket, now: int) -> Ticket:
        for order in (ticket.order, *ticket.protection):
            self.ledger.put(order, _made(order))
        return ticket

    def _submit(self, order: Order, now: int) -> Order:
        if order.status is not Status.PENDING:
            raise InternalError(f"order {order.client_id} is {order.status}, not pending")
        sent = advance(order, Step.SUBMIT, now)
        self.ledger.put(sent, OrderChange(order.client_id, now, order.status, sent.status, Step.SUBMIT))
        return sent

    def _tell_missed(self, signal: Signal, deployment: Deployment, held: dict[str, Decimal], tx: Tx, now: int) -> None:
        """The sender says what it held before; if that is not where we are, an alert has been missed.

        None was where the alert before left the sender on that side: we did not follow it, or had our own stop. A
        sender that is heard for the first time may have been in a position for long.
        """
        if signal.previous is None:
            return
        theirs, ours = _side(signal.previous), sum(held.values(), ZERO)
        if theirs == _side(ours):
            return
        last = tx.signals.last_alert(deployment.name)
        if last is not None and last.target_side != theirs:
            self.ledger.tell([telling.missed(signal, deployment, ours, self.ledger.account.name, now)])


def _side(position: Decimal) -> int:
    return (position > 0) - (position < 0)


def _made(order: Order) -> OrderChange:
    return OrderChange(order.client_id, order.created, order.status, order.status, "made")
