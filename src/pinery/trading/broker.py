"""The port that every broker adapter implements, and what it reports.

Outcome policy, the same for all brokers. ``submit``, ``amend`` and ``cancel`` end in exactly one of:

- they return: the broker has accepted the request (not necessarily filled or canceled anything yet);
- ``Rejected``: the broker definitely refused it, nothing will happen;
- ``NotSent``: it was definitely not executed (no connection, rate limit, wrong clock), it may be tried again;
- ``OutcomeUnknown``: it was sent and nobody knows (timeout, reset, 5xx). Never sent again before ``find`` has said
  for certain that the broker does not have it.

Any other exception counts as ``OutcomeUnknown``. What happens to orders afterwards comes through ``reports``, in any
order, possibly more than once; everything in a report identifies itself, so that applying it twice changes nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from pinery.trading.contracts import Terms
from pinery.trading.orders.model import Amendment, Fill, Order, Status, Ticket


class Environment(StrEnum):
    """Where an account's money is. A deployment's stage must fit it: paper trades only on PAPER or DEMO."""

    PAPER = "paper"
    DEMO = "demo"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a broker does by itself; the desk does the rest."""

    name: str  # "paper", "tradovate", "binance"
    environment: Environment
    protection_with_entry: bool  # a ticket's protection is accepted with the order (OSO)
    oco: bool  # the broker cancels the sibling of protection that filled
    reduce_only: bool  # else protection is canceled before an exit is sent
    reverse_in_one: bool  # one order may close and open
    trailing_stop: bool
    amend: bool
    market_data: bool  # reports quotes of its own
    whole_contracts: bool = False
    nets: bool = True  # one position per contract: deployments on opposite sides of it would undo each other


@dataclass(frozen=True, slots=True)
class Quote:
    """The last price known. ``source``: "feed", "venue" or "alert"."""

    symbol: str
    price: Decimal
    time: int
    source: str
    bid: Decimal | None = None
    ask: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """Money in the account's currency; ``available`` is what new margin may use."""

    currency: str
    balance: Decimal  # realized
    equity: Decimal  # with open profit
    margin_used: Decimal
    available: Decimal
    time: int


@dataclass(frozen=True, slots=True)
class VenuePosition:
    """What the account holds at the venue, over all deployments. ``quantity`` is signed."""

    symbol: str
    quantity: Decimal
    average_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class VenueOrder:
    """The venue's view of one order. ``filled`` is cumulative; ``fills`` those that the venue lists with it."""

    client_id: str  # "" or foreign: not ours
    venue_id: str
    symbol: str
    status: Status
    quantity: Decimal
    filled: Decimal
    average_price: Decimal | None = None
    reason: str = ""
    fills: tuple[Fill, ...] = ()
    stop_price: Decimal | None = None
    limit_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that the venue holds for the account at one time. Only complete ones exist: else QueryFailed is raised."""

    time: int
    orders: tuple[VenueOrder, ...]  # open ones, ours and foreign
    positions: tuple[VenuePosition, ...]
    balance: Balance | None


class ReportKind(StrEnum):
    ACCEPTED = "accepted"
    FILL = "fill"
    CANCELED = "canceled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    UNKNOWN = "unknown"  # from the desk's own sending: OutcomeUnknown
    NOT_SENT = "not_sent"  # from the desk's own sending: NotSent
    AMENDED = "amended"
    AMEND_REFUSED = "amend_refused"
    CANCEL_REFUSED = "cancel_refused"  # too late, or not known there
    QUOTE = "quote"
    BALANCE = "balance"
    ALARM = "alarm"  # the venue itself acts on the account: a liquidation, a margin call, a ban
    CONNECTED = "connected"  # (again): the desk reconciles before it does anything else
    DISCONNECTED = "disconnected"


@dataclass(frozen=True, slots=True)
class Report:
    """One thing that a venue said. ``raw`` is kept in the journal before the report is applied; no secrets in it."""

    kind: ReportKind
    time: int  # Unix ms
    client_id: str = ""
    venue_id: str = ""
    code: str = ""  # of DENIALS
    reason: str = ""
    fill: Fill | None = None
    quote: Quote | None = None
    balance: Balance | None = None
    filled: Decimal | None = None  # with an order's end, where the venue tells: how much of it was filled in all
    raw: Mapping[str, Any] = field(default_factory=dict)


class Broker(Protocol):
    """One account at one broker. All methods may be called again after ``connect``; none blocks the event loop."""

    @property
    def capabilities(self) -> Capabilities: ...

    async def connect(self) -> None:
        """Log in, open streams. Raises BrokerError. Losing a connection later is reported, and mended, by itself."""
        ...

    async def close(self) -> None: ...

    def terms(self, symbol: str) -> Terms | None:
        """What the venue takes of the contract ``symbol``, as last read; None: it has no terms, or they are not known.

        Sizes and prices follow these where they are coarser than Pinery's own facts. Asked from any thread.
        """
        ...

    async def learn_terms(self) -> None:
        """Read them without logging in, for a look at what would be done; ``connect`` reads them by itself.

        Raises BrokerError.
        """
        ...

    def reports(self) -> AsyncIterator[Report]:
        """Everything the venue says, from ``connect`` to ``close``. One reader."""
        ...

    async def submit(self, ticket: Ticket) -> str:
        """Send an order, with its protection where capabilities say so. Returns the venue's order id."""
        ...

    async def amend(self, order: Order, amendment: Amendment) -> None: ...

    async def cancel(self, order: Order) -> None: ...

    async def find(self, order: Order) -> VenueOrder | None:
        """The venue's view of an order by its client id, final ones included, with its fills.

        None: the venue says for certain that it has none and will not get one from an earlier request.
        Raises QueryFailed where that cannot be said yet.
        """
        ...

    async def snapshot(self) -> Snapshot:
        """Raises QueryFailed."""
        ...

    async def price_seen(self, quote: Quote) -> None:
        """A price that came with a signal. A paper account without a feed lives on these; real brokers ignore it."""
        ...
