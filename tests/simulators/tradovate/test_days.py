"""What time does: sessions, expiries of orders and contracts, trade dates, maintenance, money over days."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.simulators.tradovate.client import Rest
from tests.simulators.tradovate.venue import ACCOUNT, SetClock, Venue, order

pytestmark = pytest.mark.anyio


def at(text: str) -> int:
    """Unix ms of a time in UTC; Chicago is six hours behind in winter."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


async def place(rest: Rest, *args: Any, **more: Any) -> int:
    return int((await rest.post("order/placeorder", order(*args, **more)))["orderId"])


async def status(rest: Rest, id: int) -> str:
    return str((await rest.get("order/item", id=id))["ordStatus"])


async def money(rest: Rest) -> dict[str, Any]:
    return dict(await rest.post("cashBalance/getcashbalancesnapshot", {"accountId": ACCOUNT}))


# --- orders ---------------------------------------------------------------------------


async def test_day_orders_end_with_their_session(venue: Venue) -> None:
    rest, socket = await venue.both()
    day = await place(rest, "Buy", "Limit", price=5990)
    lasting = await place(rest, "Buy", "Limit", price=5990, timeInForce="GTC")
    dated = await place(rest, "Buy", "Limit", price=5990, timeInForce="GTD", expireTime="2026-11-23T18:00:00Z")
    venue.clock.at = at("2026-11-23T18:00:00")
    await socket.status(dated, "Expired")
    await rest.log_in()
    assert await status(rest, day) == "Working"
    venue.clock.at = at("2026-11-23T22:00:00")  # 16:00 in Chicago
    await rest.log_in()
    assert (await status(rest, day), await status(rest, lasting)) == ("Expired", "Working")
    (command,) = await rest.get("command/deps", masterid=day)
    assert (await rest.get("executionReport/deps", masterid=command["id"]))[-1]["execType"] == "Expired"


async def test_a_changed_order_is_for_the_day_of_its_change(venue: Venue) -> None:
    rest = await venue.rest()
    id = await place(rest, "Buy", "Limit", price=5990, timeInForce="GTC")
    venue.clock.at = at("2026-11-25T16:00:00")
    await rest.log_in()
    changed = {"orderId": id, "orderQty": 1, "orderType": "Limit", "price": 5991}  # no timeInForce: a day order
    await rest.post("order/modifyorder", changed)
    assert await status(rest, id) == "Working"
    venue.clock.at = at("2026-11-25T22:00:00")
    await rest.log_in()
    assert await status(rest, id) == "Expired"


async def test_sessions_end_early_before_holidays() -> None:
    clock = SetClock(at("2026-11-26T15:00:00"))  # Thanksgiving, until noon in Chicago
    async with Venue(clock=clock) as venue:
        rest = await venue.rest()
        id = await place(rest, "Buy", "Limit", price=5990)
        clock.at = at("2026-11-26T17:59:00")
        rest = await venue.rest()
        assert await status(rest, id) == "Working"
        clock.at = at("2026-11-26T18:00:00")
        assert await status(rest, id) == "Expired"


async def test_brackets_that_last_a_day_expire_too(venue: Venue) -> None:
    rest = await venue.rest()
    stop = {"action": "Sell", "orderType": "Stop", "stopPrice": 5990}
    placed = await rest.post("order/placeoso", order() | {"bracket1": stop, "bracket2": stop | {"timeInForce": "GTC"}})
    venue.clock.at = at("2026-11-24T00:00:00")
    await rest.log_in()
    assert (await status(rest, placed["oso1Id"]), await status(rest, placed["oso2Id"])) == ("Expired", "Working")


async def test_day_orders_may_be_let_be() -> None:
    async with Venue(day_orders_expire=False) as venue:
        rest = await venue.rest()
        id = await place(rest, "Buy", "Limit", price=5990)
        venue.clock.at = at("2026-11-25T16:00:00")
        rest = await venue.rest()
        assert await status(rest, id) == "Working"


async def test_outside_hours_orders_are_refused_or_wait() -> None:
    clock = SetClock(at("2026-11-23T21:50:00"))  # ten minutes before the close
    async with Venue(clock=clock, hours=True) as venue:
        rest = await venue.rest()
        open_before = await place(rest, "Buy", "Limit", price=5990, timeInForce="GTC")
        clock.at = at("2026-11-23T22:10:00")
        for asked in (order(), order("Buy", "Limit", price=5990)):
            assert (await rest.post("order/placeorder", asked))["failureReason"] == "SessionClosed"
        waiting = await place(rest, "Buy", "Limit", price=5995, timeInForce="GTC")
        assert [await status(rest, id) for id in (open_before, waiting)] == ["Suspended", "Suspended"]
        clock.at = at("2026-11-23T23:00:00")
        assert [await status(rest, id) for id in (open_before, waiting)] == ["Working", "Working"]
        venue.walk("5992")
        assert [await status(rest, id) for id in (open_before, waiting)] == ["Working", "Filled"]


async def test_maintenance_takes_the_venue_down() -> None:
    clock = SetClock(at("2026-11-23T21:50:00"))
    async with Venue(clock=clock, maintenance=True, token_life=10**6) as venue:
        rest, socket = await venue.both()
        clock.at = at("2026-11-23T22:30:00")
        assert (await rest.answer("GET", "account/list")).status_code == 503
        await socket.until(lambda: socket.gone, "end")
        assert socket.events[-1]["d"]["reasonCode"] == "Maintenance"
        clock.at = at("2026-11-23T23:00:00")
        assert await rest.get("account/list")


# --- contracts ------------------------------------------------------------------------


async def test_a_contract_ends_and_is_settled() -> None:
    clock = SetClock(at("2026-12-18T14:00:00"))
    async with Venue(clock=clock) as venue:
        rest = await venue.rest()
        await place(rest)
        resting = await place(rest, "Sell", "Limit", price=6100, timeInForce="GTC")
        venue.jump("6010")
        clock.at = at("2026-12-18T14:30:00")
        assert await status(rest, resting) == "Expired"
        assert [p["netPos"] for p in await rest.get("position/list")] == [0]
        assert (await money(rest))["totalCashValue"] == 50_500
        assert (await rest.post("order/placeorder", order()))["failureReason"] == "InvalidContract"


async def test_before_notice_of_delivery_positions_can_only_be_closed() -> None:
    clock = SetClock(at("2026-11-27T15:00:00"))  # the business day before first notice of the December contract
    async with Venue(clock=clock) as venue:
        rest = await venue.rest()
        venue.market.move("COMEX:MGCZ2026", Decimal(4000), clock.now())
        refusal = await rest.post("order/placeorder", order() | {"symbol": "MGCZ6"})
        assert refusal["failureReason"] == "LiquidationOnlyBeforeExpiration"


# --- money ----------------------------------------------------------------------------


async def test_profits_fees_and_equity() -> None:
    async with Venue(commission=Decimal("0.35"), exchange_fee=Decimal("1.38")) as venue:
        rest, socket = await venue.both()
        first = await place(rest, quantity=2)
        venue.jump("6010")
        found = await money(rest)
        assert found["totalCashValue"] == Decimal("49996.54") and found["openPnL"] == 1000
        assert found["netLiq"] == Decimal("50996.54") and found["initialMargin"] == 5000
        assert found["fullInitialMargin"] == 50_000
        await place(rest, "Sell", quantity=3)
        found = await money(rest)
        assert (found["realizedPnL"], found["openPnL"]) == (1000, 0)
        (position,) = await rest.get("position/list")
        assert (position["netPos"], position["netPrice"]) == (-1, 6010)
        assert (position["bought"], position["boughtValue"], position["sold"]) == (2, 12000, 3)
        fee = await rest.get("fillFee/item", id=(await rest.get("fill/deps", masterid=first))[0]["id"])
        assert (fee["commission"], fee["exchangeFee"]) == (Decimal("0.7"), Decimal("2.76"))
        assert sum(p["qty"] for p in await rest.get("fillPair/list")) == 2
        await socket.until(lambda: any(b["realizedPnL"] == 1000 for b in socket.props("cashBalance")))


async def test_a_new_trade_date_begins_at_17_in_chicago(venue: Venue) -> None:
    rest = await venue.rest()
    await place(rest, quantity=1)
    venue.jump("6010")
    await place(rest, "Sell", quantity=2)
    venue.clock.at = at("2026-11-23T22:59:00")
    await rest.log_in()
    assert (await money(rest))["realizedPnL"] == 500
    venue.clock.at = at("2026-11-23T23:00:00")
    found = await money(rest)
    assert (found["realizedPnL"], found["weekRealizedPnL"], found["totalCashValueSOD"]) == (0, 500, 50_500)
    (position,) = await rest.get("position/list")
    assert position["tradeDate"] == {"year": 2026, "month": 11, "day": 24}
    assert (position["prevPos"], position["bought"], position["netPos"]) == (-1, 0, -1)
    venue.clock.at = at("2026-11-29T23:30:00")  # Sunday evening is Monday
    rest = await venue.rest()
    found = await money(rest)
    assert found["weekRealizedPnL"] == 0
    assert (await rest.get("position/list"))[0]["tradeDate"]["day"] == 30


async def test_day_margin_ends_before_the_close(venue: Venue) -> None:
    rest = await venue.rest()
    await place(rest)
    assert (await money(rest))["initialMargin"] == 2500
    venue.clock.at = at("2026-11-23T21:45:00")
    await rest.log_in()
    assert (await money(rest))["initialMargin"] == 25_000
    refused = await place(rest, quantity=2)
    assert await status(rest, refused) == "Rejected"
