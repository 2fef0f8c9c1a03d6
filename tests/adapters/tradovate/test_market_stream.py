"""The market data socket at a venue that is played frame by frame: what comes in which order is the test's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from pinery.adapters.tradovate.auth import Token
from pinery.adapters.tradovate.market_stream import Broken, Chart, MarketStream
from tests.adapters.tradovate.harness import quick
from tests.sockets import open_sockets

pytestmark = pytest.mark.anyio

#: Of the socket, and the number and the path of the request.
Answering = Callable[[ServerConnection, int, str], Awaitable[None]]


class _Login:
    async def token(self, refused: Token | None = None) -> Token:
        return Token("access", "market data", 1, 2**53)


def frame(*messages: dict[str, Any]) -> str:
    return "a" + json.dumps(messages)


def answer(number: int, data: Any = None) -> dict[str, Any]:
    return {"s": 200, "i": number, "d": data}


def packet(chart: int, time: int) -> dict[str, Any]:
    return {"e": "chart", "d": {"charts": [{"id": chart, "td": time, "bars": []}]}}


@asynccontextmanager
async def venue(answering: Answering) -> AsyncIterator[MarketStream]:
    async def session(socket: ServerConnection) -> None:
        await socket.send("o")
        try:
            async for text in socket:
                path, number, *_ = str(text).split("\n")
                if path == "authorize":
                    await socket.send(frame(answer(int(number))))
                elif path.startswith("md/"):
                    await answering(socket, int(number), path)
        except ConnectionClosed:
            pass

    async with serve(session, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        stream = MarketStream(f"ws://127.0.0.1:{port}", _Login(), quick())  # type: ignore[arg-type]
        try:
            yield stream
        finally:
            await stream.close()


async def test_a_chart_whose_connection_breaks_right_after_the_answer_is_not_waited_for() -> None:
    """The answer is read, and the end in the same moment: nothing would ever come of that chart."""

    async def cut(socket: ServerConnection, number: int, path: str) -> None:
        await socket.send(frame(answer(number, {"historicalId": 11, "realtimeId": 12})))
        await socket.send('c[1000,"enough"]')
        await socket.close()

    async with venue(cut) as stream:
        for _ in range(5):
            try:
                chart = await stream.chart("ESZ6", 1, {})
            except Broken:
                continue
            async with asyncio.timeout(10):
                assert await chart.packets.get() is None


async def test_packets_of_charts_that_nobody_follows_keep_no_room_from_new_ones() -> None:
    charts = 0

    async def each(socket: ServerConnection, number: int, path: str) -> None:
        nonlocal charts
        if path == "md/cancelChart":
            await socket.send(frame(*(packet(charts, 0) for _ in range(100))))  # on their way already
        else:
            charts += 1  # and of a new one the bars come ahead of the answer
            await socket.send(frame(packet(charts, 1), answer(number, {"historicalId": charts})))

    async with venue(each) as stream:
        for _ in range(6):
            chart: Chart = await stream.chart("ESZ6", 1, {})
            async with asyncio.timeout(10):
                assert await chart.packets.get() == {"id": chart.historical, "td": 1, "bars": []}
            await stream.cancel(chart)


async def test_a_stream_that_is_closed_while_it_connects_stays_closed() -> None:
    async def never(socket: ServerConnection, number: int, path: str) -> None:
        raise AssertionError("nothing is asked of a market that is closed")

    async with venue(never) as stream:
        before = open_sockets()
        asking = asyncio.create_task(stream.chart("ESZ6", 1, {}))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await stream.close()
        with pytest.raises(Broken):
            await asking
        async with asyncio.timeout(30):
            while open_sockets() > before:
                await asyncio.sleep(0.01)
