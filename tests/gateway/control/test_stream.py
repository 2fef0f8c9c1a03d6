from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from pinery.adapters.store.views.records import events_after
from pinery.trading.errors import StoreError
from pinery.trading.events import Event
from pinery.trading.store import Store
from tests.gateway.control.conftest import Running
from tests.gateway.control.filling import NOW

STREAM = "/api/v1/events/stream"


def _happen(store: Store, text: str) -> None:
    store.write(lambda tx: tx.outbox.add([Event("test", NOW, text)], lambda event: ()))


def _events(answer: httpx.Response) -> Iterator[dict[str, str]]:
    found: dict[str, str] = {}
    for line in answer.iter_lines():
        name, _, value = line.partition(": ")
        if name:
            found[name] = value
        elif found:
            if "data" in found:
                yield found
            found = {}


def test_events_come_as_they_happen(api: Running) -> None:
    with api.client("viewer") as client, client.stream("GET", STREAM) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = _events(answer)
        for text in ("one", "two"):
            _happen(api.store, text)
            found = next(events)
            assert (found["event"], json.loads(found["data"])["text"]) == ("test", text)


def test_a_store_that_is_away_in_the_beginning_ends_no_stream(
    local_api: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = [StoreError("the disk is gone for a moment")]

    def after(*arguments: Any) -> Any:
        if away:
            raise away.pop()
        return events_after(*arguments)

    monkeypatch.setattr("pinery.gateway.control.stream.events_after", after)
    with local_api.client("viewer") as client, client.stream("GET", STREAM) as answer:
        _happen(local_api.store, "one")
        assert json.loads(next(_events(answer))["data"])["text"] == "one"


def test_a_browser_that_comes_back_misses_nothing(api: Running) -> None:
    with api.client("viewer") as client:
        with client.stream("GET", STREAM) as answer:
            _happen(api.store, "seen")
            last = next(_events(answer))["id"]
        for text in ("missed", "missed too"):
            _happen(api.store, text)
        with client.stream("GET", STREAM, headers={"Last-Event-ID": last}) as answer:
            events = _events(answer)
            assert [json.loads(next(events)["data"])["text"] for _ in range(2)] == ["missed", "missed too"]
