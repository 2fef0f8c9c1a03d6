"""The control endpoint: what a rehearsal does to the venue, and sees of it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.simulators.tradovate.client import parse
from tests.simulators.tradovate.venue import ACCOUNT, ES, Venue, order

pytestmark = pytest.mark.anyio


class Control:
    def __init__(self, venue: Venue) -> None:
        self._url = f"{venue.server.url}/sim"

    async def __call__(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        async with httpx.AsyncClient() as http:
            response = await http.request(method, f"{self._url}/{path}", json=body)
        assert response.status_code == status, response.text
        return parse(response.text)


async def test_faults(venue: Venue) -> None:
    control, rest = Control(venue), await venue.rest()
    found = await control("POST", "faults", {"fault": "status", "where": "order/*", "options": {"status": 502}})
    assert [each["fault"] for each in found["armed"]] == ["status"] and found["kinds"]["lost"]["text"]
    assert (await rest.answer("POST", "order/placeorder", order())).status_code == 502
    await control("POST", "faults", {"fault": "lost", "times": None})
    await control("POST", "faults", {"fault": "locked", "times": 3})
    assert [a["fault"] for a in (await control("DELETE", "faults?fault=lost"))["armed"]] == ["locked"]
    assert (await control("DELETE", "faults"))["armed"] == [] == (await control("GET", "faults"))["armed"]
    for wrong in (
        {"fault": "earthquake"},
        {},
        {"fault": "lost", "times": 0},
        {"fault": "lost", "options": 5},
        {"fault": "status", "options": {"status": "bad"}},
        {"fault": "late", "options": {"seconds": "long"}},
        {"fault": "partial_fill", "options": {"quantity": -1}},
    ):
        assert "error" in await control("POST", "faults", wrong, 400)


async def test_a_fault_of_sockets_is_taken_at_once(venue: Venue) -> None:
    _, socket = await venue.both()
    await Control(venue)("POST", "faults", {"fault": "shutdown", "where": "socket user"})
    await socket.until(lambda: socket.gone, "end")


async def test_prices_parts_and_state(venue: Venue) -> None:
    control, rest = Control(venue), await venue.rest()
    await control("POST", "parts", {"parts": 2})
    placed = await rest.post("order/placeorder", order(quantity=2))
    await control("POST", "price", {"symbol": ES, "price": "6001.25"})
    found = await control("GET", "state")
    (shown,) = found["orders"]
    assert (shown["id"], shown["filled"], shown["status"], shown["symbol"]) == (placed["orderId"], 1, "Working", ES)
    assert [(p["symbol"], p["net"]) for p in found["positions"]] == [(ES, 1)]
    assert found["accounts"][0]["name"] == "DEMO1" and found["fills"][0]["qty"] == 1
    assert str(found["prices"][ES]) == "6001.25" and len(found["sessions"]) == 1
    for wrong in (
        {"symbol": ES},
        {"symbol": ES, "price": "NaN"},
        {"symbol": ES, "price": "high"},
        {"symbol": "ESP", "price": "6000"},
    ):
        assert "error" in await control("POST", "price", wrong, 400)
    assert "error" in await control("POST", "parts", {"parts": 0}, 400)


async def test_a_price_may_pass_or_jump(venue: Venue) -> None:
    control, rest = Control(venue), await venue.rest()
    for _ in range(2):
        await rest.post("order/placeorder", order("Buy", "Limit", price=5990))
        await control("POST", "price", {"symbol": ES, "price": 5980, "jumps": False})
        await control("POST", "price", {"symbol": ES, "price": 6000})
        await rest.post("order/placeorder", order("Buy", "Limit", price=5990))
        await control("POST", "price", {"symbol": ES, "price": 5980})
        await control("POST", "price", {"symbol": ES, "price": 6000})
    assert [f["price"] for f in await rest.get("fill/list")] == [5990, 5980, 5990, 5980]


async def test_accounts_and_sockets(venue: Venue) -> None:
    control = Control(venue)
    rest, socket = await venue.both()
    await control("POST", "account", {"account": ACCOUNT, "adminAction": "LockTradingImmediately"})
    assert (await rest.post("order/placeorder", order()))["failureReason"] == "TradingLocked"
    await socket.until(lambda: bool(socket.props("accountRiskStatus")), "risk status")
    await control("POST", "account", {"account": ACCOUNT, "active": False})
    assert (await rest.post("order/placeorder", order()))["failureReason"] == "AccountClosed"
    for wrong in ({"account": 1}, {"account": ACCOUNT, "adminAction": "Dance"}, {}):
        assert "error" in await control("POST", "account", wrong, 400)
    assert "error" in await control("POST", "sockets", {"do": "nothing"}, 400)
    await control("POST", "sockets", {"do": "cut"})
    await socket.until(lambda: socket.gone, "end")
    again = await venue.socket(rest)
    await control("POST", "sockets", {"do": "shutdown", "code": "IPQuotaReached"})
    await again.until(lambda: again.gone, "end")
    assert again.events[-1]["d"]["reasonCode"] == "IPQuotaReached"


async def test_the_venue_liquidates(venue: Venue) -> None:
    control, rest = Control(venue), await venue.rest()
    await rest.post("order/placeorder", order(quantity=2))
    resting = await rest.post("order/placeorder", order(orderType="Limit", price=5000))
    await control("POST", "account", {"account": ACCOUNT, "liquidate": True})
    orders = await rest.get("order/list")
    assert [each["admin"] for each in orders] == [False, False, True]
    assert next(each["ordStatus"] for each in orders if each["id"] == resting["orderId"]) == "Canceled"
    assert [each["netPos"] for each in await rest.get("position/list")] == [0]


async def test_a_trade_is_corrected_and_taken_back(venue: Venue) -> None:
    control, rest = Control(venue), await venue.rest()
    await rest.post("order/placeorder", order(quantity=2))
    (fill,) = await rest.get("fill/list")
    wanted = fill["price"] - 1
    await control("POST", "trade", {"fill": fill["id"], "price": str(wanted)})
    (held,) = await rest.get("position/list")
    assert (held["netPos"], held["netPrice"]) == (2, wanted)
    await control("POST", "trade", {"fill": fill["id"]})
    assert [each["netPos"] for each in await rest.get("position/list")] == [0]
    assert not (await rest.get("fill/list"))[0]["active"]
    assert [r["execType"] for r in await rest.get("executionReport/list")][-2:] == ["TradeCorrect", "TradeCancel"]
    assert "error" in await control("POST", "trade", {"fill": fill["id"]}, 400)
