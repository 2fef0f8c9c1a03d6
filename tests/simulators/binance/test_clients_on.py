"""ccxt and Binance's own client on longer ways through the simulated venue: pages, client ids, ends of streams, and
orders that depend on the position."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from binance_common.errors import BadRequestError

from tests.simulators.binance import test_ccxt, test_sdk
from tests.simulators.binance.harness import Venue
from tests.simulators.binance.test_ccxt import S, ccxt
from tests.simulators.binance.test_sdk import ETH, Client

# How Binance's client calls the library that it connects with.
pytestmark = pytest.mark.filterwarnings("ignore:parameter 'timeout' of type 'float' is deprecated:DeprecationWarning")
quiet = test_sdk.quiet


# --- ccxt -------------------------------------------------------------------------------------


def test_pages_of_trades_and_orders() -> None:
    async def scenario(v: Venue, x: Any) -> None:
        placed = [await x.create_order(S, "market", "buy", 0.1) for _ in range(4)]
        ids = [it["id"] for it in placed]
        trades = await x.fetch_my_trades(S)
        assert [it["order"] for it in trades] == ids
        assert [it["order"] for it in await x.fetch_my_trades(S, None, 2)] == ids[2:]
        since = trades[0]["timestamp"]
        assert [it["order"] for it in await x.fetch_my_trades(S, since, 2)] == ids[:2]
        later = await x.fetch_my_trades(S, None, None, {"fromId": trades[2]["id"]})
        assert [it["order"] for it in later] == ids[2:]
        assert [it["order"] for it in await x.fetch_my_trades(S, None, None, {"orderId": ids[1]})] == [ids[1]]
        assert [it["id"] for it in await x.fetch_orders(S, None, 2)] == ids[2:]
        assert await x.fetch_orders(S, v.clock.now() + 60_000) == []

    test_ccxt.session(scenario)


def test_orders_by_client_id() -> None:
    async def scenario(v: Venue, x: Any) -> None:
        for name in ("a-1", "a-2", "a-3"):
            await x.create_order(S, "limit", "buy", 0.1, 1950, {"clientOrderId": name})
        assert (await x.cancel_order(None, S, {"clientOrderId": "a-1"}))["clientOrderId"] == "a-1"
        done = await x.cancel_orders([], S, {"clientOrderIds": ["a-2", "a-9"]})
        assert done[0]["status"] == "canceled"
        assert [it["clientOrderId"] for it in await x.fetch_open_orders(S)] == ["a-3"]
        stop = {"triggerPrice": 1900, "clientOrderId": "c-1"}
        await x.create_order(S, "market", "sell", 0.1, None, stop)
        found = await x.fetch_order(None, S, {"clientOrderId": "c-1", "trigger": True})
        assert (found["status"], found["triggerPrice"]) == ("open", 1900)
        await x.cancel_order(None, S, {"clientOrderId": "c-1", "trigger": True})
        assert await x.fetch_open_orders(S, None, None, {"trigger": True}) == []

    test_ccxt.session(scenario)


def test_limit_orders_that_must_not_and_must_trade_at_once() -> None:
    async def scenario(v: Venue, x: Any) -> None:
        resting = await x.create_order(S, "limit", "buy", 0.1, 1990, {"postOnly": True})
        assert (resting["status"], resting["postOnly"]) == ("open", True)
        with pytest.raises(ccxt.BaseError):
            await x.edit_order(resting["id"], S, "limit", "buy", 0.1, 1990)
        assert (await x.fetch_order(resting["id"], S))["price"] == 1990
        assert (await x.edit_order(resting["id"], S, "limit", "buy", 0.1, 2001))["status"] == "canceled"
        with pytest.raises(ccxt.OrderNotFillable):
            await x.create_order(S, "limit", "buy", 0.1, 2001, {"postOnly": True})
        whole = await x.create_order(S, "limit", "buy", 0.1, 2001, {"timeInForce": "FOK"})
        assert (whole["status"], whole["filled"]) == ("closed", 0.1)
        rest = await x.create_order(S, "limit", "buy", 0.1, 1995, {"timeInForce": "IOC"})
        assert (await x.fetch_order(rest["id"], S))["status"] == "expired"

    test_ccxt.session(scenario)


def test_orders_that_only_reduce_follow_the_position() -> None:
    async def scenario(v: Venue, x: Any) -> None:
        await x.create_order(S, "market", "buy", 0.3)
        target = await x.create_order(S, "limit", "sell", 0.9, 2050, {"reduceOnly": True})
        assert (await x.fetch_order(target["id"], S))["amount"] == 0.3, "no more than is held"
        await x.create_order(S, "market", "sell", 0.1, None, {"reduceOnly": True})
        assert (await x.fetch_order(target["id"], S))["amount"] == 0.2
        await x.create_order(S, "market", "sell", 0.2)
        assert (await x.fetch_order(target["id"], S))["status"] == "expired"
        with pytest.raises(ccxt.InvalidOrder):
            await x.create_order(S, "market", "sell", 0.1, None, {"reduceOnly": True})

    test_ccxt.session(scenario)


def test_a_closing_stop_takes_all_that_is_held_then() -> None:
    async def scenario(v: Venue, x: Any) -> None:
        await x.create_order(S, "market", "buy", 0.1)
        closing = {"stopPrice": 1950, "closePosition": True}
        stop = await x.create_order(S, "STOP_MARKET", "sell", None, None, closing)
        await x.create_order(S, "market", "buy", 0.4)
        v.move("1950")
        assert await x.fetch_positions() == []
        assert (await x.fetch_order(stop["id"], S, {"trigger": True}))["status"] == "closed"
        with pytest.raises(ccxt.BadRequest, match="-4137"):
            await x.create_order(S, "STOP_MARKET", "sell", 0.1, None, {**closing, "stopPrice": 1900, "quantity": 0.1})

    test_ccxt.session(scenario)


def test_a_trailing_stop_waits_for_its_activation() -> None:
    async def scenario(v: Venue, x: Any) -> None:
        await x.create_order(S, "market", "buy", 0.1)
        trailing = {"trailingPercent": 1, "trailingTriggerPrice": 2100, "reduceOnly": True}
        await x.create_order(S, "market", "sell", 0.1, None, trailing)
        for price in ("1900", "2099", "2050"):
            v.move(price)
        assert len(await x.fetch_positions()) == 1, "not active: nothing trails"
        for price in ("2100", "2200", "2179"):
            v.move(price)
        assert len(await x.fetch_positions()) == 1, "1 % below 2200 is 2178"
        v.move("2178")
        assert await x.fetch_positions() == []
        assert (await x.fetch_my_trades(S))[-1]["price"] == 2178

    test_ccxt.session(scenario)


def test_modes_while_something_is_held() -> None:
    async def scenario(v: Venue, x: Any) -> None:
        order = await x.create_order(S, "limit", "buy", 0.1, 1950)
        for change in (x.set_position_mode(True), x.set_margin_mode("isolated", S)):
            with pytest.raises(ccxt.OperationRejected):
                await change
        await x.cancel_order(order["id"], S)
        await x.create_order(S, "market", "buy", 0.1)
        for change in (x.set_position_mode(True), x.set_margin_mode("isolated", S)):
            with pytest.raises(ccxt.OperationRejected):
                await change
        assert (await x.set_leverage(5, S))["leverage"] == 5
        with pytest.raises(ccxt.BaseError):
            await x.create_order(S, "market", "buy", 0.1, None, {"positionSide": "LONG"})

    test_ccxt.session(scenario)


def test_streams_of_the_account_after_a_cut() -> None:
    async def scenario(v: Venue, x: Any) -> None:
        async def told(wanted: str) -> None:
            async with asyncio.timeout(15):
                while True:
                    try:
                        orders = await x.watch_orders(S)
                    except ccxt.NetworkError:
                        continue
                    if any(it["clientOrderId"] == wanted for it in orders):
                        return

        async def listening(before: set[Any]) -> set[Any]:
            async with asyncio.timeout(10):
                while True:
                    there = {it for it in v.simulator.streams.connections if it.route == "private"}
                    if there - before:
                        return there
                    await asyncio.sleep(0.01)

        before: set[Any] = set()
        for name in ("one", "two"):
            watching = asyncio.create_task(told(name))
            before |= await listening(before)
            await x.create_order(S, "limit", "buy", 0.1, 1950, {"clientOrderId": name})
            await watching
            v.simulator.streams.end("cut")

    test_ccxt.session(scenario)


def test_what_the_venue_says_of_funding_and_deleveraging() -> None:
    async def scenario(v: Venue, x: Any) -> None:
        assert (await x.fetch_funding_interval(S))["interval"] == "8h"
        assert (await x.fetch_adl_rank(S))["rating"] == "low"
        await x.create_order(S, "market", "buy", 0.1)
        assert (await x.fetch_position_adl_rank(S))["rank"] == 1

    test_ccxt.session(scenario)


def test_liquidations_are_told_on_the_markets_stream() -> None:
    async def scenario(v: Venue, x: Any) -> None:
        await x.create_order(S, "market", "buy", 90)
        watching = asyncio.create_task(x.watch_liquidations(S))
        async with asyncio.timeout(30):
            while not any("ethusdt@forceOrder" in it.names for it in v.simulator.streams.connections):
                await asyncio.sleep(0.01)
            v.move("1890")
            (told,) = await watching
        assert (told["side"], told["price"]) == ("sell", 1890)
        assert told["info"]["z"] == "90"

    test_ccxt.session(scenario)


# --- Binance's own client -----------------------------------------------------------------------


def test_orders_are_canceled_when_the_countdown_is_over() -> None:
    async def scenario(v: Venue, c: Client) -> None:
        stop = {"quantity": 0.1, "trigger_price": 1900}
        await c("new_algo_order", "CONDITIONAL", ETH, "SELL", "STOP_MARKET", **stop)
        limit = {"quantity": 0.1, "price": 1950, "time_in_force": "GTC"}
        await c("new_order", ETH, "BUY", "LIMIT", **limit)
        await c("auto_cancel_all_open_orders", ETH, 60_000)
        await c("auto_cancel_all_open_orders", ETH, 0)
        await c("auto_cancel_all_open_orders", ETH, 200)
        async with asyncio.timeout(10):
            while await c("current_all_open_orders"):
                await asyncio.sleep(0.05)
        assert (await c("all_orders", ETH))[0].status == "CANCELED"
        assert len(await c("current_all_algo_open_orders")) == 1, "conditional orders are left"

    test_sdk.session(scenario)


def test_what_the_account_is_told_of_itself() -> None:
    async def scenario(v: Venue, c: Client) -> None:
        assert (await c("user_commission_rate", ETH)).taker_commission_rate == "0.0004"
        assert "initial_leverage=125" in repr(await c("notional_and_leverage_brackets", symbol=ETH))
        assert len(await c("query_user_rate_limit")) == 2
        await c("change_margin_type", ETH, "ISOLATED")
        await c("change_initial_leverage", ETH, 10)
        (config,) = await c("symbol_configuration", symbol=ETH)
        assert (config.margin_type, config.leverage) == ("ISOLATED", 10)
        await c("new_order", ETH, "BUY", "MARKET", quantity=1)
        await c("modify_isolated_position_margin", ETH, 50, 1)
        (held,) = await c("position_information_v3", symbol=ETH)
        assert Decimal(held.isolated_wallet) == 250
        assert len(await c("get_position_margin_change_history", ETH)) == 1
        v.move("2100")
        await c("new_order", ETH, "SELL", "MARKET", quantity=1, reduce_only="true")
        kinds = [row.income_type for row in await c("get_income_history")]
        assert sorted(kinds) == ["COMMISSION", "COMMISSION", "REALIZED_PNL"]
        (profit,) = await c("get_income_history", income_type="REALIZED_PNL", symbol=ETH)
        assert Decimal(profit.income) == 100
        assert len(await c("get_income_history", limit=1)) == 1
        account = await c("account_information_v3")
        assert Decimal(account.total_wallet_balance) == 10_000 + 100 - Decimal("1.64")
        assert (await c("account_trade_list", ETH))[-1].realized_pnl == "100.00000000"

    test_sdk.session(scenario)


def test_batches_in_which_some_fail() -> None:
    async def scenario(v: Venue, c: Client) -> None:
        limit = {"quantity": 0.1, "time_in_force": "GTC"}
        for name, price in (("b-1", 1950), ("b-2", 1951)):
            await c("new_order", ETH, "BUY", "LIMIT", price=price, new_client_order_id=name, **limit)
        change = test_sdk.ModifyMultipleOrdersBatchOrdersParameterInner
        one = {"symbol": ETH, "side": "BUY", "quantity": 0.2}
        done = await c(
            "modify_multiple_orders",
            [
                change(orig_client_order_id="b-1", price=1940, **one),
                change(orig_client_order_id="none", price=1940, **one),
                change(orig_client_order_id="b-2", price=1.001, **one),
            ],
        )
        assert (done[0].price, done[1].code, done[2].code) == ("1940", -2013, -1111)
        gone = await c("cancel_multiple_orders", ETH, orig_client_order_id_list=["b-1", "b-1", "b-2"])
        assert (gone[0].status, gone[1].code, gone[2].status) == ("CANCELED", -2011, "CANCELED")
        assert await c("current_all_open_orders") == []

    test_sdk.session(scenario)


def test_orders_with_a_date_and_orders_that_match_a_price() -> None:
    async def scenario(v: Venue, c: Client) -> None:
        dated = {"quantity": 0.1, "price": 1950, "time_in_force": "GTD"}
        with pytest.raises(BadRequestError, match="-5040"):
            await c("new_order", ETH, "BUY", "LIMIT", good_till_date=v.clock.now() + 10_000, **dated)
        await c("new_order", ETH, "BUY", "LIMIT", good_till_date=v.clock.now() + 700_000, **dated)
        v.clock.ahead += 710_000
        with pytest.raises(BadRequestError, match="-1021"):
            await c("current_all_open_orders")
        v.clock.ahead = 0
        assert await c("current_all_open_orders") == []
        assert (await c("all_orders", ETH))[0].status == "EXPIRED"
        matched = {"quantity": 0.1, "time_in_force": "GTC", "price_match": "QUEUE"}
        await c("new_order", ETH, "BUY", "LIMIT", **matched)
        with pytest.raises(BadRequestError, match="-1106"):
            await c("new_order", ETH, "BUY", "LIMIT", price=1900, **matched)

    test_sdk.session(scenario)
