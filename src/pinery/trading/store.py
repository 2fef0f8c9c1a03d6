"""The port to durable state: records, and a transaction with one small table-like object per noun.

All methods are synchronous and run inside ``Store.write`` or ``Store.read``; callers on an event loop use a thread.
``write`` is one transaction: it has happened completely, on disk, when it returns, and not at all when it raises.
Errors of the database come out as ``StoreError``. Times are Unix ms unless the name says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from pinery.trading.broker import Balance, Quote
from pinery.trading.deployments import Stage
from pinery.trading.events import Event
from pinery.trading.orders.model import Fill, Order, OrderChange
from pinery.trading.positions.model import Position, Trade
from pinery.trading.signals import Signal, Source
from pinery.trading.stages.records import Promotion

T = TypeVar("T")


# --- records --------------------------------------------------------------------------


class MessageStatus(StrEnum):
    NEW = "new"
    DONE = "done"  # became a signal (accepted or denied)
    DUPLICATE = "duplicate"
    UNPARSED = "unparsed"
    UNCLAIMED = "unclaimed"  # its deployment is not configured any more, so nobody decides on it


@dataclass(frozen=True, slots=True)
class Message:
    """A row of the inbox: what arrived, as it arrived. Append-only but for status, signal and note."""

    deployment: str
    source: Source
    body: str
    received_us: int  # Unix µs
    id: int = 0  # given by the store; rises in the order in which messages were added
    content_type: str = ""
    remote: str = ""  # the sender's address
    by: str = ""  # who, when given by hand
    status: MessageStatus = MessageStatus.NEW
    signal_id: str = ""
    note: str = ""  # why it is unparsed, of which signal it is a duplicate
    key: str = ""  # an idempotency key that came beside the body: the same key is the same alert, for ever

    @property
    def received(self) -> int:
        return self.received_us // 1000


class Outcome(StrEnum):
    ACCEPTED = "accepted"  # orders were made
    DENIED = "denied"
    NOTHING = "nothing"  # understood, and there is nothing to do (already flat, already in position)


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of a signal, and every step on the way, for people: ``(step, result, facts)``."""

    outcome: Outcome
    code: str = ""  # of DENIALS
    reason: str = ""
    steps: tuple[tuple[str, str, str], ...] = ()


class TradingState(StrEnum):
    ACTIVE = "active"
    REDUCING = "reducing"  # exits only
    HALTED = "halted"  # nothing but what protects, and what is given by hand to close


@dataclass(frozen=True, slots=True)
class StateRow:
    scope: str  # "all", "account:NAME", "deployment:NAME"
    state: TradingState
    reason: str
    by: str
    at: int


class CommandKind(StrEnum):
    FLATTEN = "flatten"  # cancel orders and close positions of the scope
    CANCEL = "cancel"  # one order: data["client_id"]
    CLOSE = "close"  # one position: data["deployment"], data["symbol"]
    RECONCILE = "reconcile"


@dataclass(frozen=True, slots=True)
class Command:
    """What a person wants done in one account, in the order in which it was given."""

    kind: CommandKind
    account: str
    by: str
    at: int
    deployment: str = ""  # empty: the whole account
    data: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    id: int = 0
    finished: int | None = None
    result: str = ""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to be the only one who works on ``name``. ``epoch`` rises with each new owner."""

    name: str
    owner: str  # "host/boot/pid/start"
    epoch: int
    expires: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one channel. ``attempts`` counts from 1: the one that begins with the claim, too."""

    id: int
    channel: str
    event: Event
    attempts: int


@dataclass(frozen=True, slots=True)
class Day:
    """One trading day of a scope ("account:NAME", "deployment:NAME"), for limits. ``day`` is an ISO date."""

    scope: str
    day: str
    start_equity: Decimal | None = None
    realized: Decimal = Decimal(0)  # net
    entries: int = 0
    trades: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """What limits need of a scope beyond a day."""

    scope: str
    peak_equity: Decimal | None = None
    realized: Decimal = Decimal(0)  # net, since the beginning
    last_closed: int | None = None
    last_sent: int | None = None  # firing time of the newest signal that was acted on


# --- the transaction ------------------------------------------------------------------


class Inbox(Protocol):
    def add(self, messages: Sequence[Message]) -> list[int]: ...
    def pending(self, deployments: Iterable[str], limit: int, received_before_us: int) -> list[Message]:
        """New messages in the order of receipt (then id)."""
        ...

    def waiting(self) -> set[str]:
        """Deployments that have new messages."""
        ...

    def finish(self, message_id: int, status: MessageStatus, signal_id: str = "", note: str = "") -> None: ...
    def give_up(self, deployments: Iterable[str], note: str) -> list[Message]:
        """New messages of ``deployments`` end as unclaimed; returns them, as they are now, in the order of receipt."""
        ...

    def get(self, message_id: int) -> Message | None: ...


class Signals(Protocol):
    def add(self, signal: Signal, decision: Decision, account: str, decided_us: int) -> None: ...
    def find(self, deployment: str, key: str, received_after: int) -> str | None:
        """Id of the newest signal with that key received after that time; a key of a unique id uses 0."""
        ...

    def get(self, signal_id: str) -> Signal | None: ...
    def last_alert(self, deployment: str) -> Signal | None:
        """The newest one that came by an alert, whatever was decided on it."""
        ...

    def stamp(self, signal_id: str, *, sent_us: int | None = None, filled_us: int | None = None) -> None:
        """Note the first times only."""
        ...


class Orders(Protocol):
    def put(self, orders: Iterable[Order]) -> None:
        """Insert or replace by client id."""
        ...

    def get(self, client_id: str) -> Order | None: ...
    def unfilled(self, account: str) -> list[Order]:
        """Of the last 50 orders that ended without being wholly filled those that may lack fills, the latest first."""
        ...

    def unfinished(self, account: str) -> list[Order]:
        """Orders that are not final, oldest first."""
        ...

    def note(self, changes: Iterable[OrderChange]) -> None: ...


class Fills(Protocol):
    def add(self, fill: Fill, order: Order) -> bool:
        """False if the account has that trade id already: nothing was added."""
        ...


class Positions(Protocol):
    def put(self, position: Position) -> None: ...
    def of(self, account: str) -> list[Position]:
        """All with lots, and the flat ones too."""
        ...


class Trades(Protocol):
    def add(self, trades: Iterable[Trade]) -> None: ...


class Journal(Protocol):
    """Append-only: what venues said, before it is applied, and what we asked of them."""

    def add(self, account: str, kind: str, at: int, data: Mapping[str, Any], client_id: str = "") -> None: ...


class Outbox(Protocol):
    def add(self, events: Iterable[Event], channels: Callable[[Event], Iterable[str]]) -> None: ...
    def claim(self, owner: str, now: int, lease_ms: int, limit: int, channels: Sequence[str]) -> list[Delivery]:
        """Due deliveries, locked against others until the lease ends (SKIP LOCKED on PostgreSQL)."""
        ...

    def sent(self, delivery_id: int, at: int) -> None: ...
    def retry(self, delivery_id: int, at: int, error: str) -> None: ...
    def give_up(self, delivery_id: int, at: int, error: str) -> None: ...


class States(Protocol):
    def all(self) -> dict[str, StateRow]: ...
    def set(self, row: StateRow) -> None: ...


class Commands(Protocol):
    def add(self, command: Command) -> int: ...
    def pending(self, account: str) -> list[Command]: ...
    def waiting(self) -> set[str]:
        """Accounts that have unfinished commands."""
        ...

    def finish(self, command_id: int, at: int, result: str) -> None: ...


class Leases(Protocol):
    def acquire(self, name: str, owner: str, now: int, ttl_ms: int) -> Lease | None:
        """The lease if it is free, expired, the caller's own, or its owner is a dead process of this machine."""
        ...

    def renew(self, lease: Lease, now: int, ttl_ms: int) -> Lease:
        """Raises LeaseLost."""
        ...

    def check(self, lease: Lease) -> None:
        """Raises LeaseLost unless the lease is still the caller's; locks its row for this transaction."""
        ...

    def release(self, lease: Lease) -> None: ...
    def hold_off(self, name: str) -> None:
        """Whoever has the lease ``name`` waits with ``check`` until this transaction has ended."""
        ...


class Standings(Protocol):
    def day(self, scope: str, day: str) -> Day: ...
    def put_day(self, day: Day) -> None: ...
    def standing(self, scope: str) -> Standing: ...
    def put_standing(self, standing: Standing) -> None: ...
    def balance(self, account: str) -> Balance | None: ...
    def put_balance(self, account: str, balance: Balance) -> None: ...
    def quotes(self) -> dict[str, Quote]: ...
    def put_quote(self, quote: Quote) -> None: ...


class Audit(Protocol):
    def add(self, at: int, by: str, action: str, scope: str, note: str, data: Mapping[str, Any]) -> None: ...


class Promotions(Protocol):
    """Decisions about stages. Append-only."""

    def add(self, promotion: Promotion) -> int: ...
    def of(self, deployment: str) -> list[Promotion]:
        """Newest first, refused ones too."""
        ...

    def stage(self, deployment: str) -> Stage | None:
        """Where the last granted decision put it; None: nothing is on record."""
        ...


class Tx(Protocol):
    """One transaction."""

    @property
    def inbox(self) -> Inbox: ...
    @property
    def signals(self) -> Signals: ...
    @property
    def orders(self) -> Orders: ...
    @property
    def fills(self) -> Fills: ...
    @property
    def positions(self) -> Positions: ...
    @property
    def trades(self) -> Trades: ...
    @property
    def journal(self) -> Journal: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def states(self) -> States: ...
    @property
    def commands(self) -> Commands: ...
    @property
    def leases(self) -> Leases: ...
    @property
    def standings(self) -> Standings: ...
    @property
    def audit(self) -> Audit: ...
    @property
    def promotions(self) -> Promotions: ...


class Store(Protocol):
    def write(self, work: Callable[[Tx], T]) -> T: ...
    def read(self, work: Callable[[Tx], T]) -> T: ...
    def changed(self, seen: object) -> object:
        """A token of the store's content as other processes left it: differs from ``seen`` after a commit of theirs.

        Cheap enough to be asked every few milliseconds.
        """
        ...
