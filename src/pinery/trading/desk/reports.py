"""What a broker's report changes: the order, and with a fill the position, trades, figures and protection."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from pinery.trading.broker import Balance, Capabilities, Quote, Report, ReportKind
from pinery.trading.desk import telling
from pinery.trading.desk.directory import Directory
from pinery.trading.desk.facts import open_profit
from pinery.trading.desk.ledger import Ledger
from pinery.trading.desk.sending import Outgoing, SendCancel
from pinery.trading.orders import states
from pinery.trading.orders.model import ZERO, Fill, Order, OrderChange, Role, Status
from pinery.trading.positions.book import apply_fill, observe
from pinery.trading.positions.model import Position, Trade
from pinery.trading.reconcile.apply import apply_report, count
from pinery.trading.store import Tx

_TOLD = {
    Status.REJECTED: "order.rejected",
    Status.UNKNOWN: "order.unknown",
    Status.CANCELED: "order.canceled",
    Status.EXPIRED: "order.canceled",
}


@dataclass(slots=True)
class Applier:
    """Applies reports to one account's ledger, inside a transaction."""

    ledger: Ledger
    directory: Directory
    capabilities: Capabilities
    outgoing: list[Outgoing] = field(default_factory=list)
    must_reconcile: bool = False
    alarmed: set[tuple[str, str]] = field(default_factory=set)  # (deployment, symbol) to be looked at in this pass
    connected: bool | None = None  # None: not known, until a report says so

    def report(self, report: Report, tx: Tx, now: int, now_us: int) -> None:
        if report.kind is not ReportKind.QUOTE:
            tx.journal.add(self.ledger.account.name, report.kind.value, report.time, report.raw, report.client_id)
        match report.kind:
            case ReportKind.QUOTE if report.quote is not None:
                self.quote(report.quote, tx)
            case ReportKind.BALANCE if report.balance is not None:
                self.balance(report.balance, tx)
            case ReportKind.CONNECTED:
                self.must_reconcile = True
                self.connected = True
                self.tell_account("account.connected", "connected to the broker", now)
            case ReportKind.ALARM:
                self.must_reconcile = True
                self.tell_account("account.alarm", report.reason, now)
            case ReportKind.DISCONNECTED:
                if self.connected is not False:  # once, not with every attempt that fails
                    reason = f": {report.reason}" if report.reason else ""
                    self.tell_account("account.disconnected", f"no connection to the broker{reason}", now)
                self.connected = False
            case _:
                self._order(report, tx, now, now_us)

    def tell_account(self, kind: str, text: str, now: int) -> None:
        self.ledger.tell([telling.about_account(kind, self.ledger.account.name, text, now)])

    # --- orders -----------------------------------------------------------------------

    def _order(self, report: Report, tx: Tx, now: int, now_us: int) -> None:
        order = self.ledger.order(report.client_id, tx)
        if order is None:
            text = f"a report about order {report.client_id or report.venue_id}, which is not Pinery's"
            self.tell_account("order.foreign", text, now)
            return
        if report.kind in (ReportKind.CANCEL_REFUSED, ReportKind.AMEND_REFUSED):
            if order.status.is_final:
                return  # it was too late, as is known by now
            # Nobody knows what it is there: asking the broker tells, and what still works there is canceled again.
            self.must_reconcile = True
            return
        if report.fill is not None:
            self.fill(order, report.fill, tx, now, now_us, venue_id=report.venue_id)
            return
        if report.filled is not None and report.filled > order.filled and not order.status.is_final:
            # A fill was not heard of. The comparison tells it, and after it the end: an entry that ended without a fill
            # would lose what protects it.
            self.must_reconcile = True
            return
        changed, change, _ = apply_report(order, report, now)
        self.changed(order, changed, change, tx, now, now_us)

    def advance(
        self, order: Order, event: states.Event, tx: Tx, now: int, now_us: int, *, reason: str = "", code: str = ""
    ) -> Order:
        """Move an order by our own decision (recovery, time-out), with all that follows from it."""
        changed = states.advance(order, event, now, reason=reason, code=code)
        change = OrderChange(order.client_id, now, order.status, changed.status, event, reason)
        self.changed(order, changed, change, tx, now, now_us)
        return changed

    def changed(self, before: Order, after: Order, change: OrderChange | None, tx: Tx, now: int, now_us: int) -> None:
        """Keep an order's new state, tell of it, and let go of what depended on it."""
        if after is before:
            return
        self.ledger.put(after, change)
        if after.status.is_final or (after.role.protects and after.status is not Status.PARTIALLY_FILLED):
            self.alarmed.add((after.deployment, after.symbol))
        if after.status is before.status:
            return
        if before.status is Status.UNKNOWN and after.status is not Status.PENDING:
            self.ledger.tell([telling.order_event("order.resolved", after, now)])
        if after.role is Role.STOP and after.status is Status.REJECTED:
            self.ledger.refused[(after.deployment, after.symbol)] = after
        ended = before.status.is_open and after.status in (Status.CANCELED, Status.EXPIRED)
        if after.role is Role.STOP and ended and not (before.cancel_requested or self.capabilities.reduce_only):
            self.ledger.doubted.add((after.deployment, after.symbol))
            self.must_reconcile = True
        if after.role is Role.ENTRY and after.status.is_final and after.filled > after.closes:
            self.ledger.entered.append(after)
        if after.role is Role.EXIT and after.status.is_final and after.waits_for:
            self.ledger.exited.append(after)
        kind = _TOLD.get(after.status)
        if kind is not None and not (after.role.protects and kind == "order.canceled"):
            self.ledger.tell([telling.order_event(kind, after, now)])
        if after.status.is_final and after.status is not Status.FILLED and not after.role.protects:
            self._drop_protection(after, tx, now, now_us)

    def _drop_protection(self, entry: Order, tx: Tx, now: int, now_us: int) -> None:
        """An entry ended without a fill: what was to protect it has nothing to protect."""
        if entry.filled:
            return
        for child in [order for order in self.ledger.orders.values() if order.parent == entry.client_id]:
            if child.status in (Status.PENDING, Status.SUBMITTED):
                self.advance(child, states.Event.CANCEL, tx, now, now_us, reason="its entry was not filled")
            else:
                self.cancel(child, now)

    def cancel(self, order: Order, now: int) -> None:
        """Ask the broker to cancel, once."""
        if order.cancel_requested or order.status.is_final:
            return
        asked = replace(order, cancel_requested=True, updated=now)
        self.ledger.put(asked)
        self.outgoing.append(SendCancel(asked))

    # --- fills ------------------------------------------------------------------------

    def fill(self, order: Order, fill: Fill, tx: Tx, now: int, now_us: int, *, venue_id: str = "") -> None:
        """Count a fill, unless it is known already."""
        after, change, due = count(order, fill, now, venue_id=venue_id)
        self.counted(order, after, change, due, tx, now, now_us)

    def counted(
        self, order: Order, after: Order, change: OrderChange, fill: Fill, tx: Tx, now: int, now_us: int
    ) -> None:
        """Keep a fill that ``order`` became ``after`` with, and all that follows from it; unless it is known."""
        if not tx.fills.add(fill, order):
            return
        self.changed(order, after, change, tx, now, now_us)
        if not fill.quantity:  # counted from the venue's total already
            return
        if not order.role.protects:
            self.ledger.filled.setdefault(order.signal_id, now_us)
        position = self.ledger.position(order.deployment, fill.symbol)
        contract = self.directory.contract(fill.symbol)
        timeframe = self._timeframe(order, tx) if not position.side else ""
        now_held, trades = apply_fill(position, order, fill, contract.point_value, now, timeframe=timeframe)
        self.ledger.put_position(now_held)
        if not order.role.protects:
            self.alarmed.add((order.deployment, fill.symbol))
        self.ledger.tell([telling.filled(after, fill, now)])
        if trades:
            self._count_trades(order, trades, now_held, contract.instrument.currency, tx, now)
        if now_held.side and now_held.side != position.side:
            self.ledger.refused.pop((order.deployment, fill.symbol), None)  # it was another position's
            self.ledger.tell([telling.opened(now_held, order, now)])
        if now_held.side != position.side and position.side:
            self._let_go(position, now)

    def _timeframe(self, order: Order, tx: Tx) -> str:
        deployment = self.directory.deployments(self.ledger.account.name).get(order.deployment)
        if deployment is not None and deployment.timeframe:
            return deployment.timeframe
        if order.signal_id in self.ledger.timeframes:
            return self.ledger.timeframes.pop(order.signal_id)
        signal = tx.signals.get(order.signal_id)  # from before a restart
        return signal.timeframe if signal is not None else ""

    def _count_trades(
        self, order: Order, trades: tuple[Trade, ...], position: Position, currency: str, tx: Tx, now: int
    ) -> None:
        self.ledger.trades.extend(trades)
        profit = sum((trade.profit for trade in trades), ZERO)
        for scope in (f"deployment:{order.deployment}", f"account:{order.account}"):
            day = self.ledger.day(scope, now, tx)
            self.ledger.put_day(replace(day, realized=day.realized + profit, trades=day.trades + len(trades)))
            standing = self.ledger.standing(scope, tx)
            realized = standing.realized + profit
            peak = standing.peak_equity
            if scope.startswith("deployment:"):
                peak = max(realized, peak if peak is not None else ZERO)
            self.ledger.put_standing(replace(standing, realized=realized, peak_equity=peak, last_closed=now))
        self.ledger.tell([telling.closed(trades, order, currency, now)])

    def _let_go(self, before: Position, now: int) -> None:
        """A position ended: protection that was for it must not open one on the other side."""
        for order in self.ledger.orders_of(before.deployment, before.symbol):
            closes = order.side.sign == -before.side
            if order.role.protects and closes and order.status is not Status.PENDING:
                self.cancel(order, now)

    # --- money and prices -------------------------------------------------------------

    def quote(self, quote: Quote, tx: Tx) -> None:
        self.ledger.put_quote(quote)
        for key, position in list(self.ledger.positions.items()):
            if position.symbol == quote.symbol and position.side:
                seen = observe(position, quote.price)
                if seen is not position:
                    self.ledger.put_position(seen)
                self._peak(key[0], tx)

    def _peak(self, deployment: str, tx: Tx) -> None:
        scope = f"deployment:{deployment}"
        standing = self.ledger.standing(scope, tx)
        mine: Iterable[Position] = [
            p for (name, _), p in self.ledger.positions.items() if name == deployment and p.side
        ]
        profit: Decimal = sum(
            (open_profit(p, self.ledger.quotes.get(p.symbol), self.directory.contract(p.symbol)) for p in mine), ZERO
        )
        equity = standing.realized + profit
        if standing.peak_equity is None or equity > standing.peak_equity:
            self.ledger.put_standing(replace(standing, peak_equity=equity))

    def balance(self, balance: Balance, tx: Tx) -> None:
        self.ledger.balance = balance
        self.ledger.balance_changed = True
        scope = f"account:{self.ledger.account.name}"
        standing = self.ledger.standing(scope, tx)
        if standing.peak_equity is None or balance.equity > standing.peak_equity:
            self.ledger.put_standing(replace(standing, peak_equity=balance.equity))
