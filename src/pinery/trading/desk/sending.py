"""What goes to the broker after a transaction, and how each ending of a request becomes a report."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from pinery.trading.broker import Broker, Quote, Report, ReportKind
from pinery.trading.clock import Clock
from pinery.trading.errors import NotSent, OutcomeUnknown, Rejected
from pinery.trading.orders.model import Amendment, Order, Ticket

Observe = Callable[[str, float, str], None]  # name, seconds, label


@dataclass(frozen=True, slots=True)
class SendTicket:
    ticket: Ticket


@dataclass(frozen=True, slots=True)
class SendCancel:
    order: Order


@dataclass(frozen=True, slots=True)
class SendAmendment:
    order: Order
    amendment: Amendment


@dataclass(frozen=True, slots=True)
class SendPrice:
    """The price that an alert carried, for accounts without a feed."""

    quote: Quote


Outgoing = SendTicket | SendCancel | SendAmendment | SendPrice


async def send(broker: Broker, outgoing: Outgoing, clock: Clock, observe: Observe) -> list[Report]:
    """Make the request once; what became of it, by the outcome policy of ``trading.broker``."""
    before = clock.monotonic()
    try:
        match outgoing:
            case SendTicket(ticket):
                venue_id = await broker.submit(ticket)
                return [_report(ReportKind.ACCEPTED, ticket.order, clock, venue_id=venue_id)]
            case SendCancel(order):
                await broker.cancel(order)
                return []
            case SendAmendment(order, amendment):
                await broker.amend(order, amendment)
                return []
            case SendPrice(quote):
                await broker.price_seen(quote)
                # What the price set off comes through the stream, which gets its turn first.
                await asyncio.sleep(0.001)
                return []
    except Rejected as error:
        return _all(outgoing, ReportKind.REJECTED, clock, error.code, error.reason)
    except NotSent as error:
        return left_undone(outgoing, clock, error.message)
    except OutcomeUnknown as error:
        return _all(outgoing, ReportKind.UNKNOWN, clock, "", error.message)
    except Exception as error:
        # An adapter's own fault says nothing about whether the request was executed.
        return _all(outgoing, ReportKind.UNKNOWN, clock, "", f"{type(error).__name__}: {error}")
    finally:
        observe("broker_response", clock.monotonic() - before, broker.capabilities.name)


def left_undone(outgoing: Outgoing, clock: Clock, why: str) -> list[Report]:
    """The ending of a request that was never made."""
    return _all(outgoing, ReportKind.NOT_SENT, clock, "BROKER_UNREACHABLE", why)


def _all(outgoing: Outgoing, kind: ReportKind, clock: Clock, code: str, reason: str) -> list[Report]:
    match outgoing:
        case SendTicket(ticket):
            orders = [ticket.order]
            if kind is not ReportKind.REJECTED:  # a refused entry takes its protection along; the desk sees to that
                orders.extend(ticket.protection)
            return [_report(kind, order, clock, code, reason) for order in orders]
        case SendCancel(order):
            return [_report(ReportKind.CANCEL_REFUSED, order, clock, code, reason)]
        case SendAmendment(order, _):
            return [_report(ReportKind.AMEND_REFUSED, order, clock, code, reason)]
        case SendPrice():
            return []


def _report(
    kind: ReportKind, order: Order, clock: Clock, code: str = "", reason: str = "", venue_id: str = ""
) -> Report:
    raw = {"by": "sending", "outcome": kind.value, "reason": reason}
    return Report(kind, clock.now(), order.client_id, venue_id, code, reason, raw=raw)
