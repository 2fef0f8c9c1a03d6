"""Keys, signatures, clocks and limits."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pinery.simulators.binance.limits import Limits
from pinery.simulators.binance.records import Access
from tests.simulators.binance.harness import KEY, SECRET, Venue, run

BALANCE = "/fapi/v3/balance"


def sign(text: str, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def test_a_wrong_signature_is_refused() -> None:
    async def scenario(v: Venue) -> None:
        text = f"timestamp={v.clock.now()}"
        for signature, code in ((sign(text, "other"), -1022), (sign(text + "1"), -1022), ("", -1102)):
            answer = await v.http.get(f"{BALANCE}?{text}&signature={signature}")
            assert (answer.status_code, answer.json()["code"]) == (400, code)

    run(scenario)


def test_keys_are_asked_for() -> None:
    async def scenario(v: Venue) -> None:
        for key, code in (("", -2014), ("not a key", -2014), ("unknown", -2015)):
            answer = await v.http.get(f"{BALANCE}?{v.signed()}", headers={"X-MBX-APIKEY": key})
            assert (answer.status_code, answer.json()["code"]) == (401, code)
        assert (await v.http.post("/fapi/v1/listenKey", headers={"X-MBX-APIKEY": "unknown"})).status_code == 401

    run(scenario)


def test_the_timestamp_must_be_there_recent_and_not_ahead() -> None:
    async def scenario(v: Venue) -> None:
        now = v.clock.now()
        assert await v.code(v.call("GET", BALANCE, timestamp="")) == -1102
        assert await v.code(v.call("GET", BALANCE, timestamp=now - 6000)) == -1021
        assert await v.code(v.call("GET", BALANCE, timestamp=now + 3000)) == -1021
        assert await v.code(v.call("GET", BALANCE, recvWindow=60_001)) == -1131
        await v.call("GET", BALANCE, timestamp=now - 6000, recvWindow=20_000)
        assert abs((await v.http.get("/fapi/v1/time")).json()["serverTime"] - now) < 60_000

    run(scenario)


def test_parameters_come_in_the_query_or_the_body_and_the_query_wins() -> None:
    async def scenario(v: Venue) -> None:
        order = {"symbol": "ETHUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.1"}
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await v.http.post("/fapi/v1/order", content=v.signed(**order), headers=form)
        assert answer.json()["origQty"] == "0.1"
        query, body = urlencode({"quantity": "0.2"}), urlencode(order | {"timestamp": v.clock.now()})
        body += f"&signature={sign(query + body)}"
        answer = await v.http.post(f"/fapi/v1/order?{query}", content=body, headers=form)
        assert answer.json()["origQty"] == "0.2"

    run(scenario)


@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
def test_keys_with_a_public_half(kind: str) -> None:
    private: Any = ed25519.Ed25519PrivateKey.generate() if kind == "ed25519" else rsa.generate_private_key(65537, 2048)
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    async def scenario(v: Venue) -> None:
        text = f"timestamp={v.clock.now()}"
        raw = private.sign(text.encode()) if kind == "ed25519" else private.sign(text.encode(), PKCS1v15(), SHA256())
        signature = quote(base64.b64encode(raw).decode(), safe="")
        header = {"X-MBX-APIKEY": "publickey"}
        answer = await v.http.get(f"{BALANCE}?{text}&signature={signature}", headers=header)
        assert answer.json()[0]["balance"] == "10000.00000000"
        answer = await v.http.get(f"{BALANCE}?{text}0&signature={signature}", headers=header)
        assert answer.json()["code"] in (-1022, -1021)

    run(scenario, accesses=(Access("other", "publickey", public_key=pem),))


def test_accounts_are_apart() -> None:
    async def scenario(v: Venue) -> None:
        await v.order("BUY", "0.1", newClientOrderId="mine")
        text = f"symbol=ETHUSDT&origClientOrderId=mine&timestamp={v.clock.now()}"
        header = {"X-MBX-APIKEY": "otherkey"}
        answer = await v.http.get(f"/fapi/v1/order?{text}&signature={sign(text, 'othersecret')}", headers=header)
        assert answer.json()["code"] == -2013

    run(scenario, accesses=(Access("other", "otherkey", "othersecret"),))


def test_no_secret_is_shown() -> None:
    assert SECRET not in repr(Access("test", KEY, SECRET))


def test_answers_tell_how_far_limits_are_used() -> None:
    async def scenario(v: Venue) -> None:
        answer = await v.http.get(f"/fapi/v3/account?{v.signed()}")
        assert answer.headers["X-MBX-USED-WEIGHT-1M"] == "5"
        text = v.signed(symbol="ETHUSDT", side="BUY", type="MARKET", quantity="0.1")
        answer = await v.http.post(f"/fapi/v1/order?{text}")
        assert answer.headers["X-MBX-ORDER-COUNT-10S"] == answer.headers["X-MBX-ORDER-COUNT-1M"] == "1"

    run(scenario)


def test_too_much_weight_is_429_and_going_on_is_418() -> None:
    async def scenario(v: Venue) -> None:
        v.clock.ahead = 60_000 - v.clock.now() % 60_000  # the beginning of a window
        for _ in range(30):
            assert (await v.http.get("/fapi/v1/ping")).status_code == 200
        refused = await v.http.get("/fapi/v1/ping")
        assert (refused.status_code, refused.json()["code"]) == (429, -1003)
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        for _ in range(20):
            banned = await v.http.get("/fapi/v1/ping")
        assert (banned.status_code, banned.json()["code"]) == (418, -1003)
        assert 100 <= int(banned.headers["Retry-After"]) <= 120
        v.clock.ahead += 121_000
        assert (await v.http.get("/fapi/v1/ping")).status_code == 200

    run(scenario, limits=Limits(weight=30))


def test_too_many_orders() -> None:
    async def scenario(v: Venue) -> None:
        v.clock.ahead = 10_000 - v.clock.now() % 10_000  # the beginning of a window
        await asyncio.gather(*(v.order("BUY", "0.1") for _ in range(3)))
        refused = await v.refused(v.order("BUY", "0.1"))
        assert (refused.status, refused.code) == (429, -1015)
        assert 1 <= int(refused.headers["Retry-After"]) <= 10
        v.clock.ahead += 10_000
        await v.order("BUY", "0.1")

    run(scenario, limits=Limits(short=3))


def test_an_address_that_does_not_exist() -> None:
    async def scenario(v: Venue) -> None:
        answer = await v.http.get("/fapi/v1/nothing")
        assert (answer.status_code, answer.json()["code"]) == (404, -5000)

    run(scenario)


def test_what_is_asked_for_has_its_weight() -> None:
    async def scenario(v: Venue) -> None:
        symbol, used = "symbol=ETHUSDT", 0
        for query, weight in (
            (f"klines?{symbol}&interval=1m&limit=99", 1),
            (f"klines?{symbol}&interval=1m&limit=499", 2),
            (f"klines?{symbol}&interval=1m", 5),
            (f"klines?{symbol}&interval=1m&limit=1500", 10),
            (f"depth?{symbol}&limit=50", 2),
            (f"depth?{symbol}&limit=1000", 20),
            (f"ticker/24hr?{symbol}", 1),
            ("ticker/24hr", 40),
            ("ticker/bookTicker", 5),
            ("premiumIndex", 10),
        ):
            answer = await v.http.get(f"/fapi/v1/{query}")
            used += weight
            assert (answer.status_code, answer.headers["X-MBX-USED-WEIGHT-1M"]) == (200, str(used)), query

    run(scenario)


def test_a_batch_is_one_request_of_the_minute() -> None:
    async def scenario(v: Venue) -> None:
        order = {"symbol": "ETHUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.1"}
        answer = await v.http.post(f"/fapi/v1/batchOrders?{v.signed(batchOrders=json.dumps([order] * 3))}")
        counts = [answer.headers[f"X-MBX-ORDER-COUNT-{length}"] for length in ("10S", "1M")]
        assert (counts, answer.headers["X-MBX-USED-WEIGHT-1M"]) == (["5", "1"], "5")

    run(scenario)
