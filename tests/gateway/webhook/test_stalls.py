"""What arrived while this process stood still is read before it is judged to be late."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvloop

from pinery.gateway.webhook.arriving import Arriving
from pinery.gateway.webhook.server import _Prompt
from pinery.trading.store import Store
from tests.gateway.webhook.running import TOKEN, running, stored
from tests.stores import sqlite_store

TIMEOUT = 0.05
BODY = b"IN" * 15_000
HEAD = f"POST /hook/{TOKEN} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(BODY)}\r\n\r\n".encode()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with sqlite_store(tmp_path) as opened:
        yield opened


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def url(store: Store, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with running(store, loop_factory=request.param) as made:
        monkeypatch.setattr("pinery.gateway.webhook.server.HEADER_TIMEOUT", TIMEOUT)
        monkeypatch.setattr("pinery.gateway.webhook.hook.BODY_TIMEOUT", TIMEOUT)
        yield made


def answer(sender: socket.socket) -> bytes:
    return sender.recv(10_000)


def stalling(sender: socket.socket, rest: bytes) -> Callable[[], None]:
    """Holds the server's loop, once, until time is up and the rest is there."""
    left = [rest]

    def stall() -> None:
        if left:
            time.sleep(2 * TIMEOUT)
            sender.sendall(left.pop())

    return stall


def connected(sender: socket.socket, url: str) -> None:
    host, _, port = url.removeprefix("http://").partition(":")
    sender.settimeout(60)
    sender.connect((host, int(port)))


def test_a_head(url: str, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the server looks at what another connection has sent: then uvloop asks the clock before the sockets."""
    with socket.socket() as other, socket.socket() as sender:
        stall, arm, received = stalling(sender, HEAD + BODY), _Prompt._arm, _Prompt.data_received
        begun, rest = threading.Event(), [b"O"]

        def heard(self: _Prompt, data: bytes) -> None:
            received(self, data)
            begun.set()
            if data == b"O":
                stall()

        def armed(self: _Prompt) -> None:
            arm(self)
            if rest:
                other.sendall(rest.pop())

        monkeypatch.setattr("pinery.gateway.webhook.server.HEADER_TIMEOUT", 60.0)
        monkeypatch.setattr(_Prompt, "data_received", heard)
        connected(other, url)
        other.sendall(b"P")
        assert begun.wait(60)
        monkeypatch.setattr("pinery.gateway.webhook.server.HEADER_TIMEOUT", TIMEOUT)
        monkeypatch.setattr(_Prompt, "_arm", armed)
        connected(sender, url)
        assert answer(sender).startswith(b"HTTP/1.1 200")
    assert [message.body for message in stored(store)] == [BODY.decode()]


def test_a_body(url: str, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as sender:
        stall, rest = stalling(sender, BODY[10:]), Arriving._rest

        async def begun(self: Arriving) -> bytes | None:
            asyncio.get_running_loop().call_soon(stall)
            return await rest(self)

        monkeypatch.setattr(Arriving, "_rest", begun)
        monkeypatch.setattr("pinery.gateway.webhook.server.HEADER_TIMEOUT", 60.0)
        connected(sender, url)
        sender.sendall(HEAD + BODY[:10])
        assert answer(sender).startswith(b"HTTP/1.1 200")
    assert [message.body for message in stored(store)] == [BODY.decode()]
