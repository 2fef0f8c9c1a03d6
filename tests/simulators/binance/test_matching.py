"""The market's moves and the orders that they meet: by a jump or through every price, in order, in parts."""

from __future__ import annotations

from decimal import Decimal

from pinery.simulators.binance.exchange import Rules
from tests.simulators.binance.harness import Venue, run


async def fills(v: Venue) -> list[tuple[str, str, str]]:
    """Side, price and quantity."""
    trades = await v.call("GET", "/fapi/v1/userTrades", symbol="ETHUSDT")
    return [(trade["side"], trade["price"], trade["qty"]) for trade in trades]


def test_a_stop_that_the_price_passes_fills_at_its_trigger() -> None:
    async def scenario(v: Venue) -> None:
        await v.algo("SELL", "STOP_MARKET", quantity="0.1", triggerPrice="1990")
        v.move("1950", jumps=False)
        assert await fills(v) == [("SELL", "1990", "0.1")]

    run(scenario)


def test_a_stop_beyond_a_gap_fills_at_the_gap() -> None:
    async def scenario(v: Venue) -> None:
        await v.algo("SELL", "STOP_MARKET", quantity="0.1", triggerPrice="1990")
        v.move("1950")
        assert await fills(v) == [("SELL", "1950", "0.1")]

    run(scenario)


def test_a_resting_limit_order_fills_at_its_own_price_even_beyond_a_gap() -> None:
    async def scenario(v: Venue) -> None:
        await v.order("BUY", "0.1", "1990")
        v.move("1950")
        assert await fills(v) == [("BUY", "1990", "0.1")]

    run(scenario)


def test_orders_are_met_in_the_order_in_which_the_price_gets_to_them() -> None:
    for jumps in (True, False):

        async def scenario(v: Venue, jumps: bool = jumps) -> None:
            await v.order("BUY", "0.3", "1960")
            await v.order("BUY", "0.1", "1990")
            await v.algo("SELL", "STOP_MARKET", quantity="0.2", triggerPrice="1970")
            v.move("1950", jumps=jumps)
            stop = "1950" if jumps else "1970"
            assert await fills(v) == [("BUY", "1990", "0.1"), ("SELL", stop, "0.2"), ("BUY", "1960", "0.3")]

        run(scenario)


def test_a_child_meets_the_rest_of_the_same_move() -> None:
    async def scenario(v: Venue) -> None:
        await v.algo("BUY", "STOP", quantity="0.1", triggerPrice="2010", price="2010")
        v.move("2050", jumps=False)
        assert await fills(v) == [("BUY", "2010", "0.1")]

    run(scenario)


def test_market_orders_may_slip() -> None:
    async def scenario(v: Venue) -> None:
        await v.order("BUY", "0.1")
        await v.order("SELL", "0.1")
        assert await fills(v) == [("BUY", "2000.03", "0.1"), ("SELL", "1999.97", "0.1")]

    run(scenario, rules=Rules(slippage_ticks=3))


def test_in_parts_one_at_each_move() -> None:
    async def scenario(v: Venue) -> None:
        placed = await v.order("BUY", "0.1")
        assert (await v.find(placed["orderId"]))["status"] == "PARTIALLY_FILLED"
        v.move("2001")
        v.move("2002")
        found = await v.find(placed["orderId"])
        assert (found["status"], found["executedQty"]) == ("FILLED", "0.1")
        assert await fills(v) == [("BUY", "2000", "0.033"), ("BUY", "2001", "0.033"), ("BUY", "2002", "0.034")]

    run(scenario, rules=Rules(parts=3))


def test_a_limit_order_in_parts_waits_for_its_price_again() -> None:
    async def scenario(v: Venue) -> None:
        placed = await v.order("BUY", "0.2", "1990")
        v.move("1990")
        v.move("1995")
        assert (await v.find(placed["orderId"]))["executedQty"] == "0.1"
        v.move("1985")
        assert (await v.find(placed["orderId"]))["status"] == "FILLED"

    run(scenario, rules=Rules(parts=2))


def test_what_is_left_of_an_immediate_order_expires() -> None:
    async def scenario(v: Venue) -> None:
        placed = await v.order("BUY", "0.2", "2000", timeInForce="IOC", newOrderRespType="RESULT")
        assert (placed["status"], placed["executedQty"]) == ("EXPIRED", "0.1")
        assert await v.code(v.order("BUY", "0.2", "2000", timeInForce="FOK")) == -5021

    run(scenario, rules=Rules(parts=2))


def test_parts_by_chance_are_the_same_with_the_same_seed() -> None:
    seen = []
    for _ in range(2):

        async def scenario(v: Venue) -> None:
            for _ in range(10):
                await v.order("BUY", "0.1")
            seen.append(await fills(v))

        run(scenario, rules=Rules(partial_share=0.5))
    assert seen[0] == seen[1]
    assert len({quantity for _, _, quantity in seen[0]}) > 1


def test_prices_are_exact() -> None:
    async def scenario(v: Venue) -> None:
        for price in ("2000.01", "2000.02", "2000.04"):
            v.move(price)
            await v.order("BUY", "0.1")
        row = (await v.call("GET", "/fapi/v3/positionRisk"))[0]
        assert abs(Decimal(row["entryPrice"]) - Decimal("6000.07") / 3) < Decimal("1e-15")

    run(scenario)
