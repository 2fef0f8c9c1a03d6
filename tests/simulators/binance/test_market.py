"""Market data: bars from before and from here, prints, tickers."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from pinery.simulators.binance.tape import Candle, opening
from tests.simulators.binance.harness import Refused, Venue, run

MINUTE = 60_000
START = 1_700_000_040_000  # begins a minute


async def ask(v: Venue, path: str, **params: Any) -> Any:
    answer = await v.http.get(f"/fapi/v1/{path}", params={"symbol": "ETHUSDT"} | params)
    if answer.status_code != 200:
        raise Refused(answer.status_code, answer.json()["code"], "", answer.headers)
    return answer.json()


def trade(v: Venue, offset: int, price: str, volume: str = "1") -> None:
    v.market.move("BINANCE:ETHUSDT.P", Decimal(price), START + offset, Decimal(volume))


def test_bars_of_what_was_traded() -> None:
    async def scenario(v: Venue) -> None:
        for offset, price in ((0, "100"), (20_000, "103"), (40_000, "99"), (60_000, "101"), (300_000, "105")):
            trade(v, offset, price)
        rows = await ask(v, "klines", interval="1m")
        assert [row[:6] for row in rows] == [
            [START, "100", "103", "99", "99", "3"],
            [START + MINUTE, "101", "101", "101", "101", "1"],
            [START + 5 * MINUTE, "105", "105", "105", "105", "1"],
        ]
        assert rows[0][6] == START + MINUTE - 1 and rows[0][8] == 3 and len(rows[0]) == 12
        five = await ask(v, "klines", interval="5m")
        assert sum(Decimal(row[5]) for row in five) == 5 and five[0][0] == opening(START, "5m")
        assert len(await ask(v, "klines", interval="1m", limit=2)) == 2
        assert (await ask(v, "klines", interval="1m", startTime=START + 1, limit=1))[0][0] == START + MINUTE
        assert [row[0] for row in await ask(v, "klines", interval="1m", endTime=START)] == [START]

    run(scenario, price=None)


def test_bars_from_before_come_first() -> None:
    asked = []

    async def history(symbol: str, interval: str, start: int | None, end: int | None, limit: int) -> Sequence[Candle]:
        asked.append((symbol, interval, start, end, limit))
        ten = Decimal(10)
        return [Candle(START + i * MINUTE, ten, ten, ten, ten, Decimal(5)) for i in range(-3, 1)]

    async def scenario(v: Venue) -> None:
        trade(v, 30_000, "12")
        trade(v, 70_000, "11")
        rows = await ask(v, "klines", interval="1m", limit=1500)
        assert [row[0] for row in rows] == [START + i * MINUTE for i in range(-3, 2)]
        assert rows[3][1:5] == ["10", "12", "10", "12"]  # its beginning is from before
        assert asked == [("BINANCE:ETHUSDT.P", "1m", None, None, 1500)]

    run(scenario, price=None, history=history)


def test_refusals() -> None:
    async def scenario(v: Venue) -> None:
        assert await v.code(ask(v, "klines", interval="7m")) == -1120
        assert await v.code(ask(v, "klines", interval="1m", startTime=2, endTime=1)) == -1023
        assert await v.code(ask(v, "klines", interval="1m", symbol="NOPE")) == -1121
        assert await v.code(ask(v, "klines")) == -1102
        assert await v.code(ask(v, "depth", limit=7)) == -4021
        assert await v.code(ask(v, "continuousKlines", pair="ETHUSDT", interval="1m")) == -1102

    run(scenario)


def test_prints_and_prices() -> None:
    async def scenario(v: Venue) -> None:
        for offset, price in ((0, "100"), (1000, "101"), (2000, "99")):
            trade(v, offset, price, "2")
        prints = await ask(v, "aggTrades")
        assert [(it["p"], it["q"], it["m"]) for it in prints] == [
            ("100", "2", False),
            ("101", "2", False),
            ("99", "2", True),
        ]
        assert [it["a"] for it in await ask(v, "aggTrades", fromId=2)] == [2, 3]
        assert [it["a"] for it in await ask(v, "aggTrades", endTime=START + 1000)] == [1, 2]
        assert [it["id"] for it in await ask(v, "trades", limit=1)] == [3]
        assert [it["id"] for it in await ask(v, "historicalTrades", limit=1)] == [3]
        assert [it["id"] for it in await ask(v, "historicalTrades", limit=2, fromId=1)] == [1, 2]
        keyless = {"X-MBX-APIKEY": ""}
        answer = await v.http.get("/fapi/v1/historicalTrades", params={"symbol": "ETHUSDT"}, headers=keyless)
        assert answer.json()["code"] == -2014
        assert (await ask(v, "markPriceKlines", interval="1m"))[0][4:6] == ["99", "0"], "nothing is traded at it"
        assert (await ask(v, "ticker/price"))["price"] == "99"
        day = await ask(v, "ticker/24hr")
        assert (day["openPrice"], day["highPrice"], day["lowPrice"], day["lastPrice"]) == ("100", "101", "99", "99")
        assert (await ask(v, "premiumIndex"))["markPrice"] == "99.00000000"
        assert (await ask(v, "ticker/bookTicker"))["bidPrice"] == "99"
        listed = (await v.http.get("/fapi/v1/ticker/price")).json()
        assert [it["symbol"] for it in listed] == ["ETHUSDT"]  # nothing was traded in the other

    run(scenario, price=None)


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    wednesday = 1_700_640_000_000  # 2023-11-22 08:00 UTC
    assert opening(wednesday, "1w") == 1_700_438_400_000  # 2023-11-20
    assert opening(wednesday, "1M") == 1_698_796_800_000  # 2023-11-01


def test_the_last_day_goes_back_before_the_simulator() -> None:
    hour, asked = 60 * MINUTE, []

    async def history(symbol: str, interval: str, start: int | None, end: int | None, limit: int) -> Sequence[Candle]:
        asked.append((interval, start, end))
        prices = [(23 * hour, "90"), (2 * hour, "130"), (MINUTE, "110")]
        bars = [(START - back, Decimal(price)) for back, price in prices]
        return [Candle(time, it, it, it, it, Decimal(5), 5 * it) for time, it in bars]

    async def scenario(v: Venue) -> None:
        trade(v, 0, "100", "2")
        day = await ask(v, "ticker/24hr")
        assert (day["openPrice"], day["highPrice"], day["lowPrice"], day["lastPrice"]) == ("90", "130", "90", "100")
        assert (day["volume"], day["quoteVolume"], day["openTime"]) == ("17", "1850", START - 23 * hour)
        assert (day["count"], day["firstId"], day["lastId"]) == (1, 1, 1)
        trade(v, 2 * hour, "101")
        assert (await ask(v, "ticker/24hr"))["openPrice"] == "130", "older than a day by now"
        async with v.events("/market/ws/ethusdt@miniTicker") as events:
            assert (await events.next())["h"] == "130"
        assert asked == [("1m", START - 24 * hour, START - 1)]

    run(scenario, price=None, history=history)
