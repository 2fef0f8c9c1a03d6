"""Connections by WebSocket: frames, heartbeats, logins, requests; and what the user's own one adds, events."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from pinery.simulators.common.faults import Armed
from pinery.simulators.tradovate.answers import Problem
from pinery.simulators.tradovate.auth import Session, Sessions
from pinery.simulators.tradovate.gate import Answer, Gate
from pinery.simulators.tradovate.operations import Operation
from pinery.simulators.tradovate.state import State
from pinery.simulators.tradovate.wire import Request, closing, loads, messages, read_request

_MOST_MESSAGES = 20  # in one frame


class Hub:
    """Every open connection, oldest first."""

    def __init__(self) -> None:
        self.open: list[Connection] = []

    def drop(self, user: int | None = None, kind: str | None = None) -> None:
        """Cut without a word."""
        for connection in list(self.open):
            if user in (None, connection.user) and kind in (None, connection.kind):
                connection.cut()

    def shutdown(self, code: str, reason: str, user: int | None = None) -> None:
        for connection in list(self.open):
            if user in (None, connection.user):
                connection.shut_down(code, reason)

    def poke(self) -> None:
        """Let each ask whether a fault is armed for it."""
        for connection in list(self.open):
            connection.wake()


class Connection:
    """``kind`` is "user" or "md". Subclasses give ``operations`` of their own. ``tick``: time goes on."""

    kind = ""

    def __init__(
        self,
        websocket: WebSocket,
        state: State,
        sessions: Sessions,
        gate: Gate,
        hub: Hub,
        tick: Callable[[], None],
    ) -> None:
        self._websocket = websocket
        self._state = state
        self._sessions = sessions
        self._gate = gate
        self._hub = hub
        self._tick = tick
        self._session: Session | None = None
        self._outgoing: deque[Mapping[str, Any]] = deque()
        self._news = asyncio.Event()
        self._heard = asyncio.get_running_loop().time()
        self._ending: str | None = None  # the close frame to end with
        self._silent = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: list[Mapping[str, Any]] = []
        self._timers: set[asyncio.TimerHandle] = set()
        self.operations: dict[str, Operation] = {}

    @property
    def user(self) -> int | None:
        return None if self._session is None else self._session.user

    # --- the connection ---------------------------------------------------------------

    async def serve(self) -> None:
        await self._websocket.accept()
        await self._websocket.send_text("o")
        self._hub.open.append(self)
        writer = asyncio.create_task(self._write())
        try:
            while True:
                text = await self._websocket.receive_text()
                self._heard = asyncio.get_running_loop().time()
                if text.strip() != "[]":
                    task = asyncio.create_task(self._take(text))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
        except (WebSocketDisconnect, RuntimeError):
            pass  # the client has gone, or the writer has closed
        finally:
            self._hub.open.remove(self)
            self.ended()
            for task in (writer, *self._tasks):
                task.cancel()
            await asyncio.gather(writer, *self._tasks, return_exceptions=True)

    async def _write(self) -> None:
        settings, loop = self._state.settings, asyncio.get_running_loop()
        try:
            while True:
                try:
                    async with asyncio.timeout(settings.heartbeat):
                        await self._news.wait()
                except TimeoutError:
                    pass
                self._news.clear()
                self._tick()
                fault = self._state.faults.take(f"socket {self.kind}")
                if fault is not None:
                    self._go_wrong(fault)
                if loop.time() - self._heard > settings.patience:
                    self._ending = closing(3000, "No heartbeat")
                await self._send()
                if self._ending is not None:
                    await self._websocket.send_text(self._ending)
                    await self._websocket.close()
                    return
        except (WebSocketDisconnect, RuntimeError):
            return  # gone in the middle of a frame

    async def _send(self) -> None:
        if self._silent:
            self._outgoing.clear()
        elif not self._outgoing and self._ending is None:
            await self._websocket.send_text("h")
        while self._outgoing:
            some = [self._outgoing.popleft() for _ in range(min(_MOST_MESSAGES, len(self._outgoing)))]
            await self._websocket.send_text(messages(some))

    def send(self, message: Mapping[str, Any]) -> None:
        self._outgoing.append(message)
        self._news.set()

    def wake(self) -> None:
        self._news.set()

    def cut(self) -> None:
        cut: Callable[[], None] | None = self._websocket.scope.get("cut")
        if cut is not None:
            cut()

    def shut_down(self, code: str, reason: str) -> None:
        self.send({"e": "shutdown", "d": {"reasonCode": code, "reason": reason}})
        self._ending = closing(1000, reason)

    def ended(self) -> None:
        """The connection is no more."""
        for timer in self._timers:
            timer.cancel()

    # --- events, and what goes wrong with them ----------------------------------------

    def deliver(self, point: str, message: Mapping[str, Any]) -> None:
        fault = self._state.faults.take(point)
        if fault is None:
            self.send(message)
        elif fault.fault == "repeated":
            self.send(message)
            self.send(message)
        elif fault.fault == "late":
            self._later(float(fault.options.get("seconds", 1)), lambda: self.send(message))
        elif fault.fault == "shuffled":
            self._held.append(message)
            if len(self._held) == 1:
                self._later(float(fault.options.get("seconds", 0.05)), self._release)

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        def run() -> None:
            self._timers.discard(timer)
            act()

        timer = asyncio.get_running_loop().call_later(seconds, run)
        self._timers.add(timer)

    def _release(self) -> None:
        held, self._held = self._held, []
        self._state.random.shuffle(held)
        for message in held:
            self.send(message)

    def _go_wrong(self, fault: Armed) -> None:
        text = str(fault.options.get("text", "The server goes down"))
        if fault.fault == "shutdown":
            self.shut_down(str(fault.options.get("code", "Maintenance")), text)
        elif fault.fault == "silent":
            self._silent = True
        elif fault.fault == "cut":
            self.cut()
        elif fault.fault == "closed":
            self._ending = closing(int(fault.options.get("code", 1000)), text)

    # --- requests ---------------------------------------------------------------------

    async def _take(self, text: str) -> None:
        try:
            request = read_request(text)
        except ValueError as error:
            self._ending = closing(1002, str(error))
            self.wake()
            return
        if request.endpoint == "authorize":
            self._authorize(request)
        elif self._session is None:
            self._answer(request, Answer(401, "", "Not authorized"))
        else:
            try:
                parameters = request.parameters()
            except ValueError as error:
                self._answer(request, Answer(400, "", str(error)))
                return
            answer = await self._gate.perform(request.endpoint, parameters, self._session, own=self.operations)
            self._answer(request, answer)
        self.answered(request)

    def answered(self, request: Request) -> None:
        """After the answer to a request is on its way."""

    def _answer(self, request: Request, answer: Answer) -> None:
        if answer.cut:
            self.cut()
            return
        if answer.status == 200:
            for part in self._parts(request, answer):
                self.send({"s": 200, "i": request.id, "d": part})
        elif answer.status == 429:
            self.send({"s": 429, "i": request.id})
        else:
            self.send({"s": answer.status, "i": request.id, "d": answer.text})

    def _parts(self, request: Request, answer: Answer) -> list[Any]:
        try:
            return [loads(answer.body)]
        except ValueError:
            return [answer.body]

    def _authorize(self, request: Request) -> None:
        try:
            self._session = self._sessions.find(request.body.strip(), market_data=self.kind == "md")
        except Problem as problem:
            self.send({"s": problem.status, "i": request.id, "d": problem.text})
            return
        self.send({"s": 200, "i": request.id})
        same = [c for c in self._hub.open if (c.kind, c.user) == (self.kind, self.user)]
        for oldest in same[: max(0, len(same) - self._state.settings.sockets)]:
            oldest.shut_down("ConnectionQuotaReached", "Too many connections")
