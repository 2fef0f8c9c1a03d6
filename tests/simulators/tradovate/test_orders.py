"""Orders of every type: what is refused, when they are met, at which price, and what is told of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.simulators.tradovate.client import Rest
from tests.simulators.tradovate.venue import ACCOUNT, ESZ6, Venue, order

pytestmark = pytest.mark.anyio


async def status(rest: Rest, id: int) -> str:
    return str((await rest.get("order/item", id=id))["ordStatus"])


async def fills(rest: Rest, id: int) -> list[tuple[int, Decimal]]:
    return [(f["qty"], Decimal(f["price"])) for f in await rest.get("fill/deps", masterid=id)]


async def place(rest: Rest, *args: Any, **more: Any) -> int:
    placed = await rest.post("order/placeorder", order(*args, **more))
    assert "orderId" in placed, placed
    return int(placed["orderId"])


# --- a life ---------------------------------------------------------------------------


async def test_a_market_order_is_told_of_step_by_step(venue: Venue) -> None:
    rest, socket = await venue.both()
    id = await place(rest, clOrdId="mine-1", text="note")
    await socket.status(id, "Filled")
    told = [(e["d"]["entityType"], e["d"]["eventType"]) for e in socket.events]
    first = [told.index(step) for step in (("command", "Created"), ("order", "Created"), ("orderVersion", "Created"))]
    assert first == sorted(first) and told[-1] == ("order", "Updated")
    assert [o["ordStatus"] for o in socket.props("order")] == ["PendingNew", "Working", "Filled"]
    assert [c["commandStatus"] for c in socket.props("command")] == ["Pending", "RiskPassed", "AtExecution"]
    (command,) = await rest.get("command/deps", masterid=id)
    (version,) = await rest.get("orderVersion/deps", masterid=id)
    assert command["clOrdId"] == "mine-1" and command["isAutomated"] is True and "text" not in command
    assert (version["id"], version["text"], version["orderQty"]) == (command["id"], "note", 1)
    shown = await rest.get("order/item", id=id)
    assert not {"orderQty", "price", "clOrdId", "text", "cumQty"} & set(shown)
    reports = await rest.get("executionReport/deps", masterid=command["id"])
    assert [(r["execType"], r["ordStatus"], r["cumQty"]) for r in reports] == [
        ("New", "Working", 0),
        ("Trade", "Filled", 1),
    ]
    (fill,) = await rest.get("fill/deps", masterid=id)
    assert (fill["price"], fill["qty"], fill["action"]) == (6000, 1, "Buy")
    assert fill["tradeDate"] == {"year": 2026, "month": 11, "day": 23}
    ids = [e["d"]["entity"]["id"] for e in socket.events if e["d"]["eventType"] == "Created"]
    assert all(isinstance(id, int) and id > 2**31 for id in ids)


# --- refusals -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"accountId": 1}, "UnknownReason"),
        ({"accountSpec": "DEMO2"}, "UnknownReason"),
        ({"symbol": "ABCZ6"}, "UnknownReason"),
        ({"symbol": "ESX6"}, "UnknownReason"),
        ({"symbol": "ESU6"}, "InvalidContract"),
        ({"orderType": "Limit", "price": 6000.1}, "InvalidPrice"),
        ({"orderType": "Limit", "price": 1e300}, "InvalidPrice"),
        ({"orderType": "Limit"}, "InvalidPrice"),
        ({"orderType": "Stop"}, "InvalidPrice"),
        ({"orderType": "Stop", "price": 6010}, "InvalidPrice"),
        ({"orderType": "StopLimit", "stopPrice": 6010}, "InvalidPrice"),
        ({"orderType": "QTS"}, "Unsupported"),
        ({"orderQty": 501}, "MaxOrderQtyLimitReached"),
        ({"symbol": "NQZ6"}, "NoQuote"),
    ],
)
async def test_refused_with_a_reason(venue: Venue, wrong: dict[str, Any], reason: str) -> None:
    rest = await venue.rest()
    refusal = await rest.post("order/placeorder", order() | wrong)
    assert refusal["failureReason"] == reason and refusal["failureText"] and "orderId" not in refusal
    assert await rest.get("order/list") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"accountId": None, "accountSpec": None},
        {"accountId": None},
        {"accountSpec": None},
        {"action": "Hold"},
        {"orderType": "Guess"},
        {"orderType": {}},
        {"orderQty": 0},
        {"orderQty": 1.5},
        {"timeInForce": "Week"},
        {"timeInForce": "GTD"},
        {"clOrdId": "x" * 65},
        {"symbol": None},
    ],
)
async def test_what_is_not_valid_is_a_violation(venue: Venue, wrong: dict[str, Any]) -> None:
    rest = await venue.rest()
    asked = {key: value for key, value in (order() | wrong).items() if value is not None}
    (first, *_) = (await rest.post("order/placeorder", asked))["violations"]
    assert set(first) == {"constraint", "value", "description"}
    assert await rest.get("order/list") == []


async def test_manual_orders_may_be_refused() -> None:
    async with Venue(automation_check=True) as venue:
        rest = await venue.rest()
        refusal = await rest.post("order/placeorder", order() | {"isAutomated": False})
        assert "isAutomated" in refusal["failureText"]


async def test_margin_is_missed_after_the_answer(venue: Venue) -> None:
    rest, socket = await venue.both()
    id = await place(rest, quantity=100)
    await socket.status(id, "Rejected")
    (command,) = await rest.get("command/deps", masterid=id)
    assert command["commandStatus"] == "RiskRejected"
    report = (await rest.get("commandReport/deps", masterid=command["id"]))[-1]
    assert report["commandStatus"] == "RiskRejected" and "margin" in report["text"].lower()
    assert await rest.get("position/list") == []


async def test_closing_needs_no_margin_and_opening_does(venue: Venue) -> None:
    rest = await venue.rest()
    small = {"accountSpec": "DEMO2", "accountId": ACCOUNT + 1}
    mes = await place(rest, **small)  # 2500 USD by day, 1000 USD are there
    assert await status(rest, mes) == "Rejected"
    await place(rest, quantity=20)
    assert await status(rest, await place(rest)) == "Rejected"
    assert await status(rest, await place(rest, "Sell", quantity=20)) == "Filled"


async def test_locked_accounts(venue: Venue) -> None:
    rest = await venue.rest()
    await place(rest)
    ledger = venue.simulator.state.ledger
    ledger.update("accountRiskStatus", ACCOUNT, adminAction="LiquidateOnlyModeImmediately")
    assert (await rest.post("order/placeorder", order()))["failureReason"] == "LiquidationOnly"
    await place(rest, "Sell")
    ledger.update("accountRiskStatus", ACCOUNT, adminAction="LockTradingImmediately")
    assert (await rest.post("order/placeorder", order()))["failureReason"] == "TradingLocked"
    ledger.update("account", ACCOUNT, active=False)
    assert (await rest.post("order/placeorder", order()))["failureReason"] == "AccountClosed"


# --- where orders are met -------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "kind", "prices", "moves", "filled"),
    [
        ("Buy", "Limit", {"price": 5990}, ["5995", "5985"], "5990"),
        ("Buy", "Limit", {"price": 6010}, [], "6000"),
        ("Sell", "Limit", {"price": 6010}, ["6009.75"], None),
        ("Sell", "Limit", {"price": 6010}, ["6010"], "6010"),
        ("Buy", "Stop", {"stopPrice": 6010}, ["6020"], "6010"),
        ("Sell", "Stop", {"stopPrice": 5990}, ["5990.25", "5995"], None),
        ("Sell", "Stop", {"stopPrice": 6000}, [], "6000"),
        ("Buy", "StopLimit", {"stopPrice": 6010, "price": 6012}, ["6020"], "6010"),
        ("Sell", "StopLimit", {"stopPrice": 5990, "price": 5995}, ["5980"], None),
        ("Sell", "StopLimit", {"stopPrice": 5990, "price": 5995}, ["5980", "6000"], "5995"),
        ("Buy", "MIT", {"price": 5990}, ["5980"], "5990"),
        ("Buy", "MIT", {"stopPrice": 5990}, ["5980"], "5990"),
        ("Sell", "LimitIfTouched", {"limitIfTouchedPrice": 6010, "price": 6005}, ["6020"], "6010"),
        ("Sell", "LimitIfTouched", {"limitIfTouchedPrice": 6010, "price": 6015}, ["6011", "6020"], "6015"),
        ("Sell", "TrailingStop", {"stopPrice": 5990, "pegDifference": 10}, ["6020", "6011"], None),
        ("Sell", "TrailingStop", {"stopPrice": 5990, "pegDifference": 10}, ["6020", "6000"], "6010"),
        ("Sell", "TrailingStop", {"stopPrice": 5990, "pegDifference": -10}, ["5980"], "5990"),
        ("Buy", "TrailingStop", {"pegDifference": 10}, ["5980", "6000"], "5990"),
        ("Sell", "TrailingStop", {"stopPrice": 5990}, ["6005", "5990"], "5995"),
        ("Sell", "TrailingStopLimit", {"stopPrice": 5990, "price": 5988}, ["6020", "6000"], "6010"),
    ],
)
async def test_prices_that_pass(
    venue: Venue, action: str, kind: str, prices: dict[str, float], moves: list[str], filled: str | None
) -> None:
    rest = await venue.rest()
    id = await place(rest, action, kind, **prices)
    venue.walk(*moves)
    assert await fills(rest, id) == ([] if filled is None else [(1, Decimal(filled))])
    assert await status(rest, id) == ("Working" if filled is None else "Filled")


@pytest.mark.parametrize(
    ("action", "kind", "prices", "jumps", "filled"),
    [
        ("Buy", "Limit", {"price": 5990}, ["5980"], "5980"),
        ("Buy", "Stop", {"stopPrice": 6010}, ["6020"], "6020"),
        ("Sell", "Stop", {"stopPrice": 5990}, ["5970"], "5970"),
        ("Buy", "StopLimit", {"stopPrice": 6010, "price": 6012}, ["6020"], None),
        ("Buy", "StopLimit", {"stopPrice": 6010, "price": 6012}, ["6020", "6011"], "6011"),
        ("Sell", "TrailingStop", {"stopPrice": 5990, "pegDifference": 10}, ["6030", "6005"], "6005"),
    ],
)
async def test_prices_that_jump(
    venue: Venue, action: str, kind: str, prices: dict[str, float], jumps: list[str], filled: str | None
) -> None:
    rest = await venue.rest()
    id = await place(rest, action, kind, **prices)
    for price in jumps:
        venue.jump(price)
    assert await fills(rest, id) == ([] if filled is None else [(1, Decimal(filled))])


async def test_the_nearest_is_met_first(venue: Venue) -> None:
    rest = await venue.rest()
    far, near = await place(rest, "Buy", "Stop", stopPrice=6010), await place(rest, "Sell", "Limit", price=6005)
    venue.walk("6020")
    assert [f["orderId"] for f in await rest.get("fill/list")] == [near, far]


async def test_immediate_orders_do_not_rest(venue: Venue) -> None:
    rest = await venue.rest()
    for tif in ("IOC", "FOK"):
        id = await place(rest, "Buy", "Limit", price=5990, timeInForce=tif)
        assert await status(rest, id) == "Canceled"
        assert await status(rest, await place(rest, "Buy", "Limit", price=6001, timeInForce=tif)) == "Filled"
    venue.simulator.set_parts(3)
    part = await place(rest, "Buy", "Limit", 3, price=6001, timeInForce="IOC")
    assert (await status(rest, part), await fills(rest, part)) == ("Canceled", [(1, Decimal(6000))])
    none = await place(rest, "Buy", "Limit", 3, price=6001, timeInForce="FOK")
    assert (await status(rest, none), await fills(rest, none)) == ("Canceled", [])


async def test_a_stop_beyond_the_market_may_be_refused() -> None:
    async with Venue(stops_beyond_market="reject") as venue:
        rest = await venue.rest()
        refusal = await rest.post("order/placeorder", order("Sell", "Stop", stopPrice=6005))
        assert refusal["failureReason"] == "InvalidPrice"
        await place(rest, "Sell", "Stop", stopPrice=5995)


async def test_parts_one_at_each_move(venue: Venue) -> None:
    rest = await venue.rest()
    venue.simulator.set_parts(3)
    market, limit = await place(rest, quantity=6), await place(rest, "Buy", "Limit", 3, price=5999)
    assert await status(rest, market) == "Working" and await fills(rest, market) == []
    venue.jump("6000")
    venue.jump("5998")
    assert (await status(rest, market), await fills(rest, market)) == (
        "Working",
        [(2, Decimal(6000)), (2, Decimal(5998))],
    )
    assert await fills(rest, limit) == [(1, Decimal(5998))]
    venue.jump("6001")
    assert await status(rest, market) == "Filled" and len(await fills(rest, limit)) == 1
    (position,) = await rest.get("position/list")
    assert position["netPos"] == 7


async def test_partial_fills_by_seed(venue: Venue) -> None:
    rest = await venue.rest()
    venue.fault("partial_fill", "fill Market", quantity=2)
    id = await place(rest, quantity=5)
    assert (await status(rest, id), await fills(rest, id)) == ("Working", [(2, Decimal(6000))])
    venue.fault("partial_fill", "fill Market")
    venue.jump("6001")
    assert 2 < sum(f[0] for f in await fills(rest, id)) < 5
    venue.jump("6002")
    assert await status(rest, id) == "Filled"


async def test_an_order_may_wait_for_its_time(venue: Venue) -> None:
    rest = await venue.rest()
    id = await place(rest, "Buy", "Limit", price=6010, activationTime="2026-11-23T16:30:00Z")
    assert await status(rest, id) == "Suspended"
    venue.clock.go(1800)
    assert await status(rest, id) == "Filled"


async def test_the_same_client_id_twice_is_two_orders(venue: Venue) -> None:
    rest = await venue.rest()
    first, second = await place(rest, clOrdId="same"), await place(rest, clOrdId="same")
    assert first != second
    assert [c["orderId"] for c in await rest.get("command/list") if c["clOrdId"] == "same"] == [first, second]


async def test_tags_that_are_not_registered_are_rejected_by_the_exchange() -> None:
    async with Venue(tags=("desk7",)) as venue:
        rest = await venue.rest()
        assert await status(rest, await place(rest, customTag50="desk7")) == "Filled"
        assert await status(rest, await place(rest, customTag50="mine")) == "Rejected"


# --- changes --------------------------------------------------------------------------


async def test_a_modification_replaces_everything(venue: Venue) -> None:
    rest, socket = await venue.both()
    id = await place(rest, "Buy", "Limit", 2, price=5990, timeInForce="GTC", text="first")
    change = {"orderId": id, "orderQty": 3, "orderType": "Limit", "price": 5995, "clOrdId": "second"}
    command = (await rest.post("order/modifyorder", change))["commandId"]
    await socket.status(id, "Working")
    versions = await rest.get("orderVersion/deps", masterid=id)
    assert versions[-1]["id"] == command
    assert (versions[-1]["orderQty"], versions[-1]["price"], versions[-1]["timeInForce"]) == (3, 5995, "Day")
    assert "text" not in versions[-1]
    assert [o["ordStatus"] for o in socket.props("order")] == ["PendingNew", "Working", "PendingReplace", "Working"]
    (sent,) = [c for c in await rest.get("command/deps", masterid=id) if c["id"] == command]
    assert (sent["commandType"], sent["clOrdId"]) == ("Modify", "second")
    venue.walk("5994")
    assert await fills(rest, id) == [(3, Decimal(5995))]


async def test_a_modification_to_a_price_that_is_there_fills(venue: Venue) -> None:
    rest = await venue.rest()
    id = await place(rest, "Buy", "Limit", price=5990)
    await rest.post("order/modifyorder", {"orderId": id, "orderQty": 1, "orderType": "Limit", "price": 6002})
    assert await fills(rest, id) == [(1, Decimal(6000))]


async def test_a_stop_becomes_a_limit_and_back(venue: Venue) -> None:
    rest = await venue.rest()
    id = await place(rest, "Buy", "Stop", stopPrice=6010)
    refusal = await rest.post("order/modifyorder", {"orderId": id, "orderQty": 1, "orderType": "Stop", "price": 6020})
    assert refusal["failureReason"] == "InvalidPrice"
    change = {"orderId": id, "orderQty": 1, "orderType": "Limit", "price": 5980}
    assert "commandId" in await rest.post("order/modifyorder", change)
    venue.walk("6020", "5980")
    assert await fills(rest, id) == [(1, Decimal(5980))]


async def test_of_trailing_stops_the_quantity_changes_only(venue: Venue) -> None:
    rest = await venue.rest()
    id = await place(rest, "Sell", "TrailingStop", stopPrice=5990, pegDifference=10)
    change = {"orderId": id, "orderQty": 1, "orderType": "TrailingStop", "stopPrice": 5995, "pegDifference": 5}
    refusal = await rest.post("order/modifyorder", change)
    assert refusal["failureReason"] == "TrailingStopNonOrderQtyModify"
    change |= {"orderQty": 2, "stopPrice": 5990, "pegDifference": 10}
    assert "commandId" in await rest.post("order/modifyorder", change)
    venue.walk("6020", "6009")
    assert await fills(rest, id) == [(2, Decimal(6010))]


async def test_cancel_once_and_not_what_is_over(venue: Venue) -> None:
    rest, socket = await venue.both()
    id = await place(rest, "Buy", "Limit", price=5990)
    answer = await rest.post("order/cancelorder", {"orderId": id, "isAutomated": True, "clOrdId": "bye"})
    await socket.status(id, "Canceled")
    sent = await rest.get("command/item", id=answer["commandId"])
    assert (sent["commandType"], sent["commandStatus"], sent["clOrdId"]) == ("Cancel", "AtExecution", "bye")
    filled = await place(rest)
    change = {"orderQty": 2, "orderType": "Market"}
    for over in (id, filled):
        assert (await rest.post("order/cancelorder", {"orderId": over}))["failureReason"] == "TooLate"
        assert (await rest.post("order/modifyorder", {"orderId": over, **change}))["failureReason"] == "TooLate"
    assert (await rest.post("order/cancelorder", {"orderId": 1}))["failureReason"] == "UnknownReason"


async def test_one_command_at_a_time_while_the_venue_takes_its_time() -> None:
    async with Venue(command_delay=2) as venue:
        rest, socket = await venue.both()
        id = await place(rest, "Buy", "Limit", price=5990)
        assert await status(rest, id) == "PendingNew"
        assert (await rest.post("order/cancelorder", {"orderId": id}))["failureReason"] == "AnotherCommandPending"
        await socket.status(id, "Working")
        change = {"orderId": id, "orderQty": 1, "orderType": "Limit", "price": 5980}
        assert "commandId" in await rest.post("order/modifyorder", change)
        assert (await rest.post("order/modifyorder", change))["failureReason"] == "AnotherCommandPending"
        assert await status(rest, id) == "PendingReplace"
        venue.walk("5985")  # it is filled at its old price while the change is on its way
        await socket.status(id, "Filled")
        late = (await rest.get("command/deps", masterid=id))[-1]
        assert late["commandStatus"] == "ExecutionRejected"
        report = (await rest.get("commandReport/deps", masterid=late["id"]))[-1]
        assert report["rejectReason"] == "TooLate"


# --- liquidation ----------------------------------------------------------------------


async def test_liquidation_cancels_and_closes(venue: Venue) -> None:
    rest = await venue.rest()
    await place(rest, quantity=3)
    resting = await place(rest, "Buy", "Limit", price=5990)
    answer = await rest.post("order/liquidateposition", {"accountId": ACCOUNT, "contractId": ESZ6, "admin": False})
    assert await status(rest, resting) == "Canceled"
    assert await fills(rest, answer["orderId"]) == [(3, Decimal(6000))]
    (position,) = await rest.get("position/list")
    assert position["netPos"] == 0 and "netPrice" not in position
    nothing = await rest.post("order/liquidateposition", {"accountId": ACCOUNT, "contractId": ESZ6, "admin": False})
    assert "orderId" not in nothing
    assert "violations" in await rest.post("order/liquidateposition", {"accountId": ACCOUNT, "contractId": ESZ6})


async def test_liquidation_of_several(venue: Venue) -> None:
    rest = await venue.rest()
    await place(rest, "Sell", quantity=2)
    (position,) = await rest.get("position/list")
    assert await rest.post("order/liquidatepositions", {"positions": [position["id"]], "admin": False}) == {"ok": True}
    assert (await rest.get("position/item", id=position["id"]))["netPos"] == 0
    assert (await rest.post("order/liquidatepositions", {"positions": [1], "admin": False}))["ok"] is False
