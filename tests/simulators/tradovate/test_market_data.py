"""The market data socket: quotes, depth, histograms, charts with history and the bar in the making."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from pinery.charts.feed import Candle, History
from pinery.core.bars import BarSeries
from pinery.core.errors import DataError
from pinery.runtime.timeframes import Timeframe
from tests.simulators.tradovate.client import Socket
from tests.simulators.tradovate.venue import ES, ESZ6, MONDAY, Venue

pytestmark = pytest.mark.anyio

MINUTE = 60_000


async def data(venue: Venue) -> Socket:
    rest = await venue.rest()
    socket = await venue.connection("/md/v1/websocket")
    assert await socket.authorize(rest.login["mdAccessToken"]) == 200
    return socket


def chart(kind: str = "MinuteBar", size: int = 5, **span: Any) -> dict[str, Any]:
    description = {"underlyingType": kind, "elementSize": size, "elementSizeUnit": "UnderlyingUnits"}
    return {
        "symbol": "ESZ6",
        "chartDescription": description | {"withHistogram": False},
        "timeRange": span or {"asMuchAsElements": 100},
    }


def packets(socket: Socket, id: int) -> list[Mapping[str, Any]]:
    return [each for each in socket.of("chart", "charts") if each["id"] == id]


async def ended(socket: Socket, id: int) -> list[Mapping[str, Any]]:
    """Bars of a history, when its end has come."""
    await socket.until(lambda: any(p.get("eoh") for p in packets(socket, id)), "end of history")
    found = packets(socket, id)
    assert found[-1] == {"id": id, "eoh": True}
    return [bar for packet in found[:-1] for bar in packet["bars"]]


async def test_quotes_follow_the_market(venue: Venue) -> None:
    socket = await data(venue)
    venue.jump("6000")
    await socket.ask("md/subscribeQuote", {"symbol": "ESZ6"})
    await socket.until(lambda: bool(socket.of("md", "quotes")), "first quote")
    venue.jump("6001.25")
    await socket.until(lambda: len(socket.of("md", "quotes")) == 2, "next quote")
    quote = socket.of("md", "quotes")[-1]
    entries = quote["entries"]
    assert quote["contractId"] == ESZ6 and entries["Trade"]["price"] == Decimal("6001.25")
    assert entries["Offer"]["price"] - entries["Bid"]["price"] == Decimal("0.25")
    assert entries["Bid"]["price"] <= entries["Trade"]["price"] <= entries["Offer"]["price"]
    assert entries["TotalTradeVolume"]["size"] == 2 and entries["HighPrice"]["price"] == Decimal("6001.25")
    await socket.ask("md/unsubscribeQuote", {"symbol": "ESZ6"})
    venue.jump("6002")
    await socket.result("auth/me")
    assert len(socket.of("md", "quotes")) == 2
    assert "errorText" in await socket.result("md/subscribeQuote", {"symbol": "NOPE"})


async def test_depth_and_histogram(venue: Venue) -> None:
    socket = await data(venue)
    venue.jump("6000")
    await socket.ask("md/subscribeDOM", {"symbol": "ESZ6"})
    await socket.ask("md/subscribeHistogram", {"symbol": "ESZ6"})
    venue.jump("6001")
    await socket.until(lambda: len(socket.of("md", "histograms")) == 2, "histogram")
    depth = socket.of("md", "doms")[-1]
    bids, offers = ([level["price"] for level in depth[side]] for side in ("bids", "offers"))
    assert bids == sorted(bids, reverse=True) and offers == sorted(offers) and bids[0] < offers[0]
    histogram = socket.of("md", "histograms")[-1]
    assert (histogram["base"], histogram["items"]) == (6000, {"0": 1, "4": 1})


def bars(first: int, count: int, step: int = 5 * MINUTE) -> BarSeries:
    times = np.arange(first, first + count * step, step, dtype=np.int64)
    close = 6000 + 0.25 * np.arange(count)
    return BarSeries(times, close - 1, close + 2, close - 2, close, np.full(count, 7.0))


async def test_a_chart_is_history_its_end_and_the_bar_in_the_making() -> None:
    asked: list[tuple[str, str, int]] = []

    async def history(symbol: str, timeframe: Timeframe, count: int) -> History:
        asked.append((symbol, str(timeframe), count))
        forming = Candle(symbol, timeframe, MONDAY, 6000, 6003, 5999, 6002, 4, MONDAY + 1000, complete=False)
        return History(bars(MONDAY - 1200 * 5 * MINUTE, 1200).slice(1200 - count, 1200), forming)

    async with Venue(history=history) as venue:
        socket = await data(venue)
        ids = await socket.result("md/getChart", chart(asMuchAsElements=1200))
        found = await ended(socket, ids["historicalId"])
        assert asked == [(ES, "5", 1200)] and len(found) == 1200
        assert found[-1] == {
            "timestamp": "2026-11-23T15:55:00.000Z",
            "open": Decimal("6298.75"),
            "high": Decimal("6301.75"),
            "low": Decimal("6297.75"),
            "close": Decimal("6299.75"),
            "upVolume": 7,
            "downVolume": 0,
            "upTicks": 0,
            "downTicks": 0,
            "bidVolume": 0,
            "offerVolume": 7,
        }
        live = ids["realtimeId"]
        await socket.until(lambda: bool(packets(socket, live)), "open bar")
        venue.market.move(ES, Decimal("6004.5"), MONDAY + 2000, Decimal(3))
        venue.market.move(ES, Decimal(6001), MONDAY + 5 * MINUTE + 1, Decimal(2))
        await socket.until(lambda: len(packets(socket, live)) == 3, "updates")
        first, second, third = (packet["bars"][0] for packet in packets(socket, live))
        assert (first["high"], first["close"], first["upVolume"]) == (6003, 6002, 4)
        assert (second["timestamp"], second["high"], second["close"]) == (
            "2026-11-23T16:00:00.000Z",
            Decimal("6004.5"),
            Decimal("6004.5"),
        )
        assert second["upVolume"] + second["downVolume"] == 7
        assert (third["timestamp"], third["open"], third["low"]) == ("2026-11-23T16:05:00.000Z", 6001, 6001)
        assert packets(socket, live)[0]["td"] == 20261123
        await socket.result("md/cancelChart", {"subscriptionId": live})
        venue.jump("6002")
        await socket.result("auth/me")
        assert len(packets(socket, live)) == 3


async def test_ranges_of_time() -> None:
    async def history(symbol: str, timeframe: Timeframe, count: int) -> History:
        return History(bars(MONDAY - count * 5 * MINUTE, count))

    async with Venue(history=history) as venue:
        socket = await data(venue)
        span = {"asFarAsTimestamp": "2026-11-23T15:00:00Z", "closestTimestamp": "2026-11-23T15:30:00Z"}
        ids = await socket.result("md/getChart", chart(**span))
        found = [bar["timestamp"][11:16] for bar in await ended(socket, ids["historicalId"])]
        assert found == ["15:00", "15:05", "15:10", "15:15", "15:20", "15:25", "15:30"]
        ids = await socket.result("md/getChart", chart(asMuchAsElements=2, closestTimestamp="2026-11-23T15:30:00Z"))
        assert [b["timestamp"][11:16] for b in await ended(socket, ids["historicalId"])] == ["15:25", "15:30"]


async def test_a_source_that_fails_has_no_history() -> None:
    async def history(symbol: str, timeframe: Timeframe, count: int) -> History:
        raise DataError("no bars today")

    async with Venue(history=history) as venue:
        socket = await data(venue)
        ids = await socket.result("md/getChart", chart("DailyBar", 1))
        assert await ended(socket, ids["historicalId"]) == []


async def test_without_a_source_bars_are_of_what_was_traded_here(venue: Venue) -> None:
    socket = await data(venue)
    for minute, price in enumerate(("6001", "6003", "6002")):
        venue.market.move(ES, Decimal(price), MONDAY + minute * 5 * MINUTE)
    ids = await socket.result("md/getChart", chart())
    found = await ended(socket, ids["historicalId"])
    assert [bar["close"] for bar in found] == [6001, 6003]
    await socket.until(lambda: bool(packets(socket, ids["realtimeId"])), "open bar")
    assert packets(socket, ids["realtimeId"])[0]["bars"][0]["close"] == 6002


async def test_a_source_that_is_behind_is_caught_up_with() -> None:
    async def history(symbol: str, timeframe: Timeframe, count: int) -> History:
        return History(bars(MONDAY - 3 * 5 * MINUTE, 3))

    async with Venue(history=history) as venue:
        socket = await data(venue)
        for time, price in ((-1, "6001"), (1, "6002"), (2, "6009"), (5 * MINUTE, "6003"), (5 * MINUTE + 1, "6004")):
            venue.market.move(ES, Decimal(price), MONDAY + time)
        ids = await socket.result("md/getChart", chart())
        found = await ended(socket, ids["historicalId"])
        assert [bar["timestamp"][11:16] for bar in found] == ["15:45", "15:50", "15:55", "16:00"]
        assert (found[-1]["open"], found[-1]["high"]) == (6002, 6009)
        await socket.until(lambda: bool(packets(socket, ids["realtimeId"])), "open bar")
        (packet,) = packets(socket, ids["realtimeId"])
        assert (packet["bars"][0]["open"], packet["bars"][0]["close"]) == (6003, 6004)
        assert packet["bars"][0]["upVolume"] + packet["bars"][0]["downVolume"] == 2


async def test_ticks(venue: Venue) -> None:
    socket = await data(venue)
    venue.market.move(ES, Decimal("6001.25"), MONDAY + 10, Decimal(2))
    venue.market.move(ES, Decimal("6000.50"), MONDAY + 25)
    ids = await socket.result("md/getChart", chart("Tick", 1))
    await socket.until(lambda: any(p.get("eoh") for p in packets(socket, ids["historicalId"])), "end of history")
    venue.market.move(ES, Decimal(6002), MONDAY + 40)
    await socket.until(lambda: bool(packets(socket, ids["realtimeId"])), "tick")

    def told(packet: Mapping[str, Any]) -> list[tuple[int, Decimal]]:
        return [(packet["bt"] + t["t"], (packet["bp"] + t["p"]) * packet["ts"]) for t in packet["tks"]]

    past, live = packets(socket, ids["historicalId"])[0], packets(socket, ids["realtimeId"])[0]
    assert told(past) == [(MONDAY + 10, Decimal("6001.25")), (MONDAY + 25, Decimal("6000.5"))]
    assert told(live) == [(MONDAY + 40, Decimal(6002))]
    assert past["tks"][0]["s"] == 2 and past["s"] == "db"


@pytest.mark.parametrize(
    ("span", "wanted"),
    [
        ({"asMuchAsElements": 2}, [4, 5]),
        ({"closestTickId": 3, "asMuchAsElements": 2}, [2, 3]),
        ({"asFarAsTimestamp": "2026-11-23T16:00:04Z"}, [4, 5]),
        ({"closestTimestamp": "2026-11-23T16:00:02.500Z", "asMuchAsElements": 1}, [2]),
        ({"asFarAsTimestamp": "2026-11-23T16:00:02Z", "closestTimestamp": "2026-11-23T16:00:03Z"}, [2, 3]),
    ],
)
async def test_ranges_of_ticks(venue: Venue, span: dict[str, Any], wanted: list[int]) -> None:
    socket = await data(venue)
    for second in range(1, 6):
        venue.market.move(ES, Decimal(6000 + second), MONDAY + second * 1000)
    ids = await socket.result("md/getChart", chart("Tick", 1) | {"timeRange": span})
    await socket.until(lambda: any(p.get("eoh") for p in packets(socket, ids["historicalId"])), "end of history")
    found = [tick["id"] for packet in packets(socket, ids["historicalId"]) for tick in packet.get("tks", [])]
    assert found == wanted


@pytest.mark.parametrize(
    "wrong",
    [
        {"timeRange": {}},
        {"timeRange": {"asMuchAsElements": 0}},
        {"timeRange": {"asFarAsTimestamp": "yesterday"}},
        {"timeDescription": {"asMuchAsElements": 5}, "timeRange": None},
        {"chartDescription": {"underlyingType": "Custom"}},
        {"chartDescription": {"underlyingType": "DailyBar", "elementSize": 7}},
        {"symbol": "XYZ"},
    ],
)
async def test_charts_that_make_no_sense(venue: Venue, wrong: dict[str, Any]) -> None:
    socket = await data(venue)
    answer = await socket.ask("md/getChart", chart() | wrong)
    assert answer["s"] == 400 or "errorText" in answer["d"]
    assert (await socket.ask("md/cancelChart", {"subscriptionId": 1}))["s"] == 404
