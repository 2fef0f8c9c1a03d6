"""The invariants of reconciling, by name, against a simulated venue whose reports are shuffled, dropped and doubled."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from pinery.trading.broker import Report, ReportKind, VenueOrder
from pinery.trading.orders.model import Order, Role, Side, Status
from pinery.trading.reconcile.actions import (
    Abandon,
    Action,
    AskAgain,
    CancelAtVenue,
    CancelLeftover,
    Foreign,
    Mismatch,
    Protect,
    Resend,
)
from pinery.trading.reconcile.compare import compare
from tests.trading.positions.making import order
from tests.trading.reconcile.venue import LocalSide, SimVenue

D = Decimal


@dataclass
class Session:
    venue: SimVenue
    local: LocalSide
    sent: list[Order]
    rng: random.Random

    def some(self, share: float) -> frozenset[str]:
        return frozenset(o.client_id for o in self.sent if self.rng.random() < share)


def fresh(order: Order) -> bool:
    return order.created % 2 == 0


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    """Orders of two deployments: each arrives, is refused or lost; then fills, cancels, expiries; some is heard of."""
    rng = draw(st.randoms(use_true_random=False))
    venue, local, sent = SimVenue(), LocalSide(), []
    for number in range(draw(st.integers(1, 6))):
        deployment = f"d{rng.randrange(2)}"
        made = order(
            rng.choice(list(Side)),
            str(rng.randint(1, 5)),
            rng.choice([Role.ENTRY, Role.ENTRY, Role.EXIT]),
            signal=f"s{number}",
            deployment=deployment,
            created=number,
            reference_price=D(5000),
        )
        local.send(made)
        sent.append(made)
        fate = rng.random()
        if fate < 0.75:
            venue.receive(made)
        elif fate < 0.85:
            venue.refuse(made)
        if rng.random() < 0.3:  # the answer to our own request got lost
            local.hear(Report(ReportKind.UNKNOWN, 0, made.client_id))
    for _ in range(draw(st.integers(0, 12))):
        made = rng.choice(sent)
        if not venue.is_open(made.client_id):
            continue
        what = rng.random()
        if what < 0.75:
            price = D(5000) + D(rng.randint(-40, 40)) / 4
            venue.fill(made, D(rng.randint(1, 3)), price, D(rng.randint(0, 500)) / 100)
        else:
            venue.end(made.client_id, rng.choice([Status.CANCELED, Status.EXPIRED]))
        if rng.random() < 0.1:
            local.orders[made.client_id] = replace(local.orders[made.client_id], cancel_requested=True)
    heard = [report for report in venue.reports for _ in range(rng.choice([0, 0, 1, 1, 2]))]
    if rng.random() < 0.7:
        rng.shuffle(heard)
    for report in heard:
        local.hear(report)
    return Session(venue, local, sent, rng)


def settle(session: Session, **how: frozenset[str]) -> tuple[Action, ...]:
    local, venue = session.local.ask(session.venue, **how)  # type: ignore[arg-type]
    actions = compare(local, venue, fresh)
    session.local.carry_out(actions, session.venue)
    return actions


def assert_same(session: Session) -> None:
    venue, local = session.venue, session.local
    assert local.net() == sum(venue.held.values(), D(0))
    for made in session.sent:
        ours, theirs = local.orders[made.client_id], venue.orders.get(made.client_id)
        if theirs is None:
            assert ours.status is Status.EXPIRED or (ours.cancel_requested and ours.status is Status.CANCELED)
            assert ours.filled == 0
            continue
        assert ours.filled == theirs.filled
        ended = Status.CANCELED if theirs.status is Status.REJECTED and theirs.filled else theirs.status
        assert ours.status is ended
    counted: dict[str, Decimal] = {}
    for fill in local.counted:
        counted[fill.client_id] = counted.get(fill.client_id, D(0)) + fill.quantity
    assert counted == {name: view.filled for name, view in venue.orders.items() if view.filled}


@given(sessions())
@settings(max_examples=300)
def test_converge_and_idempotent(session: Session) -> None:
    actions = settle(session)
    assert not [a for a in actions if isinstance(a, Mismatch | AskAgain | Foreign)]
    assert_same(session)
    if any(isinstance(a, Resend) for a in actions):
        settle(session)  # nothing was heard of what was sent again but that it arrived
    assert settle(session) == ()


@given(sessions())
@settings(max_examples=300)
def test_once_and_late_fills_are_the_ones_that_were_presumed(session: Session) -> None:
    hidden = session.some(0.7)
    settle(session, hidden=hidden)
    assert_same(session)
    assert settle(session, hidden=hidden) == ()
    # All that was ever said comes again, in any order, doubled.
    late = session.venue.reports * 2
    session.rng.shuffle(late)
    for report in late:
        session.local.hear(report)
    assert_same(session)
    assert all(order.presumed == 0 for order in session.local.orders.values())
    # Fees came with the late fills: no money is missing.
    paid = sum((report.fill.fee for report in session.venue.reports if report.fill is not None), D(0))
    assert sum((position.fees for position in session.local.positions.values()), D(0)) == paid
    assert settle(session) == ()


@given(sessions())
@settings(max_examples=200)
def test_no_resend_of_what_the_venue_has(session: Session) -> None:
    settle(session, hidden=session.some(0.3))
    assert all(count == 1 for count in session.venue.receipts.values())
    for made in session.sent:
        if made.client_id in session.local.resent:
            assert made.role is Role.EXIT or fresh(made)


@given(sessions())
@settings(max_examples=200)
def test_unanswered_is_not_absent(session: Session) -> None:
    unanswered = session.some(0.6)
    before = dict(session.local.orders)
    local, venue = session.local.ask(session.venue, unanswered=unanswered)
    open_questions = {name for name, answer in venue.found.items() if name in unanswered}
    actions = compare(local, venue, fresh)
    session.local.carry_out(actions, session.venue)
    assert {a.client_id for a in actions if isinstance(a, AskAgain)} == open_questions
    for name in open_questions:
        assert session.local.orders[name] == before[name]
    if open_questions:  # all orders are in one symbol
        assert not [a for a in actions if isinstance(a, Mismatch | Foreign | CancelLeftover | Protect)]
    # Answered later, all is well.
    settle(session)
    assert_same(session)


@given(sessions())
@settings(max_examples=100)
def test_hands_off_what_is_not_ours(session: Session) -> None:
    theirs = VenueOrder("", "f1", "CME_MINI:ESZ2026", Status.WORKING, D(1), D(0))
    lost = VenueOrder("pn-lost-e0", "f2", "CME_MINI:ESZ2026", Status.WORKING, D(1), D(0))
    local, venue = session.local.ask(session.venue, extra=[theirs, lost])
    actions = compare(local, venue, fresh)
    assert [a.venue_order.venue_id for a in actions if isinstance(a, Foreign)] == ["f1", "f2"]
    assert not [a for a in actions if isinstance(a, CancelAtVenue) and a.venue_order in (theirs, lost)]
    again = compare(replace(local, told=frozenset({"f1", "f2"})), venue, fresh)
    assert again == tuple(a for a in actions if not isinstance(a, Foreign))


@given(sessions())
@settings(max_examples=100)
def test_no_order_matters(session: Session) -> None:
    local, venue = session.local.ask(session.venue)
    actions = compare(local, venue, fresh)
    mixed = list(local.orders.items())
    session.rng.shuffle(mixed)
    orders = list(venue.snapshot.orders)
    session.rng.shuffle(orders)
    found = list(venue.found.items())
    session.rng.shuffle(found)
    snapshot = replace(venue.snapshot, orders=tuple(orders))
    assert (
        compare(replace(local, orders=dict(mixed)), replace(venue, snapshot=snapshot, found=dict(found)), fresh)
        == actions
    )


@given(sessions())
@settings(max_examples=100)
def test_the_store_may_tell_repetitions_instead(session: Session) -> None:
    """Without the known trade ids the result is the same: known fills are thrown away as they are applied."""
    local, venue = session.local.ask(session.venue, hidden=session.some(0.3))
    session.local.carry_out(compare(replace(local, known=None), venue, fresh), session.venue)
    assert_same(session)
    assert not any(isinstance(a, Abandon) and a.client_id in session.venue.orders for a in settle(session))
