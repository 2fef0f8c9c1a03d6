"""Orders of the book by plain requests: what is accepted, how it is answered, what is refused and with which code."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.simulators.binance.harness import Venue, run

PLACED = {
    "orderId",
    "clientOrderId",
    "symbol",
    "side",
    "type",
    "origType",
    "positionSide",
    "status",
    "origQty",
    "executedQty",
    "cumQty",
    "price",
    "reduceOnly",
    "closePosition",
    "stopPrice",
    "timeInForce",
    "workingType",
    "priceProtect",
    "priceMatch",
    "selfTradePreventionMode",
    "goodTillDate",
    "updateTime",
}


def test_a_market_order_is_acknowledged_as_new_and_filled_when_asked_for() -> None:
    async def scenario(v: Venue) -> None:
        placed = await v.order("BUY", "0.3", newClientOrderId="x1")
        assert set(placed) == PLACED
        assert (placed["status"], placed["executedQty"], placed["clientOrderId"]) == ("NEW", "0", "x1")
        found = await v.find(placed["orderId"])
        assert (found["status"], found["avgPrice"], found["cumQuote"]) == ("FILLED", "2000", "600")
        assert await v.call("GET", "/fapi/v1/order", symbol="ETHUSDT", origClientOrderId="x1") == found

    run(scenario)


def test_result_tells_what_became_of_a_market_order_but_not_at_which_price() -> None:
    async def scenario(v: Venue) -> None:
        placed = await v.order("SELL", "0.3", newOrderRespType="RESULT")
        assert (placed["status"], placed["executedQty"]) == ("FILLED", "0.3")
        assert set(placed) == PLACED

    run(scenario)


def test_a_limit_order_waits_for_its_price() -> None:
    async def scenario(v: Venue) -> None:
        placed = await v.order("BUY", "0.1", "1990")
        assert [o["orderId"] for o in await v.call("GET", "/fapi/v1/openOrders")] == [placed["orderId"]]
        v.move("1990.01")
        assert (await v.find(placed["orderId"]))["status"] == "NEW"
        v.move("1990")
        assert (await v.find(placed["orderId"]))["status"] == "FILLED"
        assert await v.call("GET", "/fapi/v1/openOrders", symbol="ETHUSDT") == []
        assert (await v.call("GET", "/fapi/v1/userTrades", symbol="ETHUSDT"))[0]["maker"] is True

    run(scenario)


def test_a_limit_order_across_the_market_takes_it_at_its_price() -> None:
    async def scenario(v: Venue) -> None:
        placed = await v.order("BUY", "0.1", "2010")
        assert (await v.find(placed["orderId"]))["avgPrice"] == "2000"
        assert (await v.call("GET", "/fapi/v1/userTrades", symbol="ETHUSDT"))[0]["maker"] is False

    run(scenario)


@pytest.mark.parametrize(
    ("tif", "price", "status"),
    [("IOC", "2000", "FILLED"), ("IOC", "1990", "EXPIRED"), ("FOK", "2000", "FILLED"), ("GTX", "1990", "NEW")],
)
def test_times_in_force(tif: str, price: str, status: str) -> None:
    async def scenario(v: Venue) -> None:
        placed = await v.order("BUY", "0.1", price, timeInForce=tif, newOrderRespType="RESULT")
        assert placed["status"] == status

    run(scenario)


def test_orders_that_cannot_be_what_they_say_are_not_recorded() -> None:
    async def scenario(v: Venue) -> None:
        assert await v.code(v.order("BUY", "0.1", "1990", timeInForce="FOK")) == -5021
        assert await v.code(v.order("BUY", "0.1", "2000", timeInForce="GTX")) == -5022
        assert await v.call("GET", "/fapi/v1/allOrders", symbol="ETHUSDT") == []

    run(scenario)


def test_an_order_good_till_a_date_expires_then() -> None:
    async def scenario(v: Venue) -> None:
        soon = v.clock.now() + 300_000
        assert await v.code(v.order("BUY", "0.1", "1990", timeInForce="GTD", goodTillDate=soon)) == -5040
        later = v.clock.now() + 700_000
        placed = await v.order("BUY", "0.1", "1990", timeInForce="GTD", goodTillDate=later)
        v.clock.ahead += 701_000
        assert (await v.find(placed["orderId"]))["status"] == "EXPIRED"

    run(scenario)


REFUSED: list[tuple[dict[str, Any], int]] = [
    ({"symbol": "NOPEUSDT"}, -1121),
    ({"side": "HOLD"}, -1117),
    ({"type": "ICEBERG"}, -1116),
    ({"type": "STOP_MARKET", "stopPrice": "1990"}, -4120),
    ({"timeInForce": "DAY"}, -1115),
    ({"timeInForce": ""}, -1102),
    ({"quantity": ""}, -1102),
    ({"quantity": "1e-1"}, -1100),
    ({"quantity": "0"}, -4003),
    ({"quantity": "0.0001"}, -1111),
    ({"quantity": "20000"}, -4005),
    ({"price": "1990.001"}, -1111),
    ({"price": "0"}, -4013),
    ({"price": "2200"}, -4016),
    ({"side": "SELL", "price": "1800"}, -4024),
    ({"quantity": "0.002"}, -4164),
    ({"quantity": "1000"}, -2019),
    ({"reduceOnly": "true"}, -2022),
    ({"positionSide": "LONG"}, -4061),
    ({"newClientOrderId": "x" * 37}, -4015),
    ({"newClientOrderId": "with space"}, -1100),
    ({"newOrderRespType": "FULL"}, -1130),
]


def test_refusals_of_a_new_order() -> None:
    async def scenario(v: Venue) -> None:
        for changes, code in REFUSED:
            good = {"symbol": "ETHUSDT", "side": "BUY", "type": "LIMIT", "quantity": "0.1", "price": "1990"}
            given = {k: x for k, x in (good | {"timeInForce": "GTC"} | changes).items() if x != ""}
            refused = await v.refused(v.call("POST", "/fapi/v1/order", **given))
            assert (refused.code, refused.status) == (code, 400), changes
        assert await v.call("GET", "/fapi/v1/allOrders", symbol="ETHUSDT") == []

    run(scenario)


def test_prices_keep_to_the_tick_and_quantities_to_the_step() -> None:
    async def scenario(v: Venue) -> None:
        info = (await v.http.get("/fapi/v1/exchangeInfo")).json()
        filters = {it["filterType"]: it for it in info["symbols"][0]["filters"]}
        assert filters["PRICE_FILTER"]["tickSize"] == "0.01"
        assert filters["LOT_SIZE"]["stepSize"] == filters["MARKET_LOT_SIZE"]["stepSize"] == "0.001"
        assert filters["MIN_NOTIONAL"] == {"filterType": "MIN_NOTIONAL", "notional": "5"}
        assert filters["MAX_NUM_ORDERS"]["limit"] == 200
        assert {it["rateLimitType"] for it in info["rateLimits"]} == {"REQUEST_WEIGHT", "ORDERS"}

    run(scenario)


def test_a_reduce_only_order_may_be_small() -> None:
    async def scenario(v: Venue) -> None:
        await v.order("BUY", "0.3")
        await v.order("SELL", "0.001", reduceOnly="true")
        assert str(await v.position()) == "0.299"

    run(scenario)


def test_a_client_id_is_taken_only_while_its_order_is_open() -> None:
    async def scenario(v: Venue) -> None:
        await v.order("BUY", "0.1", "1990", newClientOrderId="same")
        assert await v.code(v.order("BUY", "0.1", "1980", newClientOrderId="same")) == -4116
        v.move("1990")
        again = await v.order("BUY", "0.1", "1980", newClientOrderId="same")
        found = await v.call("GET", "/fapi/v1/order", symbol="ETHUSDT", origClientOrderId="same")
        assert found["orderId"] == again["orderId"]

    run(scenario)


def test_cancelling() -> None:
    async def scenario(v: Venue) -> None:
        placed = await v.order("BUY", "0.1", "1990", newClientOrderId="x1")
        cancel = {"symbol": "ETHUSDT", "origClientOrderId": "x1"}
        answer = await v.call("DELETE", "/fapi/v1/order", **cancel)
        assert set(answer) == PLACED and answer["status"] == "CANCELED"
        assert await v.code(v.call("DELETE", "/fapi/v1/order", **cancel)) == -2011
        assert await v.code(v.call("DELETE", "/fapi/v1/order", symbol="ETHUSDT", orderId=5)) == -2011
        assert await v.code(v.call("DELETE", "/fapi/v1/order", symbol="ETHUSDT")) == -1102
        assert (await v.find(placed["orderId"]))["status"] == "CANCELED"

    run(scenario)


def test_cancelling_all_leaves_conditional_orders_alone() -> None:
    async def scenario(v: Venue) -> None:
        await v.order("BUY", "0.1", "1990")
        await v.algo("SELL", "STOP_MARKET", quantity="0.1", triggerPrice="1900")
        answer = await v.call("DELETE", "/fapi/v1/allOpenOrders", symbol="ETHUSDT")
        assert answer == {"code": 200, "msg": "The operation of cancel all open order is done."}
        assert await v.call("GET", "/fapi/v1/openOrders") == []
        assert len(await v.call("GET", "/fapi/v1/openAlgoOrders")) == 1

    run(scenario)


def test_cancelled_orders_are_forgotten_after_three_days_and_filled_ones_are_not() -> None:
    async def scenario(v: Venue) -> None:
        cancelled = await v.order("BUY", "0.1", "1990")
        await v.call("DELETE", "/fapi/v1/order", symbol="ETHUSDT", orderId=cancelled["orderId"])
        filled = await v.order("BUY", "0.1")
        v.clock.ahead = 3 * 86_400_000 + 1000
        assert await v.code(v.find(cancelled["orderId"])) == -2013
        assert (await v.find(filled["orderId"]))["status"] == "FILLED"
        v.clock.ahead = 91 * 86_400_000
        assert await v.code(v.find(filled["orderId"])) == -2013

    run(scenario)


def test_changing_a_limit_order() -> None:
    async def scenario(v: Venue) -> None:
        placed = await v.order("BUY", "0.1", "1990")
        change = {"symbol": "ETHUSDT", "side": "BUY", "orderId": placed["orderId"]}
        answer = await v.call("PUT", "/fapi/v1/order", **change, quantity="0.2", price="1985")
        assert set(answer) == PLACED and (answer["origQty"], answer["price"]) == ("0.2", "1985")
        same = v.call("PUT", "/fapi/v1/order", **change, quantity="0.2", price="1985")
        assert await v.code(same) == -5027
        history = await v.call("GET", "/fapi/v1/orderAmendment", symbol="ETHUSDT", orderId=placed["orderId"])
        assert history[0]["amendment"]["price"] == {"before": "1990", "after": "1985"}
        await v.call("PUT", "/fapi/v1/order", **change, quantity="0.2", price="2000")  # across the market
        assert (await v.find(placed["orderId"]))["status"] == "FILLED"
        assert await v.code(v.call("PUT", "/fapi/v1/order", **change, quantity="0.3", price="1990")) == -2013

    run(scenario)


def test_a_change_is_answered_with_its_own_number_and_may_ask_for_a_reduce_only_order() -> None:
    async def scenario(v: Venue) -> None:
        await v.order("BUY", "0.1")
        await v.order("SELL", "0.1", "2050", newClientOrderId="target", reduceOnly="true")
        await v.order("BUY", "0.1", "1990", newClientOrderId="entry")
        change = {"symbol": "ETHUSDT", "quantity": "0.1", "reduceOnly": "true"}
        target = change | {"side": "SELL", "price": "2060", "origClientOrderId": "target", "modifyId": 7}
        assert (await v.call("PUT", "/fapi/v1/order", **target))["modifyId"] == 7
        entry = change | {"side": "BUY", "price": "1980", "origClientOrderId": "entry"}
        assert await v.code(v.call("PUT", "/fapi/v1/order", **entry)) == -5047

    run(scenario)


def test_a_post_only_order_that_is_changed_to_trade_at_once_is_cancelled() -> None:
    async def scenario(v: Venue) -> None:
        placed = await v.order("BUY", "0.1", "1990", timeInForce="GTX")
        change = {"symbol": "ETHUSDT", "side": "BUY", "orderId": placed["orderId"], "quantity": "0.1"}
        answer = await v.call("PUT", "/fapi/v1/order", **change, price="2001")
        assert (answer["status"], answer["executedQty"]) == ("CANCELED", "0")
        assert await v.position() == 0 and await v.call("GET", "/fapi/v1/openOrders") == []

    run(scenario)


def test_orders_and_trades_of_a_period() -> None:
    async def scenario(v: Venue) -> None:
        for _ in range(2):
            await v.order("BUY", "0.1")
            v.clock.ahead += 10_000
        await v.call("POST", "/fapi/v1/order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.01")
        for path in ("/fapi/v1/allOrders", "/fapi/v1/userTrades"):
            first, second = await v.call("GET", path, symbol="ETHUSDT")
            assert await v.call("GET", path, symbol="ETHUSDT", endTime=second["time"] - 1) == [first]
            assert await v.call("GET", path, symbol="ETHUSDT", startTime=second["time"]) == [second]
            assert await v.call("GET", path, symbol="ETHUSDT", endTime=0) == []
            assert await v.code(v.call("GET", path, symbol="ETHUSDT", startTime=2, endTime=1)) == -1023
        assert [it["symbol"] for it in await v.call("GET", "/fapi/v1/allOrders")] == ["ETHUSDT", "ETHUSDT", "BTCUSDT"]

    run(scenario)


def test_changing_an_order_to_what_is_filled_already_cancels_it() -> None:
    async def scenario(v: Venue) -> None:
        v.simulator.exchange.rules.parts = 3
        placed = await v.order("BUY", "0.3", "1990")
        v.move("1990")
        change = {"symbol": "ETHUSDT", "side": "BUY", "orderId": placed["orderId"]}
        answer = await v.call("PUT", "/fapi/v1/order", **change, quantity="0.1", price="1990")
        assert (answer["status"], answer["executedQty"]) == ("CANCELED", "0.1")

    run(scenario)


def test_a_changed_order_loses_its_place() -> None:
    async def scenario(v: Venue) -> None:
        first, second = [await v.order("BUY", "0.1", "1990") for _ in range(2)]
        change = {"symbol": "ETHUSDT", "side": "BUY", "orderId": first["orderId"], "price": "1990"}
        await v.call("PUT", "/fapi/v1/order", **change, quantity="0.2")
        v.move("1990")
        trades = await v.call("GET", "/fapi/v1/userTrades", symbol="ETHUSDT")
        assert [trade["orderId"] for trade in trades] == [second["orderId"], first["orderId"]]

    run(scenario)


def test_batches_answer_each_order_by_itself() -> None:
    async def scenario(v: Venue) -> None:
        good = {"symbol": "ETHUSDT", "side": "BUY", "type": "LIMIT", "quantity": "0.1", "timeInForce": "GTC"}
        batch = json.dumps([good | {"price": "1990"}, good | {"price": "0.001"}])
        placed = await v.call("POST", "/fapi/v1/batchOrders", batchOrders=batch)
        assert placed[0]["status"] == "NEW" and placed[1]["code"] == -4013
        id = placed[0]["orderId"]
        change = {"symbol": "ETHUSDT", "side": "BUY", "quantity": "0.2", "price": "1980", "orderId": id}
        changed = await v.call("PUT", "/fapi/v1/batchOrders", batchOrders=json.dumps([change]))
        assert changed[0]["price"] == "1980"
        ids = json.dumps([id, 7])
        cancelled = await v.call("DELETE", "/fapi/v1/batchOrders", symbol="ETHUSDT", orderIdList=ids)
        assert cancelled[0]["status"] == "CANCELED" and cancelled[1]["code"] == -2011
        too_many = json.dumps([good | {"price": "1990"}] * 6)
        for wrong in (too_many, "[]", "[1]", json.dumps([good, None]), "{}", "no JSON"):
            assert await v.code(v.call("POST", "/fapi/v1/batchOrders", batchOrders=wrong)) == -1130, wrong

    run(scenario)


def test_a_test_order_is_judged_and_not_placed() -> None:
    async def scenario(v: Venue) -> None:
        good = {"symbol": "ETHUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.1"}
        await v.call("POST", "/fapi/v1/order/test", **good)
        assert await v.code(v.call("POST", "/fapi/v1/order/test", **good | {"quantity": "0.0001"})) == -1111
        assert await v.position() == 0

    run(scenario)


def test_the_countdown_cancels_unless_it_is_begun_again() -> None:
    async def scenario(v: Venue) -> None:
        path, symbol = "/fapi/v1/countdownCancelAll", "ETHUSDT"
        await v.order("BUY", "0.1", "1990")
        told = await v.call("POST", path, symbol=symbol, countdownTime=100_000)
        assert told == {"symbol": symbol, "countdownTime": "100000"}
        v.clock.ahead += 90_000
        await v.call("POST", path, symbol=symbol, countdownTime=100_000)
        v.clock.ahead += 90_000
        assert len(await v.call("GET", "/fapi/v1/openOrders")) == 1
        v.clock.ahead += 20_000
        assert await v.call("GET", "/fapi/v1/openOrders") == []

    run(scenario)


def test_at_most_two_hundred_orders_are_open_in_a_symbol() -> None:
    async def scenario(v: Venue) -> None:
        orders = [v.order("BUY", "0.003", "1990", recvWindow=60_000) for _ in range(200)]
        await asyncio.gather(*orders)
        assert await v.code(v.order("BUY", "0.003", "1990")) == -2025

    run(scenario)


def test_before_anything_was_traded_nothing_can_be_placed() -> None:
    async def scenario(v: Venue) -> None:
        assert await v.code(v.order("BUY", "0.1")) == -2020

    run(scenario, price=None)
