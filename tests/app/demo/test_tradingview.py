"""Alerts as TradingView sends them, against a server that fails as told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pinery.app.demo import tradingview
from pinery.app.demo.tradingview import MESSAGE, Alert, TradingView, fill
from pinery.gateway.webhook.server import serve

ALERT = Alert("IN", "CME_MINI", "ES1!", "1", 5338.25, 1_758_733_200_000)


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that is slow is none that was lost."""
    monkeypatch.setattr(tradingview, "_PATIENCE", 60.0)


def _alert(word: str) -> Alert:
    return Alert(word, "CME_MINI", "ES1!", "1", 5338.25, 1_758_733_200_000)


async def _send(words: list[str], statuses: list[int]) -> tuple[TradingView, list[tuple[str, str]]]:
    """What a server got that answers ``statuses`` first, and 200 from then on."""
    got: list[tuple[str, str]] = []

    async def take(request: Request) -> Response:
        got.append((request.headers["content-type"].partition(";")[0], (await request.body()).decode()))
        return Response(status_code=statuses.pop(0) if statuses else 200)

    async def alerts() -> AsyncIterator[Alert]:
        for word in words:
            yield _alert(word)

    stopping, listening = asyncio.Event(), asyncio.get_running_loop().create_future()
    app = Starlette(routes=[Route("/hook", take, methods=["POST"])])
    server = asyncio.create_task(serve(app, "127.0.0.1", 0, stopping, listening=listening.set_result))
    sender = TradingView(f"http://127.0.0.1:{await listening}/hook", pause=0.01)
    await sender.run(alerts(), asyncio.Event())
    stopping.set()
    await server
    return sender, got


def test_placeholders_are_filled() -> None:
    body = json.loads(fill(MESSAGE % ("IN", 1), ALERT, datetime(2026, 11, 23, 9, 30, 5, tzinfo=UTC)))
    assert body == {
        "signal": "IN", "instrument": "ES1!", "exchange": "CME_MINI", "timeframe": "1", "price": "5338.25",
        "quantity": "1", "time": "2025-09-24T17:00:00Z", "timenow": "2026-11-23T09:30:05Z",
    }  # fmt: skip
    assert fill("{{close}} {{unknown}}", ALERT, datetime.now(UTC)) == "5338.25 {{unknown}}"


def test_the_first_alert_comes_twice_and_errors_are_tried_again() -> None:
    sender, got = asyncio.run(_send(["IN"], [503, 500]))
    assert [kind for kind, _ in got] == ["application/json"] * 4  # two failures, the success, and once more
    assert len({body for _, body in got}) == 1
    assert (sender.sent.delivered, sender.sent.lost, sender.sent.repeated) == (1, 0, 1)


def test_after_four_attempts_an_alert_is_lost() -> None:
    sender, got = asyncio.run(_send(["IN"], [500] * 4))
    assert len(got) == 4 and sender.sent.lost == 1 and sender.sent.delivered == 0


def test_what_is_refused_is_not_tried_again() -> None:
    sender, got = asyncio.run(_send(["OUT"], [404, 404]))
    assert sender.sent.delivered == 0 and len(got) == 2  # once, and the repetition


def test_some_ask_for_too_much_and_some_mean_nothing() -> None:
    _, got = asyncio.run(_send(["IN", "OUT", "IN", "OUT"], []))
    quantities = [json.loads(body)["quantity"] for kind, body in got if kind == "application/json"]
    assert sorted(quantities) == ["1", "1", "1", "1", "9"]  # the first one twice
    assert [kind for kind, _ in got].count("text/plain") == 1
