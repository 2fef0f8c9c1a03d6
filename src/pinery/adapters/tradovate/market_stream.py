"""The market data socket: charts that are followed, quotes; one connection for all of a user's in this process.

It is opened with the first request. When it breaks everybody who follows something hears of it and asks anew; the next
connection waits longer each time. Sockets are few (a user's oldest is dropped), so one is kept, not one per chart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from random import random
from typing import Any
from urllib.parse import urlsplit

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from pinery.adapters.common.hosts import is_this_machine
from pinery.adapters.tradovate.auth import Token
from pinery.adapters.tradovate.errors import Failure, Refused
from pinery.adapters.tradovate.login import Login
from pinery.adapters.tradovate.settings import Waits
from pinery.adapters.tradovate.wire import HEARTBEAT, Answer, BadFrame, Event, encode, read_frame, request
from pinery.trading.ending import to_its_end

_AUTHORIZE = 0
_ANSWER = 15.0  # seconds until a request counts as lost
_EARLY = 256  # packets that came before the answer that names their subscription


class Broken(Failure):
    """The connection is over: ask anew."""


@dataclass(slots=True)
class Chart:
    """What ``md/getChart`` gives. Packets come in ``packets``; None: the connection is over."""

    historical: int
    realtime: int
    packets: asyncio.Queue[Mapping[str, Any] | None] = field(default_factory=asyncio.Queue)


class MarketStream:
    """For one event loop; ``close`` ends it."""

    def __init__(self, url: str, login: Login, waits: Waits) -> None:
        self._url = url
        self._login = login
        self._waits = waits
        self._opening = asyncio.Lock()
        self._socket: ClientConnection | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._answers: dict[int, asyncio.Future[Answer]] = {}
        self._charts: dict[int, Chart] = {}  # by both ids
        self._early: list[Mapping[str, Any]] = []
        self._asking = 0  # charts whose answer is waited for
        self._quotes: list[asyncio.Queue[Mapping[str, Any] | None]] = []
        self._number = _AUTHORIZE
        self._failures = 0
        self._closed = False

    @property
    def charts(self) -> int:
        """That are followed now."""
        return len({id(chart) for chart in self._charts.values()})

    # --- asking -----------------------------------------------------------------------

    async def chart(self, contract: str, minutes: int, span: Mapping[str, Any]) -> Chart:
        """Bars of so many minutes in ``timeRange``, then those in the making. Raises Failure."""
        body = {
            "symbol": contract,
            "chartDescription": {
                "underlyingType": "MinuteBar",
                "elementSize": minutes,
                "elementSizeUnit": "UnderlyingUnits",
                "withHistogram": False,
            },
            "timeRange": dict(span),
        }
        self._asking += 1
        try:
            found = await self._ask("md/getChart", body)
            if not isinstance(found, Mapping) or not isinstance(found.get("historicalId"), int):
                raise _refusal(contract, found)
            chart = Chart(found["historicalId"], int(found.get("realtimeId", found["historicalId"])))
            self._charts[chart.historical] = self._charts[chart.realtime] = chart
            early, self._early = self._early, []
            for packet in early:
                self._hand_out(packet)
        finally:
            self._asking -= 1
            if not self._asking:
                self._early.clear()  # of charts that nobody follows any more
        return chart

    async def cancel(self, chart: Chart) -> None:
        """Nobody follows it any more. Nothing hangs on the answer, so it is not waited for."""
        known = self._charts.pop(chart.realtime, None) is not None
        self._charts.pop(chart.historical, None)
        if known and self._socket is not None:
            self._number += 1
            body = encode({"subscriptionId": chart.realtime})
            with suppress(OSError, WebSocketException):
                await self._socket.send(request("md/cancelChart", self._number, body=body))

    def quotes(self) -> asyncio.Queue[Mapping[str, Any] | None]:
        """Where quotes of all subscribed contracts come from now on; None: the connection is over, subscribe anew."""
        queue: asyncio.Queue[Mapping[str, Any] | None] = asyncio.Queue()
        self._quotes.append(queue)
        return queue

    async def subscribe_quote(self, contract: str) -> None:
        """Raises Failure."""
        found = await self._ask("md/subscribeQuote", {"symbol": contract})
        if isinstance(found, Mapping) and found.get("errorText"):
            raise Refused(f"Tradovate gives no quotes of {contract}: {found['errorText']}", kind="NoMarketData")

    async def close(self) -> None:
        self._closed = True
        await self._end("closed")

    async def _ask(self, endpoint: str, body: Mapping[str, Any]) -> Any:
        socket = await self._connected()
        answer = await self._send(socket, endpoint, encode(body))
        if answer.status != 200:
            raise Refused(f"{endpoint}: {answer.data or answer.status}", status=answer.status)
        if self._socket is not socket:  # it broke right after the answer, and who asked would wait for ever
            raise Broken(f"{endpoint}: the connection broke")
        return answer.data

    async def _send(self, socket: ClientConnection, endpoint: str, body: str) -> Answer:
        if endpoint == "authorize":
            number = _AUTHORIZE
        else:
            self._number += 1
            number = self._number
        coming: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._answers[number] = coming
        try:
            await socket.send(request(endpoint, number, body=body))
            async with asyncio.timeout(_ANSWER):  # wait_for loses a cancellation that comes together with the answer
                return await coming
        except TimeoutError:
            raise Broken(f"{endpoint}: no answer") from None
        except (OSError, WebSocketException):
            raise Broken(f"{endpoint}: the connection broke") from None
        finally:
            self._answers.pop(number, None)

    # --- the connection ---------------------------------------------------------------

    async def _connected(self) -> ClientConnection:
        async with self._opening:
            if self._closed:
                raise Broken("the market is closed")
            if self._socket is not None:
                return self._socket
            if self._failures:
                wait = min(self._waits.longest_backoff, self._waits.backoff * 2 ** (self._failures - 1))
                await asyncio.sleep(wait * (0.5 + random()))
            self._failures = min(self._failures + 1, 16)
            socket = await self._open()
            self._failures = 0
            return socket

    async def _open(self) -> ClientConnection:
        token = await self._login.token()
        answer = await self._authorized(token)
        if answer.status == 401:
            await self._end("not authorized")
            token = await self._login.token(refused=token)
            answer = await self._authorized(token)
        if answer.status != 200:
            await self._end("not authorized")
            raise Refused(f"the market data of Tradovate were not authorized ({answer.status})", status=answer.status)
        if self._socket is None:
            raise Broken("the market data of Tradovate broke off at once")
        return self._socket

    async def _authorized(self, token: Token) -> Answer:
        here = is_this_machine(urlsplit(self._url).hostname or "")
        try:
            socket = await connect(
                self._url,
                open_timeout=self._waits.connecting,
                close_timeout=1.0,
                ping_interval=None,  # the protocol has a heartbeat of its own
                max_size=None,
                proxy=None if here else True,
            )
        except (OSError, TimeoutError, WebSocketException) as error:
            raise Broken(f"the market data of Tradovate cannot be reached ({type(error).__name__})") from None
        if self._closed:  # meanwhile
            await to_its_end(_close(socket, []))
            raise Broken("the market is closed")
        self._socket = socket
        began = asyncio.Event()
        self._tasks = [
            asyncio.create_task(self._read(socket, began)),
            asyncio.create_task(self._beat(socket)),
        ]
        try:
            async with asyncio.timeout(self._waits.connecting):
                await began.wait()
            return await self._send(socket, "authorize", token.market_data)
        except TimeoutError:
            await self._end("it did not begin")
            raise Broken("the market data of Tradovate did not begin") from None
        except BaseException:
            await self._end("it did not begin")
            raise

    async def _beat(self, socket: ClientConnection) -> None:
        with suppress(OSError, WebSocketException):
            while True:
                await asyncio.sleep(self._waits.heartbeat)
                await socket.send(HEARTBEAT)

    async def _read(self, socket: ClientConnection, began: asyncio.Event) -> None:
        reason = "the connection ended"
        try:
            while True:
                async with asyncio.timeout(self._waits.silence):
                    frame = read_frame(await socket.recv(decode=True))
                if frame.kind == "o":
                    began.set()
                elif frame.kind == "c":
                    reason = f"Tradovate closed it: {frame.reason}"
                    return
                for message in frame.messages:
                    if isinstance(message, Answer):
                        coming = self._answers.get(message.id)
                        if coming is not None and not coming.done():
                            coming.set_result(message)
                    elif message.name == "shutdown":
                        reason = f"Tradovate shut it down: {message.data.get('reasonCode', '')}"
                        return
                    else:
                        self._heard(message)
        except TimeoutError:
            reason = f"nothing came for {self._waits.silence:g} s"
        except BadFrame as error:
            reason = f"a frame that cannot be read: {error}"
        except (OSError, WebSocketException) as error:
            reason = f"it was cut ({type(error).__name__})"
        finally:
            self._over(socket, reason)

    def _heard(self, event: Event) -> None:
        if event.name == "chart":
            for packet in event.data.get("charts", ()):
                if isinstance(packet, Mapping):
                    self._hand_out(packet)
        elif event.name == "md":
            for quote in event.data.get("quotes", ()):
                if isinstance(quote, Mapping):
                    for queue in self._quotes:
                        queue.put_nowait(quote)

    def _hand_out(self, packet: Mapping[str, Any]) -> None:
        chart = self._charts.get(packet.get("id", -1))
        if chart is not None:
            chart.packets.put_nowait(packet)
        elif self._asking and len(self._early) < _EARLY:
            self._early.append(packet)

    def _over(self, socket: ClientConnection, reason: str) -> None:
        if self._socket is not socket:
            return
        self._socket = None
        if not self._closed:
            structlog.get_logger().warning("tradovate_market_data", problem=reason)
        charts = {id(chart): chart for chart in self._charts.values()}
        self._charts.clear()
        self._early.clear()
        for chart in charts.values():
            chart.packets.put_nowait(None)
        for queue in self._quotes:
            queue.put_nowait(None)
        for coming in self._answers.values():
            if not coming.done():
                coming.set_exception(Broken(reason))

    async def _end(self, reason: str) -> None:
        socket, tasks = self._socket, self._tasks
        self._tasks = []
        if socket is not None:
            self._over(socket, reason)
        await to_its_end(_close(socket, tasks))


async def _close(socket: ClientConnection | None, tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    if socket is not None:
        with suppress(OSError, WebSocketException):
            await socket.close()


def _refusal(contract: str, found: Any) -> Refused:
    said = found.get("errorText", "") if isinstance(found, Mapping) else ""
    return Refused(f"Tradovate gives no bars of {contract}: {said or 'it does not say why'}", kind="NoMarketData")
