"""Streams: an account's and the market's, their addresses, their life."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
import websockets

from pinery.simulators.binance.tape import Candle
from tests.simulators.binance.harness import BTC, Venue, run


def names(events: list[Any]) -> list[str]:
    return [event["e"] for event in events]


def test_a_fill_is_told_with_account_and_order() -> None:
    async def scenario(v: Venue) -> None:
        async with v.events() as events:
            await v.order("BUY", "0.3", newClientOrderId="x1")
            told = await events.rest()
        assert names(told) == ["ORDER_TRADE_UPDATE", "TRADE_LITE", "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE"]
        new, filled, account = told[0]["o"], told[3]["o"], told[2]["a"]
        assert (new["x"], new["X"], new["t"], new["c"]) == ("NEW", "NEW", 0, "x1")
        assert (filled["x"], filled["X"], filled["L"], filled["l"], filled["z"]) == (
            "TRADE",
            "FILLED",
            "2000",
            "0.3",
            "0.3",
        )
        assert (filled["N"], filled["n"], filled["m"], filled["t"]) == ("USDT", "0.24000000", False, 1)
        assert account["m"] == "ORDER"
        assert [(it["a"], it["wb"]) for it in account["B"]] == [("USDT", "9999.76000000")]
        assert [(it["s"], it["pa"], it["ep"], it["ps"]) for it in account["P"]] == [("ETHUSDT", "0.3", "2000", "BOTH")]
        assert {it["st"] for it in told} == {1}

    run(scenario)


def test_a_conditional_order_tells_of_each_state() -> None:
    async def scenario(v: Venue) -> None:
        await v.order("BUY", "0.3")
        async with v.events() as events:
            stop = {"quantity": "0.3", "triggerPrice": "1950", "clientAlgoId": "x1-sl"}
            placed = await v.algo("SELL", "STOP_MARKET", **stop)
            v.move("1950")
            told = await events.rest()
        algos = [it["o"] for it in told if it["e"] == "ALGO_UPDATE"]
        assert [it["X"] for it in algos] == ["NEW", "TRIGGERING", "TRIGGERED", "FINISHED"]
        assert [bool(it["ai"]) for it in algos] == [False, False, True, True]
        assert {(it["caid"], it["aid"]) for it in algos} == {("x1-sl", placed["algoId"])}
        child = next(it["o"] for it in told if it["e"] == "ORDER_TRADE_UPDATE")
        assert (child["c"], str(child["i"]), child["ot"]) == ("x1-sl", algos[2]["ai"], "STOP_MARKET")
        order = [it["o"]["X"] if it["e"] == "ALGO_UPDATE" else it["e"] for it in told]
        assert order.index("TRIGGERED") < order.index("ORDER_TRADE_UPDATE")

    run(scenario)


def test_changes_and_cancellations_are_told() -> None:
    async def scenario(v: Venue) -> None:
        async with v.events() as events:
            placed = await v.order("BUY", "0.1", "1990")
            change = {"symbol": "ETHUSDT", "side": "BUY", "orderId": placed["orderId"]}
            await v.call("PUT", "/fapi/v1/order", **change, quantity="0.2", price="1985")
            await v.call("DELETE", "/fapi/v1/order", symbol="ETHUSDT", orderId=placed["orderId"])
            await v.call("POST", "/fapi/v1/leverage", symbol="ETHUSDT", leverage=5)
            told = await events.rest()
        orders = [it["o"] for it in told[:3]]
        assert [(it["x"], it["X"]) for it in orders] == [("NEW", "NEW"), ("AMENDMENT", "NEW"), ("CANCELED", "CANCELED")]
        assert (orders[1]["p"], orders[1]["q"]) == ("1985", "0.2")
        assert told[3]["e"] == "ACCOUNT_CONFIG_UPDATE" and told[3]["ac"] == {"s": "ETHUSDT", "l": 5}

    run(scenario)


def test_a_listen_key_lives_an_hour_and_is_the_same_while_it_does() -> None:
    async def scenario(v: Venue) -> None:
        async def key(method: str) -> Any:
            return (await v.http.request(method, "/fapi/v1/listenKey")).json()

        first = (await key("POST"))["listenKey"]
        async with v.events(f"/private/ws/{first}") as events:
            v.clock.ahead += 50 * 60_000
            assert (await key("POST"))["listenKey"] == first
            v.clock.ahead += 50 * 60_000
            assert (await key("PUT"))["listenKey"] == first
            v.clock.ahead += 61 * 60_000
            told = await events.next()
            assert (told["e"], told["listenKey"]) == ("listenKeyExpired", first)
            assert (await key("PUT"))["code"] == -1125
            second = (await key("POST"))["listenKey"]
            assert second != first
            await v.order("BUY", "0.1")
            assert await events.rest() == []  # the old one is silent
            assert await key("DELETE") == {}
            assert (await key("DELETE"))["code"] == -1125

    run(scenario)


@pytest.mark.parametrize(
    "path", ["/private/ws/nokey", "/private/ws?listenKey=nokey", "/ws/KEY", "/ws/ethusdt@aggTrade"]
)
def test_addresses_that_connect_and_are_silent(path: str) -> None:
    async def scenario(v: Venue) -> None:
        key = (await v.http.post("/fapi/v1/listenKey")).json()["listenKey"]
        async with v.events(path.replace("KEY", key)) as events:
            await v.order("BUY", "0.1")
            v.move("2001")
            assert await events.rest() == []

    run(scenario)


@pytest.mark.parametrize("form", ["/private/ws/{}", "/private/ws?listenKey={}", "/private/stream?streams={}"])
def test_addresses_of_an_account(form: str) -> None:
    async def scenario(v: Venue) -> None:
        key = (await v.http.post("/fapi/v1/listenKey")).json()["listenKey"]
        async with v.events(form.format(key)) as events:
            await v.order("BUY", "0.1", "1990")
            told = await events.next()
            if "stream" in form:
                assert told["stream"] == key
                told = told["data"]
            assert told["e"] == "ORDER_TRADE_UPDATE"

    run(scenario)


def test_only_the_events_that_were_asked_for() -> None:
    async def scenario(v: Venue) -> None:
        key = (await v.http.post("/fapi/v1/listenKey")).json()["listenKey"]
        async with v.events(f"/private/ws?listenKey={key}&events=ORDER_TRADE_UPDATE/ALGO_UPDATE") as events:
            await v.order("BUY", "0.1")
            assert names(await events.rest()) == ["ORDER_TRADE_UPDATE"] * 2

    run(scenario)


def test_streams_of_the_market_are_subscribed_and_left() -> None:
    async def scenario(v: Venue) -> None:
        async with v.events("/market/stream") as events:
            assert (await events.ask("SUBSCRIBE", "ethusdt@aggTrade", "btcusdt@aggTrade"))["result"] is None
            assert (await events.ask("LIST_SUBSCRIPTIONS"))["result"] == ["ethusdt@aggTrade", "btcusdt@aggTrade"]
            v.move("2001", volume="2.5")
            told = await events.next()
            assert told["stream"] == "ethusdt@aggTrade"
            data = told["data"]
            assert (data["e"], data["s"], data["p"], data["q"], data["m"]) == (
                "aggTrade",
                "ETHUSDT",
                "2001",
                "2.5",
                False,
            )
            await events.ask("UNSUBSCRIBE", "ethusdt@aggTrade")
            v.move("2002")
            v.move("40001", contract=BTC)
            assert [it["stream"] for it in await events.rest()] == ["btcusdt@aggTrade"]

    run(scenario)


def test_candles_grow_and_close() -> None:
    async def scenario(v: Venue) -> None:
        begin = v.clock.now() // 60_000 * 60_000 + 120_000
        async with v.events("/market/ws/ethusdt@kline_1m") as events:
            for offset, price in ((0, "2000"), (10_000, "2010"), (59_000, "1990"), (60_000, "1995")):
                v.market.move("BINANCE:ETHUSDT.P", Decimal(price), begin + offset)
            told = [it["k"] for it in await events.rest() if it["k"]["t"] >= begin]
        assert [(it["c"], it["x"]) for it in told] == [
            ("2000", False),
            ("2010", False),
            ("1990", False),
            ("1990", True),
            ("1995", False),
        ]
        closed = told[3]
        assert (closed["t"], closed["T"]) == (begin, begin + 59_999)
        assert (closed["o"], closed["h"], closed["l"], closed["n"]) == ("2000", "2010", "1990", 3)

    run(scenario)


def test_a_candle_ends_by_time_alone_for_everybody_who_listens() -> None:
    async def scenario(v: Venue) -> None:
        v.clock.ahead = 60_000 - v.clock.now() % 60_000
        v.move("2001")
        async with v.events("/market/ws/ethusdt@kline_1m") as one, v.events("/market/ws/ethusdt@kline_1m") as two:
            v.clock.ahead += 61_000
            for events in (one, two):
                closed = (await events.until(lambda told: told["k"]["x"]))["k"]
                assert (closed["c"], closed["n"]) == ("2001", 1)
                following = (await events.next())["k"]
                assert (following["t"], following["o"], following["v"]) == (closed["t"] + 60_000, "2001", "0")

    run(scenario)


def test_an_open_candle_has_what_was_before_the_simulator() -> None:
    async def history(symbol: str, interval: str, start: int | None, end: int | None, limit: int) -> list[Candle]:
        assert start is not None
        price = Decimal(1995)
        return [Candle(start, price, Decimal(2005), price, price, Decimal(7))]

    async def scenario(v: Venue) -> None:
        async with v.events("/market/stream?streams=ethusdt@kline_5m") as events:
            v.move("2001", volume="2")
            candle = (await events.next())["data"]["k"]
            assert (candle["o"], candle["h"], candle["c"], candle["v"]) == ("1995", "2005", "2001", "9")

    run(scenario, history=history)


def test_streams_belong_to_their_address() -> None:
    async def scenario(v: Venue) -> None:
        async with (
            v.events("/market/ws/ethusdt@bookTicker") as market,
            v.events("/public/ws/ethusdt@aggTrade") as public,
        ):
            v.move("2001")
            assert await market.rest() == await public.rest() == []

    run(scenario)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/public/ws/ethusdt@bookTicker", "bookTicker"),
        ("/public/ws/ethusdt@depth@100ms", "depthUpdate"),
        ("/public/ws/ethusdt@depth5@100ms", "depthUpdate"),
        ("/market/ws/ethusdt@markPrice@1s", "markPriceUpdate"),
        ("/market/ws/ethusdt@ticker", "24hrTicker"),
        ("/market/ws/ethusdt@miniTicker", "24hrMiniTicker"),
        ("/market/ws/!miniTicker@arr", "24hrMiniTicker"),
        ("/market/ws/ethusdt_perpetual@continuousKline_5m", "continuous_kline"),
    ],
)
def test_kinds_of_streams(path: str, kind: str) -> None:
    async def scenario(v: Venue) -> None:
        async with v.events(path) as events:
            v.move("2001")
            told = await events.next()
            first = told[0] if isinstance(told, list) else told
            assert first["e"] == kind and first["st"] == 1

    run(scenario)


def test_books_number_their_updates_without_gaps() -> None:
    async def scenario(v: Venue) -> None:
        async with v.events("/public/ws/ethusdt@depth@100ms") as events:
            for price in ("2001", "2002", "2003"):
                v.move(price)
            told = [await events.next() for _ in range(3)]
        assert all(later["pu"] == earlier["u"] for earlier, later in pairwise(told))
        depth = (await v.http.get("/fapi/v1/depth", params={"symbol": "ETHUSDT", "limit": 5})).json()
        assert (depth["bids"][0][0], depth["asks"][0][0]) == ("2003", "2003.01")

    run(scenario)


def test_a_connection_ends_after_a_day() -> None:
    async def scenario(v: Venue) -> None:
        async with v.events("/market/ws/ethusdt@aggTrade") as events:
            v.clock.ahead += 24 * 3_600_000 + 1000
            with pytest.raises(websockets.ConnectionClosed):
                await events.until(lambda _: False)

    run(scenario)


def test_a_message_that_cannot_be_read_is_answered_and_ends_nothing() -> None:
    async def scenario(v: Venue) -> None:
        async with v.events("/market/ws/ethusdt@aggTrade") as events:
            for wrong in (
                {"method": "SUBSCRIBE", "params": "ethusdt@ticker"},
                {"method": "SUBSCRIBE", "params": [5]},
                {"method": "SET_PROPERTY", "params": ["combined"]},
                {"method": "NOTHING"},
                {},
            ):
                await events.socket.send(json.dumps(wrong | {"id": 1}))
                assert (await events.next())["error"]["code"] == 2, wrong
            await events.socket.send("no JSON")
            assert (await events.next())["error"]["code"] == 3
            v.move("2001")
            assert (await events.next())["e"] == "aggTrade"

    run(scenario)
