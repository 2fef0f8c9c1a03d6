"""What the second line does about a position."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from pinery.trading.broker import Quote
from pinery.trading.contracts import Contract
from pinery.trading.deployments import Bracket, Deployment, Distance, Unit
from pinery.trading.monitor.protection import Wanted
from pinery.trading.monitor.watch import (
    AmendOrder,
    CancelOrder,
    ClosePosition,
    PlaceStop,
    WatchAction,
    watch,
)
from pinery.trading.orders.model import Amendment, Order, OrderType, Role, Side, Status
from pinery.trading.positions.book import apply_fill, flat, observe
from pinery.trading.positions.model import Position
from tests.trading.monitor.test_holding import at
from tests.trading.positions.making import ES, ETH, fill_of, order

D = Decimal
OPENED = at("2026-11-23 15:00:00")  # a Monday, CME open
SOON = OPENED + 30_000
FIVE = Wanted(stop=Distance(Unit.POINTS, D(5)))
TRAIL = Wanted(trail=Distance(Unit.POINTS, D(4)))


def held(quantity: str = "2", price: str = "5000", contract: Contract = ES, timeframe: str = "15") -> Position:
    side = Side.BUY if D(quantity) > 0 else Side.SELL
    sent = order(side, abs(D(quantity)), contract=contract)
    fill = fill_of(sent, "1", price, time=OPENED)
    position = flat("demo", "paper", contract.symbol)
    return apply_fill(position, sent, fill, contract.point_value, OPENED, timeframe=timeframe)[0]


def resting(quantity: str = "2", side: Side = Side.SELL, price: str = "4995", **more: Any) -> Order:
    defaults: dict[str, Any] = {
        "status": Status.WORKING,
        "type": OrderType.STOP,
        "stop_price": D(price),
        "parent": "pn-aaaaaaaaaaaaa-e0",
        "created": OPENED,
        "updated": OPENED,
    }
    return order(side, quantity, more.pop("role", Role.STOP), **{**defaults, **more})


def target(quantity: str = "2", **more: Any) -> Order:
    return resting(quantity, role=Role.TARGET, type=OrderType.LIMIT, stop_price=None, limit_price=D(5010), **more)


def look(
    position: Position,
    orders: list[Order],
    wanted: Wanted = FIVE,
    price: str | None = None,
    now: int = SOON,
    contract: Contract = ES,
    flat_by: int | None = None,
    entry_timeout: int | None = 300,
    known_since: int | None = None,
    **bracket: Any,
) -> tuple[WatchAction, ...]:
    deployment = Deployment(
        "demo", "paper", contract.symbol, timeframe="60", bracket=Bracket(**bracket), entry_timeout=entry_timeout
    )
    quote = None if price is None else Quote(contract.symbol, D(price), now, "feed")
    return watch(position, orders, deployment, contract, wanted, quote, now, flat_by=flat_by, known_since=known_since)


def close(reason: str) -> ClosePosition:
    return ClosePosition("demo", ES.symbol, reason)


def test_nothing_to_do() -> None:
    assert look(held(), [resting(), target()], price="5003") == ()
    assert look(flat("demo", "paper", ES.symbol), []) == ()
    assert look(held(), [], Wanted()) == ()


# --- time -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bracket", "flat_by", "now", "reason"),
    [
        ({"max_minutes": 10}, None, OPENED + 599_999, None),
        ({"max_minutes": 10}, None, OPENED + 600_000, "max_minutes"),
        ({"max_bars": 2}, None, OPENED + 29 * 60_000, None),
        ({"max_bars": 2}, None, OPENED + 30 * 60_000, "max_bars"),
        ({"flat_at_session_end": True}, OPENED + 1000, OPENED + 999, None),
        ({"flat_at_session_end": True}, OPENED + 1000, OPENED + 1000, "session_end"),
        ({"flat_at_session_end": False}, OPENED + 1000, OPENED + 1000, None),
        # The exchange is closed from 22:00 to 23:00: nothing can be done until it opens.
        ({"max_minutes": 10}, None, at("2026-11-23 22:30:00"), None),
        ({"max_minutes": 10}, None, at("2026-11-23 23:00:00"), "max_minutes"),
    ],
)
def test_held_too_long(bracket: dict[str, Any], flat_by: int | None, now: int, reason: str | None) -> None:
    expected = () if reason is None else (close(reason),)
    assert look(held(), [resting()], now=now, flat_by=flat_by, **bracket) == expected


def test_a_senders_own_timeframe_gives_way_to_the_deployments() -> None:
    odd = held(timeframe="fast")
    assert look(odd, [resting()], now=OPENED + 59 * 60_000, max_bars=1) == ()
    assert look(odd, [resting()], now=OPENED + 60 * 60_000, max_bars=1) == (close("max_bars"),)


def test_closing_takes_resting_entries_along_and_is_not_repeated() -> None:
    late = OPENED + 601_000
    add = order(Side.BUY, "1", type=OrderType.LIMIT, signal="b", status=Status.WORKING, created=late, acknowledged=late)
    assert look(held(), [resting(), add], now=late, max_minutes=10) == (
        CancelOrder(add.client_id, "max_minutes"),
        close("max_minutes"),
    )
    for under_way in (
        order(Side.SELL, "2", Role.EXIT, signal="c", status=Status.SUBMITTED),
        order(Side.SELL, "4", Role.ENTRY, signal="c", status=Status.WORKING, closes=D(2)),
    ):
        assert look(held(), [resting(), under_way], now=late, max_minutes=10) == ()


def test_limit_entries_expire() -> None:
    entry = order(type=OrderType.LIMIT, status=Status.WORKING, created=OPENED - 5000, acknowledged=OPENED)
    empty = flat("demo", "paper", ES.symbol)
    assert look(empty, [entry], now=OPENED + 299_999) == ()
    assert look(empty, [entry], now=OPENED + 300_000) == (CancelOrder(entry.client_id, "entry_timeout"),)
    assert look(empty, [replace(entry, cancel_requested=True)], now=OPENED + 400_000) == ()
    assert look(empty, [replace(entry, type=OrderType.MARKET)], now=OPENED + 400_000) == ()
    assert look(empty, [entry], now=OPENED + 400_000, entry_timeout=None) == ()


# --- a stop that is missing ---------------------------------------------------------------


def test_a_missing_stop_is_placed_for_all_that_is_held() -> None:
    assert look(held("2"), [target()], price="5001") == (PlaceStop("demo", ES.symbol, Side.SELL, D(2), D(4995)),)
    assert look(held("-3"), []) == (PlaceStop("demo", ES.symbol, Side.BUY, D(3), D(5005)),)
    # One that trails starts from the best price seen.
    assert look(observe(held(), D(5010)), [], TRAIL) == (PlaceStop("demo", ES.symbol, Side.SELL, D(2), D(5006), D(4)),)


def test_beyond_the_price_of_its_stop_a_position_is_closed() -> None:
    assert look(held(), [], price="4995") == (close("stop"),)
    assert look(held("-2"), [], price="5005.25") == (close("stop"),)
    assert look(observe(held(), D(5010)), [], TRAIL, price="5006") == (close("stop"),)


@pytest.mark.parametrize("status", [Status.SUBMITTED, Status.UNKNOWN, Status.WORKING])
def test_a_stop_under_way_is_waited_for(status: Status) -> None:
    assert look(held(), [resting(status=status)], now=OPENED + 60_000) == ()


def test_a_stop_that_cannot_be_placed_means_out() -> None:
    refused = resting(status=Status.REJECTED)
    assert look(held(), [refused]) == (close("unprotected"),)
    assert look(held(), [refused, resting(number=1)]) == ()
    not_sent = resting(status=Status.PENDING)
    assert look(held(), [not_sent], now=OPENED + 9_000) == ()
    assert look(held(), [not_sent], now=OPENED + 10_000) == (close("unprotected"),)
    # The time of its opening is the venue's: its clock may differ by any amount.
    for heard in (OPENED - 3_600_000, OPENED + 3_600_000):
        not_sent = resting(status=Status.PENDING, created=heard - 50)
        assert look(held(), [not_sent], now=heard + 9_000, known_since=heard) == ()
        assert look(held(), [not_sent], now=heard + 10_000, known_since=heard) == (close("unprotected"),)
    # The stop in place of one that ended later has its time, too.
    not_sent = resting(status=Status.PENDING, created=OPENED + 60_000)
    assert look(held(), [not_sent], now=OPENED + 69_000) == ()
    assert look(held(), [not_sent], now=OPENED + 70_000) == (close("unprotected"),)
    # That of an entry which has not filled is none for this position, and waits with it.
    add = order(Side.BUY, "1", type=OrderType.LIMIT, signal="b", status=Status.WORKING, acknowledged=OPENED)
    waiting = resting("1", status=Status.PENDING, parent=add.client_id, signal="b")
    assert look(held(), [resting(), add, waiting], now=OPENED + 10_000) == ()
    assert [type(action) for action in look(held(), [add, waiting], now=OPENED + 10_000)] == [PlaceStop]


# --- protection of another size -------------------------------------------------------------


def amended(order: Order, quantity: str) -> AmendOrder:
    return AmendOrder(Amendment(order.client_id, order.revision + 1, quantity=D(quantity)), "size")


def test_protection_follows_the_size_of_the_position() -> None:
    stop = resting("3", revision=2)
    assert look(held("2"), [stop, target()]) == (amended(stop, "2"),)
    assert look(held("5"), [stop, target("5")]) == (amended(stop, "5"),)
    # What its own fills took is not counted again: 1 of 4 done, 2 held, 3 still protect.
    partly = resting("4", status=Status.PARTIALLY_FILLED, filled=D(1))
    assert look(held("2"), [partly]) == (amended(partly, "3"),)
    half = target("2", filled=D(1), status=Status.PARTIALLY_FILLED)
    assert look(held("1"), [resting("2"), half]) == (amended(resting("2"), "1"),)


def test_the_newest_of_several_stops_gives_way() -> None:
    first, second = resting("2"), resting("1", number=1, created=OPENED + 1)
    assert look(held("3"), [first, second]) == ()
    assert look(held("2"), [second, first]) == (CancelOrder(second.client_id, "size"),)
    assert look(held("1"), [first, second]) == (CancelOrder(second.client_id, "size"), amended(first, "1"))


def test_what_an_entry_may_still_fill_is_protected_in_advance() -> None:
    entry = order(Side.BUY, "5", type=OrderType.LIMIT, status=Status.PARTIALLY_FILLED, filled=D(2), acknowledged=SOON)
    assert look(held("2"), [entry, resting("5"), target("5")]) == ()
    assert look(held("2"), [entry, resting("6")]) == (amended(resting("6"), "5"),)


def test_sizes_wait_for_what_is_under_way() -> None:
    assert look(held("2"), [resting("3", cancel_requested=True)]) == ()
    assert look(held("2"), [resting("3", status=Status.UNKNOWN)]) == ()


def test_protection_without_a_position_is_canceled() -> None:
    empty = flat("demo", "paper", ES.symbol)
    stop, entry = resting(), order(type=OrderType.LIMIT, status=Status.WORKING, acknowledged=SOON)
    assert look(empty, [stop, target()]) == (
        CancelOrder(stop.client_id, "flat"),
        CancelOrder(target().client_id, "flat"),
    )
    assert look(empty, [stop, entry]) == ()  # it comes with its entry
    assert look(empty, [replace(stop, cancel_requested=True)]) == ()
    # After a reversal the old stop would add to the new position.
    assert look(held("-2"), [resting("2", Side.SELL), resting("2", Side.BUY, "5005", number=1)]) == (
        CancelOrder(stop.client_id, "flat"),
    )


# --- trailing -------------------------------------------------------------------------------


def trailed(stop: Order, price: str) -> AmendOrder:
    return AmendOrder(Amendment(stop.client_id, stop.revision + 1, stop_price=D(price)), "trail")


def test_a_stop_follows_the_best_price_towards_profit_only() -> None:
    stop = resting(price="4996", trail_offset=D(4))
    assert look(held(), [stop], TRAIL, price="5000.10") == ()  # less than a tick
    assert look(held(), [stop], TRAIL, price="5000.25") == (trailed(stop, "4996.25"),)
    assert look(observe(held(), D(5010)), [stop], TRAIL, price="5007") == (trailed(stop, "5006"),)
    moved = replace(stop, stop_price=D(5006), revision=1)
    assert look(observe(held(), D(5010)), [moved], TRAIL, price="5007") == ()
    assert look(observe(held(), D(5010)), [moved], TRAIL, price="5012") == (trailed(moved, "5008"),)
    short = resting("2", Side.BUY, "5004", trail_offset=D(4))
    assert look(held("-2"), [short], TRAIL, price="4990") == (trailed(short, "4994"),)


def test_a_fixed_stop_that_is_closer_stays() -> None:
    both = Wanted(stop=Distance(Unit.POINTS, D(2)), trail=Distance(Unit.POINTS, D(4)))
    stop = resting(price="4998", trail_offset=D(4))
    assert look(held(), [stop], both, price="5002") == ()
    assert look(held(), [stop], both, price="5002.25") == (trailed(stop, "4998.25"),)


def test_where_the_price_came_back_before_the_stop_could_follow() -> None:
    stop = resting(price="4996", trail_offset=D(4))
    assert look(observe(held(), D(5010)), [stop], TRAIL, price="5005") == (close("trail"),)


def test_what_the_broker_trails_is_left_to_it() -> None:
    stop = resting(price="4996", trail_offset=D(4), type=OrderType.TRAILING_STOP)
    assert look(held(), [stop], TRAIL, price="5020") == ()


def test_one_amendment_of_an_order_at_a_time() -> None:
    stop = resting("3", price="4996", trail_offset=D(4))
    assert look(held(), [stop], TRAIL, price="5020") == (amended(stop, "2"),)


def test_fractions_of_a_coin() -> None:
    position = held("0.120", "3000.10", ETH)
    one_percent = Wanted(stop=Distance(Unit.PERCENT, D(1)))
    assert look(position, [], one_percent, contract=ETH) == (
        PlaceStop("demo", ETH.symbol, Side.SELL, D("0.120"), D("2970.10")),
    )
