"""The stream of Binance's market: subscriptions, connections that follow each other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from pinery.adapters.binance.market_stream import CONNECTED, MarketStream, Message, _Connection
from pinery.app.up.clock import SystemClock
from tests.adapters.binance.market import BTC, ETH, Venue, venue
from tests.adapters.binance.test_feed import streams, until
from tests.sockets import open_sockets

START = 600


@asynccontextmanager
async def listening(place: Venue, **options: float) -> AsyncIterator[tuple[MarketStream, list[Message]]]:
    stream = MarketStream(place.server.ws_url, SystemClock(), backoff=(0.02, 0.1), **options)  # type: ignore[arg-type]
    found: list[Message] = []

    async def read() -> None:
        async for message in stream.messages():
            found.append(message)

    task = asyncio.create_task(read())
    try:
        yield stream, found
    finally:
        await stream.close()
        await task


def trades(found: list[Message]) -> list[int]:
    return [message["a"] for message in found if message.get("e") == "aggTrade"]


async def trade(place: Venue, symbol: str, count: int) -> None:
    for move in place.moves(symbol, place.past.until, place.past.until + count * 15_000 - 1)[:count]:
        place.move(symbol, *move)
        await asyncio.sleep(0.005)


def test_subscriptions_come_and_go() -> None:
    async def scenario() -> tuple[set[str], int, int]:
        async with venue(START, symbols=(ETH, BTC)) as place, listening(place) as (stream, found):
            stream.subscribe(["ethusdt@aggTrade"])
            await until(lambda: CONNECTED in found)
            await trade(place, ETH, 4)
            await until(lambda: len(trades(found)) == 4)
            stream.subscribe(["btcusdt@aggTrade"])
            await until(lambda: len(streams(place)) == 2)
            stream.unsubscribe(["ethusdt@aggTrade"])
            await until(lambda: streams(place) == {"btcusdt@aggTrade"})
            await trade(place, ETH, 4)
            await trade(place, BTC, 4)
            await until(lambda: len(trades(found)) == 8)
            return {m["s"] for m in found if m.get("e") == "aggTrade"}, len(trades(found)), stream.connections

    assert asyncio.run(scenario()) == ({"ETHUSDT", "BTCUSDT"}, 8, 1)


def test_a_connection_is_replaced_before_its_time_is_over() -> None:
    """And nothing is lost between the two."""

    async def scenario() -> tuple[list[int], int]:
        async with venue(START) as place, listening(place, life=0.3) as (stream, found):
            stream.subscribe(["ethusdt@aggTrade"])
            await until(lambda: CONNECTED in found)
            while stream.connections < 3:
                await trade(place, ETH, 20)
            number = place.simulator.streams._tape.of("ETHUSDT").number
            await until(lambda: number in trades(found))
            return sorted(set(trades(found))), number

    seen, number = asyncio.run(scenario())
    assert seen == list(range(1, number + 1))


def test_who_reads_may_ask_for_another_connection() -> None:
    async def scenario() -> int:
        async with venue(START) as place, listening(place) as (stream, found):
            stream.subscribe(["ethusdt@aggTrade"])
            await until(lambda: CONNECTED in found)
            stream.reconnect()
            await until(lambda: found.count(CONNECTED) == 2)
            await trade(place, ETH, 4)
            await until(lambda: len(trades(found)) == 4)
            return stream.connections

    assert asyncio.run(scenario()) == 2


def test_a_stream_that_is_closed_as_a_subscription_is_confirmed_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    take, closing = _Connection._take, list[asyncio.Task[None]]()

    def and_close(self: _Connection, message: Any) -> None:
        take(self, message)
        if "id" in message:
            closing.append(asyncio.create_task(self._stream.close()))

    async def scenario() -> bool:
        async with venue(START, symbols=(ETH, BTC)) as place:
            before = open_sockets()
            stream = MarketStream(place.server.ws_url, SystemClock())
            stream.subscribe(["ethusdt@aggTrade"])
            await until(lambda: stream.connections == 1)
            monkeypatch.setattr(_Connection, "_take", and_close)
            stream.subscribe(["btcusdt@aggTrade"])
            await until(lambda: bool(closing) and closing[0].done())
            await until(lambda: open_sockets() <= before)
            return stream._live is None

    assert asyncio.run(scenario())


def test_a_stream_that_is_closed_as_its_connection_was_replaced_leaves_none_open() -> None:
    async def scenario() -> None:
        async with venue(START) as place:
            before, made = open_sockets(), 0
            stream = MarketStream(place.server.ws_url, SystemClock(), life=0.1)
            stream.subscribe(["ethusdt@aggTrade"])
            async for message in stream.messages():
                made += message is CONNECTED
                if made == 2:  # nothing else has run since the new connection took over
                    break
            await stream.close()
            await until(lambda: open_sockets() <= before)

    asyncio.run(scenario())
