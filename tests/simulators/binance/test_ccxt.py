"""ccxt against the simulated venue: its REST side, its streams and its WebSocket API.

It knows nothing of us; only addresses and keys are given to it. Which exception a code becomes it looks up by the
venue's address, so the table of the real address is put in the place where it looks for others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from pinery.simulators.common.faults import Armed
from tests.simulators.binance.harness import KEY, SECRET, Venue, run

ccxt = pytest.importorskip("ccxt.pro")

S = "ETH/USDT:USDT"


def exchange_of(v: Venue) -> Any:
    exchange = ccxt.binanceusdm({"apiKey": KEY, "secret": SECRET, "enableRateLimit": False})
    exchange.options |= {"fetchCurrencies": False, "warnOnFetchOpenOrdersWithoutSymbol": False}
    exchange.has["fetchCurrencies"] = False
    urls = exchange.urls["api"]
    for name, url in urls.items():
        if name.startswith("fapi"):
            urls[name] = url.replace("https://fapi.binance.com", v.server.url)
    urls["ws"]["linear"] = f"{v.server.ws_url}/ws"
    urls["ws"]["ws-api"]["linear"] = f"{v.server.ws_url}/ws-fapi/v1"
    exchange.exceptions["exact"] = exchange.exceptions["exact"] | exchange.exceptions["linear"]["exact"]
    return exchange


def session(scenario: Callable[[Venue, Any], Any]) -> None:
    async def with_client(v: Venue) -> None:
        exchange = exchange_of(v)
        try:
            await exchange.load_markets()
            await scenario(v, exchange)
        finally:
            await exchange.close()

    run(with_client)


def test_markets_and_prices() -> None:
    async def scenario(v: Venue, x: Any) -> None:
        market = x.market(S)
        assert market["precision"]["price"] == 0.01 and market["precision"]["amount"] == 0.001
        assert market["limits"]["cost"]["min"] == 5 and market["active"] and market["linear"]
        assert (await x.fetch_ticker(S))["last"] == 2000
        assert (await x.fetch_tickers())[S]["last"] == 2000
        assert (await x.fetch_order_book(S))["bids"][0][0] == 2000
        assert (await x.fetch_trades(S))[0]["price"] == 2000
        assert (await x.fetch_ohlcv(S, "1m"))[0][1:] == [2000, 2000, 2000, 2000, 1]
        assert (await x.fetch_mark_price(S))["markPrice"] == 2000
        assert (await x.fetch_funding_rate(S))["fundingRate"] == 0
        assert (await x.fetch_bids_asks([S]))[S]["ask"] == 2000.01
        assert (await x.fetch_open_interest(S))["openInterestAmount"] == 0
        assert (await x.fetch_premium_index_ohlcv(S, "1m"))[0][1:5] == [0, 0, 0, 0]
        assert await x.fetch_open_interest_history(S, "5m") == []
        assert abs(await x.fetch_time() - v.clock.now()) < 10_000

    session(scenario)


def test_settings_of_the_account() -> None:
    async def scenario(v: Venue, x: Any) -> None:
        assert (await x.fetch_balance())["USDT"] == {"free": 10000, "used": 0, "total": 10000}
        assert (await x.set_leverage(10, S))["leverage"] == 10
        assert (await x.fetch_leverage(S))["longLeverage"] == 10
        await x.set_margin_mode("isolated", S)
        assert (await x.fetch_margin_mode(S))["marginMode"] == "isolated"
        with pytest.raises(ccxt.MarginModeAlreadySet):
            await x.set_margin_mode("isolated", S)
        with pytest.raises(ccxt.OperationRejected):
            await x.set_position_mode(False)
        await x.set_position_mode(True)
        assert (await x.fetch_position_mode(S))["hedged"] is True
        assert (await x.fetch_trading_fee(S))["taker"] == 0.0004
        assert (await x.fetch_leverage_tiers([S]))[S][0]["maxLeverage"] == 125

    session(scenario)


def test_orders_from_beginning_to_end() -> None:
    async def scenario(v: Venue, x: Any) -> None:
        bought = await x.create_order(S, "market", "buy", 0.3)
        assert (bought["status"], bought["filled"]) == ("closed", 0.3)
        found = await x.fetch_order(bought["id"], S)
        assert (found["average"], found["cost"]) == (2000, 600)
        limit = await x.create_limit_order(S, "sell", 0.1, 2050, {"clientOrderId": "my-1", "reduceOnly": True})
        assert (limit["status"], limit["clientOrderId"], limit["reduceOnly"]) == ("open", "my-1", True)
        changed = await x.edit_order(limit["id"], S, "limit", "sell", 0.2, 2060)
        assert (changed["price"], changed["amount"]) == (2060, 0.2)
        assert [it["id"] for it in await x.fetch_open_orders(S)] == [limit["id"]]
        assert (await x.cancel_order(limit["id"], S))["status"] == "canceled"
        assert (await x.fetch_order(None, S, {"clientOrderId": "my-1"}))["status"] == "canceled"
        assert [it["status"] for it in await x.fetch_orders(S)] == ["closed", "canceled"]
        assert len(await x.fetch_closed_orders(S)) == len(await x.fetch_canceled_orders(S)) == 1
        trade = (await x.fetch_my_trades(S))[0]
        assert (trade["price"], trade["amount"], trade["takerOrMaker"]) == (2000, 0.3, "taker")
        assert trade["fee"] == {"currency": "USDT", "cost": 0.24}
        held = (await x.fetch_positions())[0]
        assert (held["side"], held["contracts"], held["entryPrice"], held["marginMode"]) == ("long", 0.3, 2000, "cross")
        assert (await x.fetch_positions([S], {"method": "account"}))[0]["contracts"] == 0.3
        assert (await x.fetch_balance())["USDT"] == {"free": 9969.76, "used": 30, "total": 9999.76}
        await x.create_order(S, "market", "sell", 0.3, None, {"reduceOnly": True})
        assert await x.fetch_positions() == []
        assert len(await x.fetch_ledger("USDT")) == 2

    session(scenario)


def test_many_orders_at_once() -> None:
    async def scenario(v: Venue, x: Any) -> None:
        one = {"symbol": S, "type": "limit", "side": "buy", "amount": 0.1}
        placed = await x.create_orders([one | {"price": 1950}, one | {"price": 1960}, one | {"price": 1}])
        assert sorted(str(it["status"]) for it in placed) == ["open", "open", "rejected"]
        open_orders = await x.fetch_open_orders(S)
        changes = [{"id": it["id"], "symbol": S, "type": "limit", "side": "buy", "amount": 0.2} for it in open_orders]
        changed = await x.edit_orders([it | {"price": 1940} for it in changes])
        assert {it["price"] for it in changed} == {1940}
        cancelled = await x.cancel_orders([it["id"] for it in open_orders], S)
        assert {it["status"] for it in cancelled} == {"canceled"}
        await x.create_order(S, "limit", "buy", 0.1, 1950)
        await x.cancel_all_orders(S)
        assert await x.fetch_open_orders() == []

    session(scenario)


def test_conditional_orders() -> None:
    async def scenario(v: Venue, x: Any) -> None:
        await x.create_order(S, "market", "buy", 0.3)
        of_conditionals, reduces = {"trigger": True}, {"reduceOnly": True}
        stop = await x.create_order(
            S, "market", "sell", 0.3, None, {"stopLossPrice": 1950, "clientOrderId": "st-1"} | reduces
        )
        assert (stop["status"], stop["triggerPrice"], stop["clientOrderId"]) == ("open", 1950, "st-1")
        profit = await x.create_order(S, "limit", "sell", 0.3, 2100, {"takeProfitPrice": 2090} | reduces)
        trailing = {"trailingPercent": 1, "trailingTriggerPrice": 2050}
        await x.create_order(S, "market", "sell", 0.3, None, trailing | reduces)
        await x.create_order(S, "STOP_MARKET", "sell", None, None, {"stopPrice": 1940, "closePosition": True})
        assert len(await x.fetch_open_orders(S, None, None, of_conditionals)) == 4
        assert (await x.fetch_order(stop["id"], S, of_conditionals))["status"] == "open"
        with pytest.raises(ccxt.OrderNotFound):
            await x.fetch_order(stop["id"], S)
        await x.cancel_order(profit["id"], S, of_conditionals)
        v.move("1949")
        assert await x.fetch_positions() == []
        assert (await x.fetch_order(stop["id"], S, of_conditionals))["status"] == "closed"
        child = await x.fetch_order(None, S, {"clientOrderId": "st-1"})
        assert (child["status"], child["average"]) == ("closed", 1949)
        await x.cancel_all_orders(S, of_conditionals)
        assert await x.fetch_open_orders(S, None, None, of_conditionals) == []

    session(scenario)


def test_hedge_mode() -> None:
    async def scenario(v: Venue, x: Any) -> None:
        await x.set_position_mode(True)
        await x.create_order(S, "market", "buy", 0.4, None, {"positionSide": "LONG"})
        await x.create_order(S, "market", "sell", 0.2, None, {"hedged": True})
        held = {it["side"]: (it["contracts"], it["hedged"]) for it in await x.fetch_positions()}
        assert held == {"long": (0.4, True), "short": (0.2, True)}
        await x.create_order(S, "market", "sell", 0.4, None, {"hedged": True, "reduceOnly": True})
        assert [it["side"] for it in await x.fetch_positions()] == ["short"]
        with pytest.raises(ccxt.OperationRejected):
            await x.set_position_mode(False)

    session(scenario)


def test_errors_become_its_exceptions() -> None:
    async def scenario(v: Venue, x: Any) -> None:
        async def refused(kind: type[Exception], amount: float, price: float | None, **params: Any) -> None:
            with pytest.raises(kind):
                await x.create_order(S, "limit" if price else "market", "buy", amount, price, params)

        await refused(ccxt.InvalidOrder, 0.001, 1950)
        await refused(ccxt.InsufficientFunds, 1500, None)
        await refused(ccxt.InvalidOrder, 0.1, None, reduceOnly=True)
        await refused(ccxt.OrderImmediatelyFillable, 0.1, None, stopLossPrice=1990)
        await refused(ccxt.OrderNotFillable, 0.1, 2000, postOnly=True)
        await refused(ccxt.OrderNotFillable, 0.1, 1990, timeInForce="FOK")
        await x.create_order(S, "limit", "buy", 0.1, 1990, {"clientOrderId": "same"})
        await refused(ccxt.InvalidOrder, 0.1, 1980, clientOrderId="same")
        with pytest.raises(ccxt.OrderNotFound):
            await x.cancel_order("17", S)
        for fault, kind in (
            ("clock", ccxt.InvalidNonce),
            ("too_many", ccxt.DDoSProtection),
            ("unknown_executed", ccxt.OperationFailed),
            ("unavailable", ccxt.ExchangeNotAvailable),
            ("overloaded", ccxt.OperationFailed),
            ("lost", ccxt.NetworkError),
        ):
            v.simulator.faults.arm(Armed(fault, "GET *", None))  # its HTTP library asks again after a cut
            with pytest.raises(kind):
                await x.fetch_balance()
            v.simulator.faults.clear()
        x.secret = "wrong"
        with pytest.raises(ccxt.AuthenticationError):
            await x.fetch_balance()

    session(scenario)


def test_streams_of_the_market() -> None:
    async def scenario(v: Venue, x: Any) -> None:
        async def moving() -> None:
            step = 0
            while True:
                await asyncio.sleep(0.05)
                step += 1
                v.move(str(2000 + step % 10))

        mover = asyncio.create_task(moving())
        try:
            async with asyncio.timeout(20):
                assert (await x.watch_ticker(S))["last"] >= 2000
                assert S in await x.watch_tickers([S])
                assert (await x.watch_ohlcv(S, "1m"))[-1][1] == 2000
                assert (await x.watch_trades(S))[-1]["amount"] == 1
                for _ in range(3):
                    book = await x.watch_order_book(S)
                    assert 0 < book["asks"][0][0] - book["bids"][0][0] < 0.02
                assert (await x.watch_bids_asks([S]))[S]["bid"] >= 2000
                assert (await x.watch_mark_price(S))["markPrice"] >= 2000
        finally:
            mover.cancel()

    session(scenario)


def test_streams_of_the_account() -> None:
    async def scenario(v: Venue, x: Any) -> None:
        seen: dict[str, list[Any]] = {"orders": [], "trades": [], "positions": [], "balance": []}
        news = asyncio.Event()

        async def watch(name: str, call: Callable[[], Any]) -> None:
            while True:
                told = await call()
                seen[name] += [dict(it) for it in told] if isinstance(told, list) else [dict(told)]
                news.set()

        async def until(wanted: Callable[[], bool]) -> None:
            async with asyncio.timeout(10):
                while not wanted():
                    news.clear()
                    await news.wait()

        watching = [
            asyncio.create_task(watch("orders", lambda: x.watch_orders(S))),
            asyncio.create_task(watch("trades", lambda: x.watch_my_trades(S))),
            asyncio.create_task(watch("positions", lambda: x.watch_positions([S]))),
            asyncio.create_task(watch("balance", x.watch_balance)),
        ]
        try:
            async with asyncio.timeout(10):
                while not any(it.route == "private" for it in v.simulator.streams.connections):
                    await asyncio.sleep(0.01)
            await x.create_order(S, "market", "buy", 0.3)
            await until(lambda: bool(seen["trades"]) and bool(seen["balance"]))
            assert (seen["trades"][0]["price"], seen["trades"][0]["amount"]) == (2000, 0.3)
            await x.create_order(S, "market", "sell", 0.3, None, {"stopLossPrice": 1950, "reduceOnly": True})
            v.move("1940")
            await until(lambda: len(seen["trades"]) == 2 and seen["balance"][-1]["USDT"]["total"] < 9990)
            assert seen["trades"][1]["price"] == 1940
            await until(lambda: any(it["contracts"] == 0 for it in seen["positions"]))
            await until(lambda: any(it["status"] == "closed" and it["side"] == "sell" for it in seen["orders"]))
        finally:
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)

    session(scenario)


def test_its_orders_over_websocket() -> None:
    async def scenario(v: Venue, x: Any) -> None:
        placed = await x.create_order_ws(S, "limit", "buy", 0.1, 1900)
        changed = await x.edit_order_ws(placed["id"], S, "limit", "buy", 0.1, 1901)
        assert changed["price"] == 1901
        assert (await x.fetch_order_ws(placed["id"], S))["status"] == "open"
        assert (await x.cancel_order_ws(placed["id"], S))["status"] == "canceled"
        with pytest.raises(ccxt.OrderNotFound):
            await x.cancel_order_ws(placed["id"], S)
        assert (await x.fetch_balance_ws())["USDT"]["total"] == 10000
        assert await x.fetch_positions_ws([S]) == []
        assert (await x.fetch_order_book_ws(S))["bids"][0][0] == 2000

    session(scenario)
