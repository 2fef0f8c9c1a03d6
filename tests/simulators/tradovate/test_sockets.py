"""The user's socket: frames, logins, snapshots, events, heartbeats, ends."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.simulators.tradovate.client import parse
from tests.simulators.tradovate.venue import ACCOUNT, TRADER, Venue, order

pytestmark = pytest.mark.anyio


async def test_a_login_a_snapshot_and_what_changes_from_then_on(venue: Venue) -> None:
    rest = await venue.rest()
    placed = await rest.post("order/placeorder", order())
    socket = await venue.connection()
    assert socket.frames == ["o"]
    assert await socket.authorize(rest.token) == 200
    found = await socket.sync(TRADER)
    assert [u["id"] for u in found["users"]] == [TRADER]
    assert [o["id"] for o in found["orders"]] == [placed["orderId"]]
    assert [p["netPos"] for p in found["positions"]] == [1]
    assert {"ES", "MNQ", "GC"} <= {p["name"] for p in found["products"]}
    assert "ESZ6" in {c["name"] for c in found["contracts"]}
    plurals = "accounts accountRiskStatuses cashBalances commands commandReports executionReports orderVersions fills"
    assert set(plurals.split()) <= set(found)
    assert socket.events == []
    again = await rest.post("order/placeorder", order())
    await socket.status(again["orderId"], "Filled")
    assert {e["id"] for e in socket.props("order")} == {again["orderId"]}
    assert socket.latest("position", found["positions"][0]["id"])["netPos"] == 2


async def test_nothing_without_a_login(venue: Venue) -> None:
    socket = await venue.connection()
    answer = await socket.ask("user/syncrequest", {"users": [TRADER]})
    assert answer["s"] == 401 and isinstance(answer["d"], str)
    assert await socket.authorize("made-up") == 401
    assert (await socket.ask("order/placeorder", order()))["s"] == 401


async def test_every_operation_goes_by_socket_too(venue: Venue) -> None:
    _, socket = await venue.both()
    placed = await socket.result("order/placeorder", order("Buy", "Limit", price=5990))
    found = await socket.result("order/item", query=f"id={placed['orderId']}")
    assert found["ordStatus"] == "Working"
    assert [a["name"] for a in await socket.result("account/list")] == ["DEMO1", "DEMO2"]
    assert (await socket.ask("order/item", query="id=1"))["s"] == 404
    answer = await socket.ask("no/such")
    assert answer["s"] == 404 and isinstance(answer["d"], str)
    refusal = await socket.result("order/placeorder", order("Buy", "Stop"))
    assert refusal["failureReason"] == "InvalidPrice"
    assert (await socket.ask("order/placeorder", raw="{"))["s"] == 400


async def test_a_split_snapshot_of_chosen_kinds(venue: Venue) -> None:
    rest = await venue.rest()
    await rest.post("order/placeorder", order())
    socket = await venue.connection()
    await socket.authorize(rest.token)
    asked = {"splitResponses": True, "accounts": [ACCOUNT], "entityTypes": ["order", "fill", "position"]}
    await socket.ask("user/syncrequest", asked)
    id = socket.last_id
    await socket.until(lambda: len(socket.parts(id)) == 3, "three parts")
    assert [list(part["d"]) for part in socket.parts(id)] == [["positions"], ["orders"], ["fills"]]
    await rest.post("order/placeorder", order())
    await socket.until(lambda: bool(socket.props("position")))
    assert {e["d"]["entityType"] for e in socket.events} == {"order", "fill", "position"}
    other = await socket.result("user/syncrequest", {"splitResponses": True, "accounts": [ACCOUNT], "entityTypes": []})
    assert other == {}
    assert "errorText" in await socket.result("user/syncrequest", {"users": [5002]})


@pytest.mark.parametrize(("form", "kind"), [("array", list), ("object", dict)])
async def test_entities_of_events_come_as_objects_or_arrays(form: str, kind: type) -> None:
    async with Venue(props_as=form) as venue:
        rest, socket = await venue.both()
        placed = await rest.post("order/placeorder", order())
        await socket.status(placed["orderId"], "Filled")
        assert {type(e["d"]["entity"]) for e in socket.events} == {kind}


async def test_several_messages_in_one_frame(venue: Venue) -> None:
    rest, socket = await venue.both()
    placed = await rest.post("order/placeorder", order())
    await socket.status(placed["orderId"], "Filled")
    assert max(len(parse(frame[1:])) for frame in socket.frames if frame.startswith("a")) > 3


async def test_an_idle_connection_beats(venue: Venue) -> None:
    _, socket = await venue.both()
    before = socket.frames.count("h")
    await socket.until(lambda: socket.frames.count("h") >= before + 2, "heartbeats")


async def test_a_client_that_is_silent_too_long_is_closed() -> None:
    async with Venue(heartbeat=0.05, patience=0.3) as venue:
        socket = await venue.connection(beating=False)
        await socket.until(lambda: socket.gone, "end")
        assert socket.closing is not None and "heartbeat" in str(socket.closing[1]).lower()


async def test_a_frame_that_is_none_ends_the_connection(venue: Venue) -> None:
    socket = await venue.connection()
    await socket.send("/order/list\n1\n\n")
    await socket.until(lambda: socket.gone, "end")
    assert socket.closing is not None and socket.closing[0] == 1002


async def test_a_connection_outlives_its_token(venue: Venue) -> None:
    rest, socket = await venue.both()
    venue.clock.go(81 * 60)
    assert (await rest.answer("GET", "account/list")).status_code == 401
    placed = await socket.result("order/placeorder", order())
    await socket.status(placed["orderId"], "Filled")
    late = await venue.connection()
    assert await late.authorize(rest.token) == 401


async def test_what_is_over_is_not_renewed_by_its_connection(venue: Venue) -> None:
    _, socket = await venue.both()
    venue.clock.go(80 * 60)
    assert (await socket.ask("auth/renewaccesstoken"))["s"] == 401
    evicted = await venue.socket(await venue.rest())
    for _ in range(2):
        await venue.rest()
    assert (await evicted.ask("auth/renewaccesstoken"))["s"] == 401


@pytest.mark.parametrize(
    ("endpoint", "body"),
    [
        ("user/syncrequest", {"accounts": 5}),
        ("user/syncrequest", {"accounts": [ACCOUNT], "entityTypes": 5}),
        ("order/ldeps", {"masterids": [{}]}),
        ("order/liquidatepositions", {"positions": [{}], "admin": False}),
    ],
)
async def test_a_request_that_makes_no_sense_is_answered(venue: Venue, endpoint: str, body: dict[str, Any]) -> None:
    _, socket = await venue.both()
    answer = await socket.ask(endpoint, body)
    assert answer["s"] == 400 and isinstance(answer["d"], str)


async def test_shutdown_says_why(venue: Venue) -> None:
    rest, socket = await venue.both()
    venue.fault("shutdown", "socket user", code="Maintenance", text="until 17:00")
    venue.simulator.hub.poke()
    await socket.until(lambda: socket.gone, "end")
    (event,) = [e for e in socket.events if e["e"] == "shutdown"]
    assert event["d"] == {"reasonCode": "Maintenance", "reason": "until 17:00"}
    assert await rest.get("account/list")
    assert await (await venue.socket(rest)).result("account/list")


async def test_one_connection_too_many_ends_the_oldest() -> None:
    async with Venue(sockets=1) as venue:
        rest, first = await venue.both()
        second = await venue.socket(rest)
        await first.until(lambda: first.gone, "end")
        assert first.events[-1]["d"]["reasonCode"] == "ConnectionQuotaReached"
        market_data = await venue.connection("/md/v1/websocket")
        assert await market_data.authorize(rest.login["mdAccessToken"]) == 200
        await asyncio.sleep(0)
        assert await second.result("account/list")


async def test_after_a_lost_connection_the_snapshot_has_what_was_missed(venue: Venue) -> None:
    rest, socket = await venue.both()
    resting = (await rest.post("order/placeorder", order("Buy", "Limit", price=5990)))["orderId"]
    await socket.status(resting, "Working")
    venue.simulator.hub.drop()
    await socket.until(lambda: socket.gone, "end")
    assert socket.closing is None
    venue.walk("5980")  # working orders do not mind
    again = await venue.connection()
    await again.authorize(rest.token)
    found = await again.sync(TRADER)
    assert [o["ordStatus"] for o in found["orders"]] == ["Filled"]
    assert [f["price"] for f in found["fills"]] == [5990]


async def test_tokens_of_market_data_open_market_data_only(venue: Venue) -> None:
    rest = await venue.rest()
    user, data = await venue.connection(), await venue.connection("/md/v1/websocket")
    assert await user.authorize(rest.login["mdAccessToken"]) == 401
    assert await data.authorize(rest.token) == 200
    assert (await user.ask("md/subscribeQuote", {"symbol": "ESZ6"}))["s"] == 401
    await user.authorize(rest.token)
    assert (await user.ask("md/subscribeQuote", {"symbol": "ESZ6"}))["s"] == 404
