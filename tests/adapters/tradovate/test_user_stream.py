"""The user's socket at a venue that is played frame by frame."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from pinery.adapters.tradovate.auth import Token
from pinery.adapters.tradovate.user_stream import UserStream
from tests.adapters.tradovate.harness import quick

pytestmark = pytest.mark.anyio


class _Auth:
    async def token(self) -> Token:
        return Token("access", "market data", 1, 2**53)

    async def renew(self, *, older_than: float = 0.0) -> None:
        pass


class _Listener:
    def __init__(self) -> None:
        self.snapshots: list[Mapping[str, Any]] = []

    def synced(self, snapshot: Mapping[str, Any]) -> None:
        self.snapshots.append(snapshot)

    def told(self, kind: str, entities: list[Any]) -> None:
        pass

    def lost(self, reason: str) -> None:
        pass


@pytest.mark.parametrize("penalty", [{"p-time": 0.01, "p-captcha": False}, {"p-time": 0.01, "p-captcha": True}])
async def test_a_penalty_in_place_of_the_snapshot_is_no_snapshot(penalty: dict[str, Any]) -> None:
    answers = [{"p-ticket": "t", **penalty}, {"orders": [{"id": 7}]}]

    async def session(socket: ServerConnection) -> None:
        await socket.send("o")
        try:
            async for text in socket:
                path, number, *_ = str(text).split("\n")
                if path == "authorize":
                    await socket.send("a" + json.dumps([{"s": 200, "i": int(number)}]))
                elif path == "user/syncrequest":
                    await socket.send("a" + json.dumps([{"s": 200, "i": int(number), "d": answers.pop(0)}]))
        except ConnectionClosed:
            pass

    listener = _Listener()
    async with serve(session, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        stream = UserStream(f"ws://127.0.0.1:{port}", _Auth(), replace(quick(), captcha=0.01), listener)  # type: ignore[arg-type]
        try:
            async with asyncio.timeout(60):
                await stream.start()
        finally:
            await stream.stop()
    assert listener.snapshots == [{"orders": [{"id": 7}]}] and answers == []
