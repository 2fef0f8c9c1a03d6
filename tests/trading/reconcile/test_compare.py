"""Single differences, and what is done about them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from pinery.trading.broker import Snapshot, VenueOrder, VenuePosition
from pinery.trading.orders.model import Fill, Order, OrderType, Role, Side, Status
from pinery.trading.orders.states import Event
from pinery.trading.positions.book import apply_fill, flat
from pinery.trading.positions.model import Position
from pinery.trading.reconcile.actions import (
    FOREIGN,
    Abandon,
    Action,
    Advance,
    ApplyFill,
    AskAgain,
    CancelAtVenue,
    CancelLeftover,
    Foreign,
    Mismatch,
    MissingFills,
    Protect,
    Resend,
    TagForeign,
    Terms,
)
from pinery.trading.reconcile.compare import Answer, Local, Unanswered, Venue, compare, to_ask, to_load
from tests.trading.positions.making import ES, fill_of, order

D = Decimal
TIME = 1_000_000
ENTRY = order(quantity="2", status=Status.SUBMITTED, submitted=1)
STOP = order(
    Side.SELL,
    "2",
    Role.STOP,
    status=Status.WORKING,
    type=OrderType.STOP,
    stop_price=D(4995),
    parent=ENTRY.client_id,
    venue_id="v-stop",
    submitted=1,
)


def held(quantity: str, deployment: str = "demo", updated: int = 5) -> Position:
    side = Side.BUY if D(quantity) > 0 else Side.SELL
    sent = order(side, abs(D(quantity)), deployment=deployment)
    position = flat(deployment, "paper", ES.symbol)
    return apply_fill(position, sent, fill_of(sent, "1", "5000"), ES.point_value, updated)[0]


def view(order: Order, status: Status = Status.WORKING, filled: str = "0", **more: Any) -> VenueOrder:
    terms = {"stop_price": order.stop_price, "limit_price": order.limit_price}
    venue_id = order.venue_id or "v1"
    return VenueOrder(order.client_id, venue_id, order.symbol, status, order.quantity, D(filled), **{**terms, **more})


def difference(
    orders: tuple[Order, ...] = (),
    positions: tuple[Position, ...] = (),
    shows: tuple[VenueOrder, ...] = (),
    holds: str = "0",
    found: dict[str, Answer] | None = None,
    is_fresh: bool = True,
    **more: Any,
) -> tuple[Action, ...]:
    theirs = (VenuePosition(ES.symbol, D(holds), D(5001)),) if D(holds) else ()
    local = Local({o.client_id: o for o in orders}, positions, frozenset({"1"}), **more)
    return compare(local, Venue(Snapshot(TIME, shows, theirs, None), found or {}), lambda _: is_fresh)


def test_nothing_differs() -> None:
    assert difference((STOP,), (held("2"),), (view(STOP),), "2", stops_wanted=frozenset({("demo", ES.symbol)})) == ()


# --- what became of an order ----------------------------------------------------------------


def test_only_a_certain_no_sends_again() -> None:
    never: dict[str, Answer] = {ENTRY.client_id: None}
    assert difference((ENTRY,), found=never) == (Resend(ENTRY.client_id),)
    assert difference((ENTRY,), found=never, is_fresh=False) == (Abandon(ENTRY.client_id),)
    unknown = replace(ENTRY, status=Status.UNKNOWN)
    assert difference((unknown,), found=never) == (Resend(ENTRY.client_id),)
    assert difference((unknown,), found={ENTRY.client_id: Unanswered("busy")}) == (AskAgain(ENTRY.client_id, "busy"),)
    assert difference((unknown,)) == (AskAgain(ENTRY.client_id, "not asked yet"),)
    # The snapshot shows it: whatever the answer was, it is there.
    assert difference((unknown,), shows=(view(ENTRY),), found=never) == (
        Advance(ENTRY.client_id, Event.ACCEPT, venue_id="v1"),
    )
    # Wanted gone, and never there.
    assert difference((replace(ENTRY, cancel_requested=True),), found=never) == (
        Advance(ENTRY.client_id, Event.CANCEL, "it never reached the broker"),
    )
    # It was there before: it has ended, not got lost.
    working = replace(ENTRY, status=Status.WORKING)
    assert difference((working,), found=never) == (
        Advance(ENTRY.client_id, Event.EXPIRE, "the broker does not have it any more"),
    )


def test_exits_are_never_too_old_and_protection_goes_with_its_position() -> None:
    leaving = order(Side.SELL, "2", Role.EXIT, signal="b", status=Status.UNKNOWN)
    never: dict[str, Answer] = {leaving.client_id: None, STOP.client_id: None}
    assert difference((leaving,), (held("2"),), holds="2", found=never, is_fresh=False) == (Resend(leaving.client_id),)
    stop = replace(STOP, status=Status.UNKNOWN)
    assert difference((stop,), (held("2"),), holds="2", found=never, is_fresh=False) == (Resend(stop.client_id),)
    assert difference((stop,), found=never) == (Abandon(stop.client_id),)


def test_pending_orders_have_never_left() -> None:
    pending = replace(ENTRY, status=Status.PENDING, submitted=None)
    assert difference((pending,)) == ()
    assert to_ask(Local({pending.client_id: pending}, ()), Snapshot(TIME, (), (), None)) == ()


def test_requests_under_way_are_left_alone() -> None:
    assert difference((ENTRY,), found={ENTRY.client_id: None}, in_flight=frozenset({ENTRY.client_id})) == ()


def test_fills_that_were_missed() -> None:
    fill = fill_of(ENTRY, "2", "5001", "1")
    done = view(ENTRY, Status.FILLED, "2", average_price=D(5002), fills=(fill,))
    assert difference((ENTRY,), found={ENTRY.client_id: done}, holds="2") == (
        Advance(ENTRY.client_id, Event.ACCEPT, venue_id="v1"),
        ApplyFill(fill),
        MissingFills(ENTRY.client_id, D(2), D(5002), TIME),
    )
    # An end that says nothing of fills which it had.
    part = view(ENTRY, Status.CANCELED, "1", fills=(fill,), reason="by hand")
    assert difference((ENTRY,), found={ENTRY.client_id: part}, holds="1") == (
        Advance(ENTRY.client_id, Event.ACCEPT, "by hand", venue_id="v1"),
        ApplyFill(fill),
        Advance(ENTRY.client_id, Event.CANCEL, "by hand", venue_id="v1"),
    )
    # The end was heard, the fill before it was not.
    ended = replace(ENTRY, status=Status.CANCELED)
    assert difference((ended,), found={ENTRY.client_id: part}, holds="1") == (ApplyFill(fill),)


def test_no_price_no_fill() -> None:
    done = view(ENTRY, Status.FILLED, "2")
    actions = difference((ENTRY,), found={ENTRY.client_id: done}, holds="2")
    assert actions[1:] == (AskAgain(ENTRY.client_id, "the venue names no price for what was filled"),)
    priced = replace(ENTRY, reference_price=D(5000))
    actions = difference((priced,), found={ENTRY.client_id: done}, holds="2")
    assert actions[1:] == (MissingFills(ENTRY.client_id, D(2), D(5000), TIME),)


def test_an_older_view_takes_nothing_back() -> None:
    ours = replace(ENTRY, status=Status.PARTIALLY_FILLED, filled=D(1), average_price=D(5000), venue_id="v1")
    assert difference((ours,), (held("1", updated=TIME),), (view(ours),)) == ()
    canceled = replace(STOP, status=Status.CANCELED, updated=TIME)
    assert difference((canceled,), (held("2"),), (view(STOP),), "2") == ()
    amended = replace(STOP, stop_price=D(4997), revision=1, updated=TIME)
    assert difference((amended,), (held("2"),), (view(STOP),), "2") == ()
    answer: dict[str, Answer] = {STOP.client_id: view(STOP)}
    assert difference((amended,), (held("2"),), (view(STOP),), "2", answer) == ()
    done = replace(ours, status=Status.FILLED, filled=D(2), updated=TIME)
    assert difference((done,), (held("2", updated=TIME),), (view(done, filled="1"),)) == ()
    # What is as old as fewer fills says nothing of the quantity; nor does what shows only the part that rests.
    fewer = replace(view(ours, filled="0"), quantity=D(1))
    assert difference((ours,), (held("1", updated=TIME),), (fewer,)) == ()


def test_what_is_to_be_canceled_is_canceled() -> None:
    wanted = replace(STOP, cancel_requested=True)
    assert difference((wanted,), (held("2"),), (view(STOP),), "2") == (CancelAtVenue(wanted, view(STOP)),)
    final = replace(STOP, status=Status.CANCELED)
    local = Local({}, ())
    assert to_load(local, Snapshot(TIME, (view(STOP),), (), None)) == (STOP.client_id,)
    assert difference((final,), (), (view(STOP),)) == (CancelAtVenue(final, view(STOP)),)
    # Also what rests of one that has been filled, as an earlier revision does that nobody canceled.
    filled = replace(STOP, status=Status.FILLED, filled=STOP.quantity, updated=TIME - 1)
    assert difference((filled,), (), (view(STOP),)) == (CancelAtVenue(filled, view(STOP)),)


def test_terms_that_the_venue_works_with() -> None:
    theirs = replace(view(STOP), stop_price=D(4998), quantity=D(1))
    assert difference((STOP,), (held("2"),), (theirs,), "2") == (
        Terms(STOP.client_id, quantity=D(1), stop_price=D(4998)),
    )
    moving = replace(STOP, type=OrderType.TRAILING_STOP)
    assert difference((moving,), (held("2"),), (replace(theirs, quantity=D(2)),), "2") == ()


def test_venues_that_know_orders_by_their_own_ids() -> None:
    nameless = replace(view(STOP), client_id="")
    assert difference((STOP,), (held("2"),), (nameless,), "2") == ()


def test_an_order_with_nothing_left_ends() -> None:
    ours = replace(STOP, status=Status.PARTIALLY_FILLED, filled=STOP.quantity)
    (ended,) = difference((ours,), (), found={STOP.client_id: view(STOP, Status.FILLED, str(STOP.quantity))})
    assert isinstance(ended, Advance) and ended.event is Event.COMPLETE


# --- positions ------------------------------------------------------------------------------


def test_where_positions_differ_orders_that_are_shown_are_asked_for_too() -> None:
    """The venue may show what rests of an order, and not what was filled of it."""
    snapshot = Snapshot(TIME, (view(STOP),), (), None)
    orders, away = {STOP.client_id: STOP}, {ES.symbol: D(-2)}
    assert to_ask(Local(orders, (held("2"),)), snapshot) == ()
    assert to_ask(Local(orders, (held("2"),), differences=away), snapshot) == (STOP,)
    # Without an answer nothing is known of the position either.
    in_vain = {STOP.client_id: Unanswered("busy")}
    actions = difference((STOP,), (held("2"),), (view(STOP),), found=in_vain, differences=away)
    assert actions == (AskAgain(STOP.client_id, "busy"),)
    fill = Fill(STOP.client_id, "t9", ES.symbol, STOP.side, STOP.quantity, D(4990), TIME - 5)
    full = view(STOP, Status.FILLED, str(STOP.quantity), fills=(fill,))
    actions = difference((STOP,), (held("2"),), (view(STOP),), found={STOP.client_id: full}, differences=away)
    assert actions == (ApplyFill(fill),)


def test_a_difference_is_told_and_confirmed_by_the_next_look() -> None:
    assert difference(positions=(held("2"),), holds="3") == (Mismatch(ES.symbol, D(2), D(3), False),)
    again = difference(positions=(held("2"),), holds="3", differences={ES.symbol: D(1)})
    assert again == (Mismatch(ES.symbol, D(2), D(3), True),)
    # Deployments may hold against each other.
    assert difference(positions=(held("2"), held("-2", "other"))) == ()
    assert difference(positions=(held("2"),)) == (Mismatch(ES.symbol, D(2), D(0), False),)


def test_a_position_that_just_moved_is_looked_at_later() -> None:
    assert difference(positions=(held("2", updated=TIME),), holds="1") == ()
    fill = fill_of(ENTRY, "2", "5001", "2", time=TIME)
    done = view(ENTRY, Status.FILLED, "2", fills=(fill,))
    assert ApplyFill(fill) in difference((ENTRY,), found={ENTRY.client_id: done})
    assert not [a for a in difference((ENTRY,), found={ENTRY.client_id: done}) if isinstance(a, Mismatch)]


def test_what_was_held_before_is_tagged() -> None:
    assert difference(holds="-3", is_new=True) == (TagForeign(ES.symbol, D(-3), D(5001)),)
    assert difference(positions=(held("-3", FOREIGN),), holds="-3") == ()
    wanted = frozenset({(FOREIGN, ES.symbol)})
    assert difference(positions=(held("-3", FOREIGN),), holds="-3", stops_wanted=wanted) == ()


# --- protection -----------------------------------------------------------------------------

WANTED = frozenset({("demo", ES.symbol)})


def test_a_position_without_its_stop() -> None:
    assert difference(positions=(held("2"),), holds="2", stops_wanted=WANTED) == (Protect("demo", ES.symbol),)
    assert difference(positions=(held("2"),), holds="2") == ()
    gone: dict[str, Answer] = {STOP.client_id: view(STOP, Status.CANCELED)}
    assert difference((STOP,), (held("2"),), holds="2", found=gone, stops_wanted=WANTED) == (
        Advance(STOP.client_id, Event.CANCEL, venue_id="v-stop"),
        Protect("demo", ES.symbol),
    )
    # Not known yet, or an exit is under way: not bare.
    asked = difference((STOP,), (held("2"),), holds="2", stops_wanted=WANTED)
    assert asked == (AskAgain(STOP.client_id, "not asked yet"),)
    leaving = order(Side.SELL, "2", Role.EXIT, signal="b", status=Status.WORKING, venue_id="v2")
    assert difference((leaving,), (held("2"),), (view(leaving),), "2", stops_wanted=WANTED) == ()
    # The stop of the other side is none.
    short = held("-2")
    assert Protect("demo", ES.symbol) in difference((STOP,), (short,), (view(STOP),), "-2", stops_wanted=WANTED)


def test_protection_left_over() -> None:
    assert difference((STOP,), (), (view(STOP),)) == (CancelLeftover(STOP),)
    assert difference((STOP,), (held("-2"),), (view(STOP),), "-2") == (CancelLeftover(STOP),)
    # Its entry may still fill.
    entry = replace(ENTRY, status=Status.WORKING, venue_id="v1")
    assert difference((entry, STOP), (), (view(entry), view(STOP))) == ()
    # The entry turns out to have ended unfilled.
    gone: dict[str, Answer] = {entry.client_id: view(entry, Status.CANCELED)}
    assert difference((entry, STOP), (), (view(STOP),), found=gone)[-1] == CancelLeftover(STOP)
    # The stop was hit: the target is left over, and the position is flat at the venue.
    target = order(Side.SELL, "2", Role.TARGET, type=OrderType.LIMIT, limit_price=D(5010), status=Status.WORKING)
    target = replace(target, venue_id="v3", submitted=1)
    hit = view(STOP, Status.FILLED, "2", fills=(fill_of(STOP, "9", "4995"),))
    actions = difference((STOP, target), (held("2"),), (view(target),), found={STOP.client_id: hit})
    assert actions == (ApplyFill(fill_of(STOP, "9", "4995")), CancelLeftover(target))


def test_strangers() -> None:
    theirs = VenueOrder("web_1", "f1", ES.symbol, Status.WORKING, D(1), D(0))
    assert difference(shows=(theirs,)) == (Foreign(theirs),)
    assert difference(shows=(theirs,), told=frozenset({"f1"})) == ()
    # It may be the one that we do not know about yet.
    assert difference((ENTRY,), shows=(theirs,)) == (AskAgain(ENTRY.client_id, "not asked yet"),)
