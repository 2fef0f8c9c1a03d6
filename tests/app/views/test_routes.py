"""Chart views over HTTP: a real server, a real view process, a store with a morning's trading."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from pinery.adapters.store import people
from pinery.app.views.manager import ViewProcess
from pinery.gateway.control.application import create_app
from pinery.gateway.control.services import Services
from pinery.gateway.settings import ControlSettings
from tests.app.views.conftest import SYMBOL, check_bars, run_alone
from tests.gateway.control.filling import NOW, TestClock, TestConfiguration, fill
from tests.stores import sqlite_store

MARKET = {"feed": "market", "symbol": SYMBOL, "timeframe": "5", "bars": 50}


@pytest.fixture
def folder(folder: Path) -> Path:
    """The deployment whose trading is in the store has the chart."""
    settings = folder / "pinery.toml"
    settings.write_text(settings.read_text().replace("deployments.trend", "deployments.demo"))
    return folder


def served(folder: Path, work: Callable[[httpx.AsyncClient, httpx.AsyncClient], Awaitable[None]]) -> None:
    """``work`` gets two clients: ada's and bob's."""

    async def run() -> None:
        views = ViewProcess(folder)
        ending = asyncio.Event()
        (folder / "store").mkdir()
        with sqlite_store(folder / "store") as store:
            fill(store)
            tokens = [people.create_token(store, name, people.Role.VIEWER, NOW)[0] for name in ("ada", "bob")]
            app = create_app(
                ControlSettings(),
                store,
                TestConfiguration,
                TestClock(),
                stopping=ending.is_set,
                services=Services(views=views),
            )
            config = uvicorn.Config(app, "127.0.0.1", 0, log_config=None, access_log=False, lifespan="off", ws="none")
            server = uvicorn.Server(config)
            serving = asyncio.create_task(server.serve())
            while not server.started:
                await asyncio.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            clients = [
                httpx.AsyncClient(
                    base_url=f"http://127.0.0.1:{port}/api/v1",
                    headers={"Authorization": f"Bearer {token}"},
                    timeout=60,
                    verify=False,
                )
                for token in tokens
            ]
            try:
                await asyncio.wait_for(work(*clients), 240)
            finally:
                ending.set()
                for client in clients:
                    await client.aclose()
                await views.stop()
                server.should_exit = True
                await serving

    run_alone(run)


async def opened(client: httpx.AsyncClient, body: dict[str, Any]) -> str:
    answer = await client.post("/views", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def whole(client: httpx.AsyncClient, view: str) -> httpx.Response:
    while (answer := await client.get(f"/views/{view}")).status_code == 202:
        assert set(answer.json()["loading"]) == {"done", "total"}
    assert answer.status_code == 200, answer.text
    return answer


async def events(response: httpx.Response) -> AsyncIterator[tuple[str, str, Any]]:
    """(event, id, data)"""
    event = number = ""
    async for line in response.aiter_lines():
        field, _, value = line.partition(": ")
        if field == "event":
            event = value
        elif field == "id":
            number = value
        elif field == "data":
            yield event, number, json.loads(value)
            event = number = ""


def test_a_deployments_chart_with_what_its_account_holds(folder: Path) -> None:
    async def work(client: httpx.AsyncClient, other: httpx.AsyncClient) -> None:
        view = await opened(client, {"deployment": "demo"})
        answer = await whole(client, view)
        assert answer.headers["content-encoding"] == "gzip"
        body = answer.json()
        account, live = body["account"], body["live"]
        assert account["positions"] and account["fills"] and account["orders"]
        assert {order["kind"] for order in account["orders"]} <= {"entry", "exit", "stop", "target"}
        late = [fill["time"] for fill in account["fills"]]
        assert late == sorted(late) and late[-1] <= live["market"]
        assert body["trading"]["trades"]["entry"]  # the script's own
        number, seen = live["seq"], set()
        async with client.stream("GET", f"/views/{view}/stream", params={"after": number}) as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            async for event, id, data in events(stream):
                seen.add(event)
                if event == "update":
                    number += 1
                    assert int(id) == data["live"]["seq"] == number
                else:
                    assert event == "account" and data["positions"]
                if len(seen) == 2 and number > live["seq"] + 3:
                    break
        # The browser comes back, and misses nothing.
        headers = {"Last-Event-ID": str(number)}
        async with client.stream("GET", f"/views/{view}/stream", headers=headers) as stream:
            news = events(stream)
            async for event, id, _ in news:
                if event == "update":
                    assert int(id) == number + 1
                    break
            assert (await other.get(f"/views/{view}")).status_code == 404
            assert (await client.delete(f"/views/{view}")).status_code == 200
            assert [event async for event, _, _ in news][-1] == "gone"
        assert (await client.get(f"/views/{view}")).status_code == 404

    served(folder, work)


def test_requests_that_are_wrong(folder: Path) -> None:
    async def work(client: httpx.AsyncClient, other: httpx.AsyncClient) -> None:
        async def problem(body: dict[str, Any]) -> dict[str, Any]:
            answer = await client.post("/views", json=body)
            assert answer.headers["content-type"] == "application/problem+json"
            made: dict[str, Any] = answer.json()
            assert made["status"] == answer.status_code >= 400
            return made

        assert "give a deployment, or feed" in str(await problem({}))
        assert "its own script" in str(await problem({"deployment": "demo", "feed": "market"}))
        assert "50000" in str(await problem({**MARKET, "bars": 50_001}))
        broken = await problem({**MARKET, "script": "broken.pine"})
        assert (broken["status"], broken["code"]) == (422, "script_errors")
        assert broken["errors"] == ["line 3, column 6: `clos` is not declared [E101]"]
        assert (await problem({**MARKET, "feed": "moon"}))["code"] == "not_found"
        assert (await client.get("/views/nothing")).status_code == 404
        assert (await client.get("/views/nothing/stream")).status_code == 404
        assert (await client.delete("/views/nothing")).status_code == 404
        plain = await whole(client, await opened(client, MARKET))
        assert "account" not in plain.json()
        check_bars(plain.json(), 50, minutes=5)

    served(folder, work)
