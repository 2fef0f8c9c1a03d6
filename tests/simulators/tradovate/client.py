"""A little client of Tradovate's protocol, written from its description alone: it tries the simulator as others would.

It shares nothing with the adapter or the simulator: its own JSON, its own frames, its own idea of an order's state.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

PATIENCE = 10.0  # seconds until something that should come counts as missing
HEARTBEAT = 0.25


def parse(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)


class Rest:
    """Requests by HTTP. ``answer`` is the raw response, ``get`` and ``post`` expect 200 and JSON."""

    def __init__(self, url: str) -> None:
        self._http = httpx.AsyncClient(base_url=f"{url}/v1", timeout=PATIENCE)
        self.login: dict[str, Any] = {}

    @property
    def token(self) -> str:
        return str(self.login["accessToken"])

    async def close(self) -> None:
        await self._http.aclose()

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.login else {}

    async def answer(self, method: str, path: str, body: Any = None, **query: Any) -> httpx.Response:
        content = None if body is None else json.dumps(body, default=float)
        return await self._http.request(
            method, f"/{path}", content=content, params=query or None, headers=self._headers()
        )

    async def get(self, path: str, **query: Any) -> Any:
        response = await self.answer("GET", path, **query)
        assert response.status_code == 200, (response.status_code, response.text)
        return parse(response.text)

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        response = await self.answer("POST", path, body)
        assert response.status_code == 200, (response.status_code, response.text)
        return parse(response.text)

    async def log_in(self, name: str = "trader", password: str = "secret", **more: Any) -> dict[str, Any]:
        self.login = {}
        found = await self.post("auth/accesstokenrequest", {"name": name, "password": password, **more})
        if "accessToken" in found:
            self.login = found
        return dict(found)

    async def renew(self) -> dict[str, Any]:
        self.login = await self.get("auth/renewaccesstoken")
        return self.login


class Socket:
    """A connection by WebSocket: answers by their ids, everything else in ``events`` in the order it came."""

    def __init__(self, connection: ClientConnection, *, beating: bool = True) -> None:
        self._connection = connection
        self._answers: dict[int, list[Mapping[str, Any]]] = {}
        self._news = asyncio.Condition()
        self._next = 0
        self.frames: list[str] = []
        self.events: list[Mapping[str, Any]] = []
        self.closing: list[Any] | None = None  # code and reason of a close frame
        self.gone = False
        self._tasks = [asyncio.create_task(self._read())]
        if beating:
            self._tasks.append(asyncio.create_task(self._beat()))

    @classmethod
    async def open(cls, url: str, path: str = "/v1/websocket", *, beating: bool = True) -> Socket:
        socket = cls(await connect(f"{url}{path}", ping_interval=None), beating=beating)
        await socket.until(lambda: bool(socket.frames), "the opening frame")
        assert socket.frames[0] == "o"
        return socket

    async def close(self) -> None:
        await self._connection.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _beat(self) -> None:
        try:
            while True:
                await asyncio.sleep(HEARTBEAT)
                await self._connection.send("[]")
        except ConnectionClosed:
            return

    async def _read(self) -> None:
        try:
            async for frame in self._connection:
                assert isinstance(frame, str)
                async with self._news:
                    self._take(frame)
                    self._news.notify_all()
        except ConnectionClosed:
            pass
        finally:
            async with self._news:
                self.gone = True
                self._news.notify_all()

    def _take(self, frame: str) -> None:
        self.frames.append(frame)
        if frame.startswith("c"):
            self.closing = parse(frame[1:])
        if not frame.startswith("a"):
            return
        for message in parse(frame[1:]):
            if "i" in message:
                self._answers.setdefault(message["i"], []).append(message)
            else:
                self.events.append(message)

    async def until(self, wanted: Callable[[], bool], what: str = "event") -> None:
        async with self._news:
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._news.wait_for(wanted)
            except TimeoutError:
                raise AssertionError(f"no {what} came; the last frames: {self.frames[-5:]}") from None

    # --- requests ---------------------------------------------------------------------

    async def send(self, text: str) -> None:
        await self._connection.send(text)

    async def ask(self, endpoint: str, body: Any = None, query: str = "", *, raw: str | None = None) -> dict[str, Any]:
        """The answer's message, with ``s`` and perhaps ``d``."""
        self._next += 1
        id = self._next
        text = raw if raw is not None else "" if body is None else json.dumps(body, default=float)
        await self.send(f"{endpoint}\n{id}\n{query}\n{text}")
        await self.until(lambda: id in self._answers, f"answer to {endpoint}")
        return dict(self._answers[id][0])

    async def result(self, endpoint: str, body: Any = None, query: str = "") -> Any:
        answer = await self.ask(endpoint, body, query)
        assert answer["s"] == 200, answer
        return answer["d"]

    def parts(self, id: int) -> list[Mapping[str, Any]]:
        return self._answers.get(id, [])

    @property
    def last_id(self) -> int:
        return self._next

    async def authorize(self, token: str) -> int:
        return int((await self.ask("authorize", raw=token))["s"])

    async def sync(self, user: int) -> Any:
        return await self.result("user/syncrequest", {"users": [user]})

    # --- events -----------------------------------------------------------------------

    def props(self, kind: str) -> list[Mapping[str, Any]]:
        """Entities of events, in the order they came."""
        found: list[Mapping[str, Any]] = []
        for event in self.events:
            if event["e"] == "props" and event["d"]["entityType"] == kind:
                entity = event["d"]["entity"]
                found += entity if isinstance(entity, list) else [entity]
        return found

    def latest(self, kind: str, id: int) -> Mapping[str, Any]:
        return next((e for e in reversed(self.props(kind)) if e["id"] == id), {})

    async def status(self, order: int, wanted: str) -> None:
        await self.until(
            lambda: self.latest("order", order).get("ordStatus") == wanted, f"order {order} in state {wanted}"
        )

    def of(self, event: str, subject: str) -> list[Mapping[str, Any]]:
        """What ``md`` and ``chart`` events hold of a subject: quotes, charts."""
        return [each for e in self.events if e["e"] == event for each in e["d"].get(subject, [])]
