"""The user's WebSocket: open, authorize, syncrequest; then events, and all of it again when the connection is lost.

Whoever listens is told of three things: ``synced`` (a snapshot: it replaces what was known), ``told`` (an entity) and
``lost``. What comes between the opening and the snapshot is told after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from random import random
from time import monotonic
from typing import Any, Protocol
from urllib.parse import urlsplit

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidURI, WebSocketException

from pinery.adapters.common.hosts import is_this_machine
from pinery.adapters.tradovate.auth import Auth, Token
from pinery.adapters.tradovate.cache import KINDS, plural
from pinery.adapters.tradovate.errors import Failure, failure_of
from pinery.adapters.tradovate.settings import Waits
from pinery.adapters.tradovate.wire import HEARTBEAT, Answer, BadFrame, Event, encode, read_frame, request
from pinery.trading.ending import to_its_end

_AUTHORIZE, _SYNC = 0, 1
_PARTS_END = 2.0  # seconds after which no further part of a snapshot is expected
_TOO_MANY = ("ConnectionQuotaReached", "IPQuotaReached")


class Listener(Protocol):
    def synced(self, snapshot: Mapping[str, Any]) -> None: ...

    def told(self, kind: str, entities: list[Any]) -> None: ...

    def lost(self, reason: str) -> None: ...


class Gone(Exception):
    """The connection is over. ``wait``: seconds before the next one, where the venue gave a reason to wait."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait


class UserStream:
    """``accounts`` gives the user's accounts where the snapshot has to be asked for in parts; else it is None."""

    def __init__(
        self,
        url: str,
        auth: Auth,
        waits: Waits,
        listener: Listener,
        accounts: Callable[[], Awaitable[list[int]]] | None = None,
    ) -> None:
        self._url = url
        self._accounts = accounts
        self._parts: dict[str, list[Any]] = {}  # of a snapshot, as far as they have come
        self._parts_end = 0.0  # monotonic; 0: none is on its way
        self._auth = auth
        self._waits = waits
        self._listener = listener
        self._task: asyncio.Task[None] | None = None
        self._synced = asyncio.Event()
        self._failures = 0
        self._since = 0.0  # when the last snapshot came
        self._maintenance = ""  # the venue's word that it goes down, until it is back
        self.problem = "it has not connected yet"

    @property
    def live(self) -> bool:
        return self._synced.is_set()

    async def start(self) -> None:
        """Returns with the first snapshot. Raises TimeoutError; ``problem`` says why."""
        self._task = asyncio.create_task(self._keep())
        async with asyncio.timeout(self._waits.connecting):
            await self._synced.wait()

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        self._synced.clear()

    async def _keep(self) -> None:
        while True:
            try:
                await self._connection()
                gone = Gone("the connection ended")
            except Gone as error:
                gone = error
            except Failure as error:
                gone = Gone(error.reason)
            except (OSError, TimeoutError, WebSocketException) as error:
                gone = Gone(_plain(error))
            except Exception as error:  # a fault of ours must not end the stream for ever
                structlog.get_logger().exception("tradovate_stream_failed")
                gone = Gone(type(error).__name__)
            self.problem = self._maintenance or gone.reason
            if self.live:
                if monotonic() - self._since >= self._waits.longest_backoff:
                    self._failures = 0  # one that lived; those that are cut at once keep their distance
                self._synced.clear()
                self._listener.lost(gone.reason)
            delay = gone.wait
            if delay is None:
                delay = min(self._waits.longest_backoff, self._waits.backoff * 2**self._failures)
            self._failures = min(self._failures + 1, 16)
            structlog.get_logger().warning("tradovate_stream", problem=gone.reason, again_in=round(delay, 1))
            await asyncio.sleep(delay * (0.5 + random()))

    async def _connection(self) -> None:
        """Until it ends: raises Gone."""
        if self._failures:
            await self._auth.renew(older_than=60.0)
        token = await self._auth.token()
        here = is_this_machine(urlsplit(self._url).hostname or "")
        socket = await connect(
            self._url,
            open_timeout=self._waits.connecting,
            close_timeout=1.0,
            ping_interval=None,  # the protocol has a heartbeat of its own
            max_size=None,
            proxy=None if here else True,
        )
        beating = asyncio.create_task(self._beat(socket))
        try:
            await self._listen(socket, token)
        finally:
            await to_its_end(_close(socket, beating))  # cut short, it would leave the connection as it is

    async def _beat(self, socket: ClientConnection) -> None:
        while True:
            await asyncio.sleep(self._waits.heartbeat)
            await socket.send(HEARTBEAT)

    async def _listen(self, socket: ClientConnection, token: Token) -> None:
        early: list[Event] = []
        self._parts, self._parts_end = {}, 0.0
        while True:
            if self._parts_end and monotonic() >= self._parts_end:
                self._has_all(early)
            try:
                longest = self._waits.silence
                async with asyncio.timeout(min(longest, _PARTS_END) if self._parts_end else longest):
                    text = await socket.recv(decode=True)
                frame = read_frame(text)
            except TimeoutError:
                if self._parts_end:
                    continue
                raise Gone(f"nothing came for {self._waits.silence:g} s") from None
            except BadFrame as error:
                raise Gone(f"a frame that cannot be read: {error}") from None
            if frame.kind == "o":
                await socket.send(request("authorize", _AUTHORIZE, body=token.access))
            elif frame.kind == "c":
                raise Gone(f"Tradovate closed the connection: {frame.reason}")
            for message in frame.messages:
                if isinstance(message, Answer):
                    await self._answered(socket, message, token, early)
                elif message.name == "shutdown":
                    raise self._shut_down(message.data)
                elif self.live:
                    self._tell(message)
                else:
                    early.append(message)

    async def _answered(self, socket: ClientConnection, answer: Answer, token: Token, early: list[Event]) -> None:
        if answer.id == _AUTHORIZE:
            if answer.status == 401:
                self._auth.refused(token)
            elif answer.status != 200:
                await self._auth.prove(token)
            if answer.status != 200:
                raise Gone(f"the stream was not authorized ({answer.status})")
            asked: dict[str, Any] = {"users": [token.user_id]}
            if self._accounts is not None:
                asked = {"splitResponses": True, "accounts": await self._accounts(), "entityTypes": list(KINDS)}
            await socket.send(request("user/syncrequest", _SYNC, body=encode(asked)))
        elif answer.id == _SYNC:
            if answer.status != 200 or not isinstance(answer.data, Mapping):
                raise Gone(f"the stream gave no snapshot ({answer.status})")
            failure = failure_of(answer.data)
            if failure is not None:
                raise Gone(f"the stream gave no snapshot: {failure.reason}")
            if "p-ticket" in answer.data:  # it was not executed: nothing would be told either
                raise _penalty(answer.data, self._waits.captcha)
            for name, entities in answer.data.items():
                if isinstance(entities, list):
                    self._parts.setdefault(name, []).extend(entities)
            self._parts_end = monotonic() + _PARTS_END
            if self._accounts is None or {plural(kind) for kind in KINDS} <= self._parts.keys():
                self._has_all(early)

    def _has_all(self, early: list[Event]) -> None:
        """Nothing says which part of a snapshot is the last: it is when all kinds have come, or no more comes."""
        snapshot, self._parts, self._parts_end = self._parts, {}, 0.0
        self._maintenance = ""
        self._listener.synced(snapshot)
        self._synced.set()
        self._since = monotonic()
        for event in early:
            self._tell(event)
        early.clear()

    def _tell(self, event: Event) -> None:
        if event.name != "props" or event.data.get("eventType") == "Deleted":
            return
        kind, entity = event.data.get("entityType"), event.data.get("entity")
        if isinstance(kind, str):
            self._listener.told(kind, entity if isinstance(entity, list) else [entity])

    def _shut_down(self, data: Mapping[str, Any]) -> Gone:
        code = str(data.get("reasonCode", ""))
        text = f"Tradovate shut the connection down: {code} {data.get('reason', '')}".strip()
        if code in _TOO_MANY:  # somebody else is connected: coming back at once would throw them out in turn
            return Gone(text, self._waits.evicted)
        if code != "Maintenance":
            return Gone(text)
        self._maintenance = text
        return Gone(text, self._waits.longest_backoff)


def _penalty(data: Mapping[str, Any], captcha: float) -> Gone:
    if data.get("p-captcha"):
        return Gone("Tradovate wants a captcha solved before it gives a snapshot, which only a person can", captcha)
    try:
        return Gone("Tradovate lets us wait for the snapshot", max(0.0, float(data.get("p-time") or 0)))
    except (TypeError, ValueError):
        return Gone("Tradovate lets us wait for the snapshot")


async def _close(socket: ClientConnection, beating: asyncio.Task[None]) -> None:
    beating.cancel()
    await asyncio.gather(beating, return_exceptions=True)
    await socket.close()


def _plain(error: Exception) -> str:
    """Without addresses."""
    if isinstance(error, InvalidHandshake | InvalidURI):
        return f"the stream cannot be opened ({type(error).__name__})"
    return f"the stream was cut ({type(error).__name__})"
