"""Binance's market streams: connect, subscribe, read on; connected again whenever it breaks.

A connection lives 24 hours at most, so a new one is opened before, and both are read until the new one has its
subscriptions: what comes in between may come twice. After a break something may be missing: ``CONNECTED`` says so.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import suppress
from random import Random
from typing import Any
from urllib.parse import urlsplit

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidURI, WebSocketException

from pinery.adapters.common.hosts import is_this_machine
from pinery.charts.markets import Clock
from pinery.trading.ending import to_its_end

Message = dict[str, Any]

#: Told of whenever all subscriptions are in place on a new connection: what came before it may have gone astray.
CONNECTED: Message = {"e": "connected"}

_BROKEN = (OSError, WebSocketException, InvalidHandshake, InvalidURI, TimeoutError, ValueError)
_PER_REQUEST = 100  # streams in one SUBSCRIBE
_BETWEEN = 0.15  # seconds between two requests: ten a second are allowed
_ANSWER = 10.0  # seconds that Binance has to confirm a subscription
_OVERLAP = 2.0  # seconds that a connection is read on beside the one that follows it
_CALM = 30.0  # seconds after which a connection counts as good
_LARGEST = 2**22  # bytes of a message


class MarketStream:
    """Of one route: ``market`` (klines, aggTrade, mark price) or ``public`` (bookTicker, depth).

    For one reader of ``messages`` and one event loop. Nothing is connected before something is subscribed.
    """

    def __init__(
        self,
        url: str,
        clock: Clock,
        *,
        route: str = "market",
        life: float = 82_800.0,
        ping_every: float = 20.0,
        silence: float | None = None,
        backoff: tuple[float, float] = (0.5, 30.0),
        random: Random | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Seconds: ``life`` of a connection, ``ping_every`` between our pings, ``silence`` without any message that
        ends a connection (None: never), ``backoff`` least and most between attempts."""
        self._url = f"{url.rstrip('/')}/{route}/stream"
        self._clock = clock
        self._life = life
        self._ping_every = ping_every
        self._silence = silence
        self._backoff = backoff
        self._random = random or Random()
        self._sleep = sleep
        self._names: dict[str, None] = {}
        self._ids = 0
        self._queue: asyncio.Queue[Message | None] = asyncio.Queue()
        self._changed = asyncio.Event()
        self._broken = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None
        self._live: _Connection | None = None
        self._retiring: dict[asyncio.Task[None], _Connection] = {}
        self._log = structlog.get_logger().bind(stream=urlsplit(url).netloc, route=route)
        self.connections = 0  # that were made

    def subscribe(self, names: Iterable[str]) -> None:
        """``btcusdt@kline_1m``; returns at once, what is subscribed comes as soon as there is a connection."""
        self._names |= dict.fromkeys(names)
        self._changed.set()
        if self._keeping is None and self._names:
            self._keeping = asyncio.create_task(self._keep())

    def unsubscribe(self, names: Iterable[str]) -> None:
        for name in names:
            self._names.pop(name, None)
        self._changed.set()

    def reconnect(self) -> None:
        """Who reads may know better than the connection that it is dead."""
        self._broken.set()

    async def messages(self) -> AsyncIterator[Message]:
        """Decoded data, without the wrapping, and ``CONNECTED``; ends with ``close``."""
        while (message := await self._queue.get()) is not None:
            yield message

    async def close(self) -> None:
        keeping, self._keeping = self._keeping, None
        if keeping is not None:
            await to_its_end(self._end(keeping, dict(self._retiring)))
        self._queue.put_nowait(None)

    async def _end(self, keeping: asyncio.Task[None], retiring: dict[asyncio.Task[None], _Connection]) -> None:
        for task in (keeping, *retiring):
            task.cancel()
        await asyncio.gather(keeping, *retiring, return_exceptions=True)
        for connection in retiring.values():  # a task that was canceled before it began has closed nothing
            await connection.close()

    # --- connections ------------------------------------------------------------------

    async def _keep(self) -> None:
        least, most = self._backoff
        wait = least
        try:
            while True:
                began = self._clock.monotonic()
                await self._one_after_another()
                if self._clock.monotonic() - began > _CALM:
                    wait = least
                await self._sleep(wait * (0.5 + self._random.random() / 2))
                wait = min(wait * 2, most)
        finally:
            live, self._live = self._live, None
            if live is not None:
                await live.close()

    async def _one_after_another(self) -> None:
        """Until a connection breaks."""
        while True:
            following = _Connection(self)
            try:
                await following.open(list(self._names))
            except _BROKEN as error:
                await following.close()
                self._log.warning("stream_not_connected", reason=_reason(error))
                if self._live is None:
                    return
                if not await self._stand_by(self._live, self._backoff[1]):  # the old one is still there
                    await self._drop()
                    return
                continue
            except BaseException:
                await following.close()
                raise
            before, self._live = self._live, following
            self.connections += 1
            self._broken.clear()
            self._queue.put_nowait(CONNECTED)
            if before is not None:  # what is on its way is still read
                retiring = asyncio.create_task(self._retire(before))
                self._retiring[retiring] = before
                retiring.add_done_callback(self._retiring.pop)
            # Not all of a machine's streams at the same moment.
            if not await self._stand_by(following, self._life * (0.95 + self._random.random() * 0.05)):
                await self._drop()
                return

    async def _stand_by(self, live: _Connection, seconds: float) -> bool:
        """Keeps its subscriptions as they are wanted. False: it broke; True: it is time for another one."""
        until = self._clock.monotonic() + seconds
        while True:
            if self._silence is not None and self._names and self._clock.monotonic() - live.heard > self._silence:
                self._log.warning("stream_silent", seconds=self._silence)
                return False
            if live.is_over or self._broken.is_set():
                self._log.warning("stream_broken", reason=live.reason)
                return False
            left = until - self._clock.monotonic()
            if left <= 0:
                return True
            if self._changed.is_set():
                self._changed.clear()
                try:
                    await live.agree(list(self._names))
                except _BROKEN as error:
                    self._log.warning("stream_broken", reason=_reason(error))
                    return False
            waiting = [asyncio.create_task(event.wait()) for event in (self._changed, self._broken, live.over)]
            try:
                await asyncio.wait(waiting, timeout=min(left, 1.0), return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in waiting:
                    task.cancel()

    async def _retire(self, connection: _Connection) -> None:
        await asyncio.sleep(_OVERLAP)
        await connection.close()

    async def _drop(self) -> None:
        live, self._live = self._live, None
        self._broken.clear()
        if live is not None:
            await live.close()

    def _next_id(self) -> int:
        self._ids += 1
        return self._ids


class _Connection:
    """One WebSocket. It reads by itself from ``open`` to ``close``."""

    def __init__(self, stream: MarketStream) -> None:
        self._stream = stream
        self._socket: ClientConnection | None = None
        self._reading: asyncio.Task[None] | None = None
        self._answers: dict[int, asyncio.Future[None]] = {}
        self._names: set[str] = set()
        self.over = asyncio.Event()
        self.reason = ""
        self.heard = stream._clock.monotonic()

    @property
    def is_over(self) -> bool:
        return self.over.is_set()

    async def open(self, names: list[str]) -> None:
        """Raises what is in ``_BROKEN``."""
        stream = self._stream
        first = names[:_PER_REQUEST]
        url = stream._url + (f"?streams={'/'.join(first)}" if first else "")
        self._socket = await connect(
            url,
            ping_interval=stream._ping_every,
            ping_timeout=stream._ping_every,
            open_timeout=10,
            close_timeout=1,
            max_size=_LARGEST,
            proxy=None if is_this_machine(urlsplit(url).hostname or "") else True,
        )
        self.heard = stream._clock.monotonic()
        self._names = set(first)
        self._reading = asyncio.create_task(self._read(self._socket))
        await self.agree(names)

    async def agree(self, names: list[str]) -> None:
        """Subscribe to what is new among ``names``, and no more to what is gone. Raises what is in ``_BROKEN``."""
        wanted = set(names)
        new, gone = [n for n in names if n not in self._names], sorted(self._names - wanted)
        for method, which in (("SUBSCRIBE", new), ("UNSUBSCRIBE", gone)):
            for i in range(0, len(which), _PER_REQUEST):
                await self._request(method, which[i : i + _PER_REQUEST])
        self._names = wanted

    async def _request(self, method: str, names: list[str]) -> None:
        assert self._socket is not None, "requests follow open"
        number = self._stream._next_id()
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        try:
            await self._socket.send(json.dumps({"method": method, "params": names, "id": number}))
            async with asyncio.timeout(_ANSWER):  # wait_for loses a cancellation that comes together with the answer
                await answer
        finally:
            self._answers.pop(number, None)
        await self._stream._sleep(_BETWEEN)

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for text in socket:
                self.heard = self._stream._clock.monotonic()
                self._take(json.loads(text))
            self.reason = f"closed by Binance ({socket.close_code})"
        except _BROKEN as error:
            self.reason = _reason(error)
        finally:
            self.over.set()
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(ConnectionResetError("the connection broke"))

    def _take(self, message: Any) -> None:
        if not isinstance(message, dict):
            return
        data = message.get("data", message)
        if isinstance(data, dict) and "e" in data:
            # Since the merge of USDⓈ-M and coin-M streams: 1 is ours.
            if data.get("st", 1) == 1:
                self._stream._queue.put_nowait(data)
            return
        answer = self._answers.get(message.get("id", -1))
        if answer is None or answer.done():
            return
        if "error" in message:
            answer.set_exception(ValueError(f"Binance refused a subscription: {message['error']}"))
        else:
            answer.set_result(None)

    async def close(self) -> None:
        await to_its_end(self._close())

    async def _close(self) -> None:
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
        if self._socket is not None:
            with suppress(*_BROKEN):
                await self._socket.close()


def _reason(error: BaseException) -> str:
    """Without addresses."""
    return "no answer in time" if isinstance(error, TimeoutError) else type(error).__name__
