"""A process of its own that sends alerts at a constant rate, whatever becomes of them.

Light, so that it does not take the processor from what it measures: requests are rendered before the first is sent,
connections are kept, answers are read by hand. Reads a job as JSON from standard input, prints what it saw as JSON.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import sys
import time
from collections import deque
from contextlib import suppress
from typing import Any

_PRICES = (2000, 2100)
_MOVES: tuple[dict[str, object], ...] = (
    {"signal": "IN"},
    {"signal": "OUT"},
    {"market_position": "long", "market_position_size": 2},
    {"market_position": "short", "market_position_size": 1},
    {"market_position": "flat", "market_position_size": 0},
    {"signal": "CALL"},
    {"signal": "PUT"},
    {"signal": "OUT"},
)


def render(port: int, tokens: dict[str, str], count: int, seed: int) -> list[bytes]:
    """Requests with bodies that occur once. Each deployment gets all moves in turn: nearly all of them are orders."""
    rng, names, requests = random.Random(seed), sorted(tokens), []
    for number in range(count):
        name = names[number % len(names)]
        move = _MOVES[number // len(names) % len(_MOVES)]
        price = rng.randrange(_PRICES[0] * 100, _PRICES[1] * 100) / 100
        body = json.dumps({**move, "price": price, "id": f"{name}-{number}"}).encode()
        head = f"POST /hook/{tokens[name]} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        requests.append(head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    return requests


class Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._buffer = b""
        self._number = -1
        self._began = 0.0
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def send(self, number: int, request: bytes) -> None:
        self._number, self._began = number, time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        lower = head.lower()
        if len(body) < int(_field(lower, b"\r\ncontent-length:") or 0):
            return
        took, self._buffer = time.perf_counter() - self._began, b""
        stored = _field(lower, b"dur=") if b"\r\nserver-timing:" in lower else b""
        self._sender.answered(self, self._number, int(head[9:12]), took, float(stored) if stored else None)
        self._number = -1

    def connection_lost(self, exc: Exception | None) -> None:
        self._sender.lost(self, self._number)


def _field(head: bytes, name: bytes) -> bytes:
    return head.partition(name)[2].partition(b"\r\n")[0].strip()


class Sender:
    def __init__(self, port: int, requests: list[bytes]) -> None:
        self._port = port
        self._requests = requests
        self._idle: deque[Connection] = deque()
        self.answers: list[tuple[int, float, float | None] | None] = [None] * len(requests)  # status, s, ms
        self._missing = len(requests)
        self._done = asyncio.Event()

    async def run(self, rate: float, warm_up: int) -> dict[str, Any]:
        """Alert ``i`` is sent ``i / rate`` seconds after the first one; the first ``warm_up`` do not count."""
        for _ in range(8):
            self._idle.append(await self._connect())
        started = time.perf_counter()
        counted_from_us, late = 0, []
        for number, request in enumerate(self._requests):
            due = started + number / rate
            wait = due - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            if number == warm_up:
                counted_from_us = time.time_ns() // 1000
            connection = self._idle.popleft() if self._idle else await self._connect()
            late.append(time.perf_counter() - due)
            connection.send(number, request)
        sent = time.perf_counter() - started
        with suppress(TimeoutError):
            await asyncio.wait_for(self._done.wait(), 30)
        return {
            "counted_from_us": counted_from_us,
            "seconds": sent * (len(self._requests) - warm_up) / len(self._requests),
            "answers": self.answers[warm_up:],
            "late": sorted(late)[len(late) * 99 // 100],
        }

    async def _connect(self) -> Connection:
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: Connection(self), "127.0.0.1", self._port
        )
        return connection

    def answered(self, connection: Connection, number: int, status: int, took: float, stored: float | None) -> None:
        self.answers[number] = (status, took, stored)
        self._idle.append(connection)
        self._count()

    def lost(self, connection: Connection, number: int) -> None:
        if connection in self._idle:
            self._idle.remove(connection)
        if number >= 0:
            self._count()

    def _count(self) -> None:
        self._missing -= 1
        if not self._missing:
            self._done.set()


def main() -> None:
    job = json.load(sys.stdin)
    requests = render(job["port"], job["tokens"], job["warm_up"] + job["count"], job["seed"])
    gc.freeze()
    gc.disable()

    async def send() -> dict[str, Any]:
        return await Sender(job["port"], requests).run(job["rate"], job["warm_up"])

    json.dump(asyncio.run(send()), sys.stdout)


if __name__ == "__main__":
    main()
