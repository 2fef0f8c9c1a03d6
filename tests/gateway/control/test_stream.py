from __future__ import annotations

import json
from collections.abc import Iterator

import httpx

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
