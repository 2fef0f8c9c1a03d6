"""Orders as requests and Binance's rows as facts, digit by digit."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from pinery.adapters.binance.instruments import Instruments, plain, symbol_of, venue_name
from pinery.adapters.binance.mapping import (
    algo_request,
    algo_view,
    balance_of,
    base_of,
    fill_of_event,
    fill_of_trade,
    order_request,
    order_view,
    revised,
)
from pinery.adapters.binance.settings import BinanceSettings
from pinery.trading.broker import Environment
from pinery.trading.contracts import Terms
from pinery.trading.errors import Rejected
from pinery.trading.orders.model import Order, OrderType, Role, Side, Status, TimeInForce
from tests.adapters.binance.harness import ETH

D = Decimal
SETTINGS = BinanceSettings(Environment.DEMO, "k", "s")


def _order(type: OrderType = OrderType.MARKET, role: Role = Role.ENTRY, **more: Any) -> Order:
    values: dict[str, Any] = {"side": Side.BUY, "quantity": Decimal("0.010"), **more}
    return Order("pn-abc-e0", "abc", "demo", "test", ETH.symbol, type=type, role=role, **values)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("0.010", "0.01"),
        ("1E+3", "1000"),
        ("1E-7", "0.0000001"),
        ("100", "100"),
        ("2000.00", "2000"),
        ("0.00001000", "0.00001"),
    ],
)
def test_numbers_have_no_exponent(number: str, text: str) -> None:
    assert plain(Decimal(number)) == text


def test_names_of_symbols() -> None:
    assert venue_name("BINANCE:BTCUSDT.P") == "BTCUSDT"
    assert symbol_of("BTCUSDT") == "BINANCE:BTCUSDT.P"
    assert symbol_of("BTCUSDT_261225") == "BINANCE:BTCUSDT_261225"
    for spot in ("BINANCE:BTCUSDT", "BYBIT:BTCUSDT.P", "CME_MINI:ESZ2026"):
        with pytest.raises(Rejected) as error:
            venue_name(spot)
        assert error.value.code == "SYMBOL_UNKNOWN"


def test_names_of_revisions() -> None:
    assert revised("pn-abc-s0", 0) == "pn-abc-s0"
    assert base_of(revised("pn-abc-s0", 12)) == ("pn-abc-s0", 12)
    assert base_of("pn-abc-s0") == ("pn-abc-s0", 0)
    assert base_of("web-order-r1") == ("web-order-r1", 0)
    with pytest.raises(Rejected):
        revised("pn-" + "a" * 28 + "-s0", 10)


def test_market_order() -> None:
    assert order_request(_order(), "ETHUSDT") == {
        "symbol": "ETHUSDT",
        "side": "BUY",
        "type": "MARKET",
        "quantity": "0.01",
        "newClientOrderId": "pn-abc-e0",
    }


def test_limit_order() -> None:
    order = _order(OrderType.LIMIT, Role.TARGET, limit_price=Decimal("2000.50"), reduce_only=True, side=Side.SELL)
    request = order_request(order, "ETHUSDT")
    assert (request["price"], request["timeInForce"], request["reduceOnly"]) == ("2000.5", "GTC", "true")
    at_once = replace(order, time_in_force=TimeInForce.IOC)
    assert order_request(at_once, "ETHUSDT")["timeInForce"] == "IOC"
    with pytest.raises(Rejected, match="for the day"):
        order_request(replace(order, time_in_force=TimeInForce.DAY), "ETHUSDT")


def test_stop_goes_to_the_conditional_orders() -> None:
    stop = _order(OrderType.STOP, Role.STOP, stop_price=Decimal("1990.10"), reduce_only=True, side=Side.SELL)
    assert algo_request(stop, "ETHUSDT", SETTINGS) == {
        "algoType": "CONDITIONAL",
        "symbol": "ETHUSDT",
        "side": "SELL",
        "type": "STOP_MARKET",
        "quantity": "0.01",
        "triggerPrice": "1990.1",
        "workingType": "CONTRACT_PRICE",
        "clientAlgoId": "pn-abc-e0",
        "reduceOnly": "true",
    }
    entry = algo_request(replace(stop, reduce_only=False), "ETHUSDT", replace(SETTINGS, working_type="mark"))
    assert "reduceOnly" not in entry and entry["workingType"] == "MARK_PRICE"


def test_target_as_a_market_order_at_its_price() -> None:
    target = _order(OrderType.LIMIT, Role.TARGET, limit_price=Decimal("2010"), reduce_only=True, side=Side.SELL)
    request = algo_request(target, "ETHUSDT", replace(SETTINGS, targets="market"))
    assert (request["type"], request["triggerPrice"]) == ("TAKE_PROFIT_MARKET", "2010")


_ROW = {
    "orderId": 22542179,
    "clientOrderId": "pn-abc-e0",
    "symbol": "ETHUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "status": "PARTIALLY_FILLED",
    "origQty": "0.030",
    "executedQty": "0.020",
    "avgPrice": "2000.13",
    "price": "2001.00",
    "stopPrice": "0",
}


def test_an_order_and_its_trades() -> None:
    trade = {"symbol": "ETHUSDT", "side": "BUY", "qty": "0.010", "commission": "0.008", "commissionAsset": "USDT"}
    trades = [
        trade | {"id": 7, "price": "2000.00", "time": 5},
        trade | {"id": 8, "price": "2000.25", "time": 6},
    ]
    view = order_view(_ROW, [fill_of_trade(trade, "pn-abc-e0") for trade in trades])
    assert (view.client_id, view.venue_id, view.symbol) == ("pn-abc-e0", "22542179", ETH.symbol)
    assert (view.status, view.quantity, view.filled) == (Status.PARTIALLY_FILLED, Decimal("0.03"), Decimal("0.02"))
    assert view.average_price == Decimal("2000.125"), "from the trades, not the venue's rounded figure"
    assert [fill.trade_id for fill in view.fills] == ["ETHUSDT-7", "ETHUSDT-8"]
    assert order_view(_ROW).average_price == Decimal("2000.13")


def test_a_trade_is_the_same_over_the_stream_and_in_the_list() -> None:
    row = {"symbol": "ETHUSDT", "id": 7, "side": "SELL", "qty": "0.010", "price": "2000.00", "time": 5,
           "commission": "0.008", "commissionAsset": "USDT"}  # fmt: skip
    event = {"s": "ETHUSDT", "t": 7, "S": "SELL", "l": "0.010", "L": "2000.0", "T": 5, "n": "0.00800000", "N": "USDT"}
    assert fill_of_trade(row, "pn-abc-x0") == fill_of_event(event, "pn-abc-x0")


def test_a_conditional_order_that_waits() -> None:
    row = {"algoId": 2146760, "clientAlgoId": "pn-abc-s0-r3", "symbol": "ETHUSDT", "orderType": "STOP_MARKET",
           "algoStatus": "NEW", "quantity": "0.01", "triggerPrice": "1990.000"}  # fmt: skip
    view = algo_view(row)
    assert (view.client_id, view.venue_id, view.status) == ("pn-abc-s0", "2146760", Status.WORKING)
    assert (view.stop_price, view.limit_price) == (Decimal("1990"), None)
    target = algo_view(row | {"orderType": "TAKE_PROFIT_MARKET"})
    assert (target.stop_price, target.limit_price) == (None, Decimal("1990"))


def test_a_status_that_is_new_is_unknown() -> None:
    assert order_view(_ROW | {"status": "PENDING_SOMETHING"}).status is Status.UNKNOWN


def test_balance() -> None:
    asset = {"asset": "USDT", "walletBalance": "1000.5", "unrealizedProfit": "-20.5", "initialMargin": "100",
             "availableBalance": "880.0"}  # fmt: skip
    balance = balance_of({"assets": [{"asset": "BNB", "walletBalance": "3"}, asset]}, "USDT", 7)
    assert (balance.balance, balance.equity, balance.margin_used) == (Decimal("1000.5"), Decimal("980.0"), Decimal(100))
    assert balance.available == Decimal("880.0") == balance.equity - balance.margin_used
    held_back = balance_of({"assets": [asset | {"availableBalance": "500"}]}, "USDT", 7)
    assert held_back.available == Decimal("500"), "Binance's figure where it is lower"
    assert balance_of({"assets": []}, "USDT", 7).balance == 0


def _info(**filters: Any) -> Instruments:
    row = {
        "symbol": "ETHUSDT",
        "status": "TRADING",
        "contractType": "PERPETUAL",
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "tickSize": filters.get("tick", "0.01"),
                "minPrice": "0.01",
                "maxPrice": "100000",
            },
            {"filterType": "LOT_SIZE", "stepSize": "0.001", "minQty": "0.001", "maxQty": "1000"},
            {"filterType": "MARKET_LOT_SIZE", "stepSize": "0.001", "minQty": "0.001", "maxQty": "200"},
            {"filterType": "MIN_NOTIONAL", "notional": "20"},
        ],
    }
    return Instruments({"symbols": [row]})


@pytest.mark.parametrize(
    ("quantity", "price", "at_market", "words"),
    [
        ("0.0005", "2000", False, "multiple of 0.001"),
        ("0.01", "2000.005", False, "tick"),
        ("0.009", "2000", False, "20 or more"),
        ("201", "2000", True, "above the most, 200"),
        ("0.01", "200000", False, "outside"),
    ],
)
def test_what_binance_would_refuse_is_not_sent(quantity: str, price: str, at_market: bool, words: str) -> None:
    number, at = Decimal(quantity), Decimal(price)
    with pytest.raises(Rejected, match=words):
        _info().rules("ETHUSDT").check(number, at_market=at_market, prices=[at], notional=number * at)
    _info().rules("ETHUSDT").check(Decimal("0.01"), at_market=False, prices=[Decimal("2000.01")], notional=None)


def test_orders_are_sized_and_priced_by_binances_terms_where_those_are_coarser() -> None:
    found = _info(tick="0.1").terms("BINANCE:ETHUSDT.P")
    assert found == Terms(D("0.001"), D("0.001"), D(200), D("0.1"), D(20)), "200 is the most of market orders"
    fine = replace(ETH, instrument=replace(ETH.instrument, qty_step=1e-6, mincontract=1e-6), terms=found)
    assert fine.quantity_down(D("0.0129999")) == D("0.012")
    assert fine.quantity_down(D("0.0009")) == 0
    assert fine.price_to_tick(D("2000.06")) == D("2000.1")
    assert fine.tick == D("0.01"), "a distance in ticks means what it means on the chart"
    coarse = replace(ETH, instrument=replace(ETH.instrument, qty_step=0.5, mincontract=0.5), terms=found)
    assert coarse.quantity_down(D("0.7")) == D("0.5")
    assert _info().terms("BINANCE:NOPEUSDT.P") is None
    assert _info().terms("CME_MINI:ESZ2026") is None


def test_rules_that_binance_changes_hold_from_then_on() -> None:
    info = _info()
    assert info.rules("ETHUSDT").tradable
    info.learn({"symbols": [{"symbol": "ETHUSDT", "status": "SETTLING", "contractType": "PERPETUAL"}]})
    assert not info.rules("ETHUSDT").tradable


def test_a_contract_that_is_not_there() -> None:
    with pytest.raises(Rejected) as error:
        _info().rules("NOPEUSDT")
    assert error.value.code == "SYMBOL_UNKNOWN"
