"""Balances, positions, margin and modes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.simulators.binance.harness import Venue, run


async def set_up(v: Venue, path: str, **params: Any) -> Any:
    return await v.call("POST", f"/fapi/v1/{path}", symbol="ETHUSDT", **params)


async def risk(v: Venue) -> Any:
    return (await v.call("GET", "/fapi/v3/positionRisk", symbol="ETHUSDT"))[0]


def test_fees_and_profit_reach_the_wallet() -> None:
    async def scenario(v: Venue) -> None:
        await v.order("BUY", "0.5")  # taker: 0.04 % of 1000
        assert await v.wallet() == Decimal("9999.6")
        await v.order("SELL", "0.5", "2010")
        v.move("2010")  # maker: 0.02 % of 1005
        assert await v.wallet() == Decimal("9999.6") + 5 - Decimal("0.201")
        bought, sold = await v.call("GET", "/fapi/v1/userTrades", symbol="ETHUSDT")
        assert (bought["commission"], sold["commission"]) == ("0.40000000", "0.20100000")
        assert (bought["realizedPnl"], sold["realizedPnl"]) == ("0.00000000", "5.00000000")
        assert {bought["commissionAsset"], sold["commissionAsset"]} == {"USDT"}
        kinds = [row["incomeType"] for row in await v.call("GET", "/fapi/v1/income")]
        assert kinds == ["COMMISSION", "REALIZED_PNL", "COMMISSION"]

    run(scenario)


def test_a_position_is_averaged_reduced_and_turned() -> None:
    async def scenario(v: Venue) -> None:
        await v.order("BUY", "0.1")
        v.move("2100")
        await v.order("BUY", "0.1")
        row = await risk(v)
        assert (row["positionAmt"], row["entryPrice"], row["unRealizedProfit"]) == ("0.2", "2050", "10.00000000")
        await v.order("SELL", "0.1")
        assert (await risk(v))["entryPrice"] == "2050"
        await v.order("SELL", "0.3")
        row = await risk(v)
        assert (row["positionAmt"], row["entryPrice"], row["notional"]) == ("-0.2", "2100", "-420.00000000")

    run(scenario)


def test_only_symbols_with_a_position_or_orders_are_listed() -> None:
    async def scenario(v: Venue) -> None:
        assert await v.call("GET", "/fapi/v3/positionRisk") == []
        await v.order("BUY", "0.1", "1990")
        row = await risk(v)
        assert (row["positionAmt"], row["openOrderInitialMargin"]) == ("0", "9.95000000")
        assert len(await v.call("GET", "/fapi/v2/positionRisk")) == 2  # version 2 lists all

    run(scenario)


def test_margin_follows_leverage() -> None:
    async def scenario(v: Venue) -> None:
        told = await set_up(v, "leverage", leverage=10)
        assert told == {"leverage": 10, "maxNotionalValue": "230000000", "symbol": "ETHUSDT"}
        await v.order("BUY", "1")
        account = await v.call("GET", "/fapi/v3/account")
        assert account["totalPositionInitialMargin"] == "200.00000000"
        assert account["totalMaintMargin"] == "8.00000000"
        assert account["availableBalance"] == "9799.20000000"
        assert account["positions"][0]["initialMargin"] == "200.00000000"
        assert (await v.call("GET", "/fapi/v1/symbolConfig", symbol="ETHUSDT"))[0]["leverage"] == 10
        for wrong in (0, 126):
            assert await v.code(set_up(v, "leverage", leverage=wrong)) == -4028

    run(scenario)


def test_what_cannot_be_afforded_is_refused() -> None:
    async def scenario(v: Venue) -> None:
        await set_up(v, "leverage", leverage=1)
        assert await v.code(v.order("BUY", "5.1")) == -2019
        await v.order("BUY", "2", "1990")
        assert await v.code(v.order("BUY", "4", "1990")) == -2019
        await v.order("SELL", "3")  # the other side binds only what is more

    run(scenario)


def test_leverage_cannot_go_below_what_the_margin_carries() -> None:
    async def scenario(v: Venue) -> None:
        await v.order("BUY", "50")
        assert await v.code(set_up(v, "leverage", leverage=5)) == -2028
        assert (await v.call("GET", "/fapi/v1/symbolConfig", symbol="ETHUSDT"))[0]["leverage"] == 20

    run(scenario)


def test_reduce_only_orders_shrink_with_the_position_and_end_with_it() -> None:
    async def scenario(v: Venue) -> None:
        await v.order("BUY", "0.3")
        target = await v.order("SELL", "0.3", "2050", reduceOnly="true")
        await v.order("SELL", "0.1")
        assert (await v.find(target["orderId"]))["origQty"] == "0.2"
        await v.order("SELL", "0.5", reduceOnly="true")  # takes what there is
        assert await v.position() == 0
        assert (await v.find(target["orderId"]))["status"] == "EXPIRED"
        assert await v.code(v.order("SELL", "0.1", reduceOnly="true")) == -2022

    run(scenario)


def test_isolated_margin() -> None:
    async def scenario(v: Venue) -> None:
        assert await set_up(v, "marginType", marginType="ISOLATED") == {"code": 200, "msg": "success"}
        assert await v.code(set_up(v, "marginType", marginType="ISOLATED")) == -4046
        await v.order("BUY", "1")
        row = await risk(v)
        assert (row["isolatedWallet"], row["isolatedMargin"]) == ("100.00000000", "100.00000000")
        assert await v.code(set_up(v, "marginType", marginType="CROSSED")) == -4048
        assert await v.code(set_up(v, "leverage", leverage=10)) == -4161
        await set_up(v, "positionMargin", amount="50", type=1)
        assert (await risk(v))["isolatedWallet"] == "150.00000000"
        history = await v.call("GET", "/fapi/v1/positionMargin/history", symbol="ETHUSDT")
        assert [(it["amount"], it["type"]) for it in history] == [("50", 1)]
        account = await v.call("GET", "/fapi/v3/account")
        assert account["availableBalance"] == "9849.20000000"
        await v.order("SELL", "1")
        assert await v.wallet() == Decimal("9998.4")

    run(scenario)


def test_margin_type_is_blocked_by_orders() -> None:
    async def scenario(v: Venue) -> None:
        await v.order("BUY", "0.1", "1990")
        assert await v.code(set_up(v, "marginType", marginType="ISOLATED")) == -4047

    run(scenario)


def test_hedge_mode_holds_both_sides() -> None:
    async def scenario(v: Venue) -> None:
        assert (await v.call("GET", "/fapi/v1/positionSide/dual"))["dualSidePosition"] is False
        assert await v.code(v.call("POST", "/fapi/v1/positionSide/dual", dualSidePosition="false")) == -4059
        await v.call("POST", "/fapi/v1/positionSide/dual", dualSidePosition="true")
        assert await v.code(v.order("BUY", "0.3")) == -4061
        assert await v.code(v.order("BUY", "0.3", positionSide="LONG", reduceOnly="true")) == -1106
        await v.order("BUY", "0.3", positionSide="LONG")
        await v.order("SELL", "0.2", positionSide="SHORT")
        rows = await v.call("GET", "/fapi/v3/positionRisk", symbol="ETHUSDT")
        assert {row["positionSide"]: row["positionAmt"] for row in rows} == {"LONG": "0.3", "SHORT": "-0.2"}
        (queue,) = await v.call("GET", "/fapi/v1/adlQuantile")
        assert queue == {"symbol": "ETHUSDT", "adlQuantile": {"LONG": 1, "SHORT": 1, "HEDGE": 0}}
        assert await v.code(v.order("SELL", "0.4", positionSide="LONG")) == -2022
        await v.algo("SELL", "STOP_MARKET", positionSide="LONG", quantity="0.3", triggerPrice="1990")
        v.move("1990")
        rows = await v.call("GET", "/fapi/v3/positionRisk", symbol="ETHUSDT")
        assert {row["positionSide"]: row["positionAmt"] for row in rows} == {"SHORT": "-0.2"}
        assert await v.code(v.call("POST", "/fapi/v1/positionSide/dual", dualSidePosition="false")) == -4068
        await v.order("BUY", "0.2", positionSide="SHORT")
        await v.order("BUY", "0.2", "1900", positionSide="LONG")
        assert await v.code(v.call("POST", "/fapi/v1/positionSide/dual", dualSidePosition="false")) == -4067

    run(scenario)


def test_a_cross_account_that_is_used_up_is_closed_by_the_venue() -> None:
    async def scenario(v: Venue) -> None:
        await v.order("BUY", "90")
        price = Decimal((await risk(v))["liquidationPrice"])
        assert 1890 < price < 1900
        async with v.events() as events:
            v.move("1890")
            told = [it["o"] for it in await events.rest() if it["e"] == "ORDER_TRADE_UPDATE"]
        assert told[0]["c"].startswith("autoclose-") and told[-1]["X"] == "FILLED"
        assert await v.position() == 0
        (forced,) = await v.call("GET", "/fapi/v1/forceOrders")
        for fitting in ({"symbol": "ETHUSDT"}, {"autoCloseType": "LIQUIDATION"}, {"startTime": forced["time"]}):
            assert await v.call("GET", "/fapi/v1/forceOrders", **fitting) == [forced]
        for other in ({"symbol": "BTCUSDT"}, {"autoCloseType": "ADL"}, {"endTime": forced["time"] - 1}):
            assert await v.call("GET", "/fapi/v1/forceOrders", **other) == []
        assert 0 <= await v.wallet() < 1000

    run(scenario)


def test_an_isolated_position_is_closed_alone() -> None:
    async def scenario(v: Venue) -> None:
        await set_up(v, "marginType", marginType="ISOLATED")
        await v.order("BUY", "1")
        price = (await risk(v))["liquidationPrice"]
        v.move(str(round(Decimal(price), 2) + 1))
        assert await v.position() == 1
        v.move(str(round(Decimal(price), 2) - 1))
        assert await v.position() == 0
        assert await v.wallet() > 9890

    run(scenario)


def test_modes_of_the_account() -> None:
    async def scenario(v: Venue) -> None:
        assert await v.call("GET", "/fapi/v1/multiAssetsMargin") == {"multiAssetsMargin": False}
        assert await v.code(v.call("POST", "/fapi/v1/multiAssetsMargin", multiAssetsMargin="false")) == -4171
        await set_up(v, "marginType", marginType="ISOLATED")
        assert await v.code(v.call("POST", "/fapi/v1/multiAssetsMargin", multiAssetsMargin="true")) == -4167
        await set_up(v, "marginType", marginType="CROSSED")
        await v.call("POST", "/fapi/v1/multiAssetsMargin", multiAssetsMargin="true")
        assert await v.code(set_up(v, "marginType", marginType="ISOLATED")) == -4168
        await v.call("POST", "/fapi/v1/multiAssetsMargin", multiAssetsMargin="false")
        config = await v.call("GET", "/fapi/v1/accountConfig")
        assert config["dualSidePosition"] is False and config["canTrade"] is True
        rates = await v.call("GET", "/fapi/v1/commissionRate", symbol="ETHUSDT")
        assert (rates["makerCommissionRate"], rates["takerCommissionRate"]) == ("0.0002", "0.0004")
        brackets = (await v.call("GET", "/fapi/v1/leverageBracket", symbol="ETHUSDT"))[0]["brackets"]
        assert brackets[0]["initialLeverage"] == 125 and brackets[0]["maintMarginRatio"] == 0.004

    run(scenario)


def test_margin_can_be_put_only_to_an_isolated_position() -> None:
    async def scenario(v: Venue) -> None:
        async def code(**more: Any) -> int:
            return await v.code(set_up(v, "positionMargin", **{"amount": "5", "type": 1} | more))

        await v.order("BUY", "0.1")
        assert await code() == -4049
        await v.order("SELL", "0.1")
        await set_up(v, "marginType", marginType="ISOLATED")
        assert await code() == -4054
        await v.order("BUY", "0.1")
        assert [await code(amount="0"), await code(type=3), await code(positionSide="LONG")] == [-4055, -1130, -4061]
        await set_up(v, "positionMargin", amount="5", type=1)
        (change,) = await v.call("GET", "/fapi/v1/positionMargin/history", symbol="ETHUSDT")
        path, later = "/fapi/v1/positionMargin/history", change["time"] + 1
        assert await v.call("GET", path, symbol="ETHUSDT", startTime=later) == []

    run(scenario)


def test_income_is_paged_from_its_beginning() -> None:
    async def scenario(v: Venue) -> None:
        for _ in range(3):
            await v.order("BUY", "0.1")
            v.clock.ahead += 10_000
        rows = await v.call("GET", "/fapi/v1/income")
        assert await v.call("GET", "/fapi/v1/income", limit=2) == rows[1:]
        assert await v.call("GET", "/fapi/v1/income", limit=2, startTime=rows[0]["time"]) == rows[:2]
        assert await v.call("GET", "/fapi/v1/income", limit=2, startTime=rows[1]["time"] + 1) == rows[2:]

    run(scenario)
