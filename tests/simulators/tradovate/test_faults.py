"""Every fault that can be armed, by what a client sees of it and by what the venue has done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest

from pinery.core.errors import UsageError
from pinery.simulators.tradovate.faults import KINDS
from tests.simulators.tradovate.client import Rest
from tests.simulators.tradovate.venue import Venue, order

pytestmark = pytest.mark.anyio

PLACE = "order/placeorder"
TRIED: dict[str, Callable[[Venue], Awaitable[None]]] = {}


def tries(*names: str) -> Callable[[Callable[[Venue], Awaitable[None]]], Callable[[Venue], Awaitable[None]]]:
    def keep(test: Callable[[Venue], Awaitable[None]]) -> Callable[[Venue], Awaitable[None]]:
        TRIED.update(dict.fromkeys(names, test))
        return test

    return keep


async def orders(rest: Rest) -> int:
    return len(await rest.get("order/list"))


@tries("ticket", "captcha")
async def penalties(venue: Venue) -> None:
    rest = await venue.rest()
    venue.fault("ticket", PLACE, seconds=3)
    assert (await rest.post(PLACE, order()))["p-time"] == 3
    venue.fault("captcha", PLACE)
    assert (await rest.post(PLACE, order()))["p-captcha"] is True
    assert await orders(rest) == 0


@tries("rate_limit", "locked", "status")
async def statuses(venue: Venue) -> None:
    rest, socket = await venue.both()
    for fault, status, options in (("rate_limit", 429, {}), ("locked", 423, {}), ("status", 503, {"status": 503})):
        venue.fault(fault, PLACE, times=2, **options)
        response = await rest.answer("POST", PLACE, order())
        assert response.status_code == status and (status != 429 or response.content == b"")
        answer = await socket.ask(PLACE, order())
        assert answer["s"] == status and (status == 429) is ("d" not in answer)
    assert await orders(rest) == 0


@tries("refused", "error_text", "violations", "command_pending")
async def refusals(venue: Venue) -> None:
    rest = await venue.rest()
    venue.fault("refused", PLACE, reason="MaxPosLimitReached", text="planned")
    assert await rest.post(PLACE, order()) == {"failureReason": "MaxPosLimitReached", "failureText": "planned"}
    venue.fault("refused", PLACE, reason="UnknownReason", text="")
    assert await rest.post(PLACE, order()) == {"failureReason": "UnknownReason"}
    venue.fault("error_text", PLACE, text="not now")
    assert await rest.post(PLACE, order()) == {"errorText": "not now"}
    venue.fault("violations", PLACE)
    assert "violations" in await rest.post(PLACE, order())
    assert await orders(rest) == 0
    id = (await rest.post(PLACE, order("Buy", "Limit", price=5990)))["orderId"]
    venue.fault("command_pending", times=2)
    change = {"orderId": id, "orderQty": 1, "orderType": "Limit", "price": 5980}
    for path, body in (("order/cancelorder", {"orderId": id}), ("order/modifyorder", change)):
        assert (await rest.post(path, body))["failureReason"] == "AnotherCommandPending"
    assert (await rest.get("order/item", id=id))["ordStatus"] == "Working"


@tries("lost", "unanswered")
async def cuts(venue: Venue) -> None:
    rest = await venue.rest()
    for fault, done in (("lost", 0), ("unanswered", 1)):
        venue.fault(fault, PLACE)
        with pytest.raises(httpx.RemoteProtocolError):
            await rest.post(PLACE, order())
        assert await orders(rest) == done
    for fault, done in (("lost", 1), ("unanswered", 2)):
        socket = await venue.socket(rest)
        venue.fault(fault, PLACE)
        await socket.send(f"{PLACE}\n77\n\n" + httpx.Request("POST", "http://x", json=order()).content.decode())
        await socket.until(lambda socket=socket: socket.gone, "end")  # type: ignore[misc]
        assert await orders(rest) == done and not socket.parts(77)


@tries("held", "failed_after", "delay", "garbled", "drop_sockets")
async def late_and_wrong_answers(venue: Venue) -> None:
    rest, socket = await venue.both()
    venue.fault("held", PLACE, seconds=1.5)
    asked = asyncio.create_task(rest.post(PLACE, order()))
    await socket.until(lambda: "Filled" in [o["ordStatus"] for o in socket.props("order")])
    assert not asked.done()
    assert "orderId" in await asked
    venue.fault("failed_after", PLACE, status=504)
    assert (await rest.answer("POST", PLACE, order())).status_code == 504 and await orders(rest) == 2
    venue.fault("delay", PLACE, seconds=1.5)
    asked = asyncio.create_task(rest.post(PLACE, order()))
    await asyncio.sleep(0.05)
    assert await orders(rest) == 2
    assert "orderId" in await asked and await orders(rest) == 3
    venue.fault("garbled", PLACE)
    response = await rest.answer("POST", PLACE, order())
    with pytest.raises(ValueError):
        response.json()
    assert await orders(rest) == 4
    venue.fault("drop_sockets", PLACE)
    assert "orderId" in await rest.post(PLACE, order())
    await socket.until(lambda: socket.gone, "end")


@tries("missing_oso_ids")
async def brackets_without_ids(venue: Venue) -> None:
    rest = await venue.rest()
    venue.fault("missing_oso_ids")
    entry = order() | {"bracket1": {"action": "Sell", "orderType": "Stop", "stopPrice": 5990}}
    assert set(await rest.post("order/placeoso", entry)) == {"orderId"}
    assert set(await rest.post("order/placeoso", entry)) == {"orderId", "oso1Id"}


@tries("evicted", "stale_token")
async def sessions(venue: Venue) -> None:
    rest = await venue.rest()
    for fault in ("evicted", "stale_token"):
        venue.fault(fault, PLACE)
        assert (await rest.answer("POST", PLACE, order())).status_code == 401
        assert (await rest.answer("GET", "auth/renewaccesstoken")).status_code == 401
        await rest.log_in()
        assert await orders(rest) == 0


@tries("risk_rejected", "exchange_rejected")
async def rejections_after_the_answer(venue: Venue) -> None:
    rest, socket = await venue.both()
    for fault, status in (("risk_rejected", "RiskRejected"), ("exchange_rejected", "ExecutionRejected")):
        venue.fault(fault, "risk Market", text="planned")
        id = (await rest.post(PLACE, order()))["orderId"]
        await socket.status(id, "Rejected")
        (command,) = await rest.get("command/deps", masterid=id)
        (report,) = await rest.get("commandReport/deps", masterid=command["id"])
        assert (command["commandStatus"], report["text"]) == (status, "planned")
    assert await rest.get("position/list") == []


@tries("command_rejected")
async def commands_that_come_too_late(venue: Venue) -> None:
    rest = await venue.rest()
    id = (await rest.post(PLACE, order("Buy", "Limit", price=5990)))["orderId"]
    change = {"orderId": id, "orderQty": 2, "orderType": "Limit", "price": 5980}
    for path, body in (("order/cancelorder", {"orderId": id}), ("order/modifyorder", change)):
        venue.fault("command_rejected", reason="TooLate", text="planned")
        command = (await rest.post(path, body))["commandId"]
        (report,) = await rest.get("commandReport/deps", masterid=command)
        assert (report["commandStatus"], report["rejectReason"]) == ("ExecutionRejected", "TooLate")
        assert (await rest.get("order/item", id=id))["ordStatus"] == "Working"
    assert len(await rest.get("orderVersion/deps", masterid=id)) == 1


@tries("partial_fill")
async def parts(venue: Venue) -> None:
    rest = await venue.rest()
    venue.fault("partial_fill", quantity=1)
    id = (await rest.post(PLACE, order(quantity=2)))["orderId"]
    assert [f["qty"] for f in await rest.get("fill/deps", masterid=id)] == [1]
    assert (await rest.get("order/item", id=id))["ordStatus"] == "Working"


@tries("dropped", "repeated", "shuffled", "late")
async def events(venue: Venue) -> None:
    rest, socket = await venue.both()
    venue.fault("dropped", "props fill")
    venue.fault("repeated", "props position", times=2)
    await socket.status((await rest.post(PLACE, order()))["orderId"], "Filled")
    assert socket.props("fill") == [] and len(socket.props("position")) == 4
    venue.fault("late", "props fill", seconds=0.2)
    await socket.status((await rest.post(PLACE, order()))["orderId"], "Filled")
    assert socket.props("fill") == []
    await socket.until(lambda: len(socket.props("fill")) == 1, "late fill")
    venue.fault("shuffled", "props *", times=None, seconds=0.05)
    known = len(socket.events)
    id = (await rest.post(PLACE, order()))["orderId"]
    venue.simulator.faults.clear()
    await socket.until(lambda: len(socket.events) > known + 10, "shuffled events")
    states = [o["ordStatus"] for o in socket.props("order") if o["id"] == id]
    assert sorted(states) == ["Filled", "PendingNew", "Working"]
    kinds = [e["d"]["entityType"] for e in socket.events[known:]]
    assert kinds[:3] != ["command", "order", "orderVersion"]


@tries("shutdown", "closed", "cut")
async def ends_of_sockets(venue: Venue) -> None:
    rest = await venue.rest()
    for fault, closing in (("shutdown", True), ("closed", True), ("cut", False)):
        socket = await venue.socket(rest)
        venue.fault(fault, "socket user")
        await socket.until(lambda socket=socket: socket.gone, "end")  # type: ignore[misc]
        assert (socket.closing is not None) is closing
        assert [e["e"] for e in socket.events] == (["shutdown"] if fault == "shutdown" else [])


@tries("silent")
async def silence(venue: Venue) -> None:
    rest, socket = await venue.both()
    venue.fault("silent", "socket user")
    venue.simulator.hub.poke()
    await asyncio.sleep(0.1)
    known = len(socket.frames)
    await rest.post(PLACE, order())
    await asyncio.sleep(0.4)
    assert len(socket.frames) == known and not socket.gone
    assert len((await (await venue.socket(rest)).sync(5001))["orders"]) == 1


@pytest.mark.parametrize("trial", dict.fromkeys(TRIED.values()), ids=lambda trial: trial.__name__)
async def test_faults(venue: Venue, trial: Callable[[Venue], Awaitable[None]]) -> None:
    await trial(venue)


def test_every_fault_is_tried_and_explained() -> None:
    assert set(TRIED) == set(KINDS)
    assert all(kind.text and kind.points for kind in KINDS.values())


async def test_faults_wait_for_their_place_and_turn(venue: Venue) -> None:
    rest = await venue.rest()
    venue.fault("status", "order/cancel*", after=1)
    assert "orderId" in await rest.post(PLACE, order())
    ids = [(await rest.post(PLACE, order("Buy", "Limit", price=5990)))["orderId"] for _ in range(3)]
    found = [(await rest.answer("POST", "order/cancelorder", {"orderId": id})).status_code for id in ids]
    assert found == [200, 500, 200]
    with pytest.raises(UsageError, match="no fault"):
        venue.fault("earthquake")
