"""Logging in: sessions, tokens, penalties, limits."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.simulators.tradovate.venue import ACCOUNT, TRADER, Venue, order

pytestmark = pytest.mark.anyio


async def test_login_names_user_token_and_end(venue: Venue) -> None:
    rest = venue.visitor()
    login = await rest.log_in(appId="Tests", appVersion="1.0", deviceId="d1", cid=8, sec="x")
    assert (login["userId"], login["name"], login["userStatus"]) == (TRADER, "trader", "Active")
    assert login["expirationTime"] == "2026-11-23T17:20:00.000Z"  # 80 minutes
    assert (await rest.get("auth/me"))["name"] == "trader"
    assert [a["id"] for a in await rest.get("account/list")] == [ACCOUNT, ACCOUNT + 1]


@pytest.mark.parametrize(
    "wrong", [{"password": "Secret"}, {"name": "nobody"}, {"sec": "s" * 9000}, {"appId": "a" * 65}]
)
async def test_wrong_credentials_are_200_with_a_text(venue: Venue, wrong: dict[str, str]) -> None:
    rest = venue.visitor()
    asked = {"name": "trader", "password": "secret", **wrong}
    response = await rest.answer("POST", "auth/accesstokenrequest", asked)
    assert response.status_code == 200 and set(response.json()) == {"errorText"}


async def test_without_a_token_there_is_nothing(venue: Venue) -> None:
    rest = venue.visitor()
    assert (await rest.answer("GET", "account/list")).status_code == 401
    rest.login = {"accessToken": "made-up"}
    assert (await rest.answer("GET", "account/list")).status_code == 401
    assert (await rest.answer("POST", "order/placeorder", order())).status_code == 401


async def test_a_token_ends_and_a_renewal_goes_on_with_its_session(venue: Venue) -> None:
    rest = await venue.rest()
    first = rest.token
    venue.clock.go(70 * 60)
    renewed = await rest.renew()
    assert renewed["userId"] == TRADER and renewed["expirationTime"] == "2026-11-23T18:30:00.000Z"
    venue.clock.go(15 * 60)
    assert (await rest.get("auth/me"))["userId"] == TRADER
    assert len(venue.simulator.sessions.open()) == 1
    rest.login = {"accessToken": first}
    assert (await rest.answer("GET", "auth/me")).status_code == 401
    assert (await rest.answer("GET", "auth/renewaccesstoken")).status_code == 401


async def test_a_third_session_ends_the_first(venue: Venue) -> None:
    first, second, third = [await venue.rest() for _ in range(3)]
    assert (await first.answer("GET", "account/list")).status_code == 401
    assert (await first.answer("GET", "auth/renewaccesstoken")).status_code == 401
    for rest in (second, third):
        assert await rest.get("account/list")
    other = await venue.rest("other", "word")
    assert await other.get("account/list") and await second.get("account/list")


async def test_an_ended_session_may_answer_with_another_status() -> None:
    async with Venue(evicted_status=408) as venue:
        first, _, _ = [await venue.rest() for _ in range(3)]
        assert (await first.answer("GET", "account/list")).status_code == 408


async def test_users_see_their_own_only(venue: Venue) -> None:
    mine, other = await venue.rest(), await venue.rest("other", "word")
    placed = await mine.post("order/placeorder", order())
    assert await other.get("order/list") == [] and await other.get("fill/list") == []
    assert (await other.answer("GET", "order/item", id=placed["orderId"])).status_code == 404
    for path, body in (
        ("order/placeorder", order()),
        ("order/cancelorder", {"orderId": placed["orderId"]}),
        ("order/liquidateposition", {"accountId": ACCOUNT, "contractId": 11202612, "admin": False}),
    ):
        refusal = await other.post(path, body)
        assert (refusal["failureReason"], refusal["failureText"]) == ("UnknownReason", "Access is denied")
    assert "errorText" in await other.post("cashBalance/getcashbalancesnapshot", {"accountId": ACCOUNT})


async def test_a_penalty_is_waited_for_and_then_the_request_is_done_once(venue: Venue) -> None:
    rest = await venue.rest()
    venue.fault("ticket", "order/placeorder", seconds=15)
    ticket = await rest.post("order/placeorder", order())
    assert (ticket["p-time"], ticket["p-captcha"]) == (15, False) and "orderId" not in ticket
    assert await rest.get("order/list") == []
    again = order() | {"p-ticket": ticket["p-ticket"]}
    early = await rest.post("order/placeorder", again)
    assert "p-ticket" in early and await rest.get("order/list") == []
    venue.clock.go(15)
    placed = await rest.post("order/placeorder", again)
    assert [o["id"] for o in await rest.get("order/list")] == [placed["orderId"]]
    used = await rest.post("order/placeorder", again)
    assert "p-ticket" in used and len(await rest.get("order/list")) == 1


async def test_a_ticket_is_of_its_request(venue: Venue) -> None:
    rest = await venue.rest()
    venue.fault("ticket", "order/placeorder", seconds=1)
    ticket = (await rest.post("order/placeorder", order()))["p-ticket"]
    venue.clock.go(2)
    response = await rest.answer("POST", "order/placeorder", order(quantity=5) | {"p-ticket": ticket})
    assert response.status_code == 400 and await rest.get("order/list") == []


async def test_too_many_logins_meet_a_penalty() -> None:
    async with Venue(logins_minute=3) as venue:
        rest = venue.visitor()
        for _ in range(3):
            assert "accessToken" in await rest.log_in()
        ticket = await rest.log_in()
        assert ticket["p-time"] == 15
        venue.clock.go(15)
        assert "accessToken" in await rest.log_in(**{"p-ticket": ticket["p-ticket"]})


async def test_a_captcha_is_for_people(venue: Venue) -> None:
    rest = venue.visitor()
    venue.fault("captcha", "auth/*")
    found = await rest.log_in()
    assert found["p-captcha"] is True
    venue.clock.go(7200)
    assert "p-ticket" in await rest.log_in(**{"p-ticket": found["p-ticket"]})


async def test_limits_are_429_without_a_body() -> None:
    async with Venue(limit_minute=5) as venue:
        rest, socket = await venue.both()  # one request is spent on the snapshot
        for _ in range(4):
            await rest.get("account/list")
        response = await rest.answer("GET", "account/list")
        assert (response.status_code, response.content) == (429, b"")
        answer = await socket.ask("account/list")
        assert answer["s"] == 429 and "d" not in answer
        venue.clock.go(61)
        assert await rest.get("account/list")


async def test_the_hourly_limit() -> None:
    async with Venue(limit_hour=3) as venue:
        rest = await venue.rest()
        for _ in range(3):
            await rest.get("account/list")
            venue.clock.go(1000)
        assert (await rest.answer("GET", "account/list")).status_code == 429
        venue.clock.go(601)
        assert await rest.get("account/list")


async def test_orders_may_need_a_device() -> None:
    async with Venue(device_check=True) as venue:
        rest = await venue.rest()
        assert (await rest.answer("POST", "order/placeorder", order())).status_code == 401
        assert await rest.get("account/list")
        known = await venue.rest(deviceId="my-device")
        assert "orderId" in await known.post("order/placeorder", order())


async def test_secrets_are_in_no_answer_and_no_repr(venue: Venue) -> None:
    rest = await venue.rest()
    everything = repr(venue.simulator.sessions.open()) + repr(venue.simulator.state.user(TRADER))
    everything += (await httpx.AsyncClient.get(rest._http, f"{venue.server.url}/sim/state")).text
    assert "secret" not in everything and rest.token not in everything


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("GET", "no/such", None), ("GET", "order/placeorder", None), ("POST", "orderStrategy/startorderstrategy", {})],
)
async def test_what_is_not_there_is_404(venue: Venue, method: str, path: str, body: object) -> None:
    rest = await venue.rest()
    assert (await rest.answer(method, path, body)).status_code == 404


async def test_malformed_requests_are_400(venue: Venue) -> None:
    rest = await venue.rest()
    assert (await rest.answer("GET", "order/item")).status_code == 400
    assert (await rest.answer("GET", "order/item", id="x")).status_code == 400
    for content in ("{", "[]", '{"orderQty": NaN}'):
        response = await rest._http.post("/order/placeorder", content=content, headers=rest._headers())
        assert response.status_code == 400
    await asyncio.sleep(0)
    assert await rest.get("order/list") == []
