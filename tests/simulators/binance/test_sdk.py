"""Binance's own client for Python against the simulated venue: REST, streams and the WebSocket API.

It knows nothing of us; only addresses and keys are given to it. Its REST side is synchronous, so it runs in a thread.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest
from binance_common.configuration import (
    ConfigurationRestAPI,
    ConfigurationWebSocketAPI,
    ConfigurationWebSocketStreams,
)
from binance_common.errors import BadRequestError, TooManyRequestsError, UnauthorizedError
from binance_sdk_derivatives_trading_usds_futures.derivatives_trading_usds_futures import DerivativesTradingUsdsFutures
from binance_sdk_derivatives_trading_usds_futures.rest_api.models import (
    ModifyMultipleOrdersBatchOrdersParameterInner,
    PlaceMultipleOrdersBatchOrdersParameterInner,
)

from pinery.simulators.common.faults import Armed
from tests.simulators.binance.harness import KEY, SECRET, Venue, run

ETH = "ETHUSDT"

# How the client calls the library that it connects with.
pytestmark = pytest.mark.filterwarnings("ignore:parameter 'timeout' of type 'float' is deprecated:DeprecationWarning")


@pytest.fixture(autouse=True)
def quiet() -> Any:
    """The client logs to the root logger what it raises anyway."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


class Client:
    def __init__(self, v: Venue) -> None:
        self.sdk: Any = DerivativesTradingUsdsFutures(
            config_rest_api=ConfigurationRestAPI(
                api_key=KEY, api_secret=SECRET, base_path=v.server.url, timeout=5000, retries=0
            ),
            config_ws_streams=ConfigurationWebSocketStreams(stream_url=v.server.ws_url),
            config_ws_api=ConfigurationWebSocketAPI(
                api_key=KEY, api_secret=SECRET, stream_url=f"{v.server.ws_url}/ws-fapi/v1"
            ),
        )

    async def __call__(self, name: str, *args: Any, **more: Any) -> Any:
        """What a call of the REST side found."""
        answer = await asyncio.to_thread(getattr(self.sdk.rest_api, name), *args, **more)
        return answer.data()


def session(scenario: Callable[[Venue, Client], Any]) -> None:
    async def with_client(v: Venue) -> None:
        await scenario(v, Client(v))

    run(with_client)


def test_market_and_account() -> None:
    async def scenario(v: Venue, c: Client) -> None:
        info = await c("exchange_information")
        assert [it.symbol for it in info.symbols] == ["ETHUSDT", "BTCUSDT"]
        assert (await c("symbol_price_ticker", ETH)).actual_instance.price == "2000"
        assert (await c("kline_candlestick_data", ETH, "1m"))[0][4] == "2000"
        assert (await c("order_book", ETH, limit=5)).bids[0][0] == "2000"
        assert (await c("compressed_aggregate_trades_list", ETH))[0].p == "2000"
        assert (await c("mark_price", ETH)).actual_instance.mark_price == "2000.00000000"
        assert (await c("ticker24hr_price_change_statistics", ETH)).actual_instance.last_price == "2000"
        assert (await c("futures_account_balance_v3"))[0].balance == "10000.00000000"
        assert (await c("account_information_v3")).available_balance == "10000.00000000"
        assert (await c("account_information_v2")).can_trade is True
        assert (await c("change_initial_leverage", ETH, 12)).leverage == 12
        assert (await c("change_margin_type", ETH, "ISOLATED")).code == 200
        assert (await c("symbol_configuration", ETH))[0].margin_type == "ISOLATED"
        assert (await c("change_position_mode", "true")).code == 200
        assert (await c("get_current_position_mode")).dual_side_position is True
        assert (await c("user_commission_rate", ETH)).taker_commission_rate == "0.0004"
        assert len(await c("query_user_rate_limit")) == 2
        assert (await c("notional_and_leverage_brackets", ETH)).actual_instance[0].brackets[0].initial_leverage == 125

    session(scenario)


def test_orders() -> None:
    async def scenario(v: Venue, c: Client) -> None:
        bought = await c("new_order", ETH, "BUY", "MARKET", quantity=0.3, new_order_resp_type="RESULT")
        assert (bought.status, bought.executed_qty) == ("FILLED", "0.3")
        assert (await c("query_order", ETH, order_id=bought.order_id)).avg_price == "2000"
        limit = {"quantity": 0.1, "price": 2050, "time_in_force": "GTC", "new_client_order_id": "abc"}
        await c("new_order", ETH, "SELL", "LIMIT", **limit)
        changed = await c("modify_order", ETH, "SELL", 0.2, 2060, orig_client_order_id="abc")
        assert (changed.price, changed.orig_qty) == ("2060", "0.2")
        assert [it.client_order_id for it in await c("current_all_open_orders")] == ["abc"]
        assert (await c("get_order_modify_history", ETH, orig_client_order_id="abc"))[0].amendment.price.after == "2060"
        assert (await c("cancel_order", ETH, orig_client_order_id="abc")).status == "CANCELED"
        await c("test_order", ETH, "BUY", "LIMIT", quantity=0.1, price=1950, time_in_force="GTC")
        one = {"symbol": ETH, "side": "BUY", "type": "LIMIT", "time_in_force": "GTC", "quantity": 0.1}
        wanted = [PlaceMultipleOrdersBatchOrdersParameterInner(**one, price=price) for price in (1950, 1)]
        placed = await c("place_multiple_orders", wanted)
        assert placed[0].status == "NEW" and placed[1].code == -4164
        id = placed[0].order_id
        change = ModifyMultipleOrdersBatchOrdersParameterInner(
            order_id=id, symbol=ETH, side="BUY", quantity=0.2, price=1949
        )
        assert (await c("modify_multiple_orders", [change]))[0].price == "1949"
        assert (await c("cancel_multiple_orders", ETH, order_id_list=[id]))[0].status == "CANCELED"
        assert (await c("auto_cancel_all_open_orders", ETH, 10_000)).countdown_time == "10000"
        assert (await c("cancel_all_open_orders", ETH)).code == 200
        assert len(await c("all_orders", ETH)) == 3
        assert [it.qty for it in await c("account_trade_list", ETH)] == ["0.3"]
        held = (await c("position_information_v3", symbol=ETH))[0]
        assert (held.position_amt, held.entry_price) == ("0.3", "2000")
        assert (await c("get_income_history"))[0].income_type == "COMMISSION"

    session(scenario)


def test_conditional_orders() -> None:
    async def scenario(v: Venue, c: Client) -> None:
        await c("new_order", ETH, "BUY", "MARKET", quantity=0.3)
        stop = {"quantity": 0.3, "trigger_price": 1950, "reduce_only": "true", "client_algo_id": "sl"}
        placed = await c("new_algo_order", "CONDITIONAL", ETH, "SELL", "STOP_MARKET", **stop)
        assert placed.algo_status == "NEW"
        profit = {"quantity": 0.3, "trigger_price": 2090, "price": 2085}
        await c("new_algo_order", "CONDITIONAL", ETH, "SELL", "TAKE_PROFIT", **profit)
        trailing = {"quantity": 0.3, "activate_price": 2050, "callback_rate": 1}
        await c("new_algo_order", "CONDITIONAL", ETH, "SELL", "TRAILING_STOP_MARKET", **trailing)
        closing = {"close_position": "true", "trigger_price": 1940}
        await c("new_algo_order", "CONDITIONAL", ETH, "SELL", "STOP_MARKET", **closing)
        assert len(await c("current_all_algo_open_orders")) == 4
        v.move("1949")
        found = await c("query_algo_order", client_algo_id="sl")
        assert (found.algo_status, found.actual_price) == ("FINISHED", "1949")
        assert (await c("query_order", ETH, order_id=int(found.actual_order_id))).client_order_id == "sl"
        assert len(await c("query_all_algo_orders", ETH)) == 4
        left = (await c("current_all_algo_open_orders"))[0]
        assert (await c("cancel_algo_order", algo_id=left.algo_id)).msg == "success"
        assert (await c("cancel_all_algo_open_orders", ETH)).code == 200
        assert await c("current_all_algo_open_orders") == []

    session(scenario)


def test_errors_become_its_exceptions() -> None:
    async def scenario(v: Venue, c: Client) -> None:
        with pytest.raises(BadRequestError, match="-4164"):
            await c("new_order", ETH, "BUY", "LIMIT", quantity=0.001, price=1950, time_in_force="GTC")
        with pytest.raises(BadRequestError, match="-2013"):
            await c("query_order", ETH, order_id=1)
        with pytest.raises(BadRequestError, match="-2021"):
            await c("new_algo_order", "CONDITIONAL", ETH, "SELL", "STOP_MARKET", quantity=0.1, trigger_price=2050)
        v.simulator.faults.arm(Armed("too_many"))
        with pytest.raises(TooManyRequestsError):
            await c("futures_account_balance_v3")
        v.simulator.exchange.accesses.clear()
        with pytest.raises(UnauthorizedError):
            await c("futures_account_balance_v3")

    session(scenario)


def test_streams() -> None:
    async def scenario(v: Venue, c: Client) -> None:
        key = (await c("start_user_data_stream")).listen_key
        assert (await c("keepalive_user_data_stream")).listen_key == key
        streams = await c.sdk.websocket_streams.create_connection()
        seen: dict[str, list[Any]] = {}
        news = asyncio.Event()

        def keep(name: str) -> Callable[[Any], None]:
            def hear(told: Any) -> None:
                seen.setdefault(name, []).append(told)
                news.set()

            return hear

        async def until(wanted: Callable[[], bool]) -> None:
            async with asyncio.timeout(10):
                while not wanted():
                    news.clear()
                    await news.wait()

        for name, handle in (
            ("user", await streams.user_data(key)),
            ("kline", await streams.kline_candlestick_streams(symbol="ethusdt", interval="1m")),
            ("trade", await streams.aggregate_trade_streams(symbol="ethusdt")),
            ("best", await streams.individual_symbol_book_ticker_streams(symbol="ethusdt")),
        ):
            handle.on("message", keep(name))
        try:
            v.move("2001")
            await until(lambda: {"kline", "trade", "best"} <= set(seen))
            assert (seen["trade"][-1].p, seen["kline"][-1].k.c) == ("2001", "2001")
            await c("new_order", ETH, "BUY", "MARKET", quantity=0.1, new_client_order_id="mine")
            stop = {"quantity": 0.1, "trigger_price": 1990, "client_algo_id": "stop"}
            await c("new_algo_order", "CONDITIONAL", ETH, "SELL", "STOP_MARKET", **stop)
            v.move("1980")

            def kinds() -> list[str]:
                return [type(it.actual_instance).__name__ for it in seen.get("user", [])]

            await until(lambda: kinds().count("AlgoUpdate") == 4)
            orders = [
                it.actual_instance.o for it in seen["user"] if "OrderTradeUpdate" in type(it.actual_instance).__name__
            ]
            assert [(it.c, it.x) for it in orders] == [
                ("mine", "NEW"),
                ("mine", "TRADE"),
                ("stop", "NEW"),
                ("stop", "TRADE"),
            ]
            algos = [it.actual_instance.o.X for it in seen["user"] if type(it.actual_instance).__name__ == "AlgoUpdate"]
            assert algos == ["NEW", "TRIGGERING", "TRIGGERED", "FINISHED"]
            assert kinds().count("AccountUpdate") == 2
        finally:
            await streams.close_connection(close_session=True)

    session(scenario)


def test_the_websocket_api() -> None:
    async def scenario(v: Venue, c: Client) -> None:
        api = await c.sdk.websocket_api.create_connection()

        async def ask(name: str, **params: Any) -> Any:
            return (await getattr(api, name)(**params)).data().to_dict()

        try:
            limit = {"type": "LIMIT", "quantity": 0.1, "price": 1900, "time_in_force": "GTC"}
            placed = await ask("new_order", symbol=ETH, side="BUY", new_client_order_id="ws", **limit)
            assert placed["result"]["status"] == "NEW"
            one = {"symbol": ETH, "orig_client_order_id": "ws"}
            changed = await ask("modify_order", **one, side="BUY", quantity=0.2, price=1901)
            assert changed["result"]["price"] == "1901"
            assert (await ask("query_order", **one))["result"]["origQty"] == "0.2"
            assert (await ask("cancel_order", **one))["result"]["status"] == "CANCELED"
            stop = {"algo_type": "CONDITIONAL", "symbol": ETH, "side": "SELL", "type": "STOP_MARKET"}
            await ask("new_algo_order", **stop, quantity=0.1, trigger_price=1900, client_algo_id="wsa")
            assert (await ask("cancel_algo_order", client_algo_id="wsa"))["result"]["msg"] == "success"
            assert (await ask("futures_account_balance_v2"))["result"][0]["balance"] == "10000.00000000"
            assert (await ask("account_information_v2"))["result"]["availableBalance"] == "10000.00000000"
        finally:
            await api.close_connection(close_session=True)

    session(scenario)
