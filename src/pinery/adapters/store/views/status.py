"""How things stand: one look at states, components, accounts, what waits, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa

from pinery.adapters.store.tables import balances, events, heartbeats, inbox, orders, outbox
from pinery.adapters.store.views.connection import connection
from pinery.adapters.store.views.paging import Filters
from pinery.adapters.store.views.positions import PositionRow, list_positions
from pinery.adapters.store.views.records import CommandRow, waiting_commands
from pinery.adapters.store.views.signals import SignalRow, list_signals
from pinery.adapters.store.views.values import Number, iso, iso_or_none
from pinery.trading.deployments import Account, Deployment
from pinery.trading.desk.ledger import Ledger
from pinery.trading.orders.model import Status
from pinery.trading.store import MessageStatus, StateRow, TradingState, Tx

ALIVE_MS = 30_000  # a component that has not been heard of for longer counts as down
_SLOW_MS = 5_000  # a message should not wait longer than this
_DAY_MS = 86_400_000
_COMPONENT_FORGOTTEN_MS = 7 * _DAY_MS
_LAST_SIGNALS = 5
_STRICTNESS = list(TradingState)


@dataclass(frozen=True, slots=True)
class StateView:
    """A scope that may not trade freely."""

    scope: str
    state: str
    reason: str
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class ComponentView:
    """A process as its heartbeats tell."""

    component: str
    last: str
    age_seconds: Number
    alive: bool


@dataclass(frozen=True, slots=True)
class AccountView:
    """Money in ``currency``. ``day_profit`` is of the account's trading day: of equity, or realized if that is all
    that is known."""

    name: str
    broker: str
    environment: str
    currency: str
    state: str
    balance: Number | None
    equity: Number | None
    margin_used: Number | None
    available: Number | None
    time: str | None
    day: str
    day_profit: Number | None
    open_profit: Number | None
    positions: int
    working_orders: int


@dataclass(frozen=True, slots=True)
class DeploymentView:
    name: str
    account: str
    stage: str
    symbol: str
    paused: bool
    state: str


@dataclass(frozen=True, slots=True)
class InboxView:
    """``lag_ms``: how long the oldest waiting message has waited. ``unparsed`` of the last 24 hours."""

    waiting: int
    lag_ms: Number
    unparsed: int


@dataclass(frozen=True, slots=True)
class StatusView:
    """``state`` is that of everything; ``problems`` are sentences."""

    time: str
    state: str
    states: tuple[StateView, ...]
    components: tuple[ComponentView, ...]
    accounts: tuple[AccountView, ...]
    deployments: tuple[DeploymentView, ...]
    positions: tuple[PositionRow, ...]
    signals: tuple[SignalRow, ...]
    inbox: InboxView
    commands: tuple[CommandRow, ...]
    problems: tuple[str, ...]


def status(
    tx: Tx,
    accounts: Mapping[str, Account],
    deployments: Mapping[str, Deployment],
    point_value: Callable[[str], Decimal],
    now: int,
) -> StatusView:
    """``now`` is Unix ms."""
    states = tx.states.all()
    held = list_positions(tx, point_value)
    components = component_views(tx, now)
    waiting = _inbox(tx, now)
    commands = tuple(waiting_commands(tx))
    return StatusView(
        iso(now),
        _state(states, "all"),
        tuple(
            StateView(row.scope, row.state.value, row.reason, row.by, iso(row.at))
            for row in states.values()
            if row.state is not TradingState.ACTIVE
        ),
        components,
        tuple(_account(tx, account, states, held, now) for account in accounts.values()),
        tuple(
            DeploymentView(
                deployment.name,
                deployment.account,
                deployment.stage.value,
                deployment.symbol,
                deployment.paused,
                _state(states, "all", f"account:{deployment.account}", f"deployment:{deployment.name}"),
            )
            for deployment in deployments.values()
        ),
        held,
        list_signals(tx, Filters(limit=_LAST_SIGNALS)).items,
        waiting,
        commands,
        (*_disconnected(tx, accounts), *_problems(tx, components, waiting, commands, states)),
    )


def _state(states: Mapping[str, StateRow], *scopes: str) -> str:
    """The strictest of the scopes."""
    found = [states[scope].state for scope in scopes if scope in states]
    return max(found, key=_STRICTNESS.index, default=TradingState.ACTIVE).value


def component_views(tx: Tx, now: int) -> tuple[ComponentView, ...]:
    """Those heard of within a week, by name. ``now`` is Unix ms."""
    last = sa.func.max(heartbeats.c.last).label("last")
    query = sa.select(heartbeats.c.component, last).group_by(heartbeats.c.component).order_by(heartbeats.c.component)
    return tuple(
        ComponentView(row.component, iso(row.last), Decimal(now - row.last) / 1000, now - row.last <= ALIVE_MS)
        for row in connection(tx).execute(query)
        if now - row.last <= _COMPONENT_FORGOTTEN_MS
    )


def _inbox(tx: Tx, now: int) -> InboxView:
    waiting = sa.select(sa.func.count(), sa.func.min(inbox.c.received_us)).where(inbox.c.status == MessageStatus.NEW)
    count, oldest = connection(tx).execute(waiting).one()
    unparsed = sa.select(sa.func.count()).where(
        inbox.c.status == MessageStatus.UNPARSED, inbox.c.received_us >= (now - _DAY_MS) * 1000
    )
    lag = Decimal(max(0, now * 1000 - oldest)) / 1000 if oldest is not None else Decimal(0)
    return InboxView(count, lag, connection(tx).execute(unparsed).scalar_one())


def _account(
    tx: Tx, account: Account, states: Mapping[str, StateRow], held: tuple[PositionRow, ...], now: int
) -> AccountView:
    today = Ledger(account).today(now)
    day = tx.standings.day(f"account:{account.name}", today)
    balance = connection(tx).execute(sa.select(balances).where(balances.c.account == account.name)).one_or_none()
    day_profit = day.realized
    if balance is not None and day.start_equity is not None:
        day_profit = balance.equity - day.start_equity
    mine = [position for position in held if position.account == account.name]
    profits = [position.open_profit for position in mine]
    open_profit = None if None in profits else sum((p for p in profits if p is not None), Decimal(0))
    return AccountView(
        name=account.name,
        broker=account.broker,
        environment=account.environment.value,
        currency=balance.currency if balance is not None else account.currency,
        state=_state(states, "all", f"account:{account.name}"),
        balance=balance.balance if balance is not None else None,
        equity=balance.equity if balance is not None else None,
        margin_used=balance.margin_used if balance is not None else None,
        available=balance.available if balance is not None else None,
        time=iso_or_none(balance.time) if balance is not None else None,
        day=today,
        day_profit=day_profit,
        open_profit=open_profit,
        positions=len(mine),
        working_orders=sum(1 for order in tx.orders.unfinished(account.name) if order.status.is_open),
    )


def _disconnected(tx: Tx, accounts: Iterable[str]) -> Iterator[str]:
    """By what was told last of each account."""
    for name in accounts:
        last = {
            kind: connection(tx)
            .execute(sa.select(sa.func.max(events.c.id)).where(events.c.account == name, events.c.kind == kind))
            .scalar()
            or 0
            for kind in ("account.connected", "account.disconnected")
        }
        if last["account.disconnected"] > last["account.connected"]:
            found = sa.select(events.c.text, events.c.at).where(events.c.id == last["account.disconnected"])
            row = connection(tx).execute(found).one()
            yield f"{row.text}, since {iso(row.at)}: nothing is traded there until it is back"


def _problems(
    tx: Tx,
    components: tuple[ComponentView, ...],
    waiting: InboxView,
    commands: tuple[CommandRow, ...],
    states: Mapping[str, StateRow],
) -> tuple[str, ...]:
    found = []
    if not any(component.alive for component in components):
        found.append("no component is running: alerts are not received and nothing is traded (pinery up)")
    found.extend(f"{part.component} was last heard of at {part.last}" for part in components if not part.alive)
    found.extend(
        f"{row.scope} is {row.state.value}" + (f": {row.reason}" if row.reason else "")
        for row in states.values()
        if row.state is not TradingState.ACTIVE
    )
    if waiting.lag_ms > _SLOW_MS:
        age = f"{waiting.lag_ms / 1000:.0f} s"
        many = f"{waiting.waiting} messages wait, the oldest for {age}"
        found.append(many if waiting.waiting > 1 else f"1 message waits, for {age}")
    if waiting.unparsed:
        messages = "1 message" if waiting.unparsed == 1 else f"{waiting.unparsed} messages"
        found.append(f"{messages} of the last 24 hours could not be understood")
    unknown = sa.select(orders.c.client_id, orders.c.account).where(orders.c.status == Status.UNKNOWN.value)
    found.extend(
        f"nobody knows yet what became of order {row.client_id} in {row.account}"
        for row in connection(tx).execute(unknown.limit(10))
    )
    failed = connection(tx).execute(sa.select(sa.func.count()).where(outbox.c.status == "failed")).scalar_one()
    if failed:
        found.append(f"{failed} notifications could not be delivered")
    found.extend(
        f"{command.kind} of {command.account} by {command.by} waits since {command.at}" for command in commands
    )
    return tuple(found)
