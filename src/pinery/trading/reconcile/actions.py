"""What is to be done where our state and the venue's differ. Facts only: the desk carries them out, in their order."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from pinery.trading.broker import VenueOrder
from pinery.trading.orders.model import Fill, Order
from pinery.trading.orders.states import Event

# --- our orders learn what the venue says (``apply.apply_action``) ----------------------


@dataclass(frozen=True, slots=True)
class ApplyFill:
    """A fill that the venue lists. Counted once: ``Fills.add`` says whether it is known."""

    fill: Fill


@dataclass(frozen=True, slots=True)
class MissingFills:
    """The venue says that ``total`` of the order is filled, at ``average_price``, and lists fewer fills.

    Comes after the order's ``ApplyFill``s. Where those explain the total after all, it changes nothing.
    """

    client_id: str
    total: Decimal
    average_price: Decimal
    time: int  # Unix ms, of the snapshot


@dataclass(frozen=True, slots=True)
class Advance:
    client_id: str
    event: Event
    reason: str = ""
    code: str = ""
    venue_id: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """The venue works the order with other terms than ours (an amendment whose end was not seen): these are true."""

    client_id: str
    quantity: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Resend:
    """The venue never got it, for certain, and it is still wanted: it is pending again, and sent by the usual rules."""

    client_id: str


@dataclass(frozen=True, slots=True)
class Abandon:
    """The venue never got it, for certain, and it is too late now.

    Of an entry that reverses, the part that was to close (``Order.closes``) is the caller's to close.
    """

    client_id: str


# --- the venue, or people, have to hear of it ------------------------------------------


@dataclass(frozen=True, slots=True)
class CancelAtVenue:
    """One of ours that is to be canceled, or is final here, and still works there."""

    order: Order
    venue_order: VenueOrder


@dataclass(frozen=True, slots=True)
class CancelLeftover:
    """Protection without a position: it would open one."""

    order: Order


@dataclass(frozen=True, slots=True)
class Protect:
    """A position that is to have a stop has none."""

    deployment: str
    symbol: str


@dataclass(frozen=True, slots=True)
class AskAgain:
    """Nobody knows yet what became of the order; until then nothing is concluded from its absence."""

    client_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Foreign:
    """An order that is not ours. Never touched."""

    venue_order: VenueOrder


@dataclass(frozen=True, slots=True)
class TagForeign:
    """Held in the account before Pinery traded it: kept as a position of ``FOREIGN``, never touched."""

    symbol: str
    quantity: Decimal  # signed
    average_price: Decimal | None


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The account holds something else than all deployments together. ``confirmed``: so it was the last time, too."""

    symbol: str
    ours: Decimal  # signed
    theirs: Decimal
    confirmed: bool

    @property
    def difference(self) -> Decimal:
        return self.theirs - self.ours


OrderAction = ApplyFill | MissingFills | Advance | Terms | Resend | Abandon
Action = OrderAction | CancelAtVenue | CancelLeftover | Protect | AskAgain | Foreign | TagForeign | Mismatch

#: The deployment of positions that no deployment opened.
FOREIGN = ""
