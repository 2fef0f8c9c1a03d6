"""What single reports do to an order."""

from __future__ import annotations

import itertools
from dataclasses import replace
from decimal import Decimal

import pytest

from pinery.trading.broker import Report, ReportKind
from pinery.trading.orders.model import Order, Status
from pinery.trading.positions.book import apply_fill, flat
from pinery.trading.reconcile.actions import MissingFills
from pinery.trading.reconcile.apply import apply_action, apply_report
from tests.trading.positions.making import ES, fill_of, order

D = Decimal
SENT = order(quantity="3", status=Status.SUBMITTED)


def hear(sent: Order, *reports: Report) -> Order:
    for report in reports:
        sent, _, _ = apply_report(sent, report, 9)
    return sent


def filled(trade_id: str, quantity: str, price: str = "5000", fee: str = "0") -> Report:
    return Report(ReportKind.FILL, 5, SENT.client_id, "v1", fill=fill_of(SENT, trade_id, price, quantity, fee))


def test_the_way_of_an_order() -> None:
    accepted, change, fill = apply_report(SENT, Report(ReportKind.ACCEPTED, 5, SENT.client_id, "v1"), 9)
    assert (accepted.status, accepted.venue_id, accepted.acknowledged) == (Status.WORKING, "v1", 9)
    assert change is not None
    assert (change.before, change.after, change.event) == (Status.SUBMITTED, Status.WORKING, "accept")
    assert fill is None
    part, change, fill = apply_report(accepted, filled("a", "1", "5000"), 10)
    assert (part.status, part.filled, part.average_price) == (Status.PARTIALLY_FILLED, D(1), D(5000))
    assert fill == filled("a", "1", "5000").fill
    assert change is not None
    assert change.data == {"trade_id": "a", "quantity": "1", "price": "5000"}
    done = hear(part, filled("b", "2", "5003"))
    assert (done.status, done.average_price) == (Status.FILLED, D(5002))


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (ReportKind.CANCELED, Status.CANCELED),
        (ReportKind.REJECTED, Status.REJECTED),
        (ReportKind.EXPIRED, Status.EXPIRED),
        (ReportKind.UNKNOWN, Status.UNKNOWN),
        (ReportKind.NOT_SENT, Status.PENDING),
    ],
)
def test_endings(kind: ReportKind, status: Status) -> None:
    after = hear(SENT, Report(kind, 5, SENT.client_id, reason="why"))
    assert (after.status, after.reason) == (status, "why")
    assert after.code == ("BROKER_REJECTED" if kind is ReportKind.REJECTED else "")


def test_the_end_is_the_same_in_any_order() -> None:
    """All that was said of an order that was filled in part and canceled, and of one that was filled."""
    accepted = Report(ReportKind.ACCEPTED, 5, SENT.client_id, "v1")
    lost = Report(ReportKind.UNKNOWN, 5, SENT.client_id)
    canceled = Report(ReportKind.CANCELED, 5, SENT.client_id)
    for reports in itertools.permutations([accepted, filled("a", "1"), canceled, lost]):
        after = hear(SENT, *reports)
        assert (after.status, after.filled) == (Status.CANCELED, D(1))
    for reports in itertools.permutations([accepted, filled("a", "1"), filled("b", "2"), canceled, lost]):
        after = hear(SENT, *reports)
        assert (after.status, after.filled) == (Status.FILLED, D(3))


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("kind", list(ReportKind))
def test_no_report_is_too_late_or_too_much(status: Status, kind: ReportKind) -> None:
    before = replace(SENT, status=status, venue_id="v1", acknowledged=1)
    fill = filled("a", "1").fill if kind is ReportKind.FILL else None
    report = Report(kind, 5, SENT.client_id, "v1", fill=fill)
    after, change, due = apply_report(before, report, 9)
    assert (change is None) == (after is before)
    if kind is ReportKind.FILL:
        assert due == fill
        return
    assert due is None
    again, change, _ = apply_report(after, report, 10)
    assert again is after  # a repetition changes nothing
    assert change is None
    if status.is_final:
        assert after is before


def test_a_total_without_fills_is_counted_and_the_fills_are_not_counted_again() -> None:
    """The venue says 3 at 5002 in all; we know of 1 at 5000. The two others cost 5003 on average."""
    part = hear(SENT, filled("a", "1", "5000", "1"))
    done, changes, fill = apply_action(part, MissingFills(SENT.client_id, D(3), D(5002), 77), 10)
    assert fill is not None
    assert (fill.trade_id, fill.quantity, fill.price, fill.time) == (f"rec-{SENT.client_id}-3", D(2), D(5003), 77)
    assert (done.status, done.presumed, done.average_price) == (Status.FILLED, D(2), D(5002))
    assert len(changes) == 1
    # Again: nothing is missing.
    assert apply_action(done, MissingFills(SENT.client_id, D(3), D(5002), 78), 11) == (done, (), None)
    # The fills themselves bring their fees, and more than the total was is new.
    late, _, due = apply_report(done, filled("b", "1", "5003", "1"), 12)
    assert due is not None
    assert (due.quantity, due.fee) == (D(0), D(1))
    assert (late.filled, late.presumed, late.fees, late.average_price) == (D(3), D(1), D(2), D(5002))
    more, _, due = apply_report(late, filled("c", "2", "5003", "2"), 13)
    assert due is not None
    assert (due.quantity, more.filled, more.presumed) == (D(1), D(4), D(0))


def test_a_late_fee_belongs_to_what_is_held_else_to_what_came_of_it() -> None:
    entry, leaving = replace(SENT, filled=D(3), presumed=D(3)), fill_of(SENT, "late", "5000", "0", "2")
    position = flat("demo", "paper", ES.symbol)
    position, _ = apply_fill(position, entry, fill_of(entry, "rec", "5000", "3"), ES.point_value, 1)
    position, trades = apply_fill(position, entry, leaving, ES.point_value, 2)
    assert trades == ()
    assert (position.quantity, position.lots[0].fee, position.fees, position.realized) == (D(3), D(2), D(2), D(0))
    other = order(quantity="1", signal="b")
    position, _ = apply_fill(position, other, fill_of(other, "late2", "5000", "0", "1"), ES.point_value, 3)
    assert (position.realized, position.fees) == (D(-1), D(3))
