"""What is told of an order that is looked at again and again: each trade once, its end once."""

from __future__ import annotations

from dataclasses import dataclass, field

from pinery.trading.broker import Report, ReportKind, VenueOrder
from pinery.trading.orders.model import Order, Status

_ENDS = {
    Status.CANCELED: ReportKind.CANCELED,
    Status.EXPIRED: ReportKind.EXPIRED,
    Status.REJECTED: ReportKind.REJECTED,
}


@dataclass(slots=True)
class Watched:
    """``told``: ids of the trades that were reported."""

    order: Order
    told: set[str] = field(default_factory=set)


def reports_of(watched: Watched, found: VenueOrder, now: int) -> list[Report]:
    client_id, venue_id = watched.order.client_id, found.venue_id
    new = [fill for fill in found.fills if fill.trade_id not in watched.told]
    watched.told |= {fill.trade_id for fill in new}
    reports = [Report(ReportKind.FILL, fill.time, client_id, venue_id, fill=fill) for fill in new]
    if found.status in _ENDS:
        code = "BROKER_REJECTED" if found.status is Status.REJECTED else ""
        reports.append(Report(_ENDS[found.status], now, client_id, venue_id, code, found.reason))
    return reports
