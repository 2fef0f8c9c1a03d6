"""Notifications by HTTP, against a real server."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from pinery.adapters.notify.channels import build
from pinery.trading.channels import ChannelFailed
from pinery.trading.errors import ConfigError
from pinery.trading.events import Event

EVENT = Event(
    "order.filled", 1_763_880_170_123, "es: buy 1 ES filled", "es", "paper", "s1",
    {"side": "buy", "fill_quantity": "1", "symbol": "CME_MINI:ESZ2026", "price": "6800.25", "tick": "0.25",
     "role": "entry", "odd": "\ud800"},
)  # fmt: skip


class Receiver:
    """A server that keeps what it got and answers as told."""

    def __init__(self) -> None:
        self.status = 200
        self.got: list[tuple[str, dict[str, str], Any]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((self.path, dict(self.headers), json.loads(body)))
                self.send_response(outer.status)
                if outer.status == 302:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *parts: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/in/very-secret-path"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def _send(options: dict[str, Any], event: Event = EVENT) -> None:
    async def go() -> None:
        channel = build("page", "http", options)
        try:
            await channel.send(event, 7)
        finally:
            await channel.close()

    asyncio.run(go())


def test_an_event_is_posted(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # of the machine's network: not for what is on the machine
    _send({"url": receiver.url, "token": "hunter22"})
    ((path, headers, body),) = receiver.got
    assert path == "/in/very-secret-path"
    assert headers["Authorization"] == "Bearer hunter22" and headers["Idempotency-Key"] == "7"
    assert headers["Content-Type"] == "application/json"
    assert body["short"] == "buy 1 ESZ2026 at 6,800.25 (entry) · es"
    assert (body["id"], body["kind"], body["severity"], body["title"]) == (7, "order.filled", "info", "Order filled")
    assert body["at"] == "2025-11-23T06:42:50.123Z"
    assert body["data"]["price"] == "6800.25" and body["data"]["odd"] == "?"


@pytest.mark.parametrize(("status", "permanent"), [(500, False), (503, False), (404, False), (302, False), (422, True)])
def test_what_it_answers_decides_whether_it_is_sent_again(receiver: Receiver, status: int, permanent: bool) -> None:
    receiver.status = status
    with pytest.raises(ChannelFailed, match=f"answered {status}") as failed:
        _send({"url": receiver.url})
    assert failed.value.permanent is permanent
    assert "very-secret-path" not in str(failed.value)
    assert len(receiver.got) == 1  # redirects are not followed


def test_nobody_there() -> None:
    with pytest.raises(ChannelFailed, match=r"http://127\.0\.0\.1:9: no connection") as failed:
        _send({"url": "http://127.0.0.1:9/very-secret-path"})
    assert not failed.value.permanent and "secret" not in str(failed.value)


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        ({}, "url is missing", ""),
        ({"url": "ftp://x/y"}, "url is no web address", "https://"),
        ({"url": "http://x:0x1/y"}, "url is no web address", ""),
        ({"url": "https:///y"}, "url is no web address", ""),
        ({"url": "http://example.org/y", "token": "hunter22"}, "unencrypted", "https"),
        ({"url": "https://example.org/y", "token": "hunter\n22"}, "no header can carry", ""),
        ({"url": "https://example.org/y", "tokn": "x"}, "there is no option 'tokn'", "did you mean 'token'?"),
    ],
)
def test_what_is_wrong_is_named(options: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(ConfigError) as error:
        build("page", "http", options)
    assert message in error.value.message and hint in (error.value.hint or "")
    assert "hunter" not in f"{error.value.message} {error.value.hint}"
