"""Streams over WebSocket: /public, /market and /private, single and combined.

An address without one of these connects and is silent, as does a listen key that does not exist.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

from starlette.websockets import WebSocket, WebSocketDisconnect

from pinery.core.errors import UsageError
from pinery.simulators.binance import housekeeping
from pinery.simulators.binance.errors import VenueError
from pinery.simulators.binance.exchange import Exchange
from pinery.simulators.binance.quotes import Quotes, belongs
from pinery.simulators.binance.records import Order
from pinery.simulators.binance.symbols import SymbolFacts
from pinery.simulators.binance.tape import Tape
from pinery.simulators.common.market import Move

_LONGEST = 24 * 3_600_000
_MOST_STREAMS = 1024
_LOOK = 0.25  # seconds between looks at what time alone brings
_PRESENT_EVERY = 4  # looks between two tellings of the present
_CLOSED = object()
_CUT = object()


class Connection:
    """``route`` is "public", "market", "private" or "" (silent)."""

    def __init__(self, route: str, combined: bool, opened: int) -> None:
        self.route = route
        self.combined = combined
        self.opened = opened
        self.names: list[str] = []  # of streams; listen keys on /private
        self.kinds: frozenset[str] = frozenset()  # of events, empty: all
        self.silent = False
        self.queue: asyncio.Queue[Any] = asyncio.Queue()
        self.late: set[asyncio.TimerHandle] = set()
        self._books: dict[str, int] = {}  # last update of the order book that was told

    def push(self, name: str, event: Any) -> None:
        if isinstance(event, dict) and event.get("e") == "depthUpdate":
            before = self._books.get(name, 0)
            event["u"] = self._books[name] = max(event["u"], before + 1)
            event["U"], event["pu"] = before + 1, before
        if not self.silent:
            self.queue.put_nowait({"stream": name, "data": event} if self.combined else event)


class Streams:
    def __init__(self, exchange: Exchange, tape: Tape) -> None:
        self._exchange = exchange
        self._tape = tape
        self._quotes = Quotes(exchange, tape)
        self.connections: set[Connection] = set()
        exchange.hear(self._heard)
        exchange.watch(self._moved)
        exchange.witness(self._liquidated)

    async def serve(self, socket: WebSocket) -> None:
        await socket.accept()
        connection = await self._connect(socket)
        self.connections.add(connection)
        tasks = [
            asyncio.create_task(self._read(socket, connection)),
            asyncio.create_task(self._write(socket, connection)),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.connections.discard(connection)
            for timer in connection.late:
                timer.cancel()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _connect(self, socket: WebSocket) -> Connection:
        parts = [part for part in socket.url.path.split("/") if part]
        route = parts[0] if parts and parts[0] in ("public", "market", "private") else ""
        kind, rest = (parts[1:2] or [""])[0] if route else "", parts[2:]
        given = parse_qs(socket.scope["query_string"].decode("latin-1"))
        connection = Connection(route, kind == "stream", self._exchange.now())
        names = [*rest, *given.get("listenKey", [])]
        for text in given.get("streams", []):
            names += text.split("/")
        connection.kinds = frozenset(kind for text in given.get("events", []) for kind in text.split("/"))
        await self._subscribe(connection, names)
        return connection

    async def _subscribe(self, connection: Connection, names: list[str]) -> None:
        for name in names:
            if name not in connection.names:
                connection.names.append(name)
                if connection.route in ("public", "market"):
                    with suppress(VenueError):  # then the open candle begins with what is traded from now on
                        await self._quotes.start(name)

    async def _read(self, socket: WebSocket, connection: Connection) -> None:
        while True:
            try:
                text = await socket.receive_text()
            except (WebSocketDisconnect, KeyError):  # KeyError: bytes, which the venue does not take
                return
            await self._asked(connection, text)

    async def _asked(self, connection: Connection, text: str) -> None:
        try:
            asked = json.loads(text)
            id, method, params = asked.get("id"), asked.get("method"), asked.get("params") or []
        except (ValueError, AttributeError):
            connection.queue.put_nowait({"error": {"code": 3, "msg": "Invalid JSON: expected value"}})
            return
        result: Any = None
        if (wrong := _misread(method, params)) is not None:
            connection.queue.put_nowait({"error": {"code": 2, "msg": f"Invalid request: {wrong}"}, "id": id})
            return
        match method:
            case "SUBSCRIBE":
                if len(connection.names) + len(params) > _MOST_STREAMS:
                    connection.queue.put_nowait({"error": {"code": 4, "msg": "Too many subscriptions"}, "id": id})
                    return
                await self._subscribe(connection, params)
            case "UNSUBSCRIBE":
                connection.names = [name for name in connection.names if name not in params]
            case "LIST_SUBSCRIPTIONS":
                result = list(connection.names)
            case "SET_PROPERTY":
                connection.combined = bool(params[1])
            case "GET_PROPERTY":
                result = connection.combined
        connection.queue.put_nowait({"result": result, "id": id})

    async def _write(self, socket: WebSocket, connection: Connection) -> None:
        looks = 0
        while True:
            try:
                async with asyncio.timeout(_LOOK):
                    told = await connection.queue.get()
            except TimeoutError:
                looks += 1
                self._exchange.look()
                self._present(connection, looks)
                if self._exchange.now() - connection.opened >= _LONGEST:
                    told = _CLOSED
                else:
                    continue
            if told is _CUT:
                socket.scope["cut"]()
                return
            if told is _CLOSED:
                await socket.close(1008, "disconnected")
                return
            await socket.send_text(json.dumps(told))

    def _present(self, connection: Connection, looks: int) -> None:
        """What the venue repeats, whether or not something was traded."""
        if connection.route not in ("public", "market"):
            return
        self._pass_time()
        for name in self._of(connection):
            if not looks % _PRESENT_EVERY and (event := self._quotes.now(name)) is not None:
                connection.push(name, event)

    def _pass_time(self) -> None:
        for facts in self._exchange.symbols.values():
            closed = self._tape.of(facts.symbol).pass_time(self._exchange.now())
            if closed:
                for connection in self.connections:
                    for name in self._of(connection):
                        for event in self._quotes.of_time(name, facts, closed):
                            connection.push(name, event)

    def end(self, action: str) -> int:
        """All streams of accounts: "cut", "close" or "silence". Says how many."""
        if action not in ("cut", "close", "silence"):
            raise UsageError(f"there is no action {action!r}", hint="cut, close or silence")
        private = [it for it in self.connections if it.route == "private"]
        for connection in private:
            if action == "silence":
                connection.silent = True
            else:
                connection.queue.put_nowait(_CUT if action == "cut" else _CLOSED)
        return len(private)

    def _of(self, connection: Connection) -> list[str]:
        return [name for name in connection.names if belongs(name) == connection.route]

    def _moved(self, facts: SymbolFacts, move: Move) -> None:
        closed = self._tape.of(facts.symbol).add(move)
        for connection in self.connections:
            if connection.route in ("public", "market"):
                for name in self._of(connection):
                    for event in self._quotes.of_move(name, facts, closed):
                        connection.push(name, event)

    def _liquidated(self, order: Order) -> None:
        for connection in self.connections:
            if connection.route == "market":
                for name in self._of(connection):
                    if (event := self._quotes.of_liquidation(name, order)) is not None:
                        connection.push(name, event)

    def _heard(self, account: str, event: dict[str, Any]) -> None:
        key, kind = self._exchange.account(account).listen_key, event["e"]
        if not key:
            return
        listening = [it for it in self.connections if it.route == "private" and key in it.names]
        if kind == "listenKeyExpired":
            for connection in listening:
                connection.push(key, event)
            return
        fault = self._exchange.faults.take(f"stream {kind}") if listening else None
        for connection in listening:
            if not connection.kinds or kind in connection.kinds:
                self._push(connection, key, event, fault.fault if fault else "", fault.options if fault else {})
        if fault and fault.fault == "listen_key_expired":
            housekeeping.end_listen_key(self._exchange, account, silent=bool(fault.options.get("silent")))

    def _push(self, connection: Connection, key: str, event: Any, fault: str, options: Any) -> None:
        match fault:
            case "dropped":
                return
            case "repeated":
                connection.push(key, event)
                connection.push(key, event)
            case "shuffled":  # told after what comes next
                asyncio.get_running_loop().call_soon(connection.push, key, event)
            case "late":
                seconds = float(options.get("seconds", 1))
                connection.late.add(asyncio.get_running_loop().call_later(seconds, connection.push, key, event))
            case "silent":
                connection.silent = True
            case "cut":
                connection.queue.put_nowait(_CUT)
            case "closed":
                connection.queue.put_nowait(_CLOSED)
            case _:
                connection.push(key, event)


def _misread(method: Any, params: Any) -> str | None:
    """What is wrong with a message, None where it can be done."""
    match method, params:
        case "SUBSCRIBE" | "UNSUBSCRIBE", list() if all(isinstance(name, str) for name in params):
            return None
        case "SUBSCRIBE" | "UNSUBSCRIBE", _:
            return "params is a list of streams"
        case "SET_PROPERTY", ["combined", bool()]:
            return None
        case "SET_PROPERTY", _:
            return 'params is ["combined", true] or ["combined", false]'
        case "LIST_SUBSCRIPTIONS" | "GET_PROPERTY", _:
            return None
    return f"unknown variant `{method}`"
