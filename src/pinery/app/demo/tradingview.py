"""Alerts from outside, sent as TradingView sends them: its placeholders filled in, its retries, now and then twice.

The demo has no network, so a chart of its own takes TradingView's place: a script of the library on the demo's market.
What it fires goes to the deployment's webhook like any alert from outside.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

#: As it would be pasted into TradingView's alert dialog.
MESSAGE = (
    '{"signal":"%s","instrument":"{{ticker}}","exchange":"{{exchange}}","timeframe":"{{interval}}",'
    '"price":"{{close}}","quantity":"%s","time":"{{time}}","timenow":"{{timenow}}"}'
)
ODD = "Take care: ES is getting nervous around {{close}}"  # an alert that somebody forgot about: it means no order

_PATIENCE = 3.0  # seconds that TradingView waits for an answer
_ATTEMPTS = 4
_PAUSE = 5.0  # seconds between them
_TWICE = 4  # of so many alerts, one comes a second time though it was answered
_TOO_MUCH = 5  # of so many entries, one asks for more than the deployment allows
_ODD = 9  # of so many alerts, one is followed by a message that means nothing


@dataclass(frozen=True, slots=True)
class Alert:
    """``word``: CALL, PUT or OUT. Times are Unix ms of the market."""

    word: str
    exchange: str
    ticker: str
    interval: str
    close: float
    bar_time: int


@dataclass(slots=True)
class Sent:
    """``delivered`` alerts were answered with a 2xx; ``lost`` ones never were."""

    alerts: int = 0
    requests: int = 0
    repeated: int = 0
    delivered: int = 0
    lost: int = 0


class TradingView:
    """``pause``: seconds between attempts."""

    def __init__(self, url: str, *, pause: float = _PAUSE) -> None:
        self._url = url
        self._pause = pause
        self._entries = 0
        self.sent = Sent()

    async def run(self, alerts: AsyncIterator[Alert], stopping: asyncio.Event) -> None:
        """Each alert on its own, as TradingView does: one that waits for an answer holds up no other."""
        under_way: set[asyncio.Task[None]] = set()
        # Everything is on this machine: a proxy of the environment has no part in it.
        async with httpx.AsyncClient(timeout=_PATIENCE, trust_env=False) as client:
            try:
                async for alert in alerts:
                    twice = self.sent.alerts % _TWICE == 0
                    for body in self._bodies(alert):
                        task = asyncio.create_task(self._deliver(client, body, twice, stopping))
                        under_way.add(task)
                        task.add_done_callback(under_way.discard)
            finally:
                await asyncio.gather(*under_way, return_exceptions=True)

    def _bodies(self, alert: Alert) -> list[str]:
        self.sent.alerts += 1
        quantity = 1
        if alert.word != "OUT":
            self._entries += 1
            quantity = 9 if self._entries % _TOO_MUCH == 2 else 1
        bodies = [fill(MESSAGE % (alert.word, quantity), alert, datetime.now(UTC))]
        if self.sent.alerts % _ODD == 3:
            bodies.append(fill(ODD, alert, datetime.now(UTC)))
        return bodies

    async def _deliver(self, client: httpx.AsyncClient, body: str, twice: bool, stopping: asyncio.Event) -> None:
        for attempt in range(_ATTEMPTS):
            if attempt:
                await _sleep(self._pause, stopping)
            status = await self._post(client, body)
            if status < 500:
                self.sent.delivered += status < 300
                break
            if stopping.is_set():
                return
        else:
            self.sent.lost += 1
            return
        if twice:
            await _sleep(1.0, stopping)
            self.sent.repeated += 1
            await self._post(client, body)

    async def _post(self, client: httpx.AsyncClient, body: str) -> int:
        self.sent.requests += 1
        kind = "application/json; charset=utf-8" if body.startswith("{") else "text/plain; charset=utf-8"
        try:
            answer = await client.post(
                self._url, content=body, headers={"Content-Type": kind, "User-Agent": "Go-http-client/1.1"}
            )
        except httpx.HTTPError:
            return 599
        return answer.status_code


def fill(message: str, alert: Alert, now: datetime) -> str:
    """``message`` with TradingView's placeholders filled in; what is no placeholder stays."""
    values: Mapping[str, str] = {
        "ticker": alert.ticker,
        "exchange": alert.exchange,
        "interval": alert.interval,
        "close": f"{alert.close:g}" if abs(alert.close) < 1e6 else str(alert.close),
        "time": _iso(datetime.fromtimestamp(alert.bar_time / 1000, UTC)),
        "timenow": _iso(now),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: values.get(found[1], found[0]), message)


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


async def _sleep(seconds: float, stopping: asyncio.Event) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)
