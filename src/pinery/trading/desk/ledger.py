"""What a desk knows of its account: everything it would read again after a crash, and what it has changed of it.

The desk is the account's only writer (it holds the lease), so memory and store agree at the end of every transaction.
When a transaction fails, the ledger is thrown away and loaded again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from pinery.trading.broker import Balance, Environment, Quote
from pinery.trading.deployments import Account
from pinery.trading.events import Event
from pinery.trading.orders.model import ZERO, Order, OrderChange, OrderType, Role, Status, client_order_id
from pinery.trading.positions.book import flat
from pinery.trading.positions.model import Position, Trade
from pinery.trading.store import Day, Standing, StateRow, TradingState, Tx
from pinery.trading.windows import zone_of

_LEVELS_EVERY = 1_000  # ms

_STRICTNESS = {TradingState.ACTIVE: 0, TradingState.REDUCING: 1, TradingState.HALTED: 2}


@dataclass(slots=True)
class Ledger:
    """One account. ``orders`` are the unfinished ones; positions and figures of all its deployments."""

    account: Account
    orders: dict[str, Order] = field(default_factory=dict)
    positions: dict[tuple[str, str], Position] = field(default_factory=dict)
    days: dict[str, Day] = field(default_factory=dict)
    standings: dict[str, Standing] = field(default_factory=dict)
    quotes: dict[str, Quote] = field(default_factory=dict)
    states: dict[str, StateRow] = field(default_factory=dict)
    balance: Balance | None = None
    ended: dict[str, Order] = field(default_factory=dict)  # not wholly filled, since the last comparison
    refused: dict[tuple[str, str], Order] = field(default_factory=dict)  # stops that the broker did not take
    # Positions whose stop ended at the broker and not by us: maybe somebody closed them there, too.
    doubted: set[tuple[str, str]] = field(default_factory=set)
    entered: list[Order] = field(default_factory=list)  # entries that just ended with fills: their protection may move
    exited: list[Order] = field(default_factory=list)  # exits that just ended, for which protection had to go
    timeframes: dict[str, str] = field(default_factory=dict)  # signal -> its timeframe, while its orders are new
    levels_written: int = 0  # when prices and the balance were written last, Unix ms
    is_new: bool = False  # nothing was ever traded here by Pinery
    # Changed in this transaction.
    changed_orders: dict[str, Order] = field(default_factory=dict)
    changes: list[OrderChange] = field(default_factory=list)
    changed_positions: set[tuple[str, str]] = field(default_factory=set)
    changed_days: set[str] = field(default_factory=set)
    changed_standings: set[str] = field(default_factory=set)
    changed_quotes: set[str] = field(default_factory=set)
    balance_changed: bool = False
    trades: list[Trade] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    sent: dict[str, int] = field(default_factory=dict)  # signal -> Unix µs
    filled: dict[str, int] = field(default_factory=dict)

    @classmethod
    def load(cls, account: Account, tx: Tx) -> Ledger:
        ledger = cls(account)
        ledger.orders = {order.client_id: order for order in tx.orders.unfinished(account.name)}
        ledger.positions = {(p.deployment, p.symbol): p for p in tx.positions.of(account.name)}
        ledger.balance = tx.standings.balance(account.name)
        ledger.quotes = tx.standings.quotes()
        ledger.is_new = ledger.balance is None and not ledger.positions and not ledger.orders
        return ledger

    # --- reading ----------------------------------------------------------------------

    def order(self, client_id: str, tx: Tx) -> Order | None:
        return self.orders.get(client_id) or self.changed_orders.get(client_id) or tx.orders.get(client_id)

    def orders_of(self, deployment: str, symbol: str | None = None) -> list[Order]:
        return [o for o in self.orders.values() if o.deployment == deployment and symbol in (None, o.symbol)]

    def position(self, deployment: str, symbol: str) -> Position:
        found = self.positions.get((deployment, symbol))
        return found if found is not None else flat(deployment, self.account.name, symbol)

    def held(self, deployment: str) -> dict[str, Decimal]:
        """Contract -> signed quantity, longest held first."""
        return {p.symbol: p.quantity for p in self.positions_of(deployment)}

    def positions_of(self, deployment: str) -> list[Position]:
        """Those that are not flat, longest held first."""
        mine = [p for (name, _), p in self.positions.items() if name == deployment and p.side]
        return sorted(mine, key=lambda p: p.opened or 0)

    def is_busy(self, deployment: str) -> bool:
        """True while something is under way whose outcome the next signal depends on."""
        return any(order.deployment == deployment and _under_way(order) for order in self.orders.values())

    def is_moving(self, deployment: str) -> bool:
        """True while orders that change its position are under way. Its protection may be."""
        mine = (order for order in self.orders.values() if order.deployment == deployment)
        return any(_under_way(order) for order in mine if not order.role.protects)

    def working_towards(self, symbol: str, deployment: str | None = None) -> Decimal:
        """Signed quantity that entries and exits not yet filled would add."""
        total = ZERO
        for order in self.orders.values():
            if order.symbol == symbol and not order.role.protects and deployment in (None, order.deployment):
                total += order.side.sign * order.remaining
        return total

    def state(self, deployment: str) -> tuple[TradingState, str]:
        """The strictest of all, the account's and the deployment's."""
        strictest, reason = TradingState.ACTIVE, ""
        for scope in ("all", f"account:{self.account.name}", f"deployment:{deployment}"):
            row = self.states.get(scope)
            if row is not None and _STRICTNESS[row.state] > _STRICTNESS[strictest]:
                strictest, reason = row.state, f"{scope}: {row.reason}" if row.reason else scope
        return strictest, reason

    # --- figures ----------------------------------------------------------------------

    def today(self, now: int) -> str:
        """The trading day by the account's rule: after ``day_starts`` it is the next date's."""
        local = datetime.fromtimestamp(now / 1000, zone_of(self.account.day_zone))
        starts = self.account.day_starts
        late = local.time() >= starts and starts.hour >= 12
        early = local.time() < starts and starts.hour < 12
        return (local.date() + timedelta(days=1 if late else -1 if early else 0)).isoformat()

    def day(self, scope: str, now: int, tx: Tx) -> Day:
        today = self.today(now)
        found = self.days.get(scope)
        if found is None or found.day != today:
            found = tx.standings.day(scope, today)
            if found.start_equity is None and self.balance is not None and scope.startswith("account:"):
                found = replace(found, start_equity=self.balance.equity)
                self.changed_days.add(scope)
            self.days[scope] = found
        return found

    def put_day(self, day: Day) -> None:
        self.days[day.scope] = day
        self.changed_days.add(day.scope)

    def standing(self, scope: str, tx: Tx) -> Standing:
        if scope not in self.standings:
            self.standings[scope] = tx.standings.standing(scope)
        return self.standings[scope]

    def put_standing(self, standing: Standing) -> None:
        self.standings[standing.scope] = standing
        self.changed_standings.add(standing.scope)

    # --- changing ---------------------------------------------------------------------

    def put(self, order: Order, change: OrderChange | None = None) -> None:
        self.changed_orders[order.client_id] = order
        if change is not None:
            self.changes.append(change)
        if order.status.is_final:
            self.orders.pop(order.client_id, None)
            if order.may_lack_fills:
                self.ended[order.client_id] = order
            else:
                self.ended.pop(order.client_id, None)
        else:
            self.orders[order.client_id] = order

    def put_position(self, position: Position) -> None:
        key = (position.deployment, position.symbol)
        self.positions[key] = position
        self.changed_positions.add(key)

    def put_quote(self, quote: Quote) -> None:
        last = self.quotes.get(quote.symbol)
        if last is None or quote.time >= last.time:
            self.quotes[quote.symbol] = quote
            self.changed_quotes.add(quote.symbol)

    def tell(self, events: Iterable[Event]) -> None:
        live = self.account.environment is Environment.LIVE
        self.events.extend(event.with_real_money() if live else event for event in events)

    def flush(self, tx: Tx, now: int) -> None:
        """Write what was changed. The caller adds the events to the outbox.

        Prices and balances are levels, which change with every fill: they are written once a second. After a crash
        the broker tells them again.
        """
        if self.changed_orders:
            tx.orders.put(self.changed_orders.values())
        if self.changes:
            tx.orders.note(self.changes)
        for key in self.changed_positions:
            tx.positions.put(self.positions[key])
        if self.trades:
            tx.trades.add(self.trades)
        for scope in self.changed_days:
            tx.standings.put_day(self.days[scope])
        for scope in self.changed_standings:
            tx.standings.put_standing(self.standings[scope])
        if not 0 <= now - self.levels_written < _LEVELS_EVERY:
            self._flush_levels(tx, now)
        for signal_id in self.sent.keys() | self.filled.keys():
            tx.signals.stamp(signal_id, sent_us=self.sent.get(signal_id), filled_us=self.filled.get(signal_id))

    def _flush_levels(self, tx: Tx, now: int) -> None:
        for symbol in self.changed_quotes:
            tx.standings.put_quote(self.quotes[symbol])
        if self.balance_changed and self.balance is not None:
            tx.standings.put_balance(self.account.name, self.balance)
        if self.changed_quotes or self.balance_changed:
            self.levels_written = now
        self.changed_quotes.clear()
        self.balance_changed = False

    def clean(self) -> None:
        """What was changed is on disk."""
        self.changed_orders.clear()
        self.changes.clear()
        self.changed_positions.clear()
        self.changed_days.clear()
        self.changed_standings.clear()
        self.trades.clear()
        self.events.clear()
        self.sent.clear()
        self.filled.clear()


def next_client_id(signal_id: str, role: Role, ledger: Ledger, tx: Tx) -> str:
    """For one more order of a signal, in place of one that has ended: the next number that is free."""
    number = 1
    while ledger.order(client_order_id(signal_id, role, number), tx) is not None:
        number += 1
    return client_order_id(signal_id, role, number)


def _under_way(order: Order) -> bool:
    if order.status in (Status.SUBMITTED, Status.UNKNOWN) or order.cancel_requested:
        return True
    if order.status is Status.PENDING:
        return not order.role.protects
    return order.type is OrderType.MARKET and order.role in (Role.ENTRY, Role.EXIT)
