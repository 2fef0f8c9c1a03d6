"""Conditional orders: their triggers, their states, their children, and what they refuse."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.simulators.binance.harness import Venue, run

ANSWER = {
    "algoId",
    "clientAlgoId",
    "algoType",
    "orderType",
    "symbol",
    "side",
    "positionSide",
    "timeInForce",
    "quantity",
    "algoStatus",
    "triggerPrice",
    "price",
    "icebergQuantity",
    "selfTradePreventionMode",
    "workingType",
    "priceMatch",
    "closePosition",
    "priceProtect",
    "reduceOnly",
    "activatePrice",
    "callbackRate",
    "createTime",
    "updateTime",
    "triggerTime",
    "goodTillDate",
}


def test_a_stop_becomes_an_order_of_its_own_with_the_same_client_id() -> None:
    async def scenario(v: Venue) -> None:
        await v.order("BUY", "0.3")
        stop = {"quantity": "0.3", "triggerPrice": "1950", "reduceOnly": "true", "clientAlgoId": "x1-sl"}
        placed = await v.algo("SELL", "STOP_MARKET", **stop)
        assert set(placed) == ANSWER and placed["algoStatus"] == "NEW"
        assert await v.code(v.find(placed["algoId"])) == -2013
        v.move("1950.01")
        assert (await v.find_algo(placed["algoId"]))["algoStatus"] == "NEW"
        v.move("1949")
        found = await v.call("GET", "/fapi/v1/algoOrder", clientAlgoId="x1-sl")
        assert found["algoStatus"] == "FINISHED"
        assert (found["actualPrice"], found["actualQty"], found["actualType"]) == ("1949", "0.3", "MARKET")
        child = await v.find(found["actualOrderId"])
        assert (child["clientOrderId"], child["status"], child["origType"]) == ("x1-sl", "FILLED", "STOP_MARKET")
        assert await v.position() == 0

    run(scenario)


@pytest.mark.parametrize(
    ("side", "type", "trigger", "reached"),
    [
        ("BUY", "STOP_MARKET", "2010", "2010"),
        ("SELL", "STOP_MARKET", "1990", "1990"),
        ("BUY", "TAKE_PROFIT_MARKET", "1990", "1990"),
        ("SELL", "TAKE_PROFIT_MARKET", "2010", "2010"),
    ],
)
def test_triggers(side: str, type: str, trigger: str, reached: str) -> None:
    async def scenario(v: Venue) -> None:
        placed = await v.algo(side, type, quantity="0.1", triggerPrice=trigger)
        v.move("2000.5")
        v.move("1999.5")
        assert (await v.find_algo(placed["algoId"]))["algoStatus"] == "NEW"
        v.move(reached)
        assert (await v.find_algo(placed["algoId"]))["algoStatus"] == "FINISHED"

    run(scenario)


def test_a_stop_that_would_trigger_at_once_is_refused() -> None:
    async def scenario(v: Venue) -> None:
        for side, type, trigger in (
            ("BUY", "STOP_MARKET", "2000"),
            ("SELL", "STOP_MARKET", "2001"),
            ("BUY", "TAKE_PROFIT_MARKET", "2000"),
            ("SELL", "TAKE_PROFIT_MARKET", "1999"),
        ):
            assert await v.code(v.algo(side, type, quantity="0.1", triggerPrice=trigger)) == -2021
        trailing = {"quantity": "0.1", "callbackRate": "1", "activatePrice": "1990"}
        assert await v.code(v.algo("SELL", "TRAILING_STOP_MARKET", **trailing)) == -2021

    run(scenario)


def test_a_triggered_limit_order_waits_for_its_own_price() -> None:
    async def scenario(v: Venue) -> None:
        placed = await v.algo("BUY", "STOP", quantity="0.1", triggerPrice="2010", price="2005")
        v.move("2012")
        found = await v.find_algo(placed["algoId"])
        assert found["algoStatus"] == "TRIGGERED"
        child = await v.find(found["actualOrderId"])
        assert (child["status"], child["type"], child["price"]) == ("NEW", "LIMIT", "2005")
        v.move("2005")
        assert (await v.find_algo(placed["algoId"]))["algoStatus"] == "FINISHED"

    run(scenario)


def test_a_trailing_stop_follows_the_price_once_it_is_active() -> None:
    async def scenario(v: Venue) -> None:
        await v.order("BUY", "0.1")
        trailing = {"quantity": "0.1", "callbackRate": "1", "activatePrice": "2020", "reduceOnly": "true"}
        placed = await v.algo("SELL", "TRAILING_STOP_MARKET", **trailing)
        v.move("1950")  # not active: nothing happens
        v.move("2020")
        v.move("2100")
        v.move("2079.5")
        assert (await v.find_algo(placed["algoId"]))["algoStatus"] == "NEW"
        v.move("2000", jumps=False)
        found = await v.find_algo(placed["algoId"])
        assert (found["algoStatus"], found["actualPrice"]) == ("FINISHED", "2079")  # one percent below 2100

    run(scenario)


def test_a_trailing_buy_mirrors_it() -> None:
    async def scenario(v: Venue) -> None:
        placed = await v.algo("BUY", "TRAILING_STOP_MARKET", quantity="0.1", callbackRate="2")
        v.move("1900", jumps=False)
        v.move("1937")
        assert (await v.find_algo(placed["algoId"]))["algoStatus"] == "NEW"
        v.move("1950", jumps=False)
        assert (await v.find_algo(placed["algoId"]))["actualPrice"] == "1938"

    run(scenario)


def test_mark_price_triggers_only_by_the_mark_price() -> None:
    async def scenario(v: Venue) -> None:
        stop = {"quantity": "0.1", "triggerPrice": "1990", "workingType": "MARK_PRICE"}
        v.simulator.exchange.set_mark("ETHUSDT", Decimal(2000))
        placed = await v.algo("SELL", "STOP_MARKET", **stop)
        v.move("1980")
        assert (await v.find_algo(placed["algoId"]))["algoStatus"] == "NEW"
        v.simulator.exchange.set_mark("ETHUSDT", Decimal(1989))
        found = await v.find_algo(placed["algoId"])
        assert (found["algoStatus"], found["actualPrice"]) == ("FINISHED", "1980")

    run(scenario)


def test_without_a_mark_price_of_its_own_it_is_the_last_price() -> None:
    async def scenario(v: Venue) -> None:
        stop = {"quantity": "0.1", "triggerPrice": "1990", "workingType": "MARK_PRICE"}
        placed = await v.algo("SELL", "STOP_MARKET", **stop)
        v.move("1989")
        assert (await v.find_algo(placed["algoId"]))["algoStatus"] == "FINISHED"

    run(scenario)


def test_closing_the_position_takes_all_of_it_and_never_more() -> None:
    async def scenario(v: Venue) -> None:
        await v.order("BUY", "0.3")
        stop = await v.algo("SELL", "STOP_MARKET", closePosition="true", triggerPrice="1950")
        target = await v.algo("SELL", "TAKE_PROFIT_MARKET", closePosition="true", triggerPrice="2050")
        await v.order("BUY", "0.2")
        v.move("1950")
        assert await v.position() == 0
        assert (await v.find_algo(stop["algoId"]))["actualQty"] == "0.5"
        v.move("2050")
        assert await v.position() == 0
        assert (await v.find_algo(target["algoId"]))["algoStatus"] == "EXPIRED"

    run(scenario)


def test_a_reduce_only_stop_without_a_position_is_rejected_when_it_triggers() -> None:
    async def scenario(v: Venue) -> None:
        placed = await v.algo("SELL", "STOP_MARKET", quantity="0.1", triggerPrice="1990", reduceOnly="true")
        async with v.events() as events:
            v.move("1990")
            told = [it["o"] for it in await events.rest()]
        assert [it["X"] for it in told] == ["TRIGGERING", "REJECTED"]
        assert told[1]["rm"] == "ReduceOnly Order is rejected."
        assert (await v.find_algo(placed["algoId"]))["algoStatus"] == "REJECTED"

    run(scenario)


def test_margin_is_asked_for_only_at_the_trigger() -> None:
    async def scenario(v: Venue) -> None:
        placed = await v.algo("SELL", "STOP_MARKET", quantity="1000", triggerPrice="1990")
        v.move("1990")
        assert (await v.find_algo(placed["algoId"]))["algoStatus"] == "REJECTED"
        assert await v.position() == 0

    run(scenario)


def test_cancelling() -> None:
    async def scenario(v: Venue) -> None:
        stop = {"quantity": "0.1", "triggerPrice": "1990"}
        placed = await v.algo("SELL", "STOP_MARKET", clientAlgoId="a", **stop)
        answer = await v.call("DELETE", "/fapi/v1/algoOrder", clientAlgoId="a")
        assert answer == {"algoId": placed["algoId"], "clientAlgoId": "a", "code": "200", "msg": "success"}
        assert await v.code(v.call("DELETE", "/fapi/v1/algoOrder", clientAlgoId="a")) == -2011
        assert await v.code(v.call("DELETE", "/fapi/v1/algoOrder", algoId=1)) == -2011
        assert await v.code(v.find_algo(1)) == -2013
        v.move("1980")
        assert await v.position() == 0
        stop["triggerPrice"] = "1970"
        for _ in range(2):
            await v.algo("SELL", "STOP_MARKET", **stop)
        await v.call("DELETE", "/fapi/v1/algoOpenOrders", symbol="ETHUSDT")
        assert await v.call("GET", "/fapi/v1/openAlgoOrders") == []
        assert len(await v.call("GET", "/fapi/v1/allAlgoOrders", symbol="ETHUSDT")) == 3

    run(scenario)


REFUSED: list[tuple[str, dict[str, Any], int]] = [
    ("STOP_MARKET", {"algoType": "VP"}, -1130),
    ("LIMIT", {}, -1116),
    ("STOP_MARKET", {"triggerPrice": ""}, -1102),
    ("STOP_MARKET", {"triggerPrice": "1990.001"}, -1111),
    ("STOP_MARKET", {"quantity": ""}, -1102),
    ("STOP_MARKET", {"closePosition": "true"}, -4137),
    ("STOP_MARKET", {"closePosition": "true", "quantity": "", "reduceOnly": "true"}, -1106),
    ("STOP", {}, -1102),
    ("TRAILING_STOP_MARKET", {}, -1102),
    ("TRAILING_STOP_MARKET", {"callbackRate": "0.05"}, -1130),
    ("TRAILING_STOP_MARKET", {"callbackRate": "20.1"}, -1130),
    ("STOP_MARKET", {"workingType": "INDEX"}, -1130),
    ("STOP_MARKET", {"clientAlgoId": "x" * 37}, -4015),
    ("STOP_MARKET", {"positionSide": "LONG"}, -4061),
]


def test_refusals() -> None:
    async def scenario(v: Venue) -> None:
        for type, changes, code in REFUSED:
            given = {"quantity": "0.1", "triggerPrice": "1990"} | changes
            given = {name: value for name, value in given.items() if value != ""}
            assert await v.code(v.algo("SELL", type, **given)) == code, (type, changes)

    run(scenario)


def test_a_client_id_is_taken_only_while_it_waits() -> None:
    async def scenario(v: Venue) -> None:
        stop = {"quantity": "0.1", "triggerPrice": "1990", "clientAlgoId": "same"}
        await v.algo("SELL", "STOP_MARKET", **stop)
        assert await v.code(v.algo("SELL", "STOP_MARKET", **stop)) == -4116
        await v.call("DELETE", "/fapi/v1/algoOrder", clientAlgoId="same")
        await v.algo("SELL", "STOP_MARKET", **stop)

    run(scenario)


def test_at_most_so_many_wait() -> None:
    async def scenario(v: Venue) -> None:
        v.simulator.exchange.rules.max_algos = 3
        for _ in range(3):
            await v.algo("SELL", "STOP_MARKET", quantity="0.1", triggerPrice="1990")
        assert await v.code(v.algo("SELL", "STOP_MARKET", quantity="0.1", triggerPrice="1990")) == -4045

    run(scenario)


def test_a_price_protected_stop_is_accepted() -> None:
    async def scenario(v: Venue) -> None:
        stop = {"quantity": "0.1", "triggerPrice": "1990", "priceProtect": "TRUE"}
        assert (await v.algo("SELL", "STOP_MARKET", **stop))["priceProtect"] is True

    run(scenario)


def test_a_price_protected_stop_waits_while_last_and_mark_price_are_apart() -> None:
    async def scenario(v: Venue) -> None:
        exchange = v.simulator.exchange
        exchange.set_mark("ETHUSDT", Decimal(2000))
        await v.order("BUY", "0.2")
        stop = {"quantity": "0.1", "triggerPrice": "1990"}
        await v.algo("SELL", "STOP_MARKET", **stop, priceProtect="TRUE", clientAlgoId="protected")
        await v.algo("SELL", "STOP_MARKET", **stop, clientAlgoId="plain")
        v.move("1800")
        assert [it["clientAlgoId"] for it in await v.call("GET", "/fapi/v1/openAlgoOrders")] == ["protected"]
        v.move("1950")
        assert await v.position() == 0
        assert [it["price"] for it in await v.call("GET", "/fapi/v1/userTrades", symbol="ETHUSDT")][1:] == [
            "1800",
            "1950",
        ]

    run(scenario)


def test_a_price_protected_stop_by_the_mark_price_waits_for_the_last_price() -> None:
    async def scenario(v: Venue) -> None:
        exchange = v.simulator.exchange
        exchange.set_mark("ETHUSDT", Decimal(2000))
        await v.order("BUY", "0.1")
        stop = {"quantity": "0.1", "triggerPrice": "1990", "workingType": "MARK_PRICE", "priceProtect": "TRUE"}
        await v.algo("SELL", "STOP_MARKET", **stop)
        exchange.set_mark("ETHUSDT", Decimal(1850))
        assert await v.position() == Decimal("0.1")
        v.move("1860")
        assert await v.position() == 0

    run(scenario)


def test_a_stop_that_matches_a_price_takes_the_one_at_its_trigger() -> None:
    async def scenario(v: Venue) -> None:
        await v.order("BUY", "0.1")
        stop = {"quantity": "0.1", "triggerPrice": "1950", "reduceOnly": "true", "priceMatch": "OPPONENT"}
        assert await v.code(v.algo("SELL", "STOP", price="1940", **stop)) == -1106
        assert await v.code(v.algo("SELL", "STOP_MARKET", **stop)) == -5038
        placed = await v.algo("SELL", "STOP", **stop)
        assert (placed["price"], placed["priceMatch"]) == ("0", "OPPONENT")
        v.move("1945")
        assert await v.position() == 0
        assert (await v.find_algo(placed["algoId"]))["actualPrice"] == "1945"

    run(scenario)


def test_pages_of_conditional_orders() -> None:
    async def scenario(v: Venue) -> None:
        stops = [await v.algo("SELL", "STOP_MARKET", quantity="0.1", triggerPrice="1990") for _ in range(3)]
        ids = [it["algoId"] for it in stops]

        async def listed(**params: Any) -> list[int]:
            return [it["algoId"] for it in await v.call("GET", "/fapi/v1/allAlgoOrders", symbol="ETHUSDT", **params)]

        assert await listed(limit=2) == ids[1:]
        assert await listed(limit=2, algoId=ids[0]) == ids[:2]
        assert await listed(endTime=stops[0]["createTime"] - 1) == []

    run(scenario)
