"""The control endpoint: what its documentation promises."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import websockets

from pinery.simulators.binance.faults import FAULTS
from tests.simulators.binance.harness import Venue, run


async def sim(v: Venue, method: str, path: str, body: Any = None) -> Any:
    answer = await v.http.request(method, f"/sim/{path}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def wrong(v: Venue, path: str, body: Any) -> str:
    answer = await v.http.post(f"/sim/{path}", json=body)
    assert answer.status_code == 400
    return str(answer.json()["error"])


def test_prices_are_moved() -> None:
    async def scenario(v: Venue) -> None:
        await v.algo("SELL", "STOP_MARKET", quantity="0.1", triggerPrice="1990")
        told = await sim(v, "POST", "price", {"symbol": "ETHUSDT", "price": "1950", "jumps": False})
        assert told["ETHUSDT"] == {"last": "1950", "mark": "1950"}
        trade = (await v.call("GET", "/fapi/v1/userTrades", symbol="ETHUSDT"))[0]
        assert trade["price"] == "1990"
        await sim(v, "POST", "mark", {"symbol": "ETHUSDT", "price": "1960"})
        assert (await sim(v, "GET", "price"))["ETHUSDT"] == {"last": "1950", "mark": "1960"}
        await sim(v, "POST", "mark", {"symbol": "ETHUSDT", "price": None})
        assert (await sim(v, "GET", "price"))["ETHUSDT"]["mark"] == "1950"
        assert "above 0" in await wrong(v, "price", {"symbol": "ETHUSDT", "price": "0"})
        assert "Invalid symbol" in await wrong(v, "price", {"symbol": "NOPE", "price": "1"})
        assert "cannot be read" in await wrong(v, "price", {"symbol": "ETHUSDT"})

    run(scenario)


def test_faults_are_armed_and_cleared() -> None:
    async def scenario(v: Venue) -> None:
        listed = await sim(v, "GET", "faults")
        assert set(listed["kinds"]) == set(FAULTS) and listed["armed"] == []
        fault = {"fault": "refused", "where": "POST /fapi/v1/order", "times": None, "options": {"code": -2010}}
        assert (await sim(v, "POST", "faults", fault))[0]["fault"] == "refused"
        await sim(v, "POST", "faults", {"fault": "clock", "times": 3})
        assert await v.code(v.order("BUY", "0.1")) == -2010
        assert [it["fault"] for it in await sim(v, "DELETE", "faults?fault=refused")] == ["clock"]
        assert await sim(v, "DELETE", "faults") == []
        await v.order("BUY", "0.1")
        assert "no fault 'nothing'" in await wrong(v, "faults", {"fault": "nothing"})

    run(scenario)


def test_the_state_is_told_without_keys() -> None:
    async def scenario(v: Venue) -> None:
        key = (await v.http.post("/fapi/v1/listenKey")).json()["listenKey"]
        await v.order("BUY", "0.1", newClientOrderId="x1")
        answer = await v.http.get("/sim/state")
        assert key not in answer.text
        state = answer.json()
        assert [(it["client_id"], it["status"]) for it in state["orders"]] == [("x1", "FILLED")]
        assert [(it["symbol"], it["amount"]) for it in state["positions"]] == [("ETHUSDT", "0.1")]
        assert (await sim(v, "GET", "state?account=other"))["orders"] == []

    run(scenario)


def test_rules_of_filling() -> None:
    async def scenario(v: Venue) -> None:
        told = await sim(v, "POST", "rules", {"parts": 2, "taker": "0.001"})
        assert (told["parts"], told["taker"], told["maker"]) == ("2", "0.001", "0.0002")
        placed = await v.order("BUY", "0.2", newOrderRespType="RESULT")
        assert placed["status"] == "PARTIALLY_FILLED"
        v.move("2000")
        assert (await v.call("GET", "/fapi/v1/userTrades", symbol="ETHUSDT"))[0]["commission"] == "0.20000000"
        assert "cannot be read" in await wrong(v, "rules", {"nothing": 1})

    run(scenario)


def test_the_clock_is_shifted() -> None:
    async def scenario(v: Venue) -> None:
        await sim(v, "POST", "time", {"shift": 10_000})
        assert await v.code(v.order("BUY", "0.1")) == -1021
        await v.order("BUY", "0.1", timestamp=v.clock.now() + 10_000)

    run(scenario)


@pytest.mark.parametrize("action", ["cut", "close"])
def test_streams_are_ended(action: str) -> None:
    async def scenario(v: Venue) -> None:
        async with v.events() as events:
            assert await sim(v, "POST", "streams", {"action": action}) == {"streams": 1}
            with pytest.raises(websockets.ConnectionClosed):
                await events.until(lambda _: False)
        assert "no action" in await wrong(v, "streams", {"action": "shake"})

    run(scenario)


def test_streams_are_silenced() -> None:
    async def scenario(v: Venue) -> None:
        async with v.events() as events:
            await sim(v, "POST", "streams", {"action": "silence"})
            await v.order("BUY", "0.1")
            assert await events.rest() == []

    run(scenario)


def test_deposits() -> None:
    async def scenario(v: Venue) -> None:
        async with v.events() as events:
            await sim(v, "POST", "balance", {"account": "test", "change": "-100.5"})
            told = (await events.rest())[0]["a"]
        assert (told["m"], told["B"][0]["bc"], str(await v.wallet())) == ("WITHDRAW", "-100.5", "9899.50000000")
        assert "no account" in await wrong(v, "balance", {"account": "other", "change": "1"})

    run(scenario)


def test_rules_of_a_symbol_change() -> None:
    async def scenario(v: Venue) -> None:
        told = await sim(v, "POST", "symbol", {"symbol": "ETHUSDT", "step": "0.01", "min_quantity": "0.01"})
        assert told["filters"][1]["stepSize"] == "0.01"
        assert await v.code(v.order("BUY", "0.105")) == -1111
        await sim(v, "POST", "symbol", {"symbol": "ETHUSDT", "status": "SETTLING"})
        assert (await v.call("GET", "/fapi/v1/exchangeInfo"))["symbols"][0]["status"] == "SETTLING"
        assert await v.code(v.order("BUY", "0.1")) == -4108
        assert "no rule 'steps'" in await wrong(v, "symbol", {"symbol": "ETHUSDT", "steps": "1"})

    run(scenario)


def test_funding_is_paid() -> None:
    async def scenario(v: Venue) -> None:
        await v.order("BUY", "1")
        before = await v.wallet()
        async with v.events() as events:
            await sim(v, "POST", "funding", {"symbol": "ETHUSDT", "rate": "0.0001"})
            (told,) = await events.rest()
        assert (told["e"], told["a"]["m"], told["a"]["P"]) == ("ACCOUNT_UPDATE", "FUNDING_FEE", [])
        assert before - await v.wallet() == Decimal("0.2")
        (row,) = await v.call("GET", "/fapi/v1/income", incomeType="FUNDING_FEE")
        assert (row["symbol"], Decimal(row["income"])) == ("ETHUSDT", Decimal("-0.2"))

    run(scenario)


def test_a_position_is_deleveraged() -> None:
    async def scenario(v: Venue) -> None:
        await v.order("BUY", "1")
        await v.order("BUY", "1", type="LIMIT", price="1990", timeInForce="GTC")
        async with v.events() as events:
            state = await sim(v, "POST", "deleverage", {"account": "test", "symbol": "ETHUSDT"})
            orders = [it["o"] for it in await events.rest() if it["e"] == "ORDER_TRADE_UPDATE"]
        assert [position["amount"] for position in state["positions"]] == ["0"]
        assert orders[-1]["c"] == "adl_autoclose" and (orders[-1]["x"], orders[-1]["X"]) == ("CALCULATED", "FILLED")
        assert await v.call("GET", "/fapi/v1/openOrders") == []
        assert len(await v.call("GET", "/fapi/v1/forceOrders")) == 1

    run(scenario)


def test_what_is_not_there() -> None:
    async def scenario(v: Venue) -> None:
        assert (await v.http.get("/sim/nothing")).status_code == 404

    run(scenario)
