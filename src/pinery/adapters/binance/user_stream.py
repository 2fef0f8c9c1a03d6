"""The account's own events: listen key, connection, and what keeps both honest.

Silence proves nothing here: a connection with a key that Binance does not know opens like any other and stays quiet.
So the connection is pinged, the key is kept alive and looked at, and an accepted request that no event follows counts
as a deaf stream. Whatever may have let events slip by is told as a loss of the connection, after which the account is
compared with what Binance says. A connection is replaced before Binance ends it, with both open for a while; events
that come over both are passed on once.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import OrderedDict
from collections.abc import Callable
from random import Random
from typing import Any
from urllib.parse import quote

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from pinery.adapters.binance.errors import LISTEN_KEY, Failure
from pinery.adapters.binance.rest import Rest
from pinery.adapters.binance.settings import BinanceSettings
from pinery.trading.clock import Clock
from pinery.trading.ending import to_its_end

#: At debug level the library writes addresses, and the listen key is part of ours.
_quiet = logging.getLogger("pinery.binance.socket")
_quiet.setLevel(logging.WARNING)

#: Messages remembered, to know those that come over both connections.
_REMEMBERED = 4_000

#: Seconds until a connection that could not be replaced is tried to be again.
_RENEW_AGAIN = 60.0

_EXPIRED = "the listen key has expired"

#: How often the watch looks at what is due, as a part of the shortest of its waits.
_LOOKS = 4


class StreamLost(Exception):
    """Events may have slipped by. The reason is for people."""


class UserStream:
    """``on_event`` gets each message once; ``on_lost`` and ``on_back`` tell of the connection, by turns."""

    def __init__(
        self,
        rest: Rest,
        settings: BinanceSettings,
        clock: Clock,
        on_event: Callable[[dict[str, Any]], None],
        on_lost: Callable[[str], None],
        on_back: Callable[[], None],
    ) -> None:
        self._rest = rest
        self._settings = settings
        self._clock = clock
        self._on_event = on_event
        self._on_lost = on_lost
        self._on_back = on_back
        self._key = ""
        self._expected: dict[str, float] = {}
        self._recent: OrderedDict[str, None] = OrderedDict()
        self._random = Random()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Returns when events arrive from now on. Raises Failure or OSError."""
        socket = await self._open()
        self._task = asyncio.create_task(self._run(socket))

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def expect(self, client_id: str) -> None:
        """Binance has accepted something about this order, or has told of a part: an event has to follow."""
        self._expected.setdefault(client_id, self._clock.monotonic() + self._settings.silence)

    # --- one connection after the other ---------------------------------------------------

    async def _open(self) -> ClientConnection:
        if not self._key:
            self._key = await self._rest.create_listen_key()
        settings = self._settings
        try:
            return await connect(
                f"{settings.stream_url}/private/ws/{quote(self._key, safe='')}",
                ping_interval=settings.ping_every,
                ping_timeout=settings.ping_every,
                open_timeout=settings.request_timeout,
                close_timeout=1,
                max_queue=None,
                compression=None,
                proxy=None if settings.is_local else True,
                logger=_quiet,
            )
        except (OSError, WebSocketException, TimeoutError) as error:
            raise OSError(f"the user stream cannot be opened: {type(error).__name__}") from None

    async def _run(self, socket: ClientConnection) -> None:
        log = structlog.get_logger()
        while True:
            try:
                await self._live(socket)
            except StreamLost as lost:
                log.warning("binance_stream_lost", reason=str(lost))
                self._on_lost(str(lost))
            except Exception as error:  # a fault of ours must not end the stream
                log.exception("binance_stream_failed")
                self._on_lost(type(error).__name__)
            socket = await self._again()
            self._expected.clear()
            self._on_back()

    async def _again(self) -> ClientConnection:
        """A new connection, however long it takes."""
        wait, most = self._settings.backoff
        while True:
            await asyncio.sleep(wait * self._random.uniform(0.5, 1.0))
            try:
                return await self._open()
            except Exception as error:  # a fault of ours must not end the stream
                structlog.get_logger().warning("binance_stream_not_opened", reason=str(error) or type(error).__name__)
                pause = error.retry_after if isinstance(error, Failure) else None
                wait = max(min(wait * 2, most), pause or 0.0)

    async def _live(self, socket: ClientConnection) -> None:
        """Until events may have slipped by (StreamLost). Connections that grow old are replaced by the way."""
        sockets, life = [socket], self._settings.stream_life
        watch = asyncio.create_task(self._watch())
        reading = [asyncio.create_task(self._read(socket))]
        try:
            while True:
                done, _ = await asyncio.wait({watch, reading[-1]}, timeout=life, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
                newer = await self._replacement()
                life = self._settings.stream_life if newer is not None else min(life, _RENEW_AGAIN)
                if newer is None:
                    continue  # the old one goes on while it can
                sockets.append(newer)
                if reading[0].done():
                    reading[0].result()  # before the new one was there: events may have slipped by between the two
                reading.append(asyncio.create_task(self._read(newer)))
                await asyncio.wait({reading[-1]}, timeout=self._settings.stream_overlap)
                await _end(reading.pop(0))  # that it has ended meanwhile is no loss: the new one is there
                await to_its_end(sockets.pop(0).close())
                if not self._key:  # the old one was told, and the new one has the same key
                    raise StreamLost(_EXPIRED)
        finally:
            await to_its_end(_close(sockets, watch, *reading))  # cut short, it would leave connections as they are

    async def _replacement(self) -> ClientConnection | None:
        try:
            return await self._open()
        except (Failure, OSError) as error:
            structlog.get_logger().warning("binance_stream_not_renewed", reason=str(error))
            return None

    # --- reading --------------------------------------------------------------------------

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for text in socket:
                self._take(text if isinstance(text, str) else text.decode())
        except WebSocketException as error:
            raise StreamLost(f"the connection ended: {type(error).__name__}") from None
        raise StreamLost("the connection was closed by Binance")

    def _take(self, text: str) -> None:
        if text in self._recent:
            return
        self._recent[text] = None
        if len(self._recent) > _REMEMBERED:
            self._recent.popitem(last=False)
        try:
            message = json.loads(text)
        except ValueError:
            structlog.get_logger().warning("binance_stream_unreadable", size=len(text))
            return
        if isinstance(message, dict) and "stream" in message:
            message = message.get("data")
        if not isinstance(message, dict) or str(message.get("st", "1")) != "1":
            return
        if message.get("e") == "listenKeyExpired":
            if message.get("listenKey", self._key) != self._key:
                return  # one from before
            self._key = ""
            raise StreamLost(_EXPIRED)
        self._on_event(message)

    def heard(self, client_id: str) -> None:
        """An event about this order has come."""
        self._expected.pop(client_id, None)

    # --- watching -------------------------------------------------------------------------

    async def _watch(self) -> None:
        settings = self._settings
        step = min(settings.silence, settings.keepalive_every, 4.0) / _LOOKS
        renewed, time = self._clock.monotonic(), asyncio.get_running_loop().time
        while True:
            asleep = time()
            await asyncio.sleep(step)
            if time() - asleep > 2 * step:  # this process stood still: what came meanwhile is read first
                await asyncio.sleep(step)
            now = self._clock.monotonic()
            overdue = [name for name, due in self._expected.items() if now >= due]
            if overdue:
                self._expected.clear()
                self._key = ""  # whose events are they, if not ours: a new key answers that
                raise StreamLost(f"no event came about {overdue[0]}, which Binance had accepted")
            if now - renewed >= settings.keepalive_every:
                kept = await self._keep_alive()
                renewed = now if kept else now - settings.keepalive_every * 5 / 6

    async def _keep_alive(self) -> bool:
        """False: nobody knows; it is tried again soon."""
        try:
            key = await self._rest.keep_listen_key()
        except Failure as failure:
            if failure.code == LISTEN_KEY:
                self._key = ""
                raise StreamLost("Binance does not know the listen key any more") from None
            structlog.get_logger().warning("binance_listen_key_not_kept", reason=failure.reason)
            return False
        if key and key != self._key:
            self._key = key
            raise StreamLost("Binance has given another listen key")
        return True


async def _close(sockets: list[ClientConnection], *tasks: asyncio.Task[None]) -> None:
    await _end(*tasks)
    for socket in sockets:
        await socket.close()


async def _end(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
